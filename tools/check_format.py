#!/usr/bin/env python3
"""Fails when clang-format would change a C++ file."""
import pathlib
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
files = [str(p) for folder in ("src", "tests", "bench", "fuzz", "tools") for p in sorted((root / folder).rglob("*.[ch]*"))
         if p.suffix in (".cc", ".h")]
sys.exit(subprocess.call(["clang-format", "--dry-run", "--Werror", *files]))
