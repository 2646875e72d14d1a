"""Snapshots of an index: taken while it is written, restored on another server, equal to the rows of one moment; damaged ones restore nothing."""
import collections
import json
import os
import random
import struct

import pytest
from harness import Crew, RawConnection, fill, rows
from harness.ledger import number
from test_backup import all_rows

TYPE = {"Content-Type": "application/vnd.mlgraph.snapshot"}
FAR = {"idmap_to_ivf": 1_000_000_000, "ivf_to_ondisk": 2_000_000_000, "merge": 3_000_000_000}


def seed_of_run():
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    return seed


def take(rest, index):
    job = rest.post(f"/indices/{index}/snapshot")
    assert job.status == 202 and job.json["jobType"] == "snapshot", job
    ended = rest.ended(job.json["jobId"])
    assert ended["state"] == "completed" and ended["processed"] == ended["total"] and ended["progress"] == 1, ended
    answer = rest.get(f"/jobs/{ended['jobId']}/result")
    assert answer.status == 200, answer
    return answer.body


def restore(rest, body, query=""):
    return rest.raw("POST", "/api/v1/restore" + query, body=body, headers=TYPE)


def settings_of(snapshot):
    """{index, id, taken_at} of a snapshot's header, and its number of rows."""
    assert snapshot[:8] == b"MLGSNAP1"
    version, size, count = struct.unpack_from("<IIQ", snapshot, 8)
    assert version == 1
    return json.loads(snapshot[24:24 + size]), count


class Batches:
    """One writer: its k-th batch gives each of its ten ids the value k, and makes one id more. So the rows tell which batch was the last."""

    def __init__(self, name):
        self.name, self.done = name, 0

    def run(self, server, stop):
        rest = server.rest()
        while not stop.is_set():
            k = self.done + 1
            fill(rest, "docs", [{"id": f"{self.name}-{i}", "values": [k, i], "metadata": {"k": k}} for i in range(10)]
                 + [{"id": f"{self.name}-new-{k}", "values": [k, -1]}])
            self.done = k

    def rows_after(self, k):
        kept = {f"{self.name}-{i}": {"id": f"{self.name}-{i}", "values": [k, i], "metadata": {"k": k}} for i in range(10)} if k else {}
        return kept | {f"{self.name}-new-{n}": {"id": f"{self.name}-new-{n}", "values": [n, -1], "metadata": {}} for n in range(1, k + 1)}


def check_one_moment(found, writers):
    """The rows are those after some batch of each writer, whole."""
    expected, last = {}, {}
    for writer in writers:
        k = int(found[f"{writer.name}-0"]["values"][0]) if f"{writer.name}-0" in found else 0
        last[writer.name] = k
        expected |= writer.rows_after(k)
    assert found == expected
    return last


def test_a_snapshot_under_writes_is_one_moment(make_server):
    """Two writers, settings changed and other events all the while; five snapshots. On another server each is the rows of one moment:
    none that an earlier event has counted is missing, none is there that the next event had not counted."""
    here, there = make_server(), make_server()
    rest, other = here.rest(), there.rest()
    assert rest.post("/indices", {"index_id": "docs", "dimension": 2, "num_shards": 3, "tiering": FAR}).status == 201
    watcher = here.socket()
    watcher.subscribe("index.*")
    writers = [Batches("a"), Batches("b")]
    patches = []

    def change(stop):
        mine, n = here.rest(), 0
        while not stop.is_set():
            n += 1
            assert mine.patch("/indices/docs", {"nprobe": 1 + n % 60_000}).status == 200
            patches.append(n)

    snapshots = []
    with Crew(change, *(lambda stop, w=w: w.run(here, stop) for w in writers)):
        while len(snapshots) < 5:
            before = {w.name: w.done for w in writers}
            snapshots.append((before, take(rest, "docs"), {w.name: w.done + 1 for w in writers}))
    end = rest.post("/indices", {"index_id": "the-end", "dimension": 2})
    assert end.status == 201
    events = []
    while not events or events[-1]["data"]["index"] != "the-end":
        message = watcher.next()
        events += [message] if "id" in message else []
    watcher.close()

    for n, (before, body, after) in enumerate(snapshots):
        said, count = settings_of(body)
        done = restore(other, body, f"?index=copy-{n}")
        assert (done.status, done.json["index"], done.json["jobType"]) == (202, f"copy-{n}", "restore"), done
        found = all_rows(other, f"copy-{n}")
        assert len(found) == count == done.json["total"] == done.json["processed"]
        last = check_one_moment(found, writers)
        assert all(before[name] <= last[name] <= after[name] for name in last), (before, last, after)
        # Settings and counts of the events around it. Rows are only ever added here, so counts rise.
        mine = [e for e in events if e["data"]["index"] == "docs"]
        earlier = [e for e in mine if number(e) <= number(said["id"])]
        later = [e for e in mine if number(e) > number(said["id"])]
        assert said["index"]["nprobe"] == earlier[-1]["data"]["nprobe"]
        copy = other.get(f"/indices/copy-{n}").json
        assert (copy["nprobe"], copy["num_shards"], copy["tiering"]["merge"]) == (said["index"]["nprobe"], 3, FAR["merge"])
        assert all(e["data"]["vectors"] <= count for e in earlier) and all(e["data"]["vectors"] >= count for e in later)
    assert len({settings_of(body)[0]["id"] for _, body, _ in snapshots}) > 1 and patches


