"""Endless work that makes durable events of every family, from a seed."""
from mlgraph import MLGraphError, RestError


class Writer:
    def __init__(self, rest, dice):
        self.rest, self.dice, self.live, self.made, self.strokes = rest, dice, [], 0, 0

    async def stroke(self):
        """One thing more. What breaks off because the server is down, or is refused by one that starts or stops, is let be."""
        self.strokes += 1
        verbs = ["make"] if not self.live else ["delete"] if len(self.live) > 8 else ["make", "change", "load", "load", "spoil", "delete", "alert"]
        try:
            await getattr(self, "_" + self.dice.choice(verbs))()
        except RestError as error:
            if error.status not in (400, 404, 503):
                raise
        except MLGraphError:
            pass

    async def _make(self):
        self.made += 1
        self.live.append(f"w{self.made}")  # perhaps: what broke off may have been done
        await self.rest.create_index(self.live[-1], 4, num_shards=2)

    async def _change(self):
        await self.rest.change_index(self.dice.choice(self.live), tiering={"merge": 20_000_000 + self.dice.randrange(10 ** 6)})

    async def _load(self):
        rows = [{"id": f"v{n}", "values": [self.dice.random() for _ in range(4)]} for n in range(self.dice.randint(1, 20))]
        await (await self.rest.import_(self.dice.choice(self.live), rows))._upload

    async def _spoil(self):
        await (await self.rest.import_(self.dice.choice(self.live), [{"id": "a", "values": [1]}]))._upload

    async def _alert(self):
        warn = self.dice.choice((1e-6, 0.98))
        await self.rest.put_alert_rule("memory", warn=warn, error=0.999, clear=warn / 2, for_seconds=0)

    async def _delete(self):
        name = self.dice.choice(self.live)
        self.live.remove(name)
        await self.rest.delete_index(name)
