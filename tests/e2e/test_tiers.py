"""Shards on their way through the tiers: by their thresholds, told event by event, searched meanwhile, and killed in the middle."""
import io
import os
import random
import threading
import time

import numpy
import pytest
from harness.vectors import fill, rows

TIERS = ["idmap", "ivf", "ondisk", "merged"]
NEVER = 1_000_000_000
JOB_OF = {"ivf": "train", "ondisk": "migrate", "merged": "merge"}


def shards(rest, index):
    return rest.get(f"/indices/{index}").json["shards"]


def test_an_index_goes_all_the_way_by_its_thresholds(make_server):
    server = make_server()
    rest, watcher = server.rest(), server.socket()
    watcher.subscribe("index.docs.*", "job.*")
    rest.post("/indices", {"index_id": "docs", "dimension": 16, "num_shards": 2,
                           "tiering": {"idmap_to_ivf": 400, "ivf_to_ondisk": 600, "merge": 800}})
    items = rows(2000, 16)
    transitions, jobs = [], {}
    for begin in range(0, 2000, 500):
        fill(rest, "docs", items[begin:begin + 500])
    while {t["shard"] for t in transitions if (t["to"]["tier"], t["to"]["state"]) == ("merged", "active")} != {0, 1}:
        message = watcher.next(timeout=60)
        if message["type"] == "index.shard_transition":
            transitions.append(message["data"])
        elif message["type"].startswith("job."):
            jobs.setdefault(message["data"]["jobId"], []).append(message)
    for shard in (0, 1):
        mine = [t for t in transitions if t["shard"] == shard]
        reached = [t["to"]["tier"] for t in mine if t["to"]["state"] == "active"]
        assert sorted(set(reached), key=TIERS.index) == TIERS[1:] and reached == sorted(reached, key=TIERS.index), reached
        for begun, ended in zip(mine[::2], mine[1::2]):
            assert begun["to"]["state"] in ("training", "migrating") and begun["to"]["tier"] == begun["from"]["tier"]
            assert (ended["from"]["state"], ended["to"]["state"], ended["jobId"]) == (begun["to"]["state"], "active", begun["jobId"])
            assert ended["duration_ms"] >= 0 and ended["reason"] == begun["reason"] and begun["jobId"] in jobs
            if begun["from"]["tier"] != ended["to"]["tier"]:
                assert jobs[begun["jobId"]][0]["data"]["jobType"] == JOB_OF[ended["to"]["tier"]]
    for job in {t["jobId"] for t in transitions}:
        assert rest.ended(job)["state"] == "completed"
    for item in items[::97]:
        found = rest.post("/indices/docs/search", {"vector": item["values"], "k": 1}).json
        assert found["results"][0][0]["id"] == item["id"] and found["visited"] > 0
        exact = rest.post("/indices/docs/search", {"vector": item["values"], "k": 5, "exact": True}).json
        assert exact["results"][0][0] == {"id": item["id"], "distance": 0, "metadata": item["metadata"]}
    server.restart()
    assert {s["tier"] for s in shards(server.rest(), "docs")} == {"merged"}
    watcher.close()


def test_deleting_and_replacing_begins_a_compaction(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 8, "tiering": {"idmap_to_ivf": NEVER}})
    items = rows(5000, 8)
    fill(rest, "docs", items)
    deleted = rest.post("/indices/docs/vectors/delete", {"filter": {"must": [{"key": "n", "range": {"lt": 2000}}]}})
    assert deleted.json["deleted"] == 2000
    jobs = [j for j in rest.get("/jobs?index=docs").json["jobs"] if j["jobType"] == "compact"]
    assert jobs and rest.ended(jobs[0]["jobId"])["state"] == "completed"
    found = rest.post("/indices/docs/search", {"vector": items[-1]["values"], "k": 1}).json["results"][0][0]
    assert found["id"] == items[-1]["id"] and found["metadata"] == items[-1]["metadata"]
    assert rest.post("/indices/docs/compact").status == 409, "nothing is left to give back"


