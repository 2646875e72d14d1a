"""Events in, state out: docs/protocol.md, "The fold". The server's is src/model/fold.cc; tests/fold holds all to the same scenarios."""
from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from typing import Any

from ._cursor import Place, parse_cursor
from .errors import FoldError
from .events import AlertEvent, Event, IndexEvent, IndexUpdatedEvent, JobEvent, ShardTransitionEvent, is_sample
from .objects import Alert, Index, Job, State, StateData

ENDED_JOBS_PER_INDEX = 100
DELETED_INDICES_WITH_JOBS = 100


class JobTable:
    """Jobs by id. Which one is forgotten next follows from the jobs alone, so a state can be gone on from."""

    def __init__(self) -> None:
        self.by_id: dict[str, Job] = {}
        # Index (None: none) to its ended jobs, the first to be forgotten in front.
        self._ended: dict[str | None, list[Job]] = {}

    def put(self, job: Job) -> None:
        """In place of an older object; of an index's ended jobs the last 100 stay."""
        self._drop(job["jobId"])
        self.by_id[job["jobId"]] = job
        if job["state"] not in ("completed", "failed"):
            return
        ended = self._ended.setdefault(job["index"], [])
        insort(ended, job, key=_forgetting_order)
        while len(ended) > ENDED_JOBS_PER_INDEX:
            self._drop(ended[0]["jobId"])

    def forget_deleted(self, exists: Callable[[str], bool]) -> None:
        """After a deletion: of the names without an index, the 100 whose jobs ended last keep their ended jobs."""
        gone = sorted(((jobs[-1]["finished_at"] or "", name) for name, jobs in self._ended.items() if name is not None and not exists(name)))
        for _, name in gone[:-DELETED_INDICES_WITH_JOBS]:
            for job in list(self._ended[name]):
                self._drop(job["jobId"])

    def _drop(self, job_id: str) -> None:
        job = self.by_id.pop(job_id, None)
        ended = self._ended.get(job["index"]) if job else None
        if not job or not ended:
            return
        ended[:] = [other for other in ended if other is not job]
        if not ended:
            del self._ended[job["index"]]


def _forgetting_order(job: Job) -> tuple[str, str]:
    return job["finished_at"] or "", job["jobId"]


