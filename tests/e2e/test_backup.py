"""`mlgraph backup` and `mlgraph restore`: a data directory at rest goes into a folder and comes back whole, under another epoch."""
import os
import random
import shutil
import subprocess

import pytest
from harness import fill, rows
from harness.server import binary

DIMENSION = 8


def mlgraph(*arguments, code=0):
    done = subprocess.run([str(binary("mlgraph")), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


def indices(rest):
    """What `state` shows of indices, but for when a start last touched their shards."""
    state = rest.get("/state").json["data"]["indices"]
    return [{**index, "shards": [{**shard, "since": None} for shard in index["shards"]]} for index in state]


def all_rows(rest, index):
    found, after = {}, ""
    while True:
        page = rest.get(f"/indices/{index}/vectors?limit=1000{'&after=' + after if after else ''}").json
        found.update({v["id"]: v for v in page["vectors"]})
        if not page["next"]:
            return found
        after = page["next"]


def answers(rest, index):
    queries = [row["values"] for row in rows(10, DIMENSION, seed=9)]
    return rest.post(f"/indices/{index}/search", {"vectors": queries, "k": 20}).json["results"]


def until_counted(server, index, count):
    """The state's counts follow writes within a second, and are told."""
    socket = server.socket()
    socket.subscribe("index.updated", since=server.first_id)
    socket.expect("index.updated", lambda m: m["data"]["index"] == index and m["data"]["vectors"] == count)
    socket.close()


@pytest.fixture
def story(make_server):
    """A server with a sealed index, a flat one, deletions, a token, an alias, a rule; still running."""
    server = make_server()
    rest = server.rest()
    server.first_id = rest.get("/state").json["id"]
    for name, count in (("sealed", 1500), ("flat", 300)):
        assert rest.post("/indices", {"index_id": name, "dimension": DIMENSION, "num_shards": 2}).status == 201
        fill(rest, name, rows(count, DIMENSION, seed=count))
    assert rest.ended(rest.post("/indices/sealed/train").json["jobId"])["state"] == "completed"
    fill(rest, "sealed", rows(50, DIMENSION, seed=3, first=5000))
    assert rest.post("/indices/sealed/vectors/delete", {"ids": [f"v{n}" for n in range(100)]}).json == {"deleted": 100}
    until_counted(server, "sealed", 1450)
    server.secret = rest.post("/tokens", {"name": "reader", "scopes": ["search:sealed", "events:*"]}).json["token"]
    assert rest.put("/aliases", {"alias": "live", "index": "sealed"}).status == 200
    assert rest.put("/alert-rules/memory", {"warn": 0.77}).status == 200
    return server


def restored(make_server, server, out):
    """A server of its own on what comes back."""
    other = make_server()
    assert other.stop() == 0
    shutil.rmtree(other.data_dir)
    mlgraph("restore", out, other.data_dir)
    return other.start()


def test_what_is_restored_is_what_was_backed_up(make_server, story, tmp_path):
    rest = story.rest()
    before = {"indices": indices(rest), "sealed": all_rows(rest, "sealed"), "flat": all_rows(rest, "flat"),
              "answers": [answers(rest, name) for name in ("sealed", "flat", "live")], "rules": rest.get("/alert-rules").json,
              "tokens": rest.get("/tokens").json, "aliases": rest.get("/aliases").json}
    old = rest.get("/state").json["id"]
    assert story.stop() == 0
    out = tmp_path / "out"
    assert "backed up" in mlgraph("backup", story.data_dir, out, "--verify")
    assert "verified" in mlgraph("backup", "--verify", out)

    other = restored(make_server, story, out)
    rest = other.rest()
    after = {"indices": indices(rest), "sealed": all_rows(rest, "sealed"), "flat": all_rows(rest, "flat"),
             "answers": [answers(rest, name) for name in ("sealed", "flat", "live")], "rules": rest.get("/alert-rules").json,
             "tokens": rest.get("/tokens").json, "aliases": rest.get("/aliases").json}
    for name, value in before.items():
        assert after[name] == value, name
    assert other.rest(story.secret).post("/indices/live/search", {"vector": [0] * DIMENSION}).status == 200

    # A client of the former server comes with its cursor: it is told, and the state closes the hole.
    epoch = rest.get("/state").json["id"].rpartition("-")[0]
    assert epoch != old.rpartition("-")[0]
    socket = other.socket()
    answer = socket.subscribe("*", since=old, state=True)
    assert answer["recovered"] is False and answer["id"].startswith(epoch + "-"), answer
    assert socket.expect("state")["id"].startswith(epoch + "-")
    socket.close()
    silent = other.socket()
    silent.send({"type": "subscribe", "channels": ["*"], "since": old})
    assert silent.expect("error")["data"]["code"] == "cursor_expired"
    silent.close()
    # Whoever comes with a cursor of the new history is served from it, ids of one epoch throughout.
    again = other.socket()
    again.subscribe("index.*")
    begin = rest.get("/state").json["id"]
    assert rest.post("/indices", {"index_id": "later", "dimension": 2}).status == 201
    made = again.expect("index.created")
    assert made["id"].startswith(epoch + "-") and int(made["id"].rpartition("-")[2]) > int(old.rpartition("-")[2])
    again.close()
    late = other.socket()
    assert late.subscribe("index.created", since=begin)["recovered"] is True
    assert late.expect("index.created")["id"] == made["id"]
    late.close()
    # And the first server goes on as it was.
    story.start()
    assert story.rest().get("/state").json["id"].startswith(old.rpartition("-")[0] + "-")


def test_a_killed_server_is_backed_up_too(make_server, story, tmp_path):
    """The backup takes in what the write-ahead logs hold."""
    rest = story.rest()
    fill(rest, "flat", rows(500, DIMENSION, seed=7, first=10_000))
    expected = all_rows(rest, "flat")
    story.kill()
    mlgraph("backup", story.data_dir, tmp_path / "out")
    other = restored(make_server, story, tmp_path / "out")
    assert all_rows(other.rest(), "flat") == expected
    assert answers(other.rest(), "flat") and other.rest().get("/indices/live").json["index_id"] == "sealed"


def test_a_running_server_is_named(story, tmp_path):
    told = mlgraph("backup", story.data_dir, tmp_path / "out", code=1)
    assert told.startswith("mlgraph: ") and "in use" in told and "stop it first" in told, told
    assert not (tmp_path / "out").exists()
    assert story.rest().get("/indices").json["total_count"] == 2


def test_damaged_backups_restore_nothing(story, tmp_path):
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    dice = random.Random(seed)
    story.stop()
    out = tmp_path / "out"
    mlgraph("backup", story.data_dir, out)
    files = sorted(p for p in out.rglob("*") if p.is_file() and p.stat().st_size)
    assert {p.relative_to(out).parts[0] for p in files} >= {"MANIFEST", "FORMAT", "log", "vectors", "parts"}
    for path in dice.sample(files, min(len(files), 12)):
        whole, name = path.read_bytes(), str(path.relative_to(out))
        place = dice.randrange(len(whole))
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1:]):
            path.write_bytes(damaged)
            for told in (mlgraph("backup", "--verify", out, code=1), mlgraph("restore", out, tmp_path / "back", code=1)):
                assert name in told and told.startswith("mlgraph: "), told
            assert not (tmp_path / "back").exists()
        path.write_bytes(whole)
    mlgraph("restore", out, tmp_path / "back")
    assert not [p for p in tmp_path.iterdir() if "partial" in p.name]


def test_usage(tmp_path):
    assert "DIR" in mlgraph("--help")
    assert "--verify" in mlgraph("backup", "--help")
    mlgraph("backup", tmp_path, code=2)
    mlgraph("restore", code=2)
    assert "no data directory" in mlgraph("backup", tmp_path, tmp_path / "out", code=1)
    assert "is no backup" in mlgraph("restore", tmp_path, tmp_path / "new", code=1)
