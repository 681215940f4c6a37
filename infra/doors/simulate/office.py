"""The desk's own day: when people sit there, and when only somebody on call does."""

from collections.abc import Iterator

from domain.hours import Hours, Interval
from domain.instant import DAY, HOUR, SECOND
from domain.policy import Plan, Policy

LONGEST_SHIFT = 14 * HOUR
SHIFT = 8 * HOUR


class Office:
    """The openings in which the desk is staffed: the hours of the policy's first plan.

    A plan that is open most of the time is passed over for that: who promises answers around the
    clock still has a day in which most people work.
    """

    __slots__ = ("_beyond", "hours", "shifts_a_day")

    def __init__(self, policy: Policy) -> None:
        plans = tuple(policy.plans.values())
        daily = [plan for plan in plans if 2 * plan.hours.business.total < _span(plan.hours)]
        self.hours = (daily or plans)[0].hours
        self.shifts_a_day = 1 if daily else DAY // SHIFT
        self._beyond = self.hours.end

    def opening(self, at: int) -> Interval:
        """Return the opening that lasts at `at`, cut to start there, or else the next one.

        Past the last one of the calendar, the empty one at its end.
        """
        found = next(self.hours.business.intervals_between(at, self._beyond), None)
        return Interval(self._beyond, self._beyond) if found is None else found

    def after(self, at: int, work: int) -> int:
        """Return when so many microseconds of opened time have passed, at the earliest."""
        business = self.hours.business
        found = business.first_at(business.reading(at) + max(work, SECOND))
        return self._beyond if found is None else found

    def shifts(self, start: int, end: int) -> Iterator[Interval]:
        """Yield the shifts in which people work between two instants."""
        for opened, closes in self.hours.business.intervals_between(start, end):
            length = SHIFT if closes - opened > LONGEST_SHIFT else closes - opened
            for begins in range(opened, closes, length):
                yield Interval(begins, min(begins + length, closes))

    def keeps_other_hours(self, plan: Plan) -> bool:
        """Tell whether a plan is open at other times than the office."""
        return plan.hours.digest != self.hours.digest


def _span(hours: Hours) -> int:
    return hours.end - hours.start
