"""H17: readers that never read, read a byte a second, or shut their window. Their queues stay within the bound, nobody else notices, they
are given up after the stall time, and who comes back catches up from the log."""
import contextlib
import json
import socket as sockets
import time

import pytest
from harness import ADMIN_TOKEN, Crew, EventWriter, RawConnection, ws_frame
from harness.ledger import check_exact, number, whole_log

QUEUE = 65_536
LARGEST_EVENT = 32 * 1024  # one message may stand over the bound: what fits is judged before it is queued
SETTINGS = {"limits.queue_bytes": QUEUE, "limits.stall_seconds": 3}


class Reader:
    """A session whose TCP window is as small as the kernel allows, so that the queue that fills is the server's."""

    def __init__(self, server):
        self.raw = RawConnection.__new__(RawConnection)
        self.raw.buffer, self.raw.ended = b"", False
        self.raw.socket = sockets.socket()
        self.raw.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
        self.raw.socket.settimeout(20)
        self.raw.socket.connect((server.host, server.port))
        assert self.raw.upgrade(ADMIN_TOKEN)[0] == 101
        self.raw.send(ws_frame(1, json.dumps({"type": "subscribe", "channels": ["*"], "ref": "here"}).encode()))
        self.raw.read_until(lambda data: b'"here"' in data)
        self.raw.send(ws_frame(1, json.dumps({"type": "hello", "ref": "name"}).encode()))
        self.raw.read_until(lambda data: b'"session":"' in data and b'"name"' in data)
        self.session = self.raw.buffer.partition(b'"session":"')[2].partition(b'"')[0].decode()

    def read_slowly(self, stop):
        """A byte a second."""
        while not stop.wait(1):
            with contextlib.suppress(OSError):
                self.raw.socket.settimeout(0.5)
                self.raw.socket.recv(1)

    def never_read(self, stop):
        stop.wait()


def row_of(server, session):
    return next((row for row in server.rest().get("/sessions").json["sessions"] if row["session"] == session), None)


def closes(server, code):
    """How many sessions have ended so, as /metrics counts them."""
    text = server.rest().raw("GET", "/metrics").body.decode()
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if not line.startswith("#") and f'"{code}"' in line)


@pytest.mark.slow
@pytest.mark.parametrize("manner", ["never_read", "read_slowly"])
def test_a_reader_that_does_not_keep_up(make_server, manner):
    server = make_server(settings=SETTINGS)
    rest = server.rest()
    healthy = server.socket()
    start = healthy.subscribe("*")["id"]
    reader = Reader(server)
    writer = EventWriter(server, "w", seed=1, pause=0)
    most = 0
    with Crew(writer.run, getattr(reader, manner)):
        seen = []
        # The kernel takes its share first; then the queue fills, and then the stall time runs.
        deadline = time.monotonic() + 120
        while not closes(server, 4102):
            assert time.monotonic() < deadline, "never given up"
            row = row_of(server, reader.session)  # None once it is closing
            most = max(most, row["queued_bytes"] if row else 0)
            for i in range(20):
                rest.post("/indices", {"index_id": f"fat-{len(seen)}-{i}", "dimension": 4, "num_shards": 64})
                rest.delete(f"/indices/fat-{len(seen)}-{i}")
            seen += healthy.drain()
    seen += healthy.drain()
    healthy.close()
    assert 0 < most <= QUEUE + LARGEST_EVENT, most
    assert closes(server, 4102) == 1
    durable = [m for m in seen if "id" in m and m["type"].partition(".")[0] in ("job", "index", "alert")]
    check_exact(durable, whole_log(server), "the healthy one", since=number(start), until=number(durable[-1]))
    reader.raw.close()


@pytest.mark.slow
def test_a_window_that_opens_again_in_time_costs_nothing(make_server):
    """Shut for less than the stall time, again and again: the session lives, falls behind, and catches up from the log."""
    server = make_server(settings=SETTINGS)
    rest = server.rest()
    slow = server.socket(receive_buffer=2048)
    start = slow.subscribe("*")["id"]
    seen = []
    for turn in range(4):
        for i in range(60):
            rest.post("/indices", {"index_id": f"fat-{turn}-{i}", "dimension": 4, "num_shards": 64})
            rest.delete(f"/indices/fat-{turn}-{i}")
        seen += slow.drain(timeout=60)
    slow.close()
    durable = [m for m in seen if "id" in m and m["type"].partition(".")[0] in ("job", "index", "alert")]
    check_exact(durable, whole_log(server), "the slow one", since=number(start), until=number(durable[-1]))
    assert len(durable) >= 4 * 120
    assert closes(server, 4102) == 0


@pytest.mark.slow
def test_who_was_given_up_comes_back_and_catches_up(make_server):
    server = make_server(settings={**SETTINGS, "limits.stall_seconds": 1})
    rest = server.rest()
    slow = server.socket(receive_buffer=2048)
    start = slow.subscribe("*")["id"]
    made = 0
    while not closes(server, 4102):
        for _ in range(50):
            rest.post("/indices", {"index_id": f"fat-{made}", "dimension": 4, "num_shards": 64})
            rest.delete(f"/indices/fat-{made}")
            made += 1
    slow.expect_close()
    seen = [m for m in slow.messages if "id" in m and m["type"].partition(".")[0] in ("job", "index", "alert")]
    slow.close()
    cursor = seen[-1]["id"] if seen else start
    again = server.socket()
    assert again.subscribe("*", since=cursor)["recovered"] is True
    seen += [m for m in again.drain(timeout=60) if "id" in m and m["type"].partition(".")[0] in ("job", "index", "alert")]
    again.close()
    check_exact(seen, whole_log(server), "who came back", since=number(start), until=number(seen[-1]))
    assert len(seen) >= 2 * made
