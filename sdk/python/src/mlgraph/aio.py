"""The asyncio client: what programs hold in their hands."""
from __future__ import annotations

import asyncio
import json
import ssl as ssl_module
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from ._address import socket_address
from ._channels import channels_of, matches
from ._connection import Connection, ConnectionOptions
from ._event_stream import EventQueue, EventStream
from ._listeners import Listeners
from ._platform import Platform, RealPlatform
from ._policy import Backoff, TokenSource
from ._requests import Requests
from ._rest import Rest
from ._state_sync import StateSync
from ._subscriptions import Subscriptions
from .errors import MLGraphError, error_of
from .events import is_event_type, parse_event
from .jobs import AsyncJobApi
from .live_state import LiveState
from .notices import Gap, Revoked, Status, StatusChange
from .objects import Job, Subscribed

Channels = str | Sequence[str]
"""A channel pattern (`job.progress`, `job.import-1.*`, `index.*`, `*`), or several."""


class AsyncClient(AsyncJobApi):
    """MLGraph's events, live state and REST calls.

    It connects its socket when events are first asked for, stays connected, and goes on where it was: each durable event of a subscribed
    channel comes once and in order, whatever happens to connections; where that cannot be (`gap`), it is told. REST calls go over
    connections of their own. Confined to the event loop that it is first used in; use it as `async with`, or call `close()`.

    url              the server: `https://host`, or its socket, `wss://host/ws`
    token            a token, or a function (also an async one) that gets one: asked for each connection and call, and again before
                     the token expires
    client_name      who this is, for the server's log
    backoff          delays between attempts: 1 s, 2 s, 4 s … 30 s at most, each with full jitter
    connect_timeout  seconds from the begin of an attempt until the server knows us
    heartbeat        seconds between two pings; never more than the server's `heartbeat_seconds`
    timeout          seconds a REST call waits without a sign of the server
    ssl              for https: certificates other than the system's
    ValueError if `url` is none.
    """

    def __init__(self, url: str, token: TokenSource, *, client_name: str = "mlgraph-python", backoff: Backoff = Backoff(),
                 connect_timeout: float = 15.0, heartbeat: float = 25.0, timeout: float = 60.0,
                 ssl: ssl_module.SSLContext | None = None, platform: Platform | None = None) -> None:
        self._platform: Platform = platform or RealPlatform(ssl)
        self._rest = Rest(url, token, timeout, ssl)
        self._uploads: set[asyncio.Task[Job]] = set()
        self._listeners = Listeners()
        self._requests = Requests(self._platform, lambda message: self._connection.send(message))
        self._subscriptions = Subscriptions(self._requests, _Subscriber(self))
        self._sync = StateSync(self._requests, self._subscriptions.interest.passed, lambda error: self._connection.fail(error))
        options = ConnectionOptions(socket_address(url), token, client_name, backoff, connect_timeout, heartbeat)
        self._connection = Connection(options, self._platform, _Session(self))
        self._program = object()  # owns what `subscribe` asked for
        self._queues: dict[EventQueue, tuple[str, ...]] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._ending: MLGraphError | None = None
        self._scopes: str | None = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def status(self) -> Status:
        """Where the connection is; `on("status", …)` tells of changes and why."""
        return self._connection.status

    @property
    def cursor(self) -> str | None:
        """How far the events have been read. A later program goes on behind it with `since`. None before anything is subscribed."""
        return self._subscriptions.interest.at

    @property
    def state(self) -> LiveState:
        """Indices, jobs, alerts and newest metrics; `watch()` fills it."""
        return self._sync.state

    async def connect(self) -> None:
        """Connects, also again after it was closed: subscriptions are resumed. Not needed before the other calls, they do.

        Returns when live. MLGraphError when it was closed instead; what may pass is tried again meanwhile.
        """
        if self.status == "live":
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._ending = None
        self._connection.open()
        await waiter

    async def close(self) -> None:
        """Ends the connection, all loops (as if there were no more events), uploads under way, and what is asked for (code `closed`)."""
        self._connection.close()
        for upload in list(self._uploads):
            upload.cancel()
        self._rest.close()
        await self._connection.finish()
        await self._platform.closed()

    def on(self, name: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Calls `listener` with the events of subscribed channels that a pattern brings, or with what the client itself tells: `status`
        (StatusChange), `gap` (Gap), `revoked` (Revoked), `error` (MLGraphError: something that ended nothing). It subscribes nothing.

        Returns what takes it back. A listener that raises is told to the loop's exception handler.
        """
        return self._listeners.add(name, listener)

    async def subscribe(self, channels: Channels, *, since: str | None = None) -> Subscribed:
        """Subscribes channels, all or none, until `unsubscribe`; they are subscribed again on each new connection.

        since  an id: the events after it come first; only for channels that are not subscribed yet
        Returns the server's answer; while there is no connection it waits. MLGraphError: what the server refused (`forbidden`,
        `invalid_channel`, …), `conflict` where `since` is asked for and one of them is subscribed, `closed`.
        """
        self._check_open()
        answer = self._subscriptions.want(self._program, _listed(channels), since)
        self._connection.open()
        return await answer

    async def unsubscribe(self, channels: Channels | None = None) -> None:
        """Takes back what `subscribe` and `watch` subscribed, None: all; loops keep theirs. Returns once nothing more of them will come."""
        await self._subscriptions.release(self._program, self._subscriptions.of(self._program) if channels is None else _listed(channels))

    async def watch(self, channels: Channels = "*") -> LiveState:
        """Fills `state` and keeps it right. channels: what it is to show. Returns it when it is whole; raises like `subscribe`."""
        await self.subscribe(channels)
        return await self._sync.settled()

    def events(self, channels: Channels, *, since: str | None = None, limit: int = 1024) -> EventStream:
        """The events of some channels, for `async for`; subscribed while the loop runs, beginning now.

        since  an id: the events after it come first. A connection brings each event once, so no other of the same family may be
               subscribed here (`conflict`): history beside live listeners takes another client
        limit  events that may wait to be taken. One more ends the loop with `overflow`

        The loop ends when the client is closed by the program. It raises MLGraphError, after all events that came before it, where the
        next event would not be the next one: `overflow` (its `since` says where to begin again), `gap`, `revoked`, a refused
        subscription, a connection that ended for good.
        """
        return EventStream(self._queue(channels, since, limit))

    def _queue(self, channels: Channels, since: str | None, limit: int) -> EventQueue:
        self._check_open()
        listed = _listed(channels)

        def on_end() -> None:
            self._queues.pop(queue, None)
            self._subscriptions.release(queue, listed)

        queue = EventQueue(limit, on_end)
        self._queues[queue] = listed
        answer = self._subscriptions.want(queue, listed, since, True, lambda answer: queue.begin(answer["id"]))
        answer.add_done_callback(lambda done: queue.end(done.exception()) if done.exception() else None)
        self._connection.open()
        return queue

    def _check_open(self) -> None:
        if self.status == "closed":
            raise self._ending or _closed_by_program()

    def _hear(self, message: dict[str, Any]) -> None:
        type_ = message["type"]
        if self._requests.take(message):
            return
        if is_event_type(type_):
            self._deliver(message)
        elif type_ == "pong" and "id" in message:
            self._subscriptions.interest.passed(message["id"])
        elif type_ == "unsubscribed":
            self._subscriptions.taken(message["data"]["channels"], message["data"].get("reason", ""))
        elif type_ == "authenticated":
            self._on_authenticated(message["data"])
        elif type_ == "error":
            self._listeners.notify("error", error_of(message["data"]))

    def _deliver(self, message: dict[str, Any]) -> None:
        if not self._subscriptions.is_hearing:
            return
        event = parse_event(message)
        names = channels_of(event)
        if not self._subscriptions.interest.take(event, names):
            return
        self._sync.take(event)
        for queue, channels in list(self._queues.items()):
            if any(matches(channel, names) for channel in channels):
                queue.push(event)
        self._listeners.deliver(event, names)

    def _on_authenticated(self, data: dict[str, Any]) -> None:
        """Under other scopes the same channels show something else."""
        now = json.dumps([data["subject"], data["scopes"]])
        if self._scopes is not None and self._scopes != now:
            self._sync.need()
        self._scopes = now

    def _on_status(self, change: StatusChange) -> None:
        if change.status == "closed":
            self._ending = change.error
            error = change.error or _closed_by_program()
            self._requests.refuse_all(error)
            self._sync.end(error)
            for queue in list(self._queues):
                queue.end(change.error)
            self._wake(error)
        elif change.status == "live":
            self._wake(None)
        self._listeners.notify("status", change)

    def _wake(self, error: MLGraphError | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error) if error else waiter.set_result(None)

    def _end_queues(self, channels: Sequence[str], code: str, text: str) -> None:
        for queue, own in list(self._queues.items()):
            if any(channel in channels for channel in own):
                queue.end(MLGraphError(code, text, since=queue.last))


class _Subscriber:
    """What happens to the client's subscriptions."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def on_gap(self, gap: Gap) -> None:
        self._client._sync.lapse()
        self._client._end_queues(gap.channels, "gap", "the next events are out of reach")
        self._client._listeners.notify("gap", gap)

    def on_revoked(self, revoked: Revoked) -> None:
        self._client._end_queues(revoked.channels, "revoked", revoked.reason)
        self._client._listeners.notify("revoked", revoked)

    def on_scope_change(self) -> None:
        self._client._sync.need()

    def on_unusable(self, error: MLGraphError) -> None:
        self._client._connection.fail(error)

    def on_used_up(self) -> None:
        self._client._connection.restart()


class _Session:
    """What happens to the client's connection."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def on_status(self, change: StatusChange) -> None:
        self._client._on_status(change)

    def on_session(self) -> None:
        self._client._subscriptions.resume(self._client._connection.resumed)

    def on_message(self, message: dict[str, Any]) -> None:
        self._client._hear(message)

    def on_lost(self) -> None:
        self._client._subscriptions.lost()
        self._client._requests.lose()
        self._client._sync.lost()

    def on_trouble(self, error: MLGraphError) -> None:
        self._client._listeners.notify("error", error)


def _listed(channels: Channels) -> tuple[str, ...]:
    return (channels,) if isinstance(channels, str) else tuple(channels)


def _closed_by_program() -> MLGraphError:
    return MLGraphError("closed", "the client is closed")
