// Whether the other side is still there. A socket that is cut in the middle says nothing for hours.
import type {Platform} from './platform.js';

/** An answer takes no longer than this, or than a beat if that is less. */
const PATIENCE_MS = 10_000;
/** A timer that comes later than this tells that the program stood still: what came meanwhile is not read yet. */
const LATE_MS = 1_000;

/** Asks once a beat; whatever comes is an answer. */
export class Heartbeat {
  readonly #platform: Platform;
  readonly #ask: () => void;
  readonly #dead: () => void;
  #beatMs = 0;
  #heard = false;
  #cancel: (() => void) | undefined;

  /** @param dead called once, when nothing came in time; it has been stopped then. */
  constructor(platform: Platform, ask: () => void, dead: () => void) {
    this.#platform = platform;
    this.#ask = ask;
    this.#dead = dead;
  }

  start(beatMs: number): void {
    this.#beatMs = beatMs;
    this.#wait(beatMs, () => this.beat());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#beatMs = 0;
  }

  /** Something came. */
  heard(): void {
    this.#heard = true;
  }

  /** Asks now, not only at the next beat; nothing before start. */
  beat(): void {
    if (this.#beatMs === 0) return;
    const patience = Math.min(PATIENCE_MS, this.#beatMs);
    const due = this.#platform.now() + patience;
    this.#heard = false;
    this.#ask();
    this.#wait(patience, () => {
      if (this.#heard) return this.#wait(Math.max(this.#beatMs - patience, 1), () => this.beat());
      if (this.#platform.now() - due > LATE_MS) return this.beat();
      this.stop();
      this.#dead();
    });
  }

  #wait(ms: number, run: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#platform.after(ms, run);
  }
}
