"""Jobs as their clients meet them: waiting for their end, what their numbers mean, and what a cut leaves of them."""
import os
import random
import select
import signal
import time

import pytest
from harness import Crew, OpenImport, Rest, fill, rows


@pytest.fixture
def docs(server, rest, make_index):
    make_index("docs")
    return rest


# waiting -------------------------------------------------------------------------------------------------------------
def test_a_wait_that_is_over_answers_with_the_running_job(server, docs):
    with OpenImport(server, "runs-on") as running:
        running.send_rows(0, 5)
        running.wait_for(lambda job: job["processed"] == 5)
        for timeout in ("0", "0.3", "1"):
            began = time.monotonic()
            answer = docs.get(f"/jobs/runs-on?wait_for=completed&timeout_s={timeout}")
            assert answer.status == 200 and answer.json["state"] == "running" and answer.json["processed"] == 5, answer
            assert time.monotonic() - began >= float(timeout)
        assert running.finish()[0] == 202
    assert docs.get("/jobs/runs-on?wait_for=completed&timeout_s=3600").json["state"] == "completed"


@pytest.mark.parametrize("timeout", ["-1", "3601", "x", "", "nan", "1e999"])
def test_a_wait_names_its_bounds(docs, timeout):
    docs.upload("docs", b'{"id":"a","values":[1,2,3,4]}\n', query=f"?jobId=short-{abs(hash(timeout))}")
    answer = docs.get(f"/jobs/short-{abs(hash(timeout))}?wait_for=completed&timeout_s={timeout}")
    assert (answer.status, answer.error, answer.json["member"]) == (422, "invalid_value", "timeout_s")
    assert "3600" in answer.json["message"]


