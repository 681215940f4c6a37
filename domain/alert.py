"""What may be told of a clock: alerts, and the deadlines that they come from (semantics §6).

When a deadline becomes an alert is decided in `domain.telling`.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Literal, NamedTuple

from domain.clock import Clock
from domain.policy import WHOLE, ClockName, Policy, Step, Target

DeadlineKind = Literal["warning", "breach", "overdue", "untriaged"]
AlertKind = Literal["warning", "breach", "overdue", "untriaged", "cleared", "withdrawn"]
Reason = Literal["disproved", "superseded"]

# The order of the kinds in one step (semantics §6, the table).
_KINDS: tuple[DeadlineKind, ...] = ("warning", "breach", "overdue", "untriaged")
WARNING, BREACH, OVERDUE, UNTRIAGED = range(4)


class Alert(NamedTuple):
    """One thing told, as the contract writes it (contracts, `lhuta alerts`).

    `deadline`, `due_at`, `decided_at` and `turn` are instants in microseconds; `refers` names the
    alerts that this one ends. `turn` is that of its deadline, D + settle; an ending is as late as
    the latest that it ends, so that both are announced or neither (semantics §6, end).
    """

    id: str
    kind: AlertKind
    ticket: str
    clock: ClockName
    instance: int
    started_by: str
    step: str | None
    deadline: int | None
    due_at: int | None
    decided_at: int
    refers: tuple[str, ...]
    reason: Reason | None
    turn: int


class Deadline(NamedTuple):
    """An instant at which a clock has something to tell unless it was answered (semantics §6).

    Deadlines compare in the order of one step: by instant, kind in the order of the table, step.
    `step` is the number as the policy writes it, `size` its value (zero for a breach).
    """

    at: int
    rank: int
    size: float
    step: str | None

    @property
    def kind(self) -> DeadlineKind:
        """Return the kind that its alert has."""
        return _KINDS[self.rank]


# What the constructors of these named tuples do, in a third of the time.
_deadline: Callable[[tuple[int, int, float, str | None]], Deadline] = partial(
    tuple.__new__, Deadline
)


def deadlines(clock: Clock) -> list[Deadline]:
    """Return every deadline that the folded history has for a clock (semantics §6, the table)."""
    return [*promised(clock), *guards(clock)]


def breach(clock: Clock) -> list[Deadline]:
    """Return the deadline at a clock's due time, nothing where it has none."""
    due_at = clock.due_at
    return [] if due_at is None else [_deadline((due_at, BREACH, 0.0, None))]


def promised(clock: Clock) -> Iterator[Deadline]:
    """Yield the deadlines of the target in force as they come: warnings, the breach, overdue."""
    promise = clock.promises[-1] if clock.promises else None
    if promise is None or promise.target is None:
        return
    assert promise.due_at is not None
    assert promise.budget is not None
    due = clock.hours.due
    policy = clock.policy
    for text, size, business, off_hours in _portions(promise.budget, policy.warning_steps):
        yield _deadline((due(promise.anchor, business, off_hours), WARNING, size, text))
    yield _deadline((promise.due_at, BREACH, 0.0, None))
    for text, size, business, off_hours in _portions(promise.target, policy.overdue_steps):
        yield _deadline((due(promise.due_at, business, off_hours), OVERDUE, size, text))


def guards(clock: Clock) -> Iterator[Deadline]:
    """Yield the guards of a clock as they come: it has some if it started before any severity."""
    if not clock.untriaged:
        return
    policy, start = clock.policy, clock.started_at
    urgent = policy.untriaged_target(clock.plan, clock.name, start)
    if urgent is None:
        return
    due = clock.hours.due
    for text, size, business, off_hours in _portions(urgent, (*policy.warning_steps, WHOLE)):
        yield _deadline((due(start, business, off_hours), UNTRIAGED, size, text))


def in_time(clock: Clock) -> bool:
    """Tell whether a clock was answered in time: if nothing was told of it, nothing will be."""
    satisfied_at, due_at = clock.satisfied_at, clock.due_at
    return satisfied_at is not None and (due_at is None or satisfied_at <= due_at)


@lru_cache(1024)
def first_part(policy: Policy, budget: Target) -> Target:
    """Return the part of a budget after which its first deadline comes; a policy has few."""
    return budget.part((*policy.warning_steps, WHOLE)[0].value)


@lru_cache(1024)
def _portions(
    target: Target, steps: tuple[Step, ...]
) -> tuple[tuple[str, float, int | None, int | None], ...]:
    """Return the text, size and budgets of each step of a target; a policy has few of them."""
    return tuple((text, float(share), *target.part(share)) for text, share in steps)


def holds(clock: Clock, deadline: Deadline) -> bool:
    """Tell whether a clock that has the deadline was not answered in time for it."""
    if clock.satisfied_at is not None and clock.satisfied_at <= deadline.at:
        return False
    return not (
        deadline.rank == UNTRIAGED
        and clock.triaged_at is not None
        and clock.triaged_at <= deadline.at
    )
