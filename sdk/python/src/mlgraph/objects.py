"""The objects that events, `state` and REST answers share, as docs/api describes them (tests/test_schema.py holds them to it).

Members may be added by later servers, never renamed: what is not named here is kept as it came. Times are texts, UTC by RFC 3339
with milliseconds (`2024-12-22T10:30:00.123Z`), and sort as texts. A cursor is a place in the log, `<epoch>-<seq>`, opaque to programs.
"""
from typing import Any, Literal, NotRequired, TypedDict

Tier = Literal["idmap", "ivf", "ondisk", "merged"]
ShardState = Literal["initializing", "active", "training", "migrating", "readonly", "recovering", "dead"]
MetricType = Literal["L2", "IP", "COSINE"]
JobState = Literal["queued", "running", "completed", "failed"]
JobType = Literal["import", "train", "migrate", "merge", "compact", "recall", "export", "snapshot", "restore"]


class Shard(TypedDict):
    """One shard of an index; `since` is when it came to this tier and state."""

    shard: int
    node: str
    tier: Tier
    state: ShardState
    vectors: int
    bytes: int
    since: str


class Tiering(TypedDict):
    """A shard's live vectors at which the next tier begins; the percent of tombstones that starts compaction."""

    idmap_to_ivf: int
    ivf_to_ondisk: int
    merge: int
    compaction_percent: int


class TieringChange(TypedDict, total=False):
    """The same, as far as it is to be changed."""

    idmap_to_ivf: int
    ivf_to_ondisk: int
    merge: int
    compaction_percent: int


class Index(TypedDict):
    """An index. Counts are as of its last durable event; live ones come in `metrics.index`."""

    index_id: str
    dimension: int
    metric_type: MetricType
    index_type: Literal["auto", "IDMap", "IVFFlat", "HNSW"]
    num_shards: int
    num_centroids: int
    quantization: Literal["none", "f16", "int8"]
    nprobe: int
    tiering: Tiering
    vectors: int
    deleted: int
    bytes: int
    created_at: str
    shards: list[Shard]


class IndexEventData(Index):
    """The index object in `index.created` and `index.deleted`; `index` is the same as `index_id`."""

    index: str


class IndexUpdate(IndexEventData):
    """The same in `index.updated`: `changed` names the members that did, `vectors` for writes."""

    changed: list[str]


class Place(TypedDict):
    """How a shard's data is held, and who may use it."""

    tier: Tier
    state: ShardState


ShardTransition = TypedDict("ShardTransition", {
    "index": str, "shard": int, "node": str, "from": Place, "to": Place, "reason": str, "vectors": int, "duration_ms": int,
    "jobId": NotRequired[str],
})
"""A shard changed its tier or state."""


class RowError(TypedDict):
    """A refused row: its number, from 0 in the order of the file, and why."""

    row: int
    message: str


class JobFailure(TypedDict):
    """Why a job ended in `failed`."""

    code: str
    message: str


class Job(TypedDict):
    """A job. Numbers that are not known yet are None; `progress` is from 0 to 1 and never falls, `rate` is a second."""

    jobId: str
    jobType: JobType
    progress: float | None
    processed: int
    total: int | None
    rate: float
    eta_seconds: float | None
    index: str | None
    phase: str
    state: JobState
    failed: int
    errors: list[RowError]
    started_at: str
    finished_at: str | None
    error: JobFailure | None


class Alert(TypedDict):
    """An alert; `alertId` stays the same from warning through error to resolved."""

    alertId: str
    severity: Literal["warning", "error", "resolved", "rate_limit"]
    title: str
    message: str
    metadata: dict[str, Any]
    rule: str
    since: str
    state: Literal["open", "resolved"]
    index: NotRequired[str]
    acknowledged_at: NotRequired[str]


class SystemMetrics(TypedDict):
    """One node, once a second. Memory and disk in 10^9 bytes; latencies at the server's edge over the last 10 s."""

    node: str
    qps: float
    latency_p50_ms: float
    latency_p99_ms: float
    active_connections: int
    memory_used_gb: float
    cpu_percent: float
    memory_limit_gb: float
    disk_used_gb: float
    uptime_seconds: float
    events_per_second: float


class TierCounts(TypedDict):
    """Shards in each tier."""

    idmap: int
    ivf: int
    ondisk: int
    merged: int


class IndexMetrics(TypedDict):
    """One index, once a second while it changes; `unindexed` vectors are not yet in a sealed part."""

    index: str
    vectors: int
    deleted: int
    bytes: int
    shards: int
    tiers: TierCounts
    unindexed: int


class SearchMetrics(TypedDict):
    """One index, once a second while it is searched; `recall` as it was measured last."""

    index: str
    qps: float
    latency_p50_ms: float
    latency_p99_ms: float
    errors_per_second: float
    vectors_scanned: float
    recall: NotRequired[float]


class IngestMetrics(TypedDict):
    """One index, once a second while it is written; `rate` is rows applied a second."""

    index: str
    rate: float
    bytes_per_second: float
    pending: int
    failed: int


class Vector(TypedDict):
    """One vector as it is stored."""

    id: str
    values: list[float]
    metadata: NotRequired[dict[str, Any]]


class VectorPage(TypedDict):
    """Some vectors; `next` begins the page after it, None on the last one."""

    vectors: list[Vector]
    next: str | None


class Alias(TypedDict):
    """Another name of an index."""

    alias: str
    index: str


class AlertRule(TypedDict):
    """When an alert is raised, and when it resolves (`clear`)."""

    rule: str
    metric: str
    comparison: Literal[">", "<"]
    warn: float | None
    error: float | None
    clear: float
    for_seconds: int
    enabled: bool


class Token(TypedDict):
    """A token, without its secret."""

    name: str
    scopes: list[str]
    created_at: str
    expires_at: NotRequired[str | None]
    rate_limit_per_minute: NotRequired[int | None]
    burst: NotRequired[int | None]


class NewToken(Token):
    """A token that was just made, with its secret, which is never shown again."""

    token: str


class StateData(TypedDict):
    """What a `state` message, or a part of one, shows: open alerts; running jobs and, per index, the last 100 that ended."""

    indices: list[Index]
    jobs: list[Job]
    alerts: list[Alert]
    metrics: list[dict[str, Any]]
    part: int
    last: bool


class State(TypedDict):
    """The state at `id`. Events after it continue it."""

    type: Literal["state"]
    timestamp: str
    data: StateData
    id: str


class Subscribed(TypedDict):
    """The answer to `subscribe`: all channels now; where delivery begins; whether `since` was honoured (False without one)."""

    channels: list[str]
    id: str
    recovered: bool


Filter = dict[str, Any]
"""{must, should, must_not} of terms {key, match | any | range | exists}: docs/api/openapi.yaml, `Filter`."""
