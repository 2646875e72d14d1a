// The messages that tell what happens, and the objects in them, as docs/api/asyncapi.yaml and openapi.yaml describe
// them. Members may be added by later servers, never renamed: what is not named here is kept as it came.

/** A place in the log, `<epoch>-<seq>`. Opaque to programs; `StateFold` alone looks inside. */
export type Cursor = string;
/** UTC, RFC 3339, always milliseconds: `2024-12-22T10:30:00.123Z`. Sorts as text. */
export type Timestamp = string;

/** How a shard's data is held. */
export type Tier = 'idmap' | 'ivf' | 'ondisk' | 'merged';
/** Who may use a shard; in `training` and `migrating` the old copy still serves. */
export type ShardPhase = 'initializing' | 'active' | 'training' | 'migrating' | 'readonly' | 'recovering' | 'dead';

/** One shard of an index. */
export interface Shard {
  readonly shard: number;
  readonly node: string;
  readonly tier: Tier;
  readonly state: ShardPhase;
  /** Live ones. */
  readonly vectors: number;
  readonly bytes: number;
  /** When it came to this tier and state. */
  readonly since: Timestamp;
}

/** A shard's live vectors at which the next tier begins; the percent of tombstones that starts compaction. */
export interface Tiering {
  readonly idmap_to_ivf: number;
  readonly ivf_to_ondisk: number;
  readonly merge: number;
  readonly compaction_percent: number;
}

/** An index. Counts are as of its last durable event; live ones come in `metrics.index`. */
export interface Index {
  readonly index_id: string;
  readonly dimension: number;
  readonly metric_type: 'L2' | 'IP' | 'COSINE';
  readonly index_type: 'auto' | 'IDMap' | 'IVFFlat';
  readonly num_shards: number;
  /** 0: chosen at training. */
  readonly num_centroids: number;
  readonly quantization: 'none';
  /** 0: calibrated at training. */
  readonly nprobe: number;
  readonly tiering: Tiering;
  readonly vectors: number;
  /** Tombstones not yet compacted. */
  readonly deleted: number;
  readonly bytes: number;
  readonly created_at: Timestamp;
  readonly shards: readonly Shard[];
}

/** A job. Numbers that are not known yet are null. */
export interface Job {
  readonly jobId: string;
  readonly jobType: 'import' | 'train' | 'merge' | 'compact' | 'export' | 'snapshot';
  /** 0 to 1, never falls, 1 before `job.completed`. */
  readonly progress: number | null;
  readonly processed: number;
  readonly total: number | null;
  /** A moving average a second. */
  readonly rate: number;
  readonly eta_seconds: number | null;
  /** null: about no index. */
  readonly index: string | null;
  readonly phase: string;
  readonly state: 'queued' | 'running' | 'completed' | 'failed';
  /** Rows refused, and the first 10 of them. */
  readonly failed: number;
  readonly errors: readonly {readonly row: number; readonly message: string}[];
  readonly started_at: Timestamp;
  readonly finished_at: Timestamp | null;
  /** `code` is `cancelled`, `interrupted`, or what went wrong. */
  readonly error: {readonly code: string; readonly message: string} | null;
}

/** An alert; `alertId` stays the same from warning through error to resolved. */
export interface Alert {
  readonly alertId: string;
  readonly severity: 'warning' | 'error' | 'resolved' | 'rate_limit';
  readonly title: string;
  readonly message: string;
  /** node, value and threshold of what the rule measures; of a rate limit: token (its name), limit, rejected, … */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly rule: string;
  /** When it was first raised. */
  readonly since: Timestamp;
  readonly state: 'open' | 'resolved';
  readonly index?: string;
  readonly acknowledged_at?: Timestamp;
}

/** The index object in `index.*` events. */
export interface IndexEventData extends Index {
  /** The same as `index_id`. */
  readonly index: string;
  /** `index.updated`: the members that changed; `vectors` for writes. */
  readonly changed?: readonly string[];
}

/** A shard changed its tier or state. */
export interface ShardTransition {
  readonly index: string;
  readonly shard: number;
  readonly node: string;
  readonly from: {readonly tier: Tier; readonly state: ShardPhase};
  readonly to: {readonly tier: Tier; readonly state: ShardPhase};
  readonly reason: string;
  /** Live ones in the shard. */
  readonly vectors: number;
  readonly duration_ms: number;
  readonly jobId?: string;
}

/** What all durable events have in common. */
export interface Durable<Type extends string, Data> {
  readonly type: Type;
  readonly timestamp: Timestamp;
  readonly data: Data;
  readonly id: Cursor;
}

/** An event of the log: these change the state. */
export type DurableEvent =
  | Durable<'job.started' | 'job.progress' | 'job.completed' | 'job.failed', Job>
  | Durable<'index.created' | 'index.updated' | 'index.deleted', IndexEventData>
  | Durable<'index.shard_transition', ShardTransition>
  | Durable<'alert.warning' | 'alert.error' | 'alert.resolved' | 'alert.rate_limit', Alert>;

/** A measured sample beside the log: newest value only, no part of the state. */
export interface MetricsEvent {
  readonly type: 'metrics.system' | 'metrics.index' | 'metrics.search' | 'metrics.ingest';
  readonly timestamp: Timestamp;
  /** Numbers, and what they are about: `node` for `metrics.system`, else `index`. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The newest sample of a channel as `state` shows it: the event's `data`, and beside it which sample that is. */
export interface MetricsSample extends Readonly<Record<string, unknown>> {
  readonly type: MetricsEvent['type'];
  readonly timestamp: Timestamp;
}

/** Whatever `subscribe` delivers. */
export type StreamEvent = DurableEvent | MetricsEvent;

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
