"""Channels, patterns and what a subscription answers."""
import pytest
from harness import fill, rows


def test_answer_carries_all_patterns_and_where_delivery_begins(connect):
    socket = connect()
    first = socket.subscribe("job.*")
    assert first["channels"] == ["job.*"] and first["recovered"] is False
    second = socket.subscribe("alert.*", "index.docs.*")
    assert sorted(second["channels"]) == ["alert.*", "index.docs.*", "job.*"]
    assert second["id"].split("-")[0] == first["id"].split("-")[0]


def test_subscribing_again_is_harmless(connect, make_index):
    socket = connect()
    socket.subscribe("index.*")
    assert socket.subscribe("index.*")["channels"] == ["index.*"]
    make_index("again")
    assert [m["type"] for m in socket.drain()] == ["index.created"]


def test_each_event_once_however_many_patterns_match(connect, make_index):
    socket = connect()
    socket.subscribe("*", "index.*", "index.created", "index.once.*", "index.once.created")
    make_index("once")
    assert [m["type"] for m in socket.drain() if "id" in m] == ["index.created"]


def test_entity_channels_select_one_index(connect, rest, make_index):
    socket = connect()
    socket.subscribe("index.wanted.*", "job.job-wanted.*")
    for name in ("wanted", "unwanted"):
        make_index(name)
        fill(rest, name, rows(8, 4))
        rest.upload(name, b'{"id":"a","values":[1,2,3,4]}\n', query=f"?jobId=job-{name}")
    seen = socket.drain()
    assert {m["data"]["index"] for m in seen} == {"wanted"}
    assert {m["data"].get("jobId") for m in seen if m["type"].startswith("job.")} == {"job-wanted"}


def test_kind_channel_selects_one_kind(connect, rest, make_index):
    socket = connect()
    socket.subscribe("index.deleted")
    make_index("kind")
    rest.delete("/indices/kind")
    assert [m["type"] for m in socket.drain()] == ["index.deleted"]


def test_metrics_of_the_node_and_of_an_index(connect, rest, make_index):
    node = connect().request({"type": "hello"})["data"]["node"]
    socket = connect()
    socket.subscribe(f"metrics.{node}.system", "metrics.measured.*")
    make_index("measured")
    make_index("unmeasured")
    for name in ("measured", "unmeasured"):
        fill(rest, name, rows(50, 4))
        rest.post(f"/indices/{name}/search", {"vector": [1, 2, 3, 4], "k": 1})
    wanted = {"metrics.system", "metrics.index", "metrics.search"}
    seen = socket.collect_until(lambda m: wanted.discard(m["type"]) or not wanted)
    assert {m["data"]["index"] for m in seen if "index" in m["data"]} == {"measured"}


def test_unsubscribe_removes_what_was_named(connect, make_index):
    socket = connect()
    socket.subscribe("index.*", "job.*")
    assert socket.unsubscribe("index.*", "never.subscribed")["channels"] == ["job.*"]
    make_index("gone-quiet")
    assert socket.drain() == []


def test_unsubscribe_star_removes_all(connect, make_index):
    socket = connect()
    socket.subscribe("index.*", "job.*")
    assert socket.unsubscribe("*")["channels"] == []
    make_index("all-quiet")
    assert socket.drain() == []


def test_one_bad_channel_refuses_the_whole_request(connect, make_index):
    socket = connect()
    answer = socket.request({"type": "subscribe", "channels": ["index.*", "job..x", "alert.*"]})
    assert answer["data"]["code"] == "invalid_channel" and "job..x" in answer["data"]["message"]
    make_index("refused-whole")
    assert socket.drain() == []
    assert socket.subscribe("job.*")["channels"] == ["job.*"]


def test_subscription_is_answered_before_any_event_of_it(connect, make_index):
    start = connect().subscribe("*")["id"]
    make_index("before-any")
    socket = connect()
    socket.send({"type": "subscribe", "channels": ["index.*"], "since": start, "ref": "x"})
    seen = socket.collect_until(lambda m: m["type"] == "index.created")
    assert [m["type"] for m in seen] == ["subscribed", "index.created"]


def test_identical_bytes_for_every_session(connect, make_index):
    one, two = connect(), connect(path="/ws/events")
    one.subscribe("*")
    two.subscribe("index.*")
    make_index("identical")
    assert one.expect("index.created") == two.expect("index.created")


def test_state_then_live(connect, make_index):
    make_index("in-state")
    socket = connect()
    socket.send({"type": "subscribe", "channels": ["index.*"], "state": True, "ref": "s"})
    socket.answer("s")
    state = socket.state()
    assert "in-state" in {i["index_id"] for i in state["indices"]}
    assert state["jobs"] == [] and state["metrics"] == []
    make_index("after-state")
    event = socket.expect("index.created")
    assert event["data"]["index"] == "after-state"
    assert int(event["id"].split("-")[1]) > int(state["id"].split("-")[1])


def test_sync_of_one_channel(connect, make_index):
    make_index("synced")
    socket = connect()
    socket.subscribe("*")
    state = socket.sync("index.synced.*")
    assert [i["index_id"] for i in state["indices"]] == ["synced"]
    assert state["jobs"] == [] and state["alerts"] == []


def channel_list(count):
    return [f"index.name-{i}.*" for i in range(count)]


@pytest.mark.parametrize("count", [1, 128])
def test_up_to_the_limit(connect, count):
    """H21."""
    assert len(connect().subscribe(*channel_list(count))["channels"]) == count


@pytest.mark.parametrize("count", [129, 2000])
def test_over_the_limit_names_it(connect, count):
    socket = connect()
    answer = socket.request({"type": "subscribe", "channels": channel_list(count)})
    assert answer["data"]["code"] == "too_many_channels" and "128" in answer["data"]["message"]
    assert socket.subscribe("job.*")["channels"] == ["job.*"]


def test_the_same_channel_2000_times_is_one(connect):
    assert connect().subscribe(*["job.*"] * 2000)["channels"] == ["job.*"]


def test_limit_counts_over_requests_and_is_configurable(make_server):
    server = make_server(settings={"limits.patterns": 4})
    socket = server.socket()
    assert socket.request({"type": "hello"})["data"]["limits"]["patterns"] == 4
    socket.subscribe(*channel_list(3))
    assert socket.request({"type": "subscribe", "channels": ["job.*", "alert.*"]})["data"]["code"] == "too_many_channels"
    assert len(socket.subscribe("job.*")["channels"]) == 4
    socket.close()


BAD_CHANNELS = [
    "", "a" * 65, "index." + "a" * 65 + ".*", "x" * 10_000, ".job", "job.", ".", "..", "job..started", "job .*", " job.*",
    "job.*\n", "job.\x00", "job.\u0441reated", "jоb.*", "%2e", "job%2e*", "index.docs.nonsense", "job.a.b.c", "unknown.*",
    "**", "*.*.*", "job.*x", "job.x*", "*.job", "job.*.failed", ">", "job.>", "#", "job.?", "job.**", "[job]", "(a+)+$",
]


@pytest.mark.parametrize("channel", BAD_CHANNELS, ids=[repr(c[:24]) for c in BAD_CHANNELS])
def test_bad_channels_are_refused(connect, channel):
    """H22, H23: whole tokens only, nothing that could backtrack, named and escaped."""
    socket = connect()
    answer = socket.request({"type": "subscribe", "channels": [channel]})
    assert answer["data"]["code"] == "invalid_channel", answer
    assert len(answer["data"]["message"]) < 400
    assert all(32 <= ord(c) for c in answer["data"]["message"])
    assert socket.request({"type": "ping"})["type"] == "pong"
