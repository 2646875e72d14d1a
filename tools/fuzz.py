#!/usr/bin/env python3
"""Runs each fuzz target over its kept corpus, then on new input for a while.

  tools/fuzz.py [--seconds N] [--target NAME]   (binaries: build/asan/bin, seeds: fuzz/corpus/<target>/)
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

root = pathlib.Path(__file__).resolve().parent.parent
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--seconds", type=int, default=60)
arguments.add_argument("--target")
options = arguments.parse_args()


def run(binary):
    corpus = root / "fuzz" / "corpus" / binary.name.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory() as found:
        command = [str(binary), f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=2048",
                   "-print_final_stats=0", "-verbosity=0", found]
        if corpus.is_dir():
            command.append(str(corpus))
        return binary.name, subprocess.run(command, cwd=found, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


passed = failed = 0
binaries = [b for b in sorted((root / "build" / "asan" / "bin").glob("*_fuzz")) if options.target in (None, b.name)]
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, ended in pool.map(run, binaries):
        print(ended.stdout, end="")
        print(f"{name}: {'FAILED' if ended.returncode else 'ok'}", flush=True)
        passed, failed = passed + (not ended.returncode), failed + bool(ended.returncode)
if not passed + failed:
    sys.exit("no fuzz target was built")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
