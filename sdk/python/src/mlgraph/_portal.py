"""An event loop on a thread of its own, for programs that have none."""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Portal:
    """Runs work on its loop, and blocks until it is done. Any thread but the loop's own may call."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mlgraph-loop", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """RuntimeError from a listener (the loop would wait for itself), or after `close`."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a listener runs on the client's loop and cannot wait for it: hand the work to another thread")
        if self._loop.is_closed():
            raise RuntimeError("the client is closed for good")
        future = asyncio.run_coroutine_threadsafe(work(), self._loop)
        try:
            return future.result()
        except BaseException:  # also KeyboardInterrupt: what nobody waits for is given up
            future.cancel()
            raise

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

    def close(self) -> None:
        """Ends the loop, and what still runs on it."""
        if not self._loop.is_closed():
            self.run(_cancel_others)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _cancel_others() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
