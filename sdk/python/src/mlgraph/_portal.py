"""An event loop on a thread of its own, for programs that have none."""
from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .errors import MLGraphError

T = TypeVar("T")


class Portal:
    """Runs work on its loop, and blocks until it is done. Any thread but the loop's own may call.

    Invariant  what is accepted is in the loop's queue before the closing is, and is ended by it; behind that, nothing is accepted.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mlgraph-loop", daemon=True)
        self._lock = threading.Lock()
        self._closing = False
        self._open: set[concurrent.futures.Future[Any]] = set()
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more work."""
        return self._closing

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """RuntimeError from a listener (the loop would wait for itself), or after `close`; MLGraphError `closed` if that comes in between."""
        self._check_thread()
        with self._lock:
            if self._closing:
                raise RuntimeError("the client is closed for good")
            future = asyncio.run_coroutine_threadsafe(work(), self._loop)
            self._open.add(future)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            if self._closing:
                raise _closed() from None
            raise
        except BaseException:  # also KeyboardInterrupt: what nobody waits for is given up
            future.cancel()
            raise
        finally:
            with self._lock:
                self._open.discard(future)

    def call(self, work: Callable[[], T]) -> T:
        """The same for what does not wait. On the loop's own thread it is called at once."""
        if threading.current_thread() is self._thread:
            return work()

        async def run() -> T:
            return work()

        return self.run(run)

    def later(self, work: Callable[[], object]) -> None:
        """Runs it on the loop, some time; not after `close`."""
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            pass  # the loop is closed

    def close(self, last: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Refuses new work, does `last`, ends what still runs, and the loop. RuntimeError from a listener; again, it waits for the first."""
        self._check_thread()
        with self._lock:
            is_first, self._closing = not self._closing, True
        if not is_first:
            self._thread.join()
            return
        try:
            asyncio.run_coroutine_threadsafe(_end(last), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            with self._lock:
                left, self._open = self._open, set()
            for future in left:
                if not future.done():
                    future.set_exception(_closed())

    def _check_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a listener runs on the client's loop and cannot wait for it: hand the work to another thread")


def _closed() -> MLGraphError:
    return MLGraphError("closed", "the client is closed")


async def _end(last: Callable[[], Coroutine[Any, Any, object]]) -> None:
    try:
        await last()
    finally:
        await _cancel_others()


async def _cancel_others() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
