"""`mlgraph bench` counts what really came back; `mlgraph doctor` finds what is wrong and says what helps."""
import json
import os

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


def test_a_token_that_has_all_its_sessions(make_server):
    server = make_server(settings={"limits.sessions_per_token": 1})
    holder = server.socket()
    found = findings(run(server, "--json", "doctor"))["WebSocket"]
    assert "1 sessions, the limit" in found["finding"] and "close sessions" in found["remedy"], found
    refused = run(server, "bench", "watch", "--seconds", "0.2")
    assert refused.returncode == 1 and "1 sessions, the limit" in refused.stderr, refused
    holder.close()


def test_a_data_directory_out_of_reach_is_a_finding(make_server):
    """As another user than the server's: whatever else was found is still told."""
    server = make_server()
    stranger = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    server.data_dir.chmod(0o600)
    done = run(server, "--json", "doctor", "--data-dir", server.data_dir, cwd="/", **stranger)
    server.data_dir.chmod(0o700)
    wrong = [f for f in json.loads(done.stdout) if f["verdict"] == "wrong"]
    assert done.returncode == 1 and findings(done)["connection"]["verdict"] == "ok", done
    assert wrong[-1]["finding"].endswith("Permission denied") and wrong[-1]["remedy"] == "run it as the server's user", wrong


def test_a_data_directory_that_others_reach(make_server):
    server = make_server()
    server.data_dir.chmod(0o755)
    done = run(server, "--json", "doctor", "--data-dir", server.data_dir)
    assert done.returncode == 1 and f"chmod go= {server.data_dir}" in findings(done)["data directory"]["remedy"]
    server.data_dir.chmod(0o700)


def test_a_read_only_server(make_server):
    server = make_server()
    rest = server.rest()
    start = rest.get("/state").json["id"]
    assert rest.put("/alert-rules/disk", {"warn": 0, "error": 0, "for_seconds": 0}).status == 200
    assert run(server, "watch", "--until", "alert.error", "--since", start, "--for", "60").returncode == 0
    done = run(server, "--json", "doctor")
    found = findings(done)
    assert done.returncode == 1 and found["writing"]["verdict"] == "wrong" and "read-only" in found["writing"]["finding"], found
