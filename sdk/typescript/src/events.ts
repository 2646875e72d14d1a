// The messages that tell what happens, by name, and which of them a channel pattern brings.
import type {
  Alert, Cursor, Index, IndexEventData, IndexMetrics, IndexUpdate, IngestMetrics, Job, SearchMetrics, ShardTransition, SystemMetrics,
  Timestamp,
} from './objects.js';

/** What all durable events have in common. */
export interface Durable<Type extends string, Data> {
  readonly type: Type;
  readonly timestamp: Timestamp;
  readonly data: Data;
  readonly id: Cursor;
}

/** A measured sample beside the log: newest value only, no part of the state. */
export interface Measured<Type extends string, Data> {
  readonly type: Type;
  readonly timestamp: Timestamp;
  readonly data: Data;
}

/** Every event by its name. */
export interface EventMap {
  'metrics.system': Measured<'metrics.system', SystemMetrics>;
  'metrics.index': Measured<'metrics.index', IndexMetrics>;
  'metrics.search': Measured<'metrics.search', SearchMetrics>;
  'metrics.ingest': Measured<'metrics.ingest', IngestMetrics>;
  'job.started': Durable<'job.started', Job>;
  'job.progress': Durable<'job.progress', Job>;
  'job.completed': Durable<'job.completed', Job>;
  'job.failed': Durable<'job.failed', Job>;
  'index.created': Durable<'index.created', IndexEventData>;
  'index.updated': Durable<'index.updated', IndexUpdate>;
  'index.deleted': Durable<'index.deleted', IndexEventData>;
  'index.shard_transition': Durable<'index.shard_transition', ShardTransition>;
  'alert.warning': Durable<'alert.warning', Alert>;
  'alert.error': Durable<'alert.error', Alert>;
  'alert.resolved': Durable<'alert.resolved', Alert>;
  'alert.rate_limit': Durable<'alert.rate_limit', Alert>;
}

export type EventType = keyof EventMap;
/** Whatever `subscribe` delivers. */
export type StreamEvent = EventMap[EventType];
/** Samples. */
export type MetricsEvent = EventMap[Extract<EventType, `metrics.${string}`>];
/** Events of the log: these change the state. */
export type DurableEvent = Exclude<StreamEvent, MetricsEvent>;

type Family = 'metrics' | 'job' | 'index' | 'alert';
type OfFamily<F extends Family> = EventMap[Extract<EventType, `${F}.${string}`>];

/**
 * The events that a channel pattern brings: `job.progress`, `job.import-1.progress`, `job.*`, `job.import-1.*`, `*`.
 * never: none that this client knows, which for a literal is mostly a slip of the pen. A pattern that is only known when the
 * program runs may bring any.
 */
export type EventOf<Pattern extends string> = string extends Pattern
  ? StreamEvent
  : Pattern extends '*'
    ? StreamEvent
    : Pattern extends EventType
      ? EventMap[Pattern]
      : Pattern extends `${infer F extends Family}.${infer Rest}` ? EventOfRest<F, Rest> : never;

/** Of what stands behind the family: `*`, `docs.*`, `docs.created`. */
type EventOfRest<F extends Family, Rest extends string> = string extends Rest
  ? OfFamily<F>
  : Rest extends '*' | `${string}.*`
    ? OfFamily<F>
    : Rest extends `${string}.${infer Kind}` ? EventMap[Extract<EventType, `${F}.${Kind}`>] : never;

/** The newest sample of a channel as `state` shows it: the event's `data`, and beside it which sample that is. */
export type MetricsSample = {
  [Type in MetricsEvent['type']]: EventMap[Type]['data'] & {readonly type: Type; readonly timestamp: Timestamp};
}[MetricsEvent['type']];

/** What a `state` message, or a part of one, shows. */
export interface StateData {
  readonly indices: readonly Index[];
  /** Running ones and, per index, the last 100 that ended. */
  readonly jobs: readonly Job[];
  /** Open ones. */
  readonly alerts: readonly Alert[];
  /** The newest samples. */
  readonly metrics: readonly MetricsSample[];
  /** From 0; over REST always 0. */
  readonly part: number;
  /** On the final part. */
  readonly last: boolean;
}

/** The state at `id`, whole (`GET /state`) or in parts of one `id` (over the socket). Events after `id` continue it. */
export interface StateMessage {
  readonly type: 'state';
  readonly timestamp: Timestamp;
  readonly data: StateData;
  readonly id: Cursor;
}
