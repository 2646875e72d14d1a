"""What programs are promised, one promise a test, in a fake world."""
import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from support.fake_server import FakeServer
from support.fake_world import FakeWorld
from support.things import a_job, a_sample, an_index

from mlgraph import AsyncClient, Backoff, MLGraphError


def tell(story, **options):
    """Runs `story(world)`: .client, .server, .net, .told (changes of status), .heard (ids), .emit(job), .asked(type)."""
    async def run():
        server = FakeServer()
        net = FakeWorld(server)
        client = AsyncClient("http://fake", options.pop("token", "mlg_token_0"), platform=net, **options)
        told, heard = [], []
        client.on("status", told.append)
        client.on("*", lambda event: event.id is not None and heard.append(event.id))

        def asked(type_):
            return [{name: value for name, value in one.items() if name != "ref"} for one in server.requests if one["type"] == type_]

        try:
            world = SimpleNamespace(client=client, server=server, net=net, told=told, heard=heard, asked=asked,
                                    emit=lambda name: server.emit("job.started", a_job(name)))
            async with asyncio.timeout(20):
                await story(world)
        finally:
            await client.close()

    asyncio.run(run())


async def settled(world, work):
    """What it answers once nothing is under way."""
    task = asyncio.ensure_future(work)
    await world.net.arrive()
    assert task.done(), "it waits"
    return task.result()


@contextlib.contextmanager
def refused_as(code):
    with pytest.raises(MLGraphError) as refused:
        yield
    assert refused.value.code == code


def test_subscribe_connects_and_returns_what_the_server_answered():
    async def story(world):
        assert world.client.status == "idle"
        answer = await settled(world, world.client.subscribe(["job.*", "alert.*"]))
        assert answer == {"channels": ["job.*", "alert.*"], "id": "e1-0", "recovered": False}
        assert [change.status for change in world.told] == ["connecting", "authenticating", "resuming", "live"]
    tell(story)


def test_after_a_cut_it_goes_on_behind_the_last_event_and_hears_none_twice():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        world.emit("a")
        await world.net.arrive()
        world.net.live.passing = 1
        for name in "bcd":
            world.emit(name)
        await world.net.pass_time(1)
        assert world.heard == ["e1-1", "e1-2", "e1-3", "e1-4"]
        assert world.asked("subscribe")[-1] == {"type": "subscribe", "channels": ["job.*"], "since": "e1-2"}
    tell(story)


def test_listeners_hear_what_their_patterns_bring_and_can_be_taken_back():
    async def story(world):
        said = []
        off = world.client.on("job.*", lambda event: said.append(f"job.* {event.data['jobId']}"))
        world.client.on("job.a.started", lambda event: said.append(f"exact {event.data['jobId']}"))
        world.client.on("metrics.system", lambda event: said.append(f"qps {event.data['qps']}"))
        await settled(world, world.client.subscribe("*"))
        world.emit("a")
        world.server.sample("metrics.system", a_sample(7))
        await world.net.arrive()
        off()
        world.emit("b")
        await world.net.arrive()
        assert said == ["job.* a", "exact a", "qps 7"]
    tell(story)


def test_a_listener_that_raises_hinders_nobody_else_and_is_seen():
    async def story(world):
        seen, said = [], []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context["exception"]))
        world.client.on("job.*", lambda event: 1 / 0)
        world.client.on("job.*", lambda event: said.append(event.id))
        await settled(world, world.client.subscribe("*"))
        world.emit("a")
        await world.net.arrive()
        assert said == ["e1-1"] and isinstance(seen[0], ZeroDivisionError)
    tell(story)


def test_a_refused_subscription_raises_and_leaves_nothing_behind():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        with refused_as("invalid_channel"):
            await settled(world, world.client.subscribe(["index.*", "a..b"]))
        world.server.end_all(1001)
        await world.net.pass_time(2)
        assert world.asked("subscribe")[-1] == {"type": "subscribe", "channels": ["job.*"], "since": "e1-0"}
    tell(story)


def test_a_subscription_that_is_given_up_leaves_nothing_behind():
    async def story(world):
        await settled(world, world.client.connect())
        task = asyncio.ensure_future(world.client.subscribe("job.*"))
        await asyncio.sleep(0)
        task.cancel()
        await world.net.arrive()
        assert [list(session.patterns) for session in world.server.sessions.values()] == [[]]
    tell(story)


