"""An HTTP server that says what it is told to, byte by byte: what no real server does on purpose."""
import socket
import struct
import threading


class RawServer:
    """answers: what each request gets in its turn, on whichever connection it comes: bytes, and how the connection goes on behind them
    ("keep", "end" or "reset"). asked: the requests' first lines, all of them behind its end, which waits for the clients'."""

    def __init__(self, *answers):
        self.asked, self._answers, self._lock = [], list(answers), threading.Lock()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, target, *arguments):
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            while first := lines.readline():
                length = 0
                while (line := lines.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                lines.read(length)
                with self._lock:
                    self.asked.append(first.decode().strip())
                    answer, then = self._answers.pop(0)
                connection.sendall(answer)
                if then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if then != "keep":
                    return


def answer(body, *, status="200 OK", kind="application/json", length=None, headers=""):
    """length: what is said of the body; its own if left out."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body) if length is None else length}\r\n{headers}\r\n".encode() + body
