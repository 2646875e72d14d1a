"""Searches of large sets over HTTP against the rivals in process, each at the first rung of a ladder that reaches the recall."""
import functools
import json
import statistics

import vector_sets as sets
from vector_server import lines_of, with_graph, with_lists

TURNS = 3  # server and rival take turns this often within a round, so that both meet the same weather


def first_reaching(rungs, recall):
    return next(rung for rung in rungs if rung.get("recall", 0) >= recall)


@functools.cache
def rival_ladder(program, data):
    """The rival climbs once a run of the benchmarks; what it has built is kept in a file for the turns."""
    return lines_of(program, *data.known(), "--file", data.kept(program), "--passes", 1)


@functools.cache
def server_ladder(server, index, data, member):
    return lines_of("search_load", server.port, index, *data.known(), "--member", member, "--seconds", 0.1)


def rival_at(program, data, rung, member):
    return lines_of(program, *data.known(), "--file", data.kept(program), "--rungs", rung[member])[-1]


def server_at(server, index, data, rung, member, *more):
    return lines_of("search_load", server.port, index, *data.known(), "--member", member, "--rungs", rung[member], *more)[-1]


def against(server, index, data, member, program):
    """p50 at recall 0.95 and 0.99: the server's with HTTP and JSON, the rival's a function call."""
    figures = {}
    for recall in (0.95, 0.99):
        theirs = first_reaching(rival_ladder(program, data), recall)
        ours = first_reaching(server_ladder(server, index, data, member), recall)
        turns = [(server_at(server, index, data, ours, member), rival_at(program, data, theirs, member)) for _ in range(TURNS)]
        name = f"{recall}_"
        figures |= {
            name + member: ours[member], name + "recall": turns[0][0]["recall"],
            name + "rival_" + member: theirs[member], name + "rival_recall": turns[0][1]["recall"],
            name + "p50_us": statistics.median(mine["p50_us"] for mine, _ in turns),
            name + "p99_us": statistics.median(mine["p99_us"] for mine, _ in turns),
            name + "rival_p50_us": statistics.median(rival["p50_us"] for _, rival in turns),
            name + "rival_p99_us": statistics.median(rival["p99_us"] for _, rival in turns),
            name + "p50_ratio": statistics.median(mine["p50_us"] / rival["p50_us"] for mine, rival in turns),
            name + "p50_beyond_us": statistics.median(mine["p50_us"] - rival["p50_us"] for mine, rival in turns)}
    return figures


def scale_ivf():
    """A million SIFT descriptors in the ivf tier against FAISS IVFFlat compiled for AVX2."""
    data = sets.scale()
    return against(with_lists(data), "lists", data, "nprobe", "faiss_ivf_avx2")


def words_ivf():
    """126,236 definitions, cosine, likewise (the rows are unit vectors, so that FAISS may compare them by L2)."""
    data = sets.words()
    return against(with_lists(data), "lists", data, "nprobe", "faiss_ivf_avx2")


def scale_hnsw():
    """A million SIFT descriptors as a graph against hnswlib compiled for this machine."""
    data = sets.scale()
    return against(with_graph(data), "graph", data, "ef", "hnswlib_bench")


def crowd(server, index, data, member, program):
    """CPU a query with 16 clients at recall 0.95: the whole process of the server, and one thread of the rival's."""
    theirs = first_reaching(rival_ladder(program, data), 0.95)
    ours = first_reaching(server_ladder(server, index, data, member), 0.95)
    turns = []
    for _ in range(TURNS):
        _, before = server.busy()
        seen = server_at(server, index, data, ours, member, "--clients", 16, "--unchecked")
        _, after = server.busy()
        turns.append((seen, (after - before) * 1e6 / seen["queries"], rival_at(program, data, theirs, member)["cpu_us"]))
    return {"qps": statistics.median(seen["qps"] for seen, _, _ in turns),
            "p50_us": statistics.median(seen["p50_us"] for seen, _, _ in turns),
            "p99_us": statistics.median(seen["p99_us"] for seen, _, _ in turns),
            "cpu_us": statistics.median(cpu for _, cpu, _ in turns),
            "rival_cpu_us": statistics.median(rival for _, _, rival in turns),
            "cpu_ratio": statistics.median(cpu / rival for _, cpu, rival in turns)}


def crowd_ivf():
    data = sets.scale()
    return crowd(with_lists(data), "lists", data, "nprobe", "faiss_ivf_avx2")


def crowd_hnsw():
    data = sets.scale()
    return crowd(with_graph(data), "graph", data, "ef", "hnswlib_bench")


def scale_filter():
    """Filters that keep 1, 10 and 50 per cent of a million rows in the ivf tier, at what the server chooses by itself."""
    data = sets.scale()
    server = with_lists(data)

    def search(truth, *more):
        return lines_of("search_load", server.port, "lists", data.base, data.queries, truth, *more)[-1]
    figures = {}
    for percent in (1, 10, 50):
        condition = json.dumps({"must": [{"key": "bucket", "range": {"lt": percent}}]})
        truth = data.kept_truth(percent)
        turns = [(search(truth, "--filter", condition), search(data.truth)) for _ in range(TURNS)]
        name = f"{percent}%_"
        figures |= {name + "recall": turns[0][0]["recall"],
                    name + "p50_us": statistics.median(kept["p50_us"] for kept, _ in turns),
                    name + "p99_us": statistics.median(kept["p99_us"] for kept, _ in turns),
                    name + "p50_ratio": statistics.median(kept["p50_us"] / free["p50_us"] for kept, free in turns),
                    name + "qps_ratio": statistics.median(kept["qps"] / free["qps"] for kept, free in turns)}
    return {"unfiltered_recall": turns[0][1]["recall"], "unfiltered_p50_us": turns[0][1]["p50_us"], **figures}
