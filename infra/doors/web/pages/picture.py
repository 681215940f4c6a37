"""The picture of a clock: hours, nights and holidays as bands, the used target as a line.

Pure data in the units of the drawing; the template only writes it down.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from domain import instant
from domain.explanation import Explanation
from domain.hours import Hours
from domain.policy import Target
from infra.doors.web.pages.page import View
from projections.wording.words import local

WIDTH = 1000
_MARGIN = 24
_ROW = 17
_TALL = 140
_BELOW = 28
_LETTER = 7.5
"""About how wide a letter of a name is."""

_MOST_DAYS = 14

Scale = Callable[[int], float]
"""Where an instant lies on the drawing."""


class Band(NamedTuple):
    """A stretch of the time axis."""

    x: float
    width: float
    title: str


class Mark(NamedTuple):
    """An instant with a name, which stands at the height `y` where no other one is."""

    kind: str
    label: str
    at: str
    when: str
    x: float
    y: int
    anchor: str


class Picture(NamedTuple):
    """Everything to draw; `used` and `ahead` are the points of lines, `whole` the height of 100 %.

    `first` and `last` are the instants at the two margins, in microseconds; the bands reach from
    `top` to `bottom`.
    """

    first: int
    last: int
    top: int
    bottom: int
    height: int
    hours: Sequence[Band]
    holidays: Sequence[Band]
    days: Sequence[tuple[float, str]]
    used: str
    ahead: str
    whole: float | None
    marks: Sequence[Mark]


def picture(explained: Explanation, view: View) -> Picture:
    """Draw a clock as it was judged."""
    clock = explained.clock
    ends = [explained.used.end, *([clock.due_at] if clock.due_at is not None else [])]
    around = max(instant.HOUR, (max(ends) - clock.started_at) // 20)
    hours = clock.hours
    first = max(hours.start, clock.started_at - around)
    last = min(hours.end - 1, max(ends) + around)

    def x(at: int) -> float:
        share = (at - first) / (last - first)
        return round(_MARGIN + share * (WIDTH - 2 * _MARGIN), 2)

    def band(start: int, end: int, title: str) -> Band:
        start, end = max(start, first), min(end, last)
        return Band(x(start), round(x(end) - x(start), 2), title)

    line = _line(explained)
    most = max([1.0, *(share for _, share in line)])
    marks = list(_marks(explained, view, x))
    top = max(mark.y for mark in marks) + _ROW
    bottom = top + _TALL

    def y(share: float) -> float:
        return round(bottom - share / most * _TALL, 2)

    end = explained.used.end
    return Picture(
        first,
        last,
        top,
        bottom,
        bottom + _BELOW,
        [
            band(segment.start, segment.end, "")
            for segment in hours.segments(first, last)
            if segment.kind == "business"
        ],
        [
            band(day.start, day.end, view.phrase(day.name))
            for day in hours.holidays_between(first, last)
        ],
        [(x(at), name) for at, name in _days(first, last, hours.zone, view)],
        _points([(x(at), y(share)) for at, share in line if at <= end]),
        _points([(x(at), y(share)) for at, share in line if at >= end]),
        None if clock.due_at is None else y(1),
        marks,
    )


def _line(explained: Explanation) -> list[tuple[int, float]]:
    """Return which share of the target is used when, at each turn of the line.

    Of two budgets it is that of which more is used: where it comes to the whole, the clock is due.
    """
    clock, due, end = explained.clock, explained.due, explained.used.end
    if due is None:
        start, last, budget = clock.started_at, end, Target(max(1, explained.used.business), None)
    else:
        start, last, budget = due.stretch.start, max(due.stretch.end, end), due.budget
    turns = {start, last, end}
    turns.update(segment.start for segment in clock.hours.segments(start, max(start, last)))
    found = [(at, _shares(clock.hours, budget, start, at)) for at in sorted(turns) if at >= start]
    line = [(at, max(shares)) for at, shares in found]
    line += [
        crossing
        for one, other in pairwise(found)
        if (crossing := _crossing(*one, *other)) is not None
    ]
    return sorted(line)


def _shares(hours: Hours, budget: Target, start: int, at: int) -> tuple[float, float]:
    business, off_hours = hours.elapsed(start, at)
    return _share(business, budget.business), _share(off_hours, budget.off_hours)


def _share(counted: int, budget: int | None) -> float:
    return 0.0 if budget is None else counted / max(1, budget)


def _crossing(
    at: int, shares: tuple[float, float], later: int, risen: tuple[float, float]
) -> tuple[int, float] | None:
    """Return where the meter that rises overtakes the other, which stands; None where it does not.

    Between two turns only one of them is counted.
    """
    lead = max(shares)
    first, last = (shares[0], risen[0]) if risen[0] > shares[0] else (shares[1], risen[1])
    if not first < lead < last:
        return None
    return at + round((lead - first) / (last - first) * (later - at)), lead


def _points(line: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in line)


def _days(first: int, last: int, zone: tzinfo, view: View) -> Iterator[tuple[int, str]]:
    begun, ended = local(first, zone).date(), local(last, zone).date()
    step = 1 + (ended - begun).days // _MOST_DAYS
    weekdays = view.said["weekdays"].split()
    day = begun
    while (day := day + timedelta(days=step)) <= ended:
        midnight = instant.from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))
        if first <= midnight <= last:
            yield midnight, f"{weekdays[day.weekday()]} {day.day}. {day.month}."


def _marks(explained: Explanation, view: View, x: Scale) -> Iterator[Mark]:
    clock, said = explained.clock, view.said
    found = [("start", said["start"], clock.started_at)]
    found += [
        (
            "warning",
            view.used(one.step),
            one.at,
        )
        for one in explained.warnings
        if one.kind == "warning"
    ]
    found += [
        (
            "retarget",
            said["retarget"].format(severity=given.assigned.severity),
            given.promise.given_at,
        )
        for given in explained.targets
        if given.promise.given_at > clock.started_at
    ]
    if clock.due_at is not None:
        found.append(("due", said["due_mark"], clock.due_at))
    found.append(
        ("end", said["end" if clock.satisfied_at is None else "answer"], explained.used.end)
    )
    # Where the last name of each row ends.
    taken: list[float] = []
    for kind, label, at in sorted(found, key=lambda one: one[2]):
        place, width = x(at), _LETTER * len(label) + 8
        anchor = "end" if place + width > WIDTH else "start"
        begins = place - width if anchor == "end" else place
        row = next((row for row, end in enumerate(taken) if end <= begins), len(taken))
        taken[row : row + 1] = [begins + width]
        yield Mark(kind, label, instant.text(at), view.exact(at), place, 4 + _ROW * row, anchor)
