"""The blocking client as scripts use it, the tour and the README among them."""
import asyncio
import os
import pathlib
import re
import subprocess
import sys
import threading

import numpy
import pytest
from conftest import HERE, ROOT
from harness.server import ADMIN_TOKEN
from harness.vectors import ndjson, rows

from mlgraph import Client, MLGraphError


def script(text_or_path, url, *arguments):
    """A Python of its own."""
    command = ["-c", text_or_path] if isinstance(text_or_path, str) else [str(text_or_path)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src"), "MLGRAPH_URL": url, "MLGRAPH_TOKEN": ADMIN_TOKEN}
    return subprocess.run([sys.executable, "-X", "dev", "-W", "error", *command, *arguments], env=environment, text=True, capture_output=True, timeout=120)


def test_a_loop_without_asyncio(client, name):
    with client.events("index.created") as events:
        events.subscribed()
        for n in range(3):
            client.create_index(f"{name}-{n}", 4)
        assert [next(events).data["index"] for _ in range(3)] == [f"{name}-{n}" for n in range(3)]
    assert list(events) == []


def test_the_state_is_a_picture_of_one_moment(client, name):
    before = client.watch()
    client.create_index(name, 4)
    changed = threading.Event()
    with client.events("index.created", since=None) as events:
        events.subscribed()
        client.on("index.*", lambda event: changed.set())
        client.create_index(f"{name}-2", 4)
        next(events)
    assert name not in before.indices and {name, f"{name}-2"} <= set(client.state.indices)
    assert changed.wait(10) and client.status == "live" and client.cursor


def test_listeners_cannot_wait_for_their_own_thread(client, name):
    said, told = [], threading.Event()

    def listener(event):
        try:
            client.list_indices()
        except RuntimeError as error:
            said.append(str(error))
            told.set()

    client.on("index.created", listener)
    client.subscribe("index.created")
    client.create_index(name, 4)
    assert told.wait(10) and "another thread" in said[0]


def test_many_threads_share_a_client(client, name):
    client.create_index(name, 4)
    threads = [threading.Thread(target=client.upsert, args=(name, [str(n)], numpy.ones((1, 4)))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.list_vectors(name)) == 20


def test_closed_is_closed(url):
    client = Client(url, ADMIN_TOKEN)
    events = client.events("job.*")
    events.subscribed()
    client.close()
    client.close()
    with pytest.raises((RuntimeError, MLGraphError), match="closed"):
        client.list_indices()


def test_no_call_hangs_in_a_client_that_is_being_closed(url):
    """The loop is held in the middle of its end, and asked for more: what it had taken ends with `closed`, what it had not is refused."""
    asked, ending, gate = threading.Event(), threading.Event(), threading.Event()

    async def token():
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ending.set()
            gate.wait(30)
            raise

    client, outcomes = Client(url, token), {}

    def call(name, work):
        def run():
            try:
                outcomes[name] = work()
            except Exception as error:
                outcomes[name] = error
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    events = client.events("job.*")
    threads = [call("waiting", client.list_indices)]
    assert asked.wait(10)
    threads += [call("closing", client.close)]
    assert ending.wait(10)
    threads += [call("late", client.list_indices), call("stream", events.close), call("loop", lambda: next(events, "over")),
                call("again", client.close)]
    for thread in threads[2:5]:
        thread.join(1)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert outcomes.keys() == {"waiting", "closing", "late", "stream", "loop", "again"}, "nobody hangs"
    assert isinstance(outcomes["waiting"], MLGraphError) and outcomes["waiting"].code == "closed"
    assert isinstance(outcomes["late"], RuntimeError) and "closed" in str(outcomes["late"])
    assert (outcomes["closing"], outcomes["stream"], outcomes["loop"], outcomes["again"]) == (None, None, "over", None)


def test_threads_that_never_stop_calling_do_not_keep_a_client_open(url):
    for _ in range(5):
        client, ends = Client(url, ADMIN_TOKEN), []

        def call_on():
            try:
                while True:
                    client.state
            except Exception as error:
                ends.append(str(error))

        threads = [threading.Thread(target=call_on, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        client.close()
        for thread in threads:
            thread.join(10)
        assert len(ends) == 4 and all("closed" in end for end in ends), ends


def test_a_listener_cannot_close_its_client(client, name):
    said, told = [], threading.Event()

    def listener(event):
        try:
            client.close()
        except RuntimeError as error:
            said.append(str(error))
        told.set()

    client.on("index.created", listener)
    client.subscribe("index.created")
    client.create_index(name, 4)
    assert told.wait(10) and "another thread" in said[0]
    assert client.get_index(name)["dimension"] == 4, "it is as open as before"


def test_a_script_ends_by_itself(url, name):
    done = script(f"""
import os, mlgraph
client = mlgraph.Client(os.environ["MLGRAPH_URL"], os.environ["MLGRAPH_TOKEN"])
for event in client.events("index.*", since=client.get_state()["id"].split("-")[0] + "-0"):
    print(event.type)
    break
client.create_index("{name}", 4)
""", url)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout.startswith("index.")


def test_the_readme_runs(url, tmp_path):
    code = re.search(r"```python\n(.*?)```", (HERE.parent / "README.md").read_text(), re.S)[1]
    assert len(code.strip().splitlines()) <= 10
    done = script(code.replace("http://127.0.0.1:7700", url).replace("mlg_your_token_here", ADMIN_TOKEN), url)
    assert done.returncode == 0, done.stderr
    assert "index.created" in done.stdout and "completed 1,000 rows" in done.stderr


def test_the_tour(url, tmp_path):
    first_run = ROOT / ".cache" / "data" / "fiori.jsonl"
    data = pathlib.Path(os.environ.get("MLG_FIORI", first_run))
    if not data.exists():
        data = tmp_path / "rows.jsonl"
        data.write_bytes(ndjson(rows(778, 384)))
    done = script(HERE.parent / "examples" / "tour.py", url, str(data))
    assert done.returncode == 0, done.stderr
    for said in ("connected, ", "778 vectors of 384 numbers", "imported 778 rows, 0 refused",
                 "shard 0: idmap/active -> idmap/training (threshold_reached", "idmap/training -> ivf/active", "nearest to ",
                 "recall@10 of 100 searches: ", "on shelf 1 there are 10", "alert.warning: ", "alert.resolved: ", "tour has ivf shards, 0 open alerts"):
        assert said in done.stdout, (said, done.stdout, done.stderr)
    assert float(re.search(r"searches: ([\d.]+)", done.stdout)[1]) >= 0.9
    assert "completed 778 rows" in done.stderr
