"""The database of the read models, as the projector needs it (architecture, decision 3).

A back end implements `Models`; tests/contract holds every one of them to what is said here.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeVar

from domain.event import NO_WORDS, RecordedEvent
from projections.rows import PROJECTOR_VERSION, Table

R = TypeVar("R", bound=tuple[object, ...])
Key = tuple[object, ...]


class Place(NamedTuple):
    """How far a partition has come.

    `position` and `hash` are those of the last applied event, `recorded_at` when it was recorded;
    everything whose turn is up to `decided_to` is decided. Of what was decided up to
    `announced_to` nothing is announced any more. All tickets are folded by `projector_version`
    or a later one.
    """

    position: int
    hash: str
    recorded_at: int
    decided_to: int
    announced_to: int
    projector_version: int


START = Place(0, "", 0, 0, 0, PROJECTOR_VERSION)


def bare(recorded: RecordedEvent) -> RecordedEvent:
    """Return what is kept of an event: neither words and their digest nor what caused it."""
    return recorded._replace(
        words=NO_WORDS, text=None, command_id=None, correlation_id=None, causation_id=None
    )


class History(NamedTuple):
    """What is kept of a ticket, and when to look again.

    The events are `bare` and in the order of versions; `position` is that of the last one.
    """

    position: int
    next_turn: int | None
    projector_version: int
    events: tuple[RecordedEvent, ...]


class Kept(NamedTuple):
    """What to keep of a ticket from now on; `added` events follow those that are kept already."""

    ticket: str
    partition: int
    position: int
    next_turn: int | None
    projector_version: int
    added: Sequence[RecordedEvent]


class Announcement(NamedTuple):
    """A row of `outbox`: an alert as the contract writes it, announced once and for ever."""

    partition: int
    sequence: int
    alert_id: str
    ticket: str
    kind: str
    decided_at: int
    alert: str


class Models(Protocol):
    """The database of the read models, as the projector needs it."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction: kept as a whole at the end, undone on any exception."""

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch."""

    def move(self, partition: int, before: Place | None, after: Place) -> bool:
        """Store a partition's new place if the old one is still `before`; tell whether it was."""

    def turns(self, partition: int, until: int, limit: int | None) -> list[tuple[int, str]]:
        """Return (turn, ticket) of up to `limit` tickets whose turn is up to then, in order."""

    def histories(self, tickets: Sequence[str]) -> dict[str, History]:
        """Return what is kept of the tickets; those of which nothing is kept are left out."""

    def keep(self, kept: Sequence[Kept]) -> None:
        """Store what to keep of tickets."""

    def rows(self, table: Table[R], tickets: Sequence[str]) -> list[R]:
        """Return the rows of tickets in a table, by their keys."""

    def write(self, table: Table[R], rows: Sequence[R]) -> None:
        """Store rows, each in place of the one with its key."""

    def delete(self, table: Table[R], keys: Sequence[Key]) -> None:
        """Delete rows by their keys."""

    def parked_since(self, partition: int, after: int) -> int:
        """Count the tickets parked whose `announced_to` lies after an instant."""

    def outbox_end(self, partition: int) -> int:
        """Return the last sequence of a partition's outbox, 0 where it is empty."""

    def announce(self, announcements: Sequence[Announcement]) -> None:
        """Append to the outbox."""

    def announced(self, alert_ids: Sequence[str]) -> set[str]:
        """Return those of the alerts that were announced."""

    def stale(self, partition: int, version: int, after: str, limit: int) -> list[str]:
        """Return up to `limit` tickets after a ticket that another projector version folded."""

    def clear(self, partition: int) -> None:
        """Delete everything of a partition but its place and its outbox."""

    def never_announced(
        self, partition: int, live_from: int, until: int, limit: int
    ) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of alerts to announce that were not, decided by then."""

    def no_longer_told(self, partition: int, limit: int) -> list[tuple[str, str, str]]:
        """Return (ticket, alert id, kind) of announcements that are not among the alerts."""
