// Requests and their answers. One that is waited for is sent again until it is answered: on the next session if this one is lost,
// later if it was too much at once.
import type {MLGraphError} from './error.js';
import {errorOf, type Message, type Ref, type Reply} from './messages.js';
import type {Platform} from './platform.js';

/** Behind a refusal that does not say when to ask again. */
const RETRY_MS = 1_000;

export interface Request {
  /** Without `ref`. */
  readonly message: object;
  /** Whether it outlives its session. It is sent when a session is ready for it; others are sent now or not at all. */
  readonly kept: boolean;
  /** In its place among the events. true: more answers follow. */
  readonly answered: (answer: Reply) => boolean | void;
  readonly refused: (error: MLGraphError) => void;
  /** The session went before it was answered; not of kept ones. */
  readonly lost?: () => void;
}

export class Requests {
  readonly #send: (message: object) => boolean;
  readonly #platform: Platform;
  readonly #open = new Map<Ref, Request>();
  readonly #delays = new Map<Ref, () => void>();
  #isReady = false;
  #made = 0;

  constructor(platform: Platform, send: (message: object) => boolean) {
    this.#platform = platform;
    this.#send = send;
  }

  add(request: Request): void {
    const ref = ++this.#made;
    this.#open.set(ref, request);
    if (this.#isReady || !request.kept) this.#send({...request.message, ref});
  }

  /** The session is ready for all that outlived the last one, in their order. */
  ready(): void {
    this.#isReady = true;
    for (const [ref, {message, kept}] of this.#open) if (kept) this.#send({...message, ref});
  }

  /** The kept messages that were sent and are not answered yet. */
  get inFlight(): object[] {
    return [...this.#open].filter(([ref, {kept}]) => kept && this.#isReady && !this.#delays.has(ref)).map(([, {message}]) => message);
  }

  /** @returns whether the message was an answer. */
  take(message: Message): boolean {
    const {ref} = message;
    const request = ref === undefined ? undefined : this.#open.get(ref);
    if (!request || ref === undefined) return false;
    if (message.type === 'error') {
      const error = errorOf(message.data);
      if (request.kept && error.retryable) {
        this.#later(ref, request, error.retryAfterMs || RETRY_MS);
      } else {
        this.#open.delete(ref);
        request.refused(error);
      }
    } else if (request.answered(message as Reply) !== true) {
      this.#open.delete(ref);
    }
    return true;
  }

  /** The session is gone. */
  lose(): void {
    this.#isReady = false;
    for (const cancel of this.#delays.values()) cancel();
    this.#delays.clear();
    for (const [ref, {kept, lost}] of [...this.#open]) {
      if (kept) continue;
      this.#open.delete(ref);
      lost?.();
    }
  }

  /** There will be no further session. */
  refuseAll(error: MLGraphError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const {refused} of open) refused(error);
  }

  #later(ref: Ref, {message}: Request, ms: number): void {
    this.#delays.set(ref, this.#platform.after(ms, () => {
      this.#delays.delete(ref);
      this.#send({...message, ref});
    }));
  }
}
