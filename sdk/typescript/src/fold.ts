// Events in, state out: docs/protocol.md, "The fold". The server's is src/model/fold.cc; tests/fold holds both to the
// same scenarios.
import {isAtOrBefore, parseCursor, type Place} from './cursor.js';
import {JobTable} from './jobs.js';
import {joinParts, type StateSource} from './state.js';
import {FoldError} from './error.js';
import {isSample} from './channels.js';
import type {Durable, DurableEvent, MetricsSample, StateData, StreamEvent} from './events.js';
import type {Alert, Cursor, Index, IndexEventData, IndexUpdate, Job, ShardTransition} from './objects.js';

/**
 * The state that a stream of events adds up to: at each `id` what the server's `state` shows there.
 *
 * Begin with a `state` message and apply the events after it, or begin empty and apply the log from its first event.
 * Objects are never changed, only replaced, so a reference that is still the same is an object that is still the same.
 */
export class StateFold {
  #at: Place | undefined;
  readonly #indices = new Map<string, Index>();
  readonly #jobs = new JobTable();
  readonly #alerts = new Map<string, Alert>();
  readonly #metrics = new Map<string, MetricsSample>();

  /**
   * @param state a `state` message, or all parts of one, in any order. Left out: empty, before the first event.
   * @throws FoldError `bad_state` if parts are missing or don't belong together.
   */
  constructor(state?: StateSource | readonly StateSource[]) {
    if (!state) return;
    const {id, data} = joinParts('data' in state ? [state] : state);
    this.#at = id;
    for (const index of data.indices) this.#indices.set(index.index_id, index);
    for (const job of data.jobs) this.#jobs.put(job);
    for (const alert of data.alerts) this.#alerts.set(alert.alertId, alert);
    for (const sample of data.metrics) this.#metrics.set(channelOf(sample), sample);
  }

  /** Where this state stands: `since` for resuming. undefined before the first event. */
  get id(): Cursor | undefined {
    return this.#at && `${this.#at.epoch}-${this.#at.seq}`;
  }

  /** Indices by `index_id`, a live view. */
  get indices(): ReadonlyMap<string, Index> {
    return this.#indices;
  }

  /** Running jobs and, per index, the last 100 that ended, by `jobId`; a live view. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#jobs.byId;
  }

  /** Open alerts by `alertId`, a live view. */
  get alerts(): ReadonlyMap<string, Alert> {
    return this.#alerts;
  }

  /** Newest sample by channel (`metrics.n1.system`, `metrics.docs.search`), a live view. Beside the fold: no id covers it. */
  get metrics(): ReadonlyMap<string, MetricsSample> {
    return this.#metrics;
  }

  /**
   * Takes the next event.
   * @returns false for a durable event at or before `id`: it is in the state already, and nothing changed.
   * @throws FoldError and changes nothing: `other_epoch` (the server's history is another one: begin with a new state),
   *   `unknown_shard` (events before it are missing), `not_an_event`.
   */
  apply(event: StreamEvent): boolean {
    if (isSample(event)) {
      const sample = {...event.data, type: event.type, timestamp: event.timestamp} as MetricsSample;
      this.#metrics.set(channelOf(sample), sample);
      return true;
    }
    const at = placeOf(event);
    if (this.#at && at.epoch !== this.#at.epoch)
      throw new FoldError('other_epoch', `event ${event.id} is not of the history '${this.#at.epoch}'`);
    if (this.#at && isAtOrBefore(at, this.#at)) return false;
    this.#change(event);
    this.#at = at;
    return true;
  }

  /** The state as `state` messages show it, objects sorted by id. `new StateFold({id: fold.id, data: fold.toState()})` goes on. */
  toState(): StateData {
    return {
      indices: sorted(this.#indices),
      jobs: sorted(this.#jobs.byId),
      alerts: sorted(this.#alerts),
      metrics: sorted(this.#metrics),
      part: 0,
      last: true,
    };
  }

  #change(event: DurableEvent): void {
    switch (event.type) {
      case 'index.created':
      case 'index.updated':
        this.#indices.set(event.data.index_id, objectOf(event.data));
        break;
      case 'index.deleted':
        this.#delete(event.data.index_id);
        break;
      case 'index.shard_transition':
        this.#move(event);
        break;
      case 'job.started':
      case 'job.progress':
      case 'job.completed':
      case 'job.failed':
        this.#jobs.put(event.data);
        break;
      case 'alert.warning':
      case 'alert.error':
      case 'alert.resolved':
        if (event.data.state === 'open') this.#alerts.set(event.data.alertId, event.data);
        else this.#alerts.delete(event.data.alertId);
        break;
      case 'alert.rate_limit': // momentary, never open
        break;
      default: // a kind of a later server: what it changes is not known here, that it happened is
        break;
    }
  }

  #delete(name: string): void {
    this.#indices.delete(name);
    this.#jobs.forgetDeleted((index) => this.#indices.has(index));
    for (const [channel, sample] of this.#metrics) if ('index' in sample && sample.index === name) this.#metrics.delete(channel);
  }

  #move({data, timestamp}: Durable<string, ShardTransition>): void {
    const index = this.#indices.get(data.index);
    if (!index?.shards.some((shard) => shard.shard === data.shard))
      throw new FoldError('unknown_shard', `nothing told of shard ${data.shard} of index '${data.index}' before it moved`);
    const shards = index.shards.map((shard) =>
      shard.shard === data.shard
        ? {...shard, tier: data.to.tier, state: data.to.state, node: data.node, vectors: data.vectors, since: timestamp}
        : shard,
    );
    const vectors = shards.reduce((sum, shard) => sum + shard.vectors, 0);
    this.#indices.set(data.index, {...index, shards, vectors});
  }
}

/** The object alone: `index` and `changed` belong to the event. */
function objectOf(data: IndexEventData | IndexUpdate): Index {
  const {index: _index, changed: _changed, ...object} = data as IndexUpdate;
  return object;
}

function channelOf(sample: MetricsSample): string {
  return `metrics.${'node' in sample ? sample.node : sample.index}.${sample.type.slice('metrics.'.length)}`;
}

/** Also messages that types would refuse come here, straight from `JSON.parse`. */
function placeOf(event: DurableEvent): Place {
  const at = /^(job|index|alert)\./.test(event.type) && typeof event.id === 'string' ? parseCursor(event.id) : undefined;
  if (!at) throw new FoldError('not_an_event', `'${String(event.type)}' with the id '${String(event.id)}' is no event of the log`);
  return at;
}

function sorted<Value>(map: ReadonlyMap<string, Value>): Value[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
