"""A reader of GET /events: Server-Sent Events by hand, as the specification's parsing rules say."""
import json
import time

from . import schemas
from .raw import RawConnection
from .rest import API, Answer

PATIENCE = 20.0


class EventStream:
    def __init__(self, host, port, query="", token=None, last_event_id=None):
        lines = [f"GET {API}/events{query} HTTP/1.1", f"Host: {host}", "Accept: text/event-stream"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if last_event_id:
            lines.append(f"Last-Event-ID: {last_event_id}")
        self._connection = RawConnection(host, port)
        self._connection.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.status, self.headers, body = self._connection.response(PATIENCE)
        self.first_event_id = None  # where delivery began
        self.last_event_id = None
        self._data, self._event_id = [], None  # of the event whose lines are coming
        self.answer = None
        if self.status != 200:
            self.answer = Answer(self.status, self.headers, body)
            schemas.check_rest("GET", f"{API}/events", self.answer)

    def next(self, timeout=PATIENCE):
        """The next message, or None at the end of the stream. Comments and bare ids are passed over."""
        message = self.next_or_none(timeout)
        assert message or self.ended, f"no event within {timeout} s"
        return message

    def next_or_none(self, timeout):
        """As next(), and None when none comes in time; `ended` tells which it was."""
        deadline = time.monotonic() + timeout
        while True:
            line = self._line(deadline)
            if line is None:
                return None
            if line.startswith("data:"):
                self._data.append(line[5:].removeprefix(" "))
            elif line.startswith("id:"):
                self._event_id = line[3:].strip()
            elif not line:
                message = self._dispatch()
                if message:
                    return message

    @property
    def ended(self):
        return self._connection.ended

    def _line(self, deadline):
        while b"\n" not in self._connection.buffer:
            if self.ended or not self._connection.try_read_more(deadline):
                return None
        line, _, self._connection.buffer = self._connection.buffer.partition(b"\n")
        return line.decode().rstrip("\r")

    def _dispatch(self):
        data, event_id = self._data, self._event_id
        self._data, self._event_id = [], None
        if event_id is not None:
            self.last_event_id = event_id
            self.first_event_id = self.first_event_id or event_id
        if not data:
            return None
        message = json.loads("\n".join(data))
        schemas.check_message(message, "\n".join(data))
        if "id" in message:
            assert message["id"] == event_id, (message, event_id)
        return message

    def expect(self, kind, where=lambda message: True, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while True:
            message = self.next(max(deadline - time.monotonic(), 0.001))
            assert message is not None, "the stream ended"
            if message["type"] == kind and where(message):
                return message

    def close(self):
        self._connection.close()
