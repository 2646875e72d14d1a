"""F01: kill -9 at random moments. Nothing acknowledged is lost, nothing is invented, ids have no hole.

Writers write vectors, indices and tokens while a watcher follows; after each kill the server starts on the same data,
and what it says is compared with what it had acknowledged. MLG_SEED replays a run, MLG_CYCLES makes it longer.
"""
import http.client
import os
import random
import threading
import time

import pytest
from harness import Closed, RawConnection, rows

DIMENSION = 8


class Writer:
    """One client's acknowledged and attempted writes, over all lives of the server."""

    def __init__(self, name):
        self.name = name
        self.acknowledged, self.attempted = set(), set()
        self.indices, self.indices_attempted = set(), set()
        self.tokens, self.tokens_attempted = {}, set()
        self.next = 0

    def run(self, rest, stop):
        while not stop.is_set():
            self.next += 1
            n = self.next
            try:
                if n % 10 == 3:
                    self.make_index(rest, f"{self.name}-i{n}")
                elif n % 10 == 7:
                    self.make_token(rest, f"{self.name}-t{n}")
                else:
                    self.write(rest, n)
            except (OSError, http.client.HTTPException):
                return

    def write(self, rest, n):
        batch = rows(8, DIMENSION, seed=n)
        for i, row in enumerate(batch):
            row["id"] = f"{self.name}-{n}-{i}"
        ids = {row["id"] for row in batch}
        self.attempted |= ids
        answer = rest.post("/indices/docs/vectors", {"vectors": batch})
        assert answer.status == 200, answer
        self.acknowledged |= ids

    def make_index(self, rest, name):
        self.indices_attempted.add(name)
        answer = rest.post("/indices", {"index_id": name, "dimension": 4})
        assert answer.status == 201, answer
        self.indices.add(name)

    def make_token(self, rest, name):
        self.tokens_attempted.add(name)
        answer = rest.post("/tokens", {"name": name, "scopes": ["read:*"]})
        assert answer.status == 201, answer
        self.tokens[name] = answer.json["token"]


class Watcher:
    """Follows everything and resumes after each kill from the last id it has seen."""

    def __init__(self):
        self.events = {}
        self.cursor = None

    def run(self, server):
        socket = server.socket()
        answer = socket.subscribe("index.*", "job.*", "alert.*", **({"since": self.cursor} if self.cursor else {}))
        assert not self.cursor or answer["recovered"], answer
        self.cursor = self.cursor or answer["id"]
        try:
            while True:
                message = socket.next(timeout=60)
                if "id" in message:
                    number = int(message["id"].rpartition("-")[2])
                    assert number not in self.events, f"event {number} twice"
                    self.events[number] = message
                    self.cursor = message["id"]
        except Closed:
            pass
        finally:
            socket.close()


def all_vector_ids(rest):
    found, after = set(), ""
    while True:
        page = rest.get(f"/indices/docs/vectors?limit=1000{'&after=' + after if after else ''}").json
        found |= {v["id"] for v in page["vectors"]}
        if not page["next"]:
            return found
        after = page["next"]


def check(server, writers, watcher):
    rest = server.rest()
    present = all_vector_ids(rest)
    indices = {i["index_id"] for i in rest.get("/indices").json["indices"]} - {"docs"}
    tokens = {t["name"] for t in rest.get("/tokens").json["tokens"]}
    for writer in writers:
        assert writer.acknowledged <= present, f"lost vectors {sorted(writer.acknowledged - present)[:5]}"
        assert writer.indices <= indices, f"lost indices {writer.indices - indices}"
        assert set(writer.tokens) <= tokens, f"lost tokens {set(writer.tokens) - tokens}"
    invented = present - set().union(*(w.attempted for w in writers))
    assert not invented, f"invented {sorted(invented)[:5]}"
    assert indices <= set().union(*(w.indices_attempted for w in writers))
    # A batch is whole or not there.
    batches = {}
    for vector in present:
        batches.setdefault(vector.rpartition("-")[0], set()).add(vector)
    assert all(len(batch) == 8 for batch in batches.values()), "a batch was torn"
    assert rest.get("/indices/docs").status == 200
    hits = rest.post("/indices/docs/search", {"vector": [0.5] * DIMENSION, "k": 5})
    assert hits.status == 200 and len(hits.json["results"][0]) == min(5, len(present))
    for writer in writers:
        for secret in list(writer.tokens.values())[-2:]:
            assert server.rest(secret).get("/indices").status == 200


