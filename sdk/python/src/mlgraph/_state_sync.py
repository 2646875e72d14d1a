"""Keeps the live state whole: asks for a state when there is none, when events are missing, and when other channels are heard."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from ._requests import Request, Requests
from .errors import FoldError, MLGraphError, lost
from .events import Event
from .live_state import LiveState


class StateSync:
    """on_state     a state stands at this id: all before it has been heard
    on_unusable  this session cannot go on

    Confined to the client's loop.
    """

    def __init__(self, requests: Requests, on_state: Callable[[str], None], on_unusable: Callable[[MLGraphError], None]) -> None:
        self.state = LiveState()
        self._requests, self._on_state, self._on_unusable = requests, on_state, on_unusable
        self._phase: Literal["off", "settled", "asked", "asked, needed again"] = "off"
        self._waiters: list[asyncio.Future[LiveState]] = []

    def settled(self) -> asyncio.Future[LiveState]:
        """From now on a state is kept. Done when it is whole."""
        done: asyncio.Future[LiveState] = asyncio.get_running_loop().create_future()
        if self._phase == "settled":
            done.set_result(self.state)
            return done
        self._waiters.append(done)
        if self._phase == "off":
            self._ask()
        return done

    def take(self, event: Event) -> None:
        if self._phase != "off" and not self.state._apply(event):
            self.lapse()

    def lapse(self) -> None:
        """Events are missing."""
        self.state._lapse()
        self.need()

    def need(self) -> None:
        """What is shown is not what is heard any more."""
        if self._phase == "settled":
            self._ask()
        elif self._phase == "asked":
            self._phase = "asked, needed again"

    def lost(self) -> None:
        """The session is gone; the request will be sent again."""
        self.state._drop_parts()

    def end(self, error: MLGraphError) -> None:
        """There will be no further session."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _ask(self) -> None:
        self._phase = "asked"
        self._requests.add(Request({"type": "sync"}, True, self._take_part, self._refused))

    def _take_part(self, part: dict[str, Any]) -> bool:
        """Whether more parts follow."""
        try:
            if not self.state._take_state(part):  # type: ignore[arg-type]
                return True
        except FoldError as error:
            self._on_unusable(lost(str(error)))
            return True  # asked again on the next session
        self._on_state(part["id"])
        again = self._phase == "asked, needed again"
        self._phase = "settled"
        if again:
            self._ask()
        else:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(self.state)
        return False

    def _refused(self, error: MLGraphError) -> None:
        """By a session that lost the right to what it subscribed, or because there will be none."""
        self._phase = "off"
        self.state._lapse()
        self.end(error)
