#!/usr/bin/env python3
"""clang-tidy over src/, clang's own warnings and its thread-safety analysis among them (checks in .clang-tidy, all errors).

  tools/lint.py [FILE…]    of all files, or of these

A file that had no findings is not looked at again until it, a header of ours that it includes, its command or the checks change:
$XDG_CACHE_HOME/mlgraph-lint keeps a stamp of each.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

root = pathlib.Path(__file__).resolve().parent.parent
build = root / "build" / "lint"
stamps = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mlgraph-lint"
INCLUDE = re.compile(rb'^#include "([^"]+)"', re.M)


def with_headers(path, found):
    """The file and what it includes of ours, all the way down."""
    if path not in found and path.is_file():
        found[path] = path.read_bytes()
        for name in INCLUDE.findall(found[path]):
            with_headers(root / "src" / name.decode(), found)
    return found


def stamp(entry):
    parts = [version, (root / ".clang-tidy").read_bytes(), entry["command"].replace(str(root), ".").encode()]
    for path, text in sorted(with_headers(pathlib.Path(entry["file"]), {}).items()):
        parts += [str(path.relative_to(root)).encode(), text]
    return stamps / hashlib.sha256(b"\0".join(parts)).hexdigest()


def tidy(entry):
    clean = stamp(entry)
    if clean.exists():
        return 0, ""
    done = subprocess.run(["clang-tidy", "-p", str(build), "--quiet", entry["file"]], capture_output=True, text=True, cwd=root)
    if done.returncode == 0:
        clean.touch()
    return done.returncode, done.stdout


subprocess.check_call(["cmake", "--preset", "lint", "-Wno-dev"], cwd=root)
version = subprocess.check_output(["clang-tidy", "--version"])
stamps.mkdir(parents=True, exist_ok=True)
units = [entry for entry in json.loads((build / "compile_commands.json").read_text()) if entry["file"].startswith(str(root / "src"))]
wanted = {str(pathlib.Path(name).resolve()) for name in sys.argv[1:]}
mine = sorted((entry for entry in units if not wanted or entry["file"] in wanted), key=lambda entry: entry["file"])
if len(mine) < len(wanted):
    sys.exit(f"no source of src/: {' '.join(sorted(wanted - {entry['file'] for entry in mine}))}")
bad = 0
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for code, output in pool.map(tidy, mine):
        if code:
            bad += 1
            print(output, flush=True)
print(f"{len(mine)} files, {bad} with findings")
sys.exit(1 if bad else 0)
