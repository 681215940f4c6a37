"""The log on SQLite: a recorder of the `eventsourcing` library with its own transactions."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import (
    ConnectionUnavailableError,
    Notification,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
)
from eventsourcing.utils import Environment, EnvType

from infra.store.failure import Damaged, Exists, Locked, Missing, OlderSchema, StoreError
from infra.store.log import chain, ddl
from infra.store.log.application import LogEvent, LogMapper, TicketLog
from infra.store.log.backend import Checked, CommandLink, LinkRow, Told, WalkRow
from infra.store.log.plan import CommandRow, EventRow, Ledger, Plan, Request, plan
from infra.store.log.request import Head
from infra.store.log.settings import Settings
from infra.store.log.stream import ERASURES, SEPARATOR
from infra.store.sqlite import connect, failure, name_of, translated

_EVENT = "position, originator_id, originator_version, topic, state, recorded_at, hash, previous"
_EVENT_OF_E = ", ".join(f"e.{column}" for column in _EVENT.split(", "))
_COMMAND = (
    "ordinal, command_id, digest, ticket, first_version, last_version, "
    "first_position, last_position, recorded_at, hash, salt"
)
_COMMAND_OF_C = ", ".join(f"c.{column}" for column in _COMMAND.split(", "))
_LEDGER = "position, recorded_at, hash, commands, commands_hash"
_SETTINGS = "log_id, source, partitions, policy, created_at, live_from"

_LOCK = f"UPDATE log_head SET position = position WHERE only = 1 RETURNING {_LEDGER}"
_MOVE = (
    "UPDATE log_head SET position = ?, recorded_at = ?, hash = ?, commands = ?, commands_hash = ? "
    "WHERE only = 1"
)
_TICK = (
    "UPDATE log_head SET recorded_at = max(recorded_at, ?) WHERE only = 1 "
    "RETURNING position, recorded_at, hash"
)
_STREAM = (
    f"SELECT {_EVENT_OF_E}, t.document FROM events e LEFT JOIN texts t USING (position) "
    "WHERE e.originator_id = ? AND e.originator_version > ? "
)
_LINK = (
    f"SELECT {_EVENT_OF_E}, b.hash FROM events e LEFT JOIN events b ON b.position = e.position - 1"
)
_TAILS = (
    "SELECT value, "
    "(SELECT max(originator_version) FROM events WHERE originator_id = value) FROM json_each(?)"
)
_ERASABLE = """
    WITH asked AS (SELECT value FROM json_each(?))
    SELECT originator_id FROM events JOIN texts USING (position)
    WHERE originator_id IN (SELECT value FROM asked)
    UNION
    SELECT ticket FROM commands
    WHERE salt IS NOT NULL AND ticket IN (SELECT value FROM asked)
"""
_MISPLACED = """
    SELECT position, originator_id, originator_version FROM events later
    WHERE originator_version <> 1 AND NOT EXISTS (
        SELECT 1 FROM events earlier
        WHERE earlier.originator_id = later.originator_id
          AND earlier.originator_version = later.originator_version - 1
          AND earlier.position < later.position
    )
    LIMIT ?
