// The objects that events, `state` and REST answers share, as docs/api describes them (test/schema.test.ts holds them to it).
// Members may be added by later servers, never renamed: what is not named here is kept as it came.

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
  readonly index_type: 'auto' | 'IDMap' | 'IVFFlat' | 'HNSW';
  readonly num_shards: number;
  /** 0: chosen at training. */
  readonly num_centroids: number;
  readonly quantization: 'none' | 'f16' | 'int8';
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
  readonly jobType: 'import' | 'train' | 'migrate' | 'merge' | 'compact' | 'recall' | 'export' | 'snapshot' | 'restore';
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
}

/** The same in `index.updated`. */
export interface IndexUpdate extends IndexEventData {
  /** The members that changed; `vectors` for writes. */
  readonly changed: readonly string[];
}

/** A shard changed its tier or state. */
export interface ShardTransition {
  readonly index: string;
  readonly shard: number;
  readonly node: string;
  readonly from: {readonly tier: Tier; readonly state: ShardPhase};
  readonly to: {readonly tier: Tier; readonly state: ShardPhase};
  readonly reason:
    | 'threshold_reached' | 'merge' | 'compaction' | 'manual' | 'node_joined' | 'node_left' | 'disk_guard' | 'memory_guard'
    | 'guard_cleared' | 'restart' | 'load_failed';
  /** Live ones in the shard. */
  readonly vectors: number;
  readonly duration_ms: number;
  readonly jobId?: string;
}

/** One node, once a second. Before any search qps and latencies are 0. */
export interface SystemMetrics {
  readonly node: string;
  /** Searches answered in a sliding second. */
  readonly qps: number;
  /** At the server's edge over the last 10 s. */
  readonly latency_p50_ms: number;
  readonly latency_p99_ms: number;
  /** Sessions past the upgrade. */
  readonly active_connections: number;
  /** The process's resident set, in 10^9 bytes. */
  readonly memory_used_gb: number;
  readonly cpu_percent: number;
  readonly memory_limit_gb: number;
  readonly disk_used_gb: number;
  readonly uptime_seconds: number;
  readonly events_per_second: number;
}

/** One index, once a second while it changes. */
export interface IndexMetrics {
  readonly index: string;
  readonly vectors: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly shards: number;
  /** Shards in each tier. */
  readonly tiers: Readonly<Record<Tier, number>>;
  /** Vectors not yet in the sealed part of a shard beyond idmap. */
  readonly unindexed: number;
}

/** One index, once a second while it is searched. */
export interface SearchMetrics {
  readonly index: string;
  readonly qps: number;
  readonly latency_p50_ms: number;
  readonly latency_p99_ms: number;
  readonly errors_per_second: number;
  /** A second. */
  readonly vectors_scanned: number;
  /** 0 to 1, as it was measured last; absent until then. */
  readonly recall?: number;
}

/** One index, once a second while it is written. */
export interface IngestMetrics {
  readonly index: string;
  /** Rows applied a second. */
  readonly rate: number;
  readonly bytes_per_second: number;
  /** Rows read and not yet applied. */
  readonly pending: number;
  readonly failed: number;
}
