"""H35: bodies that never end, come too slowly, or announce what they do not send."""
import time

import pytest
from harness import ADMIN_TOKEN, RawConnection

ROWS = b'{"id":"a","values":[1,2,3,4]}\n'
ROUTES = {"a body that is gathered": ("/api/v1/indices/docs/vectors", "application/json"),
          "a body that streams": ("/api/v1/indices/docs/import", "application/x-ndjson")}
routes = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())


@pytest.fixture(scope="module", autouse=True)
def docs(server):
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4})


@pytest.fixture
def connect(server):
    """connect(path, type, …): a request whose head is sent and whose body is the test's."""
    opened = []

    def open_request(path, content_type, framing="Transfer-Encoding: chunked", to=server):
        connection = RawConnection(to.host, to.port)
        opened.append(connection)
        connection.send((f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n"
                         f"Content-Type: {content_type}\r\n{framing}\r\n\r\n").encode())
        return connection

    yield open_request
    for connection in opened:
        connection.close()
    assert server.rest().get("/indices").status == 200


def pour(connection, piece, most):
    """Sends `piece` again and again until it is answered or hung up on; how many bytes were taken."""
    sent = 0
    while sent < most and not connection.try_read_more(time.monotonic() + 0.0001) and connection.send(piece):
        sent += len(piece)
    return sent


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


@routes
def test_trailers_are_bounded(connect, route):
    connection = connect(*route)
    connection.send(b"0\r\n")
    sent = pour(connection, b"X-Trailer: " + b"t" * 1000 + b"\r\n", most=64 << 20)
    assert connection.response()[0] in (400, 431)
    connection.read_all()
    assert sent < 64 << 20


@routes
def test_a_trailer_line_without_end(connect, route):
    connection = connect(*route)
    connection.send(b"0\r\nX: ")
    assert pour(connection, b"t" * 65536, most=64 << 20) < 64 << 20
    assert connection.response()[0] in (400, 431)


@routes
def test_chunk_extensions_are_bounded(connect, route):
    connection = connect(*route)
    connection.send(b"1;")
    assert pour(connection, b"e" * 65536, most=64 << 20) < 64 << 20
    assert connection.response()[0] == 400


@routes
def test_many_small_chunks_with_long_extensions(connect, route):
    connection = connect(*route)
    assert pour(connection, (b"1;" + b"e" * 900 + b"\r\n \r\n") * 50, most=64 << 20) < 64 << 20
    assert connection.response()[0] == 400


@routes
@pytest.mark.parametrize("size", [b"ffffffffffffffff", b"fffffffffffffffff", b"7" + b"f" * 15 + b"f"])
def test_a_chunk_beyond_all_limits_is_refused_by_its_size(connect, route, size):
    """At once: none of its bytes is waited for."""
    connection = connect(*route)
    connection.send(size + b"\r\n")
    assert connection.response()[0] in (400, 413)


def test_a_chunk_beyond_the_routes_limit_is_refused_by_its_size(connect):
    connection = connect("/api/v1/indices/docs/vectors", "application/json")
    connection.send(b"4000001\r\n")
    assert connection.response()[0] == 413


BAD_CHUNKS = {"bare LF behind the size": b"1\na\r\n0\r\n\r\n", "bare LF behind the data": b"1\r\na\n0\r\n\r\n",
              "bare LF in the trailers": b"0\r\nA: b\n\r\n", "bare LF at the end": b"0\r\n\n", "no size": b"\r\n\r\n", "a sign": b"-1\r\n\r\n",
              "0x": b"0x1\r\na\r\n", "a blank behind the size": b"1 \r\na\r\n0\r\n\r\n", "more data than the size": b"1\r\nab\r\n0\r\n\r\n",
              "a control character": b"1;\x00\r\na\r\n0\r\n\r\n", "a trailer without a name": b"0\r\nnonsense\r\n\r\n"}


@routes
@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_bad_chunks_are_refused(connect, route, body):
    connection = connect(*route)
    connection.send(body)
    assert connection.response()[0] == 400
    assert b"HTTP/1.1" not in connection.read_all()


def test_decent_chunks_with_extensions_and_trailers(connect):
    connection = connect("/api/v1/indices/docs/import", "application/x-ndjson")
    connection.send(b"%X;name=value;other=\"a b\"\r\n%s\r\n" % (len(ROWS), ROWS) + chunk(ROWS) + b"000;last\r\nX-Checksum: 1\r\n\r\n")
    assert connection.response()[0] == 202
    connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.response()[0] == 200


def test_announced_bytes_take_nothing_from_others(server, connect):
    """Eight bodies of 64 MiB fill the budget of all bodies, but only once they have come."""
    for _ in range(12):
        connect("/api/v1/indices/docs/vectors", "application/json", f"Content-Length: {64 << 20}")
    big = {"vectors": [{"id": f"v{i}", "values": [1, 2, 3, 4], "metadata": {"text": "x" * 200}} for i in range(1000)]}
    assert server.rest().post("/indices/docs/vectors", big).status == 200


