"""The two clocks of a ticket, folded from its history (semantics §4).

`fold` is the one function from events to clocks. A `Folding` takes events one by one in story
order; folding on from any point gives what folding from the start gives.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, assert_never

from domain.event import (
    AgentResponded,
    CustomerReplied,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.hours import Hours
from domain.policy import ClockName, Policies, Policy, Target
from domain.standing import BEGINNING, Status

Verdict = Literal["no-target", "met", "breached", "running"]

Rule = Literal["start", "no-target", "again", "from-start", "earlier-promise", "full", "capped"]
"""How a due time was found. `start`: the target in force at the start or given by the first
triage. Later retargets, semantics §4: `no-target` is rule 1, `again` rule 2, `from-start` and
`earlier-promise` the two sides of rule 3, `full` and `capped` those of rule 4."""


class Promise(NamedTuple):
    """A target that a clock was given, and the due time that came with it.

    `due_at = due(anchor, budget)` is the due time's basis (semantics §6). Where the target is
    None there is none of them. `given_by` is the id of the event, `given_at` when it happened.
    """

    rule: Rule
    given_by: str
    given_at: int
    target: Target | None
    due_at: int | None
    anchor: int
    budget: Target | None


class Clock(NamedTuple):
    """One clock of a ticket; its identity is (ticket, name, started_by), semantics §4.

    `promises` holds every target it was given, the one in force last; it is empty until the first
    triage. `untriaged` tells that the clock started before the first severity, `triaged_at` when
    that came. `satisfied_at` is None while the clock runs.
    """

    name: ClockName
    instance: int
    plan: str
    policy: Policy
    started_at: int
    started_version: int
    started_by: str
    promises: tuple[Promise, ...]
    untriaged: bool
    triaged_at: int | None
    satisfied_at: int | None
    satisfied_by: str | None

    @property
    def hours(self) -> Hours:
        """Return the hours on which this clock is counted."""
        return self.policy.plans[self.plan].hours

    @property
    def due_at(self) -> int | None:
        """Return the due time in force, None without a target."""
        return self.promises[-1].due_at if self.promises else None

    @property
    def target(self) -> Target | None:
        """Return the target in force."""
        return self.promises[-1].target if self.promises else None

    def verdict(self, at: int) -> Verdict:
        """Judge the clock at an instant: the first that holds (semantics §4, Verdict)."""
        due_at = self.due_at
        if due_at is None:
            return "no-target"
        if self.satisfied_at is not None and self.satisfied_at <= due_at:
            return "met"
        return "breached" if due_at < at else "running"

    # What `_replace` does, in a quarter of the time: every clock goes through these.

    def triaged(self, triage: SeverityAssigned, by: RecordedEvent) -> "Clock":
        """Return the clock with the target that the first severity gives it."""
        promises = _first_promise(self.policy, self.plan, self.name, self.started_at, triage, by)
        return tuple.__new__(
            Clock, (*self[:7], promises, self.untriaged, by.occurred_at, *self[-2:])
        )

    def answered(self, by: RecordedEvent) -> "Clock":
        """Return the clock as an event satisfies it."""
        return tuple.__new__(Clock, (*self[:-2], by.occurred_at, by.event_id))

    def before(self, promises: int, answered: bool) -> "Clock":
        """Return the clock as it was when it had its first `promises` targets, and an answer."""
        return tuple.__new__(
            Clock,
            (
                *self[:7],
                self.promises[:promises],
                self.untriaged,
                self.triaged_at if promises else None,
                *(self[-2:] if answered else (None, None)),
            ),
        )

    def meters(self, at: int) -> tuple[int, int]:
        """Return (business, off-hours) microseconds from the start to the answer, or to `at`."""
        return self.hours.elapsed(
            self.started_at, at if self.satisfied_at is None else self.satisfied_at
        )


class Folded(NamedTuple):
    """What a history comes to: the ticket's derived state and all its clocks, oldest first."""

    status: Status
    triage: SeverityAssigned | None
    triaged_at: int | None
    clocks: tuple[Clock, ...]

    @property
    def severity(self) -> int | None:
        """Return the severity in force, None before triage."""
        return None if self.triage is None else self.triage.severity


