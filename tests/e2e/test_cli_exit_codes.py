"""The table of exit codes: each code is reached, and the table stands in --help, the man page and docs/cli.md."""
import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

import pytest
from harness import OpenImport, Server, Watch, fill, rows, run
from harness.cli import environment
from harness.server import ROOT, binary
from test_tls import make_certificate

CODES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "128+N"]


class Nowhere:
    """An address where nobody listens."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else's
        self.host, self.port = self.listener.getsockname()


class Silent(Nowhere):
    """An address that takes connections and never says a word."""

    def __init__(self):
        super().__init__()
        self.listener.listen(8)


def send_user_signal(process):
    process.send_signal(signal.SIGUSR1)
    pending = 1 << (signal.SIGUSR1 - 1)
    deadline = time.monotonic() + 30
    while int(re.search(r"^ShdPnd:\s*(\w+)", pathlib.Path(f"/proc/{process.pid}/status").read_text(), re.M).group(1), 16) & pending:
        assert time.monotonic() < deadline, "nobody takes signals any more"


def allow_few_bytes():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.fixture
def docs(make_index):
    make_index("docs")


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory):
    """A server whose certificate nobody has signed but itself."""
    folder = tmp_path_factory.mktemp("untrusted")
    make_certificate(folder, "untrusted")
    with Server(folder / "server", tls=True, flags=["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]) as server:
        yield server


def test_the_table_is_shown_everywhere(server):
    shown = run(server, "--help").stdout
    page = (ROOT / "docs/man/mlgraph.1").read_text()
    guide = (ROOT / "docs/cli.md").read_text()
    for code in CODES:
        assert re.search(rf"^  {re.escape(code)} ", shown, re.M), code
        assert f".B {code}\n" in page, code
        assert f"| {code} |" in guide, code


def test_done_is_0(server, docs):
    assert run(server, "index", "list").returncode == 0


def test_refused_is_1(server):
    done = run(server, "index", "show", "none")
    assert done.returncode == 1 and "none" in done.stderr


@pytest.mark.parametrize("arguments,nearest", [
    (["serach"], "search"), (["index", "lst"], "list"), (["watch", "--untill", "x"], "--until"), (["--jsn", "index", "list"], "--json")])
def test_what_cannot_be_meant_is_2_and_names_the_nearest(server, arguments, nearest):
    done = run(server, *arguments)
    assert done.returncode == 2 and f"did you mean '{nearest}'?" in done.stderr, done


def test_a_file_that_cannot_be_read_is_2(server, docs):
    done = run(server, "import", "docs", "/nowhere.jsonl")
    assert done.returncode == 2 and "/nowhere.jsonl" in done.stderr


@pytest.mark.parametrize("arguments", [["index", "list"], ["watch"], ["top", "--once"], ["import", "docs", "/etc/hostname", "--format", "csv", "--follow"],
                                       ["doctor"]])
def test_unreachable_is_3_and_says_where_and_what_to_do(arguments):
    nowhere = Nowhere()
    done = run(nowhere, *arguments)
    assert done.returncode == 3, done
    if arguments[0] != "doctor":
        assert "mlgraphd --data-dir" in done.stderr
        assert "MLGRAPH_URL" in done.stderr
    if arguments[0] == "index":
        assert f"cannot reach http://127.0.0.1:{nowhere.port}: Connection refused" in done.stderr


def test_a_silent_server_is_3_after_the_timeout():
    silent = Silent()
    done = run(silent, "--timeout", "0.3", "index", "list")
    assert done.returncode == 3 and "was silent for 0.3 s" in done.stderr and "--timeout" in done.stderr, done


@pytest.mark.parametrize("arguments", [["index", "list"], ["watch"], ["import", "docs", "/etc/hostname", "--format", "csv", "--follow"],
                                       ["job", "follow", "any"]])
def test_an_untrusted_certificate_is_3_at_once_and_names_the_remedy(untrusted, arguments):
    done = run(untrusted, *arguments)
    assert done.returncode == 3 and "cannot trust https://" in done.stderr and "--ca FILE" in done.stderr, done
    assert "sent again" not in done.stderr and "is a server there" not in done.stderr, done


def test_output_that_cannot_be_written_is_1_and_says_why(server, docs, tmp_path):
    fill(server.rest(), "docs", rows(2_000, 4))
    nowhere = run(server, "index", "export", "docs", "-o", tmp_path / "no-such-folder" / "out")
    assert nowhere.returncode == 1 and "No such file or directory" in nowhere.stderr, nowhere
    small = run(server, "index", "export", "docs", "-o", tmp_path / "out", preexec_fn=allow_few_bytes)
    assert small.returncode == 1 and "File too large" in small.stderr and not list(tmp_path.iterdir()), small
    with open("/dev/full", "wb") as full:
        process = subprocess.run([str(binary("mlgraph")), "index", "export", "docs", "-o", "-"], env=environment(server),
                                 stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert process.returncode == 1 and "No space left" in process.stderr, process


def test_not_allowed_is_4_and_names_the_scope(server, docs, make_token):
    stranger = run(server, "index", "list", token="mlg_nobody_knows_this_token")
    assert stranger.returncode == 4 and "MLGRAPH_TOKEN" in stranger.stderr, stranger
    reader = run(server, "index", "delete", "docs", token=make_token("read:*"))
    assert reader.returncode == 4 and "write" in reader.stderr, reader


def test_a_failed_job_is_5(server, docs, tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text("no row\n")
    done = run(server, "import", "docs", broken, "--follow")
    assert done.returncode == 5, done
    assert "row 0:" in done.stderr, done
    job = [j for j in server.rest().get("/jobs?index=docs").json["jobs"] if j["state"] == "failed"][-1]["jobId"]
    assert run(server, "job", "follow", job).returncode == 5
    assert run(server, "watch", "--job", job).returncode == 5


def test_a_cancelled_job_is_6(server, docs):
    start = server.rest().get("/state").json["id"]
    with OpenImport(server, "to-cancel") as sending, Watch(server, "--job", "to-cancel") as watch:
        watch.wait_for_note("-- connected")
        sending.send_rows(0, 3)
        assert run(server, "job", "cancel", "to-cancel").returncode == 0
        assert watch.wait() == 6, watch.notes
    assert run(server, "job", "follow", "to-cancel").returncode == 6
    assert run(server, "watch", "--until", "job.to-cancel.failed", "--since", start, "--for", "60").returncode == 6


def test_the_end_of_the_time_is_7_only_where_something_was_awaited(server):
    assert run(server, "watch", "--until", "index.no-such-index.created", "--for", "0.2").returncode == 7
    assert run(server, "watch", "job.*", "--for", "0.2").returncode == 0


def test_a_signal_that_is_none_of_ours_changes_nothing(server):
    """SIGUSR1 has been taken once the kernel no longer holds it for the process."""
    with Watch(server, "--until", "index.no-such-index.created") as watch:
        watch.wait_for_note("-- connected")
        send_user_signal(watch.process)
        watch.process.send_signal(signal.SIGINT)
        assert watch.wait() == 130
    with Watch(server, "--until", "index.no-such-index.created", "--for", "3") as watch:
        watch.wait_for_note("-- connected")
        send_user_signal(watch.process)
        assert watch.wait() == 7


@pytest.mark.parametrize("ending,code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_told_where_something_was_awaited(server, ending, code):
    with Watch(server, "--until", "index.no-such-index.created") as watch:
        watch.wait_for_note("-- connected")
        watch.process.send_signal(ending)
        assert watch.wait() == code


def test_a_reader_that_has_gone_is_no_error(server, docs):
    fill(server.rest(), "docs", rows(200, 4))
    process = subprocess.Popen([str(binary("mlgraph")), "index", "export", "docs", "-o", "-"], env=environment(server),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["id"]
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(60) == 0
    table = subprocess.run(["sh", "-c", f"{binary('mlgraph')} index list | true"], env=environment(server), capture_output=True, timeout=60)
    assert table.stderr == b""
