#!/usr/bin/env python3
"""Compares the modules' DEPENDS rows (written by CMake) with the #include lines: arrows point down only."""
import pathlib
import re
import sys

root, table_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
table = {}
for line in table_file.read_text().splitlines():
    name, _, rest = line.partition(":")
    table[name] = set(filter(None, re.split(r"[;\s]+", rest))) | {name}

wrong = []
for path in sorted((root / "src").rglob("*.[hc]*")):
    module = path.relative_to(root / "src").parts[0]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include "([a-z_]+)/', line)
        if found and found.group(1) not in table.get(module, set()):
            wrong.append(f"{path.relative_to(root)}:{number}: {module} may not include {found.group(1)}")
    if path.suffix == ".h" and "#pragma once" not in path.read_text():
        wrong.append(f"{path.relative_to(root)}: no #pragma once")
print("\n".join(wrong) or f"{len(table)} modules, all arrows point down")
sys.exit(bool(wrong))
