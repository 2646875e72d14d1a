"""REST against the real server: arrays in and out, jobs, errors."""
import asyncio
import json
import threading

import numpy
import pytest
from harness.server import ADMIN_TOKEN

from mlgraph import Client, JobError, MLGraphError, RestError, ServerFile
from mlgraph.vectors import upsert_bodies


def vectors(rows, dimension=4, seed=1):
    return numpy.random.default_rng(seed).normal(size=(rows, dimension)).astype(numpy.float32)


def test_arrays_come_back_as_they_went(client, name):
    values = vectors(300)
    client.create_index(name, 4, metric_type="L2")
    assert client.upsert(name, [f"v{n}" for n in range(300)], values, [{"n": n} for n in range(300)]) == 300
    page = client.list_vectors(name, limit=1000)
    order = [int(id_[1:]) for id_ in page.ids]
    assert page.next is None and sorted(order) == list(range(300))
    assert page.values.dtype == numpy.float32 and numpy.array_equal(page.values, values[order])
    assert [about["n"] for about in page.metadata] == order
    one = client.get_vector(name, "v7")
    assert numpy.array_equal(numpy.array(one["values"], numpy.float32), values[7]) and one["metadata"] == {"n": 7}


def test_search_is_what_numpy_finds(client, name):
    values, queries = vectors(200), vectors(150, seed=2)
    client.create_index(name, 4, metric_type="L2")
    client.upsert(name, numpy.arange(200), values)
    many = client.search_many(name, queries, k=5, with_values=True)  # more than one request holds
    squared = ((queries[:, None, :].astype(float) - values[None]) ** 2).sum(axis=2)
    for row, hits in enumerate(many):
        nearest = numpy.argsort(squared[row])[:5]
        assert hits.ids == [str(n) for n in nearest]
        assert numpy.allclose(hits.distances, squared[row][nearest], rtol=1e-5)
        assert numpy.array_equal(hits.values, values[nearest])
    single = client.search(name, queries[0], k=5)
    assert single.ids == many[0].ids and single.values is None and len(single) == 5
    assert [id_ for id_, _, _ in single] == single.ids


def test_filters_and_deletes(client, name):
    client.create_index(name, 4)
    client.upsert(name, ["a", "b", "c"], vectors(3), [{"lang": "en"}, {"lang": "fr"}, None])
    french = {"must": [{"key": "lang", "match": "fr"}]}
    assert client.search(name, [1, 0, 0, 0], filter=french).ids == ["b"]
    assert client.delete_vectors(name, filter=french) == 1
    assert client.delete_vectors(name, ids=["a", "b"]) == 1
    assert client.list_vectors(name).ids == ["c"]
    empty = client.search(name, [1, 0, 0, 0], filter=french, with_values=True)
    assert empty.ids == [] and empty.values.shape[0] == 0


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int8", "fortran", "big-endian"])
def test_arrays_are_imported_as_npy(client, name, kind):
    values = (vectors(500) * 10).round().clip(-100, 100)
    sent = {"fortran": numpy.asfortranarray(values), "big-endian": values.astype(">f4")}.get(kind)
    client.create_index(name, 4)
    job = client.import_(name, values.astype(kind) if sent is None else sent, id_prefix="row-")
    done = job.wait()
    assert (done["state"], done["processed"], done["failed"]) == ("completed", 500, 0)
    stored = client.get_vector(name, "row-123")
    assert stored["values"] == values[123].tolist()


def test_rows_and_files_are_imported(client, name, tmp_path):
    client.create_index(name, 4)
    values = vectors(50)
    rows = (("r%d" % n, values[n], {"n": numpy.int64(n)} if n % 2 else None) for n in range(50))
    assert client.import_(name, rows).wait()["processed"] == 50
    file = tmp_path / "more.jsonl"
    file.write_text("".join(json.dumps({"id": f"f{n}", "values": values[n].tolist()}) + "\n" for n in range(50)))
    assert client.import_(name, file).wait()["processed"] == 50
    numpy.save(tmp_path / "more.npy", values)
    assert client.import_(name, str(tmp_path / "more.npy")).wait()["processed"] == 50
    assert client.get_vector(name, "r3")["metadata"] == {"n": 3}
    exported = client.export(name, "npy")
    exported.wait()
    array = numpy.load(exported.download(tmp_path / "out.npy"))
    assert array.shape == (150, 4) and not (tmp_path / "out.npy.part").exists()
    assert exported.read() == (tmp_path / "out.npy").read_bytes()


