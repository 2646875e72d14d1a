"""The state as it is now, kept so by the events: what `client.watch()` fills."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ._listeners import call
from .errors import FoldError
from .events import Event, is_sample
from .fold import StateFold
from .objects import Alert, Index, Job, State, StateData

StateChange = Event | Literal["state"]
"""What changed it: an event, or a whole new state."""


@dataclass(frozen=True)
class StateSnapshot:
    """The state at one moment. Its objects are those of the live state, which replaces and never changes them."""

    id: str | None
    ready: bool
    indices: Mapping[str, Index]
    jobs: Mapping[str, Job]
    alerts: Mapping[str, Alert]
    metrics: Mapping[str, dict[str, Any]]


class LiveState:
    """Indices, jobs, alerts and newest metrics, as `GET /state` shows them at `id`. Objects are replaced, never changed.

    It is exact at `id` for channels that bring whole families (`*`, `job.*`, `index.docs.*`); of ended jobs it may hold others than the
    server where not everything is heard (docs/protocol.md, "The fold"). While the client is not `live` it stands still. Confined to the
    client's loop; `snapshot()` may be taken elsewhere.
    """

    def __init__(self) -> None:
        self._fold = StateFold()
        self._ready = False
        self._version = 0
        self._parts: list[State] = []
        self._between: list[Event] = []  # samples that came between the parts
        self._listeners: list[Callable[[StateChange], None]] = []

    @property
    def ready(self) -> bool:
        """Whether a whole state has come, and nothing is missing since."""
        return self._ready

    @property
    def version(self) -> int:
        """Rises with each change."""
        return self._version

    @property
    def id(self) -> str | None:
        """Where it stands; None before the first state."""
        return self._fold.id

    @property
    def indices(self) -> Mapping[str, Index]:
        """By `index_id`."""
        return self._fold.indices

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Running ones and, per index, the last 100 that ended, by `jobId`."""
        return self._fold.jobs

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Open ones by `alertId`."""
        return self._fold.alerts

    @property
    def metrics(self) -> Mapping[str, dict[str, Any]]:
        """The newest sample of each channel, by its long name (`metrics.n1.system`)."""
        return self._fold.metrics

    def to_state(self) -> StateData:
        """All of it, as a `state` message shows it."""
        return self._fold.to_state()

    def snapshot(self) -> StateSnapshot:
        """What stands now, as it will stay."""
        return StateSnapshot(self.id, self.ready, dict(self.indices), dict(self.jobs), dict(self.alerts), dict(self.metrics))

    def on_change(self, listener: Callable[[StateChange], None]) -> Callable[[], None]:
        """Calls it after each change. Returns what takes it back."""
        def own(change: StateChange) -> None:
            listener(change)

        self._listeners.append(own)
        return lambda: self._listeners.remove(own) if own in self._listeners else None

    def _take_state(self, part: State) -> bool:
        """A part of a state. Whether the state is whole, and stands now."""
        self._parts.append(part)
        if not part["data"]["last"]:
            return False
        self._fold = StateFold(*self._parts)
        self._ready = True
        for event in self._between:
            self._fold.apply(event)
        self._drop_parts()
        self._tell("state")
        return True

    def _lapse(self) -> None:
        """Events are missing, so no more are taken until a new state has come; what is shown stays."""
        self._ready = False

    def _drop_parts(self) -> None:
        """The rest of a state will not come."""
        self._parts = []
        self._between = []

    def _apply(self, event: Event) -> bool:
        """False if the event does not continue it: a new state is needed."""
        if not self._ready:
            return True  # the state that is to come has it
        if self._parts and is_sample(event):
            self._between.append(event)
        try:
            if self._fold.apply(event):
                self._tell(event)
        except FoldError:
            return False
        return True

    def _tell(self, change: StateChange) -> None:
        self._version += 1
        for listener in list(self._listeners):
            call(listener, change)