def test_bytes_that_have_come_count(make_server, connect):
    server = make_server(settings={"limits.body_budget_bytes": 8 << 20})
    server.rest().post("/indices", {"index_id": "docs", "dimension": 4})
    bodies = [connect("/api/v1/indices/docs/vectors", "application/json", f"Content-Length: {4 << 20}", to=server) for _ in range(3)]
    for one in bodies:
        one.send(b" " * ((4 << 20) - 1))
    deadline = time.monotonic() + 20
    while not (over := [one for one in bodies if one.try_read_more(time.monotonic() + 0.05)]):
        assert time.monotonic() < deadline, "three bodies of 4 MiB fit into 8 MiB"
    status, headers, body = over[0].response()
    assert status == 503 and b"overloaded" in body and int(headers["retry-after"]) >= 1
    # A small one is still served, and what was held is given back.
    assert server.rest().post("/indices/docs/vectors", {"vectors": [{"id": "s", "values": [1, 2, 3, 4]}]}).status == 200
    for one in bodies:
        one.close()
    deadline = time.monotonic() + 20
    while server.rest().post("/indices/docs/vectors", b" " * (7 << 20) + b'{"vectors":[{"id":"s","values":[1,2,3,4]}]}').status != 200:
        assert time.monotonic() < deadline


def drip(connection, data, seconds, every=0.3):
    """A byte now and then; True when it was answered meanwhile."""
    end = time.monotonic() + seconds
    at = 0
    while time.monotonic() < end:
        connection.send(data[at % len(data):][:1])
        at += 1
        if connection.try_read_more(time.monotonic() + every):
            return True
    return False


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    from harness import Server

    with Server(tmp_path_factory.mktemp("impatient"), settings={"limits.body_idle_seconds": 2}) as one:
        one.rest().post("/indices", {"index_id": "docs", "dimension": 4})
        yield one


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_gathered_body_that_drips_is_given_up(impatient, connect, framing):
    connection = connect("/api/v1/indices/docs/vectors", "application/json", framing, to=impatient)
    if "chunked" in framing:
        connection.send(b"10000\r\n")
    assert drip(connection, b" ", 20)
    status, _, body = connection.response()
    assert status == 408 and b"timeout" in body
    connection.read_all()


def test_an_import_may_drip(impatient, connect):
    """Imports are slow by nature: each byte buys it another while."""
    connection = connect("/api/v1/indices/docs/import", "application/x-ndjson", f"Content-Length: {len(ROWS)}", to=impatient)
    for i in range(20):
        connection.send(ROWS[i:i + 1])
        assert not connection.try_read_more(time.monotonic() + 0.3), connection.buffer
    connection.send(ROWS[20:])
    assert connection.response()[0] == 202


@routes
def test_silence_is_given_up(impatient, connect, route):
    connection = connect(*route, "Content-Length: 1000", to=impatient)
    connection.send(ROWS)
    status, _, body = connection.response()
    assert status == 408 and b"timeout" in body


def test_bytes_between_chunks_are_no_bytes_of_the_body(impatient, connect):
    connection = connect("/api/v1/indices/docs/import", "application/x-ndjson", to=impatient)
    connection.send(chunk(ROWS) + b"1;")
    assert drip(connection, b"e", 20)
    assert connection.response()[0] == 408


@pytest.mark.slow
@routes
def test_trailers_that_drip_are_given_up(connect, route):
    connection = connect(*route)
    connection.send(chunk(ROWS) + b"0\r\nX: ")
    assert drip(connection, b"t", 60)
    assert connection.response()[0] == 408


@pytest.mark.slow
def test_the_published_patience(connect):
    """30 s, as it is when nothing is configured."""
    connection = connect("/api/v1/indices/docs/vectors", "application/json", "Content-Length: 100000")
    assert drip(connection, b" ", 75, every=1)
    assert connection.response()[0] == 408


def test_a_head_that_drips_on_a_kept_connection(server):
    """Silence between requests may be long, a head may not."""
    with RawConnection(server.host, server.port) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.response()[0] == 200
        assert drip(connection, b"GET /health/live HTTP/1.1\r\nHost: x\r\n", 30, every=1)
        assert connection.response()[0] == 408


@routes
def test_a_body_cut_by_a_half_closed_client_is_answered(connect, route):
    connection = connect(*route, "Content-Length: 500")
    connection.send(ROWS)
    connection.socket.shutdown(1)
    status, _, body = connection.response()
    assert status == 400 and b"of 500 bytes" in body


def test_a_head_cut_by_a_half_closed_client_is_answered(server):
    with RawConnection(server.host, server.port) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHo")
        connection.socket.shutdown(1)
        assert connection.response()[0] == 400
