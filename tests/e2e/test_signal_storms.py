"""H54: signals come in any order, any number, at any time; one clean stop comes of them."""
import os
import random
import signal
import subprocess
import time

import pytest
from harness import fill, rows
from test_tls import make_certificate

SEED = int(os.environ.get("MLG_SEED", "1"))
STOPS = {"TERM twice": ["TERM", "TERM"], "INT, then TERM": ["INT", "TERM"], "TERM, then HUP": ["TERM", "HUP"],
         "HUP, then TERM": ["HUP", "TERM"], "HUP among TERMs": ["TERM", "HUP", "TERM", "HUP", "INT"], "a hundred INTs": ["INT"] * 100}


def number(name):
    return getattr(signal, "SIG" + name)


def is_caught(pid, name="TERM"):
    """Whether the process has a handler of its own: before that, while its libraries are mapped, no program has."""
    with open(f"/proc/{pid}/status") as status:
        mask = next(line for line in status if line.startswith("SigCgt:")).split()[1]
    return bool(int(mask, 16) >> (number(name) - 1) & 1)


def begin(server):
    """The daemon as soon as it hears signals, long before it listens."""
    server.folder.mkdir(parents=True, exist_ok=True)
    errors = server.folder / "stderr.begun"
    with open(errors, "ab") as log:
        process = subprocess.Popen(server.command(), env=server.environment(), stdout=subprocess.PIPE, stderr=log,
                                   stdin=subprocess.DEVNULL, cwd=server.folder)
    while not is_caught(process.pid):
        assert process.poll() is None, errors.read_text()
    return process


@pytest.mark.parametrize("names", STOPS.values(), ids=STOPS.keys())
def test_whatever_follows_the_first_there_is_one_stop(make_server, names):
    server = make_server()
    sessions = [server.socket() for _ in range(5)]
    for name in names:
        server.process.send_signal(number(name))
    assert {session.expect_close().code for session in sessions} == {4103}
    assert server._reap(15) == 0


def test_signals_at_every_moment_of_a_stop(make_server):
    server = make_server(settings={"limits.drain_ms": 500})
    session = server.socket()
    dice = random.Random(SEED)
    print(f"MLG_SEED={SEED}")
    server.process.send_signal(signal.SIGTERM)
    while server.process.poll() is None:
        server.process.send_signal(number(dice.choice(["TERM", "INT", "HUP"])))
    assert session.expect_close().code == 4103
    assert server._reap(15) == 0


def test_a_storm_of_reloads_under_tls_and_a_stop_in_its_middle(make_server, tmp_path):
    """Each new connection of the storm is served; the stop does not wait for its end."""
    make_certificate(tmp_path, "first")
    server = make_server(tls=True, flags=["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")])
    session = server.socket()
    session.subscribe("metrics.system")
    for i in range(2000):
        server.process.send_signal(signal.SIGHUP)
        if i % 200 == 0:
            assert server.rest().get("/indices").status == 200
    session.expect("metrics.system")
    for _ in range(500):
        server.process.send_signal(signal.SIGHUP)
    server.process.send_signal(signal.SIGTERM)
    for _ in range(500):
        server.process.send_signal(signal.SIGHUP)
    assert session.expect_close().code == 4103
    assert server._reap(15) == 0
    # Not one reload a signal: what came together is one.
    assert server.log().count("configuration reloaded") < 3000


@pytest.mark.parametrize("names", [["TERM"], ["INT", "TERM"], ["HUP", "HUP", "TERM"], ["TERM", "HUP"]], ids=" ".join)
def test_a_stop_during_the_start(make_server, names):
    """At once, and at any later moment of it: recovery of what is there, the port, the first line."""
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 32, "num_shards": 4})
    for batch in range(4):
        fill(rest, "docs", rows(2000, 32, seed=batch, first=2000 * batch))
    assert server.stop() == 0
    dice = random.Random(SEED)
    print(f"MLG_SEED={SEED}")
    for delay in [0, *(dice.uniform(0, 0.4) for _ in range(5))]:
        process = begin(server)
        time.sleep(delay)  # a place in the start, chosen by the seed
        for name in names:
            process.send_signal(number(name))
        assert process.wait(15) == 0, (server.folder / "stderr.begun").read_text()
        said = process.stdout.read().decode()
        process.stdout.close()
        assert said == "" or said.startswith("mlgraphd listening on "), said
    server.start()
    assert server.rest().get("/indices/docs").json["vectors"] == 8000


def test_reloads_during_the_start_do_not_stop_it(make_server):
    server = make_server()
    assert server.stop() == 0
    process = begin(server)
    for _ in range(200):
        process.send_signal(signal.SIGHUP)
    assert process.stdout.readline().startswith(b"mlgraphd listening on ")
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    process.stdout.close()
    assert "configuration reloaded" in (server.folder / "stderr.begun").read_text()


def test_signals_that_the_parent_blocks_are_heard(make_server):
    """A launcher that blocks signals while it starts children hands its mask on."""
    server = make_server()
    assert server.stop() == 0
    process = subprocess.Popen(server.command(), env=server.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT}))
    # Blocked until somebody listens, so this one waits.
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    process.stdout.close()
