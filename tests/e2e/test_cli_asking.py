"""Jobs are followed by asking where no events are to be had, also through a server or proxy that answers badly for a while."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness import fill, rows, run


class Behind:
    """What a client sees behind a proxy that passes no WebSocket: JSON answers by path, each given once but the last.

    None in place of an answer cuts the connection.
    """

    def __init__(self):
        self.answers = {}
        behind = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                left = behind.answers.get(self.path.partition("?")[0], [(502, {})])
                answer = left.pop(0) if len(left) > 1 else left[0]
                if answer is None:
                    self.close_connection = True
                    return
                body = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host, self.port = self.server.server_address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, *answers):
        self.answers["/api/v1" + path] = [(200, a) if isinstance(a, dict) else a for a in answers]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def behind():
    made = Behind()
    yield made
    made.close()


def job(state, **members):
    return {"jobId": "j1", "jobType": "recall", "index": "real", "state": state, "phase": "done", "processed": 5, "failed": 0, "errors": [],
            "started_at": "2030-01-01T00:00:00.000Z", "finished_at": "2030-01-01T00:00:01.000Z", "error": None, **members}


def test_a_proxy_that_passes_no_websocket(behind):
    behind.answer("/jobs/j1", job("running"), job("running"), job("completed"))
    done = run(behind, "job", "follow", "j1")
    assert done.returncode == 0 and "job.completed" in done.stdout and "no events (HTTP 502)" in done.stderr, done
    behind.answer("/jobs/j1", job("running"), job("failed", error={"code": "cancelled", "message": "asked to"}))
    assert run(behind, "job", "follow", "j1").returncode == 6


def test_asking_goes_on_through_hiccups(behind):
    busy = (503, {"error": "overloaded", "message": "too busy"})
    behind.answer("/jobs/j1", job("running"), busy, None, job("running"), (503, {"error": "recovering", "message": "reading its log"}), job("completed"))
    done = run(behind, "job", "follow", "j1")
    assert done.returncode == 0 and "job.completed" in done.stdout, done
    assert "too busy" in done.stderr and "broke" in done.stderr and "reading its log" in done.stderr, done


def test_asking_ends_with_what_it_cannot_mend(behind):
    behind.answer("/jobs/j1", job("running"), (404, {"error": "not_found", "message": "there is no job j1"}))
    done = run(behind, "job", "follow", "j1")
    assert done.returncode == 1 and "there is no job j1" in done.stderr, done


def test_the_recall_is_the_jobs_own(behind):
    """Measured by an alias's name; the sample from before its end is of another measurement."""
    def state(*metrics, at="2030-01-01T00:00:01.500Z"):
        return {"type": "state", "timestamp": at, "data": {"metrics": list(metrics)}}

    def sample(index, second, recall):
        return {"type": "metrics.search", "timestamp": f"2030-01-01T00:00:0{second}.000Z", "index": index, "recall": recall}

    behind.answer("/indices/alias/recall", job("running"))
    behind.answer("/jobs/j1", job("completed"))
    old = sample("real", 0, 0.25)
    behind.answer("/state", state(old), state(sample("alias", 2, 0.5), old), state(sample("real", 2, 0.75)))
    told = run(behind, "index", "recall", "alias", "--follow")
    assert told.returncode == 0 and "recall 0.7500" in told.stdout, told
    # Samples are made where they differ: an old one still stands when others would have come.
    behind.answer("/state", state(old), state(old, at="2030-01-01T00:00:05.000Z"))
    assert "recall 0.2500" in run(behind, "index", "recall", "alias", "--follow").stdout


def test_a_token_that_has_all_its_sessions(make_server, tmp_path):
    """Its streams are refused for as long as the other session lasts; what is followed has an end all the same."""
    server = make_server(settings={"limits.sessions_per_token": 1})
    rest = server.rest()
    assert rest.post("/indices", {"index_id": "docs", "dimension": 4}).status == 201
    fill(rest, "docs", rows(20, 4))
    text = "".join(json.dumps({"id": f"r{i}", "values": [i, 1, 2, 3]}) + "\n" for i in range(10))
    file = tmp_path / "rows.jsonl"
    file.write_text(text)
    (server.data_dir / "import").mkdir(exist_ok=True)
    (server.data_dir / "import" / "rows.jsonl").write_text(text)
    holder = server.socket()
    for source in ([file], ["--source", "rows.jsonl"]):
        done = run(server, "import", "docs", *source, "--follow")
        assert done.returncode == 0 and "job.completed" in done.stdout and "imported 10 vectors" in done.stdout, done
    snapshot = tmp_path / "docs.mlgsnap"
    assert run(server, "index", "snapshot", "docs", "-o", snapshot).returncode == 0
    assert run(server, "index", "export", "docs", "-o", tmp_path / "docs.jsonl").returncode == 0
    assert run(server, "index", "restore", snapshot, "--as", "again").returncode == 0
    holder.close()
