"""Large sets on their way in and from tier to tier: imports, trainings, graphs; what they take of memory; how soon they are back."""
import statistics
import tempfile

import vector_sets as sets
from harness import ROOT, run
from vector_server import Kept, VectorServer, lines_of

HALF = 500_000
TURNS = 3


def alone():
    """A fresh server, and no other one beside it."""
    Kept.close()
    return VectorServer()


def scale_import():
    """A million rows as NPY and as JSON lines until searchable and durable, against bare RocksDB writing them (synced batches of 500)."""
    data = sets.scale()
    figures = {}
    for kind, path in (("npy", data.base), ("jsonl", data.lines)):
        with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
            bare = run("bare_rocksdb", data.base, folder + "/bare")["rows_per_second"]
        with alone() as server:
            server.make_index("i", data)
            rate = data.rows / server.import_file("i", path)
        figures |= {f"{kind}_rows_per_second": rate, f"{kind}_bare_rows_per_second": bare, f"{kind}_ratio": rate / bare}
    return figures


def scale_train():
    """500,000 x 128 from flat to ivf against Debian's FAISS on as many threads; then p99 of searches while it is trained anew."""
    data = sets.scale(HALF)
    lists = int(4 * data.rows ** 0.5)
    with alone() as server:
        server.make_index("t", data, num_centroids=lists)
        server.import_file("t", data.base)
        ours = server.train("t")
        rival = lines_of("faiss_ivf", *data.known(), "--recall", 0, "--threads", 2, "--nlist", lists)[0]["build_seconds"]
        load = ("search_load", server.port, "t", *data.known(), "--unchecked", "--seconds")
        idle = [lines_of(*load, 5)[-1]["p99_us"] for _ in range(TURNS)]
        job = server.call("POST", "/indices/t/train", b"{}")
        busy = []
        while server.call("GET", f"/jobs/{job['jobId']}")["state"] in ("queued", "running"):
            busy.append(lines_of(*load, 3)[-1]["p99_us"])
    idle_us, busy_us = statistics.median(idle), statistics.median(busy)
    return {"seconds": ours, "rival_seconds": rival, "ratio": ours / rival, "idle_p99_us": idle_us, "training_p99_us": busy_us,
            "p99_ratio": busy_us / idle_us}


def scale_graph():
    """500,000 x 128 from flat to a graph (M 16, efc 200) against hnswlib on as many threads."""
    data = sets.scale(HALF)
    with alone() as server:
        server.make_index("g", data, index_type="HNSW")
        server.import_file("g", data.base)
        ours = server.train("g")
    rival = lines_of("hnswlib_bench", *data.known(), "--recall", 0, "--threads", 2)[0]["build_seconds"]
    return {"seconds": ours, "rival_seconds": rival, "ratio": ours / rival}


def bytes_each(move):
    """Resident bytes a vector, beyond an empty server's: after a restart, once searches have touched what they touch. The process's own
    pages, and those of mapped files, which the kernel takes back when it needs to."""
    data = sets.scale()
    with alone() as server:
        server.ready_after_restart()
        empty = server.memory()
        server.make_index("m", data)
        server.import_file("m", data.base)
        server.train("m")
        move(server)
        server.ready_after_restart()
        lines_of("search_load", server.port, "m", *data.known(), "--seconds", 3)
        own, mapped = ((now - then) * 2**20 / data.rows for now, then in zip(server.memory()[:2], empty[:2]))
    values_and_id = 4 * data.dim + 8
    return {"own_bytes": own, "mapped_bytes": mapped, "own_beyond_values_and_id_bytes": own - values_and_id,
            "own_beyond_codes_too_bytes": own - values_and_id - data.dim}


def ivf_memory():
    """128 floats and an id are held; codes of one byte beside them, if the tier has such."""
    return bytes_each(lambda server: None)


def ondisk_memory():
    return bytes_each(lambda server: server.move("m", "ivf_to_ondisk", "ondisk"))


def scale_restart():
    """From the start of the process to /health/ready, a million vectors in the flat tier and then in ivf."""
    data = sets.scale()
    with alone() as server:
        server.make_index("r", data)
        server.import_file("r", data.base)
        flat = server.ready_after_restart()
        server.train("r")
        return {"idmap_seconds": flat, "ivf_seconds": server.ready_after_restart()}


def large():
    """Five million rows imported, trained, moved to disk and searched at recall 0.9; the most memory the server ever had."""
    data = sets.large()
    with alone() as server:
        server.make_index("l", data)
        imported = server.import_file("l", data.base)
        trained = server.train("l")
        moved = server.move("l", "ivf_to_ondisk", "ondisk")
        _, _, most = server.memory()
        server.ready_after_restart()
        rung = lines_of("search_load", server.port, "l", *data.known(), "--member", "nprobe", "--recall", 0.9, "--seconds", 0.1)[-1]
        found = lines_of("search_load", server.port, "l", *data.known(), "--member", "nprobe", "--rungs", rung["nprobe"],
                         "--seconds", 10)[-1]
        own, mapped, searching_most = server.memory()
    return {"import_rows_per_second": data.rows / imported, "train_seconds": trained, "ondisk_seconds": moved, "nprobe": found["nprobe"],
            "recall": found["recall"], "p50_us": found["p50_us"], "p99_us": found["p99_us"], "building_peak_mib": most,
            "searching_own_mib": own, "searching_mapped_mib": mapped, "searching_peak_mib": searching_most,
            "rows_mib": data.rows * data.dim * 4 / 2**20}
