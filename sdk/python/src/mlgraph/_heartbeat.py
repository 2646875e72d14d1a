"""Whether the other side is still there. A socket that is cut in the middle says nothing for hours."""
from __future__ import annotations

from collections.abc import Callable

from ._platform import Platform

PATIENCE = 10.0  # seconds; an answer takes no longer than this, or than a beat if that is less
LATE = 1.0  # seconds; a timer that comes later than this tells that the program stood still: what came meanwhile is not read yet


class Heartbeat:
    """Asks once a beat; whatever comes is an answer. Confined to the client's loop.

    dead  called once, when nothing came in time; it has been stopped then
    """

    def __init__(self, platform: Platform, ask: Callable[[], None], dead: Callable[[], None]) -> None:
        self._platform, self._ask, self._dead = platform, ask, dead
        self._beat = 0.0
        self._heard = False
        self._cancel: Callable[[], None] | None = None

    def start(self, beat: float) -> None:
        """beat  seconds between two questions"""
        self._beat = beat
        self._wait(beat, self._question)

    def stop(self) -> None:
        self._beat = 0.0
        if self._cancel:
            self._cancel()
            self._cancel = None

    def heard(self) -> None:
        """Something came."""
        self._heard = True

    def _question(self) -> None:
        patience = min(PATIENCE, self._beat)
        due = self._platform.now() + patience
        self._heard = False

        def judge() -> None:
            if self._heard:
                self._wait(max(self._beat - patience, 0.001), self._question)
            elif self._platform.now() - due > LATE:
                self._question()
            else:
                self.stop()
                self._dead()

        self._wait(patience, judge)
        self._ask()

    def _wait(self, seconds: float, run: Callable[[], None]) -> None:
        if self._cancel:
            self._cancel()
        self._cancel = self._platform.after(seconds, run)
