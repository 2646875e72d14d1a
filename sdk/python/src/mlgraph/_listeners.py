"""Who listens to what, by channel pattern or by notice."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from ._channels import matches
from .events import Event

Listener = Callable[[Any], None]


class Listeners:
    """Confined to the client's loop."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Listener]] = {}

    def add(self, name: str, listener: Listener) -> Callable[[], None]:
        """Returns what takes it back."""
        def own(value: Any) -> None:  # the same function twice is two listeners
            listener(value)

        self._by_name.setdefault(name, []).append(own)

        def off() -> None:
            left = [other for other in self._by_name.get(name, ()) if other is not own]
            if left:
                self._by_name[name] = left
            else:
                self._by_name.pop(name, None)

        return off

    def notify(self, name: str, notice: object) -> None:
        for listener in list(self._by_name.get(name, ())):
            call(listener, notice)

    def deliver(self, event: Event, channels: Sequence[str]) -> None:
        """To all whose pattern brings what stands on these channels."""
        for pattern, listeners in list(self._by_name.items()):
            if matches(pattern, channels):
                for listener in list(listeners):
                    call(listener, event)


def call(listener: Listener, value: object) -> None:
    """A listener that raises has a bug, which is to be seen, but not by the others."""
    try:
        listener(value)
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler({"message": f"a listener of mlgraph failed: {listener!r}", "exception": error})
