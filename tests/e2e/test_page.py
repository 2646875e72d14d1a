"""The published page, snippet by snippet: what it shows works unchanged.

Node runs the snippets of snippets.mjs, which are the page's text with only address and token replaced; the message
examples are checked member by member against what the server really sends.
"""
import json
import pathlib
import re
import shutil
import subprocess

import pytest
from harness import Server, fill, rows

HERE = pathlib.Path(__file__).parent
PAGE_TOKEN = "mlg_your_token_here"


def run_node(server, script, token, timeout=120):
    if not (HERE / "node_modules" / "ws").exists():
        pytest.fail("run `npm ci --prefix tests/e2e` first")
    done = subprocess.run(
        [shutil.which("node"), script, f"ws://127.0.0.1:{server.port}/ws", token, f"http://127.0.0.1:{server.port}"],
        cwd=HERE, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check_page_results(results):
    assert results["protocol"] == "Bearer"
    assert list(results["pong"]) == ["type", "timestamp"]
    metric = results["metric"]
    assert {"qps", "latency_p50_ms", "latency_p99_ms", "active_connections", "memory_used_gb"} <= set(metric)
    assert metric["active_connections"] >= 1 and metric["memory_used_gb"] > 0
    assert results["metricsAfterUnsubscribe"] == 0
    assert set(results["indexEvents"]) == {"production-vectors"}
    assert results["created"]["index_id"] == "production-vectors"
    assert {"jobId", "jobType", "progress", "processed", "total", "rate", "eta_seconds"} <= set(results["job"])
    assert "error" not in results["types"] and "subscribed" not in results["types"] and "authenticated" not in results["types"]


def test_snippets_run_in_node_with_the_pages_own_token(make_server):
    server = make_server(admin_token=PAGE_TOKEN)
    check_page_results(run_node(server, "page_snippets.mjs", PAGE_TOKEN))


def test_both_paths_serve_the_page(connect):
    for path in ("/ws", "/ws/events"):
        socket = connect(path=path)
        socket.send({"type": "ping"})
        assert list(socket.expect("pong")) == ["type", "timestamp"]


def test_success_without_ref_is_silent(connect, make_index):
    """The page's client sees only what the page shows: no answer to subscribe and unsubscribe."""
    socket = connect()
    socket.send({"type": "subscribe", "channels": ["index.silence.*"]})
    socket.send({"type": "unsubscribe", "channels": ["metrics.system"]})
    make_index("silence")
    socket.send({"type": "ping"})
    seen = socket.collect_until(lambda m: m["type"] == "pong")
    assert [m["type"] for m in seen] == ["index.created", "pong"]


def test_messages_begin_as_the_page_prints_them(connect, rest, make_index):
    """Members of the page's three examples come in the page's order: type, timestamp, data, and data's own members."""
    socket = connect()
    socket.subscribe("metrics.system", "job.*")
    metric = socket.expect("metrics.system")
    assert list(metric) == ["type", "timestamp", "data"]
    assert [k for k in metric["data"] if k != "node"][:5] == [
        "qps", "latency_p50_ms", "latency_p99_ms", "active_connections", "memory_used_gb"]
    make_index("page-order")
    fill(rest, "page-order", rows(64, 4))
    rest.post("/indices/page-order/train")
    job = socket.expect("job.progress")
    assert list(job) == ["type", "timestamp", "data", "id"]
    assert list(job["data"])[:7] == ["jobId", "jobType", "progress", "processed", "total", "rate", "eta_seconds"]


def test_memory_alert_reads_as_the_page_prints_it(connect, rest):
    socket = connect()
    socket.subscribe("alert.*")
    rule = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "memory_fraction")
    changed = rest.put(f"/alert-rules/{rule['rule']}", {**rule, "warn": 0.000001, "clear": 0.0000005, "error": 0.99, "for_seconds": 0})
    assert changed.status == 200, changed
    try:
        alert = socket.expect("alert.warning", where=lambda m: m["data"]["rule"] == rule["rule"])
    finally:
        rest.put(f"/alert-rules/{rule['rule']}", rule)
    data = alert["data"]
    assert list(data)[:5] == ["alertId", "severity", "title", "message", "metadata"]
    assert data["severity"] == "warning" and data["title"] == "High memory usage"
    node, value = data["metadata"]["node"], data["metadata"]["value"]
    percent = re.fullmatch(rf"Node {re.escape(node)} memory at (\d+)%", data["message"])
    assert percent and abs(int(percent[1]) - value * 100) < 0.6, data  # the value is rounded to three decimals
    assert data["metadata"]["threshold"] == 0.000001 and 0 <= value <= 1
    socket.expect("alert.resolved", where=lambda m: m["data"]["alertId"] == data["alertId"])


def test_all_sixteen_channels_of_the_page_can_be_subscribed(connect):
    kinds = {"metrics": ["system", "index", "search", "ingest"], "job": ["started", "progress", "completed", "failed"],
             "index": ["created", "updated", "deleted", "shard_transition"],
             "alert": ["warning", "error", "resolved", "rate_limit"]}
    channels = [f"{family}.{kind}" for family, leaves in kinds.items() for kind in leaves]
    assert sorted(connect().subscribe(*channels)["channels"]) == sorted(channels)


def test_page_token_can_be_configured(make_server):
    server: Server = make_server(admin_token=PAGE_TOKEN)
    socket = server.socket(token=PAGE_TOKEN)
    socket.subscribe("*")
    socket.close()
