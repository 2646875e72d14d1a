"""Requests no decent client sends: heads, bodies, upgrades and frames (H01-H07, H10, H13, H14, H16, H35)."""
import gzip
import time

import pytest
from harness import ADMIN_TOKEN, RawConnection, Socket, ws_frame

AUTH = f"Authorization: Bearer {ADMIN_TOKEN}\r\n"


@pytest.fixture
def raw(server):
    opened = []

    def connect():
        opened.append(RawConnection(server.host, server.port))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    # Whatever was thrown at it, the server goes on.
    assert server.rest().get("/indices").status == 200


def refused(connection, *statuses):
    """The answer is one of `statuses` and the connection ends: nothing after it is read as a second request."""
    status, _, body = connection.response()
    assert status in statuses, (status, body[:300])
    rest_of_it = connection.read_all()
    assert b"HTTP/1.1 200" not in rest_of_it, rest_of_it[:300]


POST = b"POST /api/v1/indices HTTP/1.1\r\nHost: x\r\n"
SECOND = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
MALFORMED = {
    "bare LF": b"GET /health/live HTTP/1.1\nHost: x\n\n",
    "NUL in a header": b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    "NUL in the target": b"GET /health/\x00live HTTP/1.1\r\nHost: x\r\n\r\n",
    "obs-fold": b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "blank before the colon": b"GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n",
    "no version": b"GET /health/live\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "two different lengths": POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SECOND,
    "length with chunked": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "length with a plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "length beyond 2^64": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "no Host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "empty Host": b"GET /health/live HTTP/1.1\r\nHost:\r\n\r\n",
    "blank Host": b"GET /health/live HTTP/1.1\r\nHost:   \r\n\r\n",
    "Host with a blank": b"GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n",
    "Host with an impossible port": b"GET /health/live HTTP/1.1\r\nHost: a:70000\r\n\r\n",
    "two Hosts": b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "unknown transfer coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_and_smuggling_heads_are_refused(raw, request_bytes):
    """H03."""
    connection = raw()
    connection.send(request_bytes)
    refused(connection, 0, 400, 401, 411, 413, 431, 501, 505)


def test_too_many_headers(raw):
    connection = raw()
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"".join(b"H%d: x\r\n" % i for i in range(120)) + b"\r\n")
    refused(connection, 400, 431)


def test_too_large_headers(raw):
    connection = raw()
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: " + b"x" * (17 * 1024) + b"\r\n\r\n")
    refused(connection, 400, 431)


