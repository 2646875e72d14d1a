"""Cases of the engine: upserts, imports, searches, and what watching them costs."""
import subprocess
import tempfile
import threading
import time

import vector_sets as sets
from harness import BIN, DATA, ROOT, Server, program_environment, run
from vector_server import VectorServer, lines_of


def upsert():
    """JSON upserts, durable, batches of 500 x 128, two clients."""
    with Server() as server:
        server.create("u")
        return {"vectors_per_second": run("upsert_load", server.port, "u", DATA, 50_000, 500, 2)["vectors_per_second"]}


def import_():
    """NPY import to the idmap tier against bare RocksDB (synced batches of 500) with the same rows."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        bare = run("bare_rocksdb", DATA, folder + "/bare")["rows_per_second"]
    with Server() as server:
        server.create("i")
        rate = 101_000 / server.import_npy("i")
    return {"rows_per_second": rate, "bare_rows_per_second": bare, "ratio": rate / bare}


def search():
    """One keep-alive client, k 10, ivf tier at the calibrated nprobe, against FAISS IVF in process at the same recall."""
    data = sets.small()
    with VectorServer() as server:
        server.make_index("s", data)
        server.import_file("s", data.base)
        server.train("s")
        ours = lines_of("search_load", server.port, "s", *data.known())[-1]
    rungs = lines_of("faiss_ivf", *data.known(), "--file", data.kept("faiss_ivf"), "--passes", 1)
    faiss = next(rung for rung in rungs if rung.get("recall", 0) >= max(0.95, ours["recall"]))
    allowed = 0.5 * faiss["p50_us"] + 200
    return {"recall": ours["recall"], "p50_us": ours["p50_us"], "p99_us": ours["p99_us"], "qps": ours["qps"],
            "faiss_recall": faiss["recall"], "faiss_p50_us": faiss["p50_us"], "allowed_p50_us": allowed, "ratio": ours["p50_us"] / allowed}


def latency():
    """To each of 100 sessions, idle and while importing: from before a PATCH is sent, and from the decision of its commit (sync included)."""
    with Server() as server:
        server.create("l")
        idle = run("watch_latency", server.port, "l", 100, 200, 50)
        server.create("busy")
        stop = threading.Event()

        def keep_importing():
            while not stop.is_set():
                server.import_npy("busy")
        importer = threading.Thread(target=keep_importing)
        importer.start()
        busy = run("watch_latency", server.port, "l", 100, 200, 50)
        stop.set()
        importer.join()
    return {f"{when}_{what}_{p}_ms": seen[name + p + "_ms"]
            for when, seen in (("idle", idle), ("importing", busy))
            for what, name in (("request", ""), ("commit", "commit_"))
            for p in ("p50", "p99")}


def watching():
    """Share of the process's CPU that I/O loops and sampler take under search load, with 100 watchers of everything."""
    with Server() as server:
        server.create("w")
        server.import_npy("w")
        watchers = subprocess.Popen([BIN / "watch_latency", str(server.port), "w", "100", "8", "1"], stdout=subprocess.DEVNULL,
                                    env=program_environment(MLG_WATCH="*"))
        time.sleep(1)
        loops0, all0 = server.busy()
        command = ("search_load", server.port, "w", *sets.small().known(), "--unchecked", "--seconds", 5)
        loads = [threading.Thread(target=run, args=command) for _ in range(2)]
        for load in loads:
            load.start()
        for load in loads:
            load.join()
        loops1, all1 = server.busy()
        watchers.terminate()
        watchers.wait()
    return {"loops_seconds": loops1 - loops0, "process_seconds": all1 - all0, "share": (loops1 - loops0) / (all1 - all0)}
