"""The instants at which a clock may have something to say (semantics §6)."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from .fold import Clock, Ticket
from .policy import Policy, Target

KINDS = ("warning", "breach", "overdue", "untriaged")


class Deadline(NamedTuple):
    """An instant of a clock; `step` is written as in the policy, empty for a breach."""

    clock: tuple[str, str]
    kind: str
    step: str
    at: int

    @property
    def order(self) -> tuple[int, int, Fraction]:
        """Order by instant, kind as in the table, step."""
        return self.at, KINDS.index(self.kind), Fraction(self.step or 0)


def deadlines(ticket: Ticket, policy: Policy) -> set[Deadline]:
    """Return every deadline that the folded history has, whether it holds or not."""
    return {
        deadline
        for clock in ticket.clocks
        for deadline in _of_target(clock, policy) | _of_no_triage(clock, ticket.plan, policy)
    }


def _of_target(clock: Clock, policy: Policy) -> set[Deadline]:
    promise = clock.promise
    if promise is None:
        return set()
    found = {Deadline(clock.identity, "breach", "", promise.due_at)}
    for step in policy.warnings:
        at = policy.due(promise.anchor, promise.budget.times(step))
        found.add(Deadline(clock.identity, "warning", step, at))
    for step in policy.overdues:
        at = policy.due(promise.due_at, promise.target.times(step))
        found.add(Deadline(clock.identity, "overdue", step, at))
    return found


def _of_no_triage(clock: Clock, plan: str, policy: Policy) -> set[Deadline]:
    urgent = most_urgent(clock, plan, policy)
    if urgent is None or not clock.started_before_triage:
        return set()
    return {
        Deadline(clock.identity, "untriaged", step, policy.due(clock.start, urgent.times(step)))
        for step in (*policy.warnings, "1")
    }


def most_urgent(clock: Clock, plan: str, policy: Policy) -> Target | None:
    """Return the plan's target for this clock that is due first, on a tie the gravest's."""
    cells = [(plan, severity, clock.name) for severity in sorted(policy.severities)]
    candidates = [policy.targets[cell] for cell in cells if cell in policy.targets]
    return min(candidates, key=lambda target: policy.due(clock.start, target), default=None)


def holds(deadline: Deadline, ticket: Ticket, present: set[Deadline]) -> bool:
    """Tell whether the history has the deadline and nothing came at or before it."""
    if deadline not in present:
        return False
    clock = next(clock for clock in ticket.clocks if clock.identity == deadline.clock)
    if clock.satisfied_at is not None and clock.satisfied_at <= deadline.at:
        return False
    triaged = ticket.triaged_at is not None and ticket.triaged_at <= deadline.at
    return not (deadline.kind == "untriaged" and triaged)
