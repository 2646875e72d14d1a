#!/usr/bin/env python3
"""Measures the server's figures in one run and prints them as a table: ratios against a baseline of the same run.

  cmake --preset release && cmake --build --preset release && tools/data/sift.sh .cache/data/sift-101k.npy 101000
  bench/run.py [--rounds N] [--only upsert,import,search,latency,watching]

Baselines: bare RocksDB writing the same rows (bare_rocksdb), Debian's FAISS IVF in process (faiss_ivf).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("MLG_BIN_DIR", ROOT / "build" / "release" / "bin"))
DATA = ROOT / ".cache" / "data" / "sift-101k.npy"
TOKEN = "mlg_benchmark_token_0000"
BASE, QUERIES = 100_000, 1_000


def run(*command):
    done = subprocess.run([str(BIN / command[0]), *map(str, command[1:])], capture_output=True, text=True,
                          env={**os.environ, "MLGRAPH_TOKEN": TOKEN, "OMP_NUM_THREADS": "2"})
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Server:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(dir=ROOT / ".cache")
        self.process = subprocess.Popen(
            [BIN / "mlgraphd", "--data-dir", self.folder.name + "/data", "--listen", "127.0.0.1:0", "--log-level", "warn"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "MLGRAPH_ADMIN_TOKEN": TOKEN})
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.folder.cleanup()

    def call(self, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1{path}", method=method, data=body,
                                         headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read() or b"null")

    def create(self, name, threshold=10**9):
        self.call("POST", "/indices", json.dumps({"index_id": name, "dimension": 128,
                                                  "tiering": {"idmap_to_ivf": threshold}}).encode())

    def import_npy(self, name):
        began = time.monotonic()
        self.call("POST", f"/indices/{name}/import", DATA.read_bytes(), "application/x-npy")
        return time.monotonic() - began

    def train(self, name):
        job = self.call("POST", f"/indices/{name}/train", b"{}")
        while self.call("GET", f"/jobs/{job['jobId']}")["state"] == "running":
            time.sleep(0.05)

    def busy(self):
        """CPU seconds of (I/O loops and sampler, the whole process)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request) as answer:
            text = answer.read().decode()
        loops = next(float(line.split()[1]) for line in text.splitlines() if line.startswith("mlgraph_loop_busy_seconds_total "))
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return loops, (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


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
    with Server() as server:
        server.create("s")
        rows = DATA.read_bytes()
        header_end = 10 + int.from_bytes(rows[8:10], "little")
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({BASE}, 128), }}"
        header += " " * ((-(10 + len(header) + 1)) % 64) + "\n"
        body = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + rows[header_end:header_end + BASE * 512]
        server.call("POST", "/indices/s/import", body, "application/x-npy")
        server.train("s")
        ours = run("search_load", server.port, "s", DATA, BASE, QUERIES, 3)
    faiss = run("faiss_ivf", DATA, BASE, QUERIES, max(0.95, ours["recall"]))
    allowed = 0.5 * faiss["p50_us"] + 200
    return {"recall": ours["recall"], "p50_us": ours["p50_us"], "p99_us": ours["p99_us"], "qps": ours["qps"],
            "faiss_recall": faiss["recall"], "faiss_p50_us": faiss["p50_us"], "allowed_p50_us": allowed, "ratio": ours["p50_us"] / allowed}


def latency():
    """From before a PATCH is sent to its event at each of 100 sessions, idle and while importing."""
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
    return {"idle_p50_ms": idle["p50_ms"], "idle_p99_ms": idle["p99_ms"], "importing_p50_ms": busy["p50_ms"], "importing_p99_ms": busy["p99_ms"]}


def watching():
    """Share of the process's CPU that I/O loops and sampler take under search load, with 100 watchers of everything."""
    with Server() as server:
        server.create("w")
        server.import_npy("w")
        watchers = subprocess.Popen([BIN / "watch_latency", str(server.port), "w", "100", "8", "1"], stdout=subprocess.DEVNULL,
                                    env={**os.environ, "MLGRAPH_TOKEN": TOKEN, "MLG_WATCH": "*"})
        time.sleep(1)
        loops0, all0 = server.busy()
        loads = [threading.Thread(target=run, args=("search_load", server.port, "w", DATA, BASE, 20, 5)) for _ in range(2)]
        for load in loads:
            load.start()
        for load in loads:
            load.join()
        loops1, all1 = server.busy()
        watchers.terminate()
        watchers.wait()
    return {"loops_seconds": loops1 - loops0, "process_seconds": all1 - all0, "share": (loops1 - loops0) / (all1 - all0)}


CASES = {"upsert": upsert, "import": import_, "search": search, "latency": latency, "watching": watching}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default=",".join(CASES))
    options = arguments.parse_args()
    print("| case | figure | median | least | most |\n|---|---|---|---|---|")
    for name in options.only.split(","):
        rounds = [CASES[name]() for _ in range(options.rounds)]
        for figure in rounds[0]:
            values = [r[figure] for r in rounds]
            shown = [f"{v:,.0f}" if v >= 1000 else f"{v:.3f}" for v in (statistics.median(values), min(values), max(values))]
            print(f"| {name} | {figure} | {shown[0]} | {shown[1]} | {shown[2]} |", flush=True)


if __name__ == "__main__":
    main()
