"""H54, F05: stopping, reloading and running short of descriptors."""
import signal
import socket
import threading
import time

import pytest
from harness import Closed, RawConnection, Server, fill, rows


def test_sigterm_closes_sessions_4103_and_exits_0(make_server):
    server = make_server()
    sockets = [server.socket() for _ in range(20)]
    for one in sockets:
        one.subscribe("*")
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    closes = [one.expect_close() for one in sockets]
    assert {c.code for c in closes} == {4103}
    assert all(c.reason.startswith("retry_after_ms=") or "retry_after_ms=" in c.reason or not c.reason for c in closes)
    assert server._reap(15) == 0
    assert time.monotonic() - began < 10


def test_sigterm_under_load_loses_nothing_acknowledged(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 8})
    acknowledged = []

    def write():
        for batch in range(10_000):
            try:
                answer = rest.post("/indices/docs/vectors", {"vectors": rows(5, 8, seed=batch, first=batch * 5)})
            except OSError:
                return
            except Exception:  # noqa: BLE001  (the connection was closed while we wrote)
                return
            if answer.status != 200:
                assert answer.status == 503, answer
                return
            acknowledged.append(batch)

    writer = threading.Thread(target=write)
    writer.start()
    watcher = server.socket()
    watcher.subscribe("index.*")
    watcher.expect("index.updated")
    server.process.send_signal(signal.SIGTERM)
    assert server._reap(15) == 0
    writer.join()
    assert acknowledged
    server.start()
    rest = server.rest()
    for batch in acknowledged[-20:]:
        assert rest.get(f"/indices/docs/vectors/v{batch * 5}").status == 200


def test_sigterm_ends_a_running_import_and_long_polls(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    with RawConnection(server.host, server.port) as raw:
        raw.send((f"POST /api/v1/indices/docs/import?jobId=unfinished HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.admin_token}\r\n"
                  "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        deadline = time.monotonic() + 20
        while rest.get("/jobs/unfinished").status == 404:
            assert time.monotonic() < deadline
        began = time.monotonic()
        assert server.stop(timeout=15) == 0
        assert time.monotonic() - began < 10
    server.start()
    job = server.rest().get("/jobs/unfinished").json
    assert job["state"] == "failed" and job["error"]["code"] == "interrupted", job


def test_sigint_is_a_clean_stop_too(make_server):
    server = make_server()
    server.process.send_signal(signal.SIGINT)
    assert server._reap(15) == 0


def test_a_storm_of_sigterms_is_one(make_server):
    """Whichever thread gets them: none cuts the stop short."""
    server = make_server()
    session = server.socket()
    for _ in range(200):
        server.process.send_signal(signal.SIGTERM)
    assert session.expect_close().code == 4103
    assert server._reap(15) == 0


def test_a_sighup_storm_changes_nothing(make_server):
    server = make_server()
    session = server.socket()
    session.subscribe("metrics.system")
    for _ in range(500):
        server.process.send_signal(signal.SIGHUP)
    session.expect("metrics.system")
    assert server.rest().get("/indices").status == 200
    session.close()


def test_port_is_free_again_after_a_kill(make_server):
    server = make_server()
    port = server.port
    session = server.socket()
    session.subscribe("*")
    server.kill()
    with pytest.raises(Closed):
        while True:
            session.next()
    server.start(port=port)
    assert server.port == port


def test_256_descriptors(make_server):
    """Accepting pauses at 90 % of the limit: those inside are served, the files the server needs still open."""
    server = make_server(descriptors=256)
    inside = server.socket()
    inside.subscribe("*")
    writer = RawConnection(server.host, server.port)
    crowd = []
    for _ in range(300):
        one = socket.socket()
        one.settimeout(5)
        try:
            one.connect((server.host, server.port))
        except OSError:
            one.close()
            break
        crowd.append(one)
    assert inside.request({"type": "ping"})["type"] == "pong"
    inside.expect("metrics.system")
    body = b'{"index_id":"in-the-crowd","dimension":4}'
    writer.send((f"POST /api/v1/indices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.admin_token}\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
    inside.expect("index.created")
    for one in (writer, *crowd):
        one.close()
    rest = server.rest()
    deadline = time.monotonic() + 30
    while True:
        try:
            if rest.get("/indices").status == 200:
                break
        except OSError:
            pass
        assert time.monotonic() < deadline, "the server never accepted again"
    assert rest.post("/indices", {"index_id": "after-crowd", "dimension": 4}).status == 201
    fill(rest, "after-crowd", rows(5, 4))
    inside.close()


def test_a_second_server_on_the_same_data_is_refused(make_server):
    server = make_server()
    second = Server(server.folder)
    second.data_dir = server.data_dir
    second.folder = server.folder / "second"
    second.folder.mkdir()
    with pytest.raises(AssertionError, match="no first line"):
        second.start()
    assert second.process.wait(20) != 0
    assert server.rest().get("/indices").status == 200


def test_ready_turns_off_before_the_port_does(make_server):
    """Readiness goes first, so that a load balancer looks away before sessions are closed."""
    server = make_server(settings={"limits.drain_ms": 2000})
    assert server.rest().raw("GET", "/health/ready").status == 200
    assert server.rest().raw("GET", "/health/live").status == 200
    sessions = [server.socket() for _ in range(5)]
    server.process.send_signal(signal.SIGTERM)
    for one in sessions:
        assert one.expect_close().code == 4103
    assert server._reap(15) == 0
