"""Writing results: JSON lines for programs, plain columns for people."""

import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from domain import instant

WIDE = 200

# Controls but the tab, and what turns the direction of writing.
_STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def harmless(line: str) -> str:
    """Return a line that people wrote without what would let it steer the terminal."""
    return _STEERING.sub("?", line)


def json_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as one line of JSON."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def json_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object per line to standard output."""
    write_lines([json_line(row) for row in rows])


def write_lines(lines: Sequence[bytes]) -> None:
    """Write lines to standard output.

    They are made before the first is written, so that a failure leaves nothing half-printed.
    """
    sys.stdout.flush()
    sys.stdout.buffer.writelines(lines)
    sys.stdout.buffer.flush()


def width() -> int:
    """Return how many columns there are: the terminal's, and plenty in a file or a pipe."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return WIDE


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """Yield lines of left-aligned columns, each as wide as its widest cell."""
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(wide) for cell, wide in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def fitting(
    head: Sequence[str], rows: Iterable[Sequence[str]], dispensable: Sequence[str]
) -> Iterable[str]:
    """Yield columns that fit the terminal: the first of the dispensable ones go first.

    The last line names what was left out. A file or a pipe gets every column.
    """
    table = [list(head), *map(list, rows)]
    left_out = []
    if sys.stdout.isatty():
        for name in dispensable:
            if max(map(len, columns(table[0], table[1:]))) <= width():
                break
            index = table[0].index(name)
            table = [row[:index] + row[index + 1 :] for row in table]
            left_out.append(name)
    yield from columns(table[0], table[1:])
    if left_out:
        yield f"Left out for want of room: {', '.join(left_out)}."


def clock_time(duration: int) -> str:
    """Write a duration as hours, minutes and seconds, such as `26:05:00`, rounded down."""
    whole = abs(duration) // instant.SECOND
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if duration < 0 else ''}{hours}:{minutes:02}:{seconds:02}"
