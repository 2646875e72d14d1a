"""HTTP/1.1 on kept connections: http.client on threads of its own, a call one thread and one connection."""
from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

from .errors import lost

IDLE_CONNECTIONS_MAX = 8
IDLE_SECONDS_MAX = 20.0
PIECE_BYTES = 1 << 18

Body = bytes | Iterable[bytes] | None


@dataclass
class Exchange:
    """One request. `sink` takes a successful answer's body piece by piece; without it, the answer holds it whole."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body
    timeout: float
    sink: Callable[[bytes], object] | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    _cancelled: bool = False
    _is_answered: bool = False  # what of the body has been handed out cannot be taken back
    _source_error: Exception | None = None

    def cancel(self) -> None:
        """From any thread: ends the waiting, by ending the connection."""
        self._cancelled = True
        connection = self._connection
        if connection and connection.sock:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Pool:
    """Connections to one server. Any thread may call; at most 8 idle ones are kept, for 20 s."""

    def __init__(self, address: SplitResult, context: ssl.SSLContext | None) -> None:
        self._address, self._ssl = address, context
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def run(self, exchange: Exchange) -> Answer:
        """Blocks. MLGraphError `connection` if no whole answer came; what the body's source raised. GET is asked again where a kept
        connection turns out to be gone: before an answer has begun, never in its middle."""
        kept = self._take()
        try:
            if kept and exchange.method == "GET":
                try:
                    return self._exchange(kept, exchange)
                except (ConnectionError, http.client.BadStatusLine):
                    if exchange._is_answered:
                        raise
                    kept = None
            return self._exchange(kept or self._fresh(), exchange)
        except (OSError, http.client.HTTPException) as error:
            if error is exchange._source_error:
                raise
            why = "it was cancelled" if exchange._cancelled else str(error) or type(error).__name__
            raise lost(f"{exchange.method} {exchange.target}: {why}") from error

    def _exchange(self, connection: http.client.HTTPConnection, exchange: Exchange) -> Answer:
        exchange._connection = connection
        connection.timeout = exchange.timeout
        try:
            if exchange._cancelled:
                raise ConnectionAbortedError("it was cancelled")
            if connection.sock:
                connection.sock.settimeout(exchange.timeout)
            sent_all = self._send(connection, exchange)
            if sent_all:
                response = connection.getresponse()
            else:
                response = http.client.HTTPResponse(connection.sock, method=exchange.method)
                response.begin()
            exchange._is_answered = True
            answer = _read(response, exchange)
        except BaseException:
            connection.close()
            raise
        finally:
            exchange._connection = None
        if sent_all and not response.will_close:
            self._keep(connection)
        else:
            connection.close()
        return answer

    def _send(self, connection: http.client.HTTPConnection, exchange: Exchange) -> bool:
        """False if the server has answered in the middle of the body: it refuses early, and the answer says why."""
        chunked = exchange.body is not None and not isinstance(exchange.body, bytes) and "Content-Length" not in exchange.headers
        headers = {**exchange.headers, **({"Transfer-Encoding": "chunked"} if chunked else {})}
        body = exchange.body if exchange.body is None or isinstance(exchange.body, bytes) else _watched(exchange.body, exchange)
        try:
            connection.request(exchange.method, exchange.target, body=body, headers=headers, encode_chunked=chunked)
        except (BrokenPipeError, ConnectionResetError):
            if connection.sock is None or body is None or exchange._source_error:
                raise
            return False
        return True

    def _fresh(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "https":
            return http.client.HTTPSConnection(host, port, context=self._ssl)
        return http.client.HTTPConnection(host, port)

    def _take(self) -> http.client.HTTPConnection | None:
        """A kept one that the server has not ended: nothing is to be read from it."""
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS_MAX and connection.sock and not _is_readable(connection.sock):
                    return connection
                connection.close()
        return None

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()


def _is_readable(sock: socket.socket) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


def _watched(source: Iterable[bytes], exchange: Exchange) -> Iterator[bytes]:
    """A file that cannot be read is no line that was cut, though both are OSErrors."""
    try:
        yield from source
    except Exception as error:
        exchange._source_error = error
        raise


def _read(response: http.client.HTTPResponse, exchange: Exchange) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = b""
    if exchange.sink and 200 <= response.status < 300:
        while piece := response.read(PIECE_BYTES):
            exchange.sink(piece)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
    else:
        body = response.read()
    return Answer(response.status, headers, body)
