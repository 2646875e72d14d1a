// What the server tells, kept for the views: the SDK's state, and what has passed, in rings with bounds.
import {MLGraphClient, MLGraphError, restClient, RestError, type EventMap, type Gap, type RestClient, type Status, type StreamEvent} from '@mlgraph/client';
import {isSample} from '@mlgraph/client/channels.js';
import {Ring} from './ring.js';
import {Series} from './series.js';
import {SERVER, type Session} from './session.js';
import {timedSocket} from './timed_socket.js';

/** A thing that passed, with its place among all that did. */
export interface Seen<Event = StreamEvent> {
  readonly place: number;
  readonly event: Event;
}

/** One a second for ten minutes, and some to spare. */
const ROWS_KEPT = 660;
export const EVENTS_KEPT = 2000;
const SAMPLES_KEPT = 300;
const TRANSITIONS_KEPT = 500;
const ALERTS_KEPT = 100;
/** An ingest sample that is older says nothing about now. */
const INGEST_FRESH_MS = 2500;
/** The round trip is measured so often. */
const BEAT_MS = 10_000;
/** Views are drawn at most so often. */
const DRAW_MS = 250;

export type Measure = 'qps' | 'p50' | 'p99' | 'memory' | 'ingest';

export class Live {
  readonly client: MLGraphClient;
  readonly rest: RestClient;
  /** Of this server's node, a row a second. */
  readonly series = new Series<Measure>(['qps', 'p50', 'p99', 'memory', 'ingest'], ROWS_KEPT);
  readonly log = new Ring<Seen>(EVENTS_KEPT);
  readonly samples = new Ring<Seen>(SAMPLES_KEPT);
  readonly transitions = new Ring<Seen<EventMap['index.shard_transition']>>(TRANSITIONS_KEPT);
  /** What is not open any more, or never was. */
  readonly pastAlerts = new Ring<Seen<EventMap['alert.resolved'] | EventMap['alert.rate_limit']>>(ALERTS_KEPT);
  status: Status = 'idle';
  error: MLGraphError | undefined;
  /** While waiting: when the next attempt is, by Date.now(). */
  retryAt = 0;
  roundTripMs: number | undefined;
  /** When the last event came, by Date.now(). */
  heardAt: number | undefined;
  gap: Gap | undefined;
  /** Why events are not shown: the token has no scope for any, or has lost them (code `revoked`); then what is shown is out of date. */
  refused: MLGraphError | undefined;
  /** How far this clock was ahead of the server's when the newest sample came, in milliseconds, with the sample's way in it. */
  aheadMs = 0;
  /** Whether the token is an admin's; undefined until it is known. */
  isAdmin: boolean | undefined;
  #places = 0;
  readonly #listeners = new Set<() => void>();
  #drawing = 0;

  constructor(session: Session, onEnd: (error: MLGraphError | undefined) => void) {
    const timed = timedSocket((ms) => {
      this.roundTripMs = ms;
      this.changed();
    });
    this.client = new MLGraphClient({url: SERVER, token: session.token, clientName: 'dashboard', heartbeatMs: BEAT_MS, WebSocket: timed});
    this.rest = restClient({url: SERVER, token: session.token});
    this.client.on('status', ({status, error, retryInMs = 0}) => {
      this.status = status;
      this.error = error;
      this.retryAt = Date.now() + retryInMs;
      if (status === 'waiting' || status === 'closed') this.roundTripMs = undefined;
      this.changed();
      if (status === 'live') this.#askWhetherAdmin();
      if (status === 'closed') onEnd(error);
    });
    this.client.on('revoked', ({reason}) => {
      this.refused = new MLGraphError('revoked', reason);
      this.changed();
    });
    this.client.on('gap', (gap) => {
      this.gap = gap;
      this.changed();
    });
    this.client.on('*', (event) => this.#take(event));
    this.client.state.onChange(() => this.changed());
    this.client.watch('*').catch((error: MLGraphError) => {
      if (error.code !== 'closed') this.refused = error;
      this.changed();
    });
    this.#askWhetherAdmin();
  }

  close(): void {
    clearTimeout(this.#drawing);
    this.#listeners.clear();
    this.client.close();
  }

  /** Called after changes, not once for each of them. @returns what takes it back. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    if (this.#drawing) return;
    this.#drawing = window.setTimeout(() => {
      this.#drawing = 0;
      for (const listener of [...this.#listeners]) listener();
    }, DRAW_MS);
  }

  dismissGap(): void {
    this.gap = undefined;
    this.changed();
  }

  /** A server that is busy, or gone, says nothing about the token: it is asked again when the line stands again. */
  #askWhetherAdmin(): void {
    this.rest.getCluster().then(
      () => (this.isAdmin = true),
      (error: unknown) => {
        if (error instanceof RestError && error.status === 403) this.isAdmin = false;
      },
    ).finally(() => this.changed());
  }

  #take(event: StreamEvent): void {
    const place = ++this.#places;
    this.heardAt = Date.now();
    (isSample(event) ? this.samples : this.log).push({place, event});
    if (event.type === 'metrics.system') this.#sample(event);
    if (event.type === 'index.shard_transition') this.transitions.push({place, event});
    if (event.type === 'alert.resolved' || event.type === 'alert.rate_limit') this.pastAlerts.push({place, event});
    this.changed();
  }

  #sample({data, timestamp}: EventMap['metrics.system']): void {
    const at = Date.parse(timestamp);
    this.aheadMs = Date.now() - at;
    let ingest = 0;
    for (const sample of this.client.state.metrics.values())
      if (sample.type === 'metrics.ingest' && at - Date.parse(sample.timestamp) < INGEST_FRESH_MS) ingest += sample.rate;
    this.series.push(at / 1000, {
      qps: data.qps, p50: data.latency_p50_ms, p99: data.latency_p99_ms, memory: data.memory_used_gb * 1e9, ingest,
    });
  }
}
