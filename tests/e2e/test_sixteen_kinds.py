"""All sixteen event kinds from real causes in one run, and what must hold along the whole stream."""
import itertools
import json
import time

import pytest
from harness import RawConnection, fill, rows
from harness.vectors import ndjson

INDEX = "sixteen"
DIMENSION = 16
KINDS = {
    "metrics.system", "metrics.index", "metrics.search", "metrics.ingest",
    "job.started", "job.progress", "job.completed", "job.failed",
    "index.created", "index.updated", "index.deleted", "index.shard_transition",
    "alert.warning", "alert.error", "alert.resolved", "alert.rate_limit",
}


def seq(message):
    return int(message["id"].rpartition("-")[2])


def check_stream(messages):
    """What holds for every stream: ids rise, durable timestamps never fall, a job's story is told in order."""
    durable = [m for m in messages if "id" in m and m["type"].split(".")[0] in ("job", "index", "alert")]
    for before, after in itertools.pairwise(durable):
        assert seq(after) > seq(before), (before, after)
        assert after["timestamp"] >= before["timestamp"], (before, after)
    jobs = {}
    for message in durable:
        if message["type"].startswith("job."):
            jobs.setdefault(message["data"]["jobId"], []).append(message)
    for story in jobs.values():
        check_job(story)
    return durable, jobs


def check_job(story):
    kinds = [m["type"] for m in story]
    assert kinds[0] == "job.started" and kinds[-1] in ("job.completed", "job.failed"), kinds
    assert set(kinds[1:-1]) <= {"job.progress"}, kinds
    known = [m["data"]["progress"] for m in story if m["data"]["progress"] is not None]
    assert known == sorted(known), f"progress fell: {known}"
    assert [m["data"]["processed"] for m in story] == sorted(m["data"]["processed"] for m in story)
    if kinds[-1] == "job.completed":
        assert kinds[-2] == "job.progress" and story[-2]["data"]["progress"] == 1, story[-2]
        assert story[-1]["data"]["progress"] == 1 and story[-1]["data"]["finished_at"]
    else:
        assert story[-1]["data"]["error"]["code"]


@pytest.fixture(scope="module")
def story(server):
    """Causes everything once; returns what one watcher of `*` saw, from its first to its last event."""
    rest = server.rest()
    watcher = server.socket()
    watcher.subscribe("*")
    seen = []

    def watch(kind, where=lambda m: True):
        got = watcher.collect_until(lambda m: m["type"] == kind and where(m), timeout=60)
        seen.extend(got)
        return got[-1]

    created = rest.post("/indices", {"index_id": INDEX, "dimension": DIMENSION, "tiering": {"idmap_to_ivf": 500}})
    assert created.status == 201, created

    # An import crosses the threshold: import job, counts, training job, two transitions.
    imported = rest.upload(INDEX, ndjson(rows(1000, DIMENSION)), query="?jobId=import-sixteen")
    assert imported.status == 202 and imported.json["jobId"] == "import-sixteen", imported
    watch("job.completed", lambda m: m["data"]["jobType"] == "train")
    for row in rows(20, DIMENSION, seed=7):
        answer = rest.post(f"/indices/{INDEX}/search", {"vector": row["values"], "k": 5})
        assert answer.status == 200 and len(answer.json["results"][0]) == 5, answer
    watch("metrics.search", lambda m: m["data"]["index"] == INDEX and m["data"]["qps"] > 0)

    changed = rest.patch(f"/indices/{INDEX}", {"tiering": {"ivf_to_ondisk": 5_000_000}})
    assert changed.status == 200 and changed.json["tiering"]["ivf_to_ondisk"] == 5_000_000, changed
    watch("index.updated", lambda m: "vectors" not in m["data"]["changed"])

    # A job failed by a bad file, and one cancelled in the middle of a slow body.
    broken = rest.upload(INDEX, b"\x93NUMPY\x01\x00garbage", content_type="application/x-npy")
    assert broken.status == 400, broken
    watch("job.failed")
    cancel_slow_import(server, rest)
    watch("job.failed", lambda m: m["data"]["error"]["code"] == "cancelled")

    raise_and_resolve_memory_alert(rest, watch)
    exceed_a_budget(server, rest)
    watch("alert.rate_limit")
    assert rest.delete(f"/indices/{INDEX}").status == 204
    watch("index.deleted")
    watcher.close()
    return seen


def cancel_slow_import(server, rest):
    items = rows(10, DIMENSION, first=5000)
    chunk = ndjson(items)
    with RawConnection(server.host, server.port) as slow:
        slow.send((f"POST /api/v1/indices/{INDEX}/import?jobId=slow-import HTTP/1.1\r\nHost: x\r\n"
                   f"Authorization: Bearer {server.admin_token}\r\nContent-Type: application/x-ndjson\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n").encode())
        slow.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        deadline = time.monotonic() + 20
        while rest.get("/jobs/slow-import").status == 404:
            assert time.monotonic() < deadline, "the import never became a job"
        cancelled = rest.post("/jobs/slow-import/cancel")
        assert cancelled.status == 202, cancelled
        ended = rest.ended("slow-import")
        assert ended["error"]["code"] == "cancelled", ended
        slow.send(b"0\r\n\r\n")
    again = rest.post("/jobs/slow-import/cancel")
    assert again.status == 409 and again.error == "conflict", again


