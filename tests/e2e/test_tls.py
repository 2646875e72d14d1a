"""H53: TLS 1.2 and newer, and a certificate that changes under live sessions."""
import signal
import socket
import ssl
import subprocess
import time

import pytest
from harness import ADMIN_TOKEN, Server, Socket
from harness.raw import permissive_tls


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder, "first")
    with Server(folder / "server", tls=True, flags=["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]) as server:
        server.certificates = folder
        yield server


def handshake(server, version=None, ciphers=None):
    context = permissive_tls()
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    with socket.create_connection((server.host, server.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            return secure.version(), secure.getpeercert(binary_form=True)


def test_everything_works_over_tls(tls_server):
    rest = tls_server.rest()
    assert rest.post("/indices", {"index_id": "secure", "dimension": 4}).status == 201
    session = tls_server.socket()
    session.subscribe("index.*")
    assert rest.delete("/indices/secure").status == 204
    assert session.expect("index.deleted")["data"]["index"] == "secure"
    session.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_are_spoken(tls_server, version):
    assert handshake(tls_server, version)[0] in ("TLSv1.2", "TLSv1.3")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_not(tls_server, version):
    with pytest.raises((ssl.SSLError, OSError)):
        handshake(tls_server, version, "ALL:@SECLEVEL=0")


@pytest.mark.parametrize("ciphers", ["aNULL:@SECLEVEL=0", "eNULL:@SECLEVEL=0", "3DES:@SECLEVEL=0", "RC4:@SECLEVEL=0"])
def test_weak_ciphers_are_not(tls_server, ciphers):
    with pytest.raises((ssl.SSLError, OSError)):
        handshake(tls_server, ssl.TLSVersion.TLSv1_2, ciphers)


def test_plain_http_on_the_tls_port_is_refused(tls_server):
    with socket.create_connection((tls_server.host, tls_server.port), timeout=20) as plain:
        plain.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            answer = plain.recv(4096)
        except ConnectionResetError:
            answer = b""
        assert b"200 OK" not in answer


def test_sighup_serves_the_new_certificate_and_drops_nobody(tls_server):
    _, before = handshake(tls_server)
    live = tls_server.socket()
    live.subscribe("metrics.system")
    make_certificate(tls_server.certificates, "second")
    tls_server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while handshake(tls_server)[1] == before:
        assert time.monotonic() < deadline, "the new certificate is never served"
    live.expect("metrics.system")
    assert live.request({"type": "ping"})["type"] == "pong"
    live.close()


def test_a_damaged_certificate_leaves_the_old_one(tls_server):
    _, before = handshake(tls_server)
    good = (tls_server.certificates / "cert.pem").read_bytes()
    (tls_server.certificates / "cert.pem").write_text("not a certificate")
    log_before = len(tls_server.log())
    tls_server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while len(tls_server.log()) == log_before:
        assert time.monotonic() < deadline, "the failed reload is not logged"
    assert handshake(tls_server)[1] == before
    (tls_server.certificates / "cert.pem").write_bytes(good)


def test_a_missing_certificate_fails_the_start(tmp_path):
    server = Server(tmp_path, tls=True, flags=["--tls-cert", "/nonexistent.pem", "--tls-key", "/nonexistent.pem"])
    with pytest.raises(AssertionError, match="no first line"):
        server.start()
    assert server.process.wait(20) != 0
    assert "/nonexistent.pem" in server.log() and ADMIN_TOKEN not in server.log()


def test_slow_handshakes_hold_nobody_up(tls_server):
    silent = [socket.create_connection((tls_server.host, tls_server.port), timeout=20) for _ in range(20)]
    session = Socket(tls_server.host, tls_server.port, token=ADMIN_TOKEN, tls=True)
    assert session.request({"type": "ping"})["type"] == "pong"
    session.close()
    for one in silent:
        one.close()
