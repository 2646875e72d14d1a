"""Events and live state against the real server."""
import asyncio
import gc

import pytest
from harness.server import ADMIN_TOKEN
from support.same_state import same_state

from mlgraph import IndexEvent, JobEvent, MLGraphError, ShardTransitionEvent


def run(story):
    async def bounded():
        async with asyncio.timeout(60):
            await story

    asyncio.run(bounded())


def test_events_come_typed_as_they_happen(make, name):
    async def story():
        async with make() as client:
            events = client.events(["index.*", f"job.{name}.*"])
            await events.subscribed()
            await client.create_index(name, 4)
            job = await client.import_(name, [("a", [1, 2, 3, 4])], job_id=name)
            await job.wait()
            created = await anext(events)
            assert isinstance(created, IndexEvent) and created.type == "index.created" and created.data["index"] == name
            async for event in events:
                if isinstance(event, JobEvent) and event.type == "job.completed":
                    assert event.data["progress"] == 1 and event.timestamp.endswith("Z")
                    break
    run(story())


def test_subscribe_answers_or_raises_what_the_server_said(make):
    async def story():
        async with make() as client:
            answer = await client.subscribe(["job.*", "alert.*"])
            assert answer["channels"] == ["job.*", "alert.*"] and not answer["recovered"] and client.status == "live"
            with pytest.raises(MLGraphError) as refused:
                await client.subscribe("job..x")
            assert refused.value.code == "invalid_channel"
            with pytest.raises(MLGraphError) as conflict:
                await client.subscribe("job.*", since=answer["id"])
            assert conflict.value.code == "conflict"
        with pytest.raises(MLGraphError) as closed:
            await client.subscribe("job.*")
        assert closed.value.code == "closed"
    run(story())


def test_a_later_program_goes_on_where_an_earlier_one_stood(make, name):
    async def story():
        async with make() as earlier:
            await earlier.subscribe("index.*")
            since = earlier.cursor
        async with make() as client:
            names = [f"{name}-{n}" for n in range(3)]
            for one in names:
                await client.create_index(one, 4)
            events = client.events("index.created", since=since)
            assert [(await anext(events)).data["index"] for _ in names] == names
    run(story())


def test_an_overflow_says_where_to_go_on(make, name):
    async def story():
        async with make() as client:
            slow = client.events("index.created", limit=2)
            await slow.subscribed()
            names = [f"{name}-{n}" for n in range(4)]
            for one in names:
                await client.create_index(one, 4)
            await client.subscribe("alert.*")  # its answer comes behind them
            got = []
            with pytest.raises(MLGraphError) as overflow:
                async for event in slow:
                    got.append(event)
            assert overflow.value.code == "overflow" and overflow.value.since == got[-1].id and len(got) == 2
            on = client.events("index.created", since=overflow.value.since)
            got += [await anext(on), await anext(on)]
            assert [event.data["index"] for event in got] == names
    run(story())


def test_the_state_is_that_of_the_server(make, name):
    async def story():
        async with make() as client:
            state = await client.watch()
            await client.create_index(name, 4)
            await client.upsert(name, ["a"], [[1, 2, 3, 4]])
            await same_state(client, client)
            assert name in state.indices and state.ready and state is client.state
            frozen = state.snapshot()
            await client.delete_index(name)
            await same_state(client, client)
            assert name not in state.indices and name in frozen.indices
    run(story())


def test_a_shard_moves_where_everybody_sees_it(make, name):
    async def story():
        async with make() as client:
            await client.create_index(name, 8, tiering={"idmap_to_ivf": 300})
            moves = client.events(f"index.{name}.shard_transition")
            await moves.subscribed()
            await (await client.import_(name, [(n, [n % 7, n % 5, n % 3, n, 1, 2, 3, 4]) for n in range(400)])).wait()
            async for move in moves:
                assert isinstance(move, ShardTransitionEvent)
                if move.data["to"] == {"tier": "ivf", "state": "active"}:
                    break
    run(story())


def test_a_loop_that_is_left_gives_its_channels_up(make, name):
    async def story():
        async with make() as client:
            await client.create_index(name, 4)
            async for _ in client.events("index.*", since=(await client.get_state())["id"].partition("-")[0] + "-0"):
                break
            gc.collect()
            await client.list_indices()
            await client.subscribe("alert.*")  # answered behind the channels that were given up
            assert client._subscriptions.interest.channels == ["alert.*"]
    run(story())


def test_a_token_is_renewed_before_it_expires(make, name):
    async def story():
        async with make() as admin:
            short = (await admin.create_token(name, ["events:*", "read:*"], expires_in_seconds=2))["token"]
            renewed, statuses = asyncio.Event(), []

            def token():
                if not statuses or client.status == "connecting":
                    return short
                renewed.set()
                return ADMIN_TOKEN

            async with make(token) as client:
                client.on("status", lambda change: statuses.append(change.status))
                events = client.events("index.created")
                await events.subscribed()
                await renewed.wait()  # less than 60 s are left: told at once
                await client.subscribe("alert.*")  # answered behind the new token
                await admin.revoke_token(name)
                await admin.create_index(name, 4)
                assert (await anext(events)).data["index"] == name
                assert statuses == ["connecting", "authenticating", "resuming", "live"]
    run(story())


def test_an_expired_token_is_renewed_by_another_session(make, name):
    async def story():
        async with make() as admin:
            asked = 0

            async def token():
                nonlocal asked
                asked += 1
                if asked == 1:
                    return (await admin.create_token(name, ["events:*", "read:*"], expires_in_seconds=1))["token"]
                if asked == 2:
                    raise RuntimeError("not now")
                return ADMIN_TOKEN

            async with make(token) as client:
                troubles, again = [], asyncio.Event()
                client.on("error", lambda error: troubles.append(error.code))
                await client.subscribe("index.*")
                client.on("status", lambda change: change.status == "live" and again.set())
                await again.wait()
                assert troubles[0] == "token" and asked >= 3
    run(story())


def test_a_revoked_token_is_the_end(make, name):
    async def story():
        async with make() as admin:
            token = (await admin.create_token(name, ["events:*"]))["token"]
            async with make(token) as client:
                events = client.events("job.*")
                await events.subscribed()
                await admin.revoke_token(name)
                with pytest.raises(MLGraphError) as end:
                    await anext(events)
                assert end.value.code == "unauthorized" and client.status == "closed"
    run(story())


def test_channels_that_scopes_no_longer_cover_are_told_as_revoked(make, name):
    async def story():
        async with make() as admin:
            token = (await admin.create_token(name, ["events:job.*", "events:alert.*"]))["token"]
            async with make(token) as client:
                told = asyncio.get_running_loop().create_future()
                client.on("revoked", told.set_result)
                await client.subscribe(["job.*", "alert.*"])
                await admin.change_token(name, scopes=["events:job.*"])
                assert (await told).channels == ("alert.*",)
    run(story())


def test_closing_ends_loops_and_leaves_nothing_running(make):
    async def story():
        async with make() as client:
            loops = [client.events("job.*"), client.events("*")]
            await loops[0].subscribed()
        for loop in loops:
            async for event in loop:
                assert event.type.startswith("metrics.")
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await client.connect()  # and may begin again
        assert client.status == "live"
        await client.list_indices()
        await client.close()
    run(story())
