"""`mlgraph top`: what it shows comes from the stream; the terminal is given back however it ends."""
import json
import os
import signal

import pytest
from harness import OnTerminal, OpenImport, fill, rows, run

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def shown(server, make_index):
    make_index("shown", num_shards=2)
    fill(server.rest(), "shown", rows(50, 4))


def test_one_frame_as_plain_text(server, shown):
    frame = run(server, "top", "--once")
    assert frame.returncode == 0, frame
    assert "\x1b" not in frame.stdout
    assert "2 idmap" in frame.stdout and "shown" in frame.stdout and "no open alerts" in frame.stdout and "no running jobs" in frame.stdout
    assert "mem [" in frame.stdout
    state = json.loads(run(server, "--json", "top", "--once").stdout)
    assert "shown" in [index["index_id"] for index in state["data"]["indices"]]


def test_lines_are_no_longer_than_asked(server, shown):
    frame = run(server, "top", "--once", env={"COLUMNS": "40"}).stdout
    assert max(len(line) for line in frame.splitlines()) == 40


def test_without_a_terminal_it_says_so(server):
    done = run(server, "top")
    assert done.returncode == 2 and "--once" in done.stderr


def test_running_jobs_and_their_end_are_seen(server, shown):
    with OpenImport(server, "slow-import", index="shown") as sending, OnTerminal(server, "top") as terminal:
        at = terminal.wait_for(b"slow-import")
        sending.send_rows(0, 3)
        sending.finish()
        terminal.wait_for(b"no running jobs", since=at)
        terminal.type(b"q")
        assert terminal.wait() == 0


def test_q_and_resizing(server, shown):
    with OnTerminal(server, "top", columns=100, rows=30) as terminal:
        terminal.wait_for(ENTER)
        at = terminal.wait_for(b"2 idmap")
        terminal.resize(40, 12)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.wait_for("…".encode(), since=at)
        terminal.type(b"q")
        assert terminal.wait() == 0
        assert terminal.output.endswith(LEAVE) and terminal.modes_are_restored()


@pytest.mark.parametrize("ending,code", [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131),
                                         (signal.SIGABRT, -signal.SIGABRT), (signal.SIGSEGV, -signal.SIGSEGV)])
def test_the_terminal_is_given_back_whatever_signal_ends_it(server, ending, code):
    with OnTerminal(server, "top") as terminal:
        terminal.wait_for(b"mem [")
        os.kill(terminal.process.pid, ending)
        assert terminal.wait() == code
        assert LEAVE in terminal.output and terminal.output.rindex(LEAVE) > terminal.output.rindex(ENTER)
        assert terminal.modes_are_restored()


def test_no_color_is_obeyed_on_a_terminal(server):
    with OnTerminal(server, "top", env={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(b"no running jobs")
        terminal.type(b"q")
        terminal.wait()
        assert b"\x1b[3" not in terminal.output
    with OnTerminal(server, "index", "list") as terminal:
        terminal.wait()
        assert b"\x1b[2m" in terminal.output or b"no indices" in terminal.output


def test_a_server_that_goes_and_comes_back(make_server):
    server = make_server()
    with OnTerminal(server, "top") as terminal:
        terminal.wait_for(b"no indices")
        server.kill()
        at = terminal.wait_for(b"not connected")
        server.start(port=server.port)
        assert server.rest().post("/indices", {"index_id": "after", "dimension": 4}).status == 201
        terminal.wait_for(b"after", since=at)
        terminal.type(b"q")
        assert terminal.wait() == 0
