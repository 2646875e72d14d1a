"""mlgraphd with a large set in it: imported, moved to a tier, and kept for the next case that wants the same."""
import atexit
import http.client
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

from harness import BIN, TOKEN, Server, program_environment

NEVER = 10**9  # a threshold that no shard reaches: moves happen when a case asks for them
TYPES = {".npy": "application/x-npy", ".jsonl": "application/x-ndjson"}


class VectorServer(Server):
    def make_index(self, name, data, **settings):
        tiering = {"idmap_to_ivf": NEVER, "ivf_to_ondisk": NEVER, "merge": NEVER}
        self.call("POST", "/indices", json.dumps({"index_id": name, "dimension": data.dim, "metric_type": data.metric,
                                                  "tiering": tiering, **settings}).encode())

    def import_file(self, name, path):
        """Seconds until every row is durable and found by searches. The file goes from disk to socket without passing through here."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port)) as line, open(path, "rb") as rows:
            line.sendall((f"POST /api/v1/indices/{name}/import HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
                          f"Content-Type: {TYPES[path.suffix]}\r\nContent-Length: {os.path.getsize(path)}\r\n\r\n").encode())
            line.sendfile(rows)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            body = answer.read()
        if answer.status != 202:
            raise SystemExit(f"the import was answered {answer.status}: {body.decode()}")
        return time.monotonic() - began

    def finish(self, job):
        """Waits for a job's end."""
        while True:
            shown = self.call("GET", f"/jobs/{job['jobId']}?wait_for=completed&timeout_s=300")
            if shown["state"] == "completed":
                return shown
            if shown["state"] == "failed":
                raise SystemExit(f"a job failed: {shown}")

    def train(self, name):
        """Seconds of a training, by the server's own call."""
        began = time.monotonic()
        self.finish(self.call("POST", f"/indices/{name}/train", b"{}"))
        return time.monotonic() - began

    def works_on(self, name):
        return any(self.call("GET", f"/jobs?index={name}&state={state}")["jobs"] for state in ("queued", "running"))

    def move(self, name, threshold, tier):
        """Lowers a threshold below what every shard has, and waits until all have passed it; seconds."""
        began = time.monotonic()
        self.call("PATCH", f"/indices/{name}", json.dumps({"tiering": {threshold: 1}}).encode())
        while True:
            hope = time.monotonic() - began < 30 or self.works_on(name)  # asked first: what ends in between is seen below
            if all((s["tier"], s["state"]) == (tier, "active") for s in self.call("GET", f"/indices/{name}")["shards"]):
                return time.monotonic() - began
            if not hope:
                raise SystemExit(f"index {name} is not in the tier {tier}, and nothing moves it there")
            time.sleep(0.2)

    def ready_after_restart(self):
        """Seconds from the start of the process until /health/ready answers 200."""
        self.process.terminate()
        self.process.wait(60)
        began = time.monotonic()
        self.start()
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return time.monotonic() - began
            except urllib.error.HTTPError:
                time.sleep(0.005)

    def memory(self):
        """MiB that only this process has, that files mapped into it take, and the most that both ever were."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            kib = {key: int(value.split()[0]) for key, value in (line.split(":", 1) for line in lines) if "kB" in value}
        return kib["RssAnon"] / 1024, kib["RssFile"] / 1024, kib["VmHWM"] / 1024


def lines_of(*command):
    """One program, to its end; each of its lines is JSON."""
    done = subprocess.run([str(BIN / command[0]), *map(str, command[1:])], capture_output=True, text=True, env=program_environment())
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Kept:
    """One server that stays up from case to case, as long as they want the same in it."""
    wanted, server = None, None

    @classmethod
    def get(cls, kind, data, fill):
        if cls.wanted != (kind, data.name):
            cls.close()
            cls.server = VectorServer().__enter__()
            cls.wanted = (kind, data.name)
            fill(cls.server)
        return cls.server

    @classmethod
    def close(cls):
        if cls.server:
            cls.server.__exit__(None, None, None)
        cls.wanted = cls.server = None


atexit.register(Kept.close)


def with_lists(data):
    """A set in the ivf tier; its rows have their metadata where they have lines."""
    def fill(server):
        server.make_index("lists", data)
        server.import_file("lists", data.lines if data.metric == "L2" else data.base)
        server.train("lists")
    return Kept.get("lists", data, fill)


def with_graph(data):
    def fill(server):
        server.make_index("graph", data, index_type="HNSW")
        server.import_file("graph", data.base)
        server.train("graph")
    return Kept.get("graph", data, fill)
