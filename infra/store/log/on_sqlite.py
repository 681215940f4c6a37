"""The log on SQLite: a recorder of the `eventsourcing` library with its own transactions."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

import orjson
from eventsourcing.persistence import ConnectionUnavailableError, PersistenceError
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
)
from eventsourcing.utils import Environment, EnvType

from infra.store import small_file
from infra.store.failure import Damaged, Exists, Locked, Missing, StoreError
from infra.store.layout import numbered
from infra.store.log.application import LogMapper, TicketLog
from infra.store.log.clock import Clock, wall_clock
from infra.store.log.plan import Plan, Request
from infra.store.log.recorder import LogRecorder
from infra.store.log.request import Head
from infra.store.log.session import EVENT, Session
from infra.store.log.settings import Settings
from infra.store.sqlite import connect, failure, name_of, translated

LAYOUT = numbered(files("infra.store.log") / "schema" / "sqlite")

_LOCK = "UPDATE log_head SET position = position RETURNING position"
_MOVE = (
    "UPDATE log_head SET position = ?, recorded_at = ?, hash = ?, commands = ?, commands_hash = ?"
)
_TICK = (
    "UPDATE log_head SET recorded_at = max(recorded_at, ?) RETURNING position, recorded_at, hash"
)


class SQLiteSession(Session):
    """A transaction on a file."""

    asked = "json_each(?)"
    contains = "instr(state, ?) > 0"
    instant = "NULL"

    def __init__(self, cursor: sqlite3.Cursor, place: str, clock: Clock) -> None:
        super().__init__(place, clock)
        self._cursor = cursor

    def lock(self) -> None:
        """Take the row of `log_head`; as the first statement, so that nobody writes in between."""
        self._row(_LOCK)

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with its own file, pages and indexes included."""
        return [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]

    def size(self) -> int:
        """Return how many bytes the file has."""
        return Path(self._place).stat().st_size

    def write(self, plan: Plan) -> None:
        """Store what was planned."""

        def insert(statement: str, rows: Iterable[Iterable[object]]) -> None:
            # Rows that are named tuples are bound more slowly.
            self._cursor.executemany(statement, map(tuple, rows))

        insert(f"INSERT INTO events ({EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", plan.events)
        if plan.texts:
            insert("INSERT INTO texts VALUES (?, ?, ?)", plan.texts)
        if plan.commands:
            insert("INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", plan.commands)
        insert(
            "INSERT INTO partitions VALUES (?, ?) "
            "ON CONFLICT (partition) DO UPDATE SET position = excluded.position",
            plan.lasts.items(),
        )
        self._cursor.execute(_MOVE, plan.ledger)

    def _listed(self, values: Iterable[str]) -> object:
        return orjson.dumps(list(values)).decode()

    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        try:
            return self._cursor.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise failure(error, self._place) from error

    def _streamed(self, statement: str, *parameters: object) -> Iterator[Any]:
        with translated(self._place):
            yield from self._cursor.execute(statement, parameters)

    def _change(self, statement: str, *parameters: object) -> int:
        return self._cursor.execute(statement, parameters).rowcount


class LogPool(SQLiteConnectionPool):
    """Opens connections as every file of the store is opened."""

    def _create_connection(self) -> SQLiteConnection:
        assert self.lock_timeout is not None
        return SQLiteConnection(connect(self.db_name, self.lock_timeout), None)


class LogDatastore(SQLiteDatastore):
    """A datastore with our own connections."""

    def __init__(self, db_name: str, lock_timeout: int | None) -> None:
        super().__init__(db_name, lock_timeout=lock_timeout, originator_id_type="text")
        self.pool = LogPool(
            db_name=db_name, lock_timeout=lock_timeout, pool_timeout=max(1.0, lock_timeout or 0)
        )


