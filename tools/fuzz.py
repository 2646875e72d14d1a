#!/usr/bin/env python3
"""Runs each fuzz target over its kept corpus, then on new input for a while.

  tools/fuzz.py [--seconds N] [--target NAME]   (binaries: build/fuzz/bin, seeds: fuzz/corpus/<target>/)
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--seconds", type=int, default=60)
arguments.add_argument("--target")
options = arguments.parse_args()

passed = failed = 0
for binary in sorted((root / "build" / "fuzz" / "bin").glob("*_fuzz")):
    if options.target and binary.name != options.target:
        continue
    corpus = root / "fuzz" / "corpus" / binary.name.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory() as found:
        command = [str(binary), f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=2048",
                   "-print_final_stats=0", "-verbosity=0", found]
        if corpus.is_dir():
            command.append(str(corpus))
        code = subprocess.call(command, cwd=found)
    print(f"{binary.name}: {'FAILED' if code else 'ok'}")
    passed, failed = passed + (not code), failed + bool(code)
if not passed + failed:
    sys.exit("no fuzz target was built")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
