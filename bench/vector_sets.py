"""The sets that the cases measure on, whole or their first rows: paths of rows, queries, exact answer and JSON lines.

Slices are made when they are first asked for and kept below .cache/bench, as is what rivals have built: remove it when a set is made anew.
The truth of a slice is another one than the whole set's.
"""
import itertools
import pathlib
import re
import subprocess
from typing import NamedTuple

from harness import BIN, ROOT

DATA, KEPT = ROOT / ".cache" / "data", ROOT / ".cache" / "bench"
limit = None  # bench/run.py --rows: a smoke run of every case in minutes


class VectorSet(NamedTuple):
    name: str
    rows: int
    dim: int
    metric: str
    base: pathlib.Path
    queries: pathlib.Path
    truth: pathlib.Path
    lines: pathlib.Path  # the rows as JSON lines; sift-1m's have {"bucket": row % 100} as metadata

    def known(self):
        """What search_load and the rivals are given."""
        return self.base, self.queries, self.truth

    def kept_truth(self, percent):
        """The exact answer among rows whose bucket is below `percent`."""
        return made(self.truth.with_name(f"{self.name}-truth-{percent}.ivecs"), lambda to: exact(self.base, self.queries, to, 100, percent))

    def kept(self, what):
        """Where a rival keeps what it has built of this set."""
        KEPT.mkdir(exist_ok=True)
        return KEPT / f"{self.name}-{what}"


def made(path, make):
    if not path.exists():
        KEPT.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        make(part)
        part.rename(path)
    return path


def exact(base, queries, to, *kept):
    subprocess.run([BIN / "truth", base, queries, to, "100", *map(str, kept)], check=True)


def shape(file):
    """Of an NPY file of float32 [rows, dim]; the file then stands at the first row."""
    file.seek(8)
    header = file.read(int.from_bytes(file.read(2), "little")).decode()
    return tuple(map(int, re.search(r"\((\d+), (\d+)\)", header).groups()))


def copy_rows(source, begin, end, to):
    with open(source, "rb") as rows, open(to, "wb") as out:
        _, dim = shape(rows)
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({end - begin}, {dim}), }}"
        header += " " * (-(len(header) + 11) % 64) + "\n"
        out.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        rows.seek(begin * dim * 4, 1)
        for row in range(begin, end, 10_000):
            out.write(rows.read(min(10_000, end - row) * dim * 4))


def copy_lines(source, count, to):
    with open(source, "rb") as text, open(to, "wb") as out:
        out.writelines(itertools.islice(text, count))


def whole(name, metric, how):
    base = DATA / f"{name}.npy"
    if not base.exists():
        raise SystemExit(f"{base.relative_to(ROOT)} is not there: {how} makes it")
    with open(base, "rb") as file:
        rows, dim = shape(file)
    return VectorSet(name, rows, dim, metric, base, DATA / f"{name}-queries.npy", DATA / f"{name}-truth.ivecs", DATA / f"{name}.jsonl")


def first(full, rows):
    """The first `rows` of a set (fewer with --rows), which are as good as any: the sets are in an order by chance."""
    rows = min(rows or full.rows, limit or full.rows)
    if rows >= full.rows:
        return full
    name = f"{full.name}-{rows}"
    base = made(KEPT / f"{name}.npy", lambda to: copy_rows(full.base, 0, rows, to))
    truth = made(KEPT / f"{name}-truth.ivecs", lambda to: exact(base, full.queries, to))
    lines = KEPT / f"{name}.jsonl"
    if full.lines.exists():
        made(lines, lambda to: copy_lines(full.lines, rows, to))
    return VectorSet(name, rows, full.dim, full.metric, base, full.queries, truth, lines)


def scale(rows=None):
    """SIFT descriptors, a million."""
    return first(whole("sift-1m", "L2", "tools/data/scale.sh 1m"), rows)


def large():
    """Five million of them."""
    return first(whole("sift-5m", "L2", "tools/data/scale.sh 5m"), None)


def words():
    """Definitions of a dictionary. They are in its order, but for a smoke run that serves as well."""
    return first(whole("words", "COSINE", "tools/data/words.sh"), None)


def small():
    """The set of the older cases: 100,000 SIFT descriptors and a thousand more as queries, out of one file."""
    source, how = DATA / "sift-101k.npy", "tools/data/sift.sh .cache/data/sift-101k.npy 101000"
    if not source.exists():
        raise SystemExit(f"{source.relative_to(ROOT)} is not there: {how} makes it")
    base = made(KEPT / "sift-100k.npy", lambda to: copy_rows(source, 0, 100_000, to))
    queries = made(KEPT / "sift-100k-queries.npy", lambda to: copy_rows(source, 100_000, 101_000, to))
    truth = made(KEPT / "sift-100k-truth.ivecs", lambda to: exact(base, queries, to))
    return VectorSet("sift-100k", 100_000, 128, "L2", base, queries, truth, KEPT / "sift-100k.jsonl")
