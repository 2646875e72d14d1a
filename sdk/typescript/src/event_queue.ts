// Events for one `for await` loop, in a queue that has an end.
import {MLGraphError} from './error.js';
import {isAtOrBefore, parseCursor} from './cursor.js';
import type {Cursor} from './objects.js';

interface Waiting<Event> {
  readonly resolve: (result: IteratorResult<Event, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Takes events as they come, hands them out as they are asked for.
 *
 * Full: it takes no more. What is queued is handed out, and then `next()` throws `overflow`, whose `since` is the last id that was:
 * nothing is left out in between, and the program may begin again there, or with a state.
 */
export class EventQueue<Event extends {readonly type: string}> implements AsyncIterableIterator<Event> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  #events: Event[] = [];
  #waiting: Waiting<Event>[] = [];
  #ended = false;
  #error: unknown;
  #last: Cursor | undefined;

  /** @param onEnd called once, when it takes no more. */
  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** The last durable event that was taken, or where it began. */
  get last(): Cursor | undefined {
    return this.#last;
  }

  /** Takes the events after this id; before, none. */
  begin(id: Cursor): void {
    this.#last ??= id;
  }

  push(event: Event): void {
    if (this.#ended || this.#last === undefined || ('id' in event && !isAfter(event.id as Cursor, this.#last))) return;
    const waiting = this.#waiting.shift();
    if (!waiting && this.#events.length >= this.#limit) {
      const text = `${this.#limit} events wait to be taken; those after ${this.#last} do not fit`;
      return this.end(new MLGraphError('overflow', text, {since: this.#last}));
    }
    if ('id' in event) this.#last = event.id as Cursor;
    if (waiting) waiting.resolve({value: event, done: false});
    else this.#events.push(event);
  }

  /** Takes no more. Who reads it gets what is queued, and then the error, if there is one. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) this.#finish(each);
    this.#onEnd();
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    return new Promise((resolve, reject) => {
      const event = this.#events.shift();
      if (event) resolve({value: event, done: false});
      else if (this.#ended) this.#finish({resolve, reject});
      else this.#waiting.push({resolve, reject});
    });
  }

  /** `break` in the loop: what is queued is not wanted any more. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.abort();
    return Promise.resolve({value: undefined, done: true});
  }

  /** Ends at once, without what is queued. */
  abort(error?: unknown): void {
    this.#events = [];
    if (this.#ended) this.#error = error;
    this.end(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The error is told once; then it is over. */
  #finish({resolve, reject}: Waiting<Event>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) resolve({value: undefined, done: true});
    else reject(error);
  }
}

function isAfter(a: Cursor, b: Cursor): boolean {
  const [place, other] = [parseCursor(a), parseCursor(b)];
  return place !== undefined && other !== undefined && !isAtOrBefore(place, other);
}
