"""A job's progress, drawn from its own events: a bar on a terminal, lines elsewhere."""
from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from .objects import Job

STEPS = 10  # lines that a job of known length has at most, where there is no terminal
_UNITS = {"import": "rows", "export": "rows", "snapshot": "rows", "restore": "rows"}


class ProgressBar:
    """Draws one job. On a terminal it redraws one line, cut at its width; elsewhere it writes a line at the begin, at each tenth and at
    the end. NO_COLOR, and a dumb terminal, have no colours.

    stream  default: standard error, so that a program's output stays its own
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._has_colour = self._is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._step = -1
        self._state = ""
        self._ended = False

    def show(self, job: Job) -> None:
        """The job as an event, or an answer, tells it; nothing more once it has ended."""
        if self._ended:
            return
        self._ended = job["state"] in ("completed", "failed")
        if self._is_terminal:
            self._draw(job)
        else:
            self._tell(job)

    def finish(self) -> None:
        """Leaves the line where the waiting was given up."""
        if self._is_terminal and not self._ended and self._state:
            self._stream.write("\n")
            self._stream.flush()

    def _draw(self, job: Job) -> None:
        self._state = job["state"]
        columns = shutil.get_terminal_size().columns
        text = _words(job)
        width = min(30, columns - len(text) - 4)
        bar = _bar(job["progress"], width) + " " if width >= 5 else ""
        line = (bar + text)[:columns - 1]
        if self._has_colour and self._ended:
            line = f"\x1b[{32 if job['state'] == 'completed' else 31}m{line}\x1b[0m"
        erase = "\x1b[K" if os.environ.get("TERM") != "dumb" else " " * max(0, columns - 1 - len(line))
        self._stream.write("\r" + line + erase + ("\n" if self._ended else ""))
        self._stream.flush()

    def _tell(self, job: Job) -> None:
        step = int((job["progress"] or 0) * STEPS)
        if step <= self._step and job["state"] == self._state:
            return
        self._step, self._state = max(step, self._step), job["state"]
        self._stream.write(_words(job) + "\n")
        self._stream.flush()


def _bar(progress: float | None, width: int) -> str:
    full = int((progress or 0) * width)
    return "[" + "#" * full + "-" * (width - full) + "]"


def _words(job: Job) -> str:
    """`import-1 45 % 450 of 1,000 rows, 500/s, 1 s left`"""
    unit = _UNITS.get(job["jobType"], "steps")
    done = f"{job['processed']:,}" + (f" of {job['total']:,}" if job["total"] is not None and job["state"] == "running" else "")
    said = [f"{done} {unit}"]
    if job["failed"]:
        said.append(f"{job['failed']:,} refused")
    if job["state"] == "running" and job["rate"] > 0:
        said.append(f"{job['rate']:,.0f}/s")
    if job["state"] == "running" and job["eta_seconds"] is not None:
        said.append(f"{job['eta_seconds']:,.0f} s left")
    if job["error"]:
        said.append(f"{job['error']['code']}: {job['error']['message']}")
    percent = f" {100 * job['progress']:3.0f} %" if job["state"] == "running" and job["progress"] is not None else f" {job['state']}"
    return f"{job['jobId']}{percent} {', '.join(said)}"
