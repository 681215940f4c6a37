"""The back ends of the log, and how a test tampers with what they store."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from infra.store.log import Clock, EventLog, on_postgresql, on_sqlite
from infra.store.log.application import TicketLog
from infra.store.log.on_postgresql import SCHEMA
from infra.store.log.recorder import LogRecorder
from tests.contract.given import CREATED, LIVE_FROM, POLICY, HandClock


class BackEnd(Protocol):
    """A place for one log; `place` is what `EventLog.open` takes, also in another process."""

    place: str

    def create(self, clock: Clock, *, partitions: int = 1, policy: bytes = POLICY) -> EventLog:
        """Create a log at CREATED."""

    def open(self, clock: Clock, *, read_only: bool = False) -> EventLog:
        """Open the log."""

    def application(self) -> tuple[TicketLog, LogRecorder]:
        """Open the log as the library does."""

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement behind the log's back and return its rows; `?` stands for parameters."""

    def stored(self) -> bytes:
        """Return every byte that is kept of the log."""


class SQLite:
    """Logs in a file of a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder / "log.db")

    def create(self, clock: Clock, *, partitions: int = 1, policy: bytes = POLICY) -> EventLog:
        """Create a log at CREATED."""
        return EventLog.create(
            self.place,
            policy_bytes=policy,
            partitions=partitions,
            live_from=LIVE_FROM,
            now=CREATED,
            clock=clock,
        )

    def open(self, clock: Clock, *, read_only: bool = False) -> EventLog:
        """Open the log."""
        return EventLog.open(self.place, clock=clock, read_only=read_only, busy_seconds=5)

    def application(self) -> tuple[TicketLog, LogRecorder]:
        """Open the log as the library does."""
        return on_sqlite.open_application(self.place, read_only=False, busy_seconds=5)

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement behind the log's back and return its rows."""
        with closing(sqlite3.connect(self.place, isolation_level=None)) as connection:
            return connection.execute(statement, parameters).fetchall()

    def stored(self) -> bytes:
        """Return every byte of every file in which the log is kept."""
        return b"".join(file.read_bytes() for file in Path(self.place).parent.iterdir())


class PostgreSQL:
    """Logs in a database of their own."""

    _BYTES = re.compile(r"x'([0-9a-f]*)'")

    def __init__(self, url: str) -> None:
        self.place = url

    def create(self, clock: Clock, *, partitions: int = 1, policy: bytes = POLICY) -> EventLog:
        """Create a log at CREATED."""
        return EventLog.create(
            self.place,
            policy_bytes=policy,
            partitions=partitions,
            live_from=LIVE_FROM,
            now=CREATED,
            clock=clock,
        )

    def open(self, clock: Clock, *, read_only: bool = False) -> EventLog:
        """Open the log."""
        return EventLog.open(self.place, clock=clock, read_only=read_only, busy_seconds=5)

    def application(self) -> tuple[TicketLog, LogRecorder]:
        """Open the log as the library does."""
        return on_postgresql.open_application(self.place, read_only=False, busy_seconds=5)

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement behind the log's back, references unheeded, and return its rows."""
        with psycopg.connect(self.place, autocommit=True) as connection:
            connection.execute(
                f"SET search_path = {SCHEMA}; SET session_replication_role = replica"
            )
            written = self._BYTES.sub(r"'\\x\1'::bytea", statement).replace("?", "%s")
            cursor = connection.execute(written, parameters)
            return cursor.fetchall() if cursor.description else []

    def stored(self) -> bytes:
        """Return every byte of the rows of the log."""
        tables = self.execute("SELECT tablename FROM pg_tables WHERE schemaname = ?", SCHEMA)
        rows = [row for (table,) in tables for row in self.execute(f"SELECT * FROM {table}")]
        return b"\0".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in rows
            for value in row
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def back_end(request: pytest.FixtureRequest) -> BackEnd:
    """Give a place without a log."""
    match request.param:
        case "sqlite":
            return SQLite(request.getfixturevalue("tmp_path"))
        case "postgresql":
            return PostgreSQL(request.getfixturevalue("postgresql"))
        case unknown:
            raise AssertionError(unknown)


@pytest.fixture
def clock() -> HandClock:
    """Give a clock that stands an hour after CREATED and moves by hand."""
    return HandClock()


@pytest.fixture
def log(back_end: BackEnd, clock: Clock) -> Iterator[EventLog]:
    """Give an open log that has only its policy."""
    with back_end.create(clock) as created:
        yield created
