"""`mlgraph watch` as a child process, its lines read as they come."""
import json
import os
import signal
import subprocess
import threading

from .server import ADMIN_TOKEN, binary

PATIENCE = 60.0


def environment(server, token=ADMIN_TOKEN):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MLGRAPH_")}
    return {**env, "MLGRAPH_URL": f"{'https' if getattr(server, 'tls', False) else 'http'}://{server.host}:{server.port}", "MLGRAPH_TOKEN": token, "NO_COLOR": "1"}


class Watch:
    """One `mlgraph watch --json …`, through any number of server restarts on one port."""

    def __init__(self, server, *arguments, token=ADMIN_TOKEN):
        self.messages = []
        self.notes = []      # lines of standard error
        self._lines = threading.Condition()
        self.process = subprocess.Popen(
            [str(binary("mlgraph")), "--json", "watch", *arguments], env=environment(server, token),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self._readers = [threading.Thread(target=self._read, args=(stream, take), daemon=True) for stream, take in (
            (self.process.stdout, lambda line: self.messages.append(json.loads(line))),
            (self.process.stderr, lambda line: self.notes.append(line.rstrip("\n"))))]
        for reader in self._readers:
            reader.start()

    def _read(self, stream, take):
        for line in stream:
            with self._lines:
                take(line)
                self._lines.notify_all()
        with self._lines:
            self._lines.notify_all()

    @property
    def events(self):
        """The durable ones, in the order printed."""
        with self._lines:
            return [m for m in self.messages if "id" in m and m["type"] != "state"]

    def wait_for(self, done, timeout=PATIENCE):
        """Until a printed message is `done`; returns it."""
        with self._lines:
            found = self._lines.wait_for(lambda: next((m for m in self.messages if done(m)), None), timeout)
            assert found, f"not printed within {timeout} s; {len(self.messages)} messages, notes {self.notes[-5:]}"
            return found

    def wait_for_note(self, text, count=1, timeout=PATIENCE):
        with self._lines:
            assert self._lines.wait_for(lambda: sum(text in note for note in self.notes) >= count, timeout), \
                f"no {text!r} ({count} times) on standard error: {self.notes[-5:]}"

    def position(self):
        """What it says to continue with; once it has ended."""
        last = [note for note in self.notes if "--since" in note][-1]
        return last.rpartition(" ")[2]

    def stop(self, timeout=20):
        """Ctrl-C; returns the exit code, with everything printed so far read."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.wait(timeout)

    def wait(self, timeout=PATIENCE):
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"mlgraph watch did not end within {timeout} s; notes {self.notes[-5:]}") from None
        for reader in self._readers:
            reader.join(timeout)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
