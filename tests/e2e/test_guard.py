"""A node that runs out of disk (or, if asked for, memory) becomes read-only, says so, and comes back by itself."""
import threading

import pytest
from harness import fill, rows
from harness.vectors import ndjson

EVENTS = ("index.*", "alert.*", "job.*")


@pytest.fixture
def guarded(make_server):
    """A server of its own, with an index, a session that watches, and the disk's rule in the test's hands."""
    server = make_server()
    rest = server.rest()
    assert rest.post("/indices", {"index_id": "docs", "dimension": 4, "num_shards": 2}).status == 201
    fill(rest, "docs", rows(300, 4))
    return server


def put_rule(rest, rule, **members):
    answer = rest.put(f"/alert-rules/{rule}", members)
    assert answer.status == 200, answer


def run_short(rest, rule="disk"):
    """The real fraction is beyond `error` from now on: every disk has something on it."""
    put_rule(rest, rule, warn=1e-6, error=2e-6, clear=5e-7, for_seconds=0)


def have_enough(rest, rule="disk"):
    put_rule(rest, rule, warn=0.999, error=0.9999, clear=0.998, for_seconds=0)


def watching(server):
    socket = server.socket()
    socket.subscribe(*EVENTS)
    return socket


def moved(socket, to, count=2):
    """The next `count` moves to a state, and nothing else that moves between them."""
    moves = [socket.expect("index.shard_transition")["data"] for _ in range(count)]
    assert {move["to"]["state"] for move in moves} == {to}, moves
    return moves


def shard_states(rest, index="docs"):
    return {shard["state"] for shard in rest.get(f"/indices/{index}").json["shards"]}


def refused(answer):
    assert (answer.status, answer.error) == (503, "readonly"), answer
    assert "disk" in answer.json["message"], answer


def test_a_node_short_of_disk_is_readonly_until_there_is_more(guarded):
    rest, socket = guarded.rest(), watching(guarded)
    run_short(rest)
    alert = socket.expect("alert.error")["data"]
    assert alert["metadata"]["readonly"] is True and alert["metadata"]["node"] == "n1"
    for move in moved(socket, "readonly"):
        assert (move["from"]["state"], move["reason"], move["node"]) == ("active", "disk_guard", "n1")
    assert shard_states(rest) == {"readonly"}

    one = {"vectors": [{"id": "late", "values": [1, 2, 3, 4]}]}
    refused(rest.post("/indices/docs/vectors", one))
    refused(rest.upload("docs", ndjson(rows(5, 4, first=900))))
    refused(rest.post("/indices/docs/import", {"source": "nothing.npy"}))
    refused(rest.post("/indices/docs/train"))
    refused(rest.post("/indices", {"index_id": "more", "dimension": 4}))
    assert rest.get("/jobs?index=docs").json["jobs"] == []
    # What takes no disk is served, and so is what gives some back.
    assert len(rest.post("/indices/docs/search", {"vector": [0, 0, 0, 0], "k": 5}).json["results"][0]) == 5
    assert rest.delete("/indices/docs/vectors/v0").status == 200
    assert rest.post("/indices/docs/vectors/delete", {"ids": ["v1", "v2"]}).json == {"deleted": 2}
    assert rest.patch("/indices/docs", {"nprobe": 3}).status == 200

    have_enough(rest)
    assert socket.expect("alert.resolved")["data"]["alertId"] == alert["alertId"]
    for move in moved(socket, "active"):
        assert (move["from"]["state"], move["reason"]) == ("readonly", "guard_cleared")
    assert rest.post("/indices/docs/vectors", one).status == 200
    assert rest.post("/indices", {"index_id": "more", "dimension": 4}).status == 201


def test_it_does_not_flap_between_error_and_clear(guarded):
    rest, socket = guarded.rest(), watching(guarded)
    run_short(rest)
    moved(socket, "readonly")
    socket.subscribe("metrics.system")
    for error in (3e-6, 4e-6, 5e-6):
        put_rule(rest, "disk", error=error)
        for _ in range(2):  # the rule is looked at between two samples
            socket.expect("metrics.system", keep=True)
        assert shard_states(rest) == {"readonly"}
    have_enough(rest)
    assert {move["from"]["state"] for move in moved(socket, "active")} == {"readonly"}


def test_it_outlives_a_restart(guarded):
    rest, socket = guarded.rest(), watching(guarded)
    run_short(rest)
    moved(socket, "readonly")
    cursor = rest.get("/state?channels=index.*").json["id"]
    guarded.restart()
    rest, socket = guarded.rest(), guarded.socket()
    assert shard_states(rest) == {"readonly"}
    refused(rest.post("/indices/docs/vectors", {"vectors": [{"id": "late", "values": [1, 2, 3, 4]}]}))
    socket.subscribe(*EVENTS, since=cursor)
    assert {move["reason"] for move in moved(socket, "recovering")} == {"restart"}
    assert {move["reason"] for move in moved(socket, "readonly")} == {"disk_guard"}
    have_enough(rest)
    assert {move["reason"] for move in moved(socket, "active")} == {"guard_cleared"}


def test_one_that_cleared_while_the_server_was_away_is_lifted(guarded):
    rest, socket = guarded.rest(), watching(guarded)
    run_short(rest)
    moved(socket, "readonly")
    put_rule(rest, "disk", enabled=False)
    guarded.kill()
    guarded.start()
    rest, socket = guarded.rest(), watching(guarded)
    if shard_states(rest) != {"active"}:  # the rule was not looked at before the kill
        moved(socket, "active")
    assert rest.post("/indices/docs/vectors", {"vectors": [{"id": "late", "values": [1, 2, 3, 4]}]}).status == 200


def test_a_running_import_fails_as_readonly_and_keeps_its_rows(guarded):
    rest, socket = guarded.rest(), watching(guarded)
    began, ended = threading.Event(), threading.Event()
    answers = []

    def body():
        yield ndjson(rows(100, 4, first=1000))
        assert began.wait(30)
        while not ended.is_set():
            yield ndjson(rows(1000, 4, first=2000))

    uploading = threading.Thread(target=lambda: answers.append(rest.upload("docs", body(), query="?jobId=cut")), daemon=True)
    uploading.start()
    socket.expect("job.started")
    run_short(rest)
    moved(socket, "readonly")
    began.set()
    failed = socket.expect("job.failed")["data"]
    ended.set()
    uploading.join(30)
    assert failed["error"]["code"] == "readonly" and "disk" in failed["error"]["message"]
    assert rest.get("/jobs/cut").json["state"] == "failed"
    if answers:  # a client that still sends may not have read it
        assert answers[0].status == 503 and answers[0].json["jobId"] == "cut"


def test_memory_is_guarded_where_it_is_asked_for(make_server):
    server = make_server()
    rest, socket = server.rest(), watching(server)
    assert rest.post("/indices", {"index_id": "docs", "dimension": 4}).status == 201
    run_short(rest, "memory")
    assert "readonly" not in socket.expect("alert.error")["data"]["metadata"]
    fill(rest, "docs", rows(10, 4))
    assert shard_states(rest) == {"active"}

    server.settings["memory.guard"] = True
    server.restart()
    rest, socket = server.rest(), watching(server)
    assert shard_states(rest) == {"readonly"}
    answer = rest.post("/indices/docs/vectors", {"vectors": [{"id": "late", "values": [1, 2, 3, 4]}]})
    assert (answer.status, answer.error) == (503, "readonly") and "memory" in answer.json["message"]
    have_enough(rest, "memory")
    assert moved(socket, "active", 1)[0]["reason"] == "guard_cleared"
