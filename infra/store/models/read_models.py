"""What every database of the read models answers in the same way, by the queries they share."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from domain import instant
from infra.closing import Closing
from infra.store.models.line import events, lines
from projections.board import EVERYTHING, Counts, Standing, Waiting, Wanted
from projections.fault import UnreadableHistories, UnreadableHistory
from projections.models import Announcement, History, Kept, Key, Place, R
from projections.projector import FOLD_FAULTS
from projections.rows import PARKED, ParkedRow, Table

OF_PARTITION = ("tickets", "histories", "parked")
OF_TICKETS_ONLY = ("clocks", "deadlines", "alerts")
"""The tables of a rebuild: those that name the partition, and those that the tickets lead to."""


class Database(Protocol):
    """A database that knows the named queries; every method raises StoreError."""

    def close(self) -> None:
        """Let the database go."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""

    def reading(self) -> AbstractContextManager[None]:
        """Begin a transaction that sees everything as of one moment."""

    def asked(self, name: str, **parameters: object) -> list[Any]:
        """Return the rows of a named query; lists of texts may be among the parameters."""

    def done(self, name: str, **parameters: object) -> int:
        """Carry a named statement out; return how many rows it changed."""

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a statement."""

    def change(self, statement: str) -> int:
        """Carry a statement out; return how many rows it changed."""


class Sizes(NamedTuple):
    """How many tickets there are, how many of them are parked, and how many clocks run."""

    tickets: int
    parked: int
    running: int


class ReadModels(Closing):
    """Read models; a context manager. Every method raises the StoreError that stopped it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def database(self) -> Database:
        """Return what the named queries are asked of."""
        return self._database

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        return self._database.transaction()

    def reading(self) -> AbstractContextManager[None]:
        """Begin a transaction that sees everything as of one moment."""
        return self._database.reading()

    def keep(self, kept: Sequence[Kept]) -> None:
        """Store what to keep of tickets."""
        self._keep(
            [
                (
                    one.ticket,
                    one.partition,
                    one.position,
                    one.next_turn,
                    one.projector_version,
                    lines(one.added),
                )
                for one in kept
                if one.added
            ]
        )
        self._look_again(
            [(one.next_turn, one.projector_version, one.ticket) for one in kept if not one.added]
        )

    @abstractmethod
    def _keep(self, added: Sequence[Sequence[object]]) -> None:
        """Add to histories, each a row of `histories` with the lines to add."""

    @abstractmethod
    def _look_again(self, turns: Sequence[Sequence[object]]) -> None:
        """Set the next turn and the projector's version of tickets, which come last in a row."""

    @abstractmethod
    def rows(self, table: Table[R], tickets: Sequence[str]) -> list[R]:
        """Return the rows of tickets in a table, by their keys."""

    @abstractmethod
    def write(self, table: Table[R], rows: Sequence[R]) -> None:
        """Store rows, each in place of the one with its key."""

    @abstractmethod
    def delete(self, table: Table[R], keys: Sequence[Key]) -> None:
        """Delete rows by their keys."""

    @abstractmethod
    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox."""

    @abstractmethod
    def clear(self, partition: int) -> None:
        """Delete everything of a partition but its place and its outbox."""

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch."""
        found = self._database.asked("place", partition=partition)
        return Place._make(found[0]) if found else None

    def move(self, partition: int, before: Place | None, after: Place) -> bool:
        """Store a partition's new place if the old one is still `before`; tell whether it was."""
        new = after._asdict()
        if before is None:
            return self._database.done("begin", partition=partition, **new) == 1
        was = {f"was_{name}": value for name, value in before._asdict().items()}
        return self._database.done("move", partition=partition, **new, **was) == 1

    @abstractmethod
    def turns(self, partition: int, until: int, limit: int | None) -> list[tuple[int, str]]:
        """Return (turn, ticket) of up to `limit` tickets whose turn is up to then, in order."""

    def next_turn(self, partition: int = 0) -> int | None:
        """Return the next instant at which time alone decides something, None if none is left."""
        turn: int | None = self._database.asked("next_turn", partition=partition)[0][0]
        return turn

    def histories(self, tickets: Sequence[str]) -> dict[str, History]:
        """Return what is kept of the tickets; those of which nothing is kept are left out.

        Raises UnreadableHistories, which has those that can be read.
        """
        if not tickets:
            return {}
        found = self._database.asked("histories", tickets=list(tickets))
        read: dict[str, History] = {}
        unreadable: dict[str, UnreadableHistory] = {}
        for ticket, position, turn, version, kept in found:
            try:
                read[ticket] = History(position, turn, version, events(ticket, kept))
            except FOLD_FAULTS as error:
                bare = History(position, turn, version, ())
                unreadable[ticket] = UnreadableHistory(ticket, bare, error)
        if unreadable:
            raise UnreadableHistories({**read, **unreadable})
        return read

    def stale(self, partition: int, version: int, after: str, limit: int) -> list[str]:
        """Return up to `limit` tickets after a ticket that another projector version folded."""
        return self._names("stale", partition=partition, version=version, after=after, limit=limit)

    def tickets_after(self, partition: int, after: str, limit: int) -> list[str]:
        """Return the next tickets of which a history is kept, in the order of their names."""
        return self._names("tickets_after", partition=partition, after=after, limit=limit)

    def parked_since(self, partition: int, after: int) -> int:
        """Count the tickets parked whose `announced_to` lies after an instant."""
        return self._number("parked_since", partition=partition, after=after)

    def parked(self) -> list[ParkedRow]:
        """Return every parked ticket."""
        return [PARKED.make(row) for row in self._database.asked("parked")]

    def outbox_end(self, partition: int) -> int:
        """Return the last sequence of a partition's outbox, 0 where it is empty."""
        return self._number("outbox_end", partition=partition)

    def outbox_ends(self) -> list[tuple[int, int, str]]:
        """Return (partition, sequence, alert id) of the last announcement of every partition.

        0 and an empty text where there is none yet.
        """
        return self._database.asked("outbox_ends")

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""
        found = self._database.asked("outbox", partition=partition, after=after, limit=limit)
        return [Announcement._make(row) for row in found]

    def announced(self, alert_ids: Sequence[str]) -> set[str]:
        """Return those of the alerts that were announced."""
        if not alert_ids:
            return set()
        return set(self._names("announced", alert_ids=list(alert_ids)))

    def never_announced(
        self, partition: int, live_from: int, until: int, limit: int
    ) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of alerts to announce that were not, decided by then."""
        return self._database.asked(
            "never_announced", partition=partition, live_from=live_from, until=until, limit=limit
        )

    def no_longer_told(self, partition: int, limit: int) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of announcements that are not among the alerts."""
        return self._database.asked("no_longer_told", partition=partition, limit=limit)

    def sizes(self) -> Sizes:
        """Return how much there is."""
        return Sizes._make(self._database.asked("counts")[0])

    def due_next(self, at: int, limit: int, wanted: Wanted = EVERYTHING) -> list[Standing]:
        """Return running clocks due at or after an instant, the next one first."""
        return self._standing("running", limit, wanted, first=at, before=instant.LAST + 1)

    def broken(self, at: int, limit: int, wanted: Wanted = EVERYTHING) -> list[Standing]:
        """Return running clocks that were due before an instant, the oldest first."""
        return self._standing("running", limit, wanted, first=instant.FIRST, before=at)

    def untriaged(self, limit: int, wanted: Wanted = EVERYTHING) -> list[Standing]:
        """Return running clocks of tickets without a severity, the most urgent first."""
        return self._standing("untriaged", limit, wanted)

    def waiting(self, limit: int, wanted: Wanted = EVERYTHING) -> list[Waiting]:
        """Return tickets that wait for the customer, the longest first."""
        return [Waiting._make(row) for row in self._first("waiting", limit, wanted)]

    def board_counts(self, at: int) -> Counts:
        """Return how many there are of each kind on the board."""
        return Counts._make(self._database.asked("board_counts", at=at)[0])

    def _standing(
        self, name: str, limit: int, wanted: Wanted, **parameters: object
    ) -> list[Standing]:
        return [Standing._make(row) for row in self._first(name, limit, wanted, **parameters)]

    def _first(self, name: str, limit: int, wanted: Wanted, **parameters: object) -> list[Any]:
        severity = 0 if wanted.severity is None else wanted.severity
        return self._database.asked(
            name, limit=limit, plan=wanted.plan, severity=severity, **parameters
        )

    def _names(self, name: str, **parameters: object) -> list[str]:
        """Return the first column of a named query."""
        return [row[0] for row in self._database.asked(name, **parameters)]

    def _number(self, name: str, **parameters: object) -> int:
        """Return the one number of a named query, 0 for none."""
        return self._database.asked(name, **parameters)[0][0] or 0
