"""The back ends of the log, and how a test tampers with what they store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from infra.store.log import Clock, EventLog
from tests.contract.given import CREATED, LIVE_FROM, POLICY, HandClock


class BackEnd(Protocol):
    """A place for one log; `place` is what `EventLog.open` takes, also in another process."""

    place: str

    def create(self, clock: Clock, *, partitions: int = 1, policy: bytes = POLICY) -> EventLog:
        """Create a log at CREATED."""

    def open(self, clock: Clock, *, read_only: bool = False) -> EventLog:
        """Open the log."""

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement behind the log's back and return its rows; `?` stands for parameters."""


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

    def execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement behind the log's back and return its rows."""
        with closing(sqlite3.connect(self.place, isolation_level=None)) as connection:
            return connection.execute(statement, parameters).fetchall()


@pytest.fixture(params=[SQLite])
def back_end(request: pytest.FixtureRequest, tmp_path: Path) -> BackEnd:
    """Give a place without a log."""
    made: BackEnd = request.param(tmp_path)
    return made


@pytest.fixture
def clock() -> HandClock:
    """Give a clock that stands an hour after CREATED and moves by hand."""
    return HandClock()


@pytest.fixture
def log(back_end: BackEnd, clock: Clock) -> Iterator[EventLog]:
    """Give an open log that has only its policy."""
    with back_end.create(clock) as created:
        yield created
