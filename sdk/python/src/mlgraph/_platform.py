"""Time, chance and sockets as the client sees them. Tests bring others, in which stories run in virtual time."""
from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import websockets
from websockets.exceptions import ConnectionClosed

from .errors import lost

MESSAGE_BYTES_MAX = 16 << 20
QUEUE_MESSAGES_MAX = 1024
CLOSE_SECONDS = 2.0


class Socket(Protocol):
    """An open WebSocket."""

    def send(self, text: str) -> None:
        """Queues a message. A queue that is full ends the connection."""

    def close(self, code: int | None) -> None:
        """Ends it without a word to `on_close`. code: None cuts the line, else the closing handshake says it."""


class Listener(Protocol):
    """Who owns a socket. Called on the loop; nothing more comes after `on_close`, or after `close`."""

    def on_message(self, text: str) -> None: ...

    def on_close(self, code: int, reason: str) -> None: ...


class Platform(Protocol):
    """What is not the client's own."""

    def now(self) -> float:
        """Seconds, rising."""

    def random(self) -> float:
        """From 0 to 1."""

    def after(self, seconds: float, run: Callable[[], None]) -> Callable[[], None]:
        """Calls `run` later. Returns what takes it back."""

    async def open(self, url: str, listener: Listener) -> Socket:
        """Connects. MLGraphError `connection` if nothing is there."""

    async def closed(self) -> None:
        """Once all sockets that were closed have said so, or did not in time."""


class RealPlatform:
    """The running event loop, and the `websockets` library."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._ssl = context
        self._pumps: set[asyncio.Task[None]] = set()

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def random(self) -> float:
        return random.random()

    def after(self, seconds: float, run: Callable[[], None]) -> Callable[[], None]:
        return asyncio.get_running_loop().call_later(seconds, run).cancel

    async def open(self, url: str, listener: Listener) -> Socket:
        options: dict[str, Any] = {"ssl": self._ssl} if self._ssl and url.startswith("wss:") else {}
        try:
            # The client's own heartbeat asks above the protocol, where a stuck server shows too; and its own timer ends the attempt.
            line = await websockets.connect(  # type: ignore[attr-defined]
                url, ping_interval=None, open_timeout=None, close_timeout=CLOSE_SECONDS, max_size=MESSAGE_BYTES_MAX, compression=None,
                **options)
        except (OSError, websockets.exceptions.WebSocketException, asyncio.TimeoutError) as error:
            raise lost(f"cannot connect: {error}") from error
        socket = RealSocket(line, listener)
        for task in socket.tasks:
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)
        return socket

    async def closed(self) -> None:
        while self._pumps:
            await asyncio.wait(self._pumps)


class RealSocket:
    """One connection of `websockets`: a task that reads, a task that writes, a bounded queue between the client and the latter."""

    def __init__(self, line: Any, listener: Listener) -> None:
        self._line = line
        self._listener: Listener | None = listener
        self._waiting: deque[str] = deque()
        self._code: int | None = 1006
        self._wake = asyncio.Event()
        self.tasks = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())]

    def send(self, text: str) -> None:
        if len(self._waiting) >= QUEUE_MESSAGES_MAX:
            self._line.transport.abort()  # the reader tells
            return
        self._waiting.append(text)
        self._wake.set()

    def close(self, code: int | None) -> None:
        self._listener = None
        self._code = code
        if code is None:
            self._line.transport.abort()
        self._wake.set()

    async def _read(self) -> None:
        code, reason = 1006, ""
        try:
            while True:
                text = await self._line.recv()
                if self._listener:
                    self._listener.on_message(text if isinstance(text, str) else "")
        except ConnectionClosed as end:
            if end.rcvd:
                code, reason = end.rcvd.code, end.rcvd.reason
        except Exception as error:  # a message against the protocol, or a bug of ours: seen, and gone on from with another session
            asyncio.get_running_loop().call_exception_handler({"message": "mlgraph could not take a message", "exception": error})
            self._line.transport.abort()
        finally:
            listener, self._listener = self._listener, None
            self._wake.set()
        if listener:
            listener.on_close(code, reason)

    async def _write(self) -> None:
        try:
            while True:
                while self._waiting and self._listener:
                    await self._line.send(self._waiting.popleft())
                if not self._listener:
                    break
                self._wake.clear()
                await self._wake.wait()
        except ConnectionClosed:
            pass  # the reader tells
        if self._code is not None:
            await self._line.close(code=1000 if self._code == 1006 else self._code)
