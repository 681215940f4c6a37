"""The deliveries in a SQLite file of their own, for one engine and the commands beside it."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from infra.outlets.subscription import Way
from infra.store import small_file
from infra.store.deliveries.stored import NOTHING, StoredDeliveries
from infra.store.failure import Damaged, Missing
from infra.store.layout import numbered
from infra.store.log import wall_clock
from infra.store.models.schema import DIALECT
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated

LAYOUT = numbered(files("infra.store.deliveries") / "schema" / "sqlite")

# The sequence remembers the highest number that ever was, also of subscribers who are no more.
_SUBSCRIBE = """
    INSERT INTO subscriptions (name, way, target, kinds, since)
    SELECT 'S-' || (1 + COALESCE(MAX(seq), 0)), ?, ?, ?, ?
    FROM sqlite_sequence WHERE name = 'subscriptions'
    RETURNING name
"""


class DamagedDeliveries(Damaged):
    """The database of the deliveries is not what was written."""

    says = (
        "{place} is damaged: {detail}; it holds who is told of alerts and what they are still "
        "owed: go on with a backup of it, or move it away, subscribe again, and see with "
        "`lhuta alerts --since` what was decided meanwhile"
    )


class SQLiteDeliveries(StoredDeliveries):
    """The deliveries in a file."""

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
    ) -> "SQLiteDeliveries":
        """Open the deliveries; make empty ones where there are none, unless `read_only`.

        Raises Missing, DamagedDeliveries and other StoreErrors.
        """
        where = str(path)
        if not read_only:
            _make(Path(path))
        elif not Path(path).exists():
            raise Missing(where)
        with _told(where), ExitStack() as undoing:
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            undoing.callback(connection.close)
            opened = cls(connection, where)
            opened._prepare(read_only=read_only)
            undoing.pop_all()
        return opened

    def close(self) -> None:
        """Let the database go."""
        with _told(self._where):
            self._connection.close()

    def now(self) -> int:
        """Return the time of this machine."""
        return wall_clock()

    def _add(self, way: Way, target: str, kinds: str, since: int) -> str:
        with _told(self._where):
            added = self._connection.execute(_SUBSCRIBE, (way, target, kinds, since)).fetchall()
        name: str = added[0][0]
        return name

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with _told(self._where):
            return self._connection.execute(statement, dict(parameters)).fetchall()

    def _change(self, statement: str, parameters: Mapping[str, object]) -> int:
        with _told(self._where):
            return self._connection.execute(statement, dict(parameters)).rowcount

    def _many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        with _told(self._where):
            self._connection.executemany(statement, rows)

    def _prepare(self, *, read_only: bool) -> None:
        if LAYOUT.adds_to(self._where, self._version(), read_only=read_only):
            with self._transaction():
                for statement in LAYOUT.statements(self._version()):
                    self._connection.execute(DIALECT.view(statement))
                number = max(LAYOUT.latest, self._version())
                self._connection.execute(f"PRAGMA user_version = {number}")

    def _version(self) -> int:
        number: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return number

    def _be_known(self, notifier: str) -> None:
        """Do nothing: on a file one engine works, always under the same name."""

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _told(self._where):
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with _told(self._where):
                self._connection.execute("COMMIT")
        finally:
            # Not after a commit, nor where SQLite has ended it itself, as on a full disk.
            if self._connection.in_transaction:
                with _told(self._where):
                    self._connection.execute("ROLLBACK")


def _make(path: Path) -> None:
    """Make an empty file for this user only: a command of a subscriber may hold a secret."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise small_file.failure(error, path) from error


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise what SQLite reports as the StoreError that it means for deliveries."""
    try:
        with translated(place):
            yield
    except Damaged as error:
        if isinstance(error, DamagedDeliveries):
            raise
        raise DamagedDeliveries(error.place, error.detail) from error
