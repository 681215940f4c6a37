"""Business time and off-hours time on two meters, exact at any span (semantics §3).

A calendar is compiled once into an interval table with running sums; every question is then a
binary search, so an operation costs the same for an hour and for ten years. All instants and
durations are integer microseconds of real elapsed time: a 25-hour Sunday has 25 hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Literal, NamedTuple

from domain import instant

Kind = Literal["business", "off-hours"]

MINUTES_PER_DAY = 24 * 60
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


class OutsideCalendar(ValueError):
    """An instant lies outside the years that the policy's calendar covers."""

    def __init__(self, year: int, first_year: int, last_year: int) -> None:
        super().__init__(
            f"the year {year} is outside the policy's calendar, which covers "
            f"{first_year}-{last_year}; add the holidays of {year} to the policy and widen "
            f"calendar.years (lhuta policy holidays --country CODE --years {year})"
        )
        self.year = year


class Interval(NamedTuple):
    """A stretch of the UTC line: its start belongs to it, its end does not."""

    start: int
    end: int


class Segment(NamedTuple):
    """A stretch of one kind of time, as one line of an explanation (semantics §7)."""

    kind: Kind
    start: int
    end: int

    @property
    def duration(self) -> int:
        """Return the real elapsed time, in microseconds."""
        return self.end - self.start


class Holiday(NamedTuple):
    """A public holiday: its local date, its name by language, and when it is on the UTC line."""

    date: date
    name: Mapping[str, str]
    start: int
    end: int


class Opening(NamedTuple):
    """A weekly opening: minutes after the local midnight of its weekday (0 is Monday).

    `closes` may lie beyond 1440 for an opening across midnight.
    """

    weekday: int
    opens: int
    closes: int


