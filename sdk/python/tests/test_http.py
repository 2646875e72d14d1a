"""REST on lines and servers that fail in the middle of an answer."""
import asyncio

import pytest
from support.raw_server import RawServer, answer

from mlgraph import AsyncClient, Client, MLGraphError, RestError

NO_INDICES = answer(b'{"indices":[]}')
FILE = bytes(range(256)) * 64


def a_file(body=FILE):
    return answer(body, kind="application/x-npy", length=len(FILE))


@pytest.mark.parametrize("end", ["reset", "end"])
def test_an_answer_that_breaks_off_is_no_answer(tmp_path, end):
    """On a kept connection, whose requests are asked again where it has gone: but not behind half a file."""
    goal = tmp_path / "out.npy"
    with RawServer((NO_INDICES, "keep"), (a_file(FILE[:5000]), end), (a_file(), "keep"), (a_file(FILE[:5000]), end), (a_file(), "keep")) as server, \
            Client(server.url, "mlg_12345678") as client:
        client.list_indices()
        with pytest.raises(MLGraphError) as broken:
            client.download("export-1", goal)
        assert broken.value.code == "connection" and broken.value.retryable
        assert list(tmp_path.iterdir()) == [] and len(server.asked) == 2
        assert client.download("export-1", goal).read_bytes() == FILE
        with pytest.raises(MLGraphError):
            client.download("export-1", goal)
        assert goal.read_bytes() == FILE and list(tmp_path.iterdir()) == [goal], "what was there stays"
        assert client.job("export-1").read() == FILE


@pytest.mark.parametrize("end", ["reset", "end"])
def test_a_kept_connection_that_has_gone_is_replaced(end):
    with RawServer((NO_INDICES, "keep"), (b"", end), (NO_INDICES, "keep")) as server, Client(server.url, "mlg_12345678") as client:
        assert client.list_indices() == client.list_indices() == []
        assert len(server.asked) == 3


@pytest.mark.parametrize("told,seconds", [("7", 7), ("1.5", 1.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", 0), ("-3", 0), ("nan", 0), ("", 0)])
def test_a_retry_after_that_is_no_number_is_none(told, seconds):
    busy = answer(b"busy", status="503 Service Unavailable", kind="text/plain", headers=f"Retry-After: {told}\r\n")
    with RawServer((busy, "keep")) as server, Client(server.url, "mlg_12345678") as client, pytest.raises(RestError) as refused:
        client.list_indices()
    assert (refused.value.status, refused.value.retryable, refused.value.retry_after) == (503, True, seconds)


@pytest.mark.parametrize("name", ["rows.jsonl", "index.mlgs"])
def test_of_a_file_that_grows_what_was_told_is_sent(tmp_path, name):
    """What it grew by would stand before the next request on the connection."""
    file = tmp_path / name
    file.write_bytes(b"{}\n" * 100)

    async def story(url):
        async with AsyncClient(url, "mlg_12345678") as client:
            await (client.import_("docs", file) if name.endswith(".jsonl") else client.restore(file))
            file.write_bytes(b"{}\n" * 150)  # it is on its way with the loop's next turn
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
            assert await client.list_indices() == []

    with RawServer((answer(b'{"jobId":"a"}'), "keep"), (NO_INDICES, "keep")) as server:
        asyncio.run(story(server.url))
    assert [line.split()[0] for line in server.asked] == ["POST", "GET"]