class StateFold:
    """The state that a stream of events adds up to: at each `id` what the server's `state` shows there.

    Begin with a `state` message and apply the events after it, or begin empty and apply the log from its first event. Objects are
    never changed, only replaced, so a reference that is still the same is an object that is still the same. Confined to one thread.

    states  a `state` message, or all parts of one in any order; none: before the first event. FoldError `bad_state` if parts are
            missing or don't belong together.
    """

    def __init__(self, *states: State) -> None:
        self._at: Place | None = None
        self._indices: dict[str, Index] = {}
        self._jobs = JobTable()
        self._alerts: dict[str, Alert] = {}
        self._metrics: dict[str, dict[str, Any]] = {}
        if states:
            self._begin(sorted(states, key=lambda part: part["data"]["part"]))

    def _begin(self, parts: list[State]) -> None:
        first = parts[0]["id"]
        self._at = parse_cursor(str(first))
        whole = all(part["id"] == first and part["data"]["part"] == place and part["data"]["last"] == (place == len(parts) - 1)
                    for place, part in enumerate(parts))
        if self._at is None or not whole:
            raise FoldError("bad_state", f"of the state at '{first}' a part is missing, or one is of another")
        for part in parts:
            data = part["data"]
            self._indices.update((index["index_id"], index) for index in data["indices"])
            for job in data["jobs"]:
                self._jobs.put(job)
            self._alerts.update((alert["alertId"], alert) for alert in data["alerts"])
            self._metrics.update((_channel_of(sample), sample) for sample in data["metrics"])

    @property
    def id(self) -> str | None:
        """Where this state stands: `since` for resuming. None before the first event."""
        return str(self._at) if self._at else None

    @property
    def indices(self) -> Mapping[str, Index]:
        """By `index_id`, a live view."""
        return self._indices

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Running ones and, per index, the last 100 that ended, by `jobId`; a live view."""
        return self._jobs.by_id

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Open ones by `alertId`, a live view."""
        return self._alerts

    @property
    def metrics(self) -> Mapping[str, dict[str, Any]]:
        """Newest sample by channel (`metrics.n1.system`): its data, `type` and `timestamp`. Beside the fold: no id covers it."""
        return self._metrics

    def apply(self, event: Event) -> bool:
        """Takes the next event. False for a durable one at or before `id`: it is in the state already, and nothing changed.

        FoldError, and nothing changed: `other_epoch`, `unknown_shard`, `not_an_event`.
        """
        if is_sample(event):
            data: Any = event.data
            sample = {**data, "type": event.type, "timestamp": event.timestamp}
            self._metrics[_channel_of(sample)] = sample
            return True
        at = parse_cursor(event.id) if isinstance(event.id, str) else None
        if at is None:
            raise FoldError("not_an_event", f"'{event.type}' with the id '{event.id}' is no event of the log")
        if self._at and at.epoch != self._at.epoch:
            raise FoldError("other_epoch", f"event {event.id} is not of the history '{self._at.epoch}'")
        if self._at and at.seq <= self._at.seq:
            return False
        self._change(event)
        self._at = at
        return True

    def to_state(self) -> StateData:
        """As `state` messages show it, objects sorted by id."""
        return {
            "indices": _sorted(self._indices), "jobs": _sorted(self._jobs.by_id), "alerts": _sorted(self._alerts),
            "metrics": _sorted(self._metrics), "part": 0, "last": True,
        }

    def _change(self, event: Event) -> None:
        match event:
            case JobEvent():
                self._jobs.put(event.data)
            case IndexEvent(type="index.deleted"):
                self._delete(event.data["index_id"])
            case IndexEvent() | IndexUpdatedEvent():
                # `index` and `changed` belong to the event, the rest is the object.
                index: Any = {name: value for name, value in event.data.items() if name not in ("index", "changed")}
                self._indices[event.data["index_id"]] = index
            case ShardTransitionEvent():
                self._move(event)
            case AlertEvent(type="alert.rate_limit"):
                pass  # momentary, never open
            case AlertEvent():
                if event.data["state"] == "open":
                    self._alerts[event.data["alertId"]] = event.data
                else:
                    self._alerts.pop(event.data["alertId"], None)
            case _:
                pass  # a kind of a later server: what it changes is not known here, that it happened is

    def _delete(self, name: str) -> None:
        self._indices.pop(name, None)
        self._jobs.forget_deleted(self._indices.__contains__)
        for channel in [channel for channel, sample in self._metrics.items() if sample.get("index") == name]:
            del self._metrics[channel]

    def _move(self, event: ShardTransitionEvent) -> None:
        move = event.data
        index = self._indices.get(move["index"])
        if not index or all(shard["shard"] != move["shard"] for shard in index["shards"]):
            raise FoldError("unknown_shard", f"nothing told of shard {move['shard']} of index '{move['index']}' before it moved")
        there: Any = {"tier": move["to"]["tier"], "state": move["to"]["state"], "node": move["node"], "vectors": move["vectors"],
                      "since": event.timestamp}
        shards: Any = [{**shard, **there} if shard["shard"] == move["shard"] else shard for shard in index["shards"]]
        moved: Any = {**index, "shards": shards, "vectors": sum(shard["vectors"] for shard in shards)}
        self._indices[move["index"]] = moved


def _channel_of(sample: Mapping[str, Any]) -> str:
    return f"metrics.{sample['node'] if 'node' in sample else sample['index']}.{sample['type'].removeprefix('metrics.')}"


def _sorted(objects: Mapping[str, Any]) -> list[Any]:
    return [objects[name] for name in sorted(objects)]


