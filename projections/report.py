"""How promises were kept, how long answers took, and what deserves a second look.

A report is a function of (histories, policies, R, T): what was recorded by R, judged at T
(semantics §4). All arithmetic is on integers; every clock stands in exactly one cell, and every
ticket in exactly one place of each count.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple, TypeVar

from domain import instant
from domain.clock import Clock, Verdict, fold, known
from domain.event import (
    CustomerReplied,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    WorkaroundFound,
)
from domain.hours import Hours
from domain.policy import CLOCK_NAMES, ClockName, Policies
from domain.standing import Status
from projections.judging import judging

Milestone = Literal["workaround", "resolution"]
Measure = ClockName | Milestone
Reason = Literal["lowered-and-raised", "changed-after-breach", "supported-changed", "backdated"]
Key = TypeVar("Key", bound=Hashable)

MEASURES: tuple[Measure, ...] = (*CLOCK_NAMES, "workaround", "resolution")
STATUSES: tuple[Status, ...] = ("new", "open", "pending", "resolved", "verified")
REASONS: tuple[Reason, ...] = (
    "lowered-and-raised",
    "changed-after-breach",
    "supported-changed",
    "backdated",
)


class Group(NamedTuple):
    """What is promised alike: a plan, a severity, and whether the policy supports the request.

    `severity` and `supported` are None before triage.
    """

    plan: str
    severity: int | None
    supported: bool | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many clocks had each verdict (semantics §4, Verdict)."""

    met: int = 0
    breached: int = 0
    running: int = 0
    no_target: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add verdict by verdict."""
        return Counts(
            self.met + other.met,
            self.breached + other.breached,
            self.running + other.running,
            self.no_target + other.no_target,
        )

    @property
    def clocks(self) -> int:
        """Return the number of clocks, whatever their verdict."""
        return self.met + self.breached + self.running + self.no_target

    @property
    def kept_permille(self) -> int | None:
        """Return the share of met among met and breached, in tenths of a percent; None of none.

        Rounded down: 1000 means that nothing at all was broken.
        """
        decided = self.met + self.breached
        return self.met * 1000 // decided if decided else None


class Cell(NamedTuple):
    """The verdicts of one group's clocks of one name that started in one month.

    `month` is `YYYY-MM` in the policy's zone.
    """

    group: Group
    clock: ClockName
    month: str
    counts: Counts


class Percentiles(NamedTuple):
    """Nearest-rank percentiles of durations in microseconds, each one that really occurred."""

    p50: int
    p90: int
    p95: int
    max: int


class Times(NamedTuple):
    """How long something took: an answer from the clock's start, a milestone from `Opened`.

    `reached` were measured; `waiting` have not come to it and are in no percentile. The two meters
    are None where nothing was reached; `off_hours` of an answer also where no target of the group
    counts that time.
    """

    group: Group
    measure: Measure
    reached: int
    waiting: int
    business: Percentiles | None
    off_hours: Percentiles | None


class Broken(NamedTuple):
    """A promise that was broken; instants and durations in microseconds.

    `late_business` and `late_off_hours` run from `due_at` to the answer, or to T where there is
    none; `late` is their sum over the meters that the target counts.
    """

    ticket: str
    clock: ClockName
    instance: int
    group: Group
    policy: str
    started_at: int
    due_at: int
    satisfied_at: int | None
    late_business: int
    late_off_hours: int
    late: int


class Review(NamedTuple):
    """A ticket that somebody should look at, and why.

    `severities` are those assigned, in order, without repeats; `backdated` counts the events
    recorded late, `largest_delay` is the longest such delay in microseconds, 0 where there is none.
    """

    ticket: str
    reasons: tuple[Reason, ...]
    severities: tuple[int, ...]
    backdated: int
    largest_delay: int


class Version(NamedTuple):
    """A policy version that judged: its label, and the SHA-256 of its text in hex."""

    label: str
    digest: str


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of all tickets as of R at T, in an order that depends on the input alone.

    `policies` are the versions that judged; `root_causes` counts the resolutions that stand at T,
    None where no cause was named. `broken` has the worst first.
    """

    as_of: int
    at: int
    policies: tuple[Version, ...]
    tickets: int
    events: int
    statuses: Mapping[Status, int]
    channels: Mapping[str, int]
    root_causes: Mapping[str | None, int]
    cells: tuple[Cell, ...]
    times: tuple[Times, ...]
    broken: tuple[Broken, ...]
    review: tuple[Review, ...]


