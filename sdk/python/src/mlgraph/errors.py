"""What goes wrong, as exceptions: `code` is for programs, the message for people."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .objects import Job


class MLGraphError(Exception):
    """Any refusal or failure.

    code         what the server calls it (docs/protocol.md, "Error codes"), or one of this client's own: `connection` (lost or not
                 come about), `closed` (by the program, or for good), `token` (the token function failed), `gap` (events are missing
                 here), `overflow` (a loop was read too slowly), `revoked` (the token may not hear a channel any more)
    retryable    whether the same may succeed later
    retry_after  seconds before that at the least; 0 if nobody said
    since        of `overflow`, `gap` and `revoked`: the last id before what is missing, to go on from
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False, retry_after: float = 0.0, since: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after
        self.since = since

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message


class RestError(MLGraphError):
    """A REST answer that is none of success.

    status  the HTTP status
    member  the request's member at fault (`vectors[3].values[17]`), or None
    body    the whole answer, decoded if it was JSON; of a broken import the failed job
    `code` is empty where something else than MLGraph answered.
    """

    def __init__(self, status: int, body: Any, retry_after: str | None = None) -> None:
        told: dict[str, Any] = body if isinstance(body, dict) else {}
        error = told.get("error")
        job_error = error if isinstance(error, dict) else None
        code = str((job_error["code"] if job_error else error) or "")
        message = str((job_error or told).get("message") or f"the server answered {status}")
        milliseconds = told.get("retry_after_ms")
        seconds = milliseconds / 1000 if isinstance(milliseconds, (int, float)) else _seconds(retry_after)
        super().__init__(code, message, retryable=status in (408, 429, 500, 503, 507), retry_after=seconds)
        self.status = status
        self.member: str | None = told.get("member")
        self.body = body

    def __str__(self) -> str:
        return f"{self.status} {super().__str__()}"


class JobError(MLGraphError):
    """A job that ended in `failed`: `code` is the job's (`cancelled`, `interrupted`, …), `job` its last object."""

    def __init__(self, job: Job) -> None:
        error = job["error"] or {"code": "internal", "message": "the job failed"}
        super().__init__(error["code"], f"job {job['jobId']}: {error['message']}")
        self.job = job


class FoldError(Exception):
    """A fold was given what does not continue it, and is as it was before; mostly the answer is to begin with a new state.

    reason  `other_epoch` (the server's history is another one), `unknown_shard` (events before it are missing), `not_an_event`,
            `bad_state` (parts are missing, or of another state)
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _seconds(retry_after: str | None) -> float:
    """Of a Retry-After header; 0 of a date, which proxies write and clocks that differ make meaningless."""
    try:
        seconds = float(retry_after or 0)
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < math.inf else 0.0


def error_of(data: dict[str, Any]) -> MLGraphError:
    """An `error` message's data."""
    return MLGraphError(data["code"], data["message"], retryable=bool(data["retryable"]), retry_after=data.get("retry_after_ms", 0) / 1000)


def lost(why: str) -> MLGraphError:
    """A connection that ended, or did not come about."""
    return MLGraphError("connection", why, retryable=True)
