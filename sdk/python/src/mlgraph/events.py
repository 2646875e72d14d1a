"""The messages that tell what happens. Narrow with isinstance or match, then by `type`:

    match event:
        case JobEvent(type="job.progress"): print(event.data["progress"])
        case ShardTransitionEvent():        print(event.data["to"]["tier"])
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Union

from .errors import FoldError
from .objects import (
    Alert, IndexEventData, IndexMetrics, IndexUpdate, IngestMetrics, Job, SearchMetrics, ShardTransition, SystemMetrics,
)


@dataclass(frozen=True, slots=True)
class _Sample:
    """A measured sample beside the log: newest value only, no part of the state, never replayed."""

    id: ClassVar[None] = None
    timestamp: str


@dataclass(frozen=True, slots=True)
class SystemMetricsEvent(_Sample):
    data: SystemMetrics
    type: Literal["metrics.system"] = "metrics.system"


@dataclass(frozen=True, slots=True)
class IndexMetricsEvent(_Sample):
    data: IndexMetrics
    type: Literal["metrics.index"] = "metrics.index"


@dataclass(frozen=True, slots=True)
class SearchMetricsEvent(_Sample):
    data: SearchMetrics
    type: Literal["metrics.search"] = "metrics.search"


@dataclass(frozen=True, slots=True)
class IngestMetricsEvent(_Sample):
    data: IngestMetrics
    type: Literal["metrics.ingest"] = "metrics.ingest"


@dataclass(frozen=True, slots=True)
class _Durable:
    """An event of the log; `id` is its place there, and what `since` takes."""

    timestamp: str
    id: str


@dataclass(frozen=True, slots=True)
class JobEvent(_Durable):
    data: Job
    type: Literal["job.started", "job.progress", "job.completed", "job.failed"]


@dataclass(frozen=True, slots=True)
class IndexEvent(_Durable):
    data: IndexEventData
    type: Literal["index.created", "index.deleted"]


@dataclass(frozen=True, slots=True)
class IndexUpdatedEvent(_Durable):
    data: IndexUpdate
    type: Literal["index.updated"] = "index.updated"


@dataclass(frozen=True, slots=True)
class ShardTransitionEvent(_Durable):
    data: ShardTransition
    type: Literal["index.shard_transition"] = "index.shard_transition"


@dataclass(frozen=True, slots=True)
class AlertEvent(_Durable):
    data: Alert
    type: Literal["alert.warning", "alert.error", "alert.resolved", "alert.rate_limit"]


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """A kind that a later server tells; a sample if it has no id."""

    timestamp: str
    id: str | None
    data: dict[str, Any]
    type: str


MetricsEvent = Union[SystemMetricsEvent, IndexMetricsEvent, SearchMetricsEvent, IngestMetricsEvent]
DurableEvent = Union[JobEvent, IndexEvent, IndexUpdatedEvent, ShardTransitionEvent, AlertEvent]
Event = Union[MetricsEvent, DurableEvent, OtherEvent]

_SAMPLES: dict[str, Any] = {
    "metrics.system": SystemMetricsEvent, "metrics.index": IndexMetricsEvent,
    "metrics.search": SearchMetricsEvent, "metrics.ingest": IngestMetricsEvent,
}
_DURABLES: dict[str, Any] = {
    "job.started": JobEvent, "job.progress": JobEvent, "job.completed": JobEvent, "job.failed": JobEvent,
    "index.created": IndexEvent, "index.deleted": IndexEvent, "index.updated": IndexUpdatedEvent,
    "index.shard_transition": ShardTransitionEvent,
    "alert.warning": AlertEvent, "alert.error": AlertEvent, "alert.resolved": AlertEvent, "alert.rate_limit": AlertEvent,
}
EVENT_TYPES = frozenset(_SAMPLES) | frozenset(_DURABLES)
_TYPE = re.compile(r"(metrics|job|index|alert)\.")


def is_event_type(type_: object) -> bool:
    """Whether a message's `type` is an event's, also one of a later server."""
    return isinstance(type_, str) and _TYPE.match(type_) is not None


def is_sample(event: Event) -> bool:
    """Whether it stands beside the log."""
    return event.type.startswith("metrics.")


def parse_event(message: dict[str, Any]) -> Event:
    """A message as it came from the socket, SSE, or a file. FoldError `not_an_event` if it is none."""
    type_, data, at, id_ = message.get("type"), message.get("data"), message.get("timestamp"), message.get("id")
    if not is_event_type(type_) or not isinstance(data, dict) or not isinstance(at, str):
        raise FoldError("not_an_event", f"'{type_}' is no event")
    assert isinstance(type_, str)
    if type_ in _SAMPLES:
        sample: Event = _SAMPLES[type_](timestamp=at, data=data)
        return sample
    if type_ in _DURABLES and isinstance(id_, str):
        durable: Event = _DURABLES[type_](timestamp=at, data=data, type=type_, id=id_)
        return durable
    return OtherEvent(timestamp=at, data=data, type=type_, id=id_ if isinstance(id_, str) else None)