class SQLiteLogRecorder(LogRecorder, SQLiteApplicationRecorder):
    """Keeps the events of the log in a file."""

    place = ""
    clock: Clock = staticmethod(wall_clock)

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "events") -> None:
        super().__init__(datastore, events_table_name)

    def construct_create_table_statements(self) -> list[str]:
        """Return no statement: a log is created with its settings, by `create`."""
        return []

    @contextmanager
    def reading(self) -> Iterator[SQLiteSession]:
        """Begin to read one state of the log."""
        with self._transaction(commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[SQLiteSession]:
        """Lock the log; what is written is kept when the block ends, unless it raises."""
        with self._transaction(commit=True) as session:
            session.lock()
            yield session

    def tick(self) -> Head:
        """Move the time of the log on to now, unless it is there already, and return its head."""
        now = self.clock()
        with self.reading() as session:
            head = session.ledger().head
        if head.recorded_at >= now:
            return head
        with _translated(self.place), self.datastore.transaction(commit=True) as cursor:
            [row] = _plain(cursor).execute(_TICK, (now,)).fetchall()
        return Head(*row)

    def purge(self) -> bool:
        """Remove what was erased from every file; return False where a reader still needs it."""
        with _translated(self.place), self.datastore.get_connection(commit=True) as connection:
            [(busy, _, _)] = _plain(connection.cursor()).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy

    @contextmanager
    def _transaction(self, *, commit: bool) -> Iterator[SQLiteSession]:
        with _translated(self.place), self.datastore.get_connection(commit=commit) as connection:
            try:
                with connection.transaction(commit=commit) as cursor:
                    yield SQLiteSession(_plain(cursor), self.place, self.clock)
            finally:
                # A commit that failed, as on a full disk, leaves the transaction open.
                connection.rollback()


class LogFactory(SQLiteFactory):
    """Makes the parts of the log for the library."""

    application_recorder_class = SQLiteLogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore = LogDatastore(self.datastore.pool.db_name, self.datastore.pool.lock_timeout)


def create(path: str | PathLike[str], settings: Settings, first: Request) -> None:
    """Create a log with its first request, for this user alone; whole or not at all.

    Raises Exists, also for a file that is something else, and the other StoreErrors.
    """
    small_file.make(Path(path))
    with _translated(str(path)):
        try:
            connection = connect(name_of(path, "create"))
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise Exists(str(path)) from error
            raise
        try:
            connection.execute("BEGIN IMMEDIATE")
            if _tables(connection):
                raise Exists(str(path))
            session = SQLiteSession(connection.cursor(), str(path), wall_clock)
            session.found(LAYOUT, settings, first)
            connection.execute("COMMIT")
        finally:
            connection.close()
    _keep_name(Path(path))


def open_application(
    path: str | PathLike[str], *, read_only: bool, busy_seconds: int, clock: Clock | None = None
) -> tuple[TicketLog, SQLiteLogRecorder]:
    """Open the log of a file, with tables as this program knows them.

    Without a clock it goes by that of this machine.

    Raises Missing, Damaged, NewerSchema, OlderSchema and the other StoreErrors.
    """
    if not Path(path).is_file():
        raise Missing(str(path))
    name = name_of(path, "read" if read_only else "write")
    with _translated(str(path)):
        connection = connect(name, busy_seconds)
        try:
            _agree_on_schema(connection, str(path), read_only=read_only)
        finally:
            connection.close()
    application = TicketLog(_environment(name, busy_seconds))
    recorder = application.recorder
    assert isinstance(recorder, SQLiteLogRecorder)
    recorder.place = str(path)
    recorder.clock = clock or wall_clock
    return application, recorder


def _environment(name: str, busy_seconds: int) -> Mapping[str, str]:
    return {
        "PERSISTENCE_MODULE": f"{LogFactory.__module__}:{LogFactory.__qualname__}",
        "MAPPER_TOPIC": f"{LogMapper.__module__}:{LogMapper.__qualname__}",
        "ORIGINATOR_ID_TYPE": "text",
        "CREATE_TABLE": "no",
        "SQLITE_DBNAME": name,
        "SQLITE_LOCK_TIMEOUT": str(busy_seconds),
    }


def _agree_on_schema(connection: sqlite3.Connection, place: str, *, read_only: bool) -> None:
    if "log_settings" not in _tables(connection):
        raise Damaged(place, "it is a database, but not an event log")
    session = SQLiteSession(connection.cursor(), place, wall_clock)
    if LAYOUT.adds_to(place, session.schema(), read_only=read_only):
        connection.execute("BEGIN")
        session.lock()
        session.grow(LAYOUT)
        connection.execute("COMMIT")


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def _plain(cursor: SQLiteCursor) -> sqlite3.Cursor:
    raw: sqlite3.Cursor = cursor.sqlite_cursor
    return raw


def _keep_name(path: Path) -> None:
    """Make the name of a new file as durable as its content."""
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Raise what the library reports as the StoreError that it means."""
    with translated(place):
        try:
            yield
        except ConnectionUnavailableError as error:
            raise Locked(place, f"{error} in this process") from error
        except PersistenceError as error:
            if isinstance(error.__cause__, sqlite3.Error):
                raise failure(error.__cause__, place) from error
            raise StoreError(place, str(error)) from error
