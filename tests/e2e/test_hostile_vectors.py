"""Numbers, names, filters and files no index should swallow (H30-H34, H40, H41)."""
import json
import os
import struct

import numpy
import pytest
from harness import fill, rows


@pytest.fixture
def docs(make_index, rest):
    make_index("docs", dimension=4)
    fill(rest, "docs", rows(20, 4))
    return rest


def write(rest, body, index="docs"):
    return rest.post(f"/indices/{index}/vectors", body, headers={"Content-Type": "application/json"})


def count(rest, index="docs"):
    return len(rest.get(f"/indices/{index}/vectors?limit=1000").json["vectors"])


NO_FLOATS = ["NaN", "Infinity", "-Infinity", "1e39", "-1e39", "1e400", "-1e400", "1" + "0" * 39, "null", "\"1\"", "true", "[1]"]


@pytest.mark.parametrize("value", NO_FLOATS)
def test_values_that_are_no_finite_floats(docs, value):
    """H30: finite after narrowing to float32; the position is named; nothing is written. Also where it is no JSON: Python writes NaN."""
    good, bad = '{"id":"a","values":[1,2,3,4]}', '{"id":"b","values":[1,2,%s,4]}' % value
    for body, content_type in (('{"vectors":[%s,%s]}' % (good, bad), "application/json"), (f"{good}\n{bad}\n", "application/x-ndjson")):
        answer = docs.post("/indices/docs/vectors", body, headers={"Content-Type": content_type})
        assert (answer.status, answer.error, answer.json["member"]) == (422, "invalid_vector", "vectors[1].values[2]"), answer
        assert docs.get("/indices/docs/vectors/a").status == 404
    for body, place in (('{"vector":[1,2,%s,4]}', "vector[2]"), ('{"vectors":[[1,2,3,4],[1,2,%s,4]]}', "vectors[1][2]")):
        answer = docs.post("/indices/docs/search", body % value, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.error, answer.json["member"]) == (422, "invalid_vector", place), answer
    job = docs.upload("docs", f"{good}\n{bad}\n".encode()).json
    assert job["failed"] == 1 and job["errors"][0]["message"].startswith("row 1: values[2] is "), job


def test_numbers_as_javascript_prints_them(docs, make_index):
    """1e20 is 100000000000000000000 there: a float, whatever integers hold."""
    assert write(docs, '{"vectors":[{"id":"big","values":[100000000000000000000,-1000000000000000000000,1,0]}]}').status == 200
    assert docs.get("/indices/docs/vectors/big").json["values"] == [1e20, -1e21, 1, 0]
    assert docs.upload("docs", b'{"id":"big2","values":[1000000000000000000000,0,0,0]}\n').json["failed"] == 0
    make_index("dots", dimension=2, metric_type="IP")
    assert write(docs, '{"vectors":[{"id":"one","values":[1,2]}]}', "dots").status == 200
    answer = docs.post("/indices/dots/search", '{"vector":[100000000000000000000,0],"k":1}', headers={"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json["results"][0][0]["distance"] == pytest.approx(-1e20), answer


def test_what_is_no_json_elsewhere_stays_so(docs):
    for body in ('{"vectors":[{"id":"m","values":[1,2,3,4],"metadata":{"values":[NaN]}}]}', '{"vectors":[{"id":NaN,"values":[1,2,3,4]}]}',
                 '{"vectors":[{"id":"m","values":[1,2,3,NaN]}'):
        answer = write(docs, body)
        assert (answer.status, answer.error) == (400, "bad_request"), answer


def test_1e39_overflows_float32_by_name(docs):
    answer = write(docs, '{"vectors":[{"id":"b","values":[1,2,1e39,4]}]}')
    assert (answer.status, answer.error) == (422, "invalid_vector")
    assert "vectors[0].values[2]" in answer.body.decode()


def test_denormals_are_fine(docs):
    assert write(docs, '{"vectors":[{"id":"d","values":[1e-45,1e-40,-1e-45,0]}]}').status == 200


def test_zero_vectors_only_where_they_have_a_direction(docs, make_index):
    make_index("cosine", dimension=4, metric_type="COSINE")
    zero = {"vectors": [{"id": "z", "values": [0, 0, 0, 0]}]}
    answer = write(docs, zero, "cosine")
    assert (answer.status, answer.error) == (422, "invalid_vector")
    assert docs.post("/indices/cosine/search", {"vector": [0, 0, 0, 0], "k": 1}).status == 422
    assert write(docs, zero).status == 200


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_wrong_dimension(docs, values):
    """H31."""
    answer = write(docs, {"vectors": [{"id": "x", "values": values}]})
    assert (answer.status, answer.error) == (422, "invalid_vector") and "4" in answer.json["message"]
    assert docs.post("/indices/docs/search", {"vector": values, "k": 1}).status == 422


@pytest.mark.parametrize("k", [0, -1, 10_001, 2**31, 2**64, 1.5, "5", None])
def test_bad_k(docs, k):
    answer = docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": k})
    assert answer.status in (400, 422), answer


@pytest.mark.parametrize("nprobe", [-1, "many", 1.5])
def test_bad_nprobe(docs, nprobe):
    assert docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 1, "nprobe": nprobe}).status in (400, 422)


