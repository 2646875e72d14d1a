"""The real server behind a line that cuts, delays and goes silent, and that is killed and started again: the client hears each event
once and in order, and its state is the server's. MLG_SEED repeats the faults, MLG_FAULT_SECONDS (default 12) lengthens them."""
import asyncio
import collections
import os
import random
import time

import pytest
import websockets
from harness.server import ADMIN_TOKEN, Server
from support.faulty_line import FaultyLine
from support.same_state import same_state
from support.writer import Writer

from mlgraph import AsyncClient, Backoff, MLGraphError

SECONDS = float(os.environ.get("MLG_FAULT_SECONDS", 12))


@pytest.fixture
def shaken(tmp_path):
    with Server(tmp_path, settings={"limits.heartbeat_seconds": 1, "log.level": "error"}) as started:
        yield started


def seq(id_):
    return int(id_.partition("-")[2])


async def harm(line, server, dice):
    """One fault, and how long until the next."""
    what = dice.random()
    if what < 0.4:
        line.cut()
    elif what < 0.6:
        line.cut(dice.randint(1, 200))
    elif what < 0.7:
        line.silence()
    elif what < 0.85:
        line.delay = dice.random() * 0.06
    elif what < 0.95:
        line.refuses = True
        line.cut()
        await asyncio.sleep(dice.random() * 0.5)
        line.refuses = False
    else:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    await asyncio.sleep(0.1 + dice.random() * 0.7)


def test_each_event_once_and_the_servers_state_through_faults(shaken, seed, capsys):
    async def story():
        dice = random.Random(seed)
        heard, gaps, statuses, looped = [], [], collections.Counter(), []
        async with FaultyLine(lambda: shaken.port) as line, \
                AsyncClient(line.url, lambda: ADMIN_TOKEN, backoff=Backoff(0.05, 0.4), connect_timeout=1) as client:
            client.on("*", lambda event: event.id is not None and heard.append(event.id))
            client.on("gap", gaps.append)
            client.on("status", lambda change: statuses.update([change.status]))
            begun = (await client.watch()).id

            async def loop():
                async for event in client.events(["job.*", "alert.*"], limit=100_000):
                    looped.append(event.id)

            async def write():
                writer = Writer(None, random.Random(seed + 1))
                while time.monotonic() < end:
                    writer.rest = rest()
                    await writer.stroke()
                    await asyncio.sleep(0.005)
                return writer.strokes

            clients = {}

            def rest():
                """Straight to the server, wherever it is now."""
                if shaken.port not in clients:
                    clients[shaken.port] = AsyncClient(f"http://127.0.0.1:{shaken.port}", ADMIN_TOKEN, timeout=5)
                return clients[shaken.port]

            end = time.monotonic() + SECONDS
            looping, writing = asyncio.ensure_future(loop()), asyncio.ensure_future(write())
            while time.monotonic() < end:
                await harm(line, shaken, dice)
            strokes = await writing
            line.delay = 0.0
            await same_state(client, rest())
            await client.close()
            await looping
            for one in clients.values():
                await one.close()
            assert [seq(id_) for id_ in heard] == list(range(seq(begun) + 1, seq(client.cursor) + 1)), "each once, in order, none missing"
            assert not gaps and looped and statuses["live"] > 2
            return f"{strokes} strokes, {len(heard)} events, {len(looped)} looped, {statuses['live']} times live, {line.counts}"

    told = asyncio.run(story())
    with capsys.disabled():
        print(f" MLG_SEED={seed}: {told}")


def test_a_server_killed_and_restarted_under_a_subscription_loses_nothing(shaken):
    async def story():
        async with FaultyLine(lambda: shaken.port) as line, AsyncClient(line.url, ADMIN_TOKEN, backoff=Backoff(0.02, 0.1)) as client:
            events = client.events("index.created")
            await events.subscribed()
            made = []
            for kill in range(3):
                for n in range(5):
                    made.append(f"k{kill}-{n}")
                    await client.create_index(made[-1], 4)
                await asyncio.to_thread(shaken.kill)
                await asyncio.to_thread(shaken.start)
            got = [(await anext(events)).data["index"] for _ in made]
            assert got == made
            await client.create_index("last", 4)
            assert (await anext(events)).data["index"] == "last"

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_half_open_line_is_noticed_and_left(shaken):
    async def story():
        async with FaultyLine(lambda: shaken.port) as line, AsyncClient(line.url, ADMIN_TOKEN, backoff=Backoff(0.02, 0.1)) as client, \
                AsyncClient(f"http://127.0.0.1:{shaken.port}", ADMIN_TOKEN) as rest:
            lost = asyncio.get_running_loop().create_future()
            client.on("status", lambda change: change.error and not lost.done() and lost.set_result(change.error.message))
            events = client.events("index.*")
            await events.subscribed()
            line.silence()
            await rest.create_index("meanwhile", 4)
            assert (await anext(events)).data["index"] == "meanwhile"
            assert await lost == "no sign of life"

    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_history_that_was_made_anew_is_told_as_a_gap(shaken, tmp_path):
    async def story(other):
        target = [shaken.port]
        async with FaultyLine(lambda: target[0]) as line, AsyncClient(line.url, ADMIN_TOKEN, backoff=Backoff(0.02, 0.1)) as client, \
                AsyncClient(f"http://127.0.0.1:{other.port}", ADMIN_TOKEN) as rest:
            await rest.create_index("elsewhere", 4)
            await client.watch()
            events = client.events("job.*")
            await events.subscribed()
            told = asyncio.get_running_loop().create_future()
            client.on("gap", lambda gap: told.done() or told.set_result(gap))
            target[0] = other.port
            line.cut()
            assert "*" in (await told).channels
            await same_state(client, rest)
            assert "elsewhere" in client.state.indices
            with pytest.raises(MLGraphError) as gap:
                await anext(events)
            assert gap.value.code == "gap"

    with Server(tmp_path / "other", settings={"log.level": "error"}) as other:
        asyncio.run(asyncio.wait_for(story(other), 60))


def test_a_message_against_the_protocol_ends_the_session_not_the_client():
    async def story():
        said, again = [], asyncio.Event()

        async def serve(line):
            said.append(line)
            await line.recv()
            await line.recv()
            await line.send('{"type":"welcome","data":{"authenticated":true,"heartbeat_seconds":25}}')
            if len(said) == 1:
                await line.send('{"type":"job.started","data":7}')
            else:
                again.set()
            await line.wait_closed()

        seen = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context["message"]))
        async with websockets.serve(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with AsyncClient(f"ws://127.0.0.1:{port}", ADMIN_TOKEN, backoff=Backoff(0.02, 0.1)) as client:
                await client.connect()
                await again.wait()
        assert seen == ["mlgraph could not take a message"]

    asyncio.run(asyncio.wait_for(story(), 30))