def test_a_snapshot_is_restored_elsewhere(client, name, tmp_path):
    client.create_index(name, 4)
    client.upsert(name, ["a", "b"], vectors(2))
    snapshot = client.snapshot(name)
    snapshot.wait()
    file = snapshot.download(tmp_path / "s.mlgs")
    assert client.restore(file, f"{name}-2").wait()["state"] == "completed"
    assert sorted(client.list_vectors(f"{name}-2").ids) == ["a", "b"]


def test_sources_that_are_none_are_refused_by_name(client, name):
    client.create_index(name, 4)
    with pytest.raises(ValueError, match=r"\[n, dimension\].*\[3\]"):
        client.import_(name, numpy.zeros(3))
    with pytest.raises(ValueError, match="endings .jsonl"):
        client.import_(name, "vectors.txt")
    with pytest.raises(FileNotFoundError):
        client.import_(name, "nowhere.npy")
    with pytest.raises(ValueError, match="2 ids for 1 vectors"):
        client.upsert(name, ["a", "b"], vectors(1))
    with pytest.raises(ValueError, match="a query is numbers"):
        client.search(name, vectors(2))


def test_numbers_are_exact_and_what_is_none_is_named(client, name):
    client.create_index(name, 4, metric_type="L2")
    odd = numpy.array([[1e-45, 3.4028235e38, 0.1, 1 / 3], [-0.0, 16777217, 1e-38, 123456.789]], numpy.float32)
    client.upsert(name, ["a", 'quote"d'], odd, [{"n": numpy.float32(2)}, None])
    assert client.upsert(name, [numpy.int64(5)], odd[:1]) == 1 and client.get_vector(name, "5")["id"] == "5"
    assert client.upsert(name, [], numpy.empty((0, 4))) == 0
    for id_, values in zip(["a", 'quote"d'], odd):
        assert numpy.array_equal(numpy.array(client.get_vector(name, id_)["values"], numpy.float32), values)
    with pytest.raises(RestError) as refused:
        client.upsert(name, ["a", "b"], [[1, 2, 3, 4], [1, 2, float("nan"), 4]])
    assert (refused.value.status, refused.value.member) == (422, "vectors[1].values[2]")


def test_errors_say_what_the_server_said(client, name):
    client.create_index(name, 4)
    with pytest.raises(RestError) as refused:
        client.upsert(name, ["a"], vectors(1, 3))
    assert (refused.value.status, refused.value.code, refused.value.member) == (422, "invalid_vector", "vectors[0].values")
    assert refused.value.__notes__ == ["0 rows had been written before"]
    with pytest.raises(RestError) as missing:
        client.import_("nobody", vectors(2)).wait()
    assert missing.value.code == "not_found"
    with pytest.raises(RestError) as missing:
        client.import_("nobody", vectors(200_000, 64)).wait()  # refused in the middle of the body
    assert missing.value.code == "not_found"
    with pytest.raises(RestError) as again:
        client.create_index(name, 4)
    assert (again.value.status, again.value.code) == (409, "conflict")
    assert client.create_index(f"{name}-after", 4)["dimension"] == 4  # the connections still serve


def test_a_broken_import_is_a_failed_job(client, name):
    client.create_index(name, 4)

    def rows():
        yield "a", [1, 2, 3, 4]
        raise RuntimeError("the source ran dry")

    job = client.import_(name, rows())
    with pytest.raises(RuntimeError, match="ran dry"):
        job.wait()
    refused = client.import_(name, iter([{"id": "a", "values": [1]}]))
    with pytest.raises(JobError) as failed:
        refused.wait()
    assert failed.value.job["jobId"] == refused.id and failed.value.job["state"] == "failed"


