"""Timing, and the table that every benchmark prints."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One measured thing against its baseline; `value` and `baseline` in the same `unit`.

    `bound` says what keeps it from being faster, where that is known.
    """

    name: str
    value: float
    baseline: float | None
    unit: str
    goal: str
    bound: str = ""


def per_call(function: Callable[[], object], calls: int, rounds: int = 7) -> float:
    """Return the microseconds of one call: the best round, so that other load disturbs least."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            function()
        best = min(best, time.perf_counter() - started)
    return best / calls * 1e6


class Finished(NamedTuple):
    """A whole process: wall seconds and peak memory in bytes."""

    seconds: float
    peak: int


def process(arguments: Sequence[str]) -> Finished:
    """Run a command to its end with its output thrown away; raise where it fails."""
    code = (
        "import resource, subprocess, sys, time\n"
        "started = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False)\n"
        "seconds = time.perf_counter() - started\n"
        "print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.returncode)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    seconds, peak = done.stdout.split()
    return Finished(float(seconds), int(peak) * 1024)


def paired(one: Sequence[str], other: Sequence[str], rounds: int = 3) -> tuple[Finished, Finished]:
    """Run two commands in turns and return the fastest run of each."""
    ones, others = [], []
    for _ in range(rounds):
        ones.append(process(one))
        others.append(process(other))
    return min(ones), min(others)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table; the ratio is the baseline's speed in relation to ours."""
    head = ("what", "measured", "baseline", "ratio", "unit", "goal")
    cells = [head]
    for row in rows:
        baseline = "-" if row.baseline is None else f"{row.baseline:.3f}"
        ratio = "-" if row.baseline is None else f"{row.baseline / row.value:.2f}"
        cells.append((row.name, f"{row.value:.3f}", baseline, ratio, row.unit, row.goal))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines += [f"bound, {row.name}: {row.bound}" for row in rows if row.bound]
    return "\n".join(lines)
