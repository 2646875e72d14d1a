"""A cursor is resumed from: on the socket, over SSE, after a restart; and what happens when it cannot be."""
import pytest
from harness import rows


def seq(message_or_id):
    text = message_or_id if isinstance(message_or_id, str) else message_or_id["id"]
    return int(text.rpartition("-")[2])


def make_history(rest, prefix, count=5):
    """Creates and deletes `count` indices: 2 * count events."""
    for i in range(count):
        assert rest.post("/indices", {"index_id": f"{prefix}-{i}", "dimension": 4}).status == 201
        assert rest.delete(f"/indices/{prefix}-{i}").status == 204
    return [(kind, f"{prefix}-{i}") for i in range(count) for kind in ("index.created", "index.deleted")]


def told(messages):
    return [(m["type"], m["data"]["index"]) for m in messages if m["type"].startswith("index.")]


def test_since_replays_what_was_missed_then_goes_on_live(connect, rest):
    watcher = connect()
    start = watcher.subscribe("index.*")["id"]
    missed = make_history(rest, "missed")
    live = watcher.drain()
    socket = connect()
    answer = socket.subscribe("index.*", since=start)
    assert answer["recovered"] is True and answer["id"] == start
    replayed = socket.drain()
    assert told(replayed) == missed and replayed == live
    after = make_history(rest, "after", 2)
    assert told(socket.drain()) == after


def test_since_in_the_middle(connect, rest):
    watcher = connect()
    watcher.subscribe("index.*")
    history = make_history(rest, "middle")
    events = watcher.drain()
    for cut in (0, 3, len(events) - 1):
        socket = connect()
        socket.subscribe("index.*", since=events[cut]["id"])
        assert told(socket.drain()) == history[cut + 1:]


def test_replay_holds_only_the_patterns_new_in_the_request(connect, rest):
    """An event already sent on this session is not sent again."""
    socket = connect()
    start = socket.subscribe("index.created")["id"]
    make_history(rest, "twice", 3)
    assert {m["type"] for m in socket.drain()} == {"index.created"}
    socket.subscribe("index.*", since=start)
    assert [m["type"] for m in socket.drain()] == ["index.deleted"] * 3


