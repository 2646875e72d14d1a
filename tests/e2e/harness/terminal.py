"""`mlgraph` on a terminal of its own (a pty), and as a plain child process."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from .cli import environment
from .server import ADMIN_TOKEN, binary

PATIENCE = 60.0


def run(server, *arguments, token=ADMIN_TOKEN, env=None, **options):
    """To its end; text of standard output and error."""
    return subprocess.run([str(binary("mlgraph")), *map(str, arguments)], env={**environment(server, token), **(env or {})},
                          capture_output=True, text=True, timeout=120, **options)


class OnTerminal:
    """mlgraph whose three standard streams are a terminal; everything it writes is kept."""

    def __init__(self, server, *arguments, token=ADMIN_TOKEN, env=None, columns=100, rows=30):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.modes = termios.tcgetattr(self.slave)
        self.output = b""
        own = {k: v for k, v in environment(server, token).items() if k != "NO_COLOR"}
        self.process = subprocess.Popen([str(binary("mlgraph")), *arguments], env={**own, "TERM": "xterm-256color", **(env or {})},
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def _read(self, timeout):
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        self.output += os.read(self.master, 65536)
        return True

    def wait_for(self, text, since=0, timeout=PATIENCE):
        """Until `text` (bytes) stands in the output behind `since`; returns the place behind it."""
        deadline = time.monotonic() + timeout
        while text not in self.output[since:]:
            left = deadline - time.monotonic()
            assert left > 0, f"no {text!r} within {timeout} s: {self.output[-2000:]!r}"
            self._read(left)
        return self.output.index(text, since) + len(text)

    def wait(self, timeout=PATIENCE):
        """Its exit code, with all of its output read."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it has not ended: {self.output[-2000:]!r}"
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.returncode

    def modes_are_restored(self):
        return termios.tcgetattr(self.slave) == self.modes

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