def test_a_cancelled_job_says_so(client, name):
    client.create_index(name, 4)
    going, gate = threading.Event(), threading.Event()

    def rows():
        for n in range(20_000):
            yield n, [1, 2, 3, n]
        going.set()
        gate.wait(30)

    job = client.import_(name, rows())
    going.wait(30)
    with client.events(f"job.{job.id}.*") as events:
        events.subscribed()
        while True:
            try:
                job.cancel()
                break
            except RestError as error:
                assert error.status == 404
                next(events)
    gate.set()
    with pytest.raises(JobError) as cancelled:
        job.wait()
    assert cancelled.value.code == "cancelled"
    with pytest.raises(JobError):
        job.wait()  # again
    assert job.job["state"] == "failed"


def test_what_else_there_is(client, name):
    client.create_index(name, 4)
    assert name in [index["index_id"] for index in client.list_indices()]
    assert client.change_index(name, nprobe=7)["nprobe"] == 7
    assert {"alias": f"{name}-a", "index": name} in client.put_aliases({f"{name}-a": name})
    assert client.get_index(f"{name}-a")["index_id"] == name
    client.delete_alias(f"{name}-a")
    assert all(alias["alias"] != f"{name}-a" for alias in client.list_aliases())
    made = client.create_token(f"{name}-t", ["read:*"], rate_limit_per_minute=100)
    assert made["token"].startswith("mlg_")
    assert client.change_token(f"{name}-t", rate_limit_per_minute=None)["rate_limit_per_minute"] is None
    assert f"{name}-t" in [token["name"] for token in client.list_tokens()]
    client.revoke_token(f"{name}-t")
    rule = next(rule for rule in client.list_alert_rules() if rule["rule"] == "memory")
    assert client.put_alert_rule("memory", warn=rule["warn"])["metric"] == rule["metric"]
    with client.events("alert.*") as events:
        events.subscribed()
        client.put_alert_rule("memory", warn=1e-6, clear=1e-7, for_seconds=0)
        alert = next(alert for alert in (event.data for event in events) if alert["rule"] == "memory")
    assert alert["alertId"] in [one["alertId"] for one in client.list_alerts()]
    assert client.acknowledge_alert(alert["alertId"])["acknowledged_at"]
    client.put_alert_rule("memory", warn=rule["warn"], clear=rule["clear"], for_seconds=rule["for_seconds"])
    assert client.request("GET", "/cluster")["nodes"]
    assert client.request("GET", "/health/live")["status"]
    assert client.request("GET", "/openapi.yaml").startswith("openapi: 3.1")
    assert client.get_state(["index.*"])["data"]["jobs"] == []
    client.delete_index(name)
    with pytest.raises(RestError):
        client.get_index(name)


def test_the_other_jobs(client, name):
    client.create_index(name, 8, num_shards=1)
    client.import_(name, vectors(2000, 8)).wait()
    assert client.train(name).wait()["jobType"] == "train"
    client.delete_vectors(name, ids=list(range(50)))
    assert client.compact(name).wait()["jobType"] == "compact"
    assert client.measure_recall(name, samples=10).wait()["jobType"] == "recall"
    assert client.merge(name).wait()["jobType"] == "merge"
    assert client.job(client.list_jobs(index=name)[0]["jobId"]).refresh()["index"] == name


def test_a_token_that_may_not_hear_waits_all_the_same(client, url, name):
    client.create_index(name, 4)
    token = client.create_token(f"{name}-w", [f"write:{name}"])["token"]
    with Client(url, token) as writer:
        seen = []
        job = writer.export(name)
        assert job.wait(progress=seen.append)["state"] == "completed"
        assert seen[-1]["state"] == "completed"
        assert writer.import_(name, vectors(10)).wait()["processed"] == 10


def test_a_refused_token_is_asked_for_once_more(url):
    tokens = ["mlg_not_this_one", ADMIN_TOKEN]
    with Client(url.replace("http", "ws") + "/ws", lambda: tokens.pop(0)) as client:
        client.list_indices()
    assert tokens == []
    with Client(url, "mlg_not_this_one") as client, pytest.raises(RestError) as refused:
        client.list_indices()
    assert refused.value.status == 401


