"""Why a clock says what it says, as data that a person can check by hand (semantics §7).

Everything here is computed again from the clock and its history, never remembered: two stretches
of counted time (to the due time, and to the answer), and every decision with the numbers it
compared.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from domain import instant
from domain.alert import Deadline, deadlines
from domain.clock import Clock, Promise, Verdict
from domain.event import RecordedEvent, SeverityAssigned, story_order
from domain.hours import Holiday, Hours, Interval, Kind
from domain.policy import Target

NoTarget = Literal["untriaged", "unsupported", "empty-cell"]
"""Why a clock has no target: no severity yet, a request on best effort, or an unpublished cell."""

Effect = Literal["before", "target", "answered", "breached"]
"""What a triage did to a clock: it came before the start, it gave the target, or it changed
nothing because the clock was answered or had breached (semantics §4)."""

Part = Literal["started", "target", "ended"]


class Counted(NamedTuple):
    """One counted segment, with both meters as they stand at its end.

    All durations are microseconds. `clock_change` is how far local clocks were moved inside the
    segment: its real duration is that much less than what they show.
    """

    kind: Kind
    start: int
    end: int
    business: int
    off_hours: int
    clock_change: int

    @property
    def duration(self) -> int:
        """Return the real elapsed time, in microseconds."""
        return self.end - self.start


class Skipped(NamedTuple):
    """A holiday that took business time from a stretch, and how much, in microseconds."""

    holiday: Holiday
    cost: int


class Stretch(NamedTuple):
    """Time counted from one instant to another, segment by segment without gaps."""

    start: int
    end: int
    segments: tuple[Counted, ...]
    skipped: tuple[Skipped, ...]

    @property
    def business(self) -> int:
        """Return the business time of the whole stretch, in microseconds."""
        return self.segments[-1].business if self.segments else 0

    @property
    def off_hours(self) -> int:
        """Return the time outside business hours of the whole stretch, in microseconds."""
        return self.segments[-1].off_hours if self.segments else 0


class DueTime(NamedTuple):
    """How the due time in force was found: its basis, counted until a budget was used up.

    `used_up` names the meters whose budget ends at the due time; both only if both are zero.
    """

    budget: Target
    stretch: Stretch
    used_up: tuple[Kind, ...]


class Triage(NamedTuple):
    """A severity in the ticket's history, and what it did to this clock."""

    recorded: RecordedEvent
    assigned: SeverityAssigned
    effect: Effect


class Given(NamedTuple):
    """A target that the clock was given, with the instants that its rule compared.

    `from_start` is due(S, T), `former_from_start` is due(S, L) and `full` is due(t, T) in the words
    of semantics §4; each is None where its rule does not ask for it. `former` is the promise that
    L came from, and `taken_from` the one whose due time was taken over.
    """

    promise: Promise
    triage: RecordedEvent
    assigned: SeverityAssigned
    from_start: int | None
    former: Promise | None
    former_from_start: int | None
    full: int | None
    taken_from: Promise | None


