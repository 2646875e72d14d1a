#!/usr/bin/env python3
"""clang with -Wthread-safety over the whole build, then clang-tidy over src/ (checks in .clang-tidy, all errors)."""
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
built = subprocess.call(["cmake", "--build", "--preset", "lint"], cwd=root)
units = [entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())]
mine = sorted(f for f in units if f.startswith(str(root / "src")))
bad = 0
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for path, code, output in pool.map(tidy, mine):
        if code:
            bad += 1
            print(output)
print(f"{len(mine)} files, {bad} with findings")
sys.exit(1 if built or bad else 0)
