"""Files in and out through public doors: every format, plain and compressed; what is damaged; exports that import again."""
import gzip
import io
import json
import pathlib
import random
import struct
import subprocess
import urllib.parse

import numpy
import pytest
from harness import OpenImport, fill, rows
from harness.cli import environment
from harness.server import ROOT, binary

DIM = 4
NPY, JSONL, CSV = "application/x-npy", "application/x-ndjson", "text/csv"


@pytest.fixture
def docs(rest, make_index):
    make_index("docs", num_shards=3)
    return rest


def vectors(rest, index):
    """id -> (values, metadata) of a whole index, by its pages."""
    found, after = {}, ""
    while after is not None:
        page = rest.get(f"/indices/{index}/vectors?limit=1000&after={urllib.parse.quote(after)}").json
        found.update({v["id"]: (v["values"], v.get("metadata")) for v in page["vectors"]})
        after = page["next"]
    return found


def npy(array):
    out = io.BytesIO()
    numpy.save(out, array)
    return out.getvalue()


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def unzstd(data):
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


PACK = {"gzip": gzip.compress, "zstd": zstd}
SUFFIX = {"gzip": ".gz", "zstd": ".zst"}


def upload(rest, body, content_type, coding=None, query="", index="docs"):
    headers = {"Content-Type": content_type, **({"Content-Encoding": coding} if coding else {})}
    return rest.raw("POST", f"/api/v1/indices/{index}/import{query}", body=body, headers=headers, timeout=600)


def the_same_rows():
    """The three rows 0..11 in every format; ids are theirs or the rows' numbers."""
    values = numpy.arange(3 * DIM).reshape(3, DIM)
    files = {"jsonl": (JSONL, b"".join(b'{"id":"%d","values":%s}\n' % (i, json.dumps(v).encode()) for i, v in enumerate(values.tolist()))),
             "csv": (CSV, b"".join(b"%d,%s\n" % (i, b",".join(b"%d" % x for x in v)) for i, v in enumerate(values.tolist()))),
             "fvecs": ("application/x-fvecs", b"".join(struct.pack("<i4f", DIM, *v) for v in values.tolist())),
             "bvecs": ("application/x-bvecs", b"".join(struct.pack("<i4B", DIM, *v) for v in values.tolist())),
             "h5": ("application/x-hdf5", (ROOT / "tests" / "e2e" / "data" / "rows.h5").read_bytes())}
    for kind in ("f2", "f4", "f8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"):
        files["npy of " + kind] = (NPY, npy(values.astype("<" + kind)))
    return files


FILES = the_same_rows()


# in -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content_type,body", FILES.values(), ids=FILES.keys())
def test_every_format_plain_and_compressed_is_the_same_rows(docs, content_type, body):
    for coding in (None, "gzip", "zstd"):
        docs.post("/indices/docs/vectors/delete", {"ids": ["0", "1", "2"]})
        answer = upload(docs, PACK[coding](body) if coding else body, content_type, coding)
        assert answer.status == 202, (coding, answer)
        assert (answer.json["processed"], answer.json["failed"], answer.json["progress"]) == (3, 0, 1), answer
        assert {k: v[0] for k, v in vectors(docs, "docs").items()} == {str(i): [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3] for i in range(3)}


@pytest.mark.parametrize("content_type,body", FILES.values(), ids=FILES.keys())
def test_cut_and_flipped_files_fail_by_name_and_the_server_goes_on(docs, content_type, body):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed={seed}")
    dice = random.Random(seed)
    for _ in range(12):
        damaged = bytearray(body)
        if dice.random() < 0.5:
            del damaged[dice.randrange(len(damaged)):]
        else:
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        coding = dice.choice([None, "gzip", "zstd"])
        answer = upload(docs, PACK[coding](bytes(damaged)) if coding else bytes(damaged), content_type, coding)
        assert answer.status in (202, 400), answer
        if answer.status == 400:
            assert answer.json["state"] == "failed" and answer.json["error"]["message"], answer
    assert docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 1}).status == 200


