"""MLGraph's client: events, live state and REST calls, for asyncio (`AsyncClient`) and for plain programs (`Client`)."""
from ._blocking_api import BlockingJob
from ._event_stream import EventStream
from ._policy import Backoff, TokenSource
from .aio import AsyncClient
from .blocking import BlockingEventStream, Client
from .errors import FoldError, JobError, MLGraphError, RestError
from .events import (
    AlertEvent, DurableEvent, Event, IndexEvent, IndexMetricsEvent, IndexUpdatedEvent, IngestMetricsEvent, JobEvent, MetricsEvent,
    OtherEvent, SearchMetricsEvent, ShardTransitionEvent, SystemMetricsEvent, parse_event,
)
from .fold import StateFold
from .jobs import AsyncJob
from .live_state import LiveState, StateSnapshot
from .notices import Gap, Revoked, Status, StatusChange
from .progress import ProgressBar
from .vectors import Hits, Page, ServerFile

__version__ = "0.1.0"

__all__ = [
    "AlertEvent", "AsyncClient", "AsyncJob", "Backoff", "BlockingEventStream", "BlockingJob", "Client", "DurableEvent", "Event",
    "EventStream", "FoldError", "Gap", "Hits", "IndexEvent", "IndexMetricsEvent", "IndexUpdatedEvent", "IngestMetricsEvent", "JobError",
    "JobEvent", "LiveState", "MLGraphError", "MetricsEvent", "OtherEvent", "Page", "ProgressBar", "RestError", "Revoked",
    "SearchMetricsEvent", "ServerFile", "ShardTransitionEvent", "StateFold", "StateSnapshot", "Status", "StatusChange",
    "SystemMetricsEvent", "TokenSource", "parse_event",
]
