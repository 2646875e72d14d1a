"""RFC 6455 against ws_echo, by a client that builds every frame byte by byte and so can send any of them.

The groups follow the sections of the RFC. A case names the exact close code that is due.
"""
import itertools
import os
import socket
import struct

import pytest

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x37\xfa\x21\x3d", length=None):
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload
    return head + (mask or b"") + body


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert b" 101 " in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head

    def _fill(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError
        self.buffer += data

    def send(self, data, chop=None):
        if chop is None:
            return self.socket.sendall(data)
        for at in range(0, len(data), chop):
            self.socket.sendall(data[at:at + chop])

    def _take(self, n):
        while len(self.buffer) < n:
            self._fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def receive(self):
        first, second = self._take(2)
        assert first & 0x70 == 0, "no extension was agreed, so no reserved bit is set"
        assert second & 0x80 == 0, "a server's frame is not masked"
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", self._take(2))
            assert size > 125
        elif size == 127:
            size, = struct.unpack("!Q", self._take(8))
            assert size > 65535
        assert first & 0x80, "the server does not fragment"
        return first & 15, self._take(size)

    def expect(self, opcode, payload):
        assert self.receive() == (opcode, payload)

    def expect_close(self, code):
        opcode, payload = self.receive()
        assert opcode == CLOSE
        if code is None:
            assert payload == b""
        else:
            assert struct.unpack("!H", payload[:2])[0] == code, payload
            payload[2:].decode()
        self.expect_end()

    def expect_end(self):
        try:
            self._fill()
            raise AssertionError(f"data after the close: {self.buffer[:50]}")
        except (EOFError, ConnectionResetError):
            pass


@pytest.fixture
def client(echo_port):
    connected = Client(echo_port)
    yield connected
    connected.socket.close()


# 5.6 data frames
SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536, 300_000]


@pytest.mark.parametrize("opcode,size,chop", list(itertools.product([TEXT, BINARY], SIZES, [None, 997])))
def test_messages_of_all_sizes_come_back(client, opcode, size, chop):
    payload = (b"*" if opcode == TEXT else b"\xfe") * size
    client.send(frame(opcode, payload), chop)
    client.expect(opcode, payload)


@pytest.mark.parametrize("opcode,size", itertools.product([TEXT, BINARY], [0, 5, 125, 126, 200]))
def test_a_byte_at_a_time(client, opcode, size):
    client.send(frame(opcode, b"a" * size), 1)
    client.expect(opcode, b"a" * size)


def test_a_megabyte(client):
    payload = os.urandom(1 << 20)
    client.send(frame(BINARY, payload))
    client.expect(BINARY, payload)


# 5.5.2 and 5.5.3 pings and pongs
@pytest.mark.parametrize("payload", [b"", b"Hello", b"\x00\xff\xfe", b"x" * 125])
@pytest.mark.parametrize("chop", [None, 1])
def test_a_ping_is_answered_with_its_payload(client, payload, chop):
    client.send(frame(PING, payload), chop)
    client.expect(PONG, payload)


def test_ten_pings_are_answered_in_order(client):
    client.send(b"".join(frame(PING, b"%d" % i) for i in range(10)))
    for i in range(10):
        client.expect(PONG, b"%d" % i)


@pytest.mark.parametrize("payload", [b"", b"unsolicited"])
def test_an_unsolicited_pong_is_nothing(client, payload):
    client.send(frame(PONG, payload) + frame(PING, b"after"))
    client.expect(PONG, b"after")


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("fault", ["long", "fragmented"])
def test_control_frames_are_short_and_whole(client, opcode, fault):
    client.send(frame(opcode, b"x" * 126) if fault == "long" else frame(opcode, b"\x03\xe8", fin=False))
    client.expect_close(1002)


# 5.2 reserved bits and opcodes, masking, lengths
@pytest.mark.parametrize("opcode,rsv", list(itertools.product([TEXT, BINARY, PING, CLOSE], range(1, 8))))
def test_reserved_bits(client, opcode, rsv):
    client.send(frame(opcode, b"", rsv=rsv))
    client.expect_close(1002)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"x"])
def test_reserved_opcodes(client, opcode, payload):
    client.send(frame(opcode, payload))
    client.expect_close(1002)


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
def test_unmasked_frames(client, opcode):
    client.send(frame(opcode, b"", mask=None))
    client.expect_close(1002)


@pytest.mark.parametrize("head,code", [
    (b"\x82\xff" + struct.pack("!Q", 1 << 63), 1009), (b"\x82\xff" + struct.pack("!Q", (1 << 64) - 1), 1009),
    (b"\x82\xff" + struct.pack("!Q", (1 << 63) - 1), 1009), (b"\x82\xff" + struct.pack("!Q", 1 << 32), 1009),
    (b"\x82\xff" + struct.pack("!Q", (16 << 20) + 1), 1009), (b"\x82\xfe" + struct.pack("!H", 125), 1002),
    (b"\x82\xff" + struct.pack("!Q", 65535), 1002)])
def test_lengths_are_judged_before_anything_is_kept(client, head, code):
    client.send(head + b"\0\0\0\0")
    client.expect_close(code)


