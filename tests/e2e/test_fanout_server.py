"""bench/fanout_server is what fan-out is measured with: what it sends must be what the daemon sends, byte for byte."""
import json
import re
import subprocess

import pytest

from harness.raw import RawConnection, ws_frame
from harness.server import binary

UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%b\r\n")
SUBSCRIBE = json.dumps({"type": "subscribe", "channels": ["metrics.system"], "ref": "s"}).encode()
TIME = re.compile(rb'"timestamp":"[^"]{24}"')


@pytest.fixture(params=["--epoll", "--uring"])
def fanout_port(request):
    flags = ["--uring"] if request.param == "--uring" else []
    process = subprocess.Popen([binary("fanout_server"), "--port", "0", *flags], stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline().rsplit(":", 1)[1])
    process.terminate()
    assert process.wait(20) == 0


def subscriber(port, headers=b""):
    """A raw connection that has sent its subscription."""
    connection = RawConnection("127.0.0.1", port)
    connection.send(UPGRADE % headers + ws_frame(1, SUBSCRIBE))
    return connection


def frames(data):
    """The whole frames behind the answer to the upgrade, header and payload together."""
    rest = data.partition(b"\r\n\r\n")[2]
    while len(rest) >= 2:
        head, size = (2, rest[1]) if rest[1] < 126 else (4, int.from_bytes(rest[2:4], "big"))
        if len(rest) < head + size:
            return
        yield rest[:head + size]
        rest = rest[head + size:]


def first_event(connection):
    """The frame of the first sample, as it came."""
    def samples(data):
        return [frame for frame in frames(data) if b'"type":"metrics.system"' in frame]
    return samples(connection.read_until(samples))[0]


def test_its_bytes_are_the_daemons(server, fanout_port):
    expected = first_event(subscriber(server.port, b"Authorization: Bearer %b\r\n" % server.admin_token.encode()))
    data = expected[expected.index(b'"data":') + len(b'"data":'):-1]
    ours = subscriber(fanout_port)
    ours.read_until(lambda seen: b'"subscribed"' in seen)
    ours.send(ws_frame(1, b'{"type":"publish","data":%b}' % data))
    assert TIME.sub(b"", first_event(ours)) == TIME.sub(b"", expected)


def test_a_turns_events_come_to_each_session_once_and_in_order(fanout_port):
    sessions = [subscriber(fanout_port) for _ in range(300)]
    for session in sessions:
        session.read_until(lambda seen: b'"subscribed"' in seen)
    for turn in range(5):
        sessions[0].send(b"".join(ws_frame(1, b'{"type":"publish","data":{"n":%d}}' % n) for n in range(turn * 64, turn * 64 + 64)))
    for session in sessions:
        seen = session.read_until(lambda data: b'"n":319}' in data)
        assert [int(n) for n in re.findall(rb'"n":(\d+)\}', seen)] == list(range(320))
