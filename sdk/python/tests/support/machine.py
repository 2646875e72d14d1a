"""A client in a fake world, what may happen to it, and what must be true of it whatever does."""
import asyncio
from collections import Counter

import pytest
from mlgraph import AsyncClient, MLGraphError, parse_event
from mlgraph._channels import channels_of, matches

from .fake_server import FakeServer
from .fake_world import FakeWorld
from .things import a_job, an_alert, an_index

CHANNELS = ("job.*", "index.*", "alert.*", "*", "job.progress", "index.docs.*", "job.a.*", "alert.warning")
CLOSE_CODES = (1000, 1001, 1006, 1011, 4001, 4003, 4009, 4100, 4101, 4102, 4103, 4105, 4106, 4201, 4202)
NAMES = ("docs", "a", "b")
LEGAL = {
    "idle": {"connecting"}, "connecting": {"authenticating", "waiting", "closed"}, "authenticating": {"resuming", "waiting", "closed"},
    "resuming": {"live", "waiting", "closed"}, "live": {"waiting", "connecting", "closed"}, "waiting": {"connecting", "closed"},
    "closed": {"connecting"},
}
# Verb to its weight; `act` says what each does.
VERBS = {"emit": 12, "arrive": 5, "pass": 5, "subscribe": 4, "unsubscribe": 2, "loop": 4, "leave": 2, "cut": 3, "freeze": 1, "net": 2, "end": 2,
         "forget": 1, "revoke": 1, "anew": 1, "expire": 1, "expiring": 1, "limit": 1, "token_fails": 1, "token_is_old": 1, "stall": 1}


class Loop:
    """An `async for` loop: what it was given must be all of its channel, from the first to the last, in order."""

    def __init__(self, client, channel, limit, since, reads, on_end):
        self.channel, self.since, self.on_end = channel, since, on_end
        self.got, self.error, self.events = [], None, client.events(channel, limit=limit, since=since)
        self.reading = asyncio.ensure_future(self._read()) if reads else None

    async def finish(self):
        self.reading = self.reading or asyncio.ensure_future(self._read())
        await self.reading

    async def _read(self):
        try:
            async for event in self.events:
                if event.id is not None:
                    self.got.append(event.id)
        except MLGraphError as error:
            self.error = error
        finally:
            self.on_end()

    def check(self, logs):
        if self.got:
            epoch, _, first = self.got[0].partition("-")
            begin = int(self.since.partition("-")[2]) if self.since and self.since.startswith(epoch + "-") else int(first) - 1
            log = logs[epoch][begin:int(self.got[-1].partition("-")[2])]
            assert self.got == [message["id"] for message in log if matches(self.channel, channels_of(parse_event(message)))], self.channel
            if self.error and self.error.code == "overflow":
                assert self.error.since == self.got[-1]


