"""What a language must be able to say of a clock; each language is one file of sentences.

Instants and durations are microseconds. A `zone` is the one in which the reader lives. Every
method returns a whole sentence unless its docstring says otherwise.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import ClassVar, Literal

from domain import instant
from domain.clock import Clock
from domain.event import Event
from domain.explanation import Given, NoTarget, Part, Skipped
from domain.hours import Kind
from domain.policy import ClockName, Phrase, Policy, Target

WarningState = Literal["passed", "answered", "ahead"]

NO_BREAK = "\u00a0"
"""A space at which no line ends: a date and a number with its unit are read in one piece."""


class Words(ABC):
    """One language."""

    code: str

    # Labels and headings.
    judged: str
    happened: str
    targets: str
    due_found: str
    time_used: str
    warned: str
    policy_label: str
    calendar_label: str
    severity_label: str
    asked_label: str
    parts: ClassVar[Mapping[Part, str]]
    kinds: ClassVar[Mapping[Kind, str]]
    table_head: tuple[str, str, str, str]
    """Of a table of segments: its number, kind, stretch and duration."""

    # Numbers, durations, times.

    @abstractmethod
    def duration(self, duration: int) -> str:
        """Say how long, such as `1 hour 30 minutes`: hours at most, for a day means many things."""

    @abstractmethod
    def both_meters(self, business: int, off_hours: int) -> str:
        """Say how much time of each kind, leaving out what is zero."""

    @abstractmethod
    def budget(self, target: Target, business_day: int) -> str:
        """Say what a target allows."""

    @abstractmethod
    def day(self, day: date) -> str:
        """Write a date with its weekday."""

    @abstractmethod
    def short_day(self, day: date, *, weekday: bool, year: bool) -> str:
        """Write a date as it stands in a table."""

    @abstractmethod
    def moment(self, at: int, zone: tzinfo) -> str:
        """Write an instant in the zone and in UTC."""

    @abstractmethod
    def segments(self, number: int) -> str:
        """Say how many segments."""

    def phrase(self, phrase: Phrase) -> str:
        """Take the policy's own words in this language, else in English."""
        return phrase.get(self.code) or phrase["en"]

    def span(self, start: int, end: int, zone: tzinfo) -> str:
        """Write a stretch in the zone: what its end repeats of its start is left out."""
        first, last = local(start, zone), local(end, zone)
        in_utc = zone is UTC
        text = f"{self.short_day(first, weekday=not in_utc, year=True)} {clock(first)}"
        if first.tzname() != last.tzname():
            text += f" {first.tzname()}"
        text += " – "
        if first.date() != last.date():
            year = first.year != last.year
            text += f"{self.short_day(last, weekday=not in_utc, year=year)} "
        return f"{text}{clock(last)} {last.tzname()}"

    def both_clocks(self, at: int, zone: tzinfo) -> str:
        """Write the time of day in the zone and in UTC, there with the date if it is another."""
        here, there = local(at, zone), local(at, UTC)
        text = f"{clock(here)} {here.tzname()}"
        if here.tzname() == "UTC":
            return text
        day = self.short_day(there, weekday=False, year=False)
        return f"{text} ({'' if there.date() == here.date() else f'{day} '}{clock(there)} UTC)"

    # The verdict.

    @abstractmethod
    def title(self, ticket: str, name: ClockName, instance: int) -> str:
        """Name the clock; not a sentence."""

    @abstractmethod
    def met(self, due_at: int, satisfied_at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that the promise was kept, and by how much."""

    @abstractmethod
    def breached(
        self, due_at: int, satisfied_at: int | None, at: int, late: tuple[int, int], zone: tzinfo
    ) -> str:
        """Say that the promise was broken, and by how much."""

    @abstractmethod
    def running(self, due_at: int, at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that there is still time, and how much."""

    @abstractmethod
    def no_target(self, why: NoTarget, clock: Clock, severity: int | None) -> str:
        """Say why there is no target, and what that means for the clock."""

    # What it was judged by, and what happened.

    @abstractmethod
    def policy(self, policy: Policy, plan: str, zone: tzinfo) -> str:
        """Name the policy's version, its digest, since when it is in force, and the plan."""

    @abstractmethod
    def calendar(self, clock: Clock) -> str:
        """Name the calendar, the hours, the zone and the versions of both."""

    @abstractmethod
    def severities(self, given: Sequence[tuple[int, bool, int]], zone: tzinfo) -> str:
        """List the severities (level, supported, instant) that the ticket had."""

    @abstractmethod
    def asked(self, at: int, as_of: int, zone: tzinfo) -> str:
        """Say at which instant it is judged, and on what was recorded by when."""

    @abstractmethod
    def event(self, event: Event) -> str:
        """Say what happened, without when; not a whole sentence."""

    @abstractmethod
    def recorded(self, occurred_at: int, recorded_at: int, zone: tzinfo) -> str:
        """Say when the event was recorded, and mark it where that was later."""

    @abstractmethod
    def told(self, occurred_at: int, zone: tzinfo, what: str, name: str, id: str, by: str) -> str:
        """Say what happened when, and by whom it was recorded."""

    # Targets.

    @abstractmethod
    def target(self, given: Given, clock: Clock) -> str:
        """Say which target the clock was given and by which rule its due time was found."""

    @abstractmethod
    def changed_nothing(self, severity: int, at: int, *, answered: bool, zone: tzinfo) -> str:
        """Say that a severity came too late for this clock."""

    # Counting.

    @abstractmethod
    def counted_until_used_up(self, anchor: int, budget: str, zone: tzinfo) -> str:
        """Announce the count that finds the due time."""

    @abstractmethod
    def used_up(self, kinds: Sequence[Kind], due_at: int, zone: tzinfo) -> str:
        """Say which meter ran out first, and when."""

    @abstractmethod
    def counted(self, start: int, end: int, *, answered: bool, zone: tzinfo) -> str:
        """Announce the count from the start to the answer, or to the instant asked about."""

    @abstractmethod
    def together(self, business: int, off_hours: int) -> str:
        """Say what the segments sum to."""

    @abstractmethod
    def skipped(self, skipped: Skipped) -> str:
        """Say which holiday took how much business time."""

    @abstractmethod
    def clock_change(self, number: int, change: int) -> str:
        """Say that clocks were moved inside a segment, and what that means for its duration."""

    @abstractmethod
    def left_out(self, number: int) -> str:
        """Say how to see the segments that were summed in one line."""

    @abstractmethod
    def total_of(self, kind: Kind, budget: int | None) -> str:
        """Head the column of a running total; not a sentence."""

    # Warnings.

    @abstractmethod
    def warning(
        self, percent: str, at: int, state: WarningState, *, untriaged: bool, zone: tzinfo
    ) -> str:
        """Say when a warning is due, and what became of it."""


def local(at: int, zone: tzinfo) -> datetime:
    """Return an instant on the wall clock of a zone."""
    return instant.to_datetime(at).astimezone(zone)


def clock(moment: datetime) -> str:
    """Write the time of day, with seconds only where there are any."""
    text = moment.strftime("%H:%M")
    if moment.second or moment.microsecond:
        text += moment.strftime(":%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06}".rstrip("0")
    return text


def compact(duration: int) -> str:
    """Write a duration as hours and minutes, such as `26:05`, and seconds where there are any."""
    hours, rest = divmod(duration, instant.HOUR)
    minutes, rest = divmod(rest, instant.MINUTE)
    text = f"{hours}:{minutes:02}"
    if rest:
        seconds, fraction = divmod(rest, instant.SECOND)
        text += f":{seconds:02}"
        if fraction:
            text += f".{fraction:06}".rstrip("0")
    return text


def parts_of(duration: int) -> tuple[int, int, int, str]:
    """Take a duration apart: hours, minutes, whole seconds, and the digits of their fraction."""
    hours, rest = divmod(duration, instant.HOUR)
    minutes, rest = divmod(rest, instant.MINUTE)
    seconds, fraction = divmod(rest, instant.SECOND)
    return hours, minutes, seconds, f"{fraction:06}".rstrip("0") if fraction else ""
