"""The rows of one ticket in the read models: what its history comes to at an instant.

Everything here is a function of (history, policies, instant). All instants and durations are
microseconds; the columns are described in docs/read-models.md, one for each field.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import orjson

from domain.alert import UNTRIAGED, Alert, Deadline, breach, deadlines, holds
from domain.clock import Clock, Folded
from domain.conclusion import concluded
from domain.event import (
    AgentResponded,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    WorkaroundFound,
)
from domain.policy import ClockName, Policies, Policy

PROJECTOR_VERSION = 1
"""The version of what rows say; raise it with every change of a fold or a row."""

ANSWERS = (AgentResponded, WorkaroundFound, Resolved)
RESOLUTIONS = (Resolved,)


class TicketRow(NamedTuple):
    """A row of `tickets`."""

    ticket: str
    partition: int
    status: str
    severity: int | None
    impact: str | None
    topic: str | None
    supported: int | None
    customer_id: str
    plan: str
    channel: str
    opened_at: int
    triaged_at: int | None
    answered_at: int | None
    resolved_at: int | None
    changed_at: int
    recorded_at: int
    events: int


class ClockRow(NamedTuple):
    """A row of `clocks`."""

    ticket: str
    clock: ClockName
    started_by: str
    instance: int
    policy: str
    plan: str
    started_at: int
    targets: int
    target_business: int | None
    target_off_hours: int | None
    due_at: int | None
    guard_at: int | None
    satisfied_at: int | None
    satisfied_by: str | None
    verdict: str
    business: int | None
    off_hours: int | None


class DeadlineRow(NamedTuple):
    """A row of `deadlines`."""

    ticket: str
    clock: str
    started_by: str
    kind: str
    step: str
    deadline: int
    turn: int


class AlertRow(NamedTuple):
    """A row of `alerts`."""

    ticket: str
    number: int
    id: str
    kind: str
    clock: str
    instance: int
    started_by: str
    step: str | None
    deadline: int | None
    due_at: int | None
    decided_at: int
    turn: int
    refers: str
    reason: str | None


class ParkedRow(NamedTuple):
    """A row of `parked`."""

    ticket: str
    partition: int
    position: int
    error: str
    reason: str
    announced_to: int


R_co = TypeVar("R_co", bound=tuple[object, ...], covariant=True)


class Table(Generic[R_co]):
    """A table that holds rows of tickets: its columns, of which the first `key` are the key.

    By the first `identity` columns a row is told from another that takes its key: an alert has its
    id, whatever its number is.
    """

    __slots__ = ("columns", "identity", "key", "make", "name")

    def __init__(
        self,
        name: str,
        columns: tuple[str, ...],
        key: int,
        make: Callable[[Iterable[Any]], R_co],
        identity: int | None = None,
    ) -> None:
        """Describe a table; `make` makes a row of the columns' values."""
        self.name = name
        self.columns = columns
        self.key = key
        self.identity = key if identity is None else identity
        self.make = make


TICKETS = Table("tickets", TicketRow._fields, 1, TicketRow._make)
CLOCKS = Table("clocks", ClockRow._fields, 3, ClockRow._make)
DEADLINES = Table("deadlines", DeadlineRow._fields, 5, DeadlineRow._make)
ALERTS = Table("alerts", AlertRow._fields, 2, AlertRow._make, identity=3)
PARKED = Table("parked", ParkedRow._fields, 1, ParkedRow._make)


class Rows(NamedTuple):
    """All rows of one ticket by their tables, and the next instant at which time changes them.

    `told` are the alerts of `alerts`, in the same order.
    """

    tickets: tuple[TicketRow, ...]
    clocks: tuple[ClockRow, ...]
    deadlines: tuple[DeadlineRow, ...]
    alerts: tuple[AlertRow, ...]
    told: Sequence[Alert]
    next_turn: int | None


NOTHING = Rows((), (), (), (), (), None)
"""The rows of a ticket of which nothing is known, or whose fold failed."""


def rows(
    history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int = 0
) -> Rows:
    """Fold what was recorded of a ticket by `decided_to`, and decide what is due by then.

    `history` is in the order of versions and not empty. Raises OutsideCalendar.
    """
    story, folded, told = concluded(history, policies, decided_to)
    ticket = history[0].ticket
    clocks: list[ClockRow] = []
    pending: list[DeadlineRow] = []
    for clock in folded.clocks:
        found = _may_tell(clock, decided_to)
        clocks.append(_clock(ticket, clock, found, decided_to))
        if found:
            pending += _pending(ticket, clock, found, decided_to)
    return Rows(
        (_ticket(history, story, folded, partition),),
        tuple(clocks),
        tuple(pending),
        tuple(_alerts(told)) if told else (),
        told,
        min([row.turn for row in pending]) if pending else None,
    )


