"""SIGHUP: settings change under live sessions, all of them or none; a service manager hears of every step."""
import os
import signal
import socket
import time

import pytest
from harness import Server
from test_tls import handshake, make_certificate

RELOADED, REFUSED = "configuration reloaded", "the configuration was not reloaded"


class Reloading(Server):
    """A server with a configuration file that a test writes anew."""

    def __init__(self, folder, text="", **options):
        self.file = folder / "mlgraph.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text)
        super().__init__(folder, flags=["--config", str(self.file), *options.pop("flags", [])], **options)

    def reload(self, text, says):
        """Writes the file, sends SIGHUP, and returns what the log says of it."""
        self.file.write_text(text)
        return self.hang_up(says)

    def hang_up(self, says):
        """Sends SIGHUP, and returns what the log says of it."""
        seen = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while says not in self.log()[seen:]:
            assert time.monotonic() < deadline, self.log()[seen:]
            time.sleep(0.01)
        return self.log()[seen:]


def limits_of(session):
    return session.request({"type": "hello"})["data"]["limits"]


def test_limits_change_for_new_sessions_and_old_ones_live_on(tmp_path):
    with Reloading(tmp_path, "[limits]\npatterns = 2\n") as server:
        old = server.socket()
        assert limits_of(old)["patterns"] == 2
        server.reload("[limits]\npatterns = 3\nmessage_bytes = 2048\n", RELOADED)
        new = server.socket()
        assert limits_of(new)["patterns"] == 3 and limits_of(new)["message_bytes"] == 2048
        new.subscribe("job.*", "index.*", "alert.*")
        assert limits_of(old)["patterns"] == 2, "what it was given when it began"
        refused = old.request({"type": "subscribe", "channels": ["job.*", "index.*", "alert.*"]})
        assert (refused["type"], refused["data"]["code"]) == ("error", "too_many_channels"), refused
        new.close()
        old.close()


def test_a_limit_on_sessions_holds_at_once(tmp_path):
    with Reloading(tmp_path) as server:
        first = server.socket()
        assert limits_of(first)["sessions_per_token"] == 1000
        server.reload("[limits]\nsessions_per_token = 1\n", RELOADED)
        second = server.socket()
        assert second.expect_close().code == 4106
        first.close()


