// What the end of a connection asks of a client: the table "Close codes" of docs/protocol.md.
import {MLGraphError, type ServerErrorCode} from './error.js';

/** `retry`: later, with backoff. `renew`: at once, with a new token. `final`: not again unchanged. */
export type Course = 'retry' | 'renew' | 'final';

export interface Ending {
  readonly course: Course;
  readonly error: MLGraphError;
}

/** Codes that mean the same without the `error` message before them. */
const NAMES: Readonly<Record<number, ServerErrorCode>> = {4001: 'unauthorized', 4003: 'forbidden', 4201: 'token_expired'};

/** 1002…1009 say that a program must be mended; 1000 that nothing more is to come. */
function courseOf(code: number): Course {
  if (code === 1000 || (code >= 1002 && code <= 1009 && code !== 1005 && code !== 1006)) return 'final';
  if (code >= 4000 && code < 4100) return 'final';
  return code >= 4200 && code < 4300 ? 'renew' : 'retry';
}

/**
 * @param told the `error` message that came just before, if one did: it says more than a code can.
 */
export function endingOf(code: number, reason: string, told: MLGraphError | undefined): Ending {
  const course = courseOf(code);
  const said = code >= 1007 ? told : undefined; // below, nobody meant to say why
  const retryAfterMs = Number(/\bretry_after_ms=(\d{1,9})\b/.exec(reason)?.[1] ?? 0);
  const name = said?.code ?? NAMES[code] ?? (course === 'final' ? 'closed' : 'connection');
  const text = said?.message ?? `the connection ended with ${code}${reason && `: ${reason}`}`;
  return {course, error: new MLGraphError(name, text, {retryable: course !== 'final', retryAfterMs})};
}
