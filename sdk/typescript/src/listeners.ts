// Who listens to what, by channel pattern or by notice.
import {matches} from './channels.js';
import type {StatusChange} from './connection.js';
import type {MLGraphError} from './error.js';
import type {StreamEvent} from './events.js';
import type {Cursor} from './objects.js';

/** Events are missing: they are past retention, or the server's history is another one. Delivery goes on at `id`. */
export interface Gap {
  readonly channels: readonly string[];
  /** The last id before it. */
  readonly since: Cursor | undefined;
  /** Events after this one come again. */
  readonly id: Cursor;
}

/** The token may not hear these channels any more; they are not subscribed again. */
export interface Revoked {
  readonly channels: readonly string[];
  readonly reason: string;
}

/** What the client itself tells. Names without a dot, so that they are no channels. */
export interface NoticeMap {
  status: StatusChange;
  gap: Gap;
  revoked: Revoked;
  /** Something went wrong that ended nothing: the token function failed, a request was refused that nobody waits for. */
  error: MLGraphError;
}

type Listener = (value: never) => void;

export class Listeners {
  readonly #byName = new Map<string, Set<Listener>>();

  /** @returns what takes it back. */
  add(name: string, listener: Listener): () => void {
    let set = this.#byName.get(name);
    if (!set) this.#byName.set(name, (set = new Set()));
    const own: Listener = (value) => listener(value); // the same function twice is two listeners
    set.add(own);
    return () => {
      set.delete(own);
      if (set.size === 0 && this.#byName.get(name) === set) this.#byName.delete(name);
    };
  }

  notify<Name extends keyof NoticeMap>(name: Name, notice: NoticeMap[Name]): void {
    for (const listener of [...(this.#byName.get(name) ?? [])]) call(listener, notice);
  }

  /** To all whose pattern brings what stands on these channels. */
  deliver(event: StreamEvent, channels: readonly string[]): void {
    for (const [pattern, set] of [...this.#byName]) if (matches(pattern, channels)) for (const listener of [...set]) call(listener, event);
  }
}

/** A listener that throws has a bug, which is to be seen, but not by the others. */
export function call<Value>(listener: (value: never) => void, value: Value): void {
  try {
    (listener as (value: Value) => void)(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
