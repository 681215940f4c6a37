"""Read models of many partitions held against those that one projector makes of the same log.

However the log was divided, transported and cut into batches, the rows and the announcements are to
be equal (architecture, The way of an event). An audit folds each ticket by itself; this goes the
whole way of the embedded engine instead: batches, turns, watermark, outbox.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from typing import NamedTuple, Protocol

from domain.event import RecordedEvent
from projections.audit import Difference, differing, rows_by_ticket
from projections.models import START, Announcement, Models, Place, R
from projections.projector import Projector, Stored, Terms, kept_of
from projections.rows import ALERTS, CLOCKS, DEADLINES, PARKED, TICKETS, Table

BATCH = 20_000
"""How many events the one projector takes at once."""

_CHUNK = 500
_TABLES = (TICKETS, CLOCKS, DEADLINES, ALERTS, PARKED)


class NotAtRest(Exception):
    """Partitions that have not come equally far cannot be compared as a whole."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the read models are not at rest: {detail}; wait until every partition has applied "
            "the last watermark, with nothing recorded after it"
        )


class Log(Protocol):
    """The event log, read as a whole."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of tickets after a position, none at the end."""


class Compared(Models, Protocol):
    """Read models that can be listed."""

    def tickets_after(self, partition: int, after: str, limit: int) -> list[str]:
        """Return the next tickets of which a history is kept, in the order of their names."""

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""


class Parity(NamedTuple):
    """How much was compared, and what differs."""

    tickets: int
    clocks: int
    alerts: int
    differences: Sequence[Difference]


class Entry(NamedTuple):
    """An event of the log as if all of it were one partition."""

    position: int
    previous: int
    hash: bytes
    recorded: RecordedEvent


class Mark(NamedTuple):
    """Everything recorded up to `recorded_at` is at or before `position`."""

    position: int
    recorded_at: int


def parity(
    models: Compared, partitions: int, log: Log, terms: Terms, fresh: Compared, limit: int = 100
) -> Parity:
    """Fold the whole log into `fresh`, which must be empty, and compare; keep `limit` differences.

    Nothing may be recorded meanwhile. Raises NotAtRest, and what a projector raises.
    """
    places = [models.place(partition) or START for partition in range(partitions)]
    moments = {place.decided_to for place in places}
    if len(moments) != 1:
        raise NotAtRest(f"time is {min(moments)} in one partition and {max(moments)} in another")
    end = _fold(log, Projector(fresh), terms, moments.pop())
    applied = max(place.position for place in places)
    if applied != end.position:
        raise NotAtRest(f"the last event applied is {applied}, the last of the log {end.position}")
    differences = list(islice(_differences(models, partitions, fresh), limit))
    return Parity(*_sizes(fresh), differences)


def _fold(log: Log, projector: Projector, terms: Terms, decided_to: int) -> Place:
    position = 0
    while batch := log.read(position, BATCH):
        entries = []
        for one in batch:
            entries.append(Entry(one.position, position, one.hash, one.recorded))
            position = one.position
        projector.apply(entries, terms)
    projector.advance(Mark(position, decided_to), terms)
    return projector.place


def _differences(models: Compared, partitions: int, fresh: Compared) -> Iterator[Difference]:
    names = merge(_names(fresh, 0), *(_names(models, partition) for partition in range(partitions)))
    distinct = (name for name, _ in groupby(names))
    while chunk := list(islice(distinct, _CHUNK)):
        for table in _TABLES:
            yield from _of_table(table, models, fresh, chunk)
        yield from _of_histories(models, fresh, chunk)
    yield from _of_outbox(models, partitions, fresh)


def _of_table(
    table: Table[R], models: Compared, fresh: Compared, names: Sequence[str]
) -> Iterator[Difference]:
    stands = rows_by_ticket(_undivided(table, models.rows(table, names)))
    wanted = rows_by_ticket(_undivided(table, fresh.rows(table, names)))
    for name in names:
        yield from differing(name, table, stands.get(name, ()), wanted.get(name, ()))


def _undivided(table: Table[R], rows: Sequence[R]) -> Sequence[R]:
    """Return rows that do not say in which partition they are."""
    if "partition" not in table.columns:
        return rows
    index = table.columns.index("partition")
    return [table.make((*row[:index], 0, *row[index + 1 :])) for row in rows]


def _of_histories(models: Compared, fresh: Compared, names: Sequence[str]) -> Iterator[Difference]:
    stands, wanted = kept_of(models, names), kept_of(fresh, names)
    for name in names:
        one, other = stands.get(name), wanted.get(name)
        if one != other:
            yield Difference(name, "histories", name, "*", one, other)


def _of_outbox(models: Compared, partitions: int, fresh: Compared) -> Iterator[Difference]:
    stands = _told(models, partitions)
    wanted = _told(fresh, 1)
    for ticket in sorted({*stands, *wanted}):
        if stands.get(ticket) != wanted.get(ticket):
            yield Difference(
                ticket, "outbox", ticket, "alert", stands.get(ticket), wanted.get(ticket)
            )


def _told(models: Compared, partitions: int) -> dict[str, list[str]]:
    """Return what was announced of each ticket, in its order."""
    told: dict[str, list[str]] = {}
    for partition in range(partitions):
        for one in _announcements(models, partition):
            told.setdefault(one.ticket, []).append(one.alert)
    return told


def _announcements(models: Compared, partition: int) -> Iterator[Announcement]:
    sequence = 0
    while found := models.outbox(partition, sequence, BATCH):
        yield from found
        sequence = found[-1].sequence


def _names(models: Compared, partition: int) -> Iterator[str]:
    return _all(lambda after: models.tickets_after(partition, after, _CHUNK))


def _all(next_ones: Callable[[str], Sequence[str]]) -> Iterator[str]:
    after = ""
    while found := next_ones(after):
        yield from found
        after = found[-1]


def _sizes(models: Compared) -> tuple[int, int, int]:
    """Count tickets, clocks and alerts."""
    tickets = clocks = alerts = 0
    names = _names(models, 0)
    while chunk := list(islice(names, _CHUNK)):
        tickets += len(chunk)
        clocks += len(models.rows(CLOCKS, chunk))
        alerts += len(models.rows(ALERTS, chunk))
    return tickets, clocks, alerts
