"""A reader of GET /events: Server-Sent Events by hand, as the specification's parsing rules say."""
import http.client
import json
import socket
import time

from . import schemas
from .rest import API, Answer

PATIENCE = 20.0


class EventStream:
    def __init__(self, host, port, query="", token=None, last_event_id=None):
        self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        headers = {"Accept": "text/event-stream"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self._connection.request("GET", f"{API}/events{query}", headers=headers)
        self._socket = self._connection.sock
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.last_event_id = None
        self.headers = {k.lower(): v for k, v in self._response.getheaders()}
        self.answer = None
        if self.status != 200:
            self.answer = Answer(self.status, self.headers, self._response.read())
            schemas.check_rest("GET", f"{API}/events", self.answer)

    def next(self, timeout=PATIENCE):
        """The next message, or None at the end of the stream. Comments and bare ids are passed over."""
        deadline = time.monotonic() + timeout
        data, event_id = [], None
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no event within {timeout} s")
            self._socket.settimeout(left)
            try:
                line = self._response.readline()
            except socket.timeout:
                raise AssertionError(f"no event within {timeout} s") from None
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if not line:
                if event_id is not None:
                    self.last_event_id = event_id
                if data:
                    message = json.loads("\n".join(data))
                    schemas.check_message(message, "\n".join(data))
                    if "id" in message:
                        assert message["id"] == event_id, (message, event_id)
                    return message
                data, event_id = [], None
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif line.startswith("id:"):
                event_id = line[3:].strip()

    def expect(self, kind, where=lambda message: True, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while True:
            message = self.next(max(deadline - time.monotonic(), 0.001))
            assert message is not None, "the stream ended"
            if message["type"] == kind and where(message):
                return message

    def close(self):
        self._connection.close()
        self._response.close()
