"""The SQLite database of the read models: opening it, transactions, and what its errors mean."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import orjson

from infra.store.failure import Damaged, Missing, NewerSchema
from infra.store.models import schema
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated
from projections import sql

_QUERIES = sql.queries(schema.DIALECT)

# What is here follows from the log, so a power cut may take the last moments; a killed process
# loses nothing. Nothing here was written by people, so nothing needs to be overwritten.
_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA secure_delete = OFF",
    "PRAGMA cache_size = -65536",
    # 64 MB, as long as the log of a file may stay: a page that changed ten times is moved once.
    "PRAGMA wal_autocheckpoint = 16384",
)


class NoModels(Missing):
    """There are no read models yet."""

    says = (
        "there are no read models at {place} yet; start the engine with `lhuta run`, or make them "
        "with `lhuta rebuild`"
    )


class DamagedModels(Damaged):
    """The database of the read models is not what was written."""

    says = (
        "{place} is damaged: {detail}; nothing is lost, because the read models follow from the "
        "event log, and what subscribers are owed stands beside them: delete this file and run "
        "`lhuta rebuild`"
    )


class Database:
    """An open database of read models. Every method raises the StoreError that stopped it."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self._where = place

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "Database":
        """Open the read models; make empty ones where there are none, unless `read_only`."""
        where = str(path)
        if read_only and not Path(path).exists():
            raise NoModels(where)
        with _told(where):
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            with ExitStack() as undoing:
                undoing.callback(connection.close)
                database = cls(connection, where)
                database._prepare(read_only=read_only)
                undoing.pop_all()
        return database

    def close(self) -> None:
        """Let the database go."""
        with _told(self._where):
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Begin a transaction that sees everything as of one moment."""
        with self._transaction("BEGIN"):
            yield

    def asked(self, name: str, **parameters: object) -> list[Any]:
        """Return the rows of a named query; lists of texts may be among the parameters."""
        return self.rows(_QUERIES[name], _bound(parameters))

    def done(self, name: str, **parameters: object) -> int:
        """Carry a named statement out; return how many rows it changed."""
        return self.change(_QUERIES[name], _bound(parameters))

    def rows(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[Any]:
        """Return the rows of a statement."""
        with _told(self._where):
            return self._connection.execute(statement, parameters).fetchall()

    def change(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> int:
        """Carry a statement out; return how many rows it changed."""
        with _told(self._where):
            return self._connection.execute(statement, parameters).rowcount

    def many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Carry a statement out for each row of parameters."""
        if rows:
            with _told(self._where):
                # Rows that are named tuples are bound more slowly.
                self._connection.executemany(statement, map(tuple, rows))

    def _prepare(self, *, read_only: bool) -> None:
        for pragma in _PRAGMAS:
            self._connection.execute(pragma)
        number = self._version()
        if number == 0 and not read_only:
            with self._transaction("BEGIN IMMEDIATE"):
                if self._version() == 0:
                    for statement in schema.statements():
                        self._connection.execute(statement)
            number = self._version()
        if number > schema.NUMBER:
            raise NewerSchema(self._where, f"tables {number}, this program knows {schema.NUMBER}")
        if number == 0:
            raise DamagedModels(self._where, "it has no tables")

    def _version(self) -> int:
        number: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return number

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with _told(self._where):
            self._connection.execute(begin)
        try:
            yield
            with _told(self._where):
                self._connection.execute("COMMIT")
        finally:
            # Not after a commit, nor where SQLite has ended it itself, as on a full disk.
            if self._connection.in_transaction:
                with _told(self._where):
                    self._connection.execute("ROLLBACK")


def _bound(parameters: Mapping[str, object]) -> dict[str, object]:
    return {
        name: orjson.dumps(value).decode() if isinstance(value, list) else value
        for name, value in parameters.items()
    }


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise what SQLite reports as the StoreError that it means for read models."""
    try:
        with translated(place):
            yield
    except Damaged as error:
        if isinstance(error, DamagedModels):
            raise
        raise DamagedModels(error.place, error.detail) from error
