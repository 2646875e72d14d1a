"""`mlgraph bench` counts what really came back; `mlgraph doctor` finds what is wrong and says what helps."""
import json

import pytest
from harness import fill, rows, run


@pytest.fixture
def docs(server, make_index):
    make_index("docs")
    fill(server.rest(), "docs", rows(50, 4))
    return server


def figures(done):
    assert done.returncode == 0, done
    found = json.loads(done.stdout)
    assert found["count"] > 0 and found["errors"] == 0 and found["per_second"] > 0, found
    assert 0 <= found["p50_ms"] <= found["p99_ms"]
    return found


def test_bench_search(docs):
    figures(run(docs, "--json", "bench", "search", "docs", "--clients", "2", "--seconds", "0.5"))
    told = run(docs, "bench", "search", "docs", "--seconds", "0.2").stdout
    assert "searches" in told and "p99" in told and "0 errors" in told
    assert run(docs, "bench", "search", "docs", "--clients", "100000").returncode == 2


def test_bench_ingest_leaves_nothing(docs):
    before = docs.rest().get("/indices").json["total_count"]
    found = figures(run(docs, "--json", "bench", "ingest", "--clients", "2", "--seconds", "0.5", "--dim", "8", "--batch", "10"))
    assert found["count"] % 10 == 0
    assert docs.rest().get("/indices").json["total_count"] == before


def test_bench_watch(docs):
    figures(run(docs, "--json", "bench", "watch", "metrics.system", "--clients", "3", "--seconds", "2.5"))


def test_bench_counts_errors(docs, make_token):
    refused = run(docs, "--json", "bench", "search", "docs", "--seconds", "0.3", token=make_token("read:*"))
    found = json.loads(refused.stdout)
    assert refused.returncode == 1 and found["count"] == 0 and found["errors"] > 0 and "search" in found["first_error"], found


def findings(done):
    return {f["check"]: f for f in json.loads(done.stdout)}


def test_a_well_server(make_server):
    server = make_server()
    done = run(server, "--json", "doctor", "--data-dir", server.data_dir)
    found = findings(done)
    for check in ("connection", "ready", "WebSocket", "version", "token", "clock", "writing", "data directory"):
        assert found[check]["verdict"] == "ok", found[check]
    assert "admin" in found["token"]["finding"]
    assert done.returncode in (0, 8), done  # the machine's own memory, disk and limits may be worth a warning
    assert run(server, "doctor").stdout.startswith("ok      connection")


def test_a_bad_token(server):
    done = run(server, "--json", "doctor", token="mlg_nobody_knows_this_token")
    found = findings(done)
    assert done.returncode == 4 and found["token"]["verdict"] == "wrong" and "MLGRAPH_TOKEN" in found["token"]["remedy"]
    assert found["connection"]["verdict"] == "ok"


def test_a_data_directory_that_others_reach(make_server):
    server = make_server()
    server.data_dir.chmod(0o755)
    done = run(server, "--json", "doctor", "--data-dir", server.data_dir)
    assert done.returncode == 1 and f"chmod go= {server.data_dir}" in findings(done)["data directory"]["remedy"]
    server.data_dir.chmod(0o700)


def test_a_read_only_server(make_server):
    server = make_server()
    rest = server.rest()
    assert rest.put("/alert-rules/disk", {"warn": 0, "error": 0, "for_seconds": 0}).status == 200
    assert run(server, "watch", "--until", "alert.error", "--state", "--for", "30").returncode in (0, 7)
    done = run(server, "--json", "doctor")
    found = findings(done)
    assert done.returncode == 1 and found["writing"]["verdict"] == "wrong" and "read-only" in found["writing"]["finding"], found