class Turn(NamedTuple):
    """An event that started a clock, gave it a target, or ended it."""

    part: Part
    recorded: RecordedEvent

    @property
    def backdated(self) -> bool:
        """Tell whether the event was recorded later than it happened."""
        return self.recorded.recorded_at > self.recorded.occurred_at


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that a clock's verdict at an instant rests on.

    `due` is None without a target, and `no_target` then says why. `used` runs from the start to the
    answer, or to `at`. `left` is the (business, off-hours) time from there to the due time, in
    microseconds, negative where it is late. `warnings` are the deadlines of the kinds `warning` and
    `untriaged`.
    """

    ticket: str
    clock: Clock
    at: int
    verdict: Verdict
    no_target: NoTarget | None
    turns: tuple[Turn, ...]
    triages: tuple[Triage, ...]
    targets: tuple[Given, ...]
    due: DueTime | None
    used: Stretch
    left: tuple[int, int] | None
    warnings: tuple[Deadline, ...]


def explain(clock: Clock, history: Sequence[RecordedEvent], at: int) -> Explanation:
    """Explain a clock at an instant, from the known history in story order that it was folded from.

    Raises OutsideCalendar where a warning lies outside the policy's calendar.
    """
    targets = tuple(_targets(clock, history))
    used = _stretch(clock.hours, clock.started_at, _end(clock, at))
    return Explanation(
        ticket=history[0].ticket,
        clock=clock,
        at=at,
        verdict=clock.verdict(at),
        no_target=_no_target(targets),
        turns=tuple(_turns(clock, history)),
        triages=tuple(_triages(clock, history)),
        targets=targets,
        due=_due_time(clock),
        used=used,
        left=None if clock.due_at is None else clock.hours.elapsed(used.end, clock.due_at),
        warnings=tuple(
            sorted(one for one in deadlines(clock) if one.kind in ("warning", "untriaged"))
        ),
    )


def _end(clock: Clock, at: int) -> int:
    return at if clock.satisfied_at is None else clock.satisfied_at


def _stretch(hours: Hours, start: int, end: int) -> Stretch:
    return Stretch(
        start, end, tuple(_counted(hours, start, end)), tuple(_skipped(hours, start, end))
    )


def _counted(hours: Hours, start: int, end: int) -> Iterator[Counted]:
    business = off_hours = 0
    for segment in hours.segments(start, end):
        match segment.kind:
            case "business":
                business += segment.duration
            case "off-hours":
                off_hours += segment.duration
        change = _offset(hours, segment.end) - _offset(hours, segment.start)
        yield Counted(*segment, business, off_hours, change)


def _offset(hours: Hours, at: int) -> int:
    """Return how far local clocks are ahead of UTC, in microseconds."""
    offset = instant.to_datetime(at).astimezone(hours.zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _due_time(clock: Clock) -> DueTime | None:
    if not clock.promises:
        return None
    promise = clock.promises[-1]
    if promise.due_at is None or promise.budget is None:
        return None
    stretch = _stretch(clock.hours, promise.anchor, promise.due_at)
    used_up = _used_up(promise.budget, stretch.business, stretch.off_hours)
    return DueTime(promise.budget, stretch, used_up)


def due_meter(hours: Hours, budget: Target, anchor: int, due_at: int) -> tuple[Kind, int]:
    """Return the meter whose budget ends at a due time, business time where both do, and how much.

    `due_at` is due(anchor, budget); durations are microseconds (semantics §3).
    """
    business, off_hours = hours.elapsed(anchor, due_at)
    if _used_up(budget, business, off_hours) == ("off-hours",):
        return "off-hours", off_hours
    return "business", business


def _used_up(budget: Target, business: int, off_hours: int) -> tuple[Kind, ...]:
    """Return the meters whose budgets are used up by so much time, business time first."""
    used_up: list[Kind] = []
    if budget.business == business:
        used_up.append("business")
    if budget.off_hours == off_hours:
        used_up.append("off-hours")
    return tuple(used_up)


def _no_target(targets: Sequence[Given]) -> NoTarget | None:
    if not targets:
        return "untriaged"
    given = targets[-1]
    if given.promise.target is not None:
        return None
    return "empty-cell" if given.assigned.supported else "unsupported"


def _turns(clock: Clock, history: Sequence[RecordedEvent]) -> Iterator[Turn]:
    by_id = {recorded.event_id: recorded for recorded in history}
    yield Turn("started", by_id[clock.started_by])
    for promise in clock.promises:
        if promise.given_by != clock.started_by:
            yield Turn("target", by_id[promise.given_by])
    if clock.satisfied_by is not None:
        yield Turn("ended", by_id[clock.satisfied_by])


def _triages(clock: Clock, history: Sequence[RecordedEvent]) -> Iterator[Triage]:
    gave = {promise.given_by for promise in clock.promises}
    started = (clock.started_at, clock.started_version)
    answered = False
    for recorded in history:
        answered = answered or recorded.event_id == clock.satisfied_by
        if not isinstance(recorded.event, SeverityAssigned):
            continue
        effect: Effect = "answered" if answered else "breached"
        if recorded.event_id in gave:
            effect = "target"
        elif story_order(recorded) < started:
            effect = "before"
        yield Triage(recorded, recorded.event, effect)


def _targets(clock: Clock, history: Sequence[RecordedEvent]) -> Iterator[Given]:
    """Yield the targets in the order in which they were given, each with what its rule compared."""
    triages = [
        (recorded, recorded.event)
        for recorded in history
        if isinstance(recorded.event, SeverityAssigned)
    ]
    order = {recorded.event_id: story_order(recorded) for recorded in history}
    for index, promise in enumerate(clock.promises):
        triage, assigned = [
            (recorded, event)
            for recorded, event in triages
            if story_order(recorded) <= order[promise.given_by]
        ][-1]
        yield _given(clock, promise, clock.promises[:index], triage, assigned)


def _given(
    clock: Clock,
    promise: Promise,
    earlier: Sequence[Promise],
    triage: RecordedEvent,
    assigned: SeverityAssigned,
) -> Given:
    due = clock.hours.due
    start = clock.started_at
    target = promise.target
    former = next((one for one in reversed(earlier) if one.target is not None), None)
    from_start = former_from_start = full = taken_from = None
    compares = target is not None and promise.rule not in ("start", "again")
    if target is not None and compares:
        from_start = due(start, *target)
        if former is not None and former.target is not None:
            former_from_start = due(start, *former.target)
    match promise.rule:
        case "again":
            taken_from = next(
                one for one in earlier if (one.target, one.due_at) == (target, promise.due_at)
            )
        case "earlier-promise":
            taken_from = former
        case "full" | "capped":
            assert target is not None
            full = due(promise.given_at, *target)
            if promise.rule == "capped":
                basis = (promise.due_at, promise.anchor, promise.budget)
                taken_from = next(
                    one for one in earlier if (one.due_at, one.anchor, one.budget) == basis
                )
        case "start" | "no-target" | "from-start":
            pass
    return Given(promise, triage, assigned, from_start, former, former_from_start, full, taken_from)


def _skipped(hours: Hours, start: int, end: int) -> Iterator[Skipped]:
    for holiday in hours.holidays_between(start, end):
        cost = sum(
            max(min(taken.end, end) - max(taken.start, start), 0)
            for taken in _taken_by(hours, holiday)
        )
        if cost:
            yield Skipped(holiday, cost)


def _taken_by(hours: Hours, holiday: Holiday) -> Iterator[Interval]:
    """Yield the business time that a holiday took: the openings of its weekday.

    The compiled table no longer has them on that day, but on the nearest same weekday that is no
    holiday and on which no clock changes, where time since midnight is the wall clock's.
    """
    holidays = {one.date for one in hours.holidays}
    first, last = date(hours.first_year, 1, 1), date(hours.last_year, 12, 31)
    weeks = 0
    while True:
        weeks += 1
        near = [holiday.date - timedelta(weeks=weeks), holiday.date + timedelta(weeks=weeks)]
        near = [day for day in near if first <= day <= last]
        if not near:
            return
        for day in near:
            midnight = _local(hours, day, 0)
            if day in holidays or _local(hours, day, instant.DAY) - midnight != instant.DAY:
                continue
            for opened in hours.business.intervals_between(midnight, midnight + instant.DAY):
                yield Interval(
                    _local(hours, holiday.date, opened.start - midnight),
                    _local(hours, holiday.date, opened.end - midnight),
                )
            return


def _local(hours: Hours, day: date, since_midnight: int) -> int:
    wall = datetime(day.year, day.month, day.day) + timedelta(  # noqa: DTZ001
        microseconds=since_midnight
    )
    return instant.from_datetime(wall.replace(tzinfo=hours.zone).astimezone(UTC))
