"""Channels, as docs/protocol.md has them: an event stands on two, a pattern brings some."""
from __future__ import annotations

from collections.abc import Iterable

from .events import Event

# The member of an event's data that names what it is about; samples name a node or an index.
_ENTITY = {"job": "jobId", "alert": "alertId", "index": "index"}


def channels_of(event: Event) -> tuple[str, str]:
    """`job.progress` of the job a: `job.progress` and `job.a.progress`."""
    family, _, kind = event.type.partition(".")
    data: dict[str, object] = event.data  # type: ignore[assignment]
    entity = data.get(_ENTITY.get(family) or ("node" if "node" in data else "index"))
    return event.type, f"{family}.{entity}.{kind}"


def covers(pattern: str, narrower: str) -> bool:
    """Whether a pattern (an exact channel, a prefix ending in `.*`, or `*`) brings all that a channel or narrower one brings."""
    return (pattern == "*" or pattern == narrower
            or (pattern.endswith(".*") and len(narrower) >= len(pattern) and narrower.startswith(pattern[:-1])))


def matches(pattern: str, channels: Iterable[str]) -> bool:
    """Whether a pattern brings what stands on these channels."""
    return any(covers(pattern, channel) for channel in channels)


def overlap(a: str, b: str) -> bool:
    """Whether two patterns may bring the same event; True if in doubt."""
    return a == "*" or b == "*" or a.partition(".")[0] == b.partition(".")[0]