@pytest.mark.parametrize("index_type, quantization", [("IVFFlat", "none"), ("HNSW", "int8")])
def test_killed_in_any_phase_of_any_move_nothing_is_lost(make_server, index_type, quantization):
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    dice = random.Random(seed)
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 32, "num_shards": 2, "index_type": index_type, "quantization": quantization,
                           "tiering": {"idmap_to_ivf": NEVER, "ivf_to_ondisk": NEVER, "merge": NEVER, "compaction_percent": 100}})
    n = 12_000
    values = numpy.random.default_rng(seed).normal(size=(n, 32)).astype("float32")
    body = io.BytesIO()
    numpy.save(body, values)
    assert rest.upload("docs", body.getvalue(), "application/x-npy").status == 202
    gone = set()
    seen = set()
    phases = {"train": ["training", "assigning", "coding", "writing", "calibrating", "syncing"], "merge": ["training", "assigning", "writing"],
              "compact": ["assigning", "coding", "writing"]}
    if index_type == "HNSW":
        phases = {"train": ["linking", "coding", "writing", "calibrating", "syncing"], "merge": ["linking", "writing"], "compact": ["linking"]}
    for kind, wanted in [(kind, phase) for kind, all_of in phases.items() for phase in all_of]:
        victim = str(dice.choice([i for i in range(n) if str(i) not in gone]))
        assert rest.post("/indices/docs/vectors/delete", {"ids": [victim]}).json["deleted"] == 1
        gone.add(victim)
        before = {s["shard"]: s["tier"] for s in shards(rest, "docs")}
        begun = rest.post(f"/indices/docs/{kind}")
        assert begun.status == 202, begun
        job = begun.json["jobId"]
        deadline = time.monotonic() + 60
        while (now := rest.get(f"/jobs/{job}").json)["phase"] != wanted and now["state"] in ("queued", "running"):
            assert time.monotonic() < deadline
        server.kill()
        server.start()
        server.wait_ready()
        rest = server.rest()
        seen.add((kind, now["phase"]))
        ended = rest.get(f"/jobs/{job}").json
        assert ended["state"] == "completed" or (ended["state"], ended["error"]["code"]) == ("failed", "interrupted"), ended
        after = shards(rest, "docs")
        assert all(s["state"] == "active" for s in after)
        assert all(TIERS.index(s["tier"]) >= TIERS.index(before[s["shard"]]) for s in after), "no move goes back"
        assert sum(s["vectors"] for s in after) == n - len(gone)
        query = values[dice.randrange(n)]
        found = rest.post("/indices/docs/search", {"vector": query.tolist(), "k": 10, "exact": True}).json["results"][0]
        distances = ((values - query) ** 2).sum(axis=1)
        truth = [str(i) for i in numpy.argsort(distances, kind="stable") if str(i) not in gone][:10]
        assert {hit["id"] for hit in found} == set(truth)
    print(f"killed in {sorted(seen)}")
    assert len(seen) >= 5, seen


def test_recall_is_measured_on_demand_and_told(make_server):
    server = make_server()
    rest, watcher = server.rest(), server.socket()
    rest.post("/indices", {"index_id": "docs", "dimension": 16, "tiering": {"idmap_to_ivf": NEVER}})
    assert rest.post("/indices/docs/recall", {"samples": 1001}).status == 422
    assert rest.post("/indices/none/recall").status == 404
    fill(rest, "docs", rows(3000, 16))
    assert rest.ended(rest.post("/indices/docs/train").json["jobId"])["state"] == "completed"
    watcher.subscribe("metrics.docs.search")

    def measured(**options):
        job = rest.ended(rest.post("/indices/docs/recall", options).json["jobId"])
        assert (job["state"], job["processed"], job["jobType"]) == ("completed", options.get("samples", 100), "recall"), job
        return watcher.next(timeout=30)["data"]["recall"]

    assert measured() >= 0.9
    assert measured(samples=50, nprobe=1000) >= 0.999, "all lists hold everything"
    watcher.close()


def test_a_vector_that_is_being_replaced_is_always_there(make_server):
    """By its id and in pages, also while the flat tier is compacted, which writes rows anew."""
    server = make_server()
    rest, writer = server.rest(), server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 16, "tiering": {"idmap_to_ivf": NEVER}})
    made = rows(2000, 16)
    fill(rest, "docs", made)
    over = threading.Event()

    def replace():
        while not over.is_set():
            fill(writer, "docs", made)

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for n in range(15):
            seen, after = set(), ""
            while after is not None:
                page = rest.get(f"/indices/docs/vectors?limit=1000&after={after}").json
                seen |= {vector["id"] for vector in page["vectors"]}
                after = page["next"]
            assert len(seen) == 2000, 2000 - len(seen)
            assert rest.get(f"/indices/docs/vectors/{made[n * 7]['id']}").status == 200
    finally:
        over.set()
        thread.join()
