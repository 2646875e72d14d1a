"""A real browser: Chromium, on a page of another origin (another loopback port)."""
import json
import os
import pathlib
import random
import shutil
import subprocess

import pytest
from harness import Crew, EventWriter
from harness.ledger import number
from harness.server import ROOT
from test_page import HERE, PAGE_TOKEN, check_page_results, run_node

AN_HOUR_OF_EVENTS = 3600  # at one a second, as fast as they go


def ask_for_chromium():
    if not pathlib.Path("/usr/bin/chromium").exists():
        pytest.skip("no /usr/bin/chromium")
    assert (HERE / "node_modules" / "playwright-core").exists(), "run `npm ci --prefix tests/e2e` first"


def ask_for_sdk():
    """Compiled, and since its sources last changed."""
    sdk = ROOT / "sdk" / "typescript"
    compiled = sdk / "dist" / "fold.js"
    newest = max(source.stat().st_mtime for source in (sdk / "src").glob("*.ts"))
    assert compiled.exists() and compiled.stat().st_mtime >= newest, "run `npm ci && npm run build` in sdk/typescript first"


@pytest.mark.slow
def test_page_snippets_run_in_chromium(make_server):
    ask_for_chromium()
    server = make_server(admin_token=PAGE_TOKEN)
    check_page_results(run_node(server, "browser_page.mjs", PAGE_TOKEN, timeout=180))


class FoldingPage:
    """A page that has loaded GET /state, subscribed with its id, and folds what comes."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [shutil.which("node"), "browser_fold.mjs", f"ws://127.0.0.1:{server.port}/ws", server.admin_token, f"http://127.0.0.1:{server.port}"],
            cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.began_at = self._answer()["beganAt"]

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()[-3000:]
        return json.loads(line)

    def compare(self):
        """With a fresh GET /state at the id where the page stands; returns what was compared."""
        self.process.stdin.write("compare\n")
        self.process.stdin.flush()
        answer = self._answer()
        assert not answer["differences"], json.dumps(answer["differences"], indent=1)[:4000]
        return answer

    def close(self):
        self.process.stdin.write("end\n")
        self.process.stdin.close()
        assert self.process.wait(30) == 0, self.process.stderr.read()[-3000:]
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def work_until(server, writers, events):
    """Writers at work until so many more events are in the log."""
    rest = server.rest()
    goal = number(rest.get("/state").json["id"]) + events
    with Crew(*(writer.run for writer in writers)) as crew:
        while number(rest.get("/state?channels=alert.rate_limit").json["id"]) < goal:
            crew.check()


def open_memory_alert(server):
    """So that there is an alert to show, whichever way the writers have left the rule."""
    rest, socket = server.rest(), server.socket()
    socket.subscribe("alert.*")
    rule = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "memory_fraction")
    changed = {**rule, "for_seconds": 0, "warn": 1e-6, "error": 0.999, "clear": 5e-7}
    assert rest.put(f"/alert-rules/{rule['rule']}", changed).status == 200
    if not rest.get("/alerts").json["alerts"]:
        socket.expect("alert.warning")
    socket.close()


@pytest.mark.slow
def test_a_page_that_folds_an_hour_of_events_shows_the_fresh_state(make_server):
    """Compared on the way, and again after a kill of the server, which the page outlives."""
    ask_for_chromium()
    ask_for_sdk()
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    server = make_server()
    writers = [EventWriter(server, f"e{i}", seed, alerts=i == 0, pause=0) for i in range(3)]
    work_until(server, writers, 200)  # the page begins with something to show
    page = FoldingPage(server)
    begin = number(page.began_at)
    for part in range(4):
        work_until(server, writers, AN_HOUR_OF_EVENTS // 4)
        if part == 2:
            server.kill()
            server.start(port=server.port)
        open_memory_alert(server)
        compared = page.compare()
        print(compared)
    page.close()
    applied = compared["applied"]
    assert number(compared["id"]) - begin >= AN_HOUR_OF_EVENTS
    assert sum(applied.values()) == number(compared["id"]) - begin, "each event after the state's id, once"
    assert compared["connections"] == 2
    kinds = {"index.created", "index.updated", "index.deleted", "job.started", "job.progress", "job.completed", "job.failed",
             "alert.warning", "alert.resolved"}
    assert kinds <= set(applied), kinds - set(applied)
    assert all(compared["shown"].values()), compared["shown"]