def test_huge_nprobe_searches_everything_or_is_refused(docs):
    answer = docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 1, "nprobe": 2**31})
    assert answer.status in (200, 422)


def test_k_beyond_the_index_gives_all(docs):
    hits = docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 10_000}).json["results"][0]
    assert len(hits) == 20
    distances = [hit["distance"] for hit in hits]
    assert distances == sorted(distances)


def test_search_takes_one_query_or_several(docs):
    several = docs.post("/indices/docs/search", {"vectors": [[1, 2, 3, 4], [4, 3, 2, 1]], "k": 2}).json["results"]
    assert [len(hits) for hits in several] == [2, 2]
    for body in ({"k": 1}, {"vector": [1, 2, 3, 4], "vectors": [[1, 2, 3, 4]], "k": 1}, {"vectors": [], "k": 1},
                 {"vector": "1,2,3,4", "k": 1}):
        assert docs.post("/indices/docs/search", body).status in (400, 422), body


@pytest.mark.parametrize("batch", [
    {"vectors": []}, {}, {"vectors": {}}, {"vectors": [7]}, {"vectors": [{"values": [1, 2, 3, 4]}]},
    {"vectors": [{"id": "", "values": [1, 2, 3, 4]}]}, {"vectors": [{"id": "x" * 129, "values": [1, 2, 3, 4]}]},
    {"vectors": [{"id": {}, "values": [1, 2, 3, 4]}]}, {"vectors": [{"id": "a", "values": "1234"}]},
    {"vectors": [{"id": "a", "values": [1, 2, 3, 4], "metadata": []}]},
    {"vectors": [{"id": "a", "values": [1, 2, 3, 4], "metadata": {"x": "y" * 17_000}}]},
])
def test_bad_batches_write_nothing(docs, batch):
    """H32."""
    answer = write(docs, batch)
    assert answer.status in (400, 422), answer
    assert count(docs) == 20


def test_mixed_dimensions_write_nothing(docs):
    answer = write(docs, {"vectors": [{"id": "a", "values": [1, 2, 3, 4]}, {"id": "b", "values": [1, 2, 3]}]})
    assert answer.status == 422 and "vectors[1]" in answer.body.decode()
    assert count(docs) == 20


def test_the_last_of_equal_ids_wins(docs):
    answer = write(docs, {"vectors": [{"id": "same", "values": [1, 1, 1, 1]}, {"id": "same", "values": [2, 2, 2, 2]}]})
    assert answer.status == 200
    assert docs.get("/indices/docs/vectors/same").json["values"] == [2, 2, 2, 2]
    assert count(docs) == 21


def test_integer_ids_become_text(docs):
    assert write(docs, {"vectors": [{"id": 42, "values": [9, 9, 9, 9]}]}).status == 200
    assert docs.get("/indices/docs/vectors/42").json["id"] == "42"


def test_hostile_ids_and_metadata_come_back_as_they_were(docs):
    """H50, H52: data is data."""
    name = "a/b?c=%d \"quoted\" <script>\n\x1b[31m é"
    metadata = {"html": "<script>alert(1)</script>", "sql": "'; DROP TABLE x", "nul": "a\u0000b", "deep": {"a": [1, {"b": None}]}}
    assert write(docs, {"vectors": [{"id": name, "values": [50, 50, 50, 50], "metadata": metadata}]}).status == 200
    hit = docs.post("/indices/docs/search", {"vector": [50, 50, 50, 50], "k": 1}).json["results"][0][0]
    assert hit["id"] == name and hit["metadata"] == metadata


def nested(depth):
    tree = {"must": [{"key": "n", "exists": True}]}
    for _ in range(depth):
        tree = {"must": [tree]}
    return tree


