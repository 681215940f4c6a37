"""Parity: divided read models against the embedded engine's (architecture, The way of an event).

Monday 9 March 2026 is an ordinary business day, 08:00-17:00.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from infra.store.models import SQLiteModels
from projections.parity import NotAtRest, Parity, parity
from projections.projector import Projector, Stored, Terms
from tests.spec.desk import MANAGRY, Story, at, ticket
from tests.spec.partition import Entry, Mark, partition

TERMS = Terms(MANAGRY, at("2026-01-01 00:00"))
PARTITIONS = 3
MOMENT = "2026-03-09 10:00"


def stories() -> list[Story]:
    """Tickets that are answered, that break their promise, and one that waits."""
    return [
        *(
            ticket(f"T-{number}").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
            for number in range(5)
        ),
        ticket("A-1")
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:05", 1)
        .answered("2026-03-09 08:30"),
    ]


class Log:
    """A log in memory, read as a whole."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events."""
        return [one for one in self.entries if one.position > after][:limit]


class Divided:
    """A log, and read models to which it was applied in partitions."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "divided.db"
        self.log = Log(partition(*(story.history for story in stories())))
        self.models = SQLiteModels.open(self.path)
        self.fresh = SQLiteModels.open(folder / "fresh.db")

    def follow(self, *moments: str) -> None:
        """Apply every partition's events, and decide all up to its moment."""
        for number, moment in enumerate(moments):
            entries = list(self._of(number))
            last = entries[-1].position if entries else 0
            projector = Projector(self.models, number)
            for one in entries:
                projector.apply([one], TERMS)
            projector.advance(Mark(last, at(moment)), TERMS)

    def _of(self, number: int) -> Iterator[Entry]:
        previous = 0
        for one in self.log.entries:
            if sum(one.recorded.ticket.encode()) % PARTITIONS == number:
                yield one._replace(previous=previous)
                previous = one.position

    def compared(self) -> Parity:
        """Hold them against the embedded ones."""
        return parity(self.models, PARTITIONS, self.log, TERMS, self.fresh)

    def change(self, statement: str) -> None:
        """Change a row behind the projector's back."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            assert connection.execute(statement).rowcount == 1

    def close(self) -> None:
        """Close both."""
        self.models.close()
        self.fresh.close()


@pytest.fixture
def divided(tmp_path: Path) -> Iterator[Divided]:
    """Give a log and empty read models."""
    made = Divided(tmp_path)
    yield made
    made.close()


def test_however_a_log_is_divided_the_rows_are_the_same(divided: Divided) -> None:
    """One event at a time in three partitions, against one batch in one."""
    divided.follow(MOMENT, MOMENT, MOMENT)
    found = divided.compared()
    assert found.differences == []
    assert (found.tickets, found.clocks) == (6, 6)
    # A warning, a breach for each of five that nobody answered; a warning of the sixth, cleared.
    assert found.alerts > 10


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE tickets SET severity = 4 WHERE ticket = 'T-3'", "tickets"),
        ("UPDATE clocks SET verdict = 'met' WHERE ticket = 'T-3'", "clocks"),
        ("DELETE FROM clocks WHERE ticket = 'T-3'", "clocks"),
        ("UPDATE alerts SET decided_at = 7 WHERE ticket = 'T-3' AND number = 1", "alerts"),
        ("UPDATE histories SET position = 7 WHERE ticket = 'T-3'", "histories"),
        (
            "DELETE FROM outbox WHERE alert_id = "
            "(SELECT id FROM alerts WHERE ticket = 'T-3' AND number = 1)",
            "outbox",
        ),
    ],
)
def test_every_row_that_differs_is_named(divided: Divided, statement: str, table: str) -> None:
    """By its ticket and its table, and nothing else."""
    divided.follow(MOMENT, MOMENT, MOMENT)
    divided.change(statement)
    assert {(one.ticket, one.table) for one in divided.compared().differences} == {("T-3", table)}


def test_a_ticket_too_many_is_named(divided: Divided) -> None:
    """One that the log does not have."""
    divided.follow(MOMENT, MOMENT, MOMENT)
    divided.change(
        "INSERT INTO histories SELECT 'X-1', partition, position, next_turn, projector_version, "
        "lines FROM histories WHERE ticket = 'T-3'"
    )
    assert {one.ticket for one in divided.compared().differences} == {"X-1"}


def test_partitions_at_different_moments_are_not_compared(divided: Divided) -> None:
    """A warning that one has decided already would look like a difference."""
    divided.follow(MOMENT, "2026-03-09 09:30", MOMENT)
    with pytest.raises(NotAtRest, match="not at rest"):
        divided.compared()


def test_events_still_to_come_are_no_difference(divided: Divided) -> None:
    """They are a reason to wait."""
    divided.follow(MOMENT, MOMENT, MOMENT)
    last = divided.log.entries[-1]
    late = ticket("T-9").opened("2026-03-09 09:59").history[0]
    divided.log.entries = [
        *divided.log.entries,
        Entry(last.position + 3, last.position, b"?" * 32, late),
    ]
    with pytest.raises(NotAtRest, match="last event applied"):
        divided.compared()
