"""The REST calls, one method each, by what docs/api/openapi.yaml says of them. Every failure is a RestError with the server's code, or
an MLGraphError `connection`. `src/mlgraph/_blocking_api.py` is made of this file (tools/make_blocking.py)."""
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import numpy.typing

from ._rest import Rest, path_of
from .objects import (
    Alert, AlertRule, Alias, Filter, Index, Job, JobState, NewToken, State, TieringChange, Token, Vector,
)
from .vectors import QUERIES_MAX, Hits, Metadata, Page, hits_of, matrix, page_of, upsert_bodies, vector

API = "/api/v1"


class IndexSettings(TypedDict, total=False):
    """What an index may be told when it is made; what is left out is the server's choice."""

    metric_type: Literal["L2", "IP", "COSINE"]
    num_shards: int
    index_type: Literal["auto", "IDMap", "IVFFlat", "IVF", "HNSW"]
    num_centroids: int
    quantization: Literal["none", "f16", "int8"]
    nprobe: int
    tiering: TieringChange


class IndexChange(TypedDict, total=False):
    """What of an index may be changed later."""

    nprobe: int
    num_centroids: int
    tiering: TieringChange


class SearchOptions(TypedDict, total=False):
    """filter: docs/api/openapi.yaml, `Filter`. nprobe, ef: as given, else as calibrated for a recall of 0.95. exact: compare with every
    vector. with_values: the hits' own values too."""

    filter: Filter
    nprobe: int
    ef: int
    exact: bool
    with_values: bool


class RecallOptions(TypedDict, total=False):
    """samples: queries, 100. k: neighbours, 10. nprobe, ef: as a search takes them."""

    samples: int
    k: int
    nprobe: int
    ef: int


class TokenOptions(TypedDict, total=False):
    """expires_in_seconds, or expires_at (RFC 3339); neither: never. rate_limit_per_minute, burst: left out, none. token: a secret of
    your own."""

    expires_in_seconds: int | None
    expires_at: str | None
    rate_limit_per_minute: int
    burst: int
    token: str


class TokenChange(TypedDict, total=False):
    """What of a token may be changed; what is left out stays."""

    scopes: list[str]
    expires_in_seconds: int | None
    expires_at: str | None
    rate_limit_per_minute: int | None
    burst: int | None


class AlertRuleChange(TypedDict, total=False):
    """What of a rule may be changed; what is left out stays. A new rule needs a metric and a level."""

    metric: str
    comparison: Literal[">", "<"]
    warn: float | None
    error: float | None
    clear: float
    for_seconds: int
    enabled: bool