def report(
    tickets: Mapping[str, Sequence[RecordedEvent]], policies: Policies, as_of: int, at: int
) -> Report:
    """Report on tickets by what was recorded by `as_of` and happened by `at`.

    Tickets of which nothing was known then are left out. An event is recorded late where that took
    longer than the version in force at T gives an answer on its way (`settle`). Raises CannotJudge.
    """
    gathering = _Gathering(policies, at)
    for ticket, history in tickets.items():
        story = known(history, as_of, at)
        if story:
            with judging(ticket):
                gathering.add(ticket, story)
    return gathering.report(as_of)


def summed(cells: Iterable[Cell], key: Callable[[Cell], Key]) -> dict[Key, Counts]:
    """Add up the cells that a key puts together, in order of first appearance."""
    sums: dict[Key, Counts] = {}
    for cell in cells:
        name = key(cell)
        sums[name] = sums.get(name, Counts()) + cell.counts
    return sums


def percentiles(durations: Sequence[int]) -> Percentiles | None:
    """Return the nearest-rank percentiles: the smallest duration that p % do not exceed."""
    if not durations:
        return None
    ordered = sorted(durations)
    count = len(ordered)
    p50, p90, p95 = (ordered[-(-share * count // 100) - 1] for share in (50, 90, 95))
    return Percentiles(p50, p90, p95, ordered[-1])


class _Measured:
    """The durations gathered for one row of times."""

    __slots__ = ("business", "counts_off_hours", "off_hours", "waiting")

    def __init__(self) -> None:
        self.business: list[int] = []
        self.off_hours: list[int] = []
        self.waiting = 0
        self.counts_off_hours = False

    def add(self, meters: tuple[int, int]) -> None:
        self.business.append(meters[0])
        self.off_hours.append(meters[1])

    def times(self, group: Group, measure: Measure) -> Times:
        return Times(
            group,
            measure,
            len(self.business),
            self.waiting,
            percentiles(self.business),
            percentiles(self.off_hours) if self.counts_off_hours else None,
        )


class _Story:
    """What one ticket's events say beyond its clocks, read once in story order.

    An event recorded up to `settle` after it happened is not late.
    """

    __slots__ = (
        "assigned",
        "backdated",
        "in_force",
        "largest_delay",
        "opened",
        "resolution",
        "workaround",
    )

    def __init__(self, story: Sequence[RecordedEvent], settle: int) -> None:
        self.opened = story[0]
        self.assigned: list[tuple[int, SeverityAssigned]] = []
        # By the event after which it holds, so that a promise leads to its triage.
        self.in_force: dict[str, SeverityAssigned] = {}
        self.workaround: RecordedEvent | None = None
        self.resolution: RecordedEvent | None = None
        self.backdated = 0
        self.largest_delay = 0
        for recorded in story:
            event = recorded.event
            if isinstance(event, SeverityAssigned):
                self.assigned.append((recorded.occurred_at, event))
            elif isinstance(event, WorkaroundFound):
                self.workaround = self.workaround or recorded
            elif isinstance(event, Resolved):
                self.resolution = self.resolution or recorded
            elif isinstance(event, CustomerReplied):
                # Reopened: what was thought to be the end was none.
                self.resolution = None
            if self.assigned:
                self.in_force[recorded.event_id] = self.assigned[-1][1]
            delay = recorded.recorded_at - recorded.occurred_at
            if delay > settle:
                self.backdated += 1
                self.largest_delay = max(self.largest_delay, delay)

    @property
    def triage(self) -> SeverityAssigned | None:
        """Return the latest triage."""
        return self.assigned[-1][1] if self.assigned else None

    def triage_after(self, event_id: str) -> SeverityAssigned | None:
        """Return the triage that holds for what an event ended.

        The first one describes the problem as it was from the start, so it also holds for what
        was over before it came (semantics §4, Triage and targets).
        """
        if not self.assigned:
            return None
        return self.in_force.get(event_id, self.assigned[0][1])


class _Gathering:
    """Takes tickets one by one and keeps no more of each than the report needs."""

    def __init__(self, policies: Policies, at: int) -> None:
        self._policies = policies
        self._at = at
        self._tickets = 0
        self._events = 0
        self._settle = policies.in_force(at).settle
        self._versions: dict[int, Version] = {}
        self._statuses: Counter[Status] = Counter()
        self._channels: Counter[str] = Counter()
        self._root_causes: Counter[str | None] = Counter()
        self._cells: dict[tuple[Group, ClockName, str], Counter[Verdict]] = {}
        self._measured: dict[tuple[Group, Measure], _Measured] = {}
        self._broken: list[Broken] = []
        self._review: list[Review] = []

    def add(self, ticket: str, events: Sequence[RecordedEvent]) -> None:
        """Count a ticket by its events in story order."""
        folded = fold(events, self._policies)
        story = _Story(events, self._settle)
        opened = story.opened.event
        assert isinstance(opened, Opened)
        self._tickets += 1
        self._events += len(events)
        self._statuses[folded.status] += 1
        self._channels[opened.channel] += 1
        if story.resolution is not None:
            assert isinstance(story.resolution.event, Resolved)
            self._root_causes[story.resolution.event.root_cause] += 1
        for clock in folded.clocks:
            self._count(ticket, clock, story)
        hours = self._policies.in_force(story.opened.occurred_at).plans[opened.plan].hours
        self._reach("workaround", story.workaround, opened.plan, story, hours)
        self._reach("resolution", story.resolution, opened.plan, story, hours)
        review = _review(ticket, story, folded.clocks, self._at)
        if review is not None:
            self._review.append(review)

    def _count(self, ticket: str, clock: Clock, story: _Story) -> None:
        triage = story.in_force[clock.promises[-1].given_by] if clock.promises else None
        group = _group(clock.plan, triage)
        verdict = clock.verdict(self._at)
        policy = clock.policy
        self._versions[policy.version] = Version(policy.label, policy.digest)
        cell = (group, clock.name, _month(clock.started_at, clock.hours))
        verdicts = self._cells.get(cell)
        if verdicts is None:
            verdicts = self._cells[cell] = Counter()
        verdicts[verdict] += 1
        measured = self._of(group, clock.name)
        if clock.target is not None and clock.target.off_hours is not None:
            measured.counts_off_hours = True
        if clock.satisfied_at is None:
            measured.waiting += 1
        else:
            measured.add(clock.meters(clock.satisfied_at))
        if verdict == "breached":
            self._broken.append(_broken(ticket, clock, group, self._at))

    def _reach(
        self,
        measure: Milestone,
        reached: RecordedEvent | None,
        plan: str,
        story: _Story,
        hours: Hours,
    ) -> None:
        if reached is None:
            self._of(_group(plan, story.triage), measure).waiting += 1
            return
        measured = self._of(_group(plan, story.triage_after(reached.event_id)), measure)
        measured.counts_off_hours = True
        measured.add(hours.elapsed(story.opened.occurred_at, reached.occurred_at))

    def _of(self, group: Group, measure: Measure) -> _Measured:
        measured = self._measured.get((group, measure))
        if measured is None:
            measured = self._measured[group, measure] = _Measured()
        return measured

    def report(self, as_of: int) -> Report:
        """Put everything gathered in its order."""
        plans = {name: place for place, name in enumerate(self._policies.in_force(self._at).plans)}

        def place(group: Group) -> tuple[int, bool, int, bool]:
            return (
                plans[group.plan],
                group.severity is None,
                group.severity or 0,
                group.supported is False,
            )

        cells = [
            Cell(group, clock, month, _counts(verdicts))
            for (group, clock, month), verdicts in self._cells.items()
        ]
        times = [
            measured.times(group, measure) for (group, measure), measured in self._measured.items()
        ]
        return Report(
            as_of=as_of,
            at=self._at,
            policies=tuple(version for _, version in sorted(self._versions.items())),
            tickets=self._tickets,
            events=self._events,
            statuses={status: self._statuses[status] for status in STATUSES},
            channels=_most_first(self._channels),
            root_causes=_most_first(self._root_causes),
            cells=tuple(
                sorted(cells, key=lambda cell: (place(cell.group), cell.clock, cell.month))
            ),
            times=tuple(
                sorted(times, key=lambda row: (MEASURES.index(row.measure), place(row.group)))
            ),
            broken=tuple(sorted(self._broken, key=_worst)),
            review=tuple(sorted(self._review, key=_gravest)),
        )


def _group(plan: str, triage: SeverityAssigned | None) -> Group:
    if triage is None:
        return Group(plan, None, None)
    return Group(plan, triage.severity, triage.supported)


def _month(at: int, hours: Hours) -> str:
    return instant.to_datetime(at).astimezone(hours.zone).strftime("%Y-%m")


def _counts(verdicts: Mapping[Verdict, int]) -> Counts:
    return Counts(
        met=verdicts["met"],
        breached=verdicts["breached"],
        running=verdicts["running"],
        no_target=verdicts["no-target"],
    )


def _most_first(counted: "Counter[Key]") -> dict[Key, int]:
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0] is None, str(pair[0]))))


