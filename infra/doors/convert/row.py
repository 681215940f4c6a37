"""One row of a foreign log, understood by a mapping or rejected with a reason."""

from collections import Counter
from typing import NamedTuple

from domain.event import is_ticket_id
from infra.doors.convert.lifecycle import Phase
from infra.doors.convert.mapping import Mapping, Triage
from infra.doors.convert.table import Record, Table
from infra.doors.convert.wallclock import Reading, TimeUnreadable, reader

NO_ORDER = "rows without an update number, taken in the order of the file"
SKIPPED = "times that the clock skipped, taken an hour later"


class Rejection(Exception):
    """A row that cannot be used: a reason that can be counted, and the value at fault."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Row(NamedTuple):
    """What one row says. `triage` is None where it names no priority; `asked` is when the
    customer asked, where the file tells.
    """

    record: Record
    ticket: str
    time: Reading
    order: int | None
    state: str
    phase: Phase
    triage: Triage | None
    asked: Reading | None

    def text(self, place: int | None, mapping: Mapping) -> str | None:
        """Return a field, or None where it is missing or the file has no such column."""
        if place is None:
            return None
        field = self.record.fields[place]
        return None if field in mapping.missing else field


class Places(NamedTuple):
    """Where the fields stand that the mapping names."""

    ticket: int
    state: tuple[int, ...]
    time: int
    order: int | None
    opened: int | None
    severity: int | None
    channel: int | None
    customer: int | None
    actor: int | None
    root_cause: int | None
    subject: tuple[int, ...]
    environment: tuple[int, ...]


def places_in(table: Table, mapping: Mapping) -> Places:
    """Return where the mapping's columns stand; raise TableBroken naming those that are missing."""
    columns = mapping.columns
    at = table.places(columns.needed())

    def one(name: str | None) -> int | None:
        return None if name is None else at[name]

    return Places(
        ticket=at[columns.ticket],
        state=tuple(at[name] for name in columns.state),
        time=at[columns.time],
        order=one(columns.order),
        opened=one(columns.opened),
        severity=one(columns.severity),
        channel=one(columns.channel),
        customer=one(columns.customer),
        actor=one(columns.actor),
        root_cause=one(columns.root_cause),
        subject=tuple(at[name] for name in columns.subject),
        environment=tuple(at[name] for name in columns.environment),
    )


class RowReader:
    """Understands the records of one table by one mapping."""

    def __init__(self, table: Table, mapping: Mapping, notes: Counter[str]) -> None:
        """Raise TableBroken where the table lacks a column that the mapping names."""
        self.places = places_in(table, mapping)
        self._width = len(table.header)
        self._mapping = mapping
        self._notes = notes
        self._time = reader(mapping.written, mapping.zone, mapping.earliest, mapping.latest)

    def read(self, record: Record) -> Row:
        """Return what a record says, or raise Rejection."""
        places = self.places
        fields = record.fields
        if len(fields) != self._width:
            raise Rejection("another number of fields than the header", str(len(fields)))
        ticket = fields[places.ticket]
        if not is_ticket_id(ticket) or ticket in self._mapping.missing:
            raise Rejection("no ticket id of 1 to 64 of A-Z a-z 0-9 . _ -", ticket)
        state, phase = self._state(fields)
        time = self._moment(fields[places.time], "time")
        if time is None:
            raise Rejection("time missing")
        opened = places.opened
        asked = None if opened is None else self._moment(fields[opened], "time of opening")
        order = self._order(fields)
        triage = self._triage(fields)
        if time.skipped:
            self._notes[SKIPPED] += 1
        if order is None and places.order is not None:
            self._notes[NO_ORDER] += 1
        return Row(record, ticket, time, order, state, phase, triage, asked)

    def _state(self, fields: list[str]) -> tuple[str, Phase]:
        state = "/".join([fields[place] for place in self.places.state])
        phase = self._mapping.states.get(state)
        if phase is not None:
            return state, phase
        if state in self._mapping.states:
            raise Rejection(f"state '{state}' is rejected by the mapping")
        if state in self._mapping.missing:
            raise Rejection("state missing")
        raise Rejection("state unknown to the mapping", state)

    def _moment(self, text: str, what: str) -> Reading | None:
        if text in self._mapping.missing:
            return None
        try:
            return self._time(text)
        except TimeUnreadable as error:
            raise Rejection(f"{what} unreadable", str(error)) from error

    def _order(self, fields: list[str]) -> int | None:
        place = self.places.order
        if place is None or (text := fields[place]) in self._mapping.missing:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Rejection("update number unreadable", text)
        return int(text)

    def _triage(self, fields: list[str]) -> Triage | None:
        place = self.places.severity
        if place is None or (text := fields[place]) in self._mapping.missing:
            return None
        triage = self._mapping.severities.get(text)
        if triage is None:
            raise Rejection("priority unknown to the mapping", text)
        return triage
