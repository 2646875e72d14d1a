"""The commands that are one call and a table: what people see, and what scripts get under --json."""
import json

import pytest
from harness import fill, rows, run


@pytest.fixture
def docs(server, make_index):
    make_index("docs")
    fill(server.rest(), "docs", rows(20, 4))
    return server


def parsed(done):
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def test_indices(server):
    made = run(server, "index", "create", "made", "--dim", "4", "--metric", "COSINE", "--shards", "2", "--ivf-threshold", "500")
    assert made.returncode == 0 and made.stdout == "created made\n", made
    listed = run(server, "index", "list").stdout.splitlines()
    assert listed[0].split() == ["INDEX", "DIM", "METRIC", "VECTORS", "DELETED", "BYTES", "SHARDS"]
    assert any(line.startswith("made ") and "2 idmap/active" in line for line in listed), listed
    assert len({line.index("made") for line in listed if "made" in line}) == 1
    assert run(server, "index", "set", "made", "--nprobe", "7", "--merge-threshold", "9000").returncode == 0
    shown = parsed(run(server, "--json", "index", "show", "made"))
    assert shown["nprobe"] == 7 and shown["tiering"]["merge"] == 9000 and shown["tiering"]["idmap_to_ivf"] == 500
    assert "9,000 vectors a shard" in run(server, "index", "show", "made").stdout
    assert run(server, "index", "delete", "made").stdout == "deleted made\n"


def test_searches(docs):
    like = run(docs, "search", "docs", "--like", "v3", "-k", "3", "--exact")
    assert like.returncode == 0 and "v3" in like.stdout.splitlines()[1] and "vectors measured" in like.stdout, like
    values = parsed(run(docs, "--json", "search", "docs", "--vector", "[1,2,3,4]", "-k", "2", "--include", "values"))
    assert len(values["results"][0]) == 2 and len(values["results"][0][0]["values"]) == 4
    piped = parsed(run(docs, "--json", "search", "docs", "--vector", "-", "-k", "1", input="[1,2,3,4]"))
    assert piped["results"][0][0]["id"] == values["results"][0][0]["id"]
    filtered = parsed(run(docs, "--json", "search", "docs", "--like", "v3", "--filter", '{"must":[{"key":"none","exists":true}]}'))
    assert filtered["results"] == [[]]
    for wrong in (["--vector", "nonsense"], ["--vector", "[1]", "--like", "r3"], [], ["--like", "r3", "--filter", "{"]):
        assert run(docs, "search", "docs", *wrong).returncode == 2, wrong


def test_aliases_are_switched_together(docs, make_index):
    make_index("other")
    assert run(docs, "alias", "set", "a", "docs", "b", "other").returncode == 0
    listed = parsed(run(docs, "--json", "alias", "list"))
    assert {a["alias"]: a["index"] for a in listed["aliases"]} == {"a": "docs", "b": "other"}
    assert "ALIAS" in run(docs, "alias", "list").stdout
    assert parsed(run(docs, "--json", "index", "show", "a"))["index_id"] == "docs"
    assert run(docs, "alias", "set", "a").returncode == 2
    for name in "ab":
        assert run(docs, "alias", "delete", name).returncode == 0


def test_tokens(server):
    secret = run(server, "token", "create", "made", "--scope", "read:*", "--scope", "events:*", "--per-minute", "90").stdout.strip()
    assert secret.startswith("mlg_")
    assert run(server, "index", "list", token=secret).returncode == 0
    listed = run(server, "token", "list").stdout
    assert secret not in listed and "read:* events:*" in listed and "90" in listed
    assert run(server, "token", "revoke", "made").returncode == 0
    assert run(server, "index", "list", token=secret).returncode == 4


def test_alerts_and_their_rules(make_server):
    server = make_server()
    assert "no open alerts" in run(server, "alert", "list").stdout
    rules = run(server, "alert", "rules").stdout
    assert "disk_fraction" in rules and "memory_fraction" in rules
    start = server.rest().get("/state").json["id"]
    assert run(server, "alert", "set-rule", "memory", "--warn", "0", "--error", "none", "--for", "0").returncode == 0
    assert run(server, "watch", "--until", "alert.warning", "--since", start, "--for", "60").returncode == 0
    alert = parsed(run(server, "--json", "alert", "list"))["alerts"][0]["alertId"]
    assert run(server, "alert", "ack", alert).returncode == 0
    assert alert in run(server, "alert", "list").stdout
    assert run(server, "alert", "set-rule", "memory", "--warn", "much").returncode == 2


def test_text_from_the_server_moves_no_cursor(server, make_index):
    """Metadata may hold anything: JSON escapes it; ids are escaped by the command itself."""
    make_index("nasty")
    values = [1, 2, 3, 4]
    assert server.rest().post("/indices/nasty/vectors", {"vectors": [
        {"id": "a\x1b[2Jb", "values": values, "metadata": {"k": "\x1b[31m"}},
        {"id": "c\x9b2Jd\u00e9", "values": values, "metadata": {"k": "\x9b31m\x85\x7f\u00e9"}}]}).status == 200
    shown = run(server, "search", "nasty", "--vector", "[1,2,3,4]").stdout
    assert "\x1b" not in shown and "a\\x1b[2Jb" in shown, shown
    assert not set(shown) & {"\x9b", "\x85", "\x7f"} and "c\\x9b2Jd\u00e9" in shown, shown
    told = run(server, "--json", "search", "nasty", "--vector", "[1,2,3,4]").stdout
    assert not set(told) & {"\x9b", "\x85", "\x7f"} and "\\u009b31m\\u0085\\u007f\u00e9" in told, told
    assert {h["metadata"]["k"] for h in json.loads(told)["results"][0]} == {"\x1b[31m", "\x9b31m\x85\x7f\u00e9"}
