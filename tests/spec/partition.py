"""A partition of a log for the projector's tests: its entries, watermarks, and what came of it.

log = partition(story.history, other.history)
projector.apply(log[:5], TERMS, mark(log[:5], "2026-03-09 12:00"))
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from domain.event import RecordedEvent
from infra.store.models import ReadModels

TABLES = (
    "positions",
    "histories",
    "tickets",
    "clocks",
    "deadlines",
    "alerts",
    "parked",
    "outbox",
)


class Entry(NamedTuple):
    """An event at its position, as the log stores it."""

    position: int
    previous: int
    hash: bytes
    recorded: RecordedEvent


class Mark(NamedTuple):
    """A watermark."""

    position: int
    recorded_at: int


def partition(*histories: Sequence[RecordedEvent]) -> list[Entry]:
    """The log of these tickets: in the order of recording, as one partition of several.

    Other partitions have the positions in between.
    """
    order = sorted(
        chain.from_iterable(histories),
        key=lambda event: (event.recorded_at, event.ticket, event.version),
    )
    return [
        Entry(3 * number, 3 * (number - 1), number.to_bytes(32, "big"), recorded)
        for number, recorded in enumerate(order, start=1)
    ]


def mark(entries: Sequence[Entry], recorded_at: int) -> Mark:
    """The watermark that the last of the entries is the last up to an instant."""
    return Mark(entries[-1].position, recorded_at)


def dump(models: ReadModels, tables: Iterable[str] = TABLES) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables, in the order of all their columns."""
    return {
        table: sorted(models._database.rows(f"SELECT * FROM {table}"), key=repr) for table in tables
    }
