"""What was decided and told, in the order of deciding: asked of the read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import NamedTuple

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
Cursor = tuple[int, str, int]
"""A place in the order of all alerts: (decided_at, ticket, number)."""


class Decided(NamedTuple):
    """An alert that was decided; not announced is what came in late, or with an import."""

    alert: AlertRow
    announced: bool


class Told:
    """The alerts of a database; every method raises the StoreError that stops it."""

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
