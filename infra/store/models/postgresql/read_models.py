"""The read models in a PostgreSQL database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from infra.store.models.line import SEPARATOR
from infra.store.models.postgresql import array, schema
from infra.store.models.postgresql.database import Database
from infra.store.models.read_models import OF_PARTITION, OF_TICKETS_ONLY, ReadModels
from infra.store.postgresql import IDLE_SECONDS, LOCK_SECONDS
from projections.models import Announcement, Key, Place, R
from projections.rows import Table

_TYPES = schema.types()
_HISTORY = ("ticket", "partition", "position", "next_turn", "projector_version", "lines")
_LOOK_AGAIN = ("next_turn", "projector_version", "ticket")


class PostgreSQLModels(ReadModels):
    """Read models in the schema `lhuta` of a database.

    Several processes may work on them, each on its own partitions: whoever takes a partition's
    place in a transaction holds the partition until the transaction ends.
    """

    _database: Database

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_only: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> "PostgreSQLModels":
        """Open the read models of a database; make empty ones in it, unless `read_only`."""
        return cls(
            Database.open(
                url, read_only=read_only, idle_seconds=idle_seconds, lock_seconds=lock_seconds
            )
        )

    @classmethod
    @contextmanager
    def shared(cls, url: str) -> Iterator[Callable[[], AbstractContextManager["PostgreSQLModels"]]]:
        """Let many threads read, each as of one moment, over connections that are used again."""
        with Database.shared(url, read_only=True) as lent:

            @contextmanager
            def reading() -> Iterator[PostgreSQLModels]:
                with lent() as database, database.reading():
                    yield cls(database)

            yield reading

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch.

        In a transaction it waits for whoever holds the partition, and holds it: what is read
        afterwards belongs to this place, and no two transactions wait for each other.
        """
        if not self._database.writing:
            return super().place(partition)
        found = self._database.held("place", partition=partition)
        return Place._make(found[0]) if found else None

    def turns(self, partition: int, until: int, limit: int | None) -> list[tuple[int, str]]:
        """Return (turn, ticket) of up to `limit` tickets whose turn is up to then, in order."""
        return self._database.asked("turns", partition=partition, until=until, limit=limit)

    def _keep(self, added: Sequence[Sequence[object]]) -> None:
        if added:
            self._database.change(
                f"INSERT INTO histories ({', '.join(_HISTORY)}) "
                f"SELECT * FROM {_unnest('histories', _HISTORY)} "
                "ON CONFLICT (ticket) DO UPDATE SET "
                "position = excluded.position, next_turn = excluded.next_turn, "
                "projector_version = excluded.projector_version, "
                f"lines = histories.lines || '{SEPARATOR}' || excluded.lines",
                _columns("histories", _HISTORY, added),
            )

    def _look_again(self, turns: Sequence[Sequence[object]]) -> None:
        if turns:
            self._database.change(
                "UPDATE histories "
                "SET next_turn = again.next_turn, projector_version = again.projector_version "
                f"FROM {_unnest('histories', _LOOK_AGAIN)} AS again ({', '.join(_LOOK_AGAIN)}) "
                "WHERE histories.ticket = again.ticket",
                _columns("histories", _LOOK_AGAIN, turns),
            )

    def rows(self, table: Table[R], tickets: Sequence[str]) -> list[R]:
        """Return the rows of tickets in a table, by their keys."""
        if not tickets:
            return []
        found = self._database.rows(
            f"SELECT {', '.join(table.columns)} FROM {table.name} "
            "WHERE ticket = ANY (%(tickets)s::text[]) "
            f"ORDER BY {', '.join(table.columns[: table.key])}",
            {"tickets": list(tickets)},
        )
        return [table.make(row) for row in found]

    def write(self, table: Table[R], rows: Sequence[R]) -> None:
        """Store rows, each in place of the one with its key."""
        if not rows:
            return
        columns = table.columns
        values = columns[table.key :]
        new = ", ".join(f"excluded.{column}" for column in values)
        old = ", ".join(f"{table.name}.{column}" for column in values)
        self._database.change(
            f"INSERT INTO {table.name} ({', '.join(columns)}) "
            f"SELECT * FROM {_unnest(table.name, columns)} "
            f"ON CONFLICT ({', '.join(columns[: table.key])}) "
            f"DO UPDATE SET ({', '.join(values)}) = ({new}) WHERE ({old}) IS DISTINCT FROM ({new})",
            _columns(table.name, columns, rows),
        )

    def delete(self, table: Table[R], keys: Sequence[Key]) -> None:
        """Delete rows by their keys."""
        if not keys:
            return
        key = table.columns[: table.key]
        same = " AND ".join(f"{table.name}.{column} = gone.{column}" for column in key)
        self._database.change(
            f"DELETE FROM {table.name} "
            f"USING {_unnest(table.name, key)} AS gone ({', '.join(key)}) WHERE {same}",
            _columns(table.name, key, keys),
        )

    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox."""
        if not announcements:
            return
        columns = Announcement._fields
        self._database.change(
            f"INSERT INTO outbox ({', '.join(columns)}) SELECT * FROM {_unnest('outbox', columns)}",
            _columns("outbox", columns, announcements),
        )

    def clear(self, partition: int) -> None:
        """Delete everything of a partition but its place and its outbox."""
        for table in OF_TICKETS_ONLY:
            self._database.change(
                f"DELETE FROM {table} WHERE ticket IN "
                "(SELECT ticket FROM histories WHERE partition = %(partition)s)",
                {"partition": partition},
            )
        for table in OF_PARTITION:
            self._database.change(
                f"DELETE FROM {table} WHERE partition = %(partition)s", {"partition": partition}
            )


def _unnest(table: str, columns: Sequence[str]) -> str:
    """Write the rows of which every column is a parameter."""
    types = _TYPES[table]
    return f"unnest({', '.join(f'%({column})s::{types[column]}[]' for column in columns)})"


def _columns(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> dict[str, object]:
    """Return the parameters of `_unnest`."""
    types = _TYPES[table]
    return {
        column: array.numbers(values) if types[column] == "BIGINT" else array.texts(values)
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    }
