"""A job under way, and how to wait for it. `src/mlgraph/_blocking_api.py` is made of this file too."""
from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

from ._event_stream import EventStream
from ._rest import path_of
from .api import API, AsyncApi, RecallOptions
from .errors import JobError, MLGraphError, RestError
from .events import JobEvent
from .objects import Filter, Job
from .progress import ProgressBar
from .vectors import ServerFile, Source, Upload, file_upload, upload_of

UPLOAD_SILENCE = 3600.0  # seconds; the server answers an import when all its rows are applied
LONG_POLL = 20.0  # seconds
LAST_EVENTS = 2.0  # seconds
# What is heard of a job is not all: begin again with the job as it is now.
_BROKEN = ("overflow", "gap", "revoked")


class AsyncJob:
    """A job that was begun. Confined to the client's loop."""

    def __init__(self, client: AsyncJobApi, job_id: str, job: Job | None = None, upload: asyncio.Task[Job] | None = None) -> None:
        self._client, self._id, self._job, self._upload = client, job_id, job, upload

    @property
    def id(self) -> str:
        """Its jobId."""
        return self._id

    @property
    def job(self) -> Job | None:
        """As it was told last; None before anything was."""
        return self._job

    async def refresh(self) -> Job:
        """As it is now. RestError `not_found` for an import whose first byte has not come to the server yet."""
        self._job = await self._client.get_job(self._id)
        return self._job

    async def wait(self, progress: bool | Callable[[Job], object] = False) -> Job:
        """Returns the job once it has completed.

        progress  True draws a bar on standard error (lines where that is no terminal); a function is called with each object told
        JobError if it failed; of an import also RestError where none was begun, and what its source raised. It hears the job's own
        events; a token without `events:` scopes for it asks again and again instead.
        """
        bar = ProgressBar() if progress is True else None
        show: Callable[[Job], object] = bar.show if bar else progress if callable(progress) else lambda job: None
        try:
            try:
                job = await self._hear(show)
            except MLGraphError as error:
                if error.code != "forbidden" or isinstance(error, RestError):
                    raise
                job = await self._poll(show)
        finally:
            if bar:
                bar.finish()
        self._job = job
        self._upload = None
        if job["state"] == "failed":
            raise JobError(job)
        return job

    async def cancel(self) -> Job:
        """Asks it to stop; `wait` then raises JobError `cancelled`."""
        return await self._client.cancel_job(self._id)

    async def download(self, to: str | Path) -> Path:
        """Writes the file that it has made (export, snapshot), whole or not at all."""
        return await self._client.download(self._id, to)

    async def read(self) -> bytes:
        """The file that it has made, in memory."""
        return await self._client.read_result(self._id)

    async def _hear(self, show: Callable[[Job], object]) -> Job:
        while True:
            async with self._client.events(f"job.{self._id}.*") as events:
                try:
                    return await self._until_ended(self._follow(events, show), show)
                except MLGraphError as error:
                    if error.code not in _BROKEN or isinstance(error, (JobError, RestError)):
                        raise
                    if error.code == "revoked":
                        raise MLGraphError("forbidden", error.message) from error

    async def _follow(self, events: EventStream, show: Callable[[Job], object]) -> Job:
        await events.subscribed()
        now = await self._now()
        if now:
            show(now)
            if _has_ended(now):
                return now
        async for event in events:
            if isinstance(event, JobEvent):
                self._job = event.data
                show(event.data)
                if _has_ended(event.data):
                    return event.data
        raise MLGraphError("closed", "the client is closed")

    async def _until_ended(self, following: Any, show: Callable[[Job], object]) -> Job:
        """Also an upload that ends before there is a job ends it, by its error."""
        upload = self._upload  # several may wait, and the first that is done forgets it
        follower: asyncio.Future[Job] = asyncio.ensure_future(following)
        try:
            if not upload:
                return await follower
            await asyncio.wait({follower, upload}, return_when=asyncio.FIRST_COMPLETED)
            if upload.cancelled():  # by another that waits, to whom its job's end was told first, or as the client was closed
                return await follower
            if upload.done():
                answer = upload.result()
                if not _has_ended(answer):
                    return await follower
                # Its last events are under way; where the line is cut, they are not waited for.
                await asyncio.wait({follower}, timeout=LAST_EVENTS)
                if follower.done() and not follower.exception():
                    return follower.result()
                show(answer)
                return answer
            job = follower.result()
            upload.cancel()  # the job has ended before its body: what is left of that is not wanted
            return job
        finally:
            follower.cancel()

    async def _now(self) -> Job | None:
        """None where an upload has not begun its job yet."""
        try:
            return await self._client.get_job(self._id)
        except RestError as error:
            if error.status == 404 and self._upload:
                return None
            raise

    async def _poll(self, show: Callable[[Job], object]) -> Job:
        if upload := self._upload:
            await asyncio.wait({upload})  # whoever stops waiting does not stop the import
            if upload.cancelled():
                raise MLGraphError("closed", "the client is closed")
            job = upload.result()
            show(job)
            return job
        while True:
            job = await self._client._rest.call(
                "GET", API + path_of("/jobs/{id}", id=self._id), query={"wait_for": "completed", "timeout_s": LONG_POLL},
                timeout=LONG_POLL + 30)
            show(job)
            if _has_ended(job):
                return job