def check_log(server, watcher):
    """The whole log, read again from its begin, holds every event the watcher saw, with the same content, without holes."""
    socket = server.socket()
    newest = int(socket.request({"type": "hello"})["data"]["id"].rpartition("-")[2])
    epoch = watcher.cursor.rpartition("-")[0]
    socket.subscribe("index.*", "job.*", "alert.*", since=f"{epoch}-0")
    log = {int(m["id"].rpartition("-")[2]): m for m in socket.drain(timeout=60) if "id" in m}
    socket.close()
    for number, message in watcher.events.items():
        assert log.get(number) == message, f"event {number} was seen live and is not in the log"
    numbers = sorted(n for n in log if n <= newest)
    assert numbers == list(range(1, newest + 1)), f"{newest} events, {len(numbers)} in the log"


def run_cycles(make_server, cycles, seed):
    print(f"MLG_SEED={seed}")
    dice = random.Random(seed)
    server = make_server()
    server.rest().post("/indices", {
        "index_id": "docs", "dimension": DIMENSION, "num_shards": 2,
        # No training here: a replay may leave out a job's superseded progress, and this test counts every id.
        "tiering": {"idmap_to_ivf": 1_000_000_000, "ivf_to_ondisk": 2_000_000_000, "merge": 3_000_000_000}})
    writers = [Writer(f"w{i}") for i in range(3)]
    watcher = Watcher()
    for _ in range(cycles):
        stop = threading.Event()
        failures = []

        def guarded(work, *arguments):
            try:
                work(*arguments)
            except BaseException as failure:  # noqa: BLE001  (told by the main thread)
                failures.append(failure)

        threads = [threading.Thread(target=guarded, args=(w.run, server.rest(), stop)) for w in writers]
        threads.append(threading.Thread(target=guarded, args=(watcher.run, server)))
        for thread in threads:
            thread.start()
        time.sleep(dice.uniform(0.02, 0.6))  # the random moment is the point of this test
        server.kill()
        stop.set()
        for thread in threads:
            thread.join(60)
        unexpected = [f for f in failures if not isinstance(f, (OSError, http.client.HTTPException, Closed))]
        assert not unexpected, unexpected
        server.start()
        check(server, writers, watcher)
    assert watcher.events, "the watcher saw nothing"
    check_log(server, watcher)
    assert sum(len(w.acknowledged) for w in writers) > 0


def seed_of_run():
    return int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))


def test_five_kills(make_server):
    run_cycles(make_server, 5, seed_of_run())


@pytest.mark.slow
def test_many_kills(make_server):
    run_cycles(make_server, int(os.environ.get("MLG_CYCLES", 25)), seed_of_run())


def test_a_job_cut_by_a_kill_does_not_stay_running(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    raw = RawConnection(server.host, server.port)
    raw.send((f"POST /api/v1/indices/docs/import?jobId=cut-by-kill HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.admin_token}\r\n"
              "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
    deadline = time.monotonic() + 20
    while rest.get("/jobs/cut-by-kill").status == 404:
        assert time.monotonic() < deadline
    start = server.socket().subscribe("*")["id"]
    server.kill()
    raw.close()
    server.start()
    job = server.rest().get("/jobs/cut-by-kill").json
    assert job["state"] == "failed" and job["error"]["code"] == "interrupted" and job["finished_at"], job
    socket = server.socket()
    socket.subscribe("job.*", since=start)
    assert socket.expect("job.failed")["data"]["jobId"] == "cut-by-kill"
    socket.close()
