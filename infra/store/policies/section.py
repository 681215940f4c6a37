"""The sections of a policy file, each read into what it says."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, get_args

from domain import instant
from domain.alert import DeadlineKind
from domain.hours import Opening
from domain.policy import CLOCK_NAMES, Audience, ClockName, Phrase, Severity, Step
from infra.store.policies import opening, zone
from infra.store.policies.duration import BUSINESS_DAY, Budget, Duration
from infra.store.policies.table import Table, one_of, shown

POLICY_NAME = re.compile(r"[a-z0-9-]{1,32}")
FIRST_YEAR, LAST_YEAR, MOST_YEARS = 1900, 2200, 100
SHORT_UNITS = ("microsecond", "second", "minute", "hour")
LONG_UNITS = (*SHORT_UNITS, "day")
BUDGET_UNITS: Mapping[str, tuple[str, ...]] = {
    "business": (*SHORT_UNITS, BUSINESS_DAY),
    "off_hours": LONG_UNITS,
}
LONGEST_BUDGET = Duration(365, "day")
ONE_HOUR = Duration(1, "hour")
DEFAULT_SETTLE = Duration(30, "second")
DEFAULT_MAX_BACKDATE = Duration(7, "day")


@lru_cache(256)
def _step(text: str) -> Step:
    """Return a step: one object for each text, because comparing fractions is slow."""
    return Step(text, Fraction(text))


DEFAULT_WARNINGS: tuple[Step, ...] = (_step("0.5"), _step("0.75"))
DEFAULT_OVERDUE: tuple[Step, ...] = tuple(_step(str(k)) for k in (1, 2, 4))
MOST_OVERDUE = 1_000

_STEP = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_LEVEL = re.compile(r"[1-9]\d?", re.ASCII)


class Calendar(NamedTuple):
    """The frozen holidays of whole years."""

    name: str
    first_year: int
    last_year: int
    holidays: Mapping[date, Phrase]


class Week(NamedTuple):
    """The weekly openings of one schedule, and whether holidays close it."""

    openings: tuple[Opening, ...]
    holidays: bool

    def never_closes(self, calendar: Calendar) -> bool:
        """Tell whether there is no time outside these openings."""
        always = opening.minutes(self.openings) == opening.MINUTES_PER_WEEK
        return always and not (self.holidays and calendar.holidays)


class PlanText(NamedTuple):
    """A plan as its author wrote it."""

    title: Phrase
    hours_name: str
    budgets: Mapping[tuple[ClockName, int], Budget]


def name(root: Table) -> str:
    """Read the name by which the policy is found."""
    name = root.value("name")
    if isinstance(name, str) and POLICY_NAME.fullmatch(name):
        return name
    root.wrong("name", "a name of 1 to 32 characters a-z, 0-9 and -")
    return ""


def zone_name(root: Table) -> str:
    """Read the name of the time zone."""
    name = root.value("zone")
    if isinstance(name, str) and name in zone.names():
        return name
    root.wrong("zone", one_of(zone.names(), name, "an IANA time zone such as Europe/Prague"))
    return ""


def calendar(root: Table) -> Calendar:
    """Read the years covered and their public holidays."""
    table = root.table("calendar")
    name = table.text("name")
    first_year, last_year = _years(table)
    holidays: dict[date, Phrase] = {}
    for path, item in table.array("holidays"):
        if not isinstance(item, dict):
            table.findings.add(
                path, 'a holiday such as { date = 2026-01-01, en = "..." }', shown(item)
            )
            continue
        entry = Table(table.findings, path, item)
        words = entry.phrase()
        day = entry.value("date")
        if not isinstance(day, date) or isinstance(day, datetime):
            entry.wrong("date", "a date such as 2026-01-01, without quotes")
        elif not first_year <= day.year <= last_year:
            entry.wrong("date", f"a date in calendar.years, {first_year} to {last_year}")
        elif day in holidays:
            entry.wrong("date", "every date once (join two names of one day in one entry)")
        else:
            holidays[day] = words
    return Calendar(name, first_year, last_year, holidays)


def _years(calendar: Table) -> tuple[int, int]:
    match calendar.value("years"):
        case [int(first), int(last)] if (
            FIRST_YEAR <= first <= last <= LAST_YEAR and last - first < MOST_YEARS
        ):
            return first, last
        case _:
            calendar.wrong(
                "years",
                f"[first, last], two years from {FIRST_YEAR} to {LAST_YEAR}, "
                f"at most {MOST_YEARS} years in all",
            )
            return FIRST_YEAR, LAST_YEAR


def effective_from(root: Table, version: int, calendar: Calendar) -> int | None:
    """Read the instant a later version comes into force, None for the first (semantics §4)."""
    moment = root.value("effective_from")
    if not root.findings.clean(("version",)):
        return None
    if version == 1:
        if moment is not None:
            root.wrong("effective_from", "no such key in version 1, which is in force since ever")
        return None
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        root.wrong(
            "effective_from",
            "when this version comes into force, with an offset and without quotes, "
            "such as 2027-01-01T00:00:00+01:00",
        )
        return None
    if not calendar.first_year <= moment.year <= calendar.last_year:
        years = f"{calendar.first_year} to {calendar.last_year}"
        root.wrong("effective_from", f"an instant in calendar.years, {years}")
        return None
    return instant.from_datetime(moment)


def business_day(root: Table) -> Duration:
    """Read how long a business day is, whatever the length of today's."""
    return root.duration("business_day", SHORT_UNITS, 1, Duration(24, "hour"), ONE_HOUR)


