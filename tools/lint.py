#!/usr/bin/env python3
"""clang-tidy over src/, clang's own warnings and its thread-safety analysis among them (checks in .clang-tidy, all errors)."""
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

root = pathlib.Path(__file__).resolve().parent.parent
build = root / "build" / "lint"


def tidy(path):
    done = subprocess.run(["clang-tidy", "-p", str(build), "--quiet", path], capture_output=True, text=True, cwd=root)
    return path, done.returncode, done.stdout


subprocess.check_call(["cmake", "--preset", "lint", "-Wno-dev"], cwd=root)
units = [entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())]
mine = sorted(f for f in units if f.startswith(str(root / "src")))
bad = 0
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for path, code, output in pool.map(tidy, mine):
        if code:
            bad += 1
            print(output)
print(f"{len(mine)} files, {bad} with findings")
sys.exit(1 if bad else 0)
