# %% [markdown]
# A tour of MLGraph from Python: an index, an import that is watched, searches, filters, a shard that changes its tier.
#
# It wants a running server and its data set, which `./run` in the repository gives you:
#
#     export MLGRAPH_URL=http://127.0.0.1:7700 MLGRAPH_TOKEN=$(cat data/admin.token)
#     PYTHONPATH=sdk/python/src python3 sdk/python/examples/tour.py [VECTORS.jsonl]

# %% The client. Its calls block; `mlgraph.AsyncClient` is the same for asyncio.
import json
import os
import pathlib
import sys

import numpy

import mlgraph

ROOT = pathlib.Path(__file__).resolve().parents[3]
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".cache" / "data" / "fiori.jsonl")
client = mlgraph.Client(os.environ["MLGRAPH_URL"], os.environ["MLGRAPH_TOKEN"])
INDEX = "tour"

# %% The live state: everything the server knows, kept right by its events from here on.
state = client.watch()
print(f"connected, {len(state.indices)} indices, {len(state.jobs)} jobs, {len(state.alerts)} open alerts")
if INDEX in state.indices:
    client.delete_index(INDEX)

# %% The data: sentences as vectors, with their texts. Any iterable of rows can be imported; arrays and files can too.
rows = [json.loads(line) for line in data.open()]
dimension = len(rows[0]["values"])
print(f"{len(rows)} vectors of {dimension} numbers; the first is '{rows[0]['id']}'")

# %% An index. Behind `idmap_to_ivf` vectors a shard goes from the flat, exact tier to a trained one; we shall see it.
threshold = len(rows) * 2 // 3
client.create_index(INDEX, dimension, metric_type="COSINE", tiering={"idmap_to_ivf": threshold})

# %% The events of our index begin here, before anything happens to it.
moves = client.events(f"index.{INDEX}.shard_transition")
moves.subscribed()

# %% An import is a job; its progress is drawn from its own events.
job = client.import_(INDEX, rows)
done = job.wait(progress=True)
print(f"imported {done['processed']} rows, {done['failed']} refused")

# %% The import has crossed the threshold, so a training began by itself. Nobody polls: the events tell.
for event in moves:
    move = event.data
    print(f"shard {move['shard']}: {move['from']['tier']}/{move['from']['state']} -> {move['to']['tier']}/{move['to']['state']}"
          f" ({move['reason']}, {move['vectors']} vectors)")
    if move["to"] == {"tier": "ivf", "state": "active"}:
        break
moves.close()

# %% Search: an array in, arrays out. A vector finds itself first, and then what is near.
query = numpy.array(rows[0]["values"], numpy.float32)
hits = client.search(INDEX, query, k=5)
print("nearest to", rows[0]["id"])
for id_, distance, metadata in hits:
    print(f"  {distance:.4f}  {id_}")

# %% Many queries at once, and how often the plain search agrees with the exact one.
queries = numpy.array([row["values"] for row in rows[:100]], numpy.float32)
plain, exact = client.search_many(INDEX, queries), client.search_many(INDEX, queries, exact=True)
agreed = sum(len(set(a.ids) & set(b.ids)) for a, b in zip(plain, exact))
print(f"recall@10 of {len(queries)} searches: {agreed / sum(len(hits) for hits in exact):.3f}")

# %% Filters look into the metadata. The import's rows can be given more of it: an id that exists is replaced.
client.upsert(INDEX, [row["id"] for row in rows[:20]], queries[:20], [{"shelf": n % 2} for n in range(20)])
on_shelf = client.search(INDEX, query, k=20, filter={"must": [{"key": "shelf", "match": 1}]})
print(f"on shelf 1 there are {len(on_shelf)}, the nearest is '{on_shelf.ids[0]}'")

# %% An alert: a rule with a level that the server is always above. It opens, is seen, and resolves when the rule is put back, which it
# is whatever happens. Other rules' alerts may come in between.
before = next(rule for rule in client.list_alert_rules() if rule["rule"] == "memory")
with client.events(["alert.warning", "alert.resolved"]) as alerts:
    alerts.subscribed()
    ours = (event for event in alerts if event.data["rule"] == "memory")
    try:
        client.put_alert_rule("memory", warn=1e-6, clear=1e-7, for_seconds=0)
        opened = next(ours)
        print(f"{opened.type}: {opened.data['title']}")
    finally:
        client.put_alert_rule("memory", warn=before["warn"], clear=before["clear"], for_seconds=before["for_seconds"])
    resolved = next(event for event in ours if event.type == "alert.resolved")
    print(f"{resolved.type}: {resolved.data['title']}")

# %% What it was is what the state shows, without asking again. Then everything is put away.
print(f"{INDEX} has {client.state.indices[INDEX]['shards'][0]['tier']} shards, {len(client.state.alerts)} open alerts")
client.delete_index(INDEX)
client.close()