class Folding:
    """Folds the events of one ticket, in story order, into clocks (semantics §2, §4).

    The fold is total: facts are folded whatever the lifecycle says of them. The first event is the
    ticket's Opened. Raises OutsideCalendar where a due time leaves the policy's calendar.
    """

    __slots__ = (
        "_plan",
        "_policies",
        "_running",
        "_standing",
        "_triaged_at",
        "clocks",
        "touched_from",
    )

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._plan = ""
        self._standing = BEGINNING
        self._triaged_at: int | None = None
        self._running = False
        self.clocks: list[Clock] = []
        # The first clock that changed since a reader last set this.
        self.touched_from = 0

    def apply(self, recorded: RecordedEvent) -> None:
        """Fold the next event in story order."""
        event = recorded.event
        before = self._standing
        match event:
            case Opened():
                self._plan = event.plan
                self._start("initial", recorded)
            case SeverityAssigned():
                self._standing = before.triaged(event)
                self._assign(before.triage is None, event, recorded)
            case CustomerReplied():
                self._standing = before.replied()
                if not self._running:
                    self._start("ongoing", recorded)
            case AgentResponded() | WorkaroundFound():
                self._standing = before.answered(event.awaiting)
                self._satisfy(recorded)
                # After the end an answer is a courtesy: no clock, the status stays.
                if before.closing is None and event.awaiting == "support":
                    self._start("ongoing", recorded)
            case Resolved():
                self._standing = before.closed(event, recorded.words)
                self._satisfy(recorded)
            case Verified():
                self._standing = before.closed(event, recorded.words)
            case _:
                assert_never(event)

    @property
    def folded(self) -> Folded:
        """Return the outcome so far."""
        standing = self._standing
        return Folded(standing.status, standing.triage, self._triaged_at, tuple(self.clocks))

    def _start(self, name: ClockName, by: RecordedEvent) -> None:
        start = by.occurred_at
        policy = self._policies.in_force(start)
        triage = self._standing.triage
        number = len(self.clocks)
        self._touch(number)
        promises = (
            () if triage is None else _first_promise(policy, self._plan, name, start, triage, by)
        )
        self.clocks.append(
            tuple.__new__(
                Clock,
                (
                    name,
                    number if name == "ongoing" else 1,
                    self._plan,
                    policy,
                    start,
                    by.version,
                    by.event_id,
                    promises,
                    triage is None,
                    None,
                    None,
                    None,
                ),
            )
        )
        self._running = True

    def _satisfy(self, by: RecordedEvent) -> None:
        if self._running:
            self._running = False
            self._touch(len(self.clocks) - 1)
            self.clocks[-1] = self.clocks[-1].answered(by)

    def _assign(self, first: bool, triage: SeverityAssigned, by: RecordedEvent) -> None:
        if first:
            self._triaged_at = by.occurred_at
            self._touch(0)
            self.clocks = [clock.triaged(triage, by) for clock in self.clocks]
        elif self._running:
            running = self.clocks[-1]
            if running.due_at is None or running.due_at >= by.occurred_at:
                promise = _retargeted(running, triage, by)
                self._touch(len(self.clocks) - 1)
                self.clocks[-1] = running._replace(promises=(*running.promises, promise))

    def _touch(self, index: int) -> None:
        # Not by `min`, which takes three times as long: every change of a clock comes here.
        if index < self.touched_from:  # noqa: PLR1730
            self.touched_from = index


def fold(history: Iterable[RecordedEvent], policies: Policies) -> Folded:
    """Fold a ticket's history, given in story order, into its status and clocks."""
    folding = Folding(policies)
    for recorded in history:
        folding.apply(recorded)
    return folding.folded


def known(history: Iterable[RecordedEvent], as_of: int, at: int) -> list[RecordedEvent]:
    """Return, in story order, what was recorded by `as_of` and happened by `at` (semantics §4)."""
    return sorted(
        (e for e in history if e.recorded_at <= as_of and e.occurred_at <= at),
        key=lambda e: (e.occurred_at, e.version),
    )


def _first_promise(
    policy: Policy,
    plan: str,
    name: ClockName,
    start: int,
    triage: SeverityAssigned,
    by: RecordedEvent,
) -> tuple[Promise, ...]:
    """Return the first target of a clock, counted from its own start."""
    target = policy.target(plan, triage.severity, triage.supported, name)
    due_at = None if target is None else policy.plans[plan].hours.due(start, *target)
    told = ("start", by.event_id, by.occurred_at, target, due_at, start, target)
    return (tuple.__new__(Promise, told),)


def _retargeted(clock: Clock, triage: SeverityAssigned, by: RecordedEvent) -> Promise:
    """Give a running clock another target at `by`: the four rules of semantics §4, in order."""
    at = by.occurred_at
    start = clock.started_at
    due = clock.hours.due
    target = clock.policy.target(clock.plan, triage.severity, triage.supported, clock.name)

    def promise(rule: Rule, due_at: int, anchor: int, budget: Target | None) -> Promise:
        return Promise(rule, by.event_id, at, target, due_at, anchor, budget)

    if target is None:
        return Promise("no-target", by.event_id, at, None, None, start, None)
    given = [
        (former.target, former.due_at, former)
        for former in clock.promises
        if former.target is not None and former.due_at is not None
    ]
    for former_target, former_due, former in given:
        if former_target == target and former_due >= at:
            return promise("again", former_due, former.anchor, former.budget)
    from_start = due(start, *target)
    if given:
        last_target, last_due, last = given[-1]
        if from_start >= due(start, *last_target) and max(from_start, last_due) >= at:
            if from_start >= last_due:
                return promise("from-start", from_start, start, target)
            return promise("earlier-promise", last_due, last.anchor, last.budget)
    full = due(at, *target)
    # The first of equal due times is the oldest promise: `min` keeps it.
    caps = [
        (former_due, former)
        for former_target, former_due, former in given
        if former_due >= at and due(start, *former_target) >= from_start
    ]
    cap_due, cap = min(caps, key=lambda pair: pair[0], default=(full, None))
    if cap is None or full <= cap_due:
        return promise("full", full, at, target)
    return promise("capped", cap_due, cap.anchor, cap.budget)
