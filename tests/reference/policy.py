"""What a vendor promised, as the reference sees it (semantics §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .minutes import HOUR, SECOND, BusinessTime, Hours, Opening


class Target(NamedTuple):
    """A budget of business time and one of other time, in microseconds; None is no budget."""

    business: int | None
    off_hours: int | None = None

    def times(self, step: str) -> Target:
        """Multiply both budgets by the step, rounded down to whole microseconds."""
        return Target(
            None if self.business is None else int(self.business * Fraction(step)),
            None if self.off_hours is None else int(self.off_hours * Fraction(step)),
        )


Cell = tuple[str, int, str]


@dataclass(frozen=True)
class Policy:
    """Hold targets by (plan, severity, clock) where clock is `initial` or `ongoing`.

    A cell that is absent has no target. Steps are kept as the policy writes them.
    """

    hours: Hours
    targets: Mapping[Cell, Target]
    plans: tuple[str, ...]
    severities: tuple[int, ...]
    warnings: tuple[str, ...] = ("0.5", "0.75")
    overdues: tuple[str, ...] = ("1", "2", "4")
    settle: int = 30 * SECOND
    time: BusinessTime = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", BusinessTime(self.hours))

    def due(self, start: int, target: Target) -> int:
        """Return the instant at which the target counted from the start is used up."""
        return self.time.due(start, target.business, target.off_hours)


def small_policy(
    targets: Mapping[Cell, Target],
    *,
    zone: str = "UTC",
    weekly: tuple[tuple[Opening, ...], ...] = (((480, 1020),),) * 5 + ((),) * 2,
    holidays: frozenset[date] = frozenset(),
    warnings: tuple[str, ...] = ("0.5", "0.75"),
    overdues: tuple[str, ...] = ("1", "2", "4"),
    settle: int = 30 * SECOND,
    plans: tuple[str, ...] | None = None,
    severities: tuple[int, ...] | None = None,
) -> Policy:
    """Make a policy; plans and severities are those of the targets unless they are named."""
    return Policy(
        hours=Hours(zone, weekly, holidays),
        targets=dict(targets),
        plans=plans or tuple(sorted({plan for plan, _, _ in targets})),
        severities=severities or tuple(sorted({severity for _, severity, _ in targets})),
        warnings=warnings,
        overdues=overdues,
        settle=settle,
    )


def easter_sunday(year: int) -> date:
    """Return the Sunday after the paschal full moon; right for the years 1900 to 2199."""
    golden = year % 19
    moon = (19 * golden + 24) % 30
    if moon == 29 or (moon == 28 and golden > 10):
        moon -= 1
    full_moon = date(year, 3, 21) + timedelta(days=moon)
    return full_moon + timedelta(days=6 - full_moon.weekday() or 7)


def czech_holidays(year: int) -> frozenset[date]:
    """Return the Czech public holidays of a year since 2001; Good Friday is one since 2016."""
    fixed = ((1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17))
    christmas = ((12, 24), (12, 25), (12, 26))
    easter = easter_sunday(year)
    moving = {easter + timedelta(days=1)}
    if year >= 2016:
        moving.add(easter - timedelta(days=2))
    return frozenset({date(year, month, day) for month, day in fixed + christmas} | moving)


@cache
def managry() -> Policy:
    """Make the published policy of the vendor."""
    day = 9 * HOUR
    both = ("initial", "ongoing")
    targets = {
        ("standard", 1, "initial"): Target(1 * HOUR),
        ("standard", 1, "ongoing"): Target(2 * HOUR),
        ("standard", 2, "initial"): Target(4 * HOUR),
        ("standard", 2, "ongoing"): Target(day),
        **{("premium", 1, clock): Target(1 * HOUR, 8 * HOUR) for clock in both},
        **{("premium", 2, clock): Target(2 * HOUR, 8 * HOUR) for clock in both},
        ("premium", 3, "initial"): Target(day),
        ("premium", 4, "initial"): Target(2 * day),
    }
    holidays = frozenset().union(*(czech_holidays(year) for year in range(2001, 2061)))
    return small_policy(
        targets,
        zone="Europe/Prague",
        holidays=holidays,
        plans=("standard", "premium"),
        severities=(1, 2, 3, 4),
    )
