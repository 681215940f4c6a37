"""A made-up support desk, plausible and always the same, for the demo, tests and benchmarks."""

from collections.abc import Iterator
from fractions import Fraction

from domain.event import RecordedEvent
from domain.policy import Policies
from infra.doors.simulate.desk import Desk

__all__ = ["MOST_TICKETS", "check_range", "simulate"]

MOST_TICKETS = 1_000_000


def simulate(
    tickets: int, seed: str | int, start: int, end: int, policies: Policies
) -> Iterator[RecordedEvent]:
    """Return the events of a simulated desk in the order in which a log would have them.

    Exactly `tickets` are opened between `start` and `end`, instants in microseconds; what would
    be recorded at `end` or later has not happened. The same arguments give the same events on
    every machine and Python. Raises ValueError for a range or a number of tickets that makes no
    sense, and OutsideCalendar where the policy does not cover the range and what is due after it.
    """
    if not 1 <= tickets <= MOST_TICKETS:
        raise ValueError(f"{tickets:,} tickets are not between 1 and {MOST_TICKETS:,}")
    if start >= end:
        raise ValueError("the range is empty: it ends before it starts")
    check_range(start, end, policies)
    return Desk(tickets, str(seed), start, end, policies).run()


def check_range(start: int, end: int, policies: Policies) -> None:
    """Raise OutsideCalendar unless every clock started in the range can be judged to its end."""
    for at in (start, end):
        policy = policies.in_force(at)
        for plan in policy.plans.values():
            plan.hours.check(at)
            for target in plan.targets.values():
                due = plan.hours.due(at, *target)
                # Somebody who forgets an answer notices it before twice its time has passed.
                plan.hours.due(at, *target.part(Fraction(2)))
                for step in policy.overdue_steps:
                    plan.hours.due(due, *target.part(step.value))
