"""What the client itself tells: `client.on("status" | "gap" | "revoked" | "error", listener)`."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import MLGraphError

Status = Literal["idle", "connecting", "authenticating", "resuming", "live", "waiting", "closed"]
"""`idle`: nothing was asked for yet. `connecting`: a token is got and a socket opened. `authenticating`: the server is told who we
are. `resuming`: it is told where we were. `live`. `waiting`: for the next attempt. `closed`: by the program, or for good."""


@dataclass(frozen=True)
class StatusChange:
    """error     why it is `waiting`, or `closed` without being asked to
    retry_in  `waiting`: seconds until the next attempt
    """

    status: Status
    previous: Status
    error: MLGraphError | None = None
    retry_in: float | None = None


@dataclass(frozen=True)
class Gap:
    """Events are missing: they are past retention, or the server's history is another one.

    since  the last id before it
    id     events after this one come again
    """

    channels: tuple[str, ...]
    since: str | None
    id: str


@dataclass(frozen=True)
class Revoked:
    """The token may not hear these channels any more; they are not subscribed again."""

    channels: tuple[str, ...]
    reason: str
