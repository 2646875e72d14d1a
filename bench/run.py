#!/usr/bin/env python3
"""Measures the server's figures in one run and prints them as a table: ratios against a baseline of the same run.

  cmake --preset release && cmake --build --preset release && tools/data/sift.sh .cache/data/sift-101k.npy 101000
  bench/run.py [--rounds N] [--only upsert,import,search,latency,watching,commits,replay,patterns,revoked,restart,storm,churn,soak,\
                                          stalled,rare,idle]

`soak` takes an hour, and runs only when it is asked for.

Baselines: bare RocksDB writing the same rows or records, Debian's FAISS IVF in process, a bare loop that sends the same
bytes, and the same watchers before the load.
"""
import argparse
import statistics

import delivery_cases as delivery
import engine_cases as engine

CASES = {"upsert": engine.upsert, "import": engine.import_, "search": engine.search, "latency": engine.latency, "watching": engine.watching,
         "commits": delivery.commits, "replay": delivery.replay, "patterns": delivery.patterns, "revoked": delivery.revoked,
         "restart": delivery.restart, "storm": delivery.storm, "churn": delivery.churn, "soak": delivery.soak,
         "stalled": delivery.stalled, "rare": delivery.rare, "idle": delivery.idle}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default=",".join(name for name in CASES if name != "soak"))
    options = arguments.parse_args()
    print("| case | figure | median | least | most |\n|---|---|---|---|---|")
    for name in options.only.split(","):
        rounds = [CASES[name]() for _ in range(options.rounds)]
        for figure in rounds[0]:
            values = [r[figure] for r in rounds]
            shown = [f"{v:,.0f}" if v >= 1000 else f"{v:.3f}" for v in (statistics.median(values), min(values), max(values))]
            print(f"| {name} | {figure} | {shown[0]} | {shown[1]} | {shown[2]} |", flush=True)


if __name__ == "__main__":
    main()
