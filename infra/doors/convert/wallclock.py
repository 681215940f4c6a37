"""Times as foreign files write them, read as instants.

A wall clock without an offset needs a zone. Once a year it skips an hour, once it shows one
twice: what is read then is said, never guessed in silence.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain import instant

RFC3339 = "rfc3339"

_REMEMBERED = 1 << 14
_PARTS = {
    "%d": r"(?P<day>\d{1,2})",
    "%m": r"(?P<month>\d{1,2})",
    "%Y": r"(?P<year>\d{4})",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2})",
}
_IN_ORDER = ("year", "month", "day", "hour", "minute", "second")
_NEEDED = ("%d", "%m", "%Y", "%H", "%M")


class TimeUnreadable(ValueError):
    """A text that names no instant, or one outside the expected years."""


class Reading(NamedTuple):
    """An instant read from a wall clock, in microseconds.

    `later` is the second reading where the clock shows the hour twice; `skipped` says that the
    clock never showed this time, so that the reading lies as far behind the gap.
    """

    at: int
    later: int | None = None
    skipped: bool = False


Reader = Callable[[str], Reading]


def pattern_of(written: str) -> re.Pattern[str]:
    """Return the expression for times written as in `%d/%m/%Y %H:%M`; raise ValueError.

    Only numbers are understood, so that no locale can change the meaning.
    """
    pieces = re.split(r"(%.)", written)
    directives = [piece for piece in pieces if piece.startswith("%")]
    if unknown := [piece for piece in directives if piece not in _PARTS]:
        raise ValueError(f"{unknown[0]} is not understood; known are {' '.join(_PARTS)}")
    if missing := [part for part in _NEEDED if part not in directives]:
        raise ValueError(f"{' '.join(missing)} is missing")
    if len(directives) != len(set(directives)):
        raise ValueError("a part stands in it twice")
    return re.compile("".join(_PARTS.get(piece) or re.escape(piece) for piece in pieces), re.ASCII)


def reader(written: str, zone: ZoneInfo | None, earliest: int, latest: int) -> Reader:
    """Return a function that reads times; those seen lately cost next to nothing.

    It raises TimeUnreadable also for an instant not between `earliest` and `latest`.
    """
    read = _with_offset if zone is None else _on_the_wall(written, zone)

    @lru_cache(_REMEMBERED)
    def within(text: str) -> Reading:
        reading = read(text)
        if not earliest <= reading.at <= latest:
            raise TimeUnreadable(f"'{text}' lies outside the years that the mapping expects")
        return reading

    return within


def _with_offset(text: str) -> Reading:
    try:
        return Reading(instant.parse(text))
    except instant.NotAnInstant as error:
        raise TimeUnreadable(str(error)) from error


def _on_the_wall(written: str, zone: ZoneInfo) -> Reader:
    pattern = pattern_of(written)
    parts = [part for part in _IN_ORDER if part in pattern.groupindex]

    def read(text: str) -> Reading:
        found = pattern.fullmatch(text)
        if found is None:
            raise TimeUnreadable(f"'{text}' is not written as {written}")
        try:
            year, month, day, hour, minute, *rest = map(int, found.group(*parts))
            second = rest[0] if rest else 0
            first = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        except ValueError as error:
            raise TimeUnreadable(f"'{text}' is not a time: {error}") from error
        # Python's two readings of one wall time: with the offset before and after a change.
        before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
        assert before is not None
        assert after is not None
        at = instant.from_datetime(first)
        if before == after:
            return Reading(at)
        if before < after:
            return Reading(at, skipped=True)
        return Reading(at, later=at + (before - after) // timedelta(microseconds=1))

    return read
