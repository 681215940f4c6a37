"""The outbox and what became of each announcement at each subscriber, on SQLite."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from infra.outlets.notifier import Due, Failure
from infra.store.models.database import Database
from projections.models import Announcement

_ENROL = """
    INSERT INTO deliveries
        (subscriber, alert_id, ticket, partition, sequence, attempts, next_try_at)
    VALUES (?, ?, ?, ?, ?, 0, ?)
    ON CONFLICT (subscriber, alert_id) DO NOTHING
"""
_DELIVERED = """
    UPDATE deliveries
    SET attempts = attempts + 1, next_try_at = NULL, delivered_at = ?, last_error = NULL
    WHERE subscriber = ? AND alert_id = ?
"""
_FAILED = """
    UPDATE deliveries
    SET attempts = ?, next_try_at = ?, given_up_at = ?, last_error = ?
    WHERE subscriber = ? AND alert_id = ?
"""


class DeliveryCounts(NamedTuple):
    """How many announcements reached a subscriber, were given up, and are still to reach it."""

    subscriber: str
    delivered: int
    given_up: int
    open: int


class SQLiteDeliveries:
    """The record of deliveries. Every method raises the StoreError that stopped it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        return self._database.transaction()

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""
        found = self._database.asked("outbox", partition=partition, after=after, limit=limit)
        return [Announcement._make(row) for row in found]

    def enrolled_to(self, subscriber: str, partition: int) -> int:
        """Return the last sequence of which a subscriber has a delivery, 0 for none."""
        return self._database.number("enrolled_to", subscriber=subscriber, partition=partition)

    def enrol(self, subscriber: str, announcements: Sequence[Announcement], now: int) -> None:
        """Record that announcements are to be delivered, from now on; those known stay."""
        self._database.many(
            _ENROL,
            [
                (subscriber, one.alert_id, one.ticket, one.partition, one.sequence, now)
                for one in announcements
            ],
        )

    def due(self, subscriber: str, now: int, limit: int) -> list[Due]:
        """Return what is to be sent now, in order; nothing of a ticket that waits for a retry."""
        found = self._database.asked("due_deliveries", subscriber=subscriber, now=now, limit=limit)
        return [Due(Announcement._make(row[:-1]), row[-1]) for row in found]

    def delivered(self, subscriber: str, alert_ids: Sequence[str], now: int) -> None:
        """Record that announcements have arrived."""
        self._database.many(_DELIVERED, [(now, subscriber, alert_id) for alert_id in alert_ids])

    def failed(self, subscriber: str, failures: Sequence[Failure]) -> None:
        """Record attempts that failed."""
        self._database.many(
            _FAILED,
            [
                (
                    one.attempts,
                    one.next_try_at,
                    one.given_up_at,
                    one.error,
                    subscriber,
                    one.alert_id,
                )
                for one in failures
            ],
        )

    def forget(self, subscriber: str) -> None:
        """Delete the deliveries of a subscriber who is no more."""
        self._database.change("DELETE FROM deliveries WHERE subscriber = ?", (subscriber,))

    def counts(self) -> list[DeliveryCounts]:
        """Return what became of the deliveries of each subscriber."""
        return [DeliveryCounts._make(row) for row in self._database.asked("delivery_counts")]