def raise_and_resolve_memory_alert(rest, watch):
    rule = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "memory_fraction")

    def put(**members):
        answer = rest.put(f"/alert-rules/{rule['rule']}", {**rule, "for_seconds": 0, **members})
        assert answer.status == 200, answer

    def of_rule(message):
        return message["data"]["rule"] == rule["rule"]  # failed jobs raise alerts of their own

    put(warn=1e-6, clear=5e-7, error=0.999)
    warning = watch("alert.warning", of_rule)
    put(warn=1e-6, clear=5e-7, error=2e-6)
    error = watch("alert.error", of_rule)
    put(warn=0.8, clear=0.75, error=0.9)
    resolved = watch("alert.resolved", of_rule)
    assert warning["data"]["alertId"] == error["data"]["alertId"] == resolved["data"]["alertId"]
    assert [m["data"]["severity"] for m in (warning, error, resolved)] == ["warning", "error", "resolved"]
    assert [m["data"]["state"] for m in (warning, error, resolved)] == ["open", "open", "resolved"]
    assert rest.put(f"/alert-rules/{rule['rule']}", rule).status == 200


def exceed_a_budget(server, rest):
    made = rest.post("/tokens", {"name": "five-a-minute", "scopes": ["read:*", "events:*"], "rate_limit_per_minute": 5})
    assert made.status == 201, made
    limited = server.rest(made.json["token"])
    statuses = [limited.get("/indices").status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2, statuses
    refused = limited.get("/indices")
    assert refused.error == "rate_limited" and int(refused.headers["retry-after"]) >= 1, refused.headers
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        assert name in refused.headers, refused.headers


def test_all_sixteen_kinds_are_seen(story):
    assert KINDS - {m["type"] for m in story} == set()


def test_ids_rise_and_timestamps_do_not_fall(story):
    durable, jobs = check_stream(story)
    assert len(jobs) >= 4 and len(durable) > 12


def test_one_session_of_everything_sees_contiguous_ids(story):
    """A watcher of `*` with all scopes has no holes while it is live."""
    durable, _ = check_stream(story)
    numbers = [seq(m) for m in durable]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_import_counts_its_rows(story):
    last = [m for m in story if m["type"] == "job.completed" and m["data"]["jobType"] == "import"][0]["data"]
    assert (last["jobId"], last["processed"], last["failed"], last["index"]) == ("import-sixteen", 1000, 0, INDEX)


def test_shard_goes_active_training_active_ivf(story):
    moves = [m["data"] for m in story if m["type"] == "index.shard_transition"]
    assert [(m["from"], m["to"]) for m in moves] == [
        ({"tier": "idmap", "state": "active"}, {"tier": "idmap", "state": "training"}),
        ({"tier": "idmap", "state": "training"}, {"tier": "ivf", "state": "active"}),
    ]
    assert {m["reason"] for m in moves} == {"threshold_reached"}
    train = [m for m in story if m["type"] == "job.started" and m["data"]["jobType"] == "train"][0]["data"]
    assert {m["jobId"] for m in moves} == {train["jobId"]}
    assert moves[1]["vectors"] >= 500


def test_training_is_told_between_start_and_end(story):
    order = [(m["type"], m["data"].get("jobType")) for m in story
             if m["type"] == "index.shard_transition" or m["data"].get("jobType") == "train"]
    kinds = [kind for kind, _ in order]
    assert kinds[0] == "job.started" and kinds[-1] == "job.completed"
    assert kinds.index("index.shard_transition") > 0 and kinds.count("index.shard_transition") == 2


def test_counts_reach_the_index_events(story):
    updates = [m["data"] for m in story if m["type"] == "index.updated" and m["data"]["changed"] == ["vectors"]]
    assert updates and updates[-1]["vectors"] >= 1000
    assert updates[-1]["vectors"] == sum(shard["vectors"] for shard in updates[-1]["shards"])


def test_deleted_is_the_last_event_of_an_index(story):
    about = [m for m in story if m["data"].get("index") == INDEX and "id" in m]
    assert about[0]["type"] == "index.created" and about[-1]["type"] == "index.deleted"


def test_rate_limit_alert_names_the_token_and_not_the_secret(story):
    alert = [m for m in story if m["type"] == "alert.rate_limit"][0]["data"]
    assert {"token", "limit", "window_seconds", "rejected", "retry_after_seconds"} <= set(alert["metadata"])
    assert alert["metadata"]["token"] == "five-a-minute" and alert["metadata"]["limit"] == 5
    assert alert["metadata"]["rejected"] >= 2 and alert["state"] != "open"
    assert "mlg_" not in json.dumps(alert)


def test_metrics_are_measured(story):
    systems = [m["data"] for m in story if m["type"] == "metrics.system"]
    assert all(m["active_connections"] >= 1 and m["memory_used_gb"] > 0 for m in systems)
    assert any(m["qps"] > 0 for m in systems)
    indices = [m["data"] for m in story if m["type"] == "metrics.index" and m["data"]["index"] == INDEX]
    assert any(m["tiers"]["ivf"] >= 1000 for m in indices)
    assert any(m["data"]["rate"] > 0 for m in story if m["type"] == "metrics.ingest")


def test_state_equals_what_the_events_told(server, rest, connect, make_index):
    """Objects in state, in events and in REST answers are the same."""
    socket = connect()
    socket.subscribe("index.*", "job.*")
    make_index("same-shape", dimension=4)
    event = socket.expect("index.created")["data"]
    fill(rest, "same-shape", rows(10, 4))
    event = socket.expect("index.updated", where=lambda m: m["data"]["vectors"] == 10)["data"]
    told = {k: v for k, v in event.items() if k not in ("index", "changed")}
    in_state = [i for i in socket.sync()["indices"] if i["index_id"] == "same-shape"]
    assert in_state == [told]
    over_rest = rest.get("/state").json
    assert [i for i in over_rest["data"]["indices"] if i["index_id"] == "same-shape"] == [told]
    assert rest.get("/indices/same-shape").json == told
