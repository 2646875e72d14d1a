"""The blocking client: the asyncio one on a loop of its own, for scripts and notebooks."""
from __future__ import annotations

import ssl as ssl_module
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from ._blocking_api import BlockingApi
from ._event_stream import EventQueue
from ._policy import Backoff, TokenSource
from ._portal import Portal
from .aio import AsyncClient, Channels
from .errors import MLGraphError
from .events import Event
from .live_state import StateSnapshot
from .notices import Status
from .objects import Subscribed


class BlockingEventStream(Iterator[Event]):
    """The events of one `for` loop. Its channels are given up when the loop is left and nobody holds the stream any more; `with`, or
    `close()`, does so at a place of your own. For one reader at a time."""

    def __init__(self, portal: Portal, queue: EventQueue) -> None:
        self._portal, self._queue = portal, queue
        self._taken: deque[Event] = deque()

    def subscribed(self) -> None:
        """Returns once the server delivers to this loop, or it has ended."""
        self._portal.run(self._queue.begun.wait)

    def __next__(self) -> Event:
        if not self._taken:
            try:
                self._taken.extend(self._portal.run(self._queue.take))  # a crossing of threads for many events, where many wait
            except RuntimeError:
                if not self._portal.is_closed:
                    raise
            if not self._taken:
                raise StopIteration
        return self._taken.popleft()

    def close(self) -> None:
        """Ends at once, without what is queued."""
        self._taken.clear()
        try:
            self._portal.call(self._queue.abort)
        except (RuntimeError, MLGraphError, CancelledError):
            if not self._portal.is_closed:
                raise
            # the client is closed, and with it this

    def __enter__(self) -> BlockingEventStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._portal.later(self._queue.abort)


class Client(BlockingApi):
    """MLGraph's events, live state and REST calls, without asyncio. Each call blocks until it is answered; any thread may use it.

    It is `AsyncClient` on a thread of its own: what that promises, and its options, hold here. Use it as `with`, or call `close()`.
    """

    def __init__(self, url: str, token: TokenSource, *, client_name: str = "mlgraph-python", backoff: Backoff = Backoff(),
                 connect_timeout: float = 15.0, heartbeat: float = 25.0, timeout: float = 60.0,
                 ssl: ssl_module.SSLContext | None = None) -> None:
        self._inner = AsyncClient(url, token, client_name=client_name, backoff=backoff, connect_timeout=connect_timeout,
                                  heartbeat=heartbeat, timeout=timeout, ssl=ssl)
        self._portal = Portal()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def status(self) -> Status:
        """Where the connection is."""
        return self._inner.status

    @property
    def cursor(self) -> str | None:
        """How far the events have been read; a later program goes on behind it with `since`."""
        return self._inner.cursor

    @property
    def state(self) -> StateSnapshot:
        """The live state at this moment; `watch()` fills it."""
        return self._portal.call(self._inner.state.snapshot)

    def connect(self) -> None:
        """Connects. Not needed before the other calls, they do. MLGraphError when it was closed instead."""
        self._portal.run(self._inner.connect)

    def close(self) -> None:
        """Ends the connection, all loops (as if there were no more events), uploads under way and the client's thread, for good.
        Calls that other threads wait in raise `closed`. RuntimeError from a listener, which cannot wait for its own thread."""
        self._portal.close(self._inner.close)

    def on(self, name: str, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Like AsyncClient.on. Listeners run on the client's thread, and must not call what blocks."""
        off = self._portal.call(lambda: self._inner.on(name, listener))
        return lambda: self._portal.call(off)

    def subscribe(self, channels: Channels, *, since: str | None = None) -> Subscribed:
        """Subscribes channels for listeners, all or none. Returns the server's answer; raises like AsyncClient.subscribe."""
        return self._portal.run(lambda: self._inner.subscribe(channels, since=since))

    def unsubscribe(self, channels: Channels | None = None) -> None:
        """Takes back what `subscribe` and `watch` subscribed; None: all."""
        self._portal.run(lambda: self._inner.unsubscribe(channels))

    def watch(self, channels: Channels = "*") -> StateSnapshot:
        """Keeps `state` right from here on. Returns it once it is whole."""
        self._portal.run(lambda: self._inner.watch(channels))
        return self.state

    def events(self, channels: Channels, *, since: str | None = None, limit: int = 1024) -> BlockingEventStream:
        """The events of some channels, for `for`; subscribed while the loop runs, beginning now. Ends and raises like AsyncClient.events."""
        return BlockingEventStream(self._portal, self._portal.call(lambda: self._inner._queue(channels, since, limit)))
