"""H11: what happens to live sessions and streams when their token is revoked, expires, is renewed or has its scopes changed."""
import datetime

import pytest
from harness import Crew, EventWriter, RawConnection
from harness.ledger import check_exact, number, whole_log

SHOWN, HIDDEN = "shown-one", "hidden-one"
GRACE = datetime.timedelta(seconds=1)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture
def busy(make_server):
    """A server on which something happens all the time."""
    server = make_server()
    with Crew(EventWriter(server, "busy", seed=1, pause=0.01).run):
        yield server


def make_token(server, name, *scopes, **members):
    answer = server.rest().post("/tokens", {"name": name, "scopes": list(scopes) or ["events:*", "read:*"], **members})
    assert answer.status == 201, answer
    return answer.json


def seen_by_socket(socket):
    """Everything since the session began, up to the close, and the close."""
    closed = socket.expect_close(timeout=30)
    return socket.messages, closed


def seen_by_stream(stream):
    messages = []
    while message := stream.next(timeout=30):
        messages.append(message)
    return messages


def check_ended_by(messages, end, code):
    """An error that says why is the last word, and nothing was told of what happened after the end and a second."""
    assert messages[-1]["type"] == "error" and messages[-1]["data"]["code"] == code, messages[-1]
    events = [m for m in messages if m["type"] != "error" and m["type"] != "subscribed"]
    assert events, "nothing was seen before the end"
    late = [m for m in events if moment(m["timestamp"]) > end + GRACE]
    assert not late, late[:3]


def test_nothing_is_told_after_a_token_is_revoked(busy):
    token = make_token(busy, "revoked")["token"]
    socket, stream = busy.socket(token=token), busy.events(token=token)
    socket.subscribe("*")
    socket.expect("index.created")
    assert busy.rest().delete("/tokens/revoked").status == 204
    end = now()
    messages, closed = seen_by_socket(socket)
    assert closed.code == 4001
    check_ended_by(messages, end, "unauthorized")
    check_ended_by(seen_by_stream(stream), end, "unauthorized")
    assert busy.events(token=token).status == 401
    assert busy.rest(token).get("/indices").status == 401


def test_every_stream_is_told_why_it_ends(make_server):
    """Many at once, at whatever point of its turn a loop is: none ends without its last word."""
    server = make_server()
    for turn in range(10):
        token = make_token(server, f"many-{turn}")["token"]
        streams = [server.events(token=token) for _ in range(100)]
        assert server.rest().delete(f"/tokens/many-{turn}").status == 204
        for stream in streams:
            last = seen_by_stream(stream)[-1:]
            assert last and last[0]["type"] == "error" and last[0]["data"]["code"] == "unauthorized", last
            stream.close()


def test_nothing_is_told_after_a_token_expires(busy):
    made = make_token(busy, "expiring", expires_in_seconds=2)
    socket, stream = busy.socket(token=made["token"]), busy.events(token=made["token"])
    socket.subscribe("*")
    end = moment(made["expires_at"])
    messages, closed = seen_by_socket(socket)
    assert closed.code == 4201
    check_ended_by(messages, end, "token_expired")
    check_ended_by(seen_by_stream(stream), end, "token_expired")
    assert busy.events(token=made["token"]).status == 401


def test_a_replay_ends_with_its_token(make_server):
    """Revoked in the middle of a long replay: what is left of it is not sent."""
    server = make_server(settings={"limits.queue_bytes": 65_536})
    rest = server.rest()
    start = rest.get("/state").json["id"]
    for i in range(300):
        rest.post("/indices", {"index_id": f"i{i}", "dimension": 4, "num_shards": 16})
        rest.delete(f"/indices/i{i}")
    token = make_token(server, "replaying")["token"]
    socket = server.socket(token=token, receive_buffer=4096)
    socket.subscribe("*", since=start)
    assert rest.delete("/tokens/replaying").status == 204
    messages, closed = seen_by_socket(socket)
    # Cut where the reset took the close frame with it: the socket was full of replay.
    assert closed.code in (4001, 1006)
    assert len([m for m in messages if "id" in m]) < 600


def test_a_token_revoked_while_its_sessions_connect_leaves_none(make_server):
    """Those that join behind the revocation find it; those before it are told."""
    server = make_server()
    rest = server.rest()
    for turn in range(5):
        token = make_token(server, f"racing-{turn}")["token"]
        opened = []

        def open_on(stop, token=token, opened=opened):
            while not stop.is_set():
                raw = RawConnection(server.host, server.port)
                raw.upgrade(token)
                opened.append(raw)

        with Crew(*[open_on] * 3):
            while len(opened) < 20:
                rest.get("/indices")
            assert rest.delete(f"/tokens/racing-{turn}").status == 204
        for raw in opened:
            assert raw.close_code() == 4001
            raw.close()


def test_auth_again_in_place_loses_nothing(busy):
    """The same token, over and over, on a session that is told something all the time."""
    token = make_token(busy, "again")["token"]
    socket = busy.socket(token=token)
    start = socket.subscribe("*")["id"]
    seen = []
    for _ in range(30):
        socket.send({"type": "auth", "token": token, "ref": "again"})
        seen += socket.collect_until(lambda m: m.get("ref") == "again")
        assert seen.pop()["type"] == "authenticated"
        seen += socket.collect_until(lambda m: m["type"].startswith("index."))
    seen += socket.drain()
    socket.close()
    durable = [m for m in seen if "id" in m]
    check_exact(durable, whole_log(busy), "the session", since=number(start), until=number(durable[-1]))


