#!/usr/bin/env python3
"""clang-tidy over src/, clang's own warnings and its thread-safety analysis among them (checks in .clang-tidy, all errors).

  tools/lint.py [FILE…]    of all files, or of these and those that are looked at with them

Nearly all the time goes into headers, so that a dozen files of a module are looked at as one text: what CMake's unity build includes, copied
together, because the analyzer walks no paths through what is included. A unit without findings is not looked at again until a file, a header of
ours, its command or the checks change: $XDG_CACHE_HOME/mlgraph-lint keeps a stamp of each.
"""
import bisect
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
PLACE = re.compile(r"^(/[^:\n]+):\d+:\d+: error: ", re.M)
# The analyzer does not know that a coroutine goes on where it was left: frames have no context then.
BEYOND_IT = "/boost/asio/impl/awaitable.hpp"


def with_headers(path, found):
    """The file and what it includes of ours, all the way down."""
    if path not in found and path.is_file():
        found[path] = path.read_bytes()
        for name in INCLUDE.findall(found[path]):
            with_headers(root / "src" / name.decode(), found)
    return found


class Unit:
    """Files that are looked at as one, and where in it each begins."""

    def __init__(self, entry):
        file = pathlib.Path(entry["file"])
        names = INCLUDE.findall(file.read_bytes()) if file.parent.name == "Unity" else [str(file).encode()]
        self.sources = [pathlib.Path(name.decode()) for name in names]
        first = self.sources[0].relative_to(root).with_suffix("")
        self.text = build / "units" / f"{str(first).replace('/', '.')}.cc"
        self.entry = {**entry, "file": str(self.text), "command": entry["command"].replace(entry["file"], str(self.text))}
        self.begins, lines = [], []
        for source in self.sources:
            self.begins.append(len(lines))
            lines += source.read_text().split("\n")
        self.text.write_text("\n".join(lines))

    def stamp(self):
        found = {}
        for source in self.sources:
            with_headers(source, found)
        parts = [version, (root / ".clang-tidy").read_bytes(), self.entry["command"].replace(str(root), ".").encode()]
        for path, text in sorted(found.items()):
            parts += [str(path.relative_to(root)).encode(), text]
        return stamps / hashlib.sha256(b"\0".join(parts)).hexdigest()

    def by_their_names(self, findings):
        def place(match):
            line = int(match.group(1)) - 1
            at = bisect.bisect_right(self.begins, line) - 1
            return f"{self.sources[at]}:{line - self.begins[at] + 1}:"
        return re.sub(re.escape(str(self.text)) + r":(\d+):", place, findings)

    def findings(self):
        clean = self.stamp()
        if clean.exists():
            return ""
        done = subprocess.run(["clang-tidy", "-p", str(build / "units"), "--quiet", str(self.text)], capture_output=True, text=True, cwd=root)
        places = PLACE.findall(done.stdout)
        if done.returncode == 0 or places and all(place.endswith(BEYOND_IT) for place in places):
            clean.touch()
            return ""
        return self.by_their_names(done.stdout) or done.stderr


subprocess.check_call(["cmake", "--preset", "lint", "-Wno-dev"], cwd=root)
version = subprocess.check_output(["clang-tidy", "--version"])
stamps.mkdir(parents=True, exist_ok=True)
(build / "units").mkdir(exist_ok=True)
entries = json.loads((build / "compile_commands.json").read_text())
units = [Unit(entry) for entry in entries if not {"tests", "bench"}.intersection(pathlib.Path(entry["file"]).relative_to(root).parts)]
(build / "units" / "compile_commands.json").write_text(json.dumps([unit.entry for unit in units]))
wanted = {pathlib.Path(name).resolve() for name in sys.argv[1:]}
if unknown := wanted.difference(*(unit.sources for unit in units)):
    sys.exit(f"no source of src/: {' '.join(sorted(map(str, unknown)))}")
mine = [unit for unit in units if not wanted or wanted.intersection(unit.sources)]
bad = 0
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for found in pool.map(Unit.findings, mine):
        if found:
            bad += 1
            print(found, flush=True)
print(f"{sum(len(unit.sources) for unit in mine)} files in {len(mine)} units, {bad} with findings")
sys.exit(1 if bad else 0)