def test_what_is_too_much_at_once_is_asked_again_when_the_server_says():
    async def story(world):
        await settled(world, world.client.connect())
        world.server.refuse_next = 1
        task = asyncio.ensure_future(world.client.subscribe("job.*"))
        await world.net.pass_time(0.699)
        assert len(world.asked("subscribe")) == 1
        await world.net.pass_time(0.001)
        assert (await task)["id"] == "e1-0"
    tell(story)


def test_a_half_open_connection_is_noticed_by_the_second_beat():
    async def story(world):
        world.server.heartbeat = 5
        await settled(world, world.client.subscribe("job.*"))
        world.net.live.frozen = True
        await world.net.pass_time(9.999)
        assert world.client.status == "live"
        await world.net.pass_time(0.001)
        assert world.told[-1].status == "waiting" and world.told[-1].error.message == "no sign of life"
    tell(story)


def test_who_stood_still_is_not_taken_for_dead_before_what_came_meanwhile_is_read():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        await world.net.pass_time(25.001)
        world.net.stall(3600)
        await world.net.pass_time(60)
        assert world.client.status == "live" and len(world.net.sockets) == 1
    tell(story)


def test_a_quiet_subscription_keeps_its_place_fresh_by_pings():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        world.server.emit("index.created", {**an_index("docs"), "index": "docs"})
        await world.net.pass_time(25)
        assert world.client.cursor == "e1-1"
    tell(story)


def test_delays_grow_from_1_to_30_seconds_each_anything_from_0_to_that():
    async def story(world):
        world.net.mode = "refusing"
        with contextlib.suppress(MLGraphError):
            task = asyncio.ensure_future(world.client.subscribe("*"))
            await world.net.pass_time(900)
            waits = [change.retry_in for change in world.told if change.status == "waiting"]
            assert len(waits) > 20 and all(0 <= wait <= min(30, 2 ** place) for place, wait in enumerate(waits))
            assert max(waits) > 20 and min(waits[5:]) < 10
            await world.client.close()
            await task
    tell(story)


def test_retry_after_of_a_close_is_the_least_delay():
    async def story(world):
        await settled(world, world.client.subscribe("*"))
        world.server.end_all(4103, "shutdown retry_after_ms=20000")
        await world.net.pass_time(19.999)
        assert len(world.net.sockets) == 1
        await world.net.pass_time(1.001)
        assert world.client.status == "live"
    tell(story)


def test_an_attempt_that_leads_nowhere_ends_in_time():
    async def story(world):
        world.net.mode = "silent"
        task = asyncio.ensure_future(world.client.subscribe("*"))
        await world.net.pass_time(3)
        assert world.told[-1].status == "waiting" and world.told[-1].error.code == "connection"
        await world.client.close()
        with refused_as("closed"):
            await task
    tell(story, connect_timeout=3)


def test_4201_leads_to_a_new_token_at_once_and_with_none_to_be_had_it_is_the_end():
    made = iter(range(9))

    async def renewing(world):
        await settled(world, world.client.subscribe("*"))
        world.server.tokens.add("mlg_token_1")
        world.server.end_all(4201, "token expired")
        await world.net.arrive()
        assert world.client.status == "live"

    async def fixed(world):
        await settled(world, world.client.subscribe("*"))
        world.server.end_all(4201, "token expired")
        await world.net.pass_time(100)
        assert world.client.status == "closed" and world.told[-1].error.code == "token_expired"

    tell(renewing, token=lambda: f"mlg_token_{next(made)}")
    tell(fixed)


def test_a_refused_token_is_the_end_unless_the_function_has_another():
    async def refused(world):
        with refused_as("unauthorized"):
            task = asyncio.ensure_future(world.client.subscribe("*"))
            await world.net.pass_time(2)
            await task
        assert world.client.status == "closed" and len(world.net.sockets) == 1

    async def served(world):
        task = asyncio.ensure_future(world.client.subscribe("*"))
        await world.net.pass_time(2)
        assert (await task)["id"] == "e1-0"

    tell(refused, token="mlg_unknown")
    tell(refused, token=lambda: "mlg_unknown")
    tokens = ["mlg_unknown", "mlg_token_0"]
    tell(served, token=lambda: tokens.pop(0))


