"""F05: SIGTERM. Readiness goes first and is answered, sessions are closed spread out and told when to come back, and whoever does finds a
new process that goes on where the old one ended."""
import http.client
import re
import signal
import threading
import time

import pytest
from harness import Closed, Crew, EventWriter, RawConnection, Watch
from harness.ledger import check_exact, number, whole_log
from harness.watchers import SocketWatcher, SseWatcher

DRAIN_MS = 1000


def ask_ready(server):
    """A new connection, as a load balancer's probe makes it; None when the port is closed."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Close:
    """When and how one session was closed."""

    def __init__(self, server):
        self.socket = server.socket()
        self.socket.subscribe("*")
        self.at = self.code = self.retry_after_ms = None

    def wait(self, _stop):
        try:
            while True:
                self.socket.next(timeout=30)
        except Closed as closed:
            self.at, self.code = time.monotonic(), closed.code
            found = re.search(r"retry_after_ms=(\d+)", closed.reason)
            self.retry_after_ms = int(found.group(1)) if found else None
        self.socket.close()


def test_readiness_goes_first_then_sessions_then_the_port(make_server):
    server = make_server(settings={"limits.drain_ms": DRAIN_MS})
    closes = [Close(server) for _ in range(30)]
    probes = []

    def probe(stop):
        while not stop.is_set():
            probes.append((time.monotonic(), ask_ready(server)))
            stop.wait(0.005)

    with Crew(probe, *(c.wait for c in closes)):
        assert ask_ready(server) == 200
        server.process.send_signal(signal.SIGTERM)
        assert server._reap(15) == 0
    statuses = [status for _, status in probes]
    assert 503 in statuses, "nobody could learn that it was no longer ready"
    off = statuses.index(503)
    assert set(statuses[:off]) <= {200} and set(statuses[off:]) <= {503, None}, statuses
    assert probes[off][0] < min(c.at for c in closes), "a session was closed before readiness was off"
    assert statuses[-1] is None


def test_closes_are_spread_and_say_when_to_come_back(make_server):
    server = make_server(settings={"limits.drain_ms": DRAIN_MS})
    closes = [Close(server) for _ in range(40)]
    with Crew(*(c.wait for c in closes)):
        server.process.send_signal(signal.SIGTERM)
        assert server._reap(15) == 0
    assert {c.code for c in closes} == {4103}
    assert all(c.retry_after_ms and c.retry_after_ms >= DRAIN_MS for c in closes), "after this process has gone"
    assert len({c.retry_after_ms for c in closes}) >= 5, "they come back spread out as well"
    times = sorted(c.at for c in closes)
    assert times[-1] - times[0] > DRAIN_MS / 1000 / 2
    slices = [sum(begin <= t - times[0] < begin + 0.2 for t in times) for begin in (0, 0.2, 0.4, 0.6, 0.8)]
    assert max(slices) < len(closes) / 2, slices


def test_peers_that_do_not_answer_a_close_are_spread_too(make_server):
    server = make_server(settings={"limits.drain_ms": DRAIN_MS})
    times = []

    def wait(_stop):
        with RawConnection(server.host, server.port) as mute:
            assert mute.upgrade(server.admin_token)[0] == 101
            ready.release()
            assert mute.close_code(30) == 4103
            times.append(time.monotonic())

    ready = threading.Semaphore(0)
    with Crew(*[wait] * 40):
        for _ in range(40):
            assert ready.acquire(timeout=20)
        server.process.send_signal(signal.SIGTERM)
        assert server._reap(15) == 0
    times.sort()
    assert sum(t - times[0] < DRAIN_MS / 1000 / 2 for t in times) >= 8, "most were closed at the end"


def test_what_is_asked_of_a_stopping_server(make_server):
    """Calls and upgrades are refused with a reason and a time; health is still answered."""
    server = make_server(settings={"limits.drain_ms": DRAIN_MS})
    held = [Close(server) for _ in range(10)]
    with Crew(*(c.wait for c in held)):
        server.process.send_signal(signal.SIGTERM)
        while ask_ready(server) == 200:
            pass
        refused = server.rest().get("/indices")
        assert (refused.status, refused.error) == (503, "overloaded") and "retry-after" in refused.headers, refused
        assert server.rest().raw("GET", "/health/live").status == 200
        assert server.events().answer.error == "overloaded"
        with pytest.raises(Exception, match="503"):
            server.socket()
        assert server._reap(15) == 0


def test_clients_come_back_to_the_new_process_without_a_hole(make_server):
    """Three stops in the middle of writes, under every transport and the command line with its published delays."""
    server = make_server()
    watchers = [SocketWatcher(server, f"socket-{i}") for i in range(5)] + [SseWatcher(server, "stream")]
    slowest = 0
    with Watch(server, "*") as cli:
        cli.wait_for_note("-- connected")
        start = server.rest().get("/state").json["id"]
        watching = Crew(*(w.run for w in watchers))
        with Crew(*(EventWriter(server, f"e{i}", seed=i, alerts=i == 0).run for i in range(2))):
            for _ in range(3):
                deadline = time.monotonic() + 60
                while not all(w.is_connected() for w in watchers):
                    watching.check()
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                time.sleep(0.3)  # so that there is load
                began = time.monotonic()
                assert server.stop() == 0
                slowest = max(slowest, time.monotonic() - began)
                server.start(port=server.port)
        assert server.rest().post("/indices", {"index_id": "the-end", "dimension": 4}).status == 201
        watching.join()
        cli.wait_for(lambda m: m["type"] == "index.created" and m["data"]["index"] == "the-end")
        assert cli.stop() == 0
    assert slowest <= 10
    log = whole_log(server)
    for watcher in watchers:
        watcher.check(log)
        assert watcher.connections == 4, (watcher.name, watcher.connections)
    check_exact(cli.events, log, "cli", since=number(start), until=number(cli.position()))


def test_a_second_sigterm_does_not_cut_the_first_short(make_server):
    server = make_server(settings={"limits.drain_ms": DRAIN_MS})
    closes = [Close(server) for _ in range(10)]
    with Crew(*(c.wait for c in closes)):
        server.process.send_signal(signal.SIGTERM)
        threading.Timer(0.3, lambda: server.process.send_signal(signal.SIGTERM)).start()
        assert server._reap(15) == 0
    assert {c.code for c in closes} == {4103}
