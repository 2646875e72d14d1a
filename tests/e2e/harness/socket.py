"""A WebSocket client of its own: wsproto for the framing, a plain blocking socket under it, verbs on top.

Waiting is always for something the server says, up to a deadline that only a broken server reaches.
"""
import itertools
import json
import socket
import ssl
import time

from wsproto import ConnectionType, WSConnection
from wsproto.events import (AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, RejectConnection,
                            RejectData, Request, TextMessage)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from . import schemas

PATIENCE = 20.0


def _seq(cursor):
    return int(cursor.rpartition("-")[2])


class Closed(Exception):
    """The server closed the connection: code 1006 when it did so without a close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code, self.reason = code, reason


class Rejected(Exception):
    """The upgrade was answered with another status than 101."""

    def __init__(self, status, body, headers):
        super().__init__(f"upgrade refused with {status}: {body[:300]}")
        self.status, self.body, self.headers = status, body, headers


class Socket:
    """how: where the token goes: "subprotocol" (as a browser does), "header", "message" (auth after open), or None."""

    def __init__(self, host, port, token=None, how="subprotocol", path="/ws", headers=(), tls=False, validate=True,
                 receive_buffer=None):
        self.validate = validate
        self.messages = []       # everything received, in order
        self._unread = []        # received but not yet taken by a verb
        self._refs = itertools.count(1)
        self._partial = []
        self.closed = None
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self._socket = context.wrap_socket(self._socket)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        extra = [(name.encode(), value.encode()) for name, value in headers]
        subprotocols = []
        if token and how == "subprotocol":
            subprotocols = ["Bearer", token]
        elif token and how == "header":
            extra.append((b"authorization", f"Bearer {token}".encode()))
        self._write(self._protocol.send(
            Request(host=f"{host}:{port}", target=path, subprotocols=subprotocols, extra_headers=extra)))
        self.subprotocol = None
        self.upgrade_headers = {}
        self._shake_hands()
        if token and how == "message":
            self.auth(token)

    # connection ---------------------------------------------------------------------------------------------------
    def _write(self, data):
        try:
            self._socket.sendall(data)
        except OSError:
            pass  # the server hung up: what it said first is still to be read

    def _pump(self, deadline):
        """Reads once from the wire; returns wsproto's events."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(1 << 16)
        except (socket.timeout, TimeoutError):
            raise TimeoutError from None
        except OSError:
            data = b""
        self._protocol.receive_data(data or None)
        return list(self._protocol.events())

    def _shake_hands(self):
        deadline = time.monotonic() + PATIENCE
        refusal = None
        body = b""
        while True:
            try:
                events = self._pump(deadline)
            except RemoteProtocolError:
                raise Rejected(0, b"the connection was cut before its answer", {}) from None
            for number, event in enumerate(events):
                if isinstance(event, AcceptConnection):
                    self.subprotocol = event.subprotocol
                    self.upgrade_headers = {k.decode().lower(): v.decode() for k, v in event.extra_headers}
                    for later in events[number + 1:]:  # what the server said in the same breath
                        self._take(later)
                    return
                if isinstance(event, RejectConnection):
                    refusal = event
                    if not event.has_body:
                        raise Rejected(event.status_code, b"", dict(event.headers))
                elif isinstance(event, RejectData):
                    body += event.data
                    if event.body_finished:
                        raise Rejected(refusal.status_code, body, dict(refusal.headers))
                elif isinstance(event, CloseConnection):
                    raise Rejected(refusal.status_code if refusal else 0, body, {})
                else:
                    self._take(event)

    def _take(self, event):
        if isinstance(event, TextMessage):
            self._partial.append(event.data)
            if event.message_finished:
                text = "".join(self._partial)
                self._partial = []
                message = json.loads(text)
                if self.validate:
                    schemas.check_message(message, text)
                self.messages.append(message)
                self._unread.append(message)
        elif isinstance(event, BytesMessage):
            raise AssertionError("the server sent a binary message")
        elif isinstance(event, Ping):
            self._write(self._protocol.send(event.response()))
        elif isinstance(event, Pong):
            pass
        elif isinstance(event, CloseConnection):
            self.closed = Closed(event.code, event.reason or "")
            try:
                self._write(self._protocol.send(event.response()))
            except Exception:  # noqa: BLE001  (the connection was cut: nothing to answer)
                pass

    def next(self, timeout=PATIENCE):
        """The next message; raises Closed or TimeoutError."""
        deadline = time.monotonic() + timeout
        while not self._unread:
            if self.closed:
                raise self.closed
            for event in self._pump(deadline):
                self._take(event)
        return self._unread.pop(0)

    def close(self):
        if not self.closed:
            try:
                self._write(self._protocol.send(CloseConnection(code=1000)))
            except Exception:  # noqa: BLE001
                pass
        self._socket.close()

    def abort(self):
        """Cuts the TCP connection without a word."""
        self._socket.close()

    # sending ------------------------------------------------------------------------------------------------------
    def send(self, message):
        self.send_text(message if isinstance(message, str) else json.dumps(message))

    def send_text(self, text):
        try:
            self._write(self._protocol.send(TextMessage(data=text)))
        except LocalProtocolError:
            pass  # the server has closed meanwhile: the next verb that reads says so

    def send_binary(self, data):
        self._write(self._protocol.send(BytesMessage(data=data)))

    def send_ping(self, payload=b""):
        self._write(self._protocol.send(Ping(payload=payload)))

    def send_raw(self, data):
        """Bytes past wsproto: for frames it would refuse to build."""
        self._write(data)

    # verbs --------------------------------------------------------------------------------------------------------
    def request(self, message, timeout=PATIENCE):
        """Sends with a fresh ref and returns the answer that carries it; other messages stay to be read."""
        ref = f"r{next(self._refs)}"
        self.send({**message, "ref": ref})
        return self.answer(ref, timeout)

    def answer(self, ref, timeout=PATIENCE):
        return self.expect(where=lambda m: m.get("ref") == ref, timeout=timeout, keep=True)

    def auth(self, token):
        return self.request({"type": "auth", "token": token})

    def subscribe(self, *channels, **members):
        answer = self.request({"type": "subscribe", "channels": list(channels), **members})
        assert answer["type"] == "subscribed", answer
        return answer["data"]

    def unsubscribe(self, *channels):
        answer = self.request({"type": "unsubscribe", "channels": list(channels)})
        assert answer["type"] == "unsubscribed", answer
        return answer["data"]

    def expect(self, kind=None, where=lambda message: True, timeout=PATIENCE, keep=False):
        """The first message of type `kind` for which `where` holds. Earlier ones are dropped, with `keep` kept."""
        deadline = time.monotonic() + timeout
        skipped = []
        try:
            while True:
                message = self.next(max(deadline - time.monotonic(), 0.001))
                if (kind is None or message["type"] == kind) and where(message):
                    return message
                skipped.append(message)
        except TimeoutError:
            seen = [(m["type"], m.get("data", {})) for m in skipped[-8:]]
            raise AssertionError(f"no {kind or 'such'} message within {timeout} s; saw {len(skipped)}, last {seen}") from None
        finally:
            if keep:
                self._unread[:0] = skipped

    def expect_error(self, code, timeout=PATIENCE):
        message = self.expect("error", timeout=timeout)
        assert message["data"]["code"] == code, message
        return message

    def expect_close(self, timeout=PATIENCE):
        """Reads on until the server closes; returns Closed (its code and reason)."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.next(max(deadline - time.monotonic(), 0.001))
        except Closed as closed:
            return closed
        except TimeoutError:
            raise AssertionError(f"not closed within {timeout} s; last messages {self.messages[-3:]}") from None

    def collect_until(self, done, timeout=PATIENCE):
        """All messages up to and with the first for which `done(message)` holds."""
        deadline = time.monotonic() + timeout
        collected = []
        while True:
            try:
                message = self.next(max(deadline - time.monotonic(), 0.001))
            except TimeoutError:
                seen = [(m["type"], m.get("data", {})) for m in collected[-8:]]
                raise AssertionError(f"not done within {timeout} s; collected {len(collected)}, last {seen}") from None
            collected.append(message)
            if done(message):
                return collected

    def drain(self, timeout=PATIENCE):
        """Everything this session is due up to now: a barrier instead of a pause.

        The newest id is asked for, then pings until the session says that it is past it; what a replay still brings
        is waited for on the wire.
        """
        deadline = time.monotonic() + timeout
        got = []

        def answered(message):
            ref = f"drain{next(self._refs)}"
            self.send({**message, "ref": ref})
            got.extend(self.collect_until(lambda m: m.get("ref") == ref, deadline - time.monotonic()))
            return got.pop()

        newest = _seq(answered({"type": "hello"})["data"]["id"])
        while _seq(answered({"type": "ping"})["id"]) < newest:
            assert time.monotonic() < deadline, f"the session never came past {newest}"
            try:
                got.append(self.next(0.05))
            except TimeoutError:
                pass
        return got

    def sync(self, *channels):
        """Sends `sync` and returns the state, its parts joined."""
        ref = f"r{next(self._refs)}"
        self.send({"type": "sync", "ref": ref, **({"channels": list(channels)} if channels else {})})
        return self.state(ref)

    def state(self, ref=None):
        parts = []
        while True:
            part = self.expect("state", where=lambda m: ref is None or m.get("ref") == ref)
            assert part["data"]["part"] == len(parts), part
            parts.append(part)
            if part["data"]["last"]:
                break
        assert len({part["id"] for part in parts}) == 1
        whole = {name: [item for part in parts for item in part["data"][name]] for name in ("indices", "jobs", "alerts", "metrics")}
        return {"id": parts[0]["id"], **whole}
