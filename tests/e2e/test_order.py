"""Requests are answered in order, however many are sent at once and whatever has to be sent first; nothing follows a close."""
import json

import pytest
from harness import RawConnection, ws_frame
from wsproto.events import TextMessage


def send_at_once(socket, requests):
    """All in one write, as a pipelining client does."""
    socket.send_raw(b"".join(socket._protocol.send(TextMessage(data=json.dumps(r))) for r in requests))


def answers(socket, count):
    """The refs of the next `count` answers; a state counts with its last part."""
    refs = []
    while len(refs) < count:
        message = socket.next()
        if "ref" in message and not (message["type"] == "state" and not message["data"]["last"]):
            refs.append(message["ref"])
    return refs


def test_states_do_not_let_later_answers_pass(connect, make_index):
    for n in range(5):
        make_index(f"order{n}", num_shards=64)  # a state of several parts
    socket = connect()
    send_at_once(socket, [
        {"type": "subscribe", "channels": ["index.*"], "ref": 1}, {"type": "sync", "ref": 2}, {"type": "ping", "ref": 3},
        {"type": "subscribe", "channels": ["job.*"], "state": True, "ref": 4}, {"type": "unsubscribe", "channels": ["job.*"], "ref": 5},
        {"type": "sync", "ref": 6}, {"type": "hello", "ref": 7}, {"type": "nonsense", "ref": 8}])
    assert answers(socket, 9) == [1, 2, 3, 4, 4, 5, 6, 7, 8]


def test_a_hundred_states_asked_for_at_once(connect, make_index):
    make_index("order")
    socket = connect()
    socket.subscribe("index.*")
    send_at_once(socket, [{"type": "sync", "ref": n} for n in range(100)])
    assert answers(socket, 100) == list(range(100))


def test_long_answers_asked_for_at_once(connect):
    socket = connect()
    channels = [f"job.{'j' * 60}{n:03}.*" for n in range(128)]
    send_at_once(socket, [{"type": "subscribe", "channels": channels, "ref": n} for n in range(150)])
    assert answers(socket, 150) == list(range(150))


def test_a_request_over_the_rate_is_told_with_its_ref(connect):
    socket = connect()
    send_at_once(socket, [{"type": "ping", "ref": n} for n in range(205)])
    got = [socket.next() for _ in range(205)]
    assert [m["ref"] for m in got] == list(range(205))
    limited = [m for m in got if m["type"] == "error"]
    assert limited and all(m["data"]["code"] == "rate_limited" and m["data"]["retry_after_ms"] > 0 for m in limited)


@pytest.mark.parametrize("last", [ws_frame(8, b"\x03\xe8"), ws_frame(2, b"x"), ws_frame(3), ws_frame(1, b'{"type":"auth","token":"mlg_wrong_wrong"}')])
def test_no_frame_follows_a_close(server, make_index, last):
    """Behind a state that was asked for: the peer's close, a binary message, a reserved opcode, a wrong token."""
    make_index("order", num_shards=64)
    with RawConnection(server.host, server.port) as raw:
        requests = [{"type": "subscribe", "channels": ["index.*"]}, {"type": "sync"}]
        assert raw.upgrade(server.admin_token)[0] == 101
        raw.send(b"".join(ws_frame(1, json.dumps(r).encode()) for r in requests) + last)
        opcodes = [opcode for opcode, _ in raw.frames(raw.read_all())]
    assert opcodes.count(8) == 1 and opcodes[-1] == 8, opcodes


def test_a_state_shows_what_the_token_may_see_when_it_is_sent(connect, make_index, rest, make_token):
    """Not when it was asked for: with a full socket a while lies between."""
    make_index("seen")
    make_index("hidden")
    secret = make_token("events:*", "read:*", name="narrowed")
    socket = connect(token=secret, receive_buffer=4096)
    socket.subscribe("index.*")
    for n in range(1500):  # more than the socket's buffers hold
        rest.patch("/indices/seen", {"nprobe": n % 100 + 1})
    socket.send({"type": "sync", "ref": "late"})
    assert rest.patch("/tokens/narrowed", {"scopes": ["events:*", "read:seen"]}).status == 200
    state = socket.state("late")
    assert [index["index_id"] for index in state["indices"]] == ["seen"]
