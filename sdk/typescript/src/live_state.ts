// The state as it is now, kept so by the events: what `client.watch()` fills.
import {isSample} from './channels.js';
import {FoldError} from './error.js';
import type {MetricsSample, StateData, StateMessage, StreamEvent} from './events.js';
import {StateFold} from './fold.js';
import {call} from './listeners.js';
import type {Alert, Cursor, Index, Job} from './objects.js';

/** What changed it: an event, or a whole new state. */
export type StateChange = StreamEvent | 'state';

/**
 * Indices, jobs, alerts and newest metrics, as `GET /state` shows them at `id`. Objects are replaced, never changed.
 *
 * It is exact at `id` for channels that bring whole families (`*`, `job.*`, `index.docs.*`); of ended jobs it may hold others than
 * the server where not everything is heard (docs/protocol.md, "The fold"). While the client is not `live` it stands still.
 */
export class LiveState {
  #fold = new StateFold();
  #ready = false;
  #version = 0;
  #parts: StateMessage[] = [];
  #between: StreamEvent[] = []; // samples that came between the parts
  readonly #listeners = new Set<(change: StateChange) => void>();

  /** Whether a whole state has come. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Rises with each change: a snapshot for stores that compare. */
  get version(): number {
    return this.#version;
  }

  /** Where it stands; undefined before the first state. */
  get id(): Cursor | undefined {
    return this.#fold.id;
  }

  /** By `index_id`. */
  get indices(): ReadonlyMap<string, Index> {
    return this.#fold.indices;
  }

  /** Running ones and, per index, the last 100 that ended, by `jobId`. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#fold.jobs;
  }

  /** Open ones by `alertId`. */
  get alerts(): ReadonlyMap<string, Alert> {
    return this.#fold.alerts;
  }

  /** The newest sample of each channel, by its long name (`metrics.n1.system`). */
  get metrics(): ReadonlyMap<string, MetricsSample> {
    return this.#fold.metrics;
  }

  /** All of it, as a `state` message shows it. */
  toState(): StateData {
    return this.#fold.toState();
  }

  /** Called after each change. @returns what takes it back. */
  onChange(listener: (change: StateChange) => void): () => void {
    const own = (change: StateChange) => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** A part of a state. @returns whether the state is whole, and stands now. @internal */
  takeState(part: StateMessage): boolean {
    this.#parts.push(part);
    if (!part.data.last) return false;
    this.#fold = new StateFold(this.#parts);
    this.#ready = true;
    for (const event of this.#between) this.#fold.apply(event);
    this.dropParts();
    this.#tell('state');
    return true;
  }

  /** Events are missing, so no more are taken until a new state has come; what is shown stays, `ready` is false. @internal */
  lapse(): void {
    this.#ready = false;
  }

  /** The rest of a state will not come. @internal */
  dropParts(): void {
    this.#parts = [];
    this.#between = [];
  }

  /** @returns false if the event does not continue it: a new state is needed. @internal */
  apply(event: StreamEvent): boolean {
    if (!this.#ready) return true; // the state that is to come has it
    if (this.#parts.length > 0 && isSample(event)) this.#between.push(event);
    try {
      if (this.#fold.apply(event)) this.#tell(event);
      return true;
    } catch (error) {
      if (error instanceof FoldError) return false;
      throw error;
    }
  }

  #tell(change: StateChange): void {
    ++this.#version;
    for (const listener of [...this.#listeners]) call(listener, change);
  }
}