class Meter:
    """Counts the time inside a sorted table of disjoint intervals, from an origin on."""

    __slots__ = ("_after", "_before", "_ends", "_lead", "_starts", "table", "total")

    def __init__(self, origin: int, intervals: Sequence[Interval]) -> None:
        self._starts = [origin]
        self._ends = [origin]
        # Running sums at the start and at the end of each interval. The first interval is empty:
        # thanks to it every instant from the origin on has an interval that starts before it.
        self._before = [0]
        self._after = [0]
        self.total = 0
        for interval in intervals:
            self._starts.append(interval.start)
            self._ends.append(interval.end)
            self._before.append(self.total)
            self.total += interval.end - interval.start
            self._after.append(self.total)
        self._lead = [
            before - start for before, start in zip(self._before, self._starts, strict=True)
        ]

        self.table = (self._starts, self._ends, self._after, self._lead)

    def reading(self, at: int) -> int:
        """Return the microseconds counted from the origin until `at`, which is not before it."""
        index = bisect_right(self._starts, at) - 1
        return self._after[index] if at >= self._ends[index] else at + self._lead[index]

    def first_at(self, reading: int) -> int | None:
        """Return the earliest instant at which the meter shows a positive reading.

        A reading reached exactly at a closing is reached at the closing, not at the next
        opening (semantics §3). None where the table ends before.
        """
        index = bisect_left(self._after, reading)
        return reading - self._lead[index] if index < len(self._after) else None

    def last_at(self, reading: int) -> int | None:
        """Return the latest instant at which the meter still shows a reading below its total.

        None for a negative reading: the table begins after it.
        """
        if reading < 0:
            return None
        index = bisect_right(self._before, reading) - 1
        return reading - self._lead[index]

    def intervals_between(self, start: int, end: int) -> Iterator[Interval]:
        """Yield the parts of the table inside [start, end)."""
        for index in range(bisect_right(self._starts, start) - 1, len(self._starts)):
            if self._starts[index] >= end:
                return
            part = Interval(max(self._starts[index], start), min(self._ends[index], end))
            if part.start < part.end:
                yield part


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """The compiled openings of a calendar, with a meter for each kind of time.

    `start` and `end` bound the years covered, as instants; whatever is asked or computed outside
    raises OutsideCalendar. `digest` is the SHA-256 of the table, in hex: two compilations that
    agree in it answer every question alike.
    """

    start: int
    end: int
    zone: tzinfo
    first_year: int
    last_year: int
    business: Meter
    off_hours: Meter
    holidays: tuple[Holiday, ...]
    digest: str

    def elapsed(self, start: int, end: int) -> tuple[int, int]:
        """Return (business, off-hours) microseconds from `start` to `end`, negative backwards."""
        if not (self.start <= start < self.end and self.start <= end < self.end):
            self.check(start)
            self.check(end)
        # Twice Meter.reading, written out: the calls would cost as much as the searches.
        starts, ends, after, lead = self.business.table
        index = bisect_right(starts, start) - 1
        before = after[index] if start >= ends[index] else start + lead[index]
        index = bisect_right(starts, end) - 1
        counted = (after[index] if end >= ends[index] else end + lead[index]) - before
        return counted, end - start - counted

    def due(self, start: int, business: int | None, off_hours: int | None) -> int:
        """Return the earliest instant at which a meter has used up its budget (semantics §3).

        A budget of None is no budget. Budgets are microseconds from zero up. Raises
        OutsideCalendar where every budget lasts longer than the calendar.
        """
        if not self.start <= start < self.end:
            self.check(start)
        if business == 0 or off_hours == 0:
            return start
        # Meter.reading and Meter.first_at, written out for the same reason.
        starts, ends, after, lead = self.business.table
        index = bisect_right(starts, start) - 1
        counted = after[index] if start >= ends[index] else start + lead[index]
        if business is not None:
            budget = counted + business
            index = bisect_left(after, budget)
            if index < len(after):
                at = budget - lead[index]
                # What is not business time is off-hours time: by then not all of its budget.
                if at < self.end and (off_hours is None or at - start - business < off_hours):
                    return at
        if off_hours is not None:
            first = self.off_hours.first_at(start - self.start - counted + off_hours)
            if first is not None and first < self.end:
                return first
        raise OutsideCalendar(self.last_year + 1, self.first_year, self.last_year)

    def shift(self, start: int, business: int) -> int:
        """Return the instant `business` microseconds of business time away; negative goes back.

        Forwards the earliest such instant, backwards the latest, so that a shift never crosses a
        closed stretch for nothing. Raises OutsideCalendar.
        """
        self.check(start)
        if business >= 0:
            return self.due(start, business, None)
        found = self.business.last_at(self.business.reading(start) + business)
        if found is None:
            raise OutsideCalendar(self.first_year - 1, self.first_year, self.last_year)
        return found

    def is_open(self, at: int) -> bool:
        """Tell whether business time runs at an instant; at a closing it does not."""
        self.check(at)
        return next(self.business.intervals_between(at, at + 1), None) is not None

    def segments(self, start: int, end: int) -> tuple[Segment, ...]:
        """Return the stretches of both kinds from `start` to `end`, in order, without gaps."""
        self.check(start)
        self.check(end)
        business = [
            Segment("business", *part) for part in self.business.intervals_between(start, end)
        ]
        off_hours = [
            Segment("off-hours", *part) for part in self.off_hours.intervals_between(start, end)
        ]
        return tuple(sorted(business + off_hours, key=lambda segment: segment.start))

    def holidays_between(self, start: int, end: int) -> tuple[Holiday, ...]:
        """Return the holidays that share time with [start, end), by date."""
        return tuple(day for day in self.holidays if day.start < end and start < day.end)

    def check(self, at: int) -> None:
        """Raise OutsideCalendar unless the instant lies in the years covered."""
        if not self.start <= at < self.end:
            raise OutsideCalendar(_local_year(at, self.zone), self.first_year, self.last_year)


