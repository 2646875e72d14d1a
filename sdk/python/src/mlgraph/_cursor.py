"""Cursors, looked into: a fold must tell before from after, and one history from another."""
from __future__ import annotations

import re
from typing import NamedTuple

_CURSOR = re.compile(r"([0-9a-z]{1,32})-(0|[1-9][0-9]*)\Z")


class Place(NamedTuple):
    """A cursor taken apart. Of one epoch, `seq` orders."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


def parse_cursor(cursor: str) -> Place | None:
    """None: not a cursor."""
    match = _CURSOR.match(cursor)
    return Place(match[1], int(match[2])) if match else None
