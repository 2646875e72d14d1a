"""One connection after the other: opening, saying who we are, noticing the end, waiting, and again."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ._heartbeat import Heartbeat
from ._platform import Platform, Socket
from ._policy import Backoff, Ending, TokenSource, ending_of, token_of
from .errors import MLGraphError, error_of, lost
from .notices import Status, StatusChange

STABLE = 10.0  # seconds; a session that lived this long ends a row of failures


@dataclass(frozen=True)
class ConnectionOptions:
    """connect_timeout  seconds from the begin of an attempt until the server knows us
    heartbeat        at most this many seconds between two pings; the server may ask for less
    """

    url: str
    token: TokenSource
    client_name: str
    backoff: Backoff
    connect_timeout: float
    heartbeat: float


class ConnectionOwner(Protocol):
    """Whom a connection serves."""

    def on_status(self, change: StatusChange) -> None: ...

    def on_session(self) -> None:
        """The server knows us: it is to be told what is wanted, and then `resumed()` called."""

    def on_message(self, message: dict[str, Any]) -> None: ...

    def on_lost(self) -> None:
        """The session is gone, and what was asked on it."""

    def on_trouble(self, error: MLGraphError) -> None:
        """Something went wrong that ends nothing."""


class Connection:
    """Confined to the client's loop."""

    def __init__(self, options: ConnectionOptions, platform: Platform, owner: ConnectionOwner) -> None:
        self._options, self._platform, self._owner = options, platform, owner
        self._heartbeat = Heartbeat(platform, self._beat, lambda: self.fail(lost("no sign of life")))
        self.status: Status = "idle"
        self._line: _Line | None = None
        self._attempt = 0  # what belongs to an earlier one is not listened to
        self._failures = 0  # in a row
        self._live_since: float | None = None
        self._token = ""
        self._refused: str | None = None
        self._told: MLGraphError | None = None  # the last message, if it was an error
        self._cancel_timer: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begins, unless it has."""
        if self.status in ("idle", "closed"):
            self._failures = 0
            self._refused = None
            self._connect()

    def close(self, error: MLGraphError | None = None) -> None:
        """Ends it. error: why, if the program did not ask for it."""
        if self.status not in ("idle", "closed"):
            self._drop(1000)
            self._enter("closed", error)

    def fail(self, error: MLGraphError) -> None:
        """Ends this session and goes on with another, later."""
        self._end(Ending("retry", error))

    def restart(self) -> None:
        """Ends this session and goes on with another, at once."""
        if self.status == "live":
            self._drop(1000)
            self._connect()

    def resumed(self) -> None:
        """All that was subscribed is again."""
        self._live_since = self._platform.now()
        self._refused = None
        self._enter("live")

    def send(self, message: dict[str, Any]) -> bool:
        """False if there is no open socket."""
        if not self._line or not self._line.socket:
            return False
        self._line.socket.send(json.dumps(message, separators=(",", ":")))
        return True

    async def finish(self) -> None:
        """Once what was begun in the background has ended; after `close`."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _beat(self) -> None:
        # With a ref the answer tells how far the session is; while resuming, that would be ahead of what has been replayed.
        self.send({"type": "ping", "ref": "beat"} if self.status == "live" else {"type": "ping"})

    def _connect(self) -> None:
        self._attempt += 1
        attempt = self._attempt
        self._told = None
        self._enter("connecting")
        if attempt == self._attempt:
            self._wait(self._options.connect_timeout, lambda: self.fail(lost("not connected in time")))
            self._spawn(self._begin(attempt))

    async def _begin(self, attempt: int) -> None:
        try:
            token = await token_of(self._options.token)
            if attempt != self._attempt:
                return
            if token == self._refused:
                self.close(MLGraphError("unauthorized", "the token was refused"))
                return
            self._token = token
            line = _Line(self)
            self._line = line
            socket = await self._platform.open(self._options.url, line)
        except MLGraphError as error:
            if attempt == self._attempt:
                self.fail(error)
            return
        if attempt != self._attempt:
            socket.close(1000)
            return
        line.socket = socket
        self._enter("authenticating")
        self.send({"type": "auth", "token": self._token, "ref": "auth"})
        self.send({"type": "hello", "client": self._options.client_name, "ref": "hello"})

    def hear(self, text: str) -> None:
        """From the line that is current."""
        self._heartbeat.heard()
        try:
            message: dict[str, Any] = json.loads(text)
            type_ = message["type"]
        except (ValueError, KeyError, TypeError):
            self.fail(lost("no JSON message came"))
            return
        if type_ == "welcome" and message["data"]["authenticated"] and self.status == "authenticating":
            self._welcomed(message["data"]["heartbeat_seconds"])
            return
        if type_ == "auth_expiring" and not isinstance(self._options.token, str):
            self._spawn(self._renew(self._attempt))
        self._told = error_of(message["data"]) if type_ == "error" else None
        self._owner.on_message(message)

    def ended(self, code: int, reason: str) -> None:
        """From the line that is current."""
        self._end(ending_of(code, reason, self._told))

    def _welcomed(self, heartbeat: float) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._heartbeat.start(min(self._options.heartbeat, heartbeat))
        self._enter("resuming")
        if self.status == "resuming":
            self._owner.on_session()

    async def _renew(self, attempt: int) -> None:
        """Another token on the same session, so that it outlives the first. If that fails, 4201 will lead to another session."""
        try:
            token = await token_of(self._options.token)
        except MLGraphError as error:
            if attempt == self._attempt:
                self._owner.on_trouble(error)
            return
        if attempt == self._attempt:
            self._token = token
            self.send({"type": "auth", "token": token, "ref": "auth"})

    def _end(self, ending: Ending) -> None:
        if self.status in ("idle", "closed"):
            return
        error, course = ending.error, ending.course
        was_live = self.status == "live"
        if was_live and self._platform.now() - (self._live_since or 0.0) >= STABLE:
            self._failures = 0
        can_renew = not isinstance(self._options.token, str)
        if (course == "final" and not (can_renew and error.code == "unauthorized")) or (not can_renew and error.code == "token_expired"):
            self.close(error)
            return
        if error.code == "unauthorized":
            self._refused = self._token
        self._drop(None)
        if course == "renew" and was_live:
            self._connect()
            return
        self._failures += 1
        delay = self._options.backoff.delay(self._failures, self._platform.random(), error.retry_after)
        self._wait(delay, self._connect)
        self._enter("waiting", error, delay)

    def _drop(self, code: int | None) -> None:
        """Forgets the socket: a dead one may never say that it closed."""
        self._attempt += 1
        if self._cancel_timer:
            self._cancel_timer()
        self._heartbeat.stop()
        line, self._line = self._line, None
        self._live_since = None
        if line and line.socket:
            line.socket.close(code)
        for task in self._tasks:
            if task is not _current_task():
                task.cancel()
        self._owner.on_lost()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wait(self, seconds: float, run: Callable[[], None]) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._cancel_timer = self._platform.after(seconds, run)

    def _enter(self, status: Status, error: MLGraphError | None = None, retry_in: float | None = None) -> None:
        previous, self.status = self.status, status
        self._owner.on_status(StatusChange(status, previous, error, retry_in))

    def is_current(self, line: _Line) -> bool:
        """Whether what it tells is to be heard."""
        return line is self._line


class _Line:
    """What a socket tells, as long as it is the connection's newest."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.socket: Socket | None = None

    def on_message(self, text: str) -> None:
        if self._connection.is_current(self):
            self._connection.hear(text)

    def on_close(self, code: int, reason: str) -> None:
        if self._connection.is_current(self):
            self._connection.ended(code, reason)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
