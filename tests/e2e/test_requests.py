"""Requests and answers: ping, hello, refs, and everything that is refused while the session lives."""
import json

import pytest
from harness import ws_frame
from wsproto.events import CloseConnection


def test_ping_without_ref_is_exactly_the_pages_pong(connect):
    socket = connect()
    socket.send({"type": "ping"})
    assert list(socket.next()) == ["type", "timestamp"]


def test_ping_with_ref_tells_the_newest_id(connect, make_index):
    socket = connect()
    before = socket.request({"type": "ping"})
    socket.subscribe("index.*")
    make_index("pinged")
    event = socket.expect("index.created")
    after = socket.request({"type": "ping"})
    assert set(after) == {"type", "timestamp", "ref", "id"}
    assert int(before["id"].split("-")[1]) < int(event["id"].split("-")[1]) <= int(after["id"].split("-")[1])


@pytest.mark.parametrize("ref", ["a", "", "x" * 64, 0, -1, 2**53, 2**63 - 1])
def test_refs_come_back_as_they_were(connect, ref):
    socket = connect()
    socket.send({"type": "ping", "ref": ref})
    answer = socket.next()
    assert answer["ref"] == ref and type(answer["ref"]) is type(ref)


@pytest.mark.parametrize("ref", ["x" * 65, 1.5, True, None, [], {}])
def test_bad_refs_are_refused(connect, ref):
    socket = connect()
    socket.send({"type": "ping", "ref": ref})
    assert "ref" in socket.expect_error("bad_request")["data"]["message"]


def test_pipelined_requests_are_answered_in_order(connect):
    socket = connect()
    for i in range(50):
        socket.send({"type": ["ping", "hello", "subscribe"][i % 3], "channels": ["job.*"], "ref": i})
    assert [socket.next()["ref"] for _ in range(50)] == list(range(50))


def test_hello_tells_what_a_client_needs(connect, server):
    socket = connect()
    data = socket.request({"type": "hello", "client": "tests"})["data"]
    assert data["authenticated"] is True and data["heartbeat_seconds"] == 25
    assert data["id"].startswith(data["epoch"] + "-") and data["oldest_id"].startswith(data["epoch"] + "-")
    limits = data["limits"]
    assert 65536 in limits.values() and 128 in limits.values() and 100 in limits.values(), limits
    socket.send({"type": "hello"})
    assert "ref" not in socket.expect("welcome")


def test_sessions_have_different_names(connect):
    names = {connect().request({"type": "hello"})["data"]["session"] for _ in range(5)}
    assert len(names) == 5


def test_unknown_members_are_ignored(connect):
    socket = connect()
    assert socket.request({"type": "ping", "extra": {"deep": [1, 2, 3]}, "data": None})["type"] == "pong"


BAD_JSON = {
    "empty": "", "blank": "   ", "word": "hello", "cut": '{"type":"ping"', "trailing": '{"type":"ping"} x',
    "two documents": '{"type":"ping"}{"type":"ping"}', "single quotes": "{'type':'ping'}", "comment": '{"type":"ping"/**/}',
    "trailing comma": '{"type":"ping",}', "BOM": '\ufeff{"type":"ping"}', "bare NaN": '{"type":"ping","x":NaN}',
    "1e400": '{"type":"ping","x":1e400}', "2^64": '{"type":"ping","x":18446744073709551616}',
    "lone surrogate": '{"type":"ping","x":"\\ud800"}', "control character": '{"type":"ping","x":"\x01"}',
    "depth 33": '{"type":"ping","x":' + "[" * 32 + "]" * 32 + "}",
    "depth 1000": '{"type":"ping","x":' + "[" * 1000 + "]" * 1000 + "}",
}


@pytest.mark.parametrize("text", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_bad_json_is_told_and_the_session_lives(connect, text):
    """H19."""
    socket = connect()
    socket.send_text(text)
    error = socket.expect_error("bad_json")
    assert error["data"]["retryable"] is False
    assert socket.request({"type": "ping"})["type"] == "pong"


def test_depth_32_and_large_but_legal_messages_are_fine(connect):
    socket = connect()
    deep = "[" * 31 + "]" * 31
    socket.send_text('{"type":"ping","ref":1,"x":' + deep + "}")
    assert socket.next()["ref"] == 1
    socket.send({"type": "ping", "ref": 2, "x": "y" * 60_000})
    assert socket.next()["ref"] == 2
    socket.send_text(json.dumps({"type": "ping", "ref": 3, "x": {f"k{i}": i for i in range(5000)}}, separators=(",", ":")))
    answer = socket.next()
    assert answer["ref"] == 3
    socket.send_text('{"type":"subscribe","type":"ping","ref":4}')
    assert socket.next()["type"] in ("pong", "error")


BAD_REQUESTS = {
    "no type": ({}, "bad_request"), "type is a number": ({"type": 7}, "bad_request"), "array": ([], "bad_request"),
    "text": ("ping", "bad_request"), "null": (None, "bad_request"), "unknown type": ({"type": "shout"}, "unknown_type"),
    "page type as request": ({"type": "metrics.system"}, "unknown_type"), "no channels": ({"type": "subscribe"}, "bad_request"),
    "channels is text": ({"type": "subscribe", "channels": "job.*"}, "bad_request"),
    "channel is a number": ({"type": "subscribe", "channels": [1]}, "bad_request"),
    "since is a number": ({"type": "subscribe", "channels": ["*"], "since": 5}, "bad_request"),
    "since is unreadable": ({"type": "subscribe", "channels": ["*"], "since": "yesterday"}, "bad_request"),
    "state is text": ({"type": "subscribe", "channels": ["*"], "state": "yes"}, "bad_request"),
    "no token": ({"type": "auth"}, "bad_request"), "token is a number": ({"type": "auth", "token": 1}, "bad_request"),
}


@pytest.mark.parametrize("message,code", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_bad_requests_are_told_precisely(connect, message, code):
    """H20: with the ref, when there was one to read."""
    socket = connect()
    if isinstance(message, dict):
        answer = socket.request(message)
    else:
        socket.send_text(json.dumps(message))
        answer = socket.expect("error")
    assert answer["type"] == "error" and answer["data"]["code"] == code, answer
    assert socket.request({"type": "ping"})["type"] == "pong"


def test_type_is_escaped_in_the_error(connect):
    socket = connect()
    answer = socket.request({"type": "\u001b[31m<script>\n" + "y" * 500})
    assert answer["data"]["code"] == "unknown_type"
    assert "\x1b" not in answer["data"]["message"] and len(answer["data"]["message"]) < 300


def test_ten_bad_messages_in_a_minute_close_4009(connect):
    socket = connect()
    for _ in range(10):
        socket.send_text("{bad")
    assert socket.expect_close().code == 4009
    assert [m["data"]["code"] for m in socket.messages if m["type"] == "error"].count("bad_json") >= 9


def test_binary_messages_close_1003(connect):
    socket = connect()
    socket.send_binary(b"\x00\x01")
    assert socket.expect_close().code == 1003


def test_messages_over_the_limit_close_1009(connect):
    socket = connect()
    socket.send({"type": "ping", "x": "y" * 65_536})
    assert socket.expect_close().code == 1009


def test_bad_utf8_closes_1007(connect):
    socket = connect()
    socket.send_raw(ws_frame(1, b'{"type":"ping","x":"\xff\xfe"}'))
    assert socket.expect_close().code == 1007


def test_closing_is_answered(connect):
    socket = connect()
    socket.send_raw(socket._protocol.send(CloseConnection(code=1000, reason="bye")))
    assert socket.expect_close().code == 1000
