#!/usr/bin/env python3
"""Measures the server's figures in one run and prints them as a table: ratios against a baseline of the same run.

  cmake --preset release && cmake --build --preset release && tools/data/sift.sh .cache/data/sift-101k.npy 101000
  bench/run.py [--rounds N] [--only upsert,import,search,latency,watching,commits,replay,patterns,revoked,restart,storm,churn,soak,\
                                          stalled,rare,idle]
  tools/data/scale.sh 1m && tools/data/words.sh && tools/bench/faiss_avx2.sh && cmake --preset release && cmake --build --preset release
  bench/run.py --only scale_ivf,words_ivf,crowd_ivf,scale_filter,scale_hnsw,crowd_hnsw,scale_import,scale_train,scale_graph,\
                      ivf_memory,ondisk_memory,scale_restart [--rows N]
  tools/data/scale.sh 5m && bench/run.py --rounds 1 --only large

`soak` takes an hour, the cases of large sets minutes each: they run only when they are asked for. `--rows` cuts their sets.

Baselines: bare RocksDB writing the same rows or records, FAISS IVF (Debian's, and compiled for AVX2) and hnswlib in process, a bare
loop that sends the same bytes, and the same watchers before the load.
"""
import argparse
import statistics

import delivery_cases as delivery
import engine_cases as engine
import vector_build_cases as build
import vector_search_cases as vectors
import vector_sets

CASES = {"upsert": engine.upsert, "import": engine.import_, "search": engine.search, "latency": engine.latency, "watching": engine.watching,
         "commits": delivery.commits, "replay": delivery.replay, "patterns": delivery.patterns, "revoked": delivery.revoked,
         "restart": delivery.restart, "storm": delivery.storm, "churn": delivery.churn,
         "stalled": delivery.stalled, "rare": delivery.rare, "idle": delivery.idle}
ASKED_FOR = {"soak": delivery.soak,
             "scale_ivf": vectors.scale_ivf, "words_ivf": vectors.words_ivf, "scale_hnsw": vectors.scale_hnsw,
             "crowd_ivf": vectors.crowd_ivf, "crowd_hnsw": vectors.crowd_hnsw, "scale_filter": vectors.scale_filter,
             "scale_import": build.scale_import, "scale_train": build.scale_train, "scale_graph": build.scale_graph,
             "ivf_memory": build.ivf_memory, "ondisk_memory": build.ondisk_memory, "scale_restart": build.scale_restart, "large": build.large}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default=",".join(CASES))
    arguments.add_argument("--rows", type=int, help="of the large sets only so many: tries a case, measures nothing")
    options = arguments.parse_args()
    vector_sets.limit = options.rows
    print("| case | figure | median | least | most |\n|---|---|---|---|---|")
    for name in options.only.split(","):
        rounds = [(CASES | ASKED_FOR)[name]() for _ in range(options.rounds)]
        for figure in rounds[0]:
            values = [r[figure] for r in rounds]
            shown = [f"{v:,.0f}" if v >= 1000 else f"{v:.3f}" for v in (statistics.median(values), min(values), max(values))]
            print(f"| {name} | {figure} | {shown[0]} | {shown[1]} | {shown[2]} |", flush=True)


if __name__ == "__main__":
    main()
