"""Tables in a SQLite file: opening it, transactions, and what its errors mean."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self

from infra.store import small_file
from infra.store.failure import Damaged, Missing
from infra.store.layout import Layout
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated

Parameters = Sequence[object] | dict[str, object]


class File:
    """The tables of one file. Every method raises the StoreError that stopped it.

    What lies in it, and what it means that it does not or is damaged, each kind of file says. A
    private one is for this user alone.
    """

    layout: ClassVar[Layout]
    damaged: ClassVar[type[Damaged]]
    missing: ClassVar[type[Missing]] = Missing
    is_private: ClassVar[bool] = True
    pragmas: ClassVar[Sequence[str]] = ()

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
    ) -> Self:
        """Open a file; make an empty one where there is none, unless `read_only`."""
        where = str(path)
        if read_only and not Path(path).exists():
            raise cls.missing(where)
        if cls.is_private and not read_only:
            small_file.make(Path(path))
        with translated(where, cls.damaged), ExitStack() as undoing:
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            undoing.callback(connection.close)
            file = cls(connection, where)
            file._prepare(read_only=read_only)
            undoing.pop_all()
        return file

    def close(self) -> None:
        """Let the file go."""
        with self._told():
            self._connection.close()

    @contextmanager
    def transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        self.change(begin)
        try:
            yield
            self.change("COMMIT")
        finally:
            # Not after a commit, nor where SQLite has ended it itself, as on a full disk.
            if self._connection.in_transaction:
                self.change("ROLLBACK")

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Any]:
        """Return the rows of a statement."""
        with self._told():
            return self._connection.execute(statement, parameters).fetchall()

    def change(self, statement: str, parameters: Parameters = ()) -> int:
        """Carry a statement out; return how many rows it changed."""
        with self._told():
            return self._connection.execute(statement, parameters).rowcount

    def many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Carry a statement out for each row of parameters."""
        with self._told():
            self._connection.executemany(statement, rows)

    def _prepare(self, *, read_only: bool) -> None:
        for pragma in self.pragmas:
            self.change(pragma)
        if not self.layout.adds_to(self._where, self._number(), read_only=read_only):
            return
        with self.transaction():
            if self.layout.adds_to(self._where, number := self._number()):
                for statement in self.layout.statements(number):
                    self.change(statement)
                self.change(f"PRAGMA user_version = {self.layout.latest}")

    def _number(self) -> int:
        """Return the number of the tables, 0 where there are none."""
        number: int = self.rows("PRAGMA user_version")[0][0]
        return number

    def _told(self) -> AbstractContextManager[None]:
        return translated(self._where, self.damaged)