def test_endless_header_is_cut_off(raw):
    connection = raw()
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nA: ")
    while connection.send(b"x" * 65536) and len(connection.buffer) == 0 and not connection.ended:
        connection.socket.settimeout(0.01)
        try:
            piece = connection.socket.recv(4096)
            connection.ended = not piece
            connection.buffer += piece
        except OSError:
            pass
    assert connection.buffer[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 400", b"")


def test_a_head_that_never_ends_times_out(raw):
    """A client that says half a head and no more is not waited for longer than the header time."""
    connection = raw()
    began = time.monotonic()
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n")
    connection.read_all(timeout=20)
    assert time.monotonic() - began < 20
    assert connection.buffer[:12] in (b"HTTP/1.1 408", b"")


@pytest.mark.parametrize("header", ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"])
@pytest.mark.parametrize("filler", [" ", ","])
def test_64_kib_of_nothing_in_an_upgrade_header(raw, header, filler):
    """H04: linear time, refused."""
    connection = raw()
    status, _, _ = connection.upgrade(extra=f"{header}: a{filler * 65536}b\r\n")
    assert status in (400, 431)


@pytest.mark.parametrize("header", ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"])
@pytest.mark.parametrize("filler", [" ", ",", ";", '"'])
def test_8_kib_of_nothing_in_an_upgrade_header_is_quick(raw, header, filler):
    connection = raw()
    began = time.monotonic()
    status, _, _ = connection.upgrade(extra=f"{header}: a{filler * 8192}b\r\n")
    assert status in (101, 400, 431) and time.monotonic() - began < 5


def test_a_one_megabyte_token(raw):
    """H05."""
    connection = raw()
    connection.send(b"GET /api/v1/indices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mlg_" + b"x" * (1 << 20) + b"\r\n\r\n")
    refused(connection, 0, 400, 401, 431)


BAD_UPGRADES = {
    "no key": "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
    "short key": "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\n",
    "old version": "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "no connection": "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "other protocol": "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
}


@pytest.mark.parametrize("headers", BAD_UPGRADES.values(), ids=BAD_UPGRADES.keys())
def test_bad_upgrades_are_not_upgraded(raw, headers):
    connection = raw()
    connection.send(f"GET /ws HTTP/1.1\r\nHost: x\r\n{AUTH}{headers}\r\n".encode())
    status, answer_headers, _ = connection.response()
    assert status in (400, 426), status
    if status == 426:
        assert answer_headers.get("sec-websocket-version") == "13" or "upgrade" in answer_headers


@pytest.mark.parametrize("connection_header", ["Upgrade", "keep-alive, Upgrade"])
def test_http_1_0_has_no_upgrade(raw, connection_header):
    connection = raw()
    connection.send((f"GET /ws HTTP/1.0\r\nHost: x\r\n{AUTH}Upgrade: websocket\r\nConnection: {connection_header}\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
    refused(connection, 400, 426)


def test_bytes_after_the_upgrade_are_frames_never_a_second_request(raw):
    connection = raw()
    status, _, _ = connection.upgrade(ADMIN_TOKEN, after=ws_frame(1, b'{"type":"ping"}'))
    assert status == 101
    assert b'"type":"pong"' in connection.read_until(lambda data: b"pong" in data)
    connection = raw()
    connection.upgrade(ADMIN_TOKEN, after=b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.close_code() in (1002, 1006)
    assert b"HTTP/1.1 200" not in connection.buffer


def test_bytes_sent_before_the_upgrade_is_answered_wait_for_it(raw):
    connection = raw()
    frames = b"".join(ws_frame(1, b'{"type":"ping","ref":%d}' % i) for i in range(20))
    status, _, _ = connection.upgrade(ADMIN_TOKEN, after=frames)
    assert status == 101
    assert b'"ref":19' in connection.read_until(lambda data: b'"ref":19' in data)


@pytest.mark.parametrize("declared", [1 << 63, (1 << 63) - 1, 1 << 32, 65537], ids=["2^63", "2^63-1", "2^32", "limit+1"])
def test_declared_lengths_are_judged_before_any_byte_of_them(raw, declared):
    """H13."""
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    connection.send(b'' + ws_frame(1, b"{", declared=declared))
    assert connection.close_code() == 1009


def test_20000_empty_fragments(raw):
    """H14."""
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    connection.send(ws_frame(1, b"", fin=False) + ws_frame(0, b"", fin=False) * 20_000)
    assert connection.close_code() in (1008, 1009)


def test_64_one_byte_fragments_are_a_message(raw):
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    text = b'{"type":"ping","ref":"' + b"f" * 40 + b'"}'
    assert len(text) == 64
    frames = [ws_frame(1 if i == 0 else 0, text[i:i + 1], fin=i == 63) for i in range(64)]
    connection.send(b"".join(frames))
    assert b"pong" in connection.read_until(lambda data: b"pong" in data)


@pytest.mark.slow
def test_a_message_takes_at_most_ten_seconds(raw):
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    connection.send(ws_frame(1, b'{"type":', fin=False))
    began = time.monotonic()
    assert connection.close_code(timeout=30) in (1008, 1009)
    assert time.monotonic() - began < 20


BAD_FRAMES = {
    "unmasked": ws_frame(1, b"{}", masked=False), "rsv1": ws_frame(1, b"{}", rsv=4), "rsv2": ws_frame(1, b"{}", rsv=2),
    "rsv3": ws_frame(1, b"{}", rsv=1), "opcode 3": ws_frame(3, b"x"), "opcode 11": ws_frame(11, b"x"),
    "long ping": ws_frame(9, b"x" * 126), "fragmented ping": ws_frame(9, b"x", fin=False),
    "continuation of nothing": ws_frame(0, b"x"), "text within text": ws_frame(1, b"{", fin=False) + ws_frame(1, b"}"),
    "close of one byte": ws_frame(8, b"x"), "close 1005": ws_frame(8, b"\x03\xed"), "close 999": ws_frame(8, b"\x03\xe7"),
    "not the shortest length": b"\x81\xfe\x00\x02\x00\x00\x00\x00{}",
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_frames_against_rfc_6455_close_1002(raw, frame):
    """H12 in short; the long of it is the conformance suite's."""
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    connection.send(frame)
    assert connection.close_code() in (1002, 1006)


def test_deflate_offered_while_off_is_not_negotiated(raw):
    """H15."""
    connection = raw()
    status, headers, _ = connection.upgrade(ADMIN_TOKEN, extra="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
    assert status == 101 and "sec-websocket-extensions" not in headers
    connection.send(ws_frame(1, b"\xaa\x56\x4a\x04\x00", rsv=4))
    assert connection.close_code() in (1002, 1006)


@pytest.mark.parametrize("opcode", [9, 10], ids=["ping", "pong"])
def test_control_frame_floods_end_in_4101(raw, opcode):
    """H16: control frames count against the request budget."""
    connection = raw()
    assert connection.upgrade(ADMIN_TOKEN)[0] == 101
    flood = ws_frame(opcode, b"x") * 500
    while connection.send(flood) and connection._find_close(connection.buffer) is None and not connection.ended:
        connection.socket.settimeout(0.05)
        try:
            piece = connection.socket.recv(1 << 16)
            connection.ended = not piece
            connection.buffer += piece
        except OSError:
            pass
    # A reset may overtake the close frame when bytes of ours lie unread on the server's side.
    assert connection.close_code() in (4101, 1006)


def test_request_floods_are_limited_then_closed(server, raw):
    flooder = Socket(server.host, server.port, token=ADMIN_TOKEN)
    for _ in range(400):
        flooder.send_text('{"type":"ping"}')
    errors = flooder.collect_until(lambda m: m["type"] == "error")
    assert errors[-1]["data"]["code"] == "rate_limited" and errors[-1]["data"]["retry_after_ms"] > 0
    assert sum(m["type"] == "pong" for m in errors) >= 150
    for _ in range(400):
        flooder.send_text('{"type":"ping"}')
    assert flooder.expect_close().code in (4101, 1006)
    flooder.close()


def test_lying_content_length_times_out_or_is_cut(server, raw):
    """H35: a body shorter than declared never becomes a request."""
    connection = raw()
    head = f"POST /api/v1/indices HTTP/1.1\r\nHost: x\r\n{AUTH}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    connection.send((head + '{"index_id":"half","dimension":4}').encode())
    connection.socket.shutdown(1)
    connection.read_all()
    assert b"201" not in connection.buffer[:20]
    assert server.rest().get("/indices/half").status == 404


def test_two_gigabyte_body_is_refused_by_its_length(raw):
    connection = raw()
    connection.send(f"POST /api/v1/indices/any/search HTTP/1.1\r\nHost: x\r\n{AUTH}Content-Length: {2 << 30}\r\n\r\n".encode())
    assert connection.response()[0] in (404, 413)


def test_chunked_body_without_end_is_cut_at_the_limit(server, raw, make_index):
    make_index("endless")
    connection = raw()
    connection.send(f"POST /api/v1/indices/endless/search HTTP/1.1\r\nHost: x\r\n{AUTH}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    sent = 0
    while sent < 80 and connection.send(chunk):
        sent += 1
    status, _, body = connection.response()
    assert status in (413, 0), (status, body)


def test_gzip_body_is_refused(rest, make_index):
    make_index("zipped")
    answer = rest.post("/indices/zipped/search", gzip.compress(b'{"vector":[1,2,3,4],"k":1}'),
                       headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    assert answer.status in (400, 413, 415)


def test_pipelined_requests_on_one_connection(raw):
    connection = raw()
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
    assert [connection.response()[0] for _ in range(5)] == [200] * 5


def test_unknown_paths_and_methods(rest, server):
    assert rest.get("/nonsense").status == 404 and rest.get("/nonsense").error == "not_found"
    answer = rest.raw("PUT", "/api/v1/indices", body=b"{}")
    assert answer.status == 405 and "GET" in answer.headers["allow"]
    assert server.rest(None).get("/nonsense").status in (401, 404)


@pytest.mark.parametrize("path", ["/api/v1/indices/../../../etc/passwd", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                                  "/api/v1/indices/%00", "/api/v1/indices/%", "/api/v1/indices/%zz", "//etc/passwd"])
def test_paths_that_climb(rest, path):
    answer = rest.raw("GET", path)
    assert answer.status in (400, 404, 422) and b"root:" not in answer.body


def test_the_alias_v1(rest, make_index):
    make_index("alias")
    assert rest.raw("GET", "/v1/indices/alias").json == rest.get("/indices/alias").json


def test_security_headers(rest):
    """H52: nothing we answer is ever sniffed or framed."""
    headers = rest.get("/indices").headers
    assert headers.get("x-content-type-options") == "nosniff"
