"""Clients that stay: each follows the server through kills, stops and pauses, and keeps what it saw.

They reconnect at once and ask again after a moment (the published backoff is the business of the client libraries), and resume from the
last id they have taken. `run(stop)` ends once `stop` is set and everything due by then has come.
"""
import time

from .fold import Fold
from .ledger import check_exact, matches, number
from .server import ADMIN_TOKEN
from .socket import Closed, Rejected
from .sse import EventStream

GONE = (Closed, Rejected, OSError, AssertionError)  # AssertionError: the harness's "did not answer in time"
RETRY_SECONDS = 0.02


class Violation(Exception):
    """The server broke its word: no reason to try again."""


def hold(condition, *what):
    if not condition:
        raise Violation(*what)


class Watcher:
    """`due`: which events of the log it should see. `start`: the id it began after."""

    def __init__(self, server, name, due=lambda message: True):
        self.server, self.name, self.due = server, name, due
        self.events = []
        self.start = self.cursor = None
        self.connections = 0
        self._life = None  # of the server, to which this is connected

    def is_connected(self):
        """To the server that runs now: a slow reader may still have the words of an earlier one before it."""
        return self._life == self.server.starts

    def run(self, stop):
        while True:
            try:
                self.follow(stop)
                return
            except GONE:
                time.sleep(RETRY_SECONDS)

    def take(self, message):
        if message["type"].partition(".")[0] in ("job", "index", "alert"):
            self.events.append(message)
            self.cursor = message["id"]

    def check(self, log):
        return check_exact(self.events, log, self.name, since=number(self.start), until=number(self.until), due=self.due)

    @property
    def until(self):
        return self.cursor


class SocketWatcher(Watcher):
    """pause: seconds between two messages, for a reader that is slower than the events."""

    def __init__(self, server, name, channels=("*",), token=ADMIN_TOKEN, sees=lambda message: True, receive_buffer=None, pause=0):
        super().__init__(server, name, lambda m: sees(m) and any(matches(c, m) for c in channels))
        self.channels, self.token, self.receive_buffer, self.pause = channels, token, receive_buffer, pause
        self._past = None

    def open(self):
        life = self.server.starts
        socket = self.server.socket(token=self.token, receive_buffer=self.receive_buffer, validate=False)
        answer = socket.subscribe(*self.channels, **({"since": self.cursor} if self.cursor else {}))
        if self.cursor:
            hold(answer["recovered"], self.name, f"{self.cursor} was not recovered", answer)
        self.connections += 1
        self._life = life
        self.start = self.start or answer["id"]
        self.cursor = self.cursor or answer["id"]
        return socket

    def follow(self, stop):
        socket = self.open()
        try:
            while not stop.is_set():
                try:
                    self.take(socket.next(timeout=0.2))
                except TimeoutError:
                    continue
                if self.pause:
                    time.sleep(self.pause)
            for message in socket.drain(timeout=60):
                self.take(message)
            socket.send({"type": "ping", "ref": "last"})
            *due, pong = socket.collect_until(lambda m: m.get("ref") == "last")
            for message in due:
                self.take(message)
            self._past = pong["id"]
        finally:
            self._life = None
            socket.close()

    @property
    def until(self):
        return self._past  # past which every event due has been sent, matching or not


class PageWatcher(SocketWatcher):
    """What the page advises: on each reconnect ask for the full state, then fold the events behind it."""

    def __init__(self, server, name):
        super().__init__(server, name)
        self.fold = Fold()
        self._parts = []

    def open(self):
        life = self.server.starts
        socket = self.server.socket(validate=False)
        socket.send({"type": "subscribe", "channels": ["*"], "state": True})
        self.connections += 1
        self._life = life
        self._parts = []
        return socket

    def take(self, message):
        if message["type"] == "state":
            hold(message["data"]["part"] == len(self._parts), self.name, "a part is missing", message)
            self._parts.append(message)
            if message["data"]["last"]:
                self.fold = Fold({s: [o for p in self._parts for o in p["data"][s]] for s in ("indices", "jobs", "alerts")})
                self.cursor = message["id"]
                self._parts = []
        elif message["type"].partition(".")[0] in ("job", "index", "alert"):
            hold(number(message) > number(self.cursor), self.name, f"an event of before {self.cursor}", message)
            self.fold.apply(message)
            self.cursor = message["id"]

    def follow(self, stop):
        socket = self.open()
        try:
            while not stop.is_set():
                try:
                    self.take(socket.next(timeout=0.2))
                except TimeoutError:
                    continue
            # A state asked for now is exact at its id: every event up to it comes before.
            socket.send({"type": "sync", "ref": "last"})
            for message in socket.collect_until(lambda m: m.get("ref") == "last" and m["data"]["last"], timeout=60):
                if message.get("ref") == "last":
                    self._parts.append(message)
                else:
                    self.take(message)
            self.fresh = {s: [o for p in self._parts for o in p["data"][s]] for s in ("indices", "jobs", "alerts")}
        finally:
            self._life = None
            socket.close()

    def check(self, log):
        self.fold.check_equals(self.fresh, self.name)
        return len(self.fold.indices)


class SseWatcher(Watcher):
    """GET /events with Last-Event-ID, as a browser's EventSource resumes."""

    def follow(self, stop):
        life = self.server.starts
        stream = EventStream(self.server.host, self.server.port, token=self.server.admin_token, last_event_id=self.cursor)
        try:
            if stream.status in (0, 503):  # it went, or is not ready
                raise ConnectionError
            hold(stream.status == 200, self.name, stream.answer)
            self.connections += 1
            self._life = life
            newest = None
            while newest is None or number(self.cursor) < newest:
                message = stream.next_or_none(timeout=0.2)
                if message:
                    hold(message["type"] != "error", self.name, message)
                    self.take(message)
                self.cursor = stream.last_event_id or self.cursor
                self.start = self.start or stream.first_event_id
                if stream.ended:
                    raise ConnectionError
                if stop.is_set() and newest is None:
                    newest = number(self.server.rest().get("/state").json["id"])
        finally:
            self._life = None
            stream.close()
