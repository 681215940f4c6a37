"""Openings of a day as a policy writes them: `"08:00-17:00"`, `"22:00-06:00"`."""

import re
from collections.abc import Iterable

from domain.hours import MINUTES_PER_DAY, Opening

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY

_OPENING = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)


def parse(weekday: int, text: str) -> Opening | None:
    """Return the opening that a text writes, or None where it writes none.

    A closing at or before the hour of opening is on the next day. One that opens and closes at
    the same time is refused: it could mean nothing or a whole day.
    """
    match = _OPENING.fullmatch(text)
    if match is None:
        return None
    opens = int(match[1]) * 60 + int(match[2])
    closes = MINUTES_PER_DAY if match[3] is None else int(match[3]) * 60 + int(match[4])
    if opens == closes:
        return None
    return Opening(weekday, opens, closes if opens < closes else closes + MINUTES_PER_DAY)


def overlap(one: Opening, other: Opening) -> bool:
    """Tell whether two different openings share time in some week, also Sunday into Monday."""
    start, end = _in_week(one)
    other_start, other_end = _in_week(other)
    return any(
        start < other_end + shift and other_start + shift < end
        for shift in (-MINUTES_PER_WEEK, 0, MINUTES_PER_WEEK)
    )


def minutes(openings: Iterable[Opening]) -> int:
    """Return how many minutes the openings last together."""
    return sum(opening.closes - opening.opens for opening in openings)


def business_days(openings: tuple[Opening, ...]) -> frozenset[int]:
    """Return every length in minutes that may be called a business day.

    One opening, or all openings of one weekday together (a day with a lunch break).
    """
    single = {opening.closes - opening.opens for opening in openings}
    whole = {
        minutes(opening for opening in openings if opening.weekday == weekday)
        for weekday in range(7)
    }
    return frozenset(single | whole) - {0}


def _in_week(opening: Opening) -> tuple[int, int]:
    midnight = opening.weekday * MINUTES_PER_DAY
    return midnight + opening.opens, midnight + opening.closes
