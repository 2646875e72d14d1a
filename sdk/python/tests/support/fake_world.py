"""Time, chance and a network by hand: nothing happens until a test lets it."""
import asyncio
import json
import random
from collections import deque

from mlgraph.errors import lost


class FakeSocket:
    """closed: given up by the client. frozen: half-open, nothing passes and nobody is told. passing: messages to the client that still
    pass before the line is cut."""

    def __init__(self, world, listener):
        self.world, self.listener = world, listener
        self.closed = self.frozen = False
        self.passing = None

    @property
    def usable(self):
        return not self.closed and not self.frozen

    def send(self, text):
        self.world.later(lambda: self.usable and self.world.peer.on_text(self, json.loads(text)))

    def close(self, code):
        self.closed = True
        self.world.peer.on_gone(self)

    def deliver(self, message):
        """From the server."""
        text = json.dumps(message)

        def arrive():
            if not self.usable:
                return
            if self.passing is not None:
                self.passing -= 1
                if self.passing < 0:
                    self.end(1006)
                    return
            self.listener.on_message(text)

        self.world.later(arrive)

    def end_later(self, code, reason=""):
        """From the server or the network, behind what is under way."""
        self.world.later(lambda: self.usable and self.end(code, reason))

    def end(self, code, reason=""):
        self.closed = True
        self.world.peer.on_gone(self)
        self.listener.on_close(code, reason)


class FakeWorld:
    """mode: `up`: connections open. `refusing`: they end at once. `silent`: they neither open nor end."""

    def __init__(self, peer, seed=1):
        self.peer, self.mode = peer, "up"
        self.sockets, self.timers = [], []
        self._now, self._made = 1.0, 0
        self._network = deque()
        self._dice = random.Random(seed)

    # What the client sees -------------------------------------------------------------------------------------------
    def now(self):
        return self._now

    def random(self):
        return self._dice.random()

    def after(self, seconds, run):
        self._made += 1
        timer = (self._now + seconds, self._made, run)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer) if timer in self.timers else None

    async def open(self, url, listener):
        opened = asyncio.get_running_loop().create_future()
        mode = self.mode
        if mode != "silent":
            self.later(lambda: opened.done() or opened.set_result(None))
        await opened
        if mode == "refusing":
            raise lost("refused")
        socket = FakeSocket(self, listener)
        self.sockets.append(socket)
        self.peer.on_open(socket)
        return socket

    async def closed(self):
        assert all(socket.closed for socket in self.sockets)

    # What a test does -----------------------------------------------------------------------------------------------
    @property
    def live(self):
        return next((socket for socket in self.sockets if not socket.closed), None)

    def later(self, run):
        self._network.append(run)

    async def arrive(self, count=None):
        """So many messages arrive (None: until nothing is under way), and what follows from each."""
        while True:
            for _ in range(6):
                await asyncio.sleep(0)  # tasks go first
            if not self._network or count == 0:
                return
            self._network.popleft()()
            count = None if count is None else count - 1

    async def pass_time(self, seconds):
        """What is due happens in its order."""
        end = self._now + seconds
        await self.arrive()
        while due := min((timer for timer in self.timers if timer[0] <= end + 1e-9), default=None):
            self._now = max(self._now, due[0])
            self.timers.remove(due)
            due[2]()
            await self.arrive()
        self._now = end

    def stall(self, seconds):
        """The program stood still: time is over, and no timer ran."""
        self._now += seconds
