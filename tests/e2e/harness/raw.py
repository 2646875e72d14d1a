"""Bytes on a socket, for what no decent client sends."""
import base64
import os
import socket
import ssl
import struct
import time

PATIENCE = 20.0


def ws_frame(opcode, payload=b"", fin=True, rsv=0, masked=True, declared=None):
    """One client frame; `declared` lies about the length."""
    head = bytes([(0x80 if fin else 0) | (rsv << 4) | opcode])
    size = len(payload) if declared is None else declared
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 1 << 16:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    mask = b"\x11\x22\x33\x44"
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class RawConnection:
    def __init__(self, host, port, tls_context=None):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls_context:
            self.socket = tls_context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        self.ended = False

    def send(self, data):
        """False once the server has hung up."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def read_more(self, deadline):
        if not self.try_read_more(deadline):
            raise AssertionError(f"the server neither answered nor closed; so far {self.buffer[:300]!r}")

    def try_read_more(self, deadline):
        """False when nothing came in time, not even the end."""
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except socket.timeout:
            return False
        except OSError:
            data = b""
        self.ended = not data
        self.buffer += data
        return True

    def read_until(self, enough, timeout=PATIENCE):
        deadline = time.monotonic() + timeout
        while not self.ended and not enough(self.buffer):
            self.read_more(deadline)
        return self.buffer

    def read_all(self, timeout=PATIENCE):
        """Everything until the server closes."""
        return self.read_until(lambda _: False, timeout)

    def response(self, timeout=PATIENCE):
        """One HTTP response's status, headers and body (0 if the server only closed); takes it off the buffer."""
        self.read_until(lambda data: b"\r\n\r\n" in data, timeout)
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return 0, {}, self.buffer
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        whole = len(head) + 4 + size
        self.read_until(lambda data: len(data) >= whole, timeout)
        body, self.buffer = self.buffer[len(head) + 4:whole], self.buffer[whole:]
        return int(lines[0].split(" ")[1]), headers, body

    def upgrade(self, token=None, path="/ws", extra="", after=b""):
        """A correct upgrade, `extra` header lines and bytes sent right behind it; returns (status, headers, body)."""
        key = base64.b64encode(os.urandom(16)).decode()
        auth = f"Authorization: Bearer {token}\r\n" if token else ""
        self.send((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{auth}{extra}\r\n").encode("latin-1") + after)
        return self.response()

    def close_code(self, timeout=PATIENCE):
        """Reads frames until the server's close frame; 1006 when it closed without one."""
        self.read_until(lambda data: self._find_close(data) is not None, timeout)
        code = self._find_close(self.buffer)
        return 1006 if code is None else code

    @staticmethod
    def frames(data):
        """(opcode, payload) of the server's whole frames in `data`."""
        at, found = 0, []
        while at + 2 <= len(data):
            opcode, size = data[at] & 0x0F, data[at + 1] & 0x7F
            at += 2
            if size == 126:
                size = struct.unpack(">H", data[at:at + 2].rjust(2, b"\0"))[0]
                at += 2
            elif size == 127:
                size = struct.unpack(">Q", data[at:at + 8].rjust(8, b"\0"))[0]
                at += 8
            if at + size > len(data):
                break
            found.append((opcode, data[at:at + size]))
            at += size
        return found

    @classmethod
    def _find_close(cls, data):
        for opcode, payload in cls.frames(data):
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
        return None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def permissive_tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
