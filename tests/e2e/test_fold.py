"""The server's states are what its events add up to, by the model of tests/fold, which shares nothing with the server."""
import concurrent.futures
import pathlib
import sys

from harness import fill, rows
from harness.vectors import ndjson

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fold"))

from model import ENDED_JOBS_AN_INDEX, GONE_NAMES_WITH_JOBS, History, canonical, has_ended  # noqa: E402


def seq(cursor):
    return int(cursor.rpartition("-")[2])


class Witness:
    """Sees every durable event from the first, and asks for the state in between."""

    def __init__(self, server):
        self.rest = server.rest()
        self.socket = server.socket()
        epoch = self.socket.request({"type": "hello"})["data"]["epoch"]
        assert self.socket.subscribe("job.*", "index.*", "alert.*", since=f"{epoch}-0")["recovered"]
        self.events = []
        self.states = []

    def look(self):
        answer = self.rest.get("/state").json
        self.states.append((answer["id"], answer["data"]))

    def judge(self):
        """Every state that was seen is what the events up to its id add up to."""
        self.events += [message for message in self.socket.drain() if "id" in message]
        self.events.sort(key=lambda event: seq(event["id"]))
        whole = self.socket.sync()
        self.states.append((whole["id"], whole))
        assert [seq(event["id"]) for event in self.events] == list(range(1, len(self.events) + 1))
        for cursor, state in self.states:
            told = History(self.events[:seq(cursor)]).state()
            assert canonical(state) == canonical(told), f"the state at {cursor}"


def upload(rest, index, job, body=None, status=202, **options):
    answer = rest.upload(index, body or ndjson(rows(3, 4)), query=f"?jobId={job}", **options)
    assert answer.status == status, answer


def test_states_are_what_the_events_add_up_to(make_server):
    witness = Witness(make_server())
    rest = witness.rest
    for name in ("one", "two"):
        assert rest.post("/indices", {"index_id": name, "dimension": 4, "num_shards": 2, "tiering": {"idmap_to_ivf": 300}}).status == 201
    witness.look()
    fill(rest, "one", rows(900, 4))
    upload(rest, "two", "good")
    upload(rest, "two", "with-a-bad-row", body=ndjson(rows(3, 4)) + b"{no json\n")
    upload(rest, "two", "no-file", body=b"\x93NUMPY\x01\x00garbage", status=400, content_type="application/x-npy")
    witness.look()
    rest.patch("/indices/one", {"nprobe": 4})
    rule = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "memory_fraction")
    assert rest.put(f"/alert-rules/{rule['rule']}", {**rule, "for_seconds": 0, "warn": 1e-6, "clear": 5e-7, "error": None}).status == 200
    alert = witness.socket.expect("alert.warning", where=lambda m: m["data"]["rule"] == rule["rule"], keep=True)
    witness.look()
    assert rest.post(f"/alerts/{alert['data']['alertId']}/ack").status == 200
    witness.look()
    assert rest.delete("/indices/two").status == 204
    witness.look()
    assert rest.put(f"/alert-rules/{rule['rule']}", rule).status == 200
    witness.events.append(alert)
    witness.look()
    witness.judge()


def test_ended_jobs_are_forgotten_in_the_order_that_clients_see(make_server):
    """Imports that end together, more of them than are kept: which ones go follows from the jobs' own objects."""
    witness = Witness(make_server())
    rest = witness.rest
    assert rest.post("/indices", {"index_id": "busy", "dimension": 4}).status == 201
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            list(pool.map(lambda n: upload(rest, "busy", f"job-{len(witness.states)}-{n}"), range(ENDED_JOBS_AN_INDEX // 3)))
            witness.look()
    witness.judge()
    assert len([job for job in witness.states[-1][1]["jobs"] if has_ended(job)]) == ENDED_JOBS_AN_INDEX


def test_jobs_of_deleted_names_are_forgotten_in_the_order_that_clients_see(make_server):
    witness = Witness(make_server())
    rest = witness.rest
    names = [f"n{n * 31 % 104:03d}" for n in range(GONE_NAMES_WITH_JOBS + 4)]

    def live_and_work(name):
        assert rest.post("/indices", {"index_id": name, "dimension": 4}).status == 201
        upload(rest, name, f"job-{name}")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(live_and_work, names))
        list(pool.map(lambda name: rest.delete(f"/indices/{name}"), reversed(names)))
    witness.judge()
    assert len({job["index"] for job in witness.states[-1][1]["jobs"]}) == GONE_NAMES_WITH_JOBS
