#!/usr/bin/env python3
"""`mlgraph watch '*' --json` kept running while the server is killed and started again on the same port.

  tools/watch_through_kills.py                       ten kill -9, the published reconnect delays (1 s, 2 s … 30 s)
  tools/watch_through_kills.py --kills 50 --backoff 0.05 --seed 7

Three writers make durable events all the while. Then another client reads the log again from its first event: the
watcher must have printed every durable id exactly once, none missing, in order.
"""
import argparse
import os
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))

from harness import Crew, EventWriter, Server, Watch  # noqa: E402
from harness.ledger import check_exact, check_log_has_no_holes, number, whole_log  # noqa: E402


def writers(server, seed, count=3):
    return [EventWriter(server, f"w{i}", seed, alerts=i == 0) for i in range(count)]


def watch_through_kills(server, kills, seed, backoff=None, say=lambda text: None):
    """Runs it on a started server and checks; returns what was counted."""
    dice = random.Random(seed)
    port = server.port
    began = time.monotonic()
    arguments = [] if backoff is None else ["--backoff", str(backoff)]
    with Watch(server, "*", *arguments) as watch:
        watch.wait_for_note("-- connected")
        start = server.rest().get("/state").json["id"]
        crew = writers(server, seed)
        with Crew(*(writer.run for writer in crew)):
            for kill in range(kills):
                time.sleep(dice.uniform(0.05, 1.5))  # the random moment is the point
                server.kill()
                time.sleep(dice.uniform(0, 0.3))
                server.start(port=port)
                say(f"kill {kill + 1}: {len(watch.events)} events so far")
        last = server.rest().post("/indices", {"index_id": "the-end", "dimension": 4})
        assert last.status == 201, last
        watch.wait_for(lambda m: m["type"] == "index.created" and m["data"]["index"] == "the-end")
        code = watch.stop()
        assert code == 0, (code, watch.notes[-5:])
        log = whole_log(server)
        check_log_has_no_holes(log)
        seen = watch.events
        # It says where it stands: everything up to there has been printed, and nothing behind it.
        check_exact(seen, log, "mlgraph watch", since=number(start), until=number(watch.position()))
        reconnects = sum("-- connected" in note for note in watch.notes) - 1
        assert reconnects >= 1
        return {"events": len(seen), "kills": kills, "reconnects": reconnects, "requests": sum(w.answered for w in crew),
                "log": len(log), "gaps": sum("may be missing" in note for note in watch.notes),
                "seconds": round(time.monotonic() - began, 1)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--backoff", type=float, help="the watcher's first reconnect delay in seconds; left out: the published 1 s")
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32))),
                           help="replays a run (MLG_SEED)")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mlgraph-watch-") as folder, Server(folder) as server:
        counted = watch_through_kills(server, options.kills, options.seed, options.backoff, say=lambda text: print(text, flush=True))
    print("each durable id exactly once, in order: " + ", ".join(f"{name} {value}" for name, value in counted.items()))


if __name__ == "__main__":
    main()
