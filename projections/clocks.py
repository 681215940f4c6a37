"""The clocks of tickets as a read model: one object per ticket (contracts, `lhuta clocks`)."""

from collections.abc import Sequence
from typing import TypedDict

from domain import instant
from domain.clock import Clock, Folded, Verdict, fold, known
from domain.event import RecordedEvent
from domain.policy import ClockName, Policies
from domain.standing import Status
from projections.judging import judging


class ClockRow(TypedDict):
    """One clock, with instants in RFC 3339 and meters in seconds."""

    clock: ClockName
    instance: int
    started_at: str
    due_at: str | None
    satisfied_at: str | None
    verdict: Verdict
    breached_at: str | None
    business_seconds: int | float
    off_hours_seconds: int | float
    policy: str


class TicketRow(TypedDict):
    """One ticket with its derived state and its clocks, the oldest first."""

    ticket: str
    status: Status
    severity: int | None
    clocks: list[ClockRow]


def judged(
    history: Sequence[RecordedEvent], policies: Policies, as_of: int, at: int
) -> TicketRow | None:
    """Judge one ticket on what was recorded by `as_of` and happened by `at`, at `at`.

    None where nothing of the ticket was known or had happened. Raises CannotJudge.
    """
    story = known(history, as_of, at)
    if not story:
        return None
    ticket = story[0].ticket
    with judging(ticket):
        return row(ticket, fold(story, policies), at)


def row(ticket: str, folded: Folded, at: int) -> TicketRow:
    """Write a folded ticket as the contract does, judged at an instant."""
    return {
        "ticket": ticket,
        "status": folded.status,
        "severity": folded.severity,
        "clocks": [_clock_row(clock, at) for clock in folded.clocks],
    }


def _clock_row(clock: Clock, at: int) -> ClockRow:
    verdict = clock.verdict(at)
    due_at = clock.due_at
    due = None if due_at is None else instant.text(due_at)
    business, off_hours = clock.meters(at)
    return {
        "clock": clock.name,
        "instance": clock.instance,
        "started_at": instant.text(clock.started_at),
        "due_at": due,
        "satisfied_at": None if clock.satisfied_at is None else instant.text(clock.satisfied_at),
        "verdict": verdict,
        "breached_at": due if verdict == "breached" else None,
        "business_seconds": instant.seconds(business),
        "off_hours_seconds": instant.seconds(off_hours),
        "policy": clock.policy.label,
    }