def _ticket(
    history: Sequence[RecordedEvent],
    story: Sequence[RecordedEvent],
    folded: Folded,
    partition: int,
) -> TicketRow:
    opened = history[0].event
    assert type(opened) is Opened
    status, triage = folded.status, folded.triage
    resolved = status in {"resolved", "verified"}
    # As every constructor of a named tuple, `TicketRow` would cost as much as the rest: a rebuild
    # makes millions of rows.
    return tuple.__new__(
        TicketRow,
        (
            history[0].ticket,
            partition,
            status,
            None if triage is None else triage.severity,
            None if triage is None else triage.impact,
            None if triage is None else triage.topic,
            None if triage is None else int(triage.supported),
            opened.customer_id,
            opened.plan,
            opened.channel,
            history[0].occurred_at,
            folded.triaged_at,
            _last(story, ANSWERS),
            _last(story, RESOLUTIONS) if resolved else None,
            story[-1].occurred_at,
            history[-1].recorded_at,
            len(history),
        ),
    )


def _last(story: Sequence[RecordedEvent], kinds: tuple[type[Event], ...]) -> int | None:
    """Return when the last event of some kinds happened."""
    for recorded in reversed(story):
        if type(recorded.event) in kinds:
            return recorded.occurred_at
    return None


def _clock(ticket: str, clock: Clock, found: Sequence[Deadline], decided_to: int) -> ClockRow:
    satisfied_at, due_at, target = clock.satisfied_at, clock.due_at, clock.target
    if satisfied_at is None:
        business = off_hours = None
        # A breach stands here with its alert, when its turn has come (architecture, decision 7).
        verdict = clock.verdict(decided_to - clock.policy.settle + 1)
    else:
        business, off_hours = clock.meters(decided_to)
        verdict = clock.verdict(decided_to)
    return tuple.__new__(
        ClockRow,
        (
            ticket,
            clock.name,
            clock.started_by,
            clock.instance,
            _label(clock.policy),
            clock.plan,
            clock.started_at,
            len(clock.promises),
            None if target is None else target.business,
            None if target is None else target.off_hours,
            due_at,
            _guard(found) if satisfied_at is None and clock.triaged_at is None else None,
            satisfied_at,
            clock.satisfied_by,
            verdict,
            business,
            off_hours,
        ),
    )


@lru_cache(128)
def _label(policy: Policy) -> str:
    # Written once for all clocks of a policy.
    return policy.label


def _guard(found: Sequence[Deadline]) -> int | None:
    """Return when the plan's most urgent target would be due: the last guard."""
    return max((guard.at for guard in found if guard.rank == UNTRIAGED), default=None)


def _may_tell(clock: Clock, decided_to: int) -> Sequence[Deadline]:
    """Return the deadlines of which the clock may have something to tell after an instant.

    Of one that is answered, only a breach; its turn comes soon after the answer.
    """
    if clock.satisfied_at is None:
        return deadlines(clock)
    return breach(clock) if clock.satisfied_at + clock.policy.settle > decided_to else ()


def _pending(
    ticket: str, clock: Clock, found: Sequence[Deadline], decided_to: int
) -> Iterator[DeadlineRow]:
    """Yield what the clock would still tell as things stand."""
    for deadline in found:
        turn = deadline.at + clock.policy.settle
        if turn <= decided_to or not holds(clock, deadline):
            continue
        if deadline.rank != UNTRIAGED or clock.triaged_at is None:
            yield DeadlineRow(
                ticket,
                clock.name,
                clock.started_by,
                deadline.kind,
                deadline.step or "",
                deadline.at,
                turn,
            )


def _alerts(told: Sequence[Alert]) -> Iterator[AlertRow]:
    for number, alert in enumerate(told, start=1):
        yield tuple.__new__(
            AlertRow,
            (
                alert.ticket,
                number,
                alert.id,
                alert.kind,
                alert.clock,
                alert.instance,
                alert.started_by,
                alert.step,
                alert.deadline,
                alert.due_at,
                alert.decided_at,
                alert.turn,
                orjson.dumps(alert.refers).decode() if alert.refers else "[]",
                alert.reason,
            ),
        )