def test_a_file_that_crashes_its_library_is_a_damaged_file(server, docs, make_index):
    make_index("threes", dimension=3)
    before = server.process.pid
    for _ in range(3):
        answer = upload(docs, (ROOT / "fuzz" / "corpus" / "hdf5" / "crashes_libhdf5").read_bytes(), "application/x-hdf5", index="threes")
        assert answer.status == 400 and "damaged" in answer.json["error"]["message"], answer
    good = upload(docs, (ROOT / "fuzz" / "corpus" / "hdf5" / "floats").read_bytes(), "application/x-hdf5", index="threes")
    assert good.status == 202 and good.json["processed"] == 3 and server.process.pid == before, good
    children = "".join(task.read_text() for task in pathlib.Path(f"/proc/{before}/task").glob("*/children"))
    assert not children.split(), "none is left behind"


@pytest.mark.parametrize("coding", PACK)
def test_damage_of_the_compression_is_told_by_its_place(docs, coding):
    lines = b"".join(b'{"id":"c%d","values":[1,2,3,%d]}\n' % (i, i) for i in range(20_000))
    whole = PACK[coding](lines)
    cut = upload(docs, whole[:len(whole) // 2], JSONL, coding)
    assert cut.status == 400 and cut.json["error"]["code"] == "bad_request", cut
    assert f"the body ends after {len(whole) // 2} compressed bytes" in cut.json["error"]["message"], cut
    assert cut.json["processed"] > 0, "rows before the cut were applied"
    assert len(vectors(docs, "docs")) == cut.json["processed"]
    flipped = bytearray(whole)
    flipped[len(whole) - 6] ^= 0x40
    answer = upload(docs, bytes(flipped), JSONL, coding)
    assert answer.status == 400 and "damaged at compressed byte" in answer.json["error"]["message"], answer
    plain = upload(docs, lines, JSONL, coding)
    assert plain.status == 400 and plain.json["processed"] == 0, plain


def test_other_codings_are_refused_and_other_calls_take_none(docs):
    answer = upload(docs, b"x", JSONL, "br")
    assert (answer.status, answer.error) == (400, "bad_request") and "'br'" in answer.json["message"], answer
    for path in ("vectors", "search", "export"):
        answer = docs.post(f"/indices/docs/{path}", gzip.compress(b"{}"), headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
        assert answer.status == 400 and "Content-Encoding" in answer.json["message"], answer


def resident(server):
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_takes_no_memory(make_server, coding):
    """Two gigabytes of blanks in two megabytes: no line may be so long, and no more than a line of it is ever held."""
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": DIM})
    if coding == "gzip":
        bomb = gzip.compress(b" " * (1 << 24), 9) * 128
    else:
        bomb = zstd(b" " * (1 << 24)) * 128
    before = resident(server)
    answer = upload(rest, bomb, JSONL, coding)
    assert answer.status == 400 and answer.json["error"]["code"] == "too_large", answer
    lines = upload(rest, PACK[coding](b"\n" * (1 << 28)), JSONL, coding)  # read to its end: blank lines are no rows
    assert lines.status == 202 and lines.json["processed"] == 0, lines
    assert resident(server) - before < 100 << 20, (before, resident(server))


def test_rows_that_are_not_finite_are_named_in_every_format(docs):
    bad = numpy.array([[1, 2, 3, 4], [1, numpy.nan, 3, 4], [1, 2, numpy.inf, 4]], "<f4")
    fvecs = b"".join(struct.pack("<i", DIM) + row.tobytes() for row in bad)
    for content_type, body in ((NPY, npy(bad)), (NPY, npy(bad.astype("<f2"))), ("application/x-fvecs", fvecs)):
        job = upload(docs, body, content_type).json
        assert (job["processed"], job["failed"]) == (3, 2), job
        assert [e["message"] for e in job["errors"]] == ["row 1: value 1 is not a finite 32-bit number",
                                                         "row 2: value 2 is not a finite 32-bit number"], job


def test_progress_of_a_compressed_body_counts_its_own_bytes(server, docs, connect):
    """Half of the bytes that were announced are half of the work, however much they inflate to."""
    members = [gzip.compress(b"".join(b'{"id":"m%d-%d","values":[1,2,3,4]}\n' % (part, i) for i in range(1000)), mtime=0) for part in range(4)]
    body = b"".join(members)
    raw_import = Packed(server, "packed", length=len(body))
    with raw_import as running:
        running.send(members[0] + members[1])
        job = running.wait_for(lambda job: job["processed"] == 2000)
        job = running.wait_for(lambda job: job["progress"] == pytest.approx(len(members[0] + members[1]) / len(body), abs=0.001))
        assert job["total"] is None
        running.send(members[2] + members[3])
        status, job = running.answer()
    assert status == 202 and job["processed"] == 4000 and job["progress"] == 1


class Packed(OpenImport):
    def __init__(self, server, job_id, length):
        super().__init__(server, job_id, content_type=JSONL + "\r\nContent-Encoding: gzip", length=length)


# exports ------------------------------------------------------------------------------------------------------------
def export(rest, index="docs", **request):
    begun = rest.post(f"/indices/{index}/export", request)
    assert begun.status == 202 and begun.json["jobType"] == "export", begun
    job = rest.ended(begun.json["jobId"])
    assert job["state"] == "completed" and job["progress"] == 1 and job["processed"] == job["total"], job
    result = rest.get(f"/jobs/{job['jobId']}/result")
    assert result.status == 200, result
    return job, result


def fill_oddly(rest):
    """Values of every size, metadata of every kind, ids that need quoting, replaced and deleted rows."""
    dice = random.Random(5)
    odd = [0.1, 1e-45, 3.4028235e38, -1.17549435e-38, 16777217, 1 / 3]
    made = [{"id": f"é\"{i}\n", "values": [dice.choice(odd), dice.gauss(0, 1), i, -i], **({"metadata": {"n": i, "t": ["a", {"b": None}], "f": 0.1}} if i % 2 else {})}
            for i in range(2500)]
    fill(rest, "docs", made)
    fill(rest, "docs", [{**v, "values": [7, 7, 7, 7]} for v in made[::10]])
    rest.post("/indices/docs/vectors/delete", {"ids": [v["id"] for v in made[::7]]})


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_an_export_imports_to_the_same_index(docs, make_index, compression):
    fill_oddly(docs)
    before = vectors(docs, "docs")
    job, result = export(docs, format="jsonl", compression=compression)
    assert job["processed"] == len(before)
    suffix = {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression]
    assert result.headers["content-disposition"] == f'attachment; filename="{job["jobId"]}.jsonl{suffix}"'
    assert result.headers["content-type"] == {"none": JSONL, "gzip": "application/gzip", "zstd": "application/zstd"}[compression]
    make_index("copy", num_shards=2)
    again = upload(docs, result.body, JSONL, None if compression == "none" else compression, index="copy")
    assert again.status == 202 and again.json["failed"] == 0, again
    assert vectors(docs, "copy") == before
    _, second = export(docs, "copy", format="jsonl")
    assert sorted(second.body.splitlines()) == sorted({"none": bytes, "gzip": gzip.decompress, "zstd": unzstd}[compression](result.body).splitlines())


def test_an_npy_export_is_read_by_numpy(docs):
    fill_oddly(docs)
    before = sorted(numpy.array([v[0] for v in vectors(docs, "docs").values()], "<f4").tolist())
    for compression, unpack in (("none", bytes), ("gzip", gzip.decompress), ("zstd", unzstd)):
        _, result = export(docs, format="npy", compression=compression)
        array = numpy.load(io.BytesIO(unpack(result.body)))
        assert array.dtype == numpy.float32 and array.shape == (len(before), DIM)
        assert sorted(array.tolist()) == before
    _, some = export(docs, format="jsonl", filter={"must": [{"key": "n", "range": {"lt": 100}}]})
    assert {json.loads(line)["metadata"]["n"] for line in some.body.splitlines()} == {i for i in range(1, 100, 2) if i % 7}


def test_an_export_is_of_one_moment(docs):
    """Rows replaced while it runs: each is there once, as it was when the export began or not at all changed between."""
    fill(docs, "docs", [{"id": f"r{i}", "values": [0, 0, 0, 0]} for i in range(3000)])
    begun = docs.post("/indices/docs/export", {"format": "jsonl"}).json
    for generation in range(1, 5):
        docs.post("/indices/docs/vectors", {"vectors": [{"id": f"r{i}", "values": [generation] * 4} for i in range(3000)]})
    docs.ended(begun["jobId"])
    lines = [json.loads(line) for line in docs.get(f"/jobs/{begun['jobId']}/result").body.splitlines()]
    assert len(lines) == 3000 and len({line["id"] for line in lines}) == 3000
    assert len({tuple(line["values"]) for line in lines}) == 1, "a batch is in it whole or not at all"


def test_results_are_there_for_who_may_read_them(server, docs, make_token):
    job, _ = export(docs, format="jsonl")
    for scopes, status in ((("read:docs",), 200), (("write:docs",), 200), (("read:other", "events:*"), 403)):
        answer = server.rest(make_token(*scopes)).get(f"/jobs/{job['jobId']}/result")
        assert answer.status == status, (scopes, answer)
    assert server.rest(make_token("read:docs")).post("/indices/docs/export", {"format": "npy"}).status == 403
    assert docs.get("/jobs/nobody/result").status == 404
    imported = docs.upload("docs", b'{"id":"a","values":[1,2,3,4]}\n').json
    assert docs.get(f"/jobs/{imported['jobId']}/result").status == 404
    with OpenImport(server, "still-running") as running:
        assert docs.get("/jobs/still-running/result").status == 409
        running.finish()


def test_results_are_private_kept_over_a_restart_and_swept(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": DIM})
    jobs = [export(rest, format="npy")[0]["jobId"] for _ in range(18)]
    folder = server.data_dir / "results"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {f.stat().st_mode & 0o777 for f in folder.iterdir()} == {0o600}
    assert {f.name for f in folder.iterdir()} == {f"{job}.npy" for job in jobs[2:]}
    assert rest.get(f"/jobs/{jobs[0]}/result").status == 404
    server.stop()
    (folder / "nobodys.npy").write_bytes(b"x")
    (folder / f"{jobs[17]}.jsonl.part").write_bytes(b"x")
    server.start()
    assert {f.name for f in folder.iterdir()} == {f"{job}.npy" for job in jobs[2:]}
    assert server.rest().get(f"/jobs/{jobs[17]}/result").status == 200


def test_a_failed_export_leaves_no_file(make_server):
    server = make_server()
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 256})
    for first in range(0, 20_000, 1000):
        fill(rest, "docs", rows(1000, 256, seed=first, first=first))
    begun = rest.post("/indices/docs/export", {"format": "jsonl", "compression": "gzip"}).json
    assert rest.post(f"/jobs/{begun['jobId']}/cancel").status in (202, 409)
    job = rest.ended(begun["jobId"])
    assert job["state"] == "completed" or job["error"]["code"] == "cancelled", job
    assert job["state"] == "completed" or list((server.data_dir / "results").iterdir()) == []
    second = rest.post("/indices/docs/export", {"format": "jsonl", "compression": "gzip"}).json
    server.kill()
    server.start()
    job = server.rest().get(f"/jobs/{second['jobId']}").json
    assert job["state"] == "completed" or job["error"]["code"] == "interrupted", job
    assert job["state"] == "completed" or not [f for f in (server.data_dir / "results").iterdir() if second["jobId"] in f.name]


# command line -------------------------------------------------------------------------------------------------------
def run(server, *arguments):
    return subprocess.run([str(binary("mlgraph")), *arguments], env=environment(server), capture_output=True, text=True, timeout=120)


def test_the_command_exports_and_imports_again(server, docs, make_index, tmp_path):
    fill_oddly(docs)
    make_index("again")
    for flags, name in (([], "all.jsonl"), (["--gzip"], "all.jsonl.gz"), (["--zstd"], "all.jsonl.zst")):
        done = run(server, "index", "export", "docs", "-o", str(tmp_path / name), *flags)
        assert done.returncode == 0 and "exported" in done.stdout, done
        done = run(server, "import", "again", str(tmp_path / name))
        assert done.returncode == 0, done
        assert vectors(docs, "again") == vectors(docs, "docs")
    done = run(server, "--json", "index", "export", "docs", "-o", str(tmp_path / "all.npy"), "--format", "npy")
    assert done.returncode == 0 and json.loads(done.stdout)["jobType"] == "export", done
    assert numpy.load(tmp_path / "all.npy").shape == (len(vectors(docs, "docs")), DIM)
    (tmp_path / "rows.h5").write_bytes(FILES["h5"][1])
    assert run(server, "import", "again", str(tmp_path / "rows.h5"), "--id-prefix", "h").returncode == 0
    assert docs.get("/indices/again/vectors/h2").json["values"] == [8, 9, 10, 11]
    assert run(server, "index", "export", "none", "-o", str(tmp_path / "none")).returncode == 1
    assert not list(tmp_path.glob("none*"))
    assert run(server, "index", "export", "docs", "-o", str(tmp_path / "x"), "--format", "csv").returncode == 2
