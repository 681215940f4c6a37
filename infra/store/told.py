"""What was decided and told, in the order of deciding: asked of the read models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from infra.store.models import opened
from infra.store.models.read_models import Database
from infra.store.place import Place
from projections.rows import AlertRow

Cursor = tuple[int, str, int]
"""A place in the order of all alerts: (decided_at, ticket, number)."""

FOR_EVER = (1 << 63) - 1


class Decided(NamedTuple):
    """An alert that was decided; not announced is what came in late, or with an import."""

    alert: AlertRow
    announced: bool


class Wanted(NamedTuple):
    """Which alerts are asked for: decided since an instant; None is any."""

    since: int = 0
    kind: str | None = None
    ticket: str | None = None
    severity: int | None = None
    plan: str | None = None
    customer_id: str | None = None


class OfTicket(NamedTuple):
    """An alert that was decided, with what its ticket is now."""

    alert: AlertRow
    announced: bool
    severity: int | None
    plan: str
    customer_id: str


class Told:
    """The alerts of a database; every method raises the StoreError that stops it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @contextmanager
    def opened(cls, place: Place) -> Iterator["Told"]:
        """Open the read models to read them; raises Missing and DamagedModels."""
        with opened(place, read_only=True) as models:
            yield cls(models.database)

    def alerts(self, after: Cursor, limit: int, until: int = FOR_EVER) -> list[Decided]:
        """Return the next alerts, decided by an instant, in the order of deciding."""
        decided_at, ticket, number = after
        found = self._database.asked(
            "decided",
            after_decided_at=decided_at,
            after_ticket=ticket,
            after_number=number,
            until=until,
            limit=limit,
        )
        return [Decided(AlertRow._make(row[:-1]), bool(row[-1])) for row in found]

    def newest(self, wanted: Wanted, before: Cursor, limit: int) -> list[OfTicket]:
        """Return the alerts that match before a place, the newest first."""
        decided_at, ticket, number = before
        found = self._database.asked(
            "newest",
            before_decided_at=decided_at,
            before_ticket=ticket,
            before_number=number,
            since=wanted.since,
            kind=wanted.kind or "",
            ticket=wanted.ticket or "",
            severity=wanted.severity or 0,
            plan=wanted.plan or "",
            customer_id=wanted.customer_id or "",
            limit=limit,
        )
        return [OfTicket(AlertRow._make(row[:-4]), bool(row[-4]), *row[-3:]) for row in found]

    def decided_to(self) -> int:
        """Return up to which instant every partition has decided, 0 before the first."""
        decided_to: int | None = self._database.asked("decided_to")[0][0]
        return decided_to or 0

    def end(self) -> Cursor:
        """Return the place before everything that is not decided yet."""
        told_to: int | None = self._database.asked("told_to")[0][0]
        return (0 if told_to is None else told_to + 1, "", 0)