BAD_FILTERS = {
    "10,000 terms": {"must": [{"key": "n", "match": i} for i in range(10_000)]},
    "10,000 values": {"must": [{"key": "n", "any": list(range(10_000))}]},
    "20 deep": nested(20), "not an object": [], "unknown member": {"all": []}, "must is no list": {"must": {}},
    "no test": {"must": [{"key": "n"}]}, "two tests": {"must": [{"key": "n", "match": 1, "exists": True}]},
    "no key": {"must": [{"match": 1}]}, "operator in a value": {"must": [{"key": "n", "match": {"$gt": 0}}]},
    "range of text": {"must": [{"key": "n", "range": {"gt": "a"}}]}, "unknown bound": {"must": [{"key": "n", "range": {"above": 1}}]},
}


@pytest.mark.parametrize("tree", BAD_FILTERS.values(), ids=BAD_FILTERS.keys())
def test_bad_filters(docs, tree):
    """H33."""
    for path, body in (("search", {"vector": [1, 2, 3, 4], "k": 1, "filter": tree}), ("vectors/delete", {"filter": tree})):
        answer = docs.post(f"/indices/docs/{path}", body)
        assert answer.status in (400, 422), (path, answer)
    assert count(docs) == 20


@pytest.mark.parametrize("tree", [{}, {"must": []}, {"must": [], "must_not": []}, {"should": [{"must": []}]}])
def test_a_filter_without_a_condition_deletes_nothing(docs, tree):
    answer = docs.post("/indices/docs/vectors/delete", {"filter": tree})
    assert (answer.status, answer.error) == (422, "invalid_value") and answer.json["member"].startswith("filter"), answer
    assert count(docs) == 20


def test_quotes_in_filter_values_are_text(docs):
    for value in ("' OR 1=1 --", '" || true', "$where", "*", "%"):
        hits = docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 20, "filter": {"must": [{"key": "n", "match": value}]}})
        assert hits.json["results"] == [[]]


def test_filters_find_what_matches_and_all_of_it(docs):
    def ids(tree):
        hits = docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 20, "filter": tree}).json["results"][0]
        return sorted(int(h["id"][1:]) for h in hits)

    assert ids({"must": [{"key": "n", "match": 7}]}) == [7]
    assert ids({"must": [{"key": "n", "any": [1, 5, 99]}]}) == [1, 5]
    assert ids({"must": [{"key": "n", "range": {"gte": 17}}], "must_not": [{"key": "n", "match": 18}]}) == [17, 19]
    assert ids({"should": [{"key": "n", "match": 2}, {"key": "n", "match": 3}]}) == [2, 3]
    assert ids({"must": [{"key": "other", "exists": True}]}) == []
    assert docs.post("/indices/docs/vectors/delete", {"filter": {"must": [{"key": "n", "range": {"lt": 5}}]}}).json == {"deleted": 5}
    assert count(docs) == 15


BAD_INDICES = [
    {"dimension": 0}, {"dimension": 65_536}, {"dimension": 2**31}, {"dimension": -1}, {"dimension": 1.5}, {"dimension": "4"},
    {"dimension": None}, {"num_shards": 0}, {"num_shards": 1_000_000}, {"num_shards": -1}, {"metric_type": "euclid"},
    {"metric_type": 7}, {"index_type": "nonsense"}, {"quantization": "nonsense"}, {"num_centroids": -1},
    {"tiering": {"idmap_to_ivf": -1}}, {"tiering": []}, {"tiering": {"compaction_percent": 101}}, {"index_id": None},
    {"index_id": 7},
]


@pytest.mark.parametrize("members", BAD_INDICES, ids=[json.dumps(m) for m in BAD_INDICES])
def test_bad_indices(rest, members):
    """H34."""
    answer = rest.post("/indices", {"index_id": "bad", "dimension": 4, **members})
    assert answer.status in (400, 422), answer
    assert rest.get("/indices/bad").status == 404


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 65, "x" * 300, "a.b", "a b", "_hidden", "é", "a\x00b", "created",
                                  "system", "progress", "rate_limit", "queued", "cancelled", "acknowledged", "*"])
def test_bad_index_names(rest, name):
    answer = rest.post("/indices", {"index_id": name, "dimension": 4})
    assert answer.status in (400, 422), answer
    assert "index_id" in answer.body.decode()


def test_con_is_only_a_name(rest):
    assert rest.post("/indices", {"index_id": "CON", "dimension": 4}).status == 201
    assert rest.delete("/indices/CON").status == 204


def test_the_largest_index_is_made_of_nothing(rest):
    """16,384 dimensions in 64 shards allocates nothing until something is written."""
    assert rest.post("/indices", {"index_id": "largest", "dimension": 16_384, "num_shards": 64}).status == 201
    assert len(rest.get("/indices/largest").json["shards"]) == 64
    assert rest.delete("/indices/largest").status == 204


