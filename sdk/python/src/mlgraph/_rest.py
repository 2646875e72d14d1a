"""One REST call: its address, its token, its answer decoded."""
from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

from ._address import rest_address
from ._http import Body, Exchange, Pool
from ._policy import TokenSource, token_of
from .errors import RestError

CALLS_MAX = 16


class Rest:
    """The server's REST API, untyped. At most 16 calls are under way, the others wait. Confined to the client's loop.

    timeout  seconds without a sign of the server, of connecting as of reading
    """

    def __init__(self, url: str, token: TokenSource, timeout: float, context: ssl.SSLContext | None) -> None:
        self._address = rest_address(url)
        self._token, self._timeout, self._ssl = token, timeout, context
        self._means: tuple[Pool, ThreadPoolExecutor] | None = None

    async def call(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, json_body: Any = None, body: Body = None,
                   headers: Mapping[str, str] | None = None, timeout: float | None = None,
                   sink: Callable[[bytes], object] | None = None) -> Any:
        """The answer's body: JSON decoded, text for documents, bytes for files that are none, None where there is none.

        RestError; MLGraphError `connection`, `token`. A token that is refused with 401 is asked for once more from its function,
        unless the body can be sent only once.
        """
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if json_body is not None:
            body = json.dumps(json_body, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        target = self._address.path + path + (f"?{_encoded(query)}" if query and _encoded(query) else "")
        may_repeat = not isinstance(self._token, str) and (body is None or isinstance(body, bytes))
        for attempt in (1, 2):
            sent["Authorization"] = f"Bearer {await token_of(self._token)}"
            exchange = Exchange(method, target, sent, body, timeout or self._timeout, sink)
            try:
                pool, threads = self._open()
                answer = await asyncio.get_running_loop().run_in_executor(threads, pool.run, exchange)
            except asyncio.CancelledError:
                exchange.cancel()
                raise
            if answer.status != 401 or attempt == 2 or not may_repeat:
                break
        content = _decoded(answer.body, answer.headers.get("content-type", ""))
        if not 200 <= answer.status < 300:
            raise RestError(answer.status, content, answer.headers.get("retry-after"))
        return content

    def close(self) -> None:
        """Idle connections are closed, calls under way end as they may; a later call begins again."""
        if self._means:
            pool, threads = self._means
            self._means = None
            pool.close()
            threads.shutdown(wait=False)

    def _open(self) -> tuple[Pool, ThreadPoolExecutor]:
        if not self._means:
            self._means = Pool(self._address, self._ssl), ThreadPoolExecutor(CALLS_MAX, thread_name_prefix="mlgraph-rest")
        return self._means


def path_of(template: str, **parts: str) -> str:
    """`/indices/{id}` filled in, percent-encoded."""
    return template.format(**{name: quote(part, safe="") for name, part in parts.items()})


def _encoded(query: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in query.items() if value is not None})


def _decoded(body: bytes, kind: str) -> Any:
    if not body:
        return None
    if kind.split(";")[0].strip() == "application/json":
        return json.loads(body)
    return body.decode() if kind.startswith(("text/", "application/yaml")) else body
