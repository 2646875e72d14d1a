"""https and wss, with a certificate of one's own."""
import ssl
import subprocess

import numpy
import pytest
from harness.server import ADMIN_TOKEN, Server

from mlgraph import Client, MLGraphError


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    flags = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    with Server(folder / "server", tls=True, flags=flags, settings={"log.level": "error"}) as server:
        yield f"https://localhost:{server.port}", folder / "cert.pem"


def test_both_halves_are_served_and_verified(secured):
    url, certificate = secured
    with Client(url, ADMIN_TOKEN, ssl=ssl.create_default_context(cafile=str(certificate))) as client, client.events("index.created") as events:
        events.subscribed()
        client.create_index("secret", 4)
        assert next(events).data["index"] == "secret"
        assert client.import_("secret", numpy.ones((2000, 4))).wait()["processed"] == 2000


def test_a_certificate_that_nobody_vouches_for_is_refused(secured):
    with Client(secured[0], ADMIN_TOKEN) as client, pytest.raises(MLGraphError, match="CERTIFICATE_VERIFY_FAILED") as refused:
        client.list_indices()
    assert refused.value.code == "connection"
