"""F01, F03, F05: kill -9, SIGSTOP and SIGTERM at random moments. Nothing acknowledged is lost, nothing is invented, and whoever watches
sees each event once and in order.

Writers write vectors, indices, tokens, jobs and alerts while clients of every kind follow: of everything, of narrow patterns, under
narrow scopes, a slow reader, Server-Sent Events, one that folds a state as the page advises, and the command line's. After each fault
what the server says is compared with what it had acknowledged. MLG_SEED replays a run, MLG_CYCLES makes it longer.
"""
import collections
import http.client
import os
import random
import signal
import time
from functools import partial

import pytest
from harness import Crew, EventWriter, RawConnection, Watch, rows
from harness.fold import Fold
from harness.ledger import check_exact, check_log_has_no_holes, number, whole_log
from harness.watchers import PageWatcher, SocketWatcher, SseWatcher

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
        if self.is_done(rest.post("/indices/docs/vectors", {"vectors": batch}), 200):
            self.acknowledged |= ids

    def make_index(self, rest, name):
        self.indices_attempted.add(name)
        if self.is_done(rest.post("/indices", {"index_id": name, "dimension": 4}), 201):
            self.indices.add(name)

    def make_token(self, rest, name):
        self.tokens_attempted.add(name)
        answer = rest.post("/tokens", {"name": name, "scopes": ["read:*"]})
        if self.is_done(answer, 201):
            self.tokens[name] = answer.json["token"]

    @staticmethod
    def is_done(answer, status):
        assert answer.status in (status, 503), answer  # 503: it is stopping
        return answer.status == status


def all_vector_ids(rest):
    found, after = set(), ""
    while True:
        page = rest.get(f"/indices/docs/vectors?limit=1000{'&after=' + after if after else ''}").json
        found |= {v["id"] for v in page["vectors"]}
        if not page["next"]:
            return found
        after = page["next"]


def check(server, writers):
    rest = server.rest()
    present = all_vector_ids(rest)
    indices = {i["index_id"] for i in rest.get("/indices").json["indices"] if i["index_id"].startswith("w")}
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


class Faults:
    """What is done to one server at seeded moments: it is killed, stopped in good order, or paused."""

    def __init__(self, server, dice, pause_seconds=(0.2, 3.0)):
        self.server, self.dice, self.pause_seconds = server, dice, pause_seconds
        self.done = collections.Counter()
        self.paused_seconds = self.slowest_stop = 0.0

    def kill(self):
        self.server.kill()
        time.sleep(self.dice.uniform(0, 0.2))
        self.server.start(port=self.server.port)

    def stop(self):
        """SIGTERM under load: exit 0 within ten seconds, then a new process on the same port."""
        began = time.monotonic()
        code = self.server.stop()
        seconds = time.monotonic() - began
        assert code == 0 and seconds <= 10, (code, seconds)
        self.slowest_stop = max(self.slowest_stop, seconds)
        self.server.start(port=self.server.port)

    def pause(self, watchers):
        """SIGSTOP, as long as the dice say: short ones often, long ones too. Nobody loses the connection by it."""
        until_all_are_connected(watchers)
        before = [w.connections for w in watchers]
        least, most = self.pause_seconds
        seconds = least * (most / least) ** self.dice.random()
        self.paused_seconds += seconds
        self.server.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.server.process.send_signal(signal.SIGCONT)
        until_all_are_connected(watchers)
        assert self.server.rest().raw("GET", "/health/ready").status == 200
        assert [w.connections for w in watchers] == before, "a pause cost somebody the connection"

    def one_of(self, kinds, watchers):
        kind = self.dice.choice(kinds)
        self.done[kind] += 1
        if kind == "pause":
            self.pause(watchers)
        else:
            getattr(self, kind)()


def make_watchers(server):
    """One of each kind of client that stays."""
    narrow = server.rest().post("/tokens", {"name": "narrow", "scopes": ["events:index.*", "events:job.*", "read:e1-*"]}).json["token"]

    def is_read_by_narrow(message):
        return (message["data"].get("index") or "e1-").startswith("e1-")

    return [
        SocketWatcher(server, "tail"),
        SocketWatcher(server, "patterns", channels=("index.created", "index.docs.*", "job.failed", "alert.*")),
        SocketWatcher(server, "scopes", channels=("*",), token=narrow,
                      sees=lambda m: not m["type"].startswith("alert.") and is_read_by_narrow(m)),
        SocketWatcher(server, "slow", receive_buffer=4096, pause=0.002),
        SseWatcher(server, "sse"),
        PageWatcher(server, "page"),
    ]


