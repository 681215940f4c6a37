"""The tokens in a SQLite file of their own: a rebuild leaves them alone, a backup may too."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from infra.store.access.token import Holder, Token, TokenUnknown
from infra.store.failure import Damaged, Missing, NewerSchema
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated

NUMBER = 1
"""The number of the table; raise it with every change."""

_TABLE = """
    CREATE TABLE tokens (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        role TEXT NOT NULL,
        holder TEXT NOT NULL,
        plan TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER
    )
"""
_COLUMNS = "number, digest, role, holder, plan, created_at, expires_at, revoked_at"
_ADD = """
    INSERT INTO tokens (digest, role, holder, plan, created_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?)
"""
_NAME = re.compile(r"K-(\d{1,18})", re.ASCII)
_REVOKE = "UPDATE tokens SET revoked_at = ? WHERE number = ? AND revoked_at IS NULL"


class DamagedAccess(Damaged):
    """The file of tokens is not what was written."""

    says = (
        "{place} is damaged: {detail}; nothing else depends on it: move it away, "
        "and give people new tokens with `lhuta token add`"
    )


class SQLiteTokens:
    """The tokens of an installation; a context manager.

    Safe to be used by several threads. Every method raises the StoreError that stopped it.
    """

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
        """Open the tokens; make an empty file where there is none, unless `read_only`."""
        if read_only and not Path(path).exists():
            raise Missing(str(path))
        with _told(str(path)):
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            try:
                _prepare(connection, str(path))
            except (sqlite3.Error, NewerSchema):
                connection.close()
                raise
        return cls(connection, str(path))

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def __enter__(self) -> "SQLiteTokens":
        """Return the open tokens."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def add(self, holder: Holder, digest: bytes, now: int, expires_at: int) -> Token:
        """Keep the digest of a new token and return what it stands for."""
        row = (digest, holder.role, holder.id, holder.plan, now, expires_at)
        with self._using, _told(self._place):
            number = self._connection.execute(_ADD, row).lastrowid
        return Token(f"K-{number}", digest, holder, now, expires_at, None)

    def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest, also one that is over; None where there is none."""
        found = self._rows(f"SELECT {_COLUMNS} FROM tokens WHERE digest = ?", digest)
        return _token(found[0]) if found else None

    def all(self) -> list[Token]:
        """Return every token that was ever made, the oldest first."""
        return [_token(row) for row in self._rows(f"SELECT {_COLUMNS} FROM tokens ORDER BY number")]

    def revoke(self, name: str, now: int) -> Token:
        """End a token now; one that was revoked before stays as it was. Raises TokenUnknown."""
        known = _NAME.fullmatch(name)
        if known is None:
            raise TokenUnknown(name)
        number = int(known[1])
        with self._using, _told(self._place):
            self._connection.execute(_REVOKE, (now, number))
        found = self._rows(f"SELECT {_COLUMNS} FROM tokens WHERE number = ?", number)
        if not found:
            raise TokenUnknown(name)
        return _token(found[0])

    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        with self._using, _told(self._place):
            return self._connection.execute(statement, parameters).fetchall()


def _prepare(connection: sqlite3.Connection, place: str) -> None:
    if _number(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        if _number(connection) == 0:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {NUMBER}")
        connection.execute("COMMIT")
    number = _number(connection)
    if number > NUMBER:
        raise NewerSchema(place, f"table {number}, this program knows {NUMBER}")


def _number(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def _token(row: Any) -> Token:
    number, digest, role, holder, plan, created_at, expires_at, revoked_at = row
    return Token(
        f"K-{number}", digest, Holder(role, holder, plan), created_at, expires_at, revoked_at
    )


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise what SQLite reports as the StoreError that it means for tokens."""
    try:
        with translated(place):
            yield
    except Damaged as error:
        raise DamagedAccess(error.place, error.detail) from error
