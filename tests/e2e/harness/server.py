"""The daemon as a child process: started, stopped, killed and started again on the same data directory."""
import os
import pathlib
import resource
import select
import signal
import subprocess
import time

from .rest import Rest
from .socket import Socket
from .sse import EventStream

ROOT = pathlib.Path(__file__).resolve().parents[3]
ADMIN_TOKEN = "mlg_test_admin_token_0123456789abcdefABCDEF"
START_SECONDS = 60


def binary(name="mlgraphd"):
    folder = pathlib.Path(os.environ.get("MLG_BIN_DIR", ROOT / "build" / "dev" / "bin"))
    return (folder if folder.is_absolute() else ROOT / folder) / name


class Server:
    """One mlgraphd.

    settings     configuration keys as in docs/operating.md, e.g. {"limits.patterns": 4}; given as environment variables
    flags        further command line arguments
    admin_token  None: the server makes one and keeps it in DIR/admin.token
    descriptors  the child's RLIMIT_NOFILE
    """

    def __init__(self, folder, settings=None, flags=(), admin_token=ADMIN_TOKEN, descriptors=None, tls=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = self.folder / "data"
        self.settings = dict(settings or {})
        self.flags = list(flags)
        self.admin_token = admin_token
        self.descriptors = descriptors
        self.tls = tls
        self.host, self.port = "127.0.0.1", 0
        self.process = None
        self.first_line = ""
        self.starts = 0

    # life -----------------------------------------------------------------------------------------------------------
    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("MLGRAPH_")}
        if self.admin_token:
            env["MLGRAPH_ADMIN_TOKEN"] = self.admin_token
        for key, value in self.settings.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            env["MLGRAPH_" + key.upper().replace(".", "_")] = text
        return env

    def command(self, port=0):
        return [str(binary()), "--data-dir", str(self.data_dir), "--listen", f"{self.host}:{port}", *self.flags]

    def start(self, port=0, timeout=START_SECONDS):
        limit = None
        if self.descriptors:
            count = self.descriptors

            def limit():
                resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

        self.starts += 1
        self._stderr = open(self.folder / f"stderr.{self.starts}", "wb")
        self.process = subprocess.Popen(
            self.command(port), env=self.environment(), stdout=subprocess.PIPE, stderr=self._stderr,
            stdin=subprocess.DEVNULL, preexec_fn=limit, cwd=self.folder)
        self.first_line = self._read_first_line(timeout)
        prefix = "mlgraphd listening on " + ("https" if self.tls else "http") + "://"
        assert self.first_line.startswith(prefix), (self.first_line, self.log())
        self.host, _, port_text = self.first_line[len(prefix):].rpartition(":")
        self.port = int(port_text)
        self.wait_ready(timeout)
        return self

    def _read_first_line(self, timeout):
        deadline = time.monotonic() + timeout
        line = b""
        descriptor = self.process.stdout.fileno()
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([descriptor], [], [], left)[0]
            piece = os.read(descriptor, 1) if ready else b""
            if not piece:
                code = self.process.poll()
                raise AssertionError(f"mlgraphd gave no first line (exit code {code}):\n{self.log()}")
            line += piece
        return line.decode().strip()

    def wait_ready(self, timeout=START_SECONDS):
        """Polls /health/ready, which the contract offers for exactly this."""
        rest = self.rest(token=None)
        deadline = time.monotonic() + timeout
        while rest.raw("GET", "/health/ready").status != 200:
            assert time.monotonic() < deadline, "not ready:\n" + self.log()
            time.sleep(0.02)

    def stop(self, timeout=30):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap(timeout)

    def kill(self):
        self.process.kill()
        return self._reap(30)

    def _reap(self, timeout):
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"mlgraphd did not end within {timeout} s:\n{self.log()[-4000:]}") from None
        with open(self.folder / f"stdout.{self.starts}", "wb") as out:
            out.write(self.first_line.encode() + b"\n" + self.process.stdout.read())
        self.process.stdout.close()
        self._stderr.close()
        return code

    def restart(self, port=0):
        code = self.stop()
        assert code == 0, (code, self.log())
        return self.start(port)

    def close(self):
        if self.process and self.process.returncode is None:
            if self.process.poll() is None:
                self.stop()
            else:
                self._reap(1)
        assert_no_sanitizer_report(self.log())

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # clients --------------------------------------------------------------------------------------------------------
    def rest(self, token=ADMIN_TOKEN):
        return Rest(self.host, self.port, token, tls=self.tls)

    def socket(self, token=ADMIN_TOKEN, **options):
        return Socket(self.host, self.port, token=token, tls=self.tls, **options)

    def events(self, query="", token=ADMIN_TOKEN, **options):
        return EventStream(self.host, self.port, query, token=token, **options)

    # outputs --------------------------------------------------------------------------------------------------------
    def log(self):
        """All of stderr, over all starts."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("stderr.*")))

    def stdout(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("stdout.*")))


def assert_no_sanitizer_report(log):
    for sign in ("AddressSanitizer", "ThreadSanitizer", "UndefinedBehavior", "runtime error:", "LeakSanitizer", "MLG_CHECK"):
        assert sign not in log, log[log.index(sign):][:6000]