def test_searches_of_the_copy_answer_as_the_original(make_server):
    here, there = make_server(), make_server()
    rest, other = here.rest(), there.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 16, "metric_type": "COSINE", "num_shards": 2, "tiering": FAR})
    fill(rest, "docs", rows(3000, 16))
    rest.post("/indices/docs/vectors/delete", {"filter": {"must": [{"key": "n", "range": {"lt": 500}}]}})
    body = take(rest, "docs")
    assert restore(other, body).json["index"] == "docs"
    query = {"vectors": [row["values"] for row in rows(20, 16, seed=5)], "k": 15, "exact": True}
    assert other.post("/indices/docs/search", query).json["results"] == rest.post("/indices/docs/search", query).json["results"]
    assert restore(other, body).status == 409
    # By the import folder, as a background job.
    (there.data_dir / "import" / "docs.mlgsnap").write_bytes(body)
    job = other.post("/restore?index=again&jobId=by-name", {"source": "docs.mlgsnap"})
    assert job.status == 202, job
    assert other.ended("by-name")["state"] == "completed"
    assert all_rows(other, "again") == all_rows(rest, "docs")


def test_damaged_snapshots_leave_no_index(make_server):
    dice = random.Random(seed_of_run())
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 32, "tiering": FAR})
    fill(rest, "docs", rows(30_000, 32, seed=2))
    body = take(rest, "docs")
    socket = server.socket()
    socket.subscribe("index.*", "job.*")
    places = collections.Counter()
    for _ in range(12):
        at = dice.randrange(len(body))
        flipped = body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1:]
        for damaged in (flipped, body[:at]):
            answer = restore(rest, damaged, "?index=copy")
            assert answer.status == 400 and answer.json["state"] == "failed", answer
            error = answer.json["error"]
            assert error["code"] in ("corrupt", "invalid_value"), error
            assert "byte" in error["message"] or "version" in error["message"] or "no snapshot" in error["message"], error
            places[error["message"].split()[0]] += 1
            assert rest.get("/indices").json["total_count"] == 1
            ended = socket.expect("job.failed")
            assert ended["data"]["jobId"] == answer.json["jobId"]
            if ended["data"]["index"]:
                gone = socket.expect("index.deleted")
                assert gone["data"]["index"] == "copy" and number(gone) > number(ended)
    print(places)
    socket.close()
    assert restore(rest, body, "?index=copy").status == 202
    assert all_rows(rest, "copy") == all_rows(rest, "docs")


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_restore_that_is_cut_leaves_no_index(make_server, end):
    """The server goes while the body streams; the next start finds the half-made index and deletes it, and no other."""
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 64, "tiering": FAR})
    fill(rest, "docs", rows(8_000, 64, seed=2))
    body = take(rest, "docs")
    raw = RawConnection(server.host, server.port)
    raw.send((f"POST /api/v1/restore?index=half&jobId=cut HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.admin_token}\r\n"
              f"Content-Type: {TYPE['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body[:len(body) // 2])
    socket = server.socket()
    socket.subscribe("job.cut.*", since=rest.get("/state").json["id"].rpartition("-")[0] + "-0")
    socket.expect("job.progress", lambda m: m["data"]["processed"] > 0)
    refused = rest.put("/aliases", {"alias": "a", "index": "half"})
    assert refused.status == 409, refused
    assert rest.get("/indices/half").status == 200
    getattr(server, end)()
    raw.close()
    socket.close()
    server.start()
    rest = server.rest()
    job = rest.get("/jobs/cut").json
    assert (job["state"], job["error"]["code"]) == ("failed", "interrupted"), job
    assert rest.get("/indices/half").status == 404 and rest.get("/indices/docs").json["vectors"] == 8_000
    # Made anew under its name, it is another's, and stays.
    assert restore(rest, body, "?index=half").status == 202
    server.restart()
    assert server.rest().get("/indices/half").json["vectors"] == 8_000


def test_scopes_and_refusals(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 2})
    fill(rest, "docs", [{"id": "a", "values": [1, 2]}])
    body = take(rest, "docs")

    def who(*scopes):
        name = "t" + str(len(rest.get("/tokens").json["tokens"]))
        return server.rest(rest.post("/tokens", {"name": name, "scopes": list(scopes)}).json["token"])

    reader, writer = who("read:docs"), who("write:docs")
    assert reader.post("/indices/docs/snapshot").status == 403
    job = writer.post("/indices/docs/snapshot").json["jobId"]
    assert rest.ended(job)["state"] == "completed"
    assert reader.get(f"/jobs/{job}/result").body[:8] == b"MLGSNAP1"
    assert who("read:other").get(f"/jobs/{job}/result").status == 403
    assert restore(writer, body, "?index=copy").status == 403
    assert restore(rest, body, "?index=a.b").status == 422
    assert rest.post("/indices/nobody/snapshot").status == 404
    assert rest.post("/restore", {"source": "../docs"}).status == 422
    assert rest.post("/restore", {"source": "absent"}).status == 404
    compressed = rest.raw("POST", "/api/v1/restore", body=body, headers={**TYPE, "Content-Encoding": "gzip"})
    assert compressed.status == 400, compressed
