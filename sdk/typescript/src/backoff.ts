// How long to wait before connecting again.

/** Bounds of the delay, in milliseconds. */
export interface BackoffOptions {
  /** Bound of the first delay; each further one is twice the one before. Default 1000. */
  readonly baseMs?: number;
  /** No bound is above this. Default 30000. */
  readonly maxMs?: number;
}

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Full jitter: anything from 0 to the bound, so that clients which were cut off together do not come back together.
 * What the server asks for is the least delay, and the jitter stands behind it.
 * @param failures attempts that failed in a row, from 1.
 * @param random from 0 to 1.
 */
export function delayOf({baseMs, maxMs}: Backoff, failures: number, random: number, retryAfterMs: number): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return retryAfterMs + Math.floor(random * bound);
}