class Machine:
    def __init__(self, dice):
        self.dice, self.server = dice, FakeServer()
        self.world = FakeWorld(self.server, dice.random())
        self.client = AsyncClient("http://fake", self._next_token, platform=self.world)
        self.heard, self.loops, self.tasks = [], [], []
        self.logs = {"e1": self.server.log}
        self._subscriptions, self._asked = {}, set()  # channel to the id behind which all must have been heard
        self._token = self._released = self._asked_back = 0
        self._token_fails = self._token_is_old = self._watching = False
        self._waiting_until = None
        self.client.on("status", self._on_status)
        self.client.on("gap", self._on_gap)
        self.client.on("revoked", lambda revoked: self._forget(revoked.channels))
        self.client.on("*", lambda event: event.id is not None and self.heard.append(event.id))

    async def act(self, verb):
        await getattr(self, f"_do_{verb}")()

    def watch(self):
        async def watching():
            await self.client.watch()
            self._subscribed("*", self.client.cursor)

        self._watching = True
        self._asked.add("*")
        self._spawn(watching())

    def emit(self, what, name):
        server, exists = self.server, name in self.server.state.indices
        index = {**an_index(name, len(server.log)), "index": name}
        of = name if exists else None
        if what == 0:
            server.emit(*(("index.updated", {**index, "changed": ["vectors"]}) if exists else ("index.created", index)))
        elif what == 1 and exists:
            server.emit("index.deleted", index)
        elif what == 2 and exists:
            server.emit("index.shard_transition", {
                "index": name, "shard": 1, "node": "n1", "from": {"tier": "idmap", "state": "active"},
                "to": {"tier": "ivf", "state": "active"}, "reason": "manual", "vectors": len(server.log), "duration_ms": 1})
        elif what in (3, 4):
            server.emit("job.started" if what == 3 else "job.progress", a_job(name, "running", of))
        elif what == 5:
            server.emit("job.completed", a_job(name, "completed", of))
        elif what == 6:
            server.emit("alert.warning", an_alert(name))
        else:
            server.emit("alert.resolved", an_alert(name, "resolved"))

    async def heal(self):
        """Everything is well again, and time passes: the client must be where it would be without all that."""
        self.world.mode, self.server.refuse_next = "up", 0
        self.server.forbidden.clear()
        await self.world.pass_time(200)
        if self.client.status == "closed":
            opened = len(self.world.sockets)
            await self.world.pass_time(200)
            assert len(self.world.sockets) == opened, "closed is closed"
            self._spawn(self.client.connect())
            await self.world.pass_time(200)
        assert self.client.status == "live"

    def check(self):
        for channel, begin in self._subscriptions.items():
            missing = [id_ for id_ in self._due(channel, begin) if id_ not in self.heard]
            assert not missing, (channel, begin, missing)
        # What was heard of a channel that was given up may be heard once more where `since` asks for it.
        most = 1 + (self._asked_back if self._released or self.loops else 0)
        often = {id_: count for id_, count in Counter(self.heard).items() if count > most}
        assert not often
        for loop in self.loops:
            loop.check(self.logs)
        if self._watching and self.client.state.ready:
            mine, theirs = self.client.state.to_state(), self.server.state.to_state()
            for section in ("indices", "jobs", "alerts"):
                assert mine[section] == theirs[section], section

    async def finish(self):
        """Nothing is left behind."""
        await self.client.close()
        await self.world.arrive()
        assert self.client.status == "closed"
        for loop in self.loops:
            await loop.finish()
            loop.check(self.logs)
        await asyncio.gather(*self.tasks)
        assert not self.world.timers
        assert all(socket.closed for socket in self.world.sockets)
        with pytest.raises(MLGraphError, match="closed"):
            await self.client.subscribe("*")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    # Verbs ----------------------------------------------------------------------------------------------------------
    async def _do_emit(self):
        self.emit(self.dice.randrange(8), self.dice.choice(NAMES))

    async def _do_arrive(self):
        await self.world.arrive(self.dice.randint(1, 12))

    async def _do_pass(self):
        await self.world.pass_time(self.dice.choice((0.01, 0.5, 2, 30, 90)))

    async def _do_subscribe(self):
        channel, since, released = self.dice.choice(CHANNELS), self._since(), self._released

        async def subscribing():
            answer = await self.client.subscribe(channel, since=since)
            if released == self._released:
                self._subscribed(channel, answer["id"])

        self._asked.add(channel)
        self._spawn(subscribing())

    async def _do_unsubscribe(self):
        channel = self.dice.choice(CHANNELS)
        if channel != "*" or not self._watching:
            self._forget([channel])
            self._spawn(self.client.unsubscribe(channel))

    async def _do_loop(self):
        if self.client.status != "closed":
            self.loops.append(Loop(self.client, self.dice.choice(CHANNELS), self.dice.randint(1, 8), self._since(),
                                   self.dice.random() < 0.5, self._release))

    async def _do_leave(self):
        """`break`: its channels are given up, and what it heard will not come again on this session."""
        if self.loops:
            await self.dice.choice(self.loops).events.aclose()

    async def _do_cut(self):
        if self.world.live:
            self.world.live.passing = self.dice.randrange(7)

    async def _do_freeze(self):
        if self.world.live:
            self.world.live.frozen = True

    async def _do_net(self):
        self.world.mode = self.dice.choice(("up", "up", "refusing", "silent"))

    async def _do_end(self):
        after = self.dice.choice((0, 0, 1500, 40000))
        self.server.end_all(self.dice.choice(CLOSE_CODES), f"so it is retry_after_ms={after}" if after else "")

    async def _do_forget(self):
        self.server.kept = self.dice.randrange(7)

    async def _do_revoke(self):
        family = self.dice.choice(CHANNELS).partition(".")[0]
        if family != "*":
            self.server.forbid(family)

    async def _do_anew(self):
        self.server.begin_anew(f"e{len(self.logs) + 1}")
        self.logs[self.server.epoch] = self.server.log

    async def _do_expire(self):
        self.server.tokens.clear()
        self._renew_token()
        self.server.end_all(4201, "token expired")

    async def _do_expiring(self):
        self._renew_token()
        self.server.tell_all("auth_expiring", {"expires_at": "2024-12-22T10:31:00.000Z"})

    async def _do_limit(self):
        self.server.refuse_next += 1

    async def _do_token_fails(self):
        self._token_fails = True

    async def _do_token_is_old(self):
        self._token_is_old = True

    async def _do_stall(self):
        self.world.stall(60)

    # Accounts -------------------------------------------------------------------------------------------------------
    def _spawn(self, work):
        async def refused_is_told():
            try:
                await work
            except MLGraphError:
                pass  # what it was refused for is checked by what is heard

        self.tasks.append(asyncio.ensure_future(refused_is_told()))

    def _subscribed(self, channel, begin):
        if channel in self._asked:
            self._subscriptions.setdefault(channel, begin)

    def _forget(self, channels):
        self._released += 1
        for channel in channels:
            self._asked.discard(channel)
            self._subscriptions.pop(channel, None)

    def _release(self):
        self._released += 1

    def _since(self):
        if self.dice.random() < 0.6:
            return None
        self._asked_back += 1
        return f"{self.server.epoch}-{max(0, len(self.server.log) - self.dice.randrange(13))}"

    def _due(self, channel, begin):
        """Ids of the newest history that a channel brings after one."""
        epoch, _, seq = begin.partition("-")
        log = self.server.log[int(seq) if epoch == self.server.epoch else 0:]
        return [message["id"] for message in log if matches(channel, channels_of(parse_event(message)))]

    def _renew_token(self):
        self._token += 1
        self.server.tokens.add(f"mlg_token_{self._token}")

    async def _next_token(self):
        await asyncio.sleep(0)
        if self._token_fails:
            self._token_fails = False
            raise RuntimeError("no token today")
        old, self._token_is_old = self._token_is_old, False
        return f"mlg_token_{'never' if old else self._token}"

    def _on_status(self, change):
        assert change.status in LEGAL[change.previous], change
        now = self.world.now()
        if change.status == "waiting":
            least = change.error.retry_after
            assert least <= change.retry_in <= least + 30, change
            self._waiting_until = now + change.retry_in
        if change.status == "connecting":
            assert change.previous != "waiting" or now >= self._waiting_until, "came back early"
            assert all(socket.closed for socket in self.world.sockets), "one connection at a time"

    def _on_gap(self, gap):
        for channel in self._subscriptions:
            if channel in gap.channels:
                self._subscriptions[channel] = gap.id