# 5.4 fragmentation
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("pieces", [[b"a", b"b"], [b"", b""], [b"", b"x", b""], [b"abc"] * 20])
@pytest.mark.parametrize("chop", [None, 1])
def test_fragments_make_one_message(client, opcode, pieces, chop):
    data = b""
    for i, piece in enumerate(pieces):
        data += frame(opcode if i == 0 else CONTINUATION, piece, fin=i == len(pieces) - 1)
    client.send(data, chop)
    client.expect(opcode, b"".join(pieces))


def test_control_frames_may_stand_between_fragments(client):
    client.send(frame(TEXT, b"one", fin=False) + frame(PING, b"p") + frame(CONTINUATION, b"two", fin=False) +
                frame(PONG, b"q") + frame(CONTINUATION, b"three"))
    client.expect(PONG, b"p")
    client.expect(TEXT, b"onetwothree")


@pytest.mark.parametrize("data", [
    frame(CONTINUATION, b"x"), frame(CONTINUATION, b"x", fin=False), frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
    frame(TEXT, b"a", fin=False) + frame(BINARY, b"b", fin=False),
    frame(TEXT, b"a") + frame(CONTINUATION, b"b")], ids=range(5))
def test_fragments_out_of_order(client, data):
    client.send(data)
    opcode, payload = client.receive()
    if opcode == TEXT:
        opcode, payload = client.receive()
    assert opcode == CLOSE and payload[:2] == struct.pack("!H", 1002)


def test_endless_fragments_are_capped(client):
    client.send(frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 100)
    client.expect_close(1008)


# 8.1 UTF-8
VALID = ["κόσμε", "\x00", "\x7f", "\x80", "߿", "ࠀ", "￿", "\U00010000", "\U0010ffff", "퟿", "", "�", "a" * 70000 + "é"]
INVALID = [b"\xc0\xaf", b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",
           b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xfe", b"\x80",
           b"\xbf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
           b"\xc1\xbf", b"\xc3\x28", b"\xe2\x28\xa1", b"\xf0\x28\x8c\x28", b"abc\xf5\x80\x80\x80"]


@pytest.mark.parametrize("text", VALID, ids=range(len(VALID)))
@pytest.mark.parametrize("split", [False, True])
def test_valid_utf8(client, text, split):
    payload = text.encode()
    if split:  # in the middle of a character, where there is one
        middle = len(payload) // 2
        client.send(frame(TEXT, payload[:middle], fin=False) + frame(CONTINUATION, payload[middle:]))
    else:
        client.send(frame(TEXT, payload))
    client.expect(TEXT, payload)


@pytest.mark.parametrize("payload", INVALID, ids=range(len(INVALID)))
@pytest.mark.parametrize("split", [False, True])
def test_invalid_utf8(client, payload, split):
    if split:
        client.send(b"".join(frame(TEXT if i == 0 else CONTINUATION, payload[i:i + 1], fin=i == len(payload) - 1)
                             for i in range(len(payload))))
    else:
        client.send(frame(TEXT, payload))
    client.expect_close(1007)


@pytest.mark.parametrize("payload", [b"ok\xf4\x90", b"\xce\xba\xff", b"\xed\xa0"])
def test_invalid_utf8_fails_before_the_message_ends(client, payload):
    client.send(frame(TEXT, payload, fin=False))
    client.expect_close(1007)


def test_invalid_utf8_fails_inside_a_frame(client):
    whole = frame(TEXT, b"\xce\xba\xff" + b"a" * 1000)
    client.send(whole[:30])
    client.expect_close(1007)


def test_binary_need_not_be_utf8(client):
    client.send(frame(BINARY, b"\xff\xfe\xc0"))
    client.expect(BINARY, b"\xff\xfe\xc0")


# 7 closing
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_a_close_is_answered_with_its_code(client, code):
    client.send(frame(CLOSE, struct.pack("!H", code) + b"reason"))
    client.expect_close(code)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_close_codes_that_must_not_be_sent(client, code):
    client.send(frame(CLOSE, struct.pack("!H", code)))
    client.expect_close(1002)


def test_an_empty_close(client):
    client.send(frame(CLOSE))
    client.expect_close(None)


def test_a_close_of_one_byte(client):
    client.send(frame(CLOSE, b"\x03"))
    client.expect_close(1002)


def test_the_longest_reason(client):
    client.send(frame(CLOSE, struct.pack("!H", 1000) + b"x" * 123))
    client.expect_close(1000)


def test_a_reason_that_is_not_utf8(client):
    client.send(frame(CLOSE, struct.pack("!H", 1000) + b"\xff"))
    client.expect_close(1007)


@pytest.mark.parametrize("after", [frame(TEXT, b"late"), frame(PING, b"late"), frame(CLOSE), b"garbage"])
def test_nothing_is_served_after_a_close(client, after):
    client.send(frame(CLOSE, struct.pack("!H", 1000)) + after)
    client.expect_close(1000)


def test_a_close_inside_a_fragmented_message(client):
    client.send(frame(TEXT, b"half", fin=False) + frame(CLOSE, struct.pack("!H", 1000)))
    client.expect_close(1000)
