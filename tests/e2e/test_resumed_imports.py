"""Imports of files of the import folder go on after a restart: exactly the rest of their rows, under their ids."""
import gzip
import json
import os
import random
import signal
import time

import pytest
from harness import OpenImport

ROWS = 400_000
BAD = 1000  # one row in so many


def line(i):
    return '{"id":"r%d","values":[%d,2,3%s]}\n' % (i, i, "" if i % BAD == 7 else ",4")


@pytest.fixture(scope="module")
def lines():
    return "".join(map(line, range(ROWS))).encode()


@pytest.fixture
def importing(make_server):
    server = make_server()
    folder = server.data_dir / "import"
    folder.mkdir(exist_ok=True)
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4, "num_shards": 2, "tiering": {"idmap_to_ivf": 1_000_000_000}})
    return server, folder


def begin(server, source, job_id):
    answer = server.rest().post(f"/indices/docs/import?jobId={job_id}", {"source": source})
    assert answer.status == 202, answer
    return answer.json


def wait_for(server, job_id, what, timeout=60):
    rest, deadline = server.rest(), time.monotonic() + timeout
    while not what(job := rest.get(f"/jobs/{job_id}").json):
        assert time.monotonic() < deadline and job["state"] in ("queued", "running"), job
    return job


def told_of(server, job_id):
    """Every event of the job, from the log."""
    watcher = server.socket()
    epoch = watcher.request({"type": "hello"})["data"]["epoch"]
    watcher.subscribe(f"job.{job_id}.*", since=f"{epoch}-0")
    told = [m for m in watcher.drain(timeout=30) if m["type"].startswith("job.")]
    watcher.close()
    return told


def check_history(told):
    """One start, progress that does not fall, one end."""
    types = [m["type"] for m in told]
    assert types[0] == "job.started" and types.count("job.started") == 1, types
    assert sum(t in ("job.completed", "job.failed") for t in types) == 1 and types[-1] in ("job.completed", "job.failed"), types
    progress = [m["data"]["progress"] or 0 for m in told]
    assert progress == sorted(progress), progress
    assert len({m["data"]["started_at"] for m in told}) == 1
    for before, now in zip(told, told[1:]):
        assert before["data"] != now["data"], "no event without a change"


def visible(server):
    """How many rows are there, counted by an export."""
    rest = server.rest()
    begun = rest.post("/indices/docs/export", {"format": "npy"})
    assert begun.status == 202, begun
    return rest.ended(begun.json["jobId"])["total"]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_killed_import_goes_on_to_exact_counts(importing, lines, name):
    server, folder = importing
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    dice = random.Random(seed)
    (folder / name).write_bytes(gzip.compress(lines, 1) if name.endswith("gz") else lines)
    begin(server, name, "cut")
    applied = 0
    for how in ("kill", "stop", "kill"):
        cut = dice.randrange(applied + 1000, applied + 90_000)
        at = wait_for(server, "cut", lambda job: job["processed"] >= cut)
        assert at["state"] == "running" and at["processed"] < ROWS, at
        server.kill() if how == "kill" else server.stop()
        server.start()
        left = server.rest().get("/jobs/cut").json
        assert left["state"] in ("queued", "running") and left["processed"] >= at["processed"] - 1, (how, at, left)
        applied = left["processed"]
    job = server.rest().ended("cut", timeout=120)
    bad = len(range(7, ROWS, BAD))
    assert (job["state"], job["processed"], job["failed"], job["progress"]) == ("completed", ROWS, bad, 1), job
    assert [e["row"] for e in job["errors"]] == [7 + BAD * i for i in range(10)], job
    assert visible(server) == ROWS - bad
    rest = server.rest()
    for row in (0, applied - 1, applied, applied + 1, ROWS - 1):
        if row % BAD != 7:
            assert rest.get(f"/indices/docs/vectors/r{row}").json["values"][0] == row
    check_history(told_of(server, "cut"))


def test_a_file_that_changed_or_went_ends_interrupted(importing, lines):
    server, folder = importing
    for job_id, change in (("changed", lambda f: f.write_bytes(lines + b"\n")), ("touched", lambda f: os.utime(f, (1, 1))), ("gone", lambda f: f.unlink())):
        file = folder / f"{job_id}.jsonl"
        file.write_bytes(lines)
        begin(server, file.name, job_id)
        wait_for(server, job_id, lambda job: job["processed"] > 1000)
        server.kill()
        change(file)
        server.start()
        job = server.rest().get(f"/jobs/{job_id}").json
        assert (job["state"], job["error"]["code"]) == ("failed", "interrupted"), job
        assert job["processed"] > 1000 and job["failed"] == (job["processed"] + BAD - 8) // BAD, job
        check_history(told_of(server, job_id))


def test_a_resumed_import_can_be_cancelled(importing, lines):
    server, folder = importing
    (folder / "rows.jsonl").write_bytes(lines)
    begin(server, "rows.jsonl", "cut")
    wait_for(server, "cut", lambda job: job["processed"] > 1000)
    server.kill()
    server.start()
    assert server.rest().post("/jobs/cut/cancel").status == 202
    job = server.rest().ended("cut")
    assert job["error"]["code"] == "cancelled" and 1000 < job["processed"] < ROWS, job
    assert visible(server) == job["processed"] - job["failed"]
    server.kill()
    server.start()
    assert server.rest().get("/jobs/cut").json == job, "an end is the end"
    check_history(told_of(server, "cut"))


def test_a_queued_one_starts_anew_and_a_body_ends_interrupted(importing, lines):
    server, folder = importing
    (folder / "rows.jsonl").write_bytes(lines)
    for job_id in ("first", "second", "third"):
        begin(server, "rows.jsonl", job_id)
    assert server.rest().get("/jobs/third").json["state"] == "queued"
    body = OpenImport(server, "body")
    body.send_rows(0, 10).wait_for(lambda job: job["processed"] == 10)
    server.kill()
    body.close()
    server.start()
    ended = server.rest().get("/jobs/body").json
    assert (ended["state"], ended["error"]["code"], ended["processed"]) == ("failed", "interrupted", 10), ended
    for job_id in ("first", "second", "third"):
        job = server.rest().ended(job_id, timeout=120)
        assert (job["state"], job["processed"]) == ("completed", ROWS), job
        check_history(told_of(server, job_id))


def test_a_stop_answers_who_waits_for_an_import_that_goes_on(importing, lines):
    server, folder = importing
    (folder / "rows.jsonl").write_bytes(lines)
    begin(server, "rows.jsonl", "cut")
    rest = server.rest()
    waiting = rest._connection(60)
    waiting.request("GET", "/api/v1/jobs/cut?wait_for=completed&timeout_s=3600", headers={"Authorization": f"Bearer {server.admin_token}"})
    wait_for(server, "cut", lambda job: job["processed"] > 1000)
    server.process.send_signal(signal.SIGTERM)
    answer = waiting.getresponse()
    job = json.loads(answer.read())
    assert answer.status == 200 and job["state"] in ("running", "completed"), job
    waiting.close()
    assert server._reap(15) == 0
    server.start()
    assert server.rest().ended("cut", timeout=120)["processed"] == ROWS


def test_deleting_the_index_of_a_resumed_import_ends_it(importing, lines):
    server, folder = importing
    (folder / "rows.jsonl").write_bytes(lines)
    begin(server, "rows.jsonl", "cut")
    wait_for(server, "cut", lambda job: job["processed"] > 1000)
    server.kill()
    server.start()
    assert server.rest().delete("/indices/docs").status == 204
    assert server.rest().get("/jobs/cut").json["error"]["code"] == "cancelled"