def test_a_long_wait_is_answered_by_a_stopping_server(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    with OpenImport(server, "held"):
        waits = [rest._connection(60) for _ in range(3)]
        for one in waits:
            one.request("GET", "/api/v1/jobs/held?wait_for=completed&timeout_s=3600",
                        headers={"Authorization": f"Bearer {server.admin_token}"})
        rest.get("/jobs/held?wait_for=completed&timeout_s=1")  # by then those have been read too
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for one in waits:
            answer = one.getresponse()
            assert answer.status == 200, answer.status
            assert b'"state":"failed"' in (body := answer.read()) and b'"code":"interrupted"' in body, body
            one.close()
        assert server._reap(15) == 0
        assert time.monotonic() - began < 10


def test_waits_of_one_token_leave_room_for_the_others(server, docs, make_token):
    """1,000 of one token wait; its next ones are told so at once, another token waits on."""
    greedy = make_token("read:*", "events:*")
    with OpenImport(server, "waited-for") as running:
        held = [docs._connection(60) for _ in range(1010)]
        try:
            for one in held:
                one.request("GET", "/api/v1/jobs/waited-for?wait_for=completed&timeout_s=3600", headers={"Authorization": f"Bearer {greedy}"})
            answered, deadline = poll(held), time.monotonic() + 20
            while len(answered) < 10:
                assert time.monotonic() < deadline, f"only {len(answered)} of 1,010 were refused"
                answered = poll(held)
            refused = Rest(docs.host, docs.port, greedy).get("/jobs/waited-for?wait_for=completed&timeout_s=0.1")
            assert (refused.status, refused.error) == (503, "overloaded") and refused.headers["retry-after"], refused
            assert docs.get("/jobs/waited-for?wait_for=completed&timeout_s=0.1").json["state"] == "running"
            running.finish()
            statuses = [one.getresponse().status for one in held]
            assert (statuses.count(200), statuses.count(503)) == (1000, 10)
        finally:
            for one in held:
                one.close()


def poll(connections):
    """Those that have an answer."""
    waiting = select.poll()
    for one in connections:
        waiting.register(one.sock, select.POLLIN)
    return waiting.poll(100)


# numbers -------------------------------------------------------------------------------------------------------------
def check_numbers(jobs):
    """What holds of every job.progress of one job, in order."""
    for before, now in zip(jobs, jobs[1:]):
        assert (before["progress"] or 0) <= (now["progress"] or 0) and before["processed"] <= now["processed"], (before, now)
    for now in jobs:
        assert now["eta_seconds"] is None or now["rate"] > 0 or now["progress"] == 1, now
        if now["total"]:
            assert now["processed"] <= now["total"], now


def test_a_body_measured_by_its_bytes_has_a_time_left(server, docs, connect):
    """JSON lines don't say how many they are: the bytes do."""
    line = b'{"id":"r%06d","values":[1,2,3,4]}\n'
    size = len(line % 0)
    watcher = connect()
    watcher.subscribe("job.*")
    with OpenImport(server, "by-bytes", length=200_000 * size) as running:
        for i in range(1000):
            running.send(line % i)
            if i % 100 == 99:
                running.wait_for(lambda job, i=i: job["processed"] == i + 1)
        begun = running.wait_for(lambda job: job["progress"] == 0.005)
        assert begun["total"] is None, begun
        assert begun["rate"] > 0 and begun["eta_seconds"] > 0, begun
        # Told when the next job.progress is due, however quick the rest will be.
        told = progress_of(watcher, "by-bytes", enough=lambda now: now["eta_seconds"])
        running.send(b"".join(line % i for i in range(1000, 200_000)))
        status, job = running.answer()
    assert status == 202 and job["eta_seconds"] == 0 and job["progress"] == 1, job
    check_numbers(told + progress_of(watcher, "by-bytes"))


def progress_of(watcher, job_id, enough=lambda _: False):
    """The job.progress of a job, up to the first that is enough, or to its end."""
    told = []
    while True:
        message = watcher.next()
        if message.get("data", {}).get("jobId") != job_id:
            continue
        if message["type"] in ("job.completed", "job.failed"):
            return told
        if message["type"] == "job.progress":
            told.append(message["data"])
            if enough(told[-1]):
                return told


def test_a_training_counts_its_work_and_holds_up_no_import_of_a_file(make_server):
    server = make_server()
    rest = server.rest()
    (server.data_dir / "import").mkdir(exist_ok=True)
    (server.data_dir / "import" / "one.jsonl").write_text('{"id":"only","values":[1,2,3,4]}\n')
    rest.post("/indices", {"index_id": "small", "dimension": 4})
    rest.post("/indices", {"index_id": "large", "dimension": 64, "tiering": {"idmap_to_ivf": 1_000_000}})
    for first in range(0, 30_000, 5_000):
        fill(rest, "large", rows(5_000, 64, seed=first, first=first))
    watcher = server.socket()
    watcher.subscribe("job.*")
    training = rest.post("/indices/large/train").json
    imported = rest.post("/indices/small/import", {"source": "one.jsonl"}).json
    assert imported["state"] == "running", imported
    told, ends = [], []
    while len(ends) < 2:
        message = watcher.next(timeout=120)
        if message["type"] in ("job.completed", "job.failed"):
            ends.append(message["data"])
        elif message["type"] == "job.progress" and message["data"]["jobId"] == training["jobId"]:
            told.append(message["data"])
    watcher.close()
    assert [job["jobId"] for job in ends] == [imported["jobId"], training["jobId"]], "the import did not wait"
    assert {job["state"] for job in ends} == {"completed"}, ends
    check_numbers(told)
    assert ends[1]["processed"] == ends[1]["total"] > 0
    moving = [now for now in told if 0 < now["progress"] < 1]
    assert moving and all(now["total"] == ends[1]["total"] and now["processed"] > 0 for now in moving), told
    assert any(now["rate"] > 0 and now["eta_seconds"] for now in moving), told


# cuts ----------------------------------------------------------------------------------------------------------------
class Stream:
    """Rows without end, every hundredth of them bad, until the server is gone."""

    def __init__(self, running):
        self.running, self.sent = running, 0

    def run(self, stop):
        while not stop.is_set():
            lines = b"".join(b'{"id":"r%d","values":[1,2,3%s]}\n' % (i, b"" if i % 100 == 7 else b",4")
                             for i in range(self.sent, self.sent + 500))
            if not self.running.raw.send(f"{len(lines):x}\r\n".encode() + lines + b"\r\n"):
                return
            self.sent += 500


def check_cut(server, job_id, start):
    """What the cut import says of itself is what is there."""
    rest = server.rest()
    job = rest.get(f"/jobs/{job_id}").json
    assert (job["state"], job["error"]["code"], job["rate"], job["eta_seconds"]) == ("failed", "interrupted", 0, None), job
    deadline = time.monotonic() + 10
    while (stats := rest.get("/metrics/index").json["metrics"]) == []:
        assert time.monotonic() < deadline
    visible = next(s["vectors"] for s in stats if s["index"] == "docs")
    assert job["processed"] - job["failed"] == visible > 0, (job, visible)
    assert job["failed"] == (job["processed"] + 92) // 100 and len(job["errors"]) == min(10, job["failed"]), job
    for there, row in ((True, 0), (True, job["processed"] - 1), (False, job["processed"])):
        if row % 100 != 7:
            assert (rest.get(f"/indices/docs/vectors/r{row}").status == 200) == there, row
    watcher = server.socket()
    watcher.subscribe("job.*", since=start)
    assert watcher.expect("job.failed")["data"] == job
    watcher.close()
    return job


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_cut_import_counts_what_it_left(make_server, how):
    """Killed or stopped in the middle of its rows: those applied are there, and are the ones it counts."""
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    dice = random.Random(seed)
    for cycle in range(3):
        server = make_server()
        server.rest().post("/indices", {"index_id": "docs", "dimension": 4, "num_shards": 2, "tiering": {"idmap_to_ivf": 1_000_000_000}})
        running = OpenImport(server, f"cut-{cycle}")
        with Crew(Stream(running).run):
            running.wait_for(lambda job: job["processed"] > 1000)
            start = server.rest().get("/state").json["id"]
            time.sleep(dice.uniform(0, 0.5))  # the random moment is the point of this test
            server.kill() if how == "kill" else server.stop()
        running.close()
        server.start()
        job = check_cut(server, f"cut-{cycle}", start)
        assert job["processed"] > 1000
        again = server.rest().upload("docs", b'{"id":"after","values":[1,2,3,4]}\n')
        assert again.status == 202 and again.json["processed"] == 1, again
        server.stop()