def test_no_hole_and_no_double_while_events_keep_coming(connect, rest):
    """Resumes again and again in the middle of a busy log; the union must be the log, each event once."""
    watcher = connect()
    cursor = watcher.subscribe("index.*")["id"]
    collected = []
    history = []
    for turn in range(6):
        history += make_history(rest, f"busy{turn}", 2)
        socket = connect()
        socket.subscribe("index.*", since=cursor)
        got = socket.drain()
        if turn % 2:
            got = got[:len(got) // 2]
        socket.abort()
        collected += got
        if got:
            cursor = got[-1]["id"]
    socket = connect()
    socket.subscribe("index.*", since=cursor)
    collected += socket.drain()
    assert told(collected) == history
    assert [seq(m) for m in collected] == sorted({seq(m) for m in collected})


@pytest.mark.parametrize("since", ["nonsense", "", "-5", "abc-", "abc-x", "abc--1", "ABC-1", "abc-1.5", "a" * 33 + "-1", "abc-99999999999999999999"])
def test_unreadable_since_is_bad_request(connect, since):
    socket = connect()
    assert socket.request({"type": "subscribe", "channels": ["*"], "since": since})["data"]["code"] == "bad_request"


def test_since_ahead_of_the_log_is_bad_request(connect):
    socket = connect()
    epoch = socket.request({"type": "hello"})["data"]["epoch"]
    answer = socket.request({"type": "subscribe", "channels": ["*"], "since": f"{epoch}-999999999"})
    assert answer["data"]["code"] == "bad_request"


def test_other_epoch_is_not_recovered_and_the_subscription_stands(connect, rest):
    socket = connect()
    answer = socket.subscribe("index.*", since="otherepoch-3")
    assert answer["recovered"] is False
    history = make_history(rest, "other-epoch", 1)
    assert told(socket.drain()) == history


def test_other_epoch_without_ref_is_told_by_an_error(connect, rest):
    socket = connect()
    socket.send({"type": "subscribe", "channels": ["index.*"], "since": "otherepoch-3"})
    socket.expect_error("cursor_expired")
    history = make_history(rest, "other-error", 1)
    assert told(socket.drain()) == history


def test_other_epoch_with_state_closes_the_hole(connect, rest, make_index):
    make_index("stands")
    socket = connect()
    socket.send({"type": "subscribe", "channels": ["index.*"], "since": "otherepoch-3", "state": True, "ref": 1})
    assert socket.answer(1)["data"]["recovered"] is False
    state = socket.state()
    assert "stands" in {i["index_id"] for i in state["indices"]}


def test_state_at_cursor_plus_later_events_is_the_state_later(connect, rest, make_index):
    """State is a fold of the log: fold the events after a state and get the next state."""
    socket = connect()
    socket.subscribe("index.*")
    first = socket.sync()
    known = {i["index_id"]: i for i in first["indices"]}
    make_index("folded")
    rest.post("/indices/folded/vectors", {"vectors": rows(5, 4)})
    rest.patch("/indices/folded", {"tiering": {"merge": 30_000_000}})
    make_history(rest, "folded-away", 2)
    counted = socket.expect("index.updated", where=lambda m: m["data"]["vectors"] == 5, keep=True)
    events = [m for m in [counted, *socket.drain()] if "id" in m and m["type"].startswith("index.")]
    for event in sorted(events, key=lambda m: int(m["id"].rpartition("-")[2])):
        if event["type"] == "index.deleted":
            known.pop(event["data"]["index"])
        elif event["type"] in ("index.created", "index.updated"):
            known[event["data"]["index"]] = {k: v for k, v in event["data"].items() if k not in ("index", "changed")}
    second = socket.sync()
    assert {i["index_id"]: i for i in second["indices"]} == known


def test_cursor_survives_a_restart(make_server):
    server = make_server()
    rest = server.rest()
    socket = server.socket()
    start = socket.subscribe("index.*")["id"]
    history = make_history(rest, "restarted")
    socket.close()
    server.restart()
    socket = server.socket()
    assert socket.subscribe("index.*", since=start)["recovered"] is True
    replayed = socket.drain()
    assert told(replayed) == history
    more = make_history(server.rest(), "later", 1)
    live = socket.drain()
    assert told(live) == more and seq(live[0]) > seq(replayed[-1])
    assert live[0]["id"].split("-")[0] == start.split("-")[0]
    socket.close()


def test_state_survives_a_restart(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "kept", "dimension": 4})
    rest.post("/indices/kept/vectors", {"vectors": rows(20, 4)})
    server.restart()
    rest = server.rest()
    assert rest.get("/indices/kept/vectors/v7").json["metadata"] == {"n": 7}
    hits = rest.post("/indices/kept/search", {"vector": rows(20, 4)[3]["values"], "k": 1}).json["results"][0]
    assert hits[0]["id"] == "v3" and hits[0]["distance"] < 1e-6


def test_sse_streams_the_same_messages(server, connect, rest):
    stream = server.events("?channels=index.*")
    socket = connect()
    socket.subscribe("index.*")
    history = make_history(rest, "sse", 2)
    over_socket = socket.drain()
    over_sse = [stream.next() for _ in over_socket]
    stream.close()
    assert over_sse == over_socket and told(over_sse) == history
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_sse_resumes_by_last_event_id_and_by_since(server, connect, rest):
    start = connect().subscribe("*")["id"]
    history = make_history(rest, "sse-resume", 3)
    for options in ({"last_event_id": start, "query": "?channels=index.*"}, {"query": f"?channels=index.*&since={start}"}):
        stream = server.events(**options)
        assert told([stream.next() for _ in history]) == history
        stream.close()


def test_sse_refuses_what_it_cannot_read(server, make_token):
    assert server.events("?since=nonsense").answer.error == "bad_request"
    assert server.events("?channels=job..x").answer.error == "bad_request"
    assert server.events("?channels=index.*", token=make_token("events:job.*")).answer.error == "forbidden"
    assert server.events(token=None).status == 401


def test_sse_of_another_epoch_says_so_and_goes_on(server, rest):
    stream = server.events("?channels=index.*&since=otherepoch-3")
    assert stream.status == 200
    assert stream.expect("error")["data"]["code"] == "cursor_expired"
    history = make_history(rest, "sse-expired", 1)
    assert told([stream.next() for _ in history]) == history
    stream.close()


@pytest.mark.slow
def test_quiet_sse_stream_keeps_its_cursor_fresh(server, connect, make_index):
    """A bare id every 15 s, without an event."""
    stream = server.events("?channels=job.*")
    make_index("fresh-cursor")
    tail = connect().request({"type": "ping"})["id"]
    with pytest.raises(AssertionError, match="no event"):
        stream.next(timeout=20)
    assert seq(stream.last_event_id) >= seq(tail)
    stream.close()
