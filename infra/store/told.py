"""What was told, and what became of it: asked of the read models by people and monitors."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any, NamedTuple

from infra.store.models.database import Database
from projections.rows import ALERTS, AlertRow

_ALERTS = f"""
    SELECT
        {", ".join(ALERTS.columns)},
        EXISTS (SELECT 1 FROM outbox WHERE outbox.alert_id = alerts.id)
    FROM alerts
    WHERE (decided_at, ticket, number) > (?, ?, ?)
    ORDER BY decided_at, ticket, number
    LIMIT ?
"""
_DECIDED_TO = "SELECT MAX(MAX(decided_to, announced_to)) FROM positions"
_TROUBLES = """
    SELECT
        deliveries.subscriber,
        deliveries.alert_id,
        deliveries.ticket,
        deliveries.attempts,
        deliveries.next_try_at,
        deliveries.given_up_at,
        deliveries.last_error
    FROM deliveries
    WHERE deliveries.delivered_at IS NULL AND deliveries.attempts > 0
    ORDER BY deliveries.subscriber, deliveries.partition, deliveries.sequence
    LIMIT ?
"""
_FAILING = """
    SELECT subscriber, COUNT(*)
    FROM deliveries
    WHERE next_try_at IS NOT NULL AND attempts > 0
    GROUP BY subscriber
"""

Cursor = tuple[int, str, int]
"""A place in the order of all alerts: (decided_at, ticket, number)."""


class Decided(NamedTuple):
    """An alert that was decided; not announced is what came in late, or with an import."""

    alert: AlertRow
    announced: bool


class Trouble(NamedTuple):
    """A delivery that failed: when it is tried again, or since when it is given up."""

    subscriber: str
    alert_id: str
    ticket: str
    attempts: int
    next_try_at: int | None
    given_up_at: int | None
    last_error: str | None


class Told:
    """The alerts and deliveries of a database; every method raises the StoreError that stops it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @contextmanager
    def opened(cls, path: str | PathLike[str]) -> Iterator["Told"]:
        """Open the read models to read them; raises Missing and DamagedModels."""
        database = Database.open(path, read_only=True)
        try:
            yield cls(database)
        finally:
            database.close()

    def alerts(self, after: Cursor, limit: int) -> list[Decided]:
        """Return the next alerts in the order in which they were decided."""
        found = self._database.rows(_ALERTS, (*after, limit))
        return [Decided(AlertRow._make(row[:-1]), bool(row[-1])) for row in found]

    def end(self) -> Cursor:
        """Return the place before everything that is not decided yet."""
        [(decided_to,)] = self._database.rows(_DECIDED_TO, ())
        return (0 if decided_to is None else decided_to + 1, "", 0)

    def troubles(self, limit: int) -> list[Trouble]:
        """Return deliveries that failed and have not arrived since, by subscriber, in order."""
        return [Trouble._make(row) for row in self._database.rows(_TROUBLES, (limit,))]

    def failing(self) -> dict[str, int]:
        """Return how many deliveries failed before and are tried again, by subscriber."""
        found: list[Any] = self._database.rows(_FAILING, ())
        return dict(found)