"""


class SQLiteSession:
    """A transaction on the tables of the log."""

    def __init__(self, cursor: sqlite3.Cursor, place: str) -> None:
        self._cursor = cursor
        self._place = place

    def settings(self) -> Settings:
        """Return the settings."""
        return Settings(*self._row(f"SELECT {_SETTINGS} FROM log_settings"))

    def ledger(self) -> Ledger:
        """Return the heads of the chains."""
        return Ledger(*self._row(f"SELECT {_LEDGER} FROM log_head"))

    def lock(self) -> None:
        """Take the row of `log_head`; as the first statement, so that nobody writes in between."""
        self._row(_LOCK)

    def lasts(self) -> dict[int, int]:
        """Return the last position of every partition that has one."""
        return dict(self._rows("SELECT partition, position FROM partitions"))

    def hash_at(self, position: int) -> bytes | None:
        """Return the hash of the event at a position."""
        found = self._rows("SELECT hash FROM events WHERE position = ?", position)
        return found[0][0] if found else None

    def tickets_after(self, position: int, limit: int) -> list[EventRow]:
        """Return the next events of tickets, in the order of their positions."""
        statement = (
            f"SELECT {_EVENT} FROM events WHERE position > ? AND instr(originator_id, ?) = 0 "
            "ORDER BY position LIMIT ?"
        )
        return list(map(EventRow._make, self._rows(statement, position, SEPARATOR, limit)))

    def stream(self, stream: str, after: int = 0) -> list[Told]:
        """Return the events of a stream above a version, in order."""
        return self.select(f"{_STREAM} ORDER BY e.originator_version", stream, after)

    def select(self, statement: str, *parameters: object) -> list[Told]:
        """Return the rows of a selection that begins as that of a stream."""
        return [
            Told(EventRow._make(row[:-1]), row[-1]) for row in self._rows(statement, *parameters)
        ]

    def last_of(self, stream: str) -> EventRow | None:
        """Return the last event of a stream, None where there is no such stream."""
        rows = self._rows(
            f"SELECT {_EVENT} FROM events WHERE originator_id = ? "
            "ORDER BY originator_version DESC LIMIT 1",
            stream,
        )
        return EventRow._make(rows[0]) if rows else None

    def naming(self, text: bytes) -> Iterator[EventRow]:
        """Yield every event whose state contains a text, in the order of their positions."""
        statement = f"SELECT {_EVENT} FROM events WHERE instr(state, ?) > 0 ORDER BY position"
        return map(EventRow._make, self._streamed(statement, text))

    def walk(self) -> Iterator[WalkRow]:
        """Yield every event with its text, in the order of their positions."""
        return self._streamed(
            f"SELECT {_EVENT_OF_E}, t.salt, t.document, EXISTS (SELECT 1 FROM events f "
            "WHERE f.originator_id = ? || e.originator_id AND f.position > e.position) "
            "FROM events e LEFT JOIN texts t USING (position) ORDER BY e.position",
            ERASURES,
        )

    def checked_commands(self) -> Iterator[Checked]:
        """Yield every command with the events that it claims, in order."""
        rows = self._streamed(
            f"SELECT {_COMMAND_OF_C}, f.originator_id, f.originator_version, f.state, "
            "l.originator_id, l.originator_version, l.state, EXISTS (SELECT 1 FROM events x "
            "WHERE x.originator_id = ? || c.ticket AND x.recorded_at > c.recorded_at) "
            "FROM commands c LEFT JOIN events f ON f.position = c.first_position "
            "LEFT JOIN events l ON l.position = c.last_position ORDER BY c.ordinal",
            ERASURES,
        )
        return (Checked(CommandRow._make(row[:-7]), *row[-7:]) for row in rows)

    def misplaced(self, limit: int) -> list[tuple[int, str, int]]:
        """Return position, stream and version of events whose version does not follow."""
        return self._rows(_MISPLACED, limit)

    def strays(self, limit: int) -> list[int]:
        """Return positions of texts that stand beside no event."""
        rows = self._rows(
            "SELECT t.position FROM texts t LEFT JOIN events e USING (position) "
            "WHERE e.position IS NULL LIMIT ?",
            limit,
        )
        return [position for (position,) in rows]

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with its own file, pages and indexes included."""
        return [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]

    def last_event(self) -> LinkRow | None:
        """Return the event with the highest position, None where there is none at all."""
        rows = self._rows(f"{_LINK} ORDER BY e.position DESC LIMIT 1")
        return rows[0] if rows else None

    def last_command(self) -> CommandLink | None:
        """Return the command with the highest ordinal, None where there is none yet."""
        rows = self._rows(
            f"SELECT {_COMMAND_OF_C}, b.hash FROM commands c "
            "LEFT JOIN commands b ON b.ordinal = c.ordinal - 1 ORDER BY c.ordinal DESC LIMIT 1"
        )
        return CommandLink(CommandRow._make(rows[0][:-1]), rows[0][-1]) if rows else None

    def links(self, streams: Iterable[str]) -> Iterator[LinkRow]:
        """Yield the events of streams, one stream after the other, in the order of versions."""
        return self._streamed(
            f"{_LINK} WHERE e.originator_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY e.originator_id, e.originator_version",
            orjson.dumps(list(streams)).decode(),
        )

    def known(self, command_ids: Sequence[str]) -> dict[str, CommandRow]:
        """Return those of the commands that were carried out."""
        rows = self._rows(
            f"SELECT {_COMMAND} FROM commands WHERE command_id IN (SELECT value FROM json_each(?))",
            orjson.dumps(command_ids).decode(),
        )
        return {row[1]: CommandRow._make(row) for row in rows}

    def tails(self, streams: Iterable[str]) -> dict[str, int]:
        """Return the last version of those of the streams that are there."""
        rows = self._rows(_TAILS, orjson.dumps(list(streams)).decode())
        return {stream: version for stream, version in rows if version is not None}

    def write(self, plan: Plan) -> None:
        """Store what was planned."""
        insert = self._cursor.executemany
        insert(f"INSERT INTO events ({_EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", plan.events)
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

    def erasable(self, streams: Sequence[str]) -> set[str]:
        """Return those of the streams that have words, or salts of commands, left to erase."""
        return {stream for (stream,) in self._rows(_ERASABLE, orjson.dumps(streams).decode())}

    def erase(self, streams: Sequence[str]) -> int:
        """Erase the words of streams and their commands' salts; return of how many events."""
        named = orjson.dumps(streams).decode()
        self._cursor.execute(
            "UPDATE commands SET salt = NULL "
            "WHERE salt IS NOT NULL AND ticket IN (SELECT value FROM json_each(?))",
            (named,),
        )
        self._cursor.execute(
            "DELETE FROM texts WHERE position IN (SELECT position FROM events "
            "WHERE originator_id IN (SELECT value FROM json_each(?)))",
            (named,),
        )
        return self._cursor.rowcount

    def found(self, settings: Settings, request: Request) -> None:
        """Create the tables, with the settings and one first request, recorded at creation."""
        for statement in ddl.statements(ddl.SQLITE):
            self._cursor.execute(statement)
        self._cursor.execute(
            f"INSERT INTO log_settings (only, schema, {_SETTINGS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            (ddl.latest(ddl.SQLITE), *settings),
        )
        ledger = Ledger(0, settings.created_at - 1, chain.origin(settings), 0, b"")
        self._cursor.execute(
            f"INSERT INTO log_head (only, {_LEDGER}) VALUES (1, ?, ?, ?, ?, ?)", ledger
        )
        self.write(plan(ledger, settings.created_at, {}, {}, {}, [request]))

    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        return self._cursor.execute(statement, parameters).fetchall()

    def _streamed(self, statement: str, *parameters: object) -> Iterator[Any]:
        with translated(self._place):
            yield from self._cursor.execute(statement, parameters)

    def _row(self, statement: str) -> Any:
        rows = self._rows(statement)
        if not rows:
            raise Damaged(self._place, "the one row of its settings or of its head is missing")
        return rows[0]


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