class AsyncApi:
    """The calls that answer once; `AsyncClient` has them, and those that begin jobs."""

    _rest: Rest

    # Indices --------------------------------------------------------------------------------------------------------
    async def list_indices(self) -> list[Index]:
        """The indices that the token may read, by name."""
        listed: list[Index] = (await self.request("GET", "/indices"))["indices"]
        return listed

    async def create_index(self, index: str, dimension: int, **settings: Unpack[IndexSettings]) -> Index:
        """Makes an index. RestError `conflict` if there is one, or an alias, of that name."""
        made: Index = await self.request("POST", "/indices", {"index_id": index, "dimension": dimension, **settings})
        return made

    async def get_index(self, index: str) -> Index:
        """One index with its shards. RestError `not_found`."""
        got: Index = await self.request("GET", path_of("/indices/{id}", id=index))
        return got

    async def change_index(self, index: str, **change: Unpack[IndexChange]) -> Index:
        """Merges settings into an index, also within `tiering`. Returns it as it is now."""
        changed: Index = await self.request("PATCH", path_of("/indices/{id}", id=index), dict(change))
        return changed

    async def delete_index(self, index: str) -> None:
        """Ends its jobs, resolves its alerts, deletes it. RestError `conflict` while it has aliases."""
        await self.request("DELETE", path_of("/indices/{id}", id=index))

    # Vectors --------------------------------------------------------------------------------------------------------
    async def upsert(self, index: str, ids: Sequence[str | int] | numpy.typing.NDArray[Any], values: numpy.typing.ArrayLike,
                     metadata: Sequence[Metadata | None] | None = None) -> int:
        """Writes vectors; an id that exists is replaced. Returns how many, once they are durable and visible to searches.

        ids       [n] texts or integers, which become texts
        values    [n, dimension] numbers, sent as float32
        metadata  [n] objects of at most 16 KiB, or None
        Many go in requests of at most 100,000 rows and 8 MiB, each all or none; an error's note says how many rows had been written before.
        ValueError if shapes do not agree; RestError `invalid_vector` with `member` (`vectors[3].values[17]`, of its request).
        """
        written = 0
        bodies = upsert_bodies(ids, values, metadata)
        while body := await asyncio.to_thread(lambda: next(bodies, None)):  # what takes long is not done on the loop
            try:
                answer = await self._rest.call("POST", API + path_of("/indices/{id}/vectors", id=index), body=body,
                                               headers={"Content-Type": "application/json"})
            except Exception as error:
                error.add_note(f"{written} rows had been written before")
                raise
            written += answer["upserted"]
        return written

    async def get_vector(self, index: str, id: str) -> Vector:
        """One vector with its values and metadata. RestError `not_found`."""
        got: Vector = await self.request("GET", path_of("/indices/{id}/vectors/{vid}", id=index, vid=id))
        return got

    async def list_vectors(self, index: str, limit: int = 100, after: str | None = None) -> Page:
        """A page of at most 1,000 vectors, in no order of meaning. after: `next` of the page before."""
        answer = await self.request("GET", path_of("/indices/{id}/vectors", id=index), query={"limit": limit, "after": after})
        return page_of(answer["vectors"], answer["next"])

    async def delete_vectors(self, index: str, ids: Sequence[str | int] | None = None, filter: Filter | None = None) -> int:
        """Deletes by ids, or by a filter with a condition in it. Returns how many were there."""
        selection: dict[str, Any] = {} if ids is None else {"ids": list(ids)}
        if filter is not None:
            selection["filter"] = filter
        deleted: int = (await self.request("POST", path_of("/indices/{id}/vectors/delete", id=index), selection))["deleted"]
        return deleted

    async def search(self, index: str, query: numpy.typing.ArrayLike, k: int = 10, **options: Unpack[SearchOptions]) -> Hits:
        """The k nearest vectors to one query, [dimension]."""
        return (await self._search(index, {"vector": vector(query, "a query")}, k, options))[0]

    async def search_many(self, index: str, queries: numpy.typing.ArrayLike, k: int = 10, **options: Unpack[SearchOptions]) -> list[Hits]:
        """The k nearest vectors to each of several queries, [n, dimension]; 100 go in one request."""
        rows = matrix(queries, "queries")
        found: list[Hits] = []
        for first in range(0, len(rows), QUERIES_MAX):
            found += await self._search(index, {"vectors": rows[first:first + QUERIES_MAX].tolist()}, k, options)
        return found

    async def _search(self, index: str, queries: dict[str, Any], k: int, options: SearchOptions) -> list[Hits]:
        body: dict[str, Any] = {**queries, **options, "k": k}
        with_values = bool(body.pop("with_values", False))
        if with_values:
            body["include"] = ["metadata", "values"]
        return hits_of(await self.request("POST", path_of("/indices/{id}/search", id=index), body), with_values)

    # Aliases --------------------------------------------------------------------------------------------------------
    async def list_aliases(self) -> list[Alias]:
        """The aliases whose index the token may read."""
        listed: list[Alias] = (await self.request("GET", "/aliases"))["aliases"]
        return listed

    async def put_aliases(self, aliases: dict[str, str | None]) -> list[Alias]:
        """Sets, switches or (None) removes aliases by their names, all of them or none. Returns all as they are now."""
        changes = [{"alias": alias, "index": index} for alias, index in aliases.items()]
        put: list[Alias] = (await self.request("PUT", "/aliases", {"aliases": changes}))["aliases"]
        return put

    async def delete_alias(self, alias: str) -> None:
        """Removes an alias; its index stays."""
        await self.request("DELETE", path_of("/aliases/{alias}", alias=alias))

    # Jobs -----------------------------------------------------------------------------------------------------------
    async def list_jobs(self, index: str | None = None, state: JobState | None = None) -> list[Job]:
        """Running jobs and the last ones that ended."""
        listed: list[Job] = (await self.request("GET", "/jobs", query={"index": index, "state": state}))["jobs"]
        return listed

    async def get_job(self, job_id: str) -> Job:
        """One job as it is now. RestError `not_found`."""
        got: Job = await self.request("GET", path_of("/jobs/{id}", id=job_id))
        return got

    async def cancel_job(self, job_id: str) -> Job:
        """Asks a job to stop; it ends in `job.failed` with the code `cancelled`."""
        cancelled: Job = await self.request("POST", path_of("/jobs/{id}/cancel", id=job_id))
        return cancelled

    # Alerts ---------------------------------------------------------------------------------------------------------
    async def list_alerts(self) -> list[Alert]:
        """Open alerts."""
        listed: list[Alert] = (await self.request("GET", "/alerts"))["alerts"]
        return listed

    async def acknowledge_alert(self, alert_id: str) -> Alert:
        """Acknowledges an alert; it is told again, with `acknowledged_at`."""
        told: Alert = await self.request("POST", path_of("/alerts/{id}/ack", id=alert_id))
        return told

    async def list_alert_rules(self) -> list[AlertRule]:
        """The rules."""
        listed: list[AlertRule] = (await self.request("GET", "/alert-rules"))["rules"]
        return listed

    async def put_alert_rule(self, rule: str, **change: Unpack[AlertRuleChange]) -> AlertRule:
        """Changes a rule, or adds one; its open alerts are judged anew."""
        put: AlertRule = await self.request("PUT", path_of("/alert-rules/{rule}", rule=rule), dict(change))
        return put

    # Access ---------------------------------------------------------------------------------------------------------
    async def list_tokens(self) -> list[Token]:
        """The tokens, without their secrets."""
        listed: list[Token] = (await self.request("GET", "/tokens"))["tokens"]
        return listed

    async def create_token(self, name: str, scopes: Sequence[str], **options: Unpack[TokenOptions]) -> NewToken:
        """Makes a token. scopes: `events:job.*`, `read:docs`, `admin`, … Its secret is in the answer, and never shown again."""
        made: NewToken = await self.request("POST", "/tokens", {"name": name, "scopes": list(scopes), **options})
        return made

    async def change_token(self, name: str, **change: Unpack[TokenChange]) -> Token:
        """Changes scopes, expiry or limits; live sessions are judged anew."""
        changed: Token = await self.request("PATCH", path_of("/tokens/{name}", name=name), dict(change))
        return changed

    async def revoke_token(self, name: str) -> None:
        """Revokes a token; its live sessions end."""
        await self.request("DELETE", path_of("/tokens/{name}", name=name))

    # State ----------------------------------------------------------------------------------------------------------
    async def get_state(self, channels: Sequence[str] | None = None) -> State:
        """The whole state that the token may see, exact at its id. `watch()` keeps one right instead."""
        got: State = await self.request("GET", "/state", query={"channels": ",".join(channels) if channels else None})
        return got

    # Anything else --------------------------------------------------------------------------------------------------
    async def request(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None,
                      timeout: float | None = None) -> Any:
        """A call that has no method here.

        path     below /api/v1 (`/cluster`), or from the root where it begins with /health, /metrics, /openapi.yaml or /asyncapi.yaml
        body     sent as JSON
        timeout  seconds without a sign of the server; None: the client's
        Returns the answer's JSON decoded, text for documents, bytes for other files, None where there is no body.
        """
        is_whole = path.startswith(("/health/", "/openapi.yaml", "/asyncapi.yaml", API)) or path == "/metrics"
        return await self._rest.call(method, path if is_whole else API + path, query=query, json_body=body, timeout=timeout)

    async def download(self, job_id: str, to: str | Path) -> Path:
        """Writes the file that a completed job has made (export, snapshot), whole or not at all. RestError `conflict` before it has
        ended, `not_found` when there is none any more; OSError."""
        goal = Path(to)
        part = goal.with_name(goal.name + ".part")
        try:
            with part.open("wb") as file:
                await self._rest.call("GET", API + path_of("/jobs/{id}/result", id=job_id), sink=file.write)
            part.replace(goal)
        finally:
            part.unlink(missing_ok=True)
        return goal

    async def read_result(self, job_id: str) -> bytes:
        """The same, in memory."""
        pieces: list[bytes] = []
        await self._rest.call("GET", API + path_of("/jobs/{id}/result", id=job_id), sink=pieces.append)
        return b"".join(pieces)
