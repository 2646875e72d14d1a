"""What the cases of bench/run.py share: the server as a child process, the load programs, its own numbers."""
import json
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("MLG_BIN_DIR", ROOT / "build" / "release" / "bin"))
DATA = ROOT / ".cache" / "data" / "sift-101k.npy"
TOKEN = "mlg_benchmark_token_0000"


def program_environment(**more):
    return {**os.environ, "MLGRAPH_TOKEN": TOKEN, "OMP_NUM_THREADS": "2", **more}


def run(*command, **environment):
    """One load program, to its end; its last line is JSON."""
    done = subprocess.run([str(BIN / command[0]), *map(str, command[1:])], capture_output=True, text=True,
                          env=program_environment(**environment))
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


class Peak:
    """The most that a number came to while the block ran, looked at ten times a second."""

    def __init__(self, look):
        self.look, self.most, self.over = look, 0.0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while True:
            self.most = max(self.most, self.look())
            if self.over.wait(0.1):
                return

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Clients:
    """bench/resume_clients.cc, driven by lines."""

    def __init__(self, port, count, pattern, since="", **environment):
        self.process = subprocess.Popen(
            [BIN / "resume_clients", str(port), str(count), pattern, *([since] if since else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=program_environment(**environment))
        self.answer()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("resume_clients ended: see its words above")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        if self.process.wait(60):
            raise SystemExit("resume_clients failed: see its words above")


class Listener:
    """A WebSocket of everything, that notes when its last durable event came and when it was closed."""

    def __init__(self, port, token):
        self.events, self.last_event_at, self.closed_at = 0, 0.0, 0.0
        self.socket = socket.create_connection(("127.0.0.1", port))
        message = b'{"type":"subscribe","channels":["*"],"ref":1}'
        head = (f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n")
        self.socket.sendall(head.encode() + bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
        seen = b""
        while b'"subscribed"' not in seen:
            piece = self.socket.recv(65536)
            if not piece:
                raise SystemExit(f"a listener was refused: {seen}")
            seen += piece

    def read(self):
        """False once the server has closed it."""
        piece = self.socket.recv(1 << 20)
        now = time.monotonic()
        count = piece.count(b'"type":"index.updated"')
        if count:
            self.events, self.last_event_at = self.events + count, now
        if piece:
            return True
        self.closed_at = now
        self.socket.close()
        return False


class Crowd:
    """Reads for many listeners on a thread of its own."""

    def __init__(self, listeners):
        self.selector, self.open = selectors.DefaultSelector(), len(listeners)
        for one in listeners:
            self.selector.register(one.socket, selectors.EVENT_READ, one)
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        self.thread.start()
        return self

    def read(self):
        while self.open:
            for key, _ in self.selector.select():
                if key.data.closed_at or key.data.read():
                    continue
                self.selector.unregister(key.fd)
                self.open -= 1

    def __exit__(self, *_):
        self.thread.join()


class Server:
    """mlgraphd on a fresh data directory, or on one that `fill` has made."""

    def __init__(self, fill=None, **settings):
        self.settings = {"MLGRAPH_" + key.upper(): str(value) for key, value in settings.items()}
        self.fill = fill
        self.port = 0

    def __enter__(self):
        (ROOT / ".cache").mkdir(exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(dir=ROOT / ".cache")
        self.data_dir = self.folder.name + "/data"
        if self.fill:
            self.fill(self.data_dir)
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            [BIN / "mlgraphd", "--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}", "--log-level", "error"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "MLGRAPH_ADMIN_TOKEN": TOKEN, **self.settings})
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def restart(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)
        self.start()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.folder.cleanup()

    def metrics(self):
        """The numbers of /metrics that have no labels."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request) as answer:
            lines = [line.split() for line in answer.read().decode().splitlines() if line.startswith("mlgraph_")]
        return {name.removeprefix("mlgraph_"): float(value) for name, value in lines if "{" not in name}

    def resident_mib(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settled_descriptors(self, patience=30):
        """Once the last connections are closed: the least that is seen."""
        least, until = self.descriptors(), time.monotonic() + patience
        while time.monotonic() < until:
            time.sleep(1)
            least = min(least, self.descriptors())
        return least

    def newest_id(self):
        return self.call("GET", "/state?channels=alert.*")["id"]

    def call(self, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1{path}", method=method, data=body,
                                         headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            raise SystemExit(f"{method} {path} was answered {refusal.code}: {refusal.read().decode()}") from None

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
        loops = self.metrics()["loop_busy_seconds_total"]
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return loops, (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