def test_a_state_is_asked_for_again_when_events_are_out_of_reach_and_a_gap_is_told():
    async def story(world):
        gaps = []
        world.client.on("gap", gaps.append)
        await settled(world, world.client.watch())
        world.net.mode = "refusing"
        world.server.end_all(1001)
        await world.net.arrive()
        for name in "abc":
            world.server.emit("index.created", {**an_index(name), "index": name})
        world.server.kept = 1
        world.net.mode = "up"
        await world.net.pass_time(60)
        assert [(gap.channels, gap.since, gap.id) for gap in gaps] == [(("*",), "e1-0", "e1-3")]
        assert list(world.client.state.indices) == ["a", "b", "c"] and world.client.state.ready
    tell(story)


def test_a_state_in_parts_stands_when_it_is_whole_and_samples_meanwhile_are_kept():
    async def story(world):
        world.server.parts_of_state = 3
        for name in "abcd":
            world.server.emit("index.created", {**an_index(name), "index": name})
        changes = []
        world.client.state.on_change(changes.append)
        state = await settled(world, world.client.watch())
        assert sorted(state.indices) == ["a", "b", "c", "d"] and changes == ["state"]
        world.server.sample("metrics.system", a_sample(3))
        await world.net.arrive()
        assert state.metrics["metrics.n1.system"]["qps"] == 3 and state.version == 2
    tell(story)


def test_giving_up_all_keeps_the_others():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        await settled(world, world.client.subscribe("*"))
        await settled(world, world.client.unsubscribe("*"))
        world.emit("a")
        await world.net.arrive()
        assert world.heard == ["e1-1"]
    tell(story)


def test_channels_that_were_forbidden_meanwhile_are_given_up_one_by_one_the_rest_is_resumed():
    async def story(world):
        revoked = []
        world.client.on("revoked", lambda gone: revoked.extend(gone.channels))
        await settled(world, world.client.subscribe(["alert.*", "job.*", "alert.warning"]))
        world.server.end_all(4202)
        world.server.forbidden.add("alert")
        world.emit("a")
        await world.net.pass_time(10)
        assert world.client.status == "live" and revoked == ["alert.*", "alert.warning"] and world.heard == ["e1-1"]
    tell(story)


def test_closed_by_the_program_connect_begins_again_where_it_was():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        await world.client.close()
        with refused_as("closed"):
            await world.client.watch()
        world.emit("a")
        await settled(world, world.client.connect())
        await world.net.arrive()
        assert world.heard == ["e1-1"]
    tell(story)


def test_a_final_close_says_why_to_all_that_wait():
    async def story(world):
        await settled(world, world.client.subscribe("*"))
        events = world.client.events("job.*")
        world.server.tell_all("error", {"code": "forbidden", "message": "not here", "retryable": False})
        world.server.end_all(4003, "forbidden")
        await world.net.pass_time(100)
        with refused_as("forbidden"):
            await anext(events)
        with refused_as("forbidden"):
            await world.client.subscribe("job.*")
        assert world.told[-1].error.message == "not here"
    tell(story)


def test_full_what_is_queued_is_handed_out_then_the_error_says_where_to_go_on_and_it_does():
    async def story(world):
        events = world.client.events("job.*", limit=3)
        await world.net.arrive()
        for name in "abcde":
            world.emit(name)
        await world.net.arrive()
        got = []
        with pytest.raises(MLGraphError) as overflow:
            async for event in events:
                got.append(event.id)
        assert got == ["e1-1", "e1-2", "e1-3"] and (overflow.value.code, overflow.value.since) == ("overflow", "e1-3")
        on = world.client.events("job.*", since="e1-3")
        await world.net.arrive()
        assert [(await anext(on)).id, (await anext(on)).id] == ["e1-4", "e1-5"]
    tell(story)


def test_since_is_refused_beside_listeners_of_the_same_family():
    async def story(world):
        await settled(world, world.client.subscribe("job.*"))
        events = world.client.events("job.a.*", since="e1-0")
        with refused_as("conflict"):
            await anext(events)
    tell(story)


@pytest.mark.parametrize("url", ["nowhere", "ftp://host", "http://", ""])
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(ValueError, match="is no address"):
        AsyncClient(url, "mlg_token_0")


def test_backoff_is_bounded():
    assert Backoff(1, 30).delay(40, 0.5, 2) == 17
