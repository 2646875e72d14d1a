"""Made by tools/make_blocking.py from api.py and jobs.py; not to be edited."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy.typing

from ._portal import Portal
from .aio import AsyncClient
from .api import AlertRuleChange, IndexChange, IndexSettings, RecallOptions, SearchOptions, TokenChange, TokenOptions
from .jobs import AsyncJob
from .objects import Alert, AlertRule, Alias, Filter, Index, Job, JobState, NewToken, State, Token, Vector
from .vectors import Hits, Metadata, Page, ServerFile, Source


class BlockingJob:
    """A job that was begun. Any thread may use it."""

    def __init__(self, portal: Portal, inner: AsyncJob) -> None:
        self._portal, self._inner = portal, inner

    @property
    def id(self) -> str:
        """Its jobId."""
        return self._inner.id

    @property
    def job(self) -> Job | None:
        """As it was told last; None before anything was."""
        return self._inner.job

    def refresh(self) -> Job:
        """As it is now. RestError `not_found` for an import whose first byte has not come to the server yet."""
        return self._portal.run(lambda: self._inner.refresh())

    def wait(self, progress: bool | Callable[[Job], object]=False) -> Job:
        """Returns the job once it has completed.

        progress  True draws a bar on standard error (lines where that is no terminal); a function is called with each object told
        JobError if it failed; of an import also RestError where none was begun, and what its source raised. It hears the job's own
        events; a token without `events:` scopes for it asks again and again instead.
        """
        return self._portal.run(lambda: self._inner.wait(progress))

    def cancel(self) -> Job:
        """Asks it to stop; `wait` then raises JobError `cancelled`."""
        return self._portal.run(lambda: self._inner.cancel())

    def download(self, to: str | Path) -> Path:
        """Writes the file that it has made (export, snapshot), whole or not at all."""
        return self._portal.run(lambda: self._inner.download(to))

    def read(self) -> bytes:
        """The file that it has made, in memory."""
        return self._portal.run(lambda: self._inner.read())


class BlockingApi:
    """The calls of `AsyncClient`, each of which blocks until it is answered. Any thread may use them."""

    _portal: Portal
    _inner: AsyncClient

    def list_indices(self) -> list[Index]:
        """The indices that the token may read, by name."""
        return self._portal.run(lambda: self._inner.list_indices())

    def create_index(self, index: str, dimension: int, **settings: Unpack[IndexSettings]) -> Index:
        """Makes an index. RestError `conflict` if there is one, or an alias, of that name."""
        return self._portal.run(lambda: self._inner.create_index(index, dimension, **settings))

    def get_index(self, index: str) -> Index:
        """One index with its shards. RestError `not_found`."""
        return self._portal.run(lambda: self._inner.get_index(index))

    def change_index(self, index: str, **change: Unpack[IndexChange]) -> Index:
        """Merges settings into an index, also within `tiering`. Returns it as it is now."""
        return self._portal.run(lambda: self._inner.change_index(index, **change))

    def delete_index(self, index: str) -> None:
        """Ends its jobs, resolves its alerts, deletes it. RestError `conflict` while it has aliases."""
        self._portal.run(lambda: self._inner.delete_index(index))

    def upsert(
        self, index: str, ids: Sequence[str | int] | numpy.typing.NDArray[Any], values: numpy.typing.ArrayLike, metadata: Sequence[Metadata | None] | None=None,
    ) -> int:
        """Writes vectors; an id that exists is replaced. Returns how many, once they are durable and visible to searches.

        ids       [n] texts or integers, which become texts
        values    [n, dimension] numbers, sent as float32
        metadata  [n] objects of at most 16 KiB, or None
        Many go in requests of at most 100,000 rows and 8 MiB, each all or none; an error's note says how many rows had been written before.
        ValueError if shapes do not agree; RestError `invalid_vector` with `member` (`vectors[3].values[17]`, of its request).
        """
        return self._portal.run(lambda: self._inner.upsert(index, ids, values, metadata))

    def get_vector(self, index: str, id: str) -> Vector:
        """One vector with its values and metadata. RestError `not_found`."""
        return self._portal.run(lambda: self._inner.get_vector(index, id))

    def list_vectors(self, index: str, limit: int=100, after: str | None=None) -> Page:
        """A page of at most 1,000 vectors, in no order of meaning. after: `next` of the page before."""
        return self._portal.run(lambda: self._inner.list_vectors(index, limit, after))

    def delete_vectors(self, index: str, ids: Sequence[str | int] | None=None, filter: Filter | None=None) -> int:
        """Deletes by ids, or by a filter with a condition in it. Returns how many were there."""
        return self._portal.run(lambda: self._inner.delete_vectors(index, ids, filter))

    def search(self, index: str, query: numpy.typing.ArrayLike, k: int=10, **options: Unpack[SearchOptions]) -> Hits:
        """The k nearest vectors to one query, [dimension]."""
        return self._portal.run(lambda: self._inner.search(index, query, k, **options))

    def search_many(self, index: str, queries: numpy.typing.ArrayLike, k: int=10, **options: Unpack[SearchOptions]) -> list[Hits]:
        """The k nearest vectors to each of several queries, [n, dimension]; 100 go in one request."""
        return self._portal.run(lambda: self._inner.search_many(index, queries, k, **options))

    def list_aliases(self) -> list[Alias]:
        """The aliases whose index the token may read."""
        return self._portal.run(lambda: self._inner.list_aliases())

    def put_aliases(self, aliases: dict[str, str | None]) -> list[Alias]:
        """Sets, switches or (None) removes aliases by their names, all of them or none. Returns all as they are now."""
        return self._portal.run(lambda: self._inner.put_aliases(aliases))

    def delete_alias(self, alias: str) -> None:
        """Removes an alias; its index stays."""
        self._portal.run(lambda: self._inner.delete_alias(alias))

    def list_jobs(self, index: str | None=None, state: JobState | None=None) -> list[Job]:
        """Running jobs and the last ones that ended."""
        return self._portal.run(lambda: self._inner.list_jobs(index, state))

    def get_job(self, job_id: str) -> Job:
        """One job as it is now. RestError `not_found`."""
        return self._portal.run(lambda: self._inner.get_job(job_id))

    def cancel_job(self, job_id: str) -> Job:
        """Asks a job to stop; it ends in `job.failed` with the code `cancelled`."""
        return self._portal.run(lambda: self._inner.cancel_job(job_id))

    def list_alerts(self) -> list[Alert]:
        """Open alerts."""
        return self._portal.run(lambda: self._inner.list_alerts())

    def acknowledge_alert(self, alert_id: str) -> Alert:
        """Acknowledges an alert; it is told again, with `acknowledged_at`."""
        return self._portal.run(lambda: self._inner.acknowledge_alert(alert_id))

    def list_alert_rules(self) -> list[AlertRule]:
        """The rules."""
        return self._portal.run(lambda: self._inner.list_alert_rules())

    def put_alert_rule(self, rule: str, **change: Unpack[AlertRuleChange]) -> AlertRule:
        """Changes a rule, or adds one; its open alerts are judged anew."""
        return self._portal.run(lambda: self._inner.put_alert_rule(rule, **change))

    def list_tokens(self) -> list[Token]:
        """The tokens, without their secrets."""
        return self._portal.run(lambda: self._inner.list_tokens())

    def create_token(self, name: str, scopes: Sequence[str], **options: Unpack[TokenOptions]) -> NewToken:
        """Makes a token. scopes: `events:job.*`, `read:docs`, `admin`, … Its secret is in the answer, and never shown again."""
        return self._portal.run(lambda: self._inner.create_token(name, scopes, **options))

    def change_token(self, name: str, **change: Unpack[TokenChange]) -> Token:
        """Changes scopes, expiry or limits; live sessions are judged anew."""
        return self._portal.run(lambda: self._inner.change_token(name, **change))

    def revoke_token(self, name: str) -> None:
        """Revokes a token; its live sessions end."""
        self._portal.run(lambda: self._inner.revoke_token(name))

    def get_state(self, channels: Sequence[str] | None=None) -> State:
        """The whole state that the token may see, exact at its id. `watch()` keeps one right instead."""
        return self._portal.run(lambda: self._inner.get_state(channels))

    def request(self, method: str, path: str, body: Any=None, query: dict[str, Any] | None=None, timeout: float | None=None) -> Any:
        """A call that has no method here.

        path     below /api/v1 (`/cluster`), or from the root where it begins with /health, /metrics, /openapi.yaml or /asyncapi.yaml
        body     sent as JSON
        timeout  seconds without a sign of the server; None: the client's
        Returns the answer's JSON decoded, text for documents, bytes for other files, None where there is no body.
        """
        return self._portal.run(lambda: self._inner.request(method, path, body, query, timeout))

    def download(self, job_id: str, to: str | Path) -> Path:
        """Writes the file that a completed job has made (export, snapshot), whole or not at all. RestError `conflict` before it has
        ended, `not_found` when there is none any more; OSError."""
        return self._portal.run(lambda: self._inner.download(job_id, to))

    def read_result(self, job_id: str) -> bytes:
        """The same, in memory."""
        return self._portal.run(lambda: self._inner.read_result(job_id))

    def import_(
        self, index: str, source: Source, *, id_prefix: str | None=None, dataset: str | None=None, job_id: str | None=None,
    ) -> BlockingJob:
        """Begins an import. `wait()` of the job tells how it ended.

        source     an array [n, dimension] of floats or integers (its rows get the ids `0`, `1`, … behind id_prefix); a path to a
                   file here (.jsonl, .npy, .csv, .fvecs, .bvecs, .hdf5, also with .gz or .zst); `ServerFile("x.npy")` beneath the
                   server's import folder; or rows one by one, {id, values, metadata} or (id, values, metadata)
        dataset    which one of an HDF5 file
        job_id     its name; one is made if left out
        The source is read on a thread of the client's while it is sent, and not held in memory. ValueError, OSError.
        """
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.import_(index, source, id_prefix=id_prefix, dataset=dataset, job_id=job_id)))

    def restore(self, snapshot: str | Path | ServerFile, index: str | None=None, *, job_id: str | None=None) -> BlockingJob:
        """Begins to make an index from a snapshot's file. index: its name; the snapshot's own if left out."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.restore(snapshot, index, job_id=job_id)))

    def export(
        self, index: str, format: Literal['jsonl', 'npy']='jsonl', *, compression: Literal['none', 'gzip', 'zstd']='none', filter: Filter | None=None, job_id: str | None=None,
    ) -> BlockingJob:
        """Begins to write the index's vectors to a file, as they stand when it begins to run; `download` has it once it has completed."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.export(index, format, compression=compression, filter=filter, job_id=job_id)))

    def snapshot(self, index: str, *, job_id: str | None=None) -> BlockingJob:
        """Begins to make a file of the index that another server can be given."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.snapshot(index, job_id=job_id)))

    def train(self, index: str) -> BlockingJob:
        """Moves the index's shards to the ivf tier now, whatever their thresholds; arranges anew what is beyond it."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.train(index)))

    def merge(self, index: str) -> BlockingJob:
        """Merges the index's shards now, whatever their thresholds."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.merge(index)))

    def compact(self, index: str) -> BlockingJob:
        """Gives back the places of deleted and replaced vectors now."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.compact(index)))

    def measure_recall(self, index: str, **options: Unpack[RecallOptions]) -> BlockingJob:
        """Begins to measure how many of the nearest vectors plain searches find; `metrics.search` then shows it."""
        return BlockingJob(self._portal, self._portal.run(lambda: self._inner.measure_recall(index, **options)))

    def job(self, job_id: str) -> BlockingJob:
        """A handle on a job that somebody has begun."""
        return BlockingJob(self._portal, self._inner.job(job_id))