def test_a_token_that_lives_longer_keeps_its_session(make_server):
    """auth_expiring comes again for the new end; a token without one closes nothing."""
    server = make_server()
    token = make_token(server, "longer", "events:*", expires_in_seconds=3)["token"]
    socket = server.socket(token=token)
    socket.request({"type": "hello"})
    socket.subscribe("metrics.system")
    first = socket.expect("auth_expiring")["data"]["expires_at"]
    later = (moment(first) + datetime.timedelta(seconds=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert server.rest().patch("/tokens/longer", {"expires_at": later}).status == 200
    assert socket.expect("auth_expiring")["data"]["expires_at"] == later
    assert server.rest().patch("/tokens/longer", {"expires_at": None}).status == 200
    while moment(socket.expect("metrics.system")["timestamp"]) < moment(first) + GRACE:
        pass
    assert socket.closed is None
    assert socket.auth(token)["data"]["expires_at"] is None
    socket.close()


@pytest.fixture
def changing(make_server):
    """A server with two indices, and a token that sees both at first."""
    server = make_server()
    for name in (SHOWN, HIDDEN):
        assert server.rest().post("/indices", {"index_id": name, "dimension": 4}).status == 201
    return server, make_token(server, "changing", "events:*", "read:*")["token"]


def cause(server, merge):
    for name in (HIDDEN, SHOWN):
        assert server.rest().patch(f"/indices/{name}", {"tiering": {"merge": merge}}).status == 200


def narrow(server):
    assert server.rest().patch("/tokens/changing", {"scopes": ["events:*", f"read:{SHOWN}"]}).status == 200


def widen(server):
    assert server.rest().patch("/tokens/changing", {"scopes": ["events:*", "read:*"]}).status == 200


def told(messages):
    return [(m["data"]["index"], m["data"]["tiering"]["merge"]) for m in messages if m["type"] == "index.updated"]


def test_changed_scopes_filter_what_is_live(changing):
    server, token = changing
    socket, stream = server.socket(token=token), server.events("?channels=index.*", token=token)
    socket.subscribe("*")
    cause(server, 20_000_000)
    narrow(server)
    cause(server, 30_000_000)
    widen(server)
    cause(server, 40_000_000)
    due = [(HIDDEN, 20_000_000), (SHOWN, 20_000_000), (SHOWN, 30_000_000), (HIDDEN, 40_000_000), (SHOWN, 40_000_000)]
    assert told(socket.drain()) == due
    assert told([stream.next() for _ in due]) == due
    socket.close()
    stream.close()


def test_changed_scopes_filter_what_is_replayed(changing):
    """On the session that was there before the change and on one that comes after it."""
    server, token = changing
    start = server.rest().get("/state").json["id"]
    cause(server, 20_000_000)
    socket = server.socket(token=token)
    socket.subscribe("alert.*")
    narrow(server)
    socket.subscribe("index.*", since=start)
    assert told(socket.drain()) == [(SHOWN, 20_000_000)]
    late = server.socket(token=token)
    late.subscribe("index.*", since=start)
    assert told(late.drain()) == [(SHOWN, 20_000_000)]
    widen(server)
    # What it has not had yet is due now; what it has had is not sent again.
    socket.unsubscribe("index.*")
    socket.subscribe("index.*", since=start)
    assert told(socket.drain()) == [(HIDDEN, 20_000_000)]
    for one in (socket, late):
        one.close()


def test_changed_scopes_filter_a_replay_that_is_under_way(make_server):
    """Narrowed in the middle of a long replay to a slow reader: the rest of it is filtered by the new scopes."""
    server = make_server(settings={"limits.queue_bytes": 65_536})
    rest = server.rest()
    start = rest.get("/state").json["id"]
    for i in range(300):
        rest.post("/indices", {"index_id": f"{'shown' if i % 2 else 'hidden'}-{i}", "dimension": 4, "num_shards": 16})
    token = make_token(server, "changing", "events:*", "read:*")["token"]
    socket = server.socket(token=token, receive_buffer=4096)
    socket.subscribe("index.created", since=start)
    assert rest.patch("/tokens/changing", {"scopes": ["events:*", "read:shown-*"]}).status == 200
    names = [m["data"]["index"] for m in socket.drain(timeout=60) if m["type"] == "index.created"]
    shown = [name for name in names if name.startswith("shown")]
    assert shown == [f"shown-{i}" for i in range(1, 300, 2)], "what it may see is complete"
    hidden = [name for name in names if name.startswith("hidden")]
    assert hidden == [f"hidden-{i}" for i in range(0, 2 * len(hidden), 2)] and len(hidden) < 150, "the others end at the change"
    socket.close()


def test_changed_scopes_filter_the_state(changing):
    server, token = changing
    socket = server.socket(token=token)
    socket.subscribe("*")
    for change, names in ((narrow, {SHOWN}), (widen, {SHOWN, HIDDEN})):
        change(server)
        assert {i["index_id"] for i in socket.sync()["indices"]} == names
        assert {i["index_id"] for i in server.rest(token).get("/state").json["data"]["indices"]} == names
    socket.close()


def test_channels_that_are_no_longer_covered_are_taken_away(changing):
    server, token = changing
    socket = server.socket(token=token)
    socket.subscribe("job.*", f"index.{HIDDEN}.*", "index.created")
    narrow(server)
    notice = socket.expect("unsubscribed")
    assert notice["data"]["channels"] == ["job.*", "index.created"] and notice["data"]["reason"] and "ref" not in notice
    assert socket.request({"type": "subscribe", "channels": [f"index.{HIDDEN}.*"]})["data"]["code"] == "forbidden"
    socket.close()
