"""Where a ticket stands after a command: its status, the clock that runs, and what is next."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain import instant
from domain.clock import Clock, fold, known
from domain.event import Opened, RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from domain.standing import Status
from infra.store.log.request import Outcome
from projections.clocks import row

_NEXT: dict[Status, str] = {
    "new": "triage it with lhuta triage {ticket}",
    "open": "answer with lhuta respond {ticket}, or finish with lhuta resolve {ticket}",
    "pending": "the customer owes the next step; lhuta reply {ticket} when it comes",
    "resolved": "make sure and lhuta verify {ticket}; a reply of the customer reopens it",
    "verified": "it stays closed; what comes now is lhuta open --follows {ticket}",
}


def as_data(history: Sequence[RecordedEvent], policies: Policies, at: int) -> dict[str, Any]:
    """Return status, severity, and the clock that runs as `lhuta clocks` writes it.

    All are null where the calendar of the policy does not reach so far, and `judging` says why.
    """
    try:
        standing = row(history[0].ticket, fold(known(history, at, at), policies), at)
    except OutsideCalendar as error:
        return {"status": None, "severity": None, "clock": None, "judging": str(error)}
    running = [clock for clock in standing["clocks"] if clock["satisfied_at"] is None]
    return {
        "status": standing["status"],
        "severity": standing["severity"],
        "clock": running[-1] if running else None,
    }


def in_words(
    outcome: Outcome, history: Sequence[RecordedEvent], policies: Policies, at: int
) -> Iterator[str]:
    """Yield what came of a command and what is next, a line each, in the policy's zone."""
    from projections.wording import LANGUAGES

    english = LANGUAGES["en"]
    ticket = outcome.ticket
    opened = history[0].event
    assert isinstance(opened, Opened)
    zone = policies.in_force(at).plans[opened.plan].hours.zone
    if outcome.first_version is None:
        yield f"{ticket}: the ticket says this already, so nothing was added."
    else:
        event = history[outcome.first_version - 1]
        recorded = english.moment(_whole(event.recorded_at), zone)
        yield f"{ticket}: {english.event(event.event)} (event {event.version}, {recorded})."
        if event.occurred_at < event.recorded_at:
            yield f"It happened {english.moment(event.occurred_at, zone)}."
    if outcome.repeated:
        yield "This command was carried out before; nothing was added now."
    try:
        folded = fold(known(history, at, at), policies)
    except OutsideCalendar as error:
        yield f"Its clocks cannot be judged: {error}"
        return
    severity = "" if folded.severity is None else f", severity {folded.severity}"
    yield f"Status: {folded.status}{severity}."
    running = [clock for clock in folded.clocks if clock.satisfied_at is None]
    if running:
        yield _clock(running[-1], at)
    yield f"Next: {_NEXT[folded.status].format(ticket=ticket)}."


def _clock(clock: Clock, at: int) -> str:
    from projections.wording import LANGUAGES

    english = LANGUAGES["en"]
    ordinal = "" if clock.name == "initial" else f" {clock.instance}"
    name = f"The {clock.name} response{ordinal}"
    zone = clock.hours.zone
    if clock.due_at is None:
        started = english.moment(_whole(clock.started_at), zone)
        why = "before triage" if clock.triaged_at is None and clock.untriaged else "published"
        return f"{name} is awaited since {started}; there is no target {why}."
    due = english.moment(_whole(clock.due_at), zone)
    if clock.due_at < at:
        late = english.both_meters(*map(_whole, clock.hours.elapsed(clock.due_at, at)))
        return f"{name} was due {due}: broken, late by {late}."
    left = english.both_meters(*map(_whole, clock.hours.elapsed(at, clock.due_at)))
    return f"{name} is due {due}, in {left}."


def _whole(duration: int) -> int:
    return duration - duration % instant.SECOND
