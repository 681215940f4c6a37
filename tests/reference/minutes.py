"""Business time on two meters, by walking the real minutes of the UTC line (semantics §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ONE_DAY = timedelta(days=1)
FURTHEST_WALK = 40 * 366 * DAY

Opening = tuple[int, int]


class NeverDueError(Exception):
    """No budget runs out within forty years of the start."""


@dataclass(frozen=True)
class Hours:
    """Say when business is done, in local minutes since midnight.

    `weekly` has seven entries from Monday, each a tuple of (open, close). A close after 1440
    reaches into the next local day. An opening counts the real time between its two wall clocks,
    as they are resolved on a day on which the clocks are moved. A minute of a local date in
    `holidays` is never business.
    """

    zone: str
    weekly: tuple[tuple[Opening, ...], ...]
    holidays: frozenset[date] = frozenset()


class BusinessTime:
    """Measure business time and the time outside it, in integer microseconds.

    `elapsed` and `due` skip whole UTC days, whose minutes were counted once; `walk_elapsed` and
    `walk_due` skip nothing. The offsets of the zone are taken to be whole minutes.
    """

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self._zone = ZoneInfo(hours.zone)
        self._openings: dict[date, list[Opening]] = {}
        self._minutes: dict[int, bool] = {}
        self._days: dict[int, int] = {}
        self._dues: dict[tuple[int, int | None, int | None], int] = {}

    def is_business(self, minute: int) -> bool:
        """Tell whether the UTC minute (minutes since the epoch) is business time."""
        if minute not in self._minutes:
            self._minutes[minute] = self._look_up(minute)
        return self._minutes[minute]

    def _look_up(self, minute: int) -> bool:
        today = datetime.fromtimestamp(minute * 60, self._zone).date()
        if today in self.hours.holidays:
            return False
        return any(
            start <= minute < end
            for day in (today - ONE_DAY, today, today + ONE_DAY)
            for start, end in self._openings_of(day)
        )

    def _openings_of(self, day: date) -> list[Opening]:
        """Return the openings that begin on a local date, in minutes since the epoch."""
        if day not in self._openings:
            self._openings[day] = [
                (self._utc_minute(day, start), self._utc_minute(day, end))
                for start, end in self.hours.weekly[day.weekday()]
            ]
        return self._openings[day]

    def _utc_minute(self, day: date, minute: int) -> int:
        """Resolve a wall clock: one that does not exist moves on by the gap, of two the first."""
        wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
        return int(wall.replace(tzinfo=self._zone, fold=0).timestamp()) // 60

    def business_of_day(self, day: int) -> int:
        """Return the business microseconds of the UTC day (days since the epoch)."""
        if day not in self._days:
            first = day * 1440
            self._days[day] = MINUTE * sum(
                self.is_business(minute) for minute in range(first, first + 1440)
            )
        return self._days[day]

    def elapsed(self, start: int, end: int) -> tuple[int, int]:
        """Return the business and the other microseconds from start to end."""
        return self._elapsed(start, end, skip_days=True)

    def walk_elapsed(self, start: int, end: int) -> tuple[int, int]:
        """Return what `elapsed` returns, visiting every single minute."""
        return self._elapsed(start, end, skip_days=False)

    def _elapsed(self, start: int, end: int, *, skip_days: bool) -> tuple[int, int]:
        if end < start:
            business, off_hours = self._elapsed(end, start, skip_days=skip_days)
            return -business, -off_hours
        business = off_hours = 0
        here = start
        while here < end:
            if skip_days and here % DAY == 0 and here + DAY <= end:
                counted = self.business_of_day(here // DAY)
                business += counted
                off_hours += DAY - counted
                here += DAY
                continue
            there = min(end, (here // MINUTE + 1) * MINUTE)
            if self.is_business(here // MINUTE):
                business += there - here
            else:
                off_hours += there - here
            here = there
        return business, off_hours

    def due(self, start: int, business: int | None, off_hours: int | None) -> int:
        """Return the earliest instant at which any meter has used up its budget.

        A budget of None is no budget of that kind. Raise NeverDueError if none runs out.
        """
        key = (start, business, off_hours)
        if key not in self._dues:
            self._dues[key] = self._due(start, business, off_hours, skip_days=True)
        return self._dues[key]

    def walk_due(self, start: int, business: int | None, off_hours: int | None) -> int:
        """Return what `due` returns, visiting every single minute."""
        return self._due(start, business, off_hours, skip_days=False)

    def _due(
        self, start: int, business: int | None, off_hours: int | None, *, skip_days: bool
    ) -> int:
        if business == 0 or off_hours == 0:
            return start
        here = start
        while here < start + FURTHEST_WALK:
            if skip_days and here % DAY == 0:
                counted = self.business_of_day(here // DAY)
                spares_business = business is None or counted < business
                spares_off_hours = off_hours is None or DAY - counted < off_hours
                if spares_business and spares_off_hours:
                    business = None if business is None else business - counted
                    off_hours = None if off_hours is None else off_hours - (DAY - counted)
                    here += DAY
                    continue
            there = (here // MINUTE + 1) * MINUTE
            if self.is_business(here // MINUTE):
                if business is not None:
                    if business <= there - here:
                        return here + business
                    business -= there - here
            elif off_hours is not None:
                if off_hours <= there - here:
                    return here + off_hours
                off_hours -= there - here
            here = there
        raise NeverDueError(f"no budget of {business}, {off_hours} us runs out after {start}")
