"""Who makes durable events of every family, as fast as the server answers, through kills and pauses."""
import http.client
import random

from .rest import Rest
from .vectors import ndjson, rows

DIMENSION = 4
BROKEN = (OSError, http.client.HTTPException)


class EventWriter:
    """One client's endless work: indices made, changed, imported into, trained, deleted; alerts raised and resolved.

    A request that breaks off is not repeated (it may have been done): the next stroke looks at the next thing.
    A run is repeatable up to the server's timing: every choice comes from the seed.
    """

    def __init__(self, server, name, seed, alerts=False, pause=0.004):
        self.server, self.name, self.alerts, self.pause = server, name, alerts, pause
        self.dice = random.Random(f"{seed}-{name}")
        self.live = []
        self.made = 0
        self.strokes = 0
        self.answered = 0

    def run(self, stop):
        while not stop.is_set():
            try:
                self.stroke()
                self.answered += 1
            except BROKEN:
                stop.wait(0.05)  # the server is down: not a measure of anything
            self.strokes += 1
            stop.wait(self.dice.uniform(0, self.pause))

    def stroke(self):
        rest = Rest(self.server.host, self.server.port, self.server.admin_token)
        choices = [self.make, self.change, self.load, self.spoil, self.delete]
        if self.alerts:
            choices += [self.turn_alert] * 2
        if len(self.live) > 12:
            choices = [self.delete]
        self.dice.choice(choices)(rest)

    def _expect(self, answer, *statuses):
        # 503: it is stopping or starting.
        assert answer.status in (*statuses, 503), answer

    def make(self, rest):
        self.made += 1
        name = f"{self.name}-{self.made}"
        self.live.append(name)  # perhaps: a broken request may have been done
        self._expect(rest.post("/indices", {"index_id": name, "dimension": DIMENSION}), 201)

    def change(self, rest):
        if self.live:
            merge = self.dice.randint(20_000_000, 90_000_000)
            self._expect(rest.patch(f"/indices/{self.dice.choice(self.live)}", {"tiering": {"merge": merge}}), 200, 404)

    def load(self, rest):
        if self.live:
            body = ndjson(rows(self.dice.randint(1, 20), DIMENSION, seed=self.strokes))
            self._expect(rest.upload(self.dice.choice(self.live), body), 202, 400, 404)

    def spoil(self, rest):
        """A job that fails, which raises an alert of its index; the next good import resolves it."""
        if self.live:
            answer = rest.raw("POST", f"/api/v1/indices/{self.dice.choice(self.live)}/import", body=b"\x93NUMPY broken",
                              headers={"Content-Type": "application/x-npy"})
            self._expect(answer, 400, 404)

    def delete(self, rest):
        if self.live:
            self._expect(rest.delete(f"/indices/{self.live.pop(self.dice.randrange(len(self.live)))}"), 204, 404)

    def turn_alert(self, rest):
        """The memory alert, up or down: the next tick tells."""
        levels = self.dice.choice([{"warn": 1e-6, "error": 0.999, "clear": 5e-7}, {"warn": 1e-6, "error": 2e-6, "clear": 5e-7},
                                   {"warn": 0.98, "error": 0.99, "clear": 0.97}])
        rules = rest.get("/alert-rules")
        self._expect(rules, 200)
        if rules.status == 200:
            rule = next(r for r in rules.json["rules"] if r["metric"] == "memory_fraction")
            self._expect(rest.put(f"/alert-rules/{rule['rule']}", {**rule, "for_seconds": 0, **levels}), 200)
