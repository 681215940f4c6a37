"""The read models as the projector, the audit and the board need them, on SQLite."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from os import PathLike
from types import TracebackType
from typing import NamedTuple

import orjson

from infra.store.models.database import Database
from infra.store.models.line import SEPARATOR, events, lines
from infra.store.sqlite import BUSY_SECONDS
from projections.board import Counts, Standing, Waiting
from projections.fault import UnreadableHistories, UnreadableHistory
from projections.models import Announcement, History, Kept, Key, Place, R
from projections.projector import FOLD_FAULTS
from projections.rows import PARKED, ParkedRow, Table

_KEEP = f"""
    INSERT INTO histories (ticket, partition, position, next_turn, projector_version, lines)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (ticket) DO UPDATE SET
        position = excluded.position,
        next_turn = excluded.next_turn,
        projector_version = excluded.projector_version,
        lines = histories.lines || '{SEPARATOR}' || excluded.lines
"""
_LOOK_AGAIN = "UPDATE histories SET next_turn = ?, projector_version = ? WHERE ticket = ?"
_OF_TICKETS = "WHERE ticket IN (SELECT value FROM json_each(?))"
_OF_PARTITION = ("tickets", "histories", "parked")
_OF_TICKETS_ONLY = ("clocks", "deadlines", "alerts")


class Sizes(NamedTuple):
    """How many tickets there are, how many of them are parked, and how many clocks run."""

    tickets: int
    parked: int
    running: int


class SQLiteModels:
    """The read models; a context manager. Every method raises the StoreError that stopped it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "SQLiteModels":
        """Open the read models; make empty ones where there are none, unless `read_only`."""
        return cls(Database.open(path, read_only=read_only, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def __enter__(self) -> "SQLiteModels":
        """Return the open read models."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        self.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        return self._database.transaction()

    def reading(self) -> AbstractContextManager[None]:
        """Begin a transaction that sees everything as of one moment."""
        return self._database.reading()

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch."""
        found = self._database.rows(
            f"SELECT {', '.join(Place._fields)} FROM positions WHERE partition = ?", (partition,)
        )
        return Place._make(found[0]) if found else None

    def move(self, partition: int, before: Place | None, after: Place) -> bool:
        """Store a partition's new place if the old one is still `before`; tell whether it was."""
        columns = Place._fields
        if before is None:
            marks = ", ".join("?" * (len(columns) + 1))
            statement = (
                f"INSERT INTO positions (partition, {', '.join(columns)}) VALUES ({marks}) "
                "ON CONFLICT (partition) DO NOTHING"
            )
            return self._database.change(statement, (partition, *after)) == 1
        changed = ", ".join(f"{column} = ?" for column in columns)
        same = " AND ".join(f"{column} = ?" for column in columns)
        statement = f"UPDATE positions SET {changed} WHERE partition = ? AND {same}"
        return self._database.change(statement, (*after, partition, *before)) == 1

    def turns(self, partition: int, until: int, limit: int | None) -> list[tuple[int, str]]:
        """Return (turn, ticket) of up to `limit` tickets whose turn is up to then, in order."""
        return self._database.asked(
            "turns", partition=partition, until=until, limit=-1 if limit is None else limit
        )

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
        found = self._database.rows(
            "SELECT ticket, position, next_turn, projector_version, lines "
            f"FROM histories {_OF_TICKETS}",
            (_json(tickets),),
        )
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

    def keep(self, kept: Sequence[Kept]) -> None:
        """Store what to keep of tickets."""
        added = [
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
        again = [
            (one.next_turn, one.projector_version, one.ticket) for one in kept if not one.added
        ]
        self._database.many(_KEEP, added)
        self._database.many(_LOOK_AGAIN, again)

    def rows(self, table: Table[R], tickets: Sequence[str]) -> list[R]:
        """Return the rows of tickets in a table, by their keys."""
        if not tickets:
            return []
        found = self._database.rows(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {_OF_TICKETS} "
            f"ORDER BY {', '.join(table.columns[: table.key])}",
            (_json(tickets),),
        )
        return [table.make(row) for row in found]

    def write(self, table: Table[R], rows: Sequence[R]) -> None:
        """Store rows, each in place of the one with its key."""
        columns = table.columns
        changed = ", ".join(f"{column} = excluded.{column}" for column in columns[table.key :])
        self._database.many(
            f"INSERT INTO {table.name} ({', '.join(columns)}) "
            f"VALUES ({', '.join('?' * len(columns))}) "
            f"ON CONFLICT ({', '.join(columns[: table.key])}) DO UPDATE SET {changed}",
            rows,
        )

    def delete(self, table: Table[R], keys: Sequence[Key]) -> None:
        """Delete rows by their keys."""
        same = " AND ".join(f"{column} = ?" for column in table.columns[: table.key])
        self._database.many(f"DELETE FROM {table.name} WHERE {same}", keys)

    def clear(self, partition: int) -> None:
        """Delete everything of a partition but its place and its outbox."""
        others = self._database.rows(
            "SELECT 1 FROM positions WHERE partition <> ? LIMIT 1", (partition,)
        )
        for table in _OF_TICKETS_ONLY:
            of_partition = "WHERE ticket IN (SELECT ticket FROM histories WHERE partition = ?)"
            self._delete_all(table, of_partition if others else "", partition)
        for table in _OF_PARTITION:
            self._delete_all(table, "WHERE partition = ?" if others else "", partition)

    def stale(self, partition: int, version: int, after: str, limit: int) -> list[str]:
        """Return up to `limit` tickets after a ticket that another projector version folded."""
        return self._database.names(
            "stale", partition=partition, version=version, after=after, limit=limit
        )

    def tickets_after(self, partition: int, after: str, limit: int) -> list[str]:
        """Return the next tickets of which a history is kept, in the order of their names."""
        return self._database.names("tickets_after", partition=partition, after=after, limit=limit)

    def parked_since(self, partition: int, after: int) -> int:
        """Count the tickets parked whose `announced_to` lies after an instant."""
        return self._database.number("parked_since", partition=partition, after=after)

    def parked(self) -> list[ParkedRow]:
        """Return every parked ticket."""
        return [PARKED.make(row) for row in self._database.asked("parked")]

    def outbox_end(self, partition: int) -> int:
        """Return the last sequence of a partition's outbox, 0 where it is empty."""
        return self._database.number("outbox_end", partition=partition)

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""
        found = self._database.asked("outbox", partition=partition, after=after, limit=limit)
        return [Announcement._make(row) for row in found]

    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox."""
        columns = Announcement._fields
        self._database.many(
            f"INSERT INTO outbox ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            announcements,
        )

    def announced(self, alert_ids: Sequence[str]) -> set[str]:
        """Return those of the alerts that were announced."""
        if not alert_ids:
            return set()
        found = self._database.rows(
            "SELECT alert_id FROM outbox WHERE alert_id IN (SELECT value FROM json_each(?))",
            (_json(alert_ids),),
        )
        return {alert_id for (alert_id,) in found}

    def never_announced(self, live_from: int, until: int, limit: int) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of alerts to announce that were not, decided by then."""
        return self._database.asked(
            "never_announced", live_from=live_from, until=until, limit=limit
        )

    def no_longer_told(self, limit: int) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of announcements that are not among the alerts."""
        return self._database.asked("no_longer_told", limit=limit)

    def sizes(self) -> Sizes:
        """Return how much there is."""
        return Sizes._make(self._database.asked("counts")[0])

    def due_next(self, at: int, limit: int) -> list[Standing]:
        """Return running clocks due at or after an instant, the next one first."""
        return [Standing._make(row) for row in self._database.asked("due_next", at=at, limit=limit)]

    def broken(self, at: int, limit: int) -> list[Standing]:
        """Return running clocks that were due before an instant, the oldest first."""
        return [Standing._make(row) for row in self._database.asked("broken", at=at, limit=limit)]

    def untriaged(self, limit: int) -> list[Standing]:
        """Return running clocks of tickets without a severity, the most urgent first."""
        return [Standing._make(row) for row in self._database.asked("untriaged", limit=limit)]

    def waiting(self, limit: int) -> list[Waiting]:
        """Return tickets that wait for the customer, the longest first."""
        return [Waiting._make(row) for row in self._database.asked("waiting", limit=limit)]

    def board_counts(self, at: int) -> Counts:
        """Return how many there are of each kind on the board."""
        return Counts._make(self._database.asked("board_counts", at=at)[0])

    def _delete_all(self, table: str, where: str, partition: int) -> None:
        self._database.change(f"DELETE FROM {table} {where}", (partition,) if where else ())


def _json(names: Sequence[str]) -> str:
    return orjson.dumps(list(names)).decode()