def test_an_index_twice(docs):
    answer = docs.post("/indices", {"index_id": "docs", "dimension": 4})
    assert (answer.status, answer.error) == (409, "conflict")


def test_patch_of_what_cannot_change(docs):
    def settings():
        counts = ("vectors", "deleted", "bytes", "shards")  # of writes before, told within a second of quiet
        return {name: value for name, value in docs.get("/indices/docs").json.items() if name not in counts}

    before = settings()
    for change in ({"dimension": 5}, {"metric_type": "IP"}, {"index_id": "other"}, {"tiering": {"idmap_to_ivf": "x"}}):
        assert docs.patch("/indices/docs", change).status in (400, 409, 422), change
    assert settings() == before


# files ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def importing(make_server):
    server = make_server()
    folder = server.data_dir / "import"
    folder.mkdir(exist_ok=True)
    rest = server.rest()
    rest.post("/indices", {"index_id": "docs", "dimension": 4})
    return server, rest, folder


def test_a_file_beneath_the_import_folder(importing):
    _, rest, folder = importing
    (folder / "sub").mkdir()
    (folder / "sub" / "good.jsonl").write_text('{"id":"a","values":[1,2,3,4]}\n')
    answer = rest.post("/indices/docs/import", {"source": "sub/good.jsonl"})
    assert answer.status == 202, answer
    assert rest.ended(answer.json["jobId"])["state"] == "completed"
    assert rest.get("/indices/docs/vectors/a").status == 200


def test_sources_outside_the_import_folder(importing):
    """H40: resolved by the kernel beneath the folder, regular files only."""
    server, rest, folder = importing
    secret = server.folder / "secret.jsonl"
    secret.write_text('{"id":"stolen","values":[1,2,3,4]}\n')
    (folder / "link.jsonl").symlink_to(secret)
    (folder / "linkdir").symlink_to(server.folder)
    os.mkfifo(folder / "fifo.jsonl")
    (folder / "folder.jsonl").mkdir()
    for source in ("../../secret.jsonl", str(secret), f"file://{secret}", "link.jsonl", "linkdir/secret.jsonl", "fifo.jsonl",
                   "folder.jsonl", "/dev/zero", "missing.jsonl", "", ".", "a\u0000b.jsonl", "sub/../../../secret.jsonl", 7, None):
        answer = rest.post("/indices/docs/import", {"source": source})
        if answer.status == 202:
            assert rest.ended(answer.json["jobId"])["state"] == "failed", source
        else:
            assert answer.status in (400, 403, 404, 422), (source, answer)
    assert rest.get("/indices/docs/vectors/stolen").status == 404


def npy(header, data=b"", version=(1, 0)):
    text = header.encode()
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text + data


def whole_npy(count=3, dimension=4):
    return npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {dimension}), }}" + " " * 20 + "\n",
               numpy.arange(count * dimension, dtype="<f4").tobytes())


DAMAGED = {
    "empty npy": ("application/x-npy", b""),
    "npy cut in its header": ("application/x-npy", whole_npy()[:20]),
    "npy cut in its data": ("application/x-npy", whole_npy()[:-3]),
    "npy of 2^62 rows": ("application/x-npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n")),
    "npy of overflow": ("application/x-npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n")),
    "npy of negative rows": ("application/x-npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4), }\n")),
    "npy of objects": ("application/x-npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }\n", b"x" * 48)),
    "npy with a huge header": ("application/x-npy", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f"),
    "npy of one dimension": ("application/x-npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (12,), }\n", b"\0" * 48)),
    "npy of other width": ("application/x-npy", whole_npy(3, 5)),
    "fvecs cut": ("application/x-fvecs", struct.pack("<i4f", 4, 1, 2, 3, 4)[:-2]),
    "fvecs with a lying count": ("application/x-fvecs", struct.pack("<i4f", 2**31 - 1, 1, 2, 3, 4)),
    "fvecs with a negative count": ("application/x-fvecs", struct.pack("<i4f", -1, 1, 2, 3, 4)),
}


