"""Vectors to write: seeded, so that a failure repeats."""
import json

import numpy


def rows(count, dimension, seed=1, first=0, clusters=16):
    """`count` rows {id, values, metadata} around a few centres, as training likes them."""
    random = numpy.random.default_rng(seed)
    centres = random.normal(size=(clusters, dimension))
    values = centres[random.integers(0, clusters, count)] + 0.1 * random.normal(size=(count, dimension))
    return [{"id": f"v{first + i}", "values": [round(float(x), 4) for x in values[i]], "metadata": {"n": first + i}}
            for i in range(count)]


def ndjson(items):
    return "".join(json.dumps(item) + "\n" for item in items).encode()


def fill(rest, index, items):
    answer = rest.post(f"/indices/{index}/vectors", {"vectors": items})
    assert answer.status == 200, answer
    return answer.json