def status_of_upgrade(server, origin):
    with socket.create_connection((server.host, server.port), timeout=20) as plain:
        plain.sendall(f"GET /ws HTTP/1.1\r\nHost: {server.host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        return int(plain.recv(4096).split()[1])


def test_origins_change(tmp_path):
    with Reloading(tmp_path) as server:
        assert status_of_upgrade(server, "https://app.example") == 403
        server.reload('[server]\nallowed_origins = ["https://app.example"]\n', RELOADED)
        assert status_of_upgrade(server, "https://app.example") == 101
        server.reload("", RELOADED)
        assert status_of_upgrade(server, "https://app.example") == 403


def test_what_needs_a_restart_is_named_and_keeps_its_value(tmp_path):
    with Reloading(tmp_path, flags=["--node", "n1"]) as server:
        said = server.reload('[engine]\ntrain_threads = 3\n[log]\nring_bytes = 2097152\n[limits]\npatterns = 5\n', "need a restart")
        assert "log.ring_bytes,engine.train_threads" in said and "limits.patterns" in said, said
        session = server.socket()
        assert limits_of(session)["patterns"] == 5
        session.close()


@pytest.mark.parametrize("broken,word", [
    ("[limits]\npatterns = 5\npaterns = 6\n", "mlgraph.toml:3: unknown key"), ("[limits]\npatterns = 5\nimports = 0\n", ":3: limits.imports: 0 is not"),
    ("[limits]\npatterns = 5\n[", "mlgraph.toml:3"), ('[limits]\npatterns = 5\n[server]\ntls_cert = "x"\n', "belong together")])
def test_a_broken_file_changes_nothing(tmp_path, broken, word):
    with Reloading(tmp_path, "[limits]\npatterns = 2\n") as server:
        assert word in server.reload(broken, REFUSED)
        session = server.socket()
        assert limits_of(session)["patterns"] == 2
        session.close()
        assert "\nmlgraph_config_reload_successful 0\n" in server.rest().raw("GET", "/metrics").body.decode()
        server.reload("[limits]\npatterns = 5\n", RELOADED)
        assert "\nmlgraph_config_reload_successful 1\n" in server.rest().raw("GET", "/metrics").body.decode()


def test_a_file_that_is_gone_changes_nothing(tmp_path):
    with Reloading(tmp_path, "[limits]\npatterns = 2\n") as server:
        server.file.unlink()
        server.hang_up(REFUSED)
        session = server.socket()
        assert limits_of(session)["patterns"] == 2
        session.close()


def test_a_certificate_that_does_not_load_holds_every_other_change_back(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        make_certificate(tmp_path / name, name)

    def text(cert, key, patterns):
        return f'[server]\ntls_cert = "{tmp_path}/{cert}/cert.pem"\ntls_key = "{tmp_path}/{key}/key.pem"\n[limits]\npatterns = {patterns}\n'

    with Reloading(tmp_path / "server", text("one", "one", 2), tls=True) as server:
        old = server.socket()
        before = handshake(server)[1]
        assert "tls_key" in server.reload(text("two", "one", 3), REFUSED)
        assert handshake(server)[1] == before
        assert limits_of(server.socket())["patterns"] == 2
        server.reload(text("two", "two", 3), RELOADED)
        assert handshake(server)[1] != before
        assert limits_of(server.socket())["patterns"] == 3
        assert old.request({"type": "ping"})["type"] == "pong"


def test_reloads_under_load(tmp_path):
    """Settings swing while sessions come, ask and go."""
    with Reloading(tmp_path) as server:
        watcher = server.socket()
        watcher.subscribe("metrics.system")
        for i in range(60):
            server.file.write_text(f'[limits]\npatterns = {2 + i % 3}\nqueue_bytes = {65536 << i % 3}\nheartbeat_seconds = {1 + i % 4}\nstall_seconds = {20 + i % 9}\n'
                                   f'compute_queue = {500 + i}\nsessions_per_token = {100 + i}\n[server]\nallowed_hosts = []\nallowed_origins = ["https://a{i}"]\ndeflate = {"true" if i % 2 else "false"}\n')
            server.process.send_signal(signal.SIGHUP)
            session = server.socket()
            assert limits_of(session)["patterns"] in (2, 3, 4, 128)
            assert server.rest().get("/indices").status == 200
            session.close()
        watcher.expect("metrics.system")
        watcher.close()
        # One that answers a signal from before may say so first; the next one has read this file.
        server.reload("[limits]\npatterns = 7\n", RELOADED)
        deadline = time.monotonic() + 20
        while limits_of(server.socket())["patterns"] != 7:
            assert time.monotonic() < deadline, server.log()[-2000:]
        assert "\nmlgraph_config_reload_successful 1\n" in server.rest().raw("GET", "/metrics").body.decode()


class Manager:
    """The socket of a service manager."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path if not path.startswith("@") else "\0" + path[1:])
        self.socket.settimeout(60)

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def expect(self, member):
        while member not in (message := self.next()):
            pass
        return message


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_a_service_manager_hears_of_every_step(tmp_path, monkeypatch, abstract):
    manager = Manager(f"@mlgraph-test-{os.getpid()}" if abstract else str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", manager.path)
    server = Reloading(tmp_path / "server")
    server.start()
    ready = manager.expect("READY")
    assert ready["READY"] == "1" and f":{server.port}" in ready["STATUS"]
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    server.reload("[limits]\npatterns = 9\n[engine]\ntrain_threads = 1\n", "need a restart")
    reloading = manager.next()
    assert reloading["RELOADING"] == "1" and before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert "needs a restart: engine.train_threads" in manager.expect("READY")["STATUS"]
    server.reload("[", REFUSED)
    assert "not reloaded" in manager.expect("READY")["STATUS"]
    assert server.stop() == 0
    assert manager.expect("STOPPING")["STOPPING"] == "1"
    server.close()
