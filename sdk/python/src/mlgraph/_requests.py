"""Requests and their answers. One that is waited for is sent again until it is answered: on the next session if this one is lost,
later if it was too much at once."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._platform import Platform
from .errors import MLGraphError, error_of

RETRY = 1.0  # seconds, behind a refusal that does not say when to ask again


@dataclass
class Request:
    """message   without `ref`
    kept      whether it outlives its session. It is sent when a session is ready for it; others are sent now or not at all
    answered  in its place among the events. True: more answers follow
    refused   by the server, or because there will be no further session
    lost      the session went before it was answered; not of kept ones
    """

    message: dict[str, Any]
    kept: bool
    answered: Callable[[dict[str, Any]], bool | None]
    refused: Callable[[MLGraphError], None]
    lost: Callable[[], None] | None = None


class Requests:
    """All that is asked and not answered yet. Bounded by what programs await. Confined to the client's loop."""

    def __init__(self, platform: Platform, send: Callable[[dict[str, Any]], bool]) -> None:
        self._platform, self._send = platform, send
        self._open: dict[int, Request] = {}
        self._delays: dict[int, Callable[[], None]] = {}
        self._is_ready = False
        self._made = 0

    def add(self, request: Request) -> None:
        self._made += 1
        self._open[self._made] = request
        if self._is_ready or not request.kept:
            self._send({**request.message, "ref": self._made})

    def ready(self) -> None:
        """The session is ready for all that outlived the last one, in their order."""
        self._is_ready = True
        for ref, request in list(self._open.items()):
            if request.kept:
                self._send({**request.message, "ref": ref})

    @property
    def in_flight(self) -> list[dict[str, Any]]:
        """The kept messages that were sent and are not answered yet."""
        return [request.message for ref, request in self._open.items() if request.kept and self._is_ready and ref not in self._delays]

    def take(self, message: dict[str, Any]) -> bool:
        """Whether the message was an answer."""
        ref: Any = message.get("ref")
        request = self._open.get(ref) if isinstance(ref, int) else None
        if not request:
            return False
        if message["type"] == "error":
            error = error_of(message["data"])
            if request.kept and error.retryable:
                self._later(ref, request, error.retry_after or RETRY)
            else:
                del self._open[ref]
                request.refused(error)
        elif request.answered(message) is not True:
            self._open.pop(ref, None)
        return True

    def lose(self) -> None:
        """The session is gone."""
        self._is_ready = False
        for cancel in self._delays.values():
            cancel()
        self._delays.clear()
        for ref, request in list(self._open.items()):
            if not request.kept:
                del self._open[ref]
                if request.lost:
                    request.lost()

    def refuse_all(self, error: MLGraphError) -> None:
        """There will be no further session."""
        waiting, self._open = list(self._open.values()), {}
        for request in waiting:
            request.refused(error)

    def _later(self, ref: int, request: Request, seconds: float) -> None:
        def again() -> None:
            del self._delays[ref]
            self._send({**request.message, "ref": ref})

        self._delays[ref] = self._platform.after(seconds, again)