@pytest.mark.parametrize("content_type,body", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files_are_a_failed_job_that_names_the_place(docs, content_type, body):
    """H41: no allocation from an untrusted count; the server goes on."""
    answer = docs.upload("docs", body, content_type=content_type)
    assert answer.status == 400, answer
    job = answer.json
    assert job["state"] == "failed" and job["error"]["message"], job
    assert docs.post("/indices/docs/search", {"vector": [1, 2, 3, 4], "k": 1}).status == 200


def test_bad_rows_are_counted_and_named_and_good_ones_applied(docs):
    lines = [b'{"id":"g1","values":[1,2,3,4]}', b'{"id":"b1","values":[1,2]}', b'not json', b'{"id":"g2","values":[5,6,7,8]}',
             b'{"id":"b2","values":[1,2,3,1e39]}', b'{"id":"cut","val']
    answer = docs.upload("docs", b"\n".join(lines) + b"\n")
    job = answer.json
    assert answer.status == 202, answer
    assert job["failed"] == 4 and [e["row"] for e in job["errors"]] == [1, 2, 4, 5], job
    assert all(e["message"].startswith(f"row {e['row']}: ") for e in job["errors"]), job
    assert docs.get("/indices/docs/vectors/g2").status == 200


def test_the_first_refused_rows_are_kept_whoever_refused_them(docs, make_index):
    """What cannot be read and what the index does not take stand in one order, the file's."""
    make_index("cosine", dimension=4, metric_type="COSINE")
    kinds = ['{"id":"%d","values":[0,0,0,0]}', '{"id":"%d","values":[1,2]}', '{"id":"%d"', '{"id":"%d","values":[1,2,3,4]}']
    body = "".join(kinds[i % 4] % i + "\n" for i in range(2_500))
    job = docs.upload("cosine", body.encode()).json
    assert job["failed"] == 1875 and [e["row"] for e in job["errors"]] == [0, 1, 2, 4, 5, 6, 8, 9, 10, 12], job
    assert job["errors"][3]["message"] == "row 4: values are all zero, which has no direction under COSINE", job
    assert "vectors[" not in json.dumps(job["errors"])


BROKEN = {
    "last line cut": b'{"id":"a","values":[1,2,3,4]}\n{"id":"x","values":[1,2',
    "only line cut": b'{"id":"x","values":[1,2',
    "garbage": b"<html>\n<body>502 Bad Gateway</body>\n</html>\n",
    "one value short in every row": b'{"id":"x","values":[1,2,3]}\n' * 3,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_a_failed_job(docs, body):
    answer = docs.upload("docs", body)
    assert answer.status == 400 and answer.json["state"] == "failed", answer
    assert answer.json["error"]["code"] == "bad_request" and "row" in answer.json["error"]["message"], answer


def test_csv_as_rfc_4180_has_it(docs, make_index):
    make_index("quoted", dimension=2)
    body = '\ufeffid,x,y\r\n"a\nb",1,2\r\n"say ""hi"", you",3,4\r\n"plain","5","6"'.encode()
    job = docs.upload("quoted", body, content_type="text/csv").json
    assert (job["state"], job["processed"], job["failed"]) == ("completed", 3, 0), job
    ids = {v["id"] for v in docs.get("/indices/quoted/vectors").json["vectors"]}
    assert ids == {"a\nb", 'say "hi", you', "plain"}


def test_a_byte_order_mark_costs_no_row(docs, make_index):
    make_index("marked", dimension=4)
    assert docs.upload("marked", b'\xef\xbb\xbf{"id":"a","values":[1,2,3,4]}\n').json["failed"] == 0
    assert docs.get("/indices/marked/vectors/a").status == 200


def test_whole_files_of_each_format(docs, make_index):
    make_index("files", dimension=4)
    assert docs.upload("files", whole_npy(), content_type="application/x-npy", query="?id_prefix=npy-").status == 202
    assert docs.get("/indices/files/vectors/npy-2").json["values"] == [8, 9, 10, 11]
    fvecs = b"".join(struct.pack("<i4f", 4, i, i, i, i) for i in range(3))
    assert docs.upload("files", fvecs, content_type="application/x-fvecs", query="?id_prefix=f").status == 202
    assert docs.get("/indices/files/vectors/f1").json["values"] == [1, 1, 1, 1]
    for text in ("id,a,b,c,d\ncsv1,1,2,3,4\n", "csv2,1,2,3,4\n"):
        assert docs.upload("files", text.encode(), content_type="text/csv").status == 202
    for name in ("csv1", "csv2"):
        assert docs.get(f"/indices/files/vectors/{name}").json["values"] == [1, 2, 3, 4]


def test_unknown_file_type(docs):
    assert docs.upload("docs", b"PK\x03\x04", content_type="application/zip").status in (400, 415, 422)


def test_job_id_that_exists(docs):
    line = b'{"id":"a","values":[1,2,3,4]}\n'
    assert docs.upload("docs", line, query="?jobId=only-once").status == 202
    answer = docs.upload("docs", line, query="?jobId=only-once")
    assert (answer.status, answer.error) == (409, "conflict")
    assert docs.upload("docs", line, query="?jobId=no%20blanks").status in (400, 422)
