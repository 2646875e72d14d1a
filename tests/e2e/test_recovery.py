"""F01, F05: how long the server is away after a kill, with 100,000 vectors. Recorded, and held to a target only where one is given.

MLG_RECOVERY_SECONDS=2 makes the slowest recovery a failure (the nightly run sets it); MLG_RECORD_DIR keeps the numbers as JSON.
"""
import io
import json
import os
import pathlib
import statistics
import threading
import time

import numpy
import pytest
from harness import fill, rows

VECTORS, DIMENSION = 100_000, 64
KILLS = 5


def npy(count, dimension, seed):
    body = io.BytesIO()
    numpy.save(body, numpy.random.default_rng(seed).normal(size=(count, dimension)).astype("float32"))
    return body.getvalue()


def record(name, numbers):
    print(f"{name}: {numbers}")
    if folder := os.environ.get("MLG_RECORD_DIR"):
        path = pathlib.Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{name}.json").write_text(json.dumps(numbers) + "\n")


def recover(server):
    """From the start of the process to its readiness, and to its first answered search."""
    began = time.monotonic()
    server.start(port=server.port)
    ready = time.monotonic() - began
    hits = server.rest().post("/indices/docs/search", {"vector": [0.5] * DIMENSION, "k": 10})
    assert hits.status == 200 and len(hits.json["results"][0]) == 10, hits
    return round(ready, 3), round(time.monotonic() - began, 3)


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["idmap", "ivf"])
def test_recovery_of_100000_vectors(make_server, tier):
    server = make_server()
    rest = server.rest()
    threshold = 10_000 if tier == "ivf" else 900_000
    made = rest.post("/indices", {"index_id": "docs", "dimension": DIMENSION, "num_shards": 2, "tiering": {"idmap_to_ivf": threshold}})
    assert made.status == 201, made
    imported = rest.upload("docs", npy(VECTORS, DIMENSION, 1), content_type="application/x-npy")
    assert imported.status == 202, imported
    for job in rest.get("/jobs?index=docs").json["jobs"]:
        rest.ended(job["jobId"])
    ready, searched, extra = [], [], 0
    for kill in range(KILLS):
        stop, acknowledged = threading.Event(), []

        def write(first=kill * 100_000, stop=stop, acknowledged=acknowledged):
            for n in range(10_000):
                if stop.is_set():
                    return
                try:
                    fill(server.rest(), "docs", rows(5, DIMENSION, seed=n, first=10_000_000 + first + n * 5))
                except OSError:
                    return
                acknowledged.append(n)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.3)  # in the middle of writes
        server.kill()
        stop.set()
        writer.join()
        extra += 5 * len(acknowledged)
        times = recover(server)
        ready.append(times[0])
        searched.append(times[1])
        vectors = server.rest().get("/indices/docs").json["vectors"]
        assert VECTORS + extra <= vectors <= VECTORS + extra + 5 * KILLS, (vectors, extra)
    record(f"recovery-{tier}", {"vectors": VECTORS, "dimension": DIMENSION, "kills": KILLS, "ready_seconds": ready,
                                "first_search_seconds": searched, "median_ready_seconds": statistics.median(ready)})
    if target := os.environ.get("MLG_RECOVERY_SECONDS"):
        assert max(ready) <= float(target), f"recovery took up to {max(ready)} s, the target is {target} s"
