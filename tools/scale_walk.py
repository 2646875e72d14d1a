#!/usr/bin/env python3
"""A large set through every tier of a running server: imported, trained, moved to disk, merged, and searched in each of them.

  scale_walk.py words|scale [--shards N]     MLGRAPH_URL and MLGRAPH_TOKEN in the environment; sets from tools/data/

After each move the recall of the ten nearest against the exact answer is printed, at what the server chooses by itself. The events of it
all are those that `mlgraph watch` shows meanwhile. A walk that was broken off goes on where its index stands.
"""
import argparse
import http.client
import json
import os
import pathlib
import sys
import time
import urllib.parse

import numpy

DATA = pathlib.Path(__file__).resolve().parent.parent / ".cache" / "data"
SETS = {"words": ("words", "words.jsonl", "application/x-ndjson", "COSINE"), "scale": ("sift-1m", "sift-1m.npy", "application/x-npy", "L2")}
TIERS = ("idmap", "ivf", "ondisk", "merged")
NEVER, NEAREST, QUERIES = 10**9, 10, 200


def say(text):
    print(f"\033[1m{text}\033[0m", flush=True)


class Api:
    """Calls over one keep-alive connection; whatever is refused ends the walk."""

    def __init__(self):
        url = urllib.parse.urlsplit(os.environ["MLGRAPH_URL"])
        self.line = http.client.HTTPConnection(url.hostname, url.port, timeout=3600, blocksize=1 << 20)
        self.head = {"Authorization": f"Bearer {os.environ['MLGRAPH_TOKEN']}"}

    def call(self, method, path, body=None, content_type="application/json", **head):
        if isinstance(body, dict):
            body = json.dumps(body)
        self.line.request(method, "/api/v1" + path, body, {**self.head, "Content-Type": content_type, **head})
        answer = self.line.getresponse()
        text = answer.read()
        if answer.status == 404 and method == "GET":
            return None
        if answer.status >= 300:
            sys.exit(f"{method} {path} was answered {answer.status}: {text.decode()}")
        return json.loads(text or b"null")


class Walk:
    def __init__(self, kind, shards):
        self.api, self.shards = Api(), shards
        self.name, file, self.content_type, self.metric = SETS[kind]
        self.file = DATA / file
        self.base = numpy.load(DATA / f"{self.name}.npy", mmap_mode="r")
        self.queries = numpy.load(DATA / f"{self.name}-queries.npy")[:QUERIES]
        truth = numpy.fromfile(DATA / f"{self.name}-truth.ivecs", dtype=numpy.int32)
        self.truth = truth.reshape(-1, truth[0] + 1)[:QUERIES, NEAREST]  # the tenth nearest; the first number of a row is its length
        self.row_of = {}

    def names(self):
        """Rows of an NPY file are named by their numbers, those of JSON lines by themselves."""
        if not self.row_of and self.file.suffix == ".jsonl":
            with open(self.file) as lines:
                self.row_of = {json.loads(line.split(',"values":', 1)[0] + "}")["id"]: row for row, line in enumerate(lines)}
        return self.row_of

    def search(self, tier):
        """Recall counts what is as near as the tenth nearest, or nearer: among equal distances any will do."""
        names, hits, took = self.names(), 0, []
        for query, tenth in zip(self.queries, self.truth):
            began = time.monotonic()
            found = self.api.call("POST", f"/indices/{self.name}/search", {"vector": query.tolist(), "k": NEAREST, "include": []})
            took.append(time.monotonic() - began)
            rows = [names[hit["id"]] if names else int(hit["id"]) for hit in found["results"][0]]
            worst = ((self.base[tenth] - query) ** 2).sum() * 1.000001
            hits += int((((self.base[rows] - query) ** 2).sum(axis=1) <= worst).sum())
        took.sort()
        say(f"{tier:>7}: recall@10 {hits / (NEAREST * len(took)):.4f}, p50 {took[len(took) // 2] * 1e3:.2f} ms with the client's own time")

    def finish(self, job):
        while job["state"] in ("queued", "running"):
            job = self.api.call("GET", f"/jobs/{job['jobId']}?wait_for=completed&timeout_s=60")
        if job["state"] == "failed":
            sys.exit(f"{job['jobType']} failed: {job['error']}")

    def busy(self):
        return any(self.api.call("GET", f"/jobs?index={self.name}&state={state}")["jobs"] for state in ("queued", "running"))

    def wait_for(self, tier, began):
        while True:
            hope = time.monotonic() - began < 30 or self.busy()  # asked first: what ends in between is seen below
            shards = self.api.call("GET", f"/indices/{self.name}")["shards"]
            if all(shard["state"] == "active" and (shard["tier"] == tier or shard["vectors"] == 0) for shard in shards):
                return say(f"{tier:>7}: reached by {len(shards)} shards after {time.monotonic() - began:.1f} s")
            if not hope:
                sys.exit(f"the shards are not in the tier {tier}, and no job moves them there")
            time.sleep(0.2)

    def move_to(self, tier):
        """A threshold below what the shards have, and the move begins by itself; merging is asked for."""
        began = time.monotonic()
        if tier == "merged":
            self.finish(self.api.call("POST", f"/indices/{self.name}/merge", {}))
        else:
            below = {"ivf": "idmap_to_ivf", "ondisk": "ivf_to_ondisk"}[tier]
            self.api.call("PATCH", f"/indices/{self.name}", {"tiering": {below: 1000}})
        self.wait_for(tier, began)

    def fill(self):
        rows, dim = self.base.shape
        say(f"importing {rows:,} vectors of {dim} numbers into the index {self.name} of {self.shards} shards")
        if not self.api.call("GET", f"/indices/{self.name}"):
            self.api.call("POST", "/indices", {"index_id": self.name, "dimension": dim, "metric_type": self.metric,
                                               "num_shards": self.shards,
                                               "tiering": {"idmap_to_ivf": NEVER, "ivf_to_ondisk": NEVER, "merge": NEVER}})
        began = time.monotonic()
        with open(self.file, "rb") as body:
            length = {"Content-Length": str(os.path.getsize(self.file))}
            self.finish(self.api.call("POST", f"/indices/{self.name}/import", body, self.content_type, **length))
        say(f"{rows / (time.monotonic() - began):,.0f} rows/s, durable and searchable")

    def go(self):
        shown = self.api.call("GET", f"/indices/{self.name}")
        if not shown or shown["vectors"] < len(self.base):
            self.fill()
        shards = self.api.call("GET", f"/indices/{self.name}")["shards"]
        reached = min(TIERS.index(shard["tier"]) for shard in shards if shard["vectors"])
        self.search(TIERS[reached])
        for tier in TIERS[reached + 1:]:
            self.move_to(tier)
            self.search(tier)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("set", choices=SETS)
    arguments.add_argument("--shards", type=int, default=4)
    options = arguments.parse_args()
    Walk(options.set, options.shards).go()
