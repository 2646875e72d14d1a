"""Events for one loop, in a queue that has an end."""
from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from ._cursor import parse_cursor
from .errors import MLGraphError
from .events import Event


class EventQueue:
    """Takes events as they come, hands them out as they are asked for. For one reader at a time, on the client's loop.

    Full: it takes no more. What is queued is handed out, and then the reader gets an error `overflow`, whose `since` is the last id that
    was: nothing is left out in between, and the program may begin again there, or with a state.

    on_end  called once, when it takes no more
    """

    def __init__(self, limit: int, on_end: Callable[[], None]) -> None:
        self._limit, self._on_end = limit, on_end
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None
        self.last: str | None = None  # the last durable event that was taken, or where it began
        self.begun = asyncio.Event()  # the server delivers, or it has ended

    def begin(self, id_: str) -> None:
        """Takes the events after this id; before, none."""
        if self.last is None:
            self.last = id_
        self.begun.set()

    def push(self, event: Event) -> None:
        if self._ended or self.last is None or (event.id is not None and not _is_after(event.id, self.last)):
            return
        if len(self._events) >= self._limit:
            text = f"{self._limit} events wait to be taken; those after {self.last} do not fit"
            self.end(MLGraphError("overflow", text, since=self.last))
            return
        if event.id is not None:
            self.last = event.id
        self._events.append(event)
        self._news.set()

    def end(self, error: BaseException | None = None) -> None:
        """Takes no more. Who reads it gets what is queued, and then the error, if there is one."""
        if self._ended:
            return
        self._ended = True
        self._error = error
        self._news.set()
        self.begun.set()
        self._on_end()

    def abort(self) -> None:
        """Ends at once, without what is queued."""
        self._events.clear()
        self._error = None
        self.end()

    async def next(self) -> Event | None:
        """None: it is over. Raises the error that ended it, once."""
        await self._wait()
        return self._events.popleft() if self._events else None

    async def take(self) -> list[Event]:
        """All that are queued, at least one; none: it is over. Raises like `next`."""
        await self._wait()
        events = list(self._events)
        self._events.clear()
        return events

    async def _wait(self) -> None:
        while not self._events and not self._ended:
            self._news.clear()
            await self._news.wait()
        if not self._events:
            error, self._error = self._error, None
            if error:
                raise error


class EventStream(AsyncIterator[Event]):
    """The events of one `async for` loop. Its channels are given up when the loop is left and nobody holds the stream any more; `async
    with`, or `aclose()`, does so at a place of your own."""

    def __init__(self, queue: EventQueue) -> None:
        self._queue = queue
        self._loop = asyncio.get_running_loop()

    async def subscribed(self) -> None:
        """Returns once the server delivers to this loop, or it has ended."""
        await self._queue.begun.wait()

    async def __anext__(self) -> Event:
        event = await self._queue.next()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Ends at once, without what is queued."""
        self._queue.abort()

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._queue.abort)
        except RuntimeError:
            pass  # the loop is closed, and with it everything


def _is_after(a: str, b: str) -> bool:
    place, other = parse_cursor(a), parse_cursor(b)
    return place is not None and other is not None and place.seq > other.seq
