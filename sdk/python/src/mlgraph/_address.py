"""One address for both halves of the server: `http://host:7700`, or the socket's `ws://host:7700/ws`."""
from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

_SOCKET = {"http": "ws", "https": "wss"}
_REST = {"ws": "http", "wss": "https"}


def _parsed(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError(f"'{url}' is no address: http://host:port is one")
    return parts


def socket_address(url: str) -> str:
    """`wss://host/ws`, also from `https://host`. ValueError if it is no address."""
    parts = _parsed(url)
    return urlunsplit((_SOCKET.get(parts.scheme, parts.scheme), parts.netloc, parts.path.strip("/") and parts.path or "/ws", parts.query, ""))


def rest_address(url: str) -> SplitResult:
    """`https://host` without a slash at its end, also from `wss://host/ws`. ValueError if it is no address."""
    parts = _parsed(url)
    path = re.sub(r"/ws(/events)?/?$", "", parts.path).rstrip("/")
    return SplitResult(_REST.get(parts.scheme, parts.scheme), parts.netloc, path, "", "")
