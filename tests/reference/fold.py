"""A ticket's status and clocks, folded from its first event (semantics §2 and §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .history import Event
from .policy import Policy, Target

RESPONSES = ("agent-responded", "workaround-found")
ANSWERS = (*RESPONSES, "resolved")


class Promise(NamedTuple):
    """A due time that a target was given, and its basis: due(anchor, budget) is the due time."""

    target: Target
    due_at: int
    anchor: int
    budget: Target


@dataclass
class Clock:
    """One measured wait; `promise` is the one in force, `promises` all that were given."""

    name: str
    instance: int
    started_by: str
    start: int
    started_before_triage: bool
    satisfied_at: int | None = None
    promise: Promise | None = None
    promises: list[Promise] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, str]:
        """Name the clock within its ticket, whatever its ordinal is."""
        return self.name, self.started_by

    @property
    def due_at(self) -> int | None:
        """Return the instant at which the target in force is used up."""
        return None if self.promise is None else self.promise.due_at

    def give(self, promise: Promise) -> None:
        """Put a promise in force and remember it."""
        self.promise = promise
        self.promises.append(promise)


@dataclass
class Ticket:
    """What the folded events say."""

    plan: str
    clocks: list[Clock]
    severity: int | None = None
    supported: bool = True
    triaged_at: int | None = None
    closed_by: str | None = None
    customer_owes: bool = False

    @property
    def status(self) -> str:
        """Return the first status that holds (semantics §2)."""
        if self.closed_by is not None:
            return self.closed_by
        if self.customer_owes:
            return "pending"
        return "new" if self.severity is None else "open"

    @property
    def running(self) -> Clock | None:
        """Return the one clock that is not satisfied."""
        running = [clock for clock in self.clocks if clock.satisfied_at is None]
        assert len(running) <= 1, "a ticket has at most one running clock (semantics §4)"
        return running[0] if running else None


def fold(events: Iterable[Event], policy: Policy) -> Ticket:
    """Fold the events in the one order of a ticket, (occurred_at, version)."""
    first, *others = sorted(events, key=lambda event: (event.occurred, event.version))
    assert first.kind == "opened"
    ticket = Ticket(plan=first.data["plan"], clocks=[])
    _start(ticket, "initial", first, policy)
    for event in others:
        match event.kind:
            case "severity-assigned":
                _triage(ticket, event, policy)
            case "customer-replied":
                _reply(ticket, event, policy)
            case "agent-responded" | "workaround-found":
                _respond(ticket, event, policy)
            case "resolved":
                _satisfy(ticket, event)
                ticket.closed_by = "resolved"
            case "verified":
                ticket.closed_by = "verified"
            case _:
                raise AssertionError(f"an event of kind {event.kind} was not expected")
    return ticket


def _start(ticket: Ticket, name: str, event: Event, policy: Policy) -> None:
    clock = Clock(
        name=name,
        instance=1 + sum(clock.name == name for clock in ticket.clocks),
        started_by=event.id,
        start=event.occurred,
        started_before_triage=ticket.triaged_at is None,
    )
    ticket.clocks.append(clock)
    if ticket.triaged_at is not None:
        _promise_from_start(clock, ticket, policy)


def _satisfy(ticket: Ticket, event: Event) -> None:
    if ticket.running is not None:
        ticket.running.satisfied_at = event.occurred


def _reply(ticket: Ticket, event: Event, policy: Policy) -> None:
    ticket.closed_by = None
    ticket.customer_owes = False
    if ticket.running is None:
        _start(ticket, "ongoing", event, policy)


def _respond(ticket: Ticket, event: Event, policy: Policy) -> None:
    _satisfy(ticket, event)
    if ticket.closed_by is not None:
        return
    ticket.customer_owes = event.data["awaiting"] == "customer"
    if event.data["awaiting"] == "support":
        _start(ticket, "ongoing", event, policy)


def _triage(ticket: Ticket, event: Event, policy: Policy) -> None:
    ticket.severity = event.data["severity"]
    ticket.supported = event.data["supported"]
    if ticket.triaged_at is None:
        ticket.triaged_at = event.occurred
        for clock in ticket.clocks:
            _promise_from_start(clock, ticket, policy)
    elif ticket.running is not None:
        _retarget(ticket.running, event.occurred, _target(ticket, ticket.running, policy), policy)


def _target(ticket: Ticket, clock: Clock, policy: Policy) -> Target | None:
    if ticket.severity is None or not ticket.supported:
        return None
    return policy.targets.get((ticket.plan, ticket.severity, clock.name))


def _promise_from_start(clock: Clock, ticket: Ticket, policy: Policy) -> None:
    target = _target(ticket, clock, policy)
    if target is not None:
        clock.give(Promise(target, policy.due(clock.start, target), clock.start, target))


def _retarget(clock: Clock, at: int, target: Target | None, policy: Policy) -> None:
    """Give a running clock a later triage's target (semantics §4, "Triage and targets")."""
    if clock.due_at is not None and clock.due_at < at:
        return
    if target is None:
        clock.promise = None
        return
    for promise in clock.promises:
        if promise.target == target and promise.due_at >= at:
            clock.give(promise)
            return
    if clock.promises:
        last = clock.promises[-1]
        from_start = policy.due(clock.start, target)
        if from_start >= policy.due(clock.start, last.target):
            later = max(from_start, last.due_at)
            if later >= at:
                if later == from_start:
                    clock.give(Promise(target, later, clock.start, target))
                else:
                    clock.give(Promise(target, later, last.anchor, last.budget))
                return
    clock.give(_one_full_target(clock, at, target, policy))


def _one_full_target(clock: Clock, at: int, target: Target, policy: Policy) -> Promise:
    best = Promise(target, policy.due(at, target), at, target)
    from_start = policy.due(clock.start, target)
    for promise in clock.promises:
        looser_or_equal = policy.due(clock.start, promise.target) >= from_start
        if looser_or_equal and at <= promise.due_at < best.due_at:
            best = Promise(target, promise.due_at, promise.anchor, promise.budget)
    return best
