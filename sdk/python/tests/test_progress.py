"""What a progress bar writes."""
import io
import os

import pytest
from mlgraph import ProgressBar

JOB = {"jobId": "import-1", "jobType": "import", "progress": 0.0, "processed": 0, "total": 2000, "rate": 0.0, "eta_seconds": None,
       "index": "docs", "phase": "rows", "state": "running", "failed": 0, "errors": [], "started_at": "", "finished_at": None, "error": None}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def drawn(stream, *jobs):
    bar = ProgressBar(stream)
    for job in jobs:
        bar.show({**JOB, **job})
    bar.finish()
    return stream.getvalue()


HALF = {"progress": 0.5, "processed": 1000, "rate": 1234.4, "eta_seconds": 0.8}
DONE = {"progress": 1.0, "processed": 2000, "state": "completed", "finished_at": ""}


def test_a_terminal_has_one_line_that_is_drawn_again():
    text = drawn(Terminal(), {}, HALF, DONE)
    lines = text.split("\r")[1:]
    assert lines[1] == "[" + "#" * 15 + "-" * 15 + "] import-1  50 % 1,000 of 2,000 rows, 1,234/s, 1 s left\x1b[K"
    assert lines[2].startswith("\x1b[32m[" + "#" * 30 + "] import-1 completed 2,000 rows\x1b[0m") and lines[2].endswith("\n")


def test_no_color_has_no_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn(Terminal(), HALF, DONE)


def test_a_narrow_terminal_is_never_overrun(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    for line in drawn(Terminal(), {}, HALF).split("\r")[1:]:
        assert len(line.removesuffix("\n").removesuffix("\x1b[K")) < 30


def test_elsewhere_there_are_plain_lines_one_a_tenth():
    steps = [{"progress": n / 100, "processed": 20 * n} for n in range(100)]
    lines = drawn(io.StringIO(), *steps, DONE).splitlines()
    assert len(lines) == 11
    assert lines[0] == "import-1   0 % 0 of 2,000 rows" and lines[5] == "import-1  50 % 1,000 of 2,000 rows"
    assert lines[-1] == "import-1 completed 2,000 rows"
    assert all("\x1b" not in line and "\r" not in line for line in lines)


def test_what_went_wrong_is_told():
    failed = {"state": "failed", "failed": 3, "processed": 7, "error": {"code": "cancelled", "message": "by a client"}}
    assert drawn(io.StringIO(), failed) == "import-1 failed 7 rows, 3 refused, cancelled: by a client\n"


def test_progress_that_is_not_known_is_not_invented():
    unknown = drawn(io.StringIO(), {"progress": None, "total": None, "processed": 70, "rate": 5.0})
    assert unknown == "import-1 running 70 rows, 5/s\n"


def test_a_job_draws_itself_by_its_own_events(client, name, capfd):
    import numpy
    client.create_index(name, 16)
    client.import_(name, numpy.random.default_rng(1).normal(size=(5000, 16)), job_id=name).wait(progress=True)
    out, err = capfd.readouterr()
    lines = err.splitlines()
    assert out == "" and lines[-1] == f"{name} completed 5,000 rows", os.linesep.join(lines)
    assert all(line.startswith(name) for line in lines)
