"""GET /events as browsers and scripts read it: what an EventSource without listeners of its own hears, HEAD, channels."""

import pytest
from harness import RawConnection, rows

FOREIGN = "anotherepoch-7"


def read_lines(connection, enough, timeout=20):
    return connection.read_until(lambda data: enough(data), timeout).decode().split("\n")


def request(server, method="GET", query="", extra=""):
    connection = RawConnection(server.host, server.port)
    connection.send((f"{method} /api/v1/events{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.admin_token}\r\n{extra}\r\n").encode())
    return connection


def test_errors_are_messages_like_all_others(server):
    """An EventSource calls onmessage for events without a name only."""
    with request(server, extra=f"Last-Event-ID: {FOREIGN}\r\n") as connection:
        lines = read_lines(connection, lambda data: b"cursor_expired" in data and data.endswith(b"\n\n"))
    assert any(line.startswith('data: {"type":"error"') for line in lines)
    assert not any(line.startswith("event:") for line in lines)


def test_the_end_of_a_token_is_a_message_too(server, rest):
    made = rest.post("/tokens", {"name": "stream-short", "scopes": ["events:*"], "expires_in_seconds": 2}).json
    stream = server.events(token=made["token"])
    assert stream.expect("error")["data"]["code"] == "token_expired"
    stream.close()


def test_head_tells_of_the_stream_and_sends_none_of_it(server, rest):
    with request(server, "HEAD") as connection:
        status, headers, _ = connection.response()
        assert status == 200 and headers["content-type"] == "text/event-stream" and "content-length" not in headers
        # Whatever happens, nothing of it comes: the next bytes are the next answer.
        rest.post("/indices", {"index_id": "headless", "dimension": 4})
        rest.delete("/indices/headless")
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.response()[0] == 200 and connection.buffer == b""
    assert all(session["transport"] != "sse" for session in rest.get("/sessions").json["sessions"])


@pytest.mark.parametrize("query,status", [("?channels=..", 400), ("?channels=", 400), ("?since=nonsense", 400)])
def test_head_is_refused_as_get_is(server, query, status):
    for method in ("GET", "HEAD"):
        with request(server, method, query) as connection:
            connection.read_until(lambda data: b"\r\n\r\n" in data)
            assert connection.buffer.startswith(f"HTTP/1.1 {status} ".encode()), method


@pytest.mark.parametrize("query", ["?channels=index.created,index.deleted", "?channels=index.created&channels=index.deleted",
                                   "?channels=index.created&channels=&channels=index.deleted"])
def test_every_channels_parameter_counts(server, rest, query):
    stream = server.events(query)
    rest.post("/indices", {"index_id": "counted", "dimension": 4})
    rest.post("/indices/counted/vectors", {"vectors": rows(1, 4)})
    rest.delete("/indices/counted")
    assert [stream.next()["type"] for _ in range(2)] == ["index.created", "index.deleted"]
    stream.close()


def test_every_channels_parameter_of_a_state_counts(server, rest):
    rest.post("/indices", {"index_id": "stated", "dimension": 4})
    assert rest.upload("stated", b'{"id":"a","values":[1,2,3,4]}\n').status == 202
    whole = rest.get("/state?channels=index.*&channels=job.*").json["data"]
    assert whole["indices"] and whole["jobs"]
    assert not rest.get("/state?channels=job.*").json["data"]["indices"]
    rest.delete("/indices/stated")