def settle(root: Table) -> Duration:
    """Read how long a deadline waits for facts on their way (semantics §5)."""
    if "settle" not in root:
        return DEFAULT_SETTLE
    return root.duration("settle", SHORT_UNITS, 0, Duration(1, "day"), DEFAULT_SETTLE)


def max_backdate(root: Table) -> Duration:
    """Read how far in the past a command may say that it happened (semantics §2)."""
    if "max_backdate" not in root:
        return DEFAULT_MAX_BACKDATE
    longest = Duration(366, "day")
    return root.duration("max_backdate", LONG_UNITS, 0, longest, DEFAULT_MAX_BACKDATE)


def thresholds(root: Table) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Read the steps of warnings and of overdue alerts (semantics §6)."""
    warnings, overdue = DEFAULT_WARNINGS, DEFAULT_OVERDUE
    if "thresholds" in root:
        table = root.table("thresholds")
        if "warnings" in table:
            warnings = _steps(table, "warnings", 1, "a number between 0 and 1")
        if "overdue" in table:
            expected = f"a number above 0 and below {MOST_OVERDUE}"
            overdue = _steps(table, "overdue", MOST_OVERDUE, expected)
    return warnings, overdue


def audiences(root: Table) -> dict[str, Audience]:
    """Read who is told of which deadlines; without the section everybody is told of everything."""
    if "audiences" not in root:
        return {}
    found: dict[str, Audience] = {}
    for name, table in root.table("audiences").named():
        kinds: list[str] = []
        for path, kind in table.array("kinds"):
            if not isinstance(kind, str) or kind not in get_args(DeadlineKind):
                expected = one_of(get_args(DeadlineKind), str(kind), "a kind of alert")
                table.findings.add(path, expected, shown(kind))
            elif kind in kinds:
                table.findings.add(path, "every kind once", shown(kind))
            else:
                kinds.append(kind)
        found[name] = Audience(name, table.phrase(), frozenset(kinds))
    return found


def _steps(table: Table, key: str, below: int, expected: str) -> tuple[Step, ...]:
    """Read rising numbers; `step` in alerts is the number as written (contracts)."""
    steps: list[Step] = []
    for path, number in table.array(key):
        text = shown(number)
        if not _within(number, below):
            table.findings.add(path, expected, text)
        # Digits and a point only: a power of ten could ask for more memory than there is.
        elif _STEP.fullmatch(text) is None:
            table.findings.add(path, f"{expected}, with at most 6 digits after the point", text)
        elif steps and Fraction(text) <= steps[-1].value:
            table.findings.add(path, f"rising numbers, so one above {steps[-1].text}", text)
        else:
            steps.append(_step(text))
    return tuple(steps)


def _within(number: object, below: int) -> bool:
    match number:
        case bool():
            return False
        case int():
            return 0 < number < below
        case Decimal():
            return number.is_finite() and 0 < number < below
        case _:
            return False


def week(table: Table) -> Week:
    """Read the openings of one schedule."""
    holidays = table.boolean("holidays", default=True)
    openings: list[Opening] = []
    for weekday, name in enumerate(opening.WEEKDAYS):
        if name not in table:
            continue
        for path, item in table.array(name):
            read_opening = opening.parse(weekday, item) if isinstance(item, str) else None
            if read_opening is None:
                table.findings.add(
                    path,
                    'an opening such as "08:00-17:00", "22:00-06:00" (into the next day) '
                    'or "00:00-24:00"',
                    shown(item),
                )
                continue
            for other in openings:
                if opening.overlap(other, read_opening):
                    met = f"the opening of {opening.WEEKDAYS[other.weekday]}"
                    table.findings.add(
                        path, f"openings that do not overlap ({met} reaches into it)", shown(item)
                    )
                    break
            openings.append(read_opening)
    if not openings and table.findings.clean(table.path):
        table.findings.add(table.path, "at least one opening in the week", "none")
    return Week(tuple(openings), holidays)


def severities(root: Table) -> dict[int, Severity]:
    """Read the severities, from 1, each with the impacts that justify it."""
    table = root.table("severities")
    severities: dict[int, Severity] = {}
    for key in table.entries():
        if _LEVEL.fullmatch(key) is None:
            table.findings.add((*table.path, key), "a severity from 1 to 99", shown(key))
            continue
        entry = table.table(key)
        impacts: list[str] = []
        for path, impact in entry.array("impacts"):
            if not isinstance(impact, str):
                entry.findings.add(path, "the name of an impact", shown(impact))
            elif impact in impacts:
                entry.findings.add(path, "every impact once", shown(impact))
            else:
                impacts.append(impact)
        if not impacts and table.findings.clean(entry.path):
            entry.wrong("impacts", "at least one impact")
        severities[int(key)] = Severity(int(key), entry.table("title").phrase(), tuple(impacts))
    missing = sorted(set(range(1, max(severities, default=0))) - severities.keys())
    if missing:
        table.findings.add(
            table.path,
            "severities from 1 (the gravest) without a gap",
            f"no severity {', '.join(map(str, missing))}",
        )
    return {level: severities[level] for level in sorted(severities)}


def plan(table: Table, severities: Mapping[int, Severity]) -> PlanText:
    """Read one plan: the name of its hours, and the budgets of the cells that have a target."""
    title = table.table("title").phrase()
    hours_name = table.text("hours")
    budgets: dict[tuple[ClockName, int], Budget] = {}
    # A plan may publish no target at all.
    if "targets" in table:
        targets = table.table("targets")
        for clock in CLOCK_NAMES:
            if clock in targets:
                cells = targets.table(clock)
                for key in cells.entries():
                    if _is_severity(key, severities, table):
                        budgets[clock, int(key)] = _budget(cells.table(key))
                    else:
                        known = ", ".join(map(str, severities))
                        table.findings.add(
                            (*cells.path, key), f"a severity of this policy ({known})", shown(key)
                        )
    return PlanText(title, hours_name, budgets)


def _is_severity(key: str, severities: Mapping[int, Severity], table: Table) -> bool:
    if _LEVEL.fullmatch(key) is None:
        return False
    # Where the name of a severity is wrong, its cells are not to blame.
    return int(key) in severities or not table.findings.names_clean(("severities",))


def _budget(cell: Table) -> Budget:
    read: dict[str, Duration] = {}
    for meter, units in BUDGET_UNITS.items():
        if meter in cell:
            read[meter] = cell.duration(meter, units, 1, LONGEST_BUDGET, ONE_HOUR)
    if not read:
        cell.lacks("a budget: business, off_hours or both (no target is no cell)", "neither")
    return Budget(read.get("business"), read.get("off_hours"))
