"""The tokens in a SQLite file of their own: a rebuild leaves them alone, a backup may too."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any

from infra.store import small_file
from infra.store.access.stored import NOTHING, StoredTokens
from infra.store.failure import Damaged, Missing
from infra.store.layout import numbered
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated

LAYOUT = numbered(files("infra.store.access") / "schema" / "sqlite")


class DamagedAccess(Damaged):
    """The file of tokens is not what was written."""

    says = (
        "{place} is damaged: {detail}; nothing else depends on it: move it away, "
        "and give people new tokens with `lhuta token add`"
    )


class SQLiteTokens(StoredTokens):
    """The tokens in a file, over one connection for all threads."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self._place = place
        self._using = Lock()

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "SQLiteTokens":
        """Open the tokens; make an empty file where there is none, unless `read_only`.

        Raises Missing, DamagedAccess and other StoreErrors.
        """
        where = str(path)
        if not read_only:
            _make(Path(path))
        elif not Path(path).exists():
            raise Missing(where)
        with _told(where), ExitStack() as undoing:
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            undoing.callback(connection.close)
            _prepare(connection, where, read_only=read_only)
            undoing.pop_all()
        return cls(connection, where)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with self._using, _told(self._place):
            return self._connection.execute(statement, dict(parameters)).fetchall()

    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        with self._using, _told(self._place):
            self._connection.execute(statement, dict(parameters))


def _make(path: Path) -> None:
    """Make an empty file for this user only."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise small_file.failure(error, path) from error


def _prepare(connection: sqlite3.Connection, place: str, *, read_only: bool) -> None:
    if LAYOUT.adds_to(place, _number(connection), read_only=read_only):
        connection.execute("BEGIN IMMEDIATE")
        for statement in LAYOUT.statements(_number(connection)):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(LAYOUT.latest, _number(connection))}")
        connection.execute("COMMIT")


def _number(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise what SQLite reports as the StoreError that it means for tokens."""
    try:
        with translated(place):
            yield
    except Damaged as error:
        raise DamagedAccess(error.place, error.detail) from error