class LogRecorder(SQLiteApplicationRecorder):
    """Keeps the events of the log; the library's other recorders know nothing of chain and time."""

    place = ""

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "events") -> None:
        super().__init__(datastore, events_table_name)

    def construct_create_table_statements(self) -> list[str]:
        """Return no statement: a log is created with its settings, by `create`."""
        return []

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Refuse: only `EventLog.append` knows the command, and can tell an earlier outcome."""
        raise TypeError("events are appended to the log by EventLog.append")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of a stream as LogEvents."""
        with self.reading() as session:
            told = session.select(
                f"{_STREAM} AND e.originator_version <= ? "
                f"ORDER BY e.originator_version {'DESC' if desc else 'ASC'} LIMIT ?",
                str(originator_id),
                gt or 0,
                _MOST if lte is None else lte,
                -1 if limit is None else limit,
            )
        return [LogEvent.of(one) for one in told]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events in the order of their positions, of every stream."""
        first = (start or 0) if inclusive_of_start else (start or 0) + 1
        wanted = f"AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        with self.reading() as session:
            told = session.select(
                f"SELECT {_EVENT}, NULL FROM events WHERE position BETWEEN ? AND ? {wanted} "
                "ORDER BY position LIMIT ?",
                first,
                _MOST if stop is None else stop,
                *topics,
                limit,
            )
        return [
            Notification(
                originator_id=row.originator_id,
                originator_version=row.originator_version,
                topic=row.topic,
                state=row.state,
                id=row.position,
            )
            for row, _ in told
        ]

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

    def tick(self, now: int) -> Head:
        """Move the time of the log to `now`, unless it is there already, and return its head."""
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
                    yield SQLiteSession(_plain(cursor), self.place)
            finally:
                # A commit that failed, as on a full disk, leaves the transaction open.
                connection.rollback()


class LogFactory(SQLiteFactory):
    """Makes the parts of the log for the library."""

    application_recorder_class = LogRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore = LogDatastore(self.datastore.pool.db_name, self.datastore.pool.lock_timeout)


_MOST = 2**63 - 1


def create(path: str | PathLike[str], settings: Settings, first: Request) -> None:
    """Create a log with its first request; whole or not at all.

    Raises Exists, also for a file that is something else, and the other StoreErrors.
    """
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
            SQLiteSession(connection.cursor(), str(path)).found(settings, first)
            connection.execute("COMMIT")
        finally:
            connection.close()
    _keep_name(Path(path))


def open_application(
    path: str | PathLike[str], *, read_only: bool, busy_seconds: int
) -> tuple[TicketLog, LogRecorder]:
    """Open the log of a file, with tables as this program knows them.

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
    assert isinstance(recorder, LogRecorder)
    recorder.place = str(path)
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
    row = connection.execute("SELECT schema FROM log_settings").fetchone()
    if row is None:
        raise Damaged(place, "its settings are missing")
    stored: int = row[0]
    ddl.check(place, stored, ddl.SQLITE)
    latest = ddl.latest(ddl.SQLITE)
    if stored == latest:
        return
    if read_only:
        raise OlderSchema(place, f"schema {stored}, this program works with {latest}")
    connection.execute("BEGIN IMMEDIATE")
    for statement in ddl.statements(ddl.SQLITE, after=stored):
        connection.execute(statement)
    connection.execute("UPDATE log_settings SET schema = ?", (latest,))
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