def _broken(ticket: str, clock: Clock, group: Group, at: int) -> Broken:
    target, due_at = clock.target, clock.due_at
    assert target is not None
    assert due_at is not None
    answered = clock.satisfied_at
    business, off_hours = clock.hours.elapsed(due_at, at if answered is None else answered)
    late = (0 if target.business is None else business) + (
        0 if target.off_hours is None else off_hours
    )
    return Broken(
        ticket,
        clock.name,
        clock.instance,
        group,
        clock.policy.label,
        clock.started_at,
        due_at,
        answered,
        business,
        off_hours,
        late,
    )


def _worst(broken: Broken) -> tuple[int, int, int, str, int]:
    """Order by lateness on the promised meters, then in real time; then the oldest first."""
    real = broken.late_business + broken.late_off_hours
    return (-broken.late, -real, broken.due_at, broken.ticket, broken.started_at)


def _review(ticket: str, story: _Story, clocks: Sequence[Clock], at: int) -> Review | None:
    found: set[Reason] = {"backdated"} if story.backdated else set()
    lowered = False
    for (_, before), (changed_at, after) in pairwise(story.assigned):
        if before.supported != after.supported:
            found.add("supported-changed")
        if before.severity == after.severity:
            continue
        if any(_breached_before(clock, changed_at, at) for clock in clocks):
            found.add("changed-after-breach")
        if after.severity > before.severity:
            lowered = True
        elif lowered:
            found.add("lowered-and-raised")
    if not found:
        return None
    return Review(
        ticket,
        tuple(reason for reason in REASONS if reason in found),
        tuple(level for level, _ in groupby(triage.severity for _, triage in story.assigned)),
        story.backdated,
        story.largest_delay,
    )


def _breached_before(clock: Clock, moment: int, at: int) -> bool:
    return clock.due_at is not None and clock.due_at < moment and clock.verdict(at) == "breached"


def _gravest(review: Review) -> tuple[tuple[bool, ...], int, str]:
    """Order by the reasons in the order of their gravity, then by the longest delay."""
    return (
        tuple(reason not in review.reasons for reason in REASONS),
        -review.largest_delay,
        review.ticket,
    )
