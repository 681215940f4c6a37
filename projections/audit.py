"""The read models held against a fold of the log, ticket by ticket in bounded memory.

An audit goes on in steps, so that an engine can make them between its batches; each step sees the
read models as of one moment. First every ticket of the read models is held against its history in
the log, then every ticket of the log is looked for in the read models.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from domain.event import RecordedEvent
from domain.policy import Policies
from projections.fault import UnreadableHistory
from projections.models import START, History, Place, R, bare
from projections.projector import FOLD_FAULTS, Stored, kept_of, split
from projections.rows import (
    ALERTS,
    CLOCKS,
    DEADLINES,
    NOTHING,
    PARKED,
    PROJECTOR_VERSION,
    TICKETS,
    ParkedRow,
    Rows,
    Table,
    rows,
)


class Difference(NamedTuple):
    """A value that differs: in which ticket, table, row and column, what stands and what should.

    `row` is the key inside the ticket. A row that is missing or too many has the column `*`, and
    None on the side that lacks it.
    """

    ticket: str
    table: str
    row: str
    column: str
    stands: object
    expected: object


class AuditedModels(Protocol):
    """The read models as an audit needs them."""

    def reading(self) -> AbstractContextManager[None]:
        """Begin a transaction that sees everything as of one moment."""

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch."""

    def histories(self, tickets: Sequence[str]) -> dict[str, History]:
        """Return what is kept of tickets; raises UnreadableHistories."""

    def rows(self, table: Table[R], tickets: Sequence[str]) -> list[R]:
        """Return the rows of tickets in a table."""

    def tickets_after(self, partition: int, after: str, limit: int) -> list[str]:
        """Return the next tickets of which a history is kept, in the order of their names."""


class AuditedLog(Protocol):
    """The event log as an audit needs it."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of the partition after a position, none at the end."""

    def ticket(self, ticket: str) -> Sequence[RecordedEvent]:
        """Return the whole history of a ticket, nothing where there is none."""


class Audit:
    """One audit of a partition, made in steps.

    `policies` are asked for in every step, because a version may be published meanwhile.
    """

    def __init__(
        self,
        models: AuditedModels,
        log: AuditedLog,
        policies: Callable[[], Policies],
        partition: int = 0,
    ) -> None:
        self._models = models
        self._log = log
        self._policies = policies
        self._partition = partition
        self._ticket = ""
        self._position = 0
        self._finished_models = False
        self.tickets = 0

    def step(self, limit: int = 200) -> list[Difference] | None:
        """Look at up to `limit` tickets, or as many events; None when everything was seen."""
        with self._models.reading():
            if not self._finished_models:
                names = self._models.tickets_after(self._partition, self._ticket, limit)
                if names:
                    self._ticket = names[-1]
                    self.tickets += len(names)
                    return list(self._compared(names))
                self._finished_models = True
            return self._missing(limit)

    def run(self, limit: int = 200) -> Iterator[Difference]:
        """Make all steps; yield every difference."""
        while (found := self.step(limit)) is not None:
            yield from found

    def _missing(self, limit: int) -> list[Difference] | None:
        applied = (self._models.place(self._partition) or START).position
        events = [
            stored for stored in self._log.read(self._position, limit) if stored.position <= applied
        ]
        if not events:
            return None
        self._position = events[-1].position
        opened = [event.recorded.ticket for event in events if event.recorded.version == 1]
        kept = kept_of(self._models, opened)
        return [
            Difference(ticket, "histories", ticket, "*", None, "a history")
            for ticket in opened
            if ticket not in kept
        ]

    def _compared(self, names: Sequence[str]) -> Iterator[Difference]:
        decided_to = (self._models.place(self._partition) or START).decided_to
        policies = self._policies()
        histories = kept_of(self._models, names)
        folded = (TICKETS, CLOCKS, DEADLINES, ALERTS)
        standing = [rows_by_ticket(self._models.rows(table, names)) for table in folded]
        parked = {row.ticket: row for row in self._models.rows(PARKED, names)}
        for ticket in names:
            kept = histories[ticket]
            if isinstance(kept, UnreadableHistory):
                # Nothing else of the ticket can be judged: how far it was applied is not known.
                yield Difference(ticket, "histories", ticket, "lines", str(kept), "a history")
                continue
            if kept.projector_version != PROJECTOR_VERSION:
                # Another version of the program made these rows; they are folded again anyway.
                continue
            story = [bare(recorded) for recorded in self._log.ticket(ticket)]
            known, waiting = split(story[: len(kept.events)], decided_to)
            expected, fault = _expected(known, policies, decided_to, self._partition)
            yield from _history(ticket, kept, story, decided_to)
            yield from _value(
                ticket,
                "histories",
                "next_turn",
                kept.next_turn,
                min(
                    [turn for turn in (expected.next_turn, waiting) if turn is not None],
                    default=None,
                ),
            )
            for table, rows_of, wanted in zip(folded, standing, expected[:4], strict=True):
                yield from differing(ticket, table, rows_of.get(ticket, ()), wanted)
            yield from _parking(ticket, parked.get(ticket), fault)


def _expected(
    known: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
) -> tuple[Rows, tuple[str, str] | None]:
    if not known:
        return NOTHING, None
    try:
        return rows(known, policies, decided_to, partition), None
    except FOLD_FAULTS as error:
        return NOTHING, (type(error).__name__, str(error))


def _history(
    ticket: str, kept: History, story: Sequence[RecordedEvent], decided_to: int
) -> Iterator[Difference]:
    """Hold the kept events against the log, which may have more that are not applied yet."""
    for stands, told in zip(kept.events, story, strict=False):
        if stands != told:
            yield Difference(ticket, "histories", str(told.version), "lines", stands, told)
    for told in story[len(kept.events) :]:
        if told.recorded_at <= decided_to:
            yield Difference(ticket, "histories", str(told.version), "lines", None, told)
    for stands in kept.events[len(story) :]:
        yield Difference(ticket, "histories", str(stands.version), "lines", stands, None)


def differing(
    ticket: str, table: Table[R], standing: Sequence[R], expected: Sequence[R]
) -> Iterator[Difference]:
    """Yield where the rows of a ticket in a table are not those expected."""
    stands = {row[: table.key]: row for row in standing}
    wanted = {row[: table.key]: row for row in expected}
    for key in sorted({*stands, *wanted}, key=str):
        row, should = stands.get(key), wanted.get(key)
        name = " ".join(str(part) for part in key[1:]) or ticket
        if row is None or should is None:
            yield Difference(ticket, table.name, name, "*", row, should)
        elif row != should:
            for column, one, other in zip(table.columns, row, should, strict=True):
                if one != other:
                    yield Difference(ticket, table.name, name, column, one, other)


def _parking(
    ticket: str, row: ParkedRow | None, fault: tuple[str, str] | None
) -> Iterator[Difference]:
    if row is None or fault is None:
        if row is not None or fault is not None:
            yield Difference(ticket, PARKED.name, ticket, "*", row, fault)
        return
    yield from _value(ticket, PARKED.name, "error", row.error, fault[0])
    yield from _value(ticket, PARKED.name, "reason", row.reason, fault[1])


def _value(
    ticket: str, table: str, column: str, stands: object, expected: object
) -> Iterator[Difference]:
    if stands != expected:
        yield Difference(ticket, table, ticket, column, stands, expected)


def rows_by_ticket(found: Sequence[R]) -> dict[str, list[R]]:
    """Return rows by their ticket, in their order."""
    by_ticket: dict[str, list[R]] = {}
    for row in found:
        by_ticket.setdefault(str(row[0]), []).append(row)
    return by_ticket
