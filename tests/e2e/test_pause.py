"""F03: a server that was stopped and goes on has seen nobody's silence. What came meanwhile waits in the sockets and is read before any
deadline is judged; sessions live on, events keep their order, none comes twice."""
import json
import signal
import time

import pytest
from harness import ADMIN_TOKEN, RawConnection, ws_frame
from harness.ledger import check_order, number

MANY = 400  # more than one turn of the server's loops looks at


class Stopped:
    """SIGSTOP inside the block, SIGCONT behind it."""

    def __init__(self, server):
        self.process = server.process

    def __enter__(self):
        self.process.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)


def say(raw, **message):
    assert raw.send(ws_frame(1, json.dumps(message).encode()))


def upgraded(server, token):
    raw = RawConnection(server.host, server.port)
    assert raw.upgrade(token)[0] == 101
    return raw


@pytest.mark.parametrize("seconds", [4, pytest.param(7, marks=pytest.mark.slow)])
def test_who_spoke_meanwhile_is_heard(make_server, seconds):
    """Longer than the idle limit, and each session has a ping waiting: all are answered, none is dropped."""
    server = make_server(settings={"limits.heartbeat_seconds": 1, "limits.idle_timeout_seconds": 3})
    crowd = [upgraded(server, ADMIN_TOKEN) for _ in range(MANY)]
    with Stopped(server):
        for raw in crowd:
            say(raw, type="ping", ref="meanwhile")
        time.sleep(seconds)  # the pause is the point
    for raw in crowd:
        raw.read_until(lambda data: b"meanwhile" in data or raw._find_close(data) is not None)
        assert b"meanwhile" in raw.buffer, f"closed with {raw._find_close(raw.buffer)}"
        raw.close()
    closed = [line for line in server.log().splitlines() if "code=4105" in line]
    assert not closed, closed[:3]


def test_who_said_who_they_are_meanwhile_is_let_in(make_server):
    server = make_server(settings={"limits.auth_timeout_seconds": 2})
    crowd = [upgraded(server, None) for _ in range(MANY)]
    with Stopped(server):
        for raw in crowd:
            say(raw, type="auth", token=ADMIN_TOKEN, ref="me")
        time.sleep(3)
    for raw in crowd:
        raw.read_until(lambda data: b'"me"' in data or raw._find_close(data) is not None)
        assert b'"authenticated"' in raw.buffer, f"closed with {raw._find_close(raw.buffer)}"
        raw.close()
    assert "code=4104" not in server.log()


@pytest.mark.slow
def test_who_finished_a_message_meanwhile_is_not_late(make_server):
    """A message may take 10 s; its second half came after 2, while the server was away for 11."""
    server = make_server()
    raw = upgraded(server, ADMIN_TOKEN)
    raw.send(ws_frame(1, b'{"type":"ping",', fin=False))
    socket = server.socket()
    socket.request({"type": "ping"})
    with Stopped(server):
        raw.send(ws_frame(0, b'"ref":"halves"}'))
        time.sleep(11)
    raw.read_until(lambda data: b"halves" in data or raw._find_close(data) is not None)
    assert b"halves" in raw.buffer, raw.buffer
    raw.close()
    socket.close()


@pytest.mark.slow
def test_quiet_sessions_outlive_a_long_pause(make_server):
    """Nobody said anything, nobody could have: the silence was the server's own."""
    server = make_server(settings={"limits.heartbeat_seconds": 1, "limits.idle_timeout_seconds": 3})
    sockets = [server.socket() for _ in range(20)]
    for one in sockets:
        one.subscribe("index.*")
    stream = server.events("?channels=index.*")
    with Stopped(server):
        time.sleep(8)
    assert server.rest().post("/indices", {"index_id": "after", "dimension": 4}).status == 201
    for one in sockets:
        assert one.expect("index.created")["data"]["index"] == "after"
        one.close()
    assert stream.expect("index.created")["data"]["index"] == "after"
    stream.close()


def test_a_resume_sent_meanwhile_is_served_in_order(make_server):
    """Connecting, subscribing and asking for a state while the server is away: all of it is answered on waking."""
    server = make_server()
    rest = server.rest()
    first = server.socket()
    start = first.subscribe("index.*")["id"]
    for i in range(50):
        assert rest.post("/indices", {"index_id": f"n{i}", "dimension": 4}).status == 201
    live = first.drain()
    first.close()
    raw = upgraded(server, ADMIN_TOKEN)
    with Stopped(server):
        say(raw, type="subscribe", channels=["index.*"], since=start, ref="again")
        say(raw, type="sync", ref="whole")
        say(raw, type="ping", ref="last")
        time.sleep(1)
    raw.read_until(lambda data: b'"last":true' in data)
    raw.close()
    second = server.socket()
    assert second.subscribe("index.*", since=start)["recovered"] is True
    replayed = [m for m in second.drain() if "id" in m and m["type"].startswith("index.")]
    check_order(replayed, "the resumed session")
    assert [number(m) for m in replayed] == [number(m) for m in live if m["type"].startswith("index.")]
    second.close()