def compile_hours(
    openings: Sequence[Opening],
    holidays: Mapping[date, Mapping[str, str]],
    zone: tzinfo,
    first_year: int,
    last_year: int,
) -> Hours:
    """Compile weekly openings and holidays of whole years into an interval table.

    A holiday is outside business hours from its local midnight to the next one, whatever opening
    reaches into it (semantics §3). A local time that a clock change skips moves forward by the
    gap; one that it repeats is its first occurrence.
    """
    start = _local(date(first_year, 1, 1), 0, zone)
    end = _local(date(last_year + 1, 1, 1), 0, zone)
    days = tuple(
        Holiday(day, dict(name), _local(day, 0, zone), _local(day, MINUTES_PER_DAY, zone))
        for day, name in sorted(holidays.items())
    )
    by_weekday: list[list[Opening]] = [[] for _ in range(7)]
    for opening in openings:
        by_weekday[opening.weekday].append(opening)
    opened: list[Interval] = []
    # One day more at the front: its opening may reach across midnight into the first year.
    for ordinal in range(
        date(first_year, 1, 1).toordinal() - 1, date(last_year, 12, 31).toordinal() + 1
    ):
        day = date.fromordinal(ordinal)
        for opening in by_weekday[day.weekday()]:
            part = Interval(_local(day, opening.opens, zone), _local(day, opening.closes, zone))
            if part.start < part.end:
                opened.append(part)
    whole = [Interval(start, end)]
    closed = complement(joined(Interval(day.start, day.end) for day in days), whole[0])
    business = intersection(intersection(joined(opened), whole), closed)
    off_hours = complement(business, whole[0])
    return Hours(
        start=start,
        end=end,
        zone=zone,
        first_year=first_year,
        last_year=last_year,
        business=Meter(start, business),
        off_hours=Meter(start, off_hours),
        holidays=days,
        digest=_digest(whole[0], business),
    )


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union as sorted disjoint intervals; those that touch become one."""
    union: list[Interval] = []
    for start, end in sorted(intervals):
        if union and start <= union[-1].end:
            union[-1] = Interval(union[-1].start, max(union[-1].end, end))
        else:
            union.append(Interval(start, end))
    return union


def intersection(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return the time that both sorted disjoint tables share."""
    shared: list[Interval] = []
    left = right = 0
    while left < len(one) and right < len(other):
        start = max(one[left].start, other[right].start)
        end = min(one[left].end, other[right].end)
        if start < end:
            shared.append(Interval(start, end))
        if one[left].end < other[right].end:
            left += 1
        else:
            right += 1
    return shared


def complement(intervals: Sequence[Interval], within: Interval) -> list[Interval]:
    """Return the time of `within` that a sorted disjoint table leaves out."""
    rest: list[Interval] = []
    reached = within.start
    for start, end in intervals:
        if reached < start:
            rest.append(Interval(reached, min(start, within.end)))
        reached = max(reached, end)
    if reached < within.end:
        rest.append(Interval(reached, within.end))
    return [interval for interval in rest if interval.start < interval.end]


def _local_year(at: int, zone: tzinfo) -> int:
    moment = instant.to_datetime(at)
    try:
        return moment.astimezone(zone).year
    except OverflowError:
        # The first and last hours that datetime knows have no local time in some zones.
        return moment.year


def _local(day: date, minutes: int, zone: tzinfo) -> int:
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    ordinal = day.toordinal() + days
    hour, minute = divmod(rest, 60)
    named = date.fromordinal(ordinal)
    wall = datetime(named.year, named.month, named.day, hour, minute, tzinfo=zone)
    ahead = wall.utcoffset()
    assert ahead is not None
    since_epoch = (ordinal - _EPOCH_ORDINAL) * MINUTES_PER_DAY + rest
    return since_epoch * instant.MINUTE - ahead // _MICROSECOND


def _digest(whole: Interval, business: Sequence[Interval]) -> str:
    table = "\n".join(f"{start} {end}" for start, end in [whole, *business])
    return sha256(table.encode("ascii")).hexdigest()
