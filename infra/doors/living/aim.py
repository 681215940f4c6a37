"""When a request must have come for something to be due now, on whichever meter runs out first.

Nothing can be due at some instants: on a working evening the business hour of a target was used up
by closing time, and its hours outside business hours are not yet. Then the last instant before is
the aim, at which what is written down only now is late at once.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from domain.instant import MINUTE, SECOND
from domain.policy import WHOLE, Plan, Policy, Step, Target

NEWEST_CALL = 2 * SECOND
"""A call that is written down ended at least so long ago."""


class Aim(NamedTuple):
    """A request of this plan and severity, received then, has its deadline and due time so."""

    plan: str
    severity: int
    received_at: int
    deadline: int
    due_at: int


def breaches(policy: Policy, at: int, now: int) -> list[Aim]:
    """Return the requests whose first answer is due as late as can be, at `at` or before it."""
    return _latest(_aims(policy, (WHOLE,), at, now))


def warnings(policy: Policy, at: int, now: int, due_after: int) -> list[Aim]:
    """Return the requests that are warned of as late as can be up to `at`, due after an instant."""
    aims = _aims(policy, policy.warning_steps, at, now)
    return _latest(aim for aim in aims if aim.due_at > due_after)


def _latest(aims: Iterator[Aim]) -> list[Aim]:
    found = list(aims)
    last = max((aim.deadline for aim in found), default=0)
    return [aim for aim in found if aim.deadline > last - SECOND]


def _aims(policy: Policy, steps: tuple[Step, ...], at: int, now: int) -> Iterator[Aim]:
    # A minute less than may be written down late: it is not written down this very instant.
    earliest = now - policy.max_backdate + MINUTE
    latest = min(now - NEWEST_CALL, at)
    for name, plan in policy.plans.items():
        for (clock, severity), target in plan.targets.items():
            for step in steps if clock == "initial" else ():
                received_at = _received(plan, target.part(step.value), at, earliest, latest)
                if received_at is not None:
                    deadline = plan.hours.due(received_at, *target.part(step.value))
                    due_at = plan.hours.due(received_at, *target.part(Fraction(1)))
                    yield Aim(name, severity, received_at, deadline, due_at)


def _received(plan: Plan, part: Target, at: int, earliest: int, latest: int) -> int | None:
    """Return the latest whole second of a range whose due time is not after `at`."""
    first, last = -(-earliest // SECOND), latest // SECOND
    if first > last or plan.hours.due(first * SECOND, *part) > at:
        return None
    # A later request is never due earlier (semantics §3), so halving finds it.
    while first < last:
        middle = (first + last + 1) // 2
        if plan.hours.due(middle * SECOND, *part) <= at:
            first = middle
        else:
            last = middle - 1
    return first * SECOND