def until_all_are_connected(watchers):
    deadline = time.monotonic() + 60
    while not all(w.is_connected() for w in watchers):
        assert time.monotonic() < deadline, f"not back: {[w.name for w in watchers if not w.is_connected()]}"
        time.sleep(0.01)


def check_fold(cli, fresh):
    """What `watch --state` printed first, and every event after it folded in, is the state at a later id."""
    parts = [m for m in cli.messages if m["type"] == "state"]
    fold = Fold({s: [o for p in parts for o in p["data"][s]] for s in ("indices", "jobs", "alerts")})
    for event in cli.events:
        if number(parts[0]) < number(event) <= number(fresh):
            fold.apply(event)
    fold.check_equals(fresh["data"], "mlgraph watch --state")
    return number(parts[0])


def run_cycles(make_server, cycles, seed, kinds=("kill",), **options):
    """Writers and watchers through `cycles` faults of these kinds. After each, what the server says is compared with what it
    had acknowledged, and at the end what each watcher saw with the log."""
    print(f"MLG_SEED={seed} MLG_CYCLES={cycles}")
    dice = random.Random(seed)
    server = make_server()
    server.rest().post("/indices", {
        "index_id": "docs", "dimension": DIMENSION, "num_shards": 2,
        "tiering": {"idmap_to_ivf": 1_000_000_000, "ivf_to_ondisk": 2_000_000_000, "merge": 3_000_000_000}})
    writers = [Writer(f"w{i}") for i in range(2)]
    makers = [EventWriter(server, f"e{i}", seed, alerts=i == 0, pause=0.02) for i in range(2)]
    watchers = make_watchers(server)
    faults = Faults(server, dice, **options)
    with Watch(server, "*", "--state", "--backoff", "0.05") as cli:
        cli.wait_for(lambda m: m["type"] == "state" and m["data"]["last"])
        watching = Crew(*(w.run for w in watchers))
        for cycle in range(cycles):
            working = Crew(*(partial(w.run, server.rest()) for w in writers), *(m.run for m in makers))
            time.sleep(dice.uniform(0.02, 0.6))  # the random moment is the point of this test
            faults.one_of(kinds, watchers)
            working.join()
            watching.check()
            if cycle % max(1, cycles // 20) == 0 or cycle == cycles - 1:
                check(server, writers)
        last = server.rest().post("/indices", {"index_id": "e1-the-end", "dimension": 4})
        assert last.status == 201, last
        watching.join()
        fresh = server.rest().get("/state").json
        cli.wait_for(lambda m: "id" in m and m["type"] != "state" and number(m) >= number(fresh))
        assert cli.stop() == 0
    log = whole_log(server)
    check_log_has_no_holes(log)
    counts = {w.name: w.check(log) for w in watchers}
    counts["cli"] = check_exact(cli.events, log, "cli", since=check_fold(cli, fresh), until=number(cli.position()))
    print(f"{dict(faults.done)}, {faults.paused_seconds:.0f} s paused, slowest stop {faults.slowest_stop:.1f} s; {len(log)} events; "
          f"seen {counts}; reconnected {({w.name: w.connections - 1 for w in watchers})}")
    assert all(counts.values()) and sum(len(w.acknowledged) for w in writers) > 0, counts


def seed_of_run():
    return int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))


def cycles_of_run(few):
    return int(os.environ.get("MLG_CYCLES", few))


def test_five_kills(make_server):
    run_cycles(make_server, 5, seed_of_run())


@pytest.mark.slow
def test_many_kills_stops_and_pauses(make_server):
    """F01, F03, F05. MLG_PAUSE_SECONDS=LEAST-MOST sets how long the pauses are."""
    least, _, most = os.environ.get("MLG_PAUSE_SECONDS", "0.2-3").partition("-")
    run_cycles(make_server, cycles_of_run(20), seed_of_run(), kinds=("kill", "kill", "pause", "pause", "stop"),
               pause_seconds=(float(least), float(most)))


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
