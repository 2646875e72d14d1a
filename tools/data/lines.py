#!/usr/bin/env python3
"""A set of whole numbers as JSON lines: lines.py ROWS.npy OUT.jsonl. A row's id is its number, as an import of the NPY file gives it;
its metadata is {"bucket": row % 100}, by which a filter keeps as many per cent as one likes."""
import sys

import numpy

rows = numpy.load(sys.argv[1], mmap_mode="r")
with open(sys.argv[2], "w") as out:
    for begin in range(0, len(rows), 10_000):
        for row, values in enumerate(rows[begin:begin + 10_000].astype(int).tolist(), begin):
            out.write(f'{{"id":"{row}","values":{str(values).replace(" ", "")},"metadata":{{"bucket":{row % 100}}}}}\n')
