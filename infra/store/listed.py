"""Tickets, a page at a time: asked of the read models by programs."""

from typing import NamedTuple

from infra.store.models.read_models import Database
from projections.rows import TICKETS, TicketRow

Place = tuple[int, str]
"""A place in the order of all tickets, the newest first: (opened_at, ticket)."""

NEWEST: Place = (2**63 - 1, "")
"""The place before every ticket."""


class Wanted(NamedTuple):
    """Which tickets are asked for; None is any."""

    customer_id: str | None = None
    status: str | None = None
    severity: int | None = None
    plan: str | None = None


class Listed:
    """The lists of a database; every method raises the StoreError that stops it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tickets(self, wanted: Wanted, after: Place, limit: int) -> list[TicketRow]:
        """Return the next tickets that match, the newest first."""
        opened_at, ticket = after
        matching = {
            "status": wanted.status or "",
            "severity": wanted.severity or 0,
            "plan": wanted.plan or "",
            "opened_at": opened_at,
            "ticket": ticket,
            "limit": limit,
        }
        if wanted.customer_id is None:
            found = self._database.asked("tickets_by_opening", **matching)
        else:
            found = self._database.asked(
                "tickets_of_customer", customer_id=wanted.customer_id, **matching
            )
        return [TICKETS.make(row) for row in found]