def test_nobody_there_is_a_connection_error():
    with Client("http://127.0.0.1:9", "mlg_12345678") as client, pytest.raises(MLGraphError) as nobody:
        client.list_indices()
    assert nobody.value.code == "connection" and nobody.value.retryable


def test_many_calls_at_once_share_a_few_connections(make, name):
    async def story():
        async with make() as client:
            await client.create_index(name, 4)
            counts = await asyncio.gather(*(client.upsert(name, [f"{n}"], vectors(1)) for n in range(100)))
            assert sum(counts) == 100
            assert (await client.get_state())["data"]["indices"]
    asyncio.run(story())


def test_who_stops_waiting_does_not_stop_the_import(make, name):
    async def story():
        async with make() as client:
            await client.create_index(name, 4)
            going = asyncio.Event()

            def rows():
                loop.call_soon_threadsafe(going.set)
                gate.wait(30)
                yield "a", [1, 2, 3, 4]

            loop, gate = asyncio.get_running_loop(), threading.Event()
            job = await client.import_(name, rows())
            waiting = asyncio.ensure_future(job.wait())
            await going.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            gate.set()
            assert (await job.wait())["processed"] == 1
    asyncio.run(story())


def test_several_wait_for_one_import(make, name):
    """Who gives up takes nothing from the others, and who is told first leaves them something to be told."""
    async def story():
        async with make() as client:
            await client.create_index(name, 4)
            gate = threading.Event()

            def rows():
                yield "a", [1, 2, 3, 4]
                yield from ((str(n), [n, 2, 3, 4]) for n in range(20_000))
                gate.wait(30)

            for ends_before_its_body in (True, False):
                gate.clear()
                job = await client.import_(name, rows())
                waits = [asyncio.ensure_future(job.wait()) for _ in range(4)]
                async with client.events(f"job.{job.id}.*") as events:
                    await events.subscribed()
                    while (await client.list_jobs(index=name))[0]["jobId"] != job.id:
                        await anext(events)
                waits[0].cancel()
                if ends_before_its_body:
                    await job.cancel()
                    outcomes = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 20)
                    assert [getattr(outcome, "code", outcome) for outcome in outcomes[1:]] == ["cancelled"] * 3
                gate.set()
                if not ends_before_its_body:
                    outcomes = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 20)
                    assert [outcome["processed"] for outcome in outcomes[1:]] == [20_001] * 3
                assert isinstance(outcomes[0], asyncio.CancelledError)
    asyncio.run(story())


def test_a_file_that_shrinks_under_its_import_is_told(make, name, tmp_path):
    """Its length is told before it is read; a server that waits for the rest would wait for an hour."""
    async def story():
        async with make() as client:
            await client.create_index(name, 4)
            file = tmp_path / "rows.jsonl"
            file.write_text('{"id":"a","values":[1,2,3,4]}\n' * 100)
            job = await client.import_(name, file)  # on its way with the loop's next turn
            file.write_text('{"id":"a","values":[1,2,3,4]}\n' * 50)
            with pytest.raises(OSError, match="rows.jsonl' had 3000 bytes, and has ended 1500 before"):
                await asyncio.wait_for(job.wait(), 20)
            assert (await client.get_index(name))["dimension"] == 4
    asyncio.run(story())


def test_writes_are_cut_by_all_that_is_in_them(client, name):
    """More metadata than one request holds, on vectors that would go in one."""
    client.create_index(name, 1, metric_type="L2")
    rows, text = 4500, "x" * 15_000
    assert client.upsert(name, numpy.arange(rows), numpy.ones((rows, 1)), [{"text": text}] * rows) == rows
    sizes = [len(body) for body in upsert_bodies(["i" * 200] * 200_000, numpy.ones((200_000, 1)), None)]
    assert len(sizes) > 1 and max(sizes) <= 8 << 20 and min(sizes[:-1]) > 8_000_000
    counts = [len(json.loads(body)["vectors"]) for body in upsert_bodies(numpy.arange(250_000), numpy.ones((250_000, 1)), None)]
    assert counts == [100_000, 100_000, 50_000]


def test_a_file_of_the_server_needs_its_import_folder(client, name):
    client.create_index(name, 4)
    with pytest.raises(RestError):
        client.import_(name, ServerFile("x.npy"))