class AsyncJobApi(AsyncApi, ABC):
    """The calls that begin jobs. Each returns once the job is durable, an import of data from here as soon as it is on its way."""

    _uploads: set[asyncio.Task[Job]]

    @abstractmethod
    def events(self, channels: str | Sequence[str], *, since: str | None = None, limit: int = 1024) -> EventStream:
        """The events of some channels; `AsyncClient` says more."""

    async def import_(self, index: str, source: Source, *, id_prefix: str | None = None, dataset: str | None = None,
                      job_id: str | None = None) -> AsyncJob:
        """Begins an import. `wait()` of the job tells how it ended.

        source     an array [n, dimension] of floats or integers (its rows get the ids `0`, `1`, … behind id_prefix); a path to a
                   file here (.jsonl, .npy, .csv, .fvecs, .bvecs, .hdf5, also with .gz or .zst); `ServerFile("x.npy")` beneath the
                   server's import folder; or rows one by one, {id, values, metadata} or (id, values, metadata)
        dataset    which one of an HDF5 file
        job_id     its name; one is made if left out
        The source is read on a thread of the client's while it is sent, and not held in memory. ValueError, OSError.
        """
        name = job_id or f"import-{secrets.token_hex(5)}"
        upload = upload_of(source)
        query = {"jobId": name, "id_prefix": id_prefix, "dataset": dataset}
        return await self._begin_upload(name, path_of("/indices/{id}/import", id=index), query, upload, isinstance(source, ServerFile))

    async def restore(self, snapshot: str | Path | ServerFile, index: str | None = None, *, job_id: str | None = None) -> AsyncJob:
        """Begins to make an index from a snapshot's file. index: its name; the snapshot's own if left out."""
        name = job_id or f"restore-{secrets.token_hex(5)}"
        if isinstance(snapshot, ServerFile):
            upload = upload_of(snapshot)
        else:
            upload = _snapshot_file(Path(snapshot))
        return await self._begin_upload(name, "/restore", {"jobId": name, "index": index}, upload, isinstance(snapshot, ServerFile))

    async def export(self, index: str, format: Literal["jsonl", "npy"] = "jsonl", *, compression: Literal["none", "gzip", "zstd"] = "none",
                     filter: Filter | None = None, job_id: str | None = None) -> AsyncJob:
        """Begins to write the index's vectors to a file, as they stand when it begins to run; `download` has it once it has completed."""
        body: dict[str, Any] = {"format": format, "compression": compression}
        if filter is not None:
            body["filter"] = filter
        return await self._begin(path_of("/indices/{id}/export", id=index), body, {"jobId": job_id})

    async def snapshot(self, index: str, *, job_id: str | None = None) -> AsyncJob:
        """Begins to make a file of the index that another server can be given."""
        return await self._begin(path_of("/indices/{id}/snapshot", id=index), None, {"jobId": job_id})

    async def train(self, index: str) -> AsyncJob:
        """Moves the index's shards to the ivf tier now, whatever their thresholds; arranges anew what is beyond it."""
        return await self._begin(path_of("/indices/{id}/train", id=index), None)

    async def merge(self, index: str) -> AsyncJob:
        """Merges the index's shards now, whatever their thresholds."""
        return await self._begin(path_of("/indices/{id}/merge", id=index), None)

    async def compact(self, index: str) -> AsyncJob:
        """Gives back the places of deleted and replaced vectors now."""
        return await self._begin(path_of("/indices/{id}/compact", id=index), None)

    async def measure_recall(self, index: str, **options: Unpack[RecallOptions]) -> AsyncJob:
        """Begins to measure how many of the nearest vectors plain searches find; `metrics.search` then shows it."""
        return await self._begin(path_of("/indices/{id}/recall", id=index), dict(options))

    def job(self, job_id: str) -> AsyncJob:
        """A handle on a job that somebody has begun."""
        return AsyncJob(self, job_id)

    async def _begin(self, path: str, body: Any, query: dict[str, Any] | None = None) -> AsyncJob:
        job: Job = await self.request("POST", path, body, query)
        return AsyncJob(self, job["jobId"], job)

    async def _begin_upload(self, name: str, path: str, query: Mapping[str, Any], upload: Upload, is_short: bool) -> AsyncJob:
        call = self._rest.call("POST", API + path, query=query, body=upload.body, headers=upload.headers,
                               timeout=None if is_short else UPLOAD_SILENCE)
        if is_short:
            job: Job = await call
            return AsyncJob(self, name, job)
        task = asyncio.ensure_future(_answer_of(call))
        self._uploads.add(task)
        task.add_done_callback(self._uploads.discard)
        return AsyncJob(self, name, None, task)


async def _answer_of(call: Any) -> Job:
    """A broken body is answered by the failed job, which is an answer as well."""
    try:
        job: Job = await call
    except RestError as error:
        if isinstance(error.body, dict) and "jobId" in error.body:
            return error.body  # type: ignore[return-value]
        raise
    return job


def _snapshot_file(path: Path) -> Upload:
    return file_upload(path, {"Content-Type": "application/vnd.mlgraph.snapshot"})


def _has_ended(job: Job) -> bool:
    return job["state"] in ("completed", "failed")
