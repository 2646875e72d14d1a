"""What to do when a connection ends: the table "Close codes" of docs/protocol.md, and how long to wait."""
from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Union

from .errors import MLGraphError

TokenSource = Union[str, Callable[[], Union[str, Awaitable[str]]]]
"""A token, or a function (also an async one) that gets one: asked for each connection, and again before the token expires."""


async def token_of(source: TokenSource) -> str:
    """The token now. MLGraphError `token` if its function fails."""
    if isinstance(source, str):
        return source
    try:
        token = source()
        return token if isinstance(token, str) else await token
    except Exception as error:
        raise MLGraphError("token", f"the token function failed: {error!r}", retryable=True) from error


@dataclass(frozen=True)
class Backoff:
    """Bounds of the delay between attempts, in seconds: `base`, then twice the one before, never above `most`."""

    base: float = 1.0
    most: float = 30.0

    def delay(self, failures: int, chance: float, retry_after: float) -> float:
        """Full jitter: anything from 0 to the bound, so that clients that were cut off together do not come back together. What the
        server asks for is the least delay, and the jitter stands behind it.

        failures  attempts that failed in a row, from 1
        chance    from 0 to 1
        """
        return retry_after + chance * min(self.most, self.base * 2.0 ** min(failures - 1, 30))


@dataclass(frozen=True)
class Ending:
    """`retry`: later, with backoff. `renew`: at once, with a new token. `final`: not again unchanged."""

    course: Literal["retry", "renew", "final"]
    error: MLGraphError


# Codes that mean the same without the `error` message before them.
_NAMES = {4001: "unauthorized", 4003: "forbidden", 4201: "token_expired"}


def _course_of(code: int) -> Literal["retry", "renew", "final"]:
    # 1002…1009 say that a program must be mended; 1000 that nothing more is to come; 1005 and 1006 are no codes, but their lack.
    if code == 1000 or (1002 <= code <= 1009 and code not in (1005, 1006)) or 4000 <= code < 4100:
        return "final"
    return "renew" if 4200 <= code < 4300 else "retry"


def ending_of(code: int, reason: str, told: MLGraphError | None) -> Ending:
    """told  the `error` message that came just before, if one did: it says more than a code can."""
    course = _course_of(code)
    said = told if code >= 1007 else None  # below, nobody meant to say why
    asked = re.search(r"\bretry_after_ms=(\d{1,9})\b", reason)
    name = said.code if said else _NAMES.get(code) or ("closed" if course == "final" else "connection")
    text = said.message if said else f"the connection ended with {code}" + (f": {reason}" if reason else "")
    return Ending(course, MLGraphError(name, text, retryable=course != "final", retry_after=int(asked[1]) / 1000 if asked else 0.0))
