"""The read models in a SQLite file."""

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Self

import orjson

from infra.store.models.database import Database
from infra.store.models.line import SEPARATOR
from infra.store.models.read_models import OF_PARTITION, OF_TICKETS_ONLY, ReadModels
from infra.store.sqlite import BUSY_SECONDS
from projections.models import Announcement, Key, R
from projections.rows import Table

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


class SQLiteModels(ReadModels):
    """Read models in a file."""

    _database: Database

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Self:
        """Open the read models; make empty ones where there are none, unless `read_only`."""
        return cls(Database.open(path, read_only=read_only, busy_seconds=busy_seconds))

    def turns(self, partition: int, until: int, limit: int | None) -> list[tuple[int, str]]:
        """Return (turn, ticket) of up to `limit` tickets whose turn is up to then, in order."""
        return self._database.asked(
            "turns", partition=partition, until=until, limit=-1 if limit is None else limit
        )

    def _keep(self, added: Sequence[Sequence[object]]) -> None:
        self._database.many(_KEEP, added)

    def _look_again(self, turns: Sequence[Sequence[object]]) -> None:
        self._database.many(_LOOK_AGAIN, turns)

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
            _plain(rows),
        )

    def delete(self, table: Table[R], keys: Sequence[Key]) -> None:
        """Delete rows by their keys."""
        same = " AND ".join(f"{column} = ?" for column in table.columns[: table.key])
        self._database.many(f"DELETE FROM {table.name} WHERE {same}", keys)

    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox."""
        columns = Announcement._fields
        self._database.many(
            f"INSERT INTO outbox ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            _plain(announcements),
        )

    def clear(self, partition: int) -> None:
        """Delete everything of a partition but its place and its outbox."""
        others = self._database.rows(
            "SELECT 1 FROM positions WHERE partition <> ? LIMIT 1", (partition,)
        )
        for table in OF_TICKETS_ONLY:
            of_partition = "WHERE ticket IN (SELECT ticket FROM histories WHERE partition = ?)"
            self._delete_all(table, of_partition if others else "", partition)
        for table in OF_PARTITION:
            self._delete_all(table, "WHERE partition = ?" if others else "", partition)

    def _delete_all(self, table: str, where: str, partition: int) -> None:
        self._database.change(f"DELETE FROM {table} {where}", (partition,) if where else ())


def _plain(rows: Iterable[Sequence[object]]) -> Iterator[tuple[object, ...]]:
    """Yield rows as they are bound faster than named tuples."""
    return map(tuple, rows)


def _json(names: Sequence[str]) -> str:
    return orjson.dumps(list(names)).decode()
