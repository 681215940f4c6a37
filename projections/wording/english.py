"""The sentences of an explanation in English."""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import ClassVar, assert_never

from domain.clock import Clock
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Event,
    Opened,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.explanation import Given, NoTarget, Part, Skipped
from domain.hours import Kind
from domain.policy import ClockName, Policy, Target
from projections.wording.words import WarningState, Words, compact, local, parts_of

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CLOCKS: dict[ClockName, str] = {"initial": "initial response", "ongoing": "ongoing response"}
_METERS: dict[Kind, str] = {"business": "of business time", "off-hours": "outside business hours"}


def _count(number: int | str, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class English(Words):
    """English."""

    code = "en"
    judged = "Judged by"
    happened = "What happened"
    targets = "Which target applies"
    due_found = "How the due time was found"
    time_used = "How much time was used"
    warned = "Warnings"
    policy_label = "policy"
    calendar_label = "calendar"
    severity_label = "severity"
    asked_label = "judged at"
    parts: ClassVar[Mapping[Part, str]] = {
        "started": "started",
        "target": "target",
        "ended": "ended",
    }
    kinds: ClassVar[Mapping[Kind, str]] = {"business": "business", "off-hours": "off-hours"}
    table_head = ("#", "kind", "from – to", "time")

    def duration(self, duration: int) -> str:
        """Say how long, in hours, minutes and seconds."""
        hours, minutes, seconds, fraction = parts_of(duration)
        said = [_count(hours, "hour")] if hours else []
        if minutes:
            said.append(_count(minutes, "minute"))
        if seconds or fraction or not said:
            said.append(_count(f"{seconds}.{fraction}" if fraction else seconds, "second"))
        return " ".join(said)

    def both_meters(self, business: int, off_hours: int) -> str:
        """Say how much time of each kind."""
        said = [
            f"{self.duration(duration)} {_METERS[kind]}"
            for kind, duration in _by_kind(business, off_hours)
            if duration
        ]
        return " and ".join(said) or "no time"

    def budget(self, target: Target, business_day: int) -> str:
        """Say what a target allows."""
        said = []
        if target.business is not None:
            text = f"{self.duration(target.business)} of business time"
            if target.business and target.business % business_day == 0:
                text += f" ({_count(target.business // business_day, 'business day')})"
            said.append(text)
        if target.off_hours is not None:
            said.append(f"{self.duration(target.off_hours)} outside business hours")
        return " and ".join(said) + (", whichever is used up first" if len(said) > 1 else "")

    def day(self, day: date) -> str:
        """Write a date such as `Fri 6 March 2026`."""
        return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"

    def short_day(self, day: date, *, weekday: bool, year: bool) -> str:
        """Write a date such as `Fri 6 Mar 2026`."""
        text = f"{day.day} {_MONTHS[day.month - 1][:3]}"
        text = f"{_WEEKDAYS[day.weekday()]} {text}" if weekday else text
        return f"{text} {day.year}" if year else text

    def moment(self, at: int, zone: tzinfo) -> str:
        """Write an instant such as `Fri 6 March 2026 16:30 CET (15:30 UTC)`."""
        return f"{self.day(local(at, zone))} {self.both_clocks(at, zone)}"

    def segments(self, number: int) -> str:
        """Say how many segments."""
        return _count(number, "segment")

    def title(self, ticket: str, name: ClockName, instance: int) -> str:
        """Name the clock."""
        return f"Ticket {ticket}: {_named(name, instance)}"

    def met(self, due_at: int, satisfied_at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that the promise was kept, and by how much."""
        if satisfied_at == due_at:
            return f"Kept: answered exactly at the due time, {self.moment(due_at, zone)}."
        return (
            f"Kept: due {self.moment(due_at, zone)}, answered {self.moment(satisfied_at, zone)}, "
            f"with {self.both_meters(*left)} to spare."
        )

    def breached(
        self, due_at: int, satisfied_at: int | None, at: int, late: tuple[int, int], zone: tzinfo
    ) -> str:
        """Say that the promise was broken, and by how much."""
        due = f"Broken: due {self.moment(due_at, zone)}"
        if satisfied_at is None:
            return (
                f"{due}, not answered by {self.moment(at, zone)}: "
                f"late by {self.both_meters(*late)} so far."
            )
        return (
            f"{due}, answered {self.moment(satisfied_at, zone)}: late by {self.both_meters(*late)}."
        )

    def running(self, due_at: int, at: int, left: tuple[int, int], zone: tzinfo) -> str:
        """Say that there is still time, and how much."""
        if at == due_at:
            return f"Running: due at this very instant, {self.moment(due_at, zone)}."
        return (
            f"Running: due {self.moment(due_at, zone)}; from {self.moment(at, zone)} "
            f"there is still {self.both_meters(*left)}."
        )

    def no_target(self, why: NoTarget, clock: Clock, severity: int | None) -> str:
        """Say why there is no target, and what that means for the clock."""
        match why:
            case "untriaged":
                return (
                    "No target: the ticket has no severity yet. The first severity will count from "
                    "the start, so the promise may already be broken then."
                )
            case "unsupported":
                reason = "the request is not supported and is answered on best effort"
            case "empty-cell":
                reason = (
                    f"plan {self.phrase(clock.policy.plans[clock.plan].title)} publishes none "
                    f"for the {_CLOCKS[clock.name]} at severity {severity}"
                )
            case never:
                assert_never(never)
        return f"No target: {reason}. The clock measures and cannot be broken without a target."

    def policy(self, policy: Policy, plan: str, zone: tzinfo) -> str:
        """Name the policy's version, its digest, since when it is in force, and the plan."""
        since = (
            "in force since ever"
            if policy.effective_from is None
            else f"in force since {self.moment(policy.effective_from, zone)}"
        )
        title = self.phrase(policy.plans[plan].title)
        name = f"{policy.label} ({self.phrase(policy.title)}), digest {policy.digest[:16]}"
        return f"{name}, {since}; plan {title}."

    def calendar(self, clock: Clock) -> str:
        """Name the calendar, the hours, the zone and the versions of both."""
        policy, plan = clock.policy, clock.policy.plans[clock.plan]
        return (
            f"{policy.calendar_name}, hours '{plan.hours_name}' in {policy.zone_name}; openings "
            f"{plan.hours.digest[:16]}, time zones of {policy.zone_data}."
        )

    def severities(self, given: Sequence[tuple[int, bool, int]], zone: tzinfo) -> str:
        """List the severities that the ticket had."""
        if not given:
            return "not assigned yet."
        said = [
            f"{level}{'' if supported else ' (unsupported)'} from {self.moment(at, zone)}"
            for level, supported, at in given
        ]
        return f"{'; '.join(said)}."

    def asked(self, at: int, as_of: int, zone: tzinfo) -> str:
        """Say at which instant it is judged, and on what was recorded by when."""
        known = "then" if as_of == at else self.moment(as_of, zone)
        return f"{self.moment(at, zone)}, on what was recorded by {known}."

    def event(self, event: Event) -> str:
        """Say what happened."""
        match event:
            case Opened():
                return "the request was opened"
            case SeverityAssigned(severity):
                return f"severity {severity} was assigned"
            case CustomerReplied():
                return "the customer wrote"
            case AgentResponded(awaiting):
                promise = " and promised to come back" if awaiting == "support" else ""
                return f"an agent answered{promise}"
            case WorkaroundFound(awaiting):
                promise = " with the promise to come back" if awaiting == "support" else ""
                return f"a workaround was sent{promise}"
            case Resolved():
                return "the request was resolved"
            case Verified():
                return "the solution was verified"
            case never:
                assert_never(never)

    def told(self, occurred_at: int, zone: tzinfo, what: str, name: str, id: str, by: str) -> str:
        """Say what happened when, and by whom it was recorded."""
        return f"{self.moment(occurred_at, zone)}: {what} ({name} {id} by {by})."

    def recorded(self, occurred_at: int, recorded_at: int, zone: tzinfo) -> str:
        """Say when the event was recorded, and mark it where that was later."""
        if recorded_at == occurred_at:
            return "Recorded at the same instant."
        return (
            f"BACKDATED: recorded on {self.moment(recorded_at, zone)}, "
            f"{self.duration(recorded_at - occurred_at)} later."
        )

    def target(self, given: Given, clock: Clock) -> str:
        """Say which target the clock was given and by which rule its due time was found."""
        zone = clock.hours.zone
        promise = given.promise
        severity = f"Severity {given.assigned.severity}"
        assigned = f"{severity}, assigned on {self.moment(given.triage.occurred_at, zone)},"
        if promise.target is None or promise.due_at is None:
            unsupported = "" if given.assigned.supported else " to a request that is not supported,"
            runs = "runs on" if given.former else "runs"
            return f"{assigned}{unsupported} gives no target: the clock {runs} without one."
        allows = f"{assigned} allows {self.budget(promise.target, clock.policy.business_day)}."
        return f"{allows} {self._rule(given, promise.due_at, clock)}"

    def _rule(self, given: Given, due_at: int, clock: Clock) -> str:
        zone = clock.hours.zone
        due = self.moment(due_at, zone)
        match given.promise.rule:
            case "start" if given.promise.given_by == clock.started_by:
                return (
                    f"It was in force when the clock started and counts from the start: due {due}."
                )
            case "start":
                return (
                    "The first severity describes the problem as it was from the start, "
                    f"so the target counts from the clock's start: due {due}."
                )
            case "no-target":
                return ""
            case "again":
                return (
                    f"The clock had this target before; the due time of then stands again: {due}."
                )
            case "from-start":
                return (
                    f"{self._compared(given, zone)} So it counts from the clock's start: due {due}."
                )
            case "earlier-promise":
                return (
                    f"{self._compared(given, zone)} The due time in force before the change "
                    f"is later, and stays: {due}."
                )
            case "full":
                compared = self._compared(given, zone)
                return f"{compared} So it counts in full from the change: due {due}."
            case "capped":
                assert given.full is not None
                return (
                    f"{self._compared(given, zone)} In full from the change it would be due "
                    f"{self.moment(given.full, zone)}, but an earlier due time was already given "
                    f"for a target no tighter than this one, and stays: {due}."
                )
            case never:
                assert_never(never)

    def _compared(self, given: Given, zone: tzinfo) -> str:
        """Compare the target with the one before it, both counted from the clock's start."""
        if given.former_from_start is None or given.from_start is None:
            return "The clock had no target before."
        tighter = given.from_start < given.former_from_start
        text = (
            f"Counted from the clock's start it is due {self.moment(given.from_start, zone)}, "
            f"the target before it {self.moment(given.former_from_start, zone)}: "
            f"it is {'tighter' if tighter else 'not tighter'}."
        )
        if not tighter and given.promise.rule in ("full", "capped"):
            text += " But these due times were over when the severity changed."
        return text

    def changed_nothing(self, severity: int, at: int, *, answered: bool, zone: tzinfo) -> str:
        """Say that a severity came too late for this clock."""
        why = "was answered by then" if answered else "had been broken by then"
        return (
            f"Severity {severity}, assigned on {self.moment(at, zone)}, "
            f"changed nothing: the clock {why}."
        )

    def counted_until_used_up(self, anchor: int, budget: str, zone: tzinfo) -> str:
        """Announce the count that finds the due time."""
        return f"Counted from {self.moment(anchor, zone)}, at most {budget}:"

    def used_up(self, kinds: Sequence[Kind], due_at: int, zone: tzinfo) -> str:
        """Say which meter ran out first, and when."""
        names = {"business": "the business time", "off-hours": "the time outside business hours"}
        which = " and ".join(names[kind] for kind in kinds)
        return (
            f"{which.capitalize()} is used up on {self.moment(due_at, zone)}: that is the due time."
        )

    def counted(self, start: int, end: int, *, answered: bool, zone: tzinfo) -> str:
        """Announce the count from the start to the answer, or to the instant asked about."""
        where = "the answer" if answered else "the instant asked about"
        return (
            f"Counted from the start on {self.moment(start, zone)} "
            f"to {where} on {self.moment(end, zone)}:"
        )

    def together(self, business: int, off_hours: int) -> str:
        """Say what the segments sum to."""
        total = self.duration(business + off_hours)
        return f"Together {self.both_meters(business, off_hours)}: {total} in all."

    def skipped(self, skipped: Skipped) -> str:
        """Say which holiday took how much business time."""
        day = skipped.holiday
        return (
            f"Holiday: {self.day(day.date)}, {self.phrase(day.name)}; "
            f"{self.duration(skipped.cost)} did not count as business time."
        )

    def clock_change(self, number: int, change: int) -> str:
        """Say that clocks were moved inside a segment."""
        moved, effect = ("forward", "less") if change > 0 else ("back", "more")
        by = self.duration(abs(change))
        return (
            f"Clocks go {moved} by {by} in segment {number}: it lasts {by} {effect} than they show."
        )

    def left_out(self, number: int) -> str:
        """Say how to see the segments that were summed in one line."""
        return f"One line sums {self.segments(number)}; --all shows each of them."

    def total_of(self, kind: Kind, budget: int | None) -> str:
        """Head the column of a running total."""
        return self.kinds[kind] if budget is None else f"{self.kinds[kind]} of {compact(budget)}"

    def warning(
        self, percent: str, at: int, state: WarningState, *, untriaged: bool, zone: tzinfo
    ) -> str:
        """Say when a warning is due, and what became of it."""
        of = "the plan's most urgent target, untriaged" if untriaged else "the target"
        match state:
            case "passed":
                became = "not triaged by then" if untriaged else "not answered by then"
            case "answered":
                became = "answered by then"
            case "ahead":
                became = "still to come"
            case never:
                assert_never(never)
        return f"{percent} % of {of}: {self.moment(at, zone)}, {became}."


def _named(name: ClockName, instance: int) -> str:
    return _CLOCKS[name] if name == "initial" else f"{_CLOCKS[name]} {instance}"


def _by_kind(business: int, off_hours: int) -> tuple[tuple[Kind, int], ...]:
    return (("business", business), ("off-hours", off_hours))
