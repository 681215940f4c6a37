"""Tickets and announcements, a page at a time: asked of the read models by programs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from infra.store.models.database import Database
from projections.models import Announcement
from projections.rows import TICKETS, TicketRow

Place = tuple[int, str]
"""A place in the order of all tickets, the newest first: (opened_at, ticket)."""

NEWEST: Place = (2**63 - 1, "")
"""The place before every ticket."""

Sequences = Mapping[int, int]
"""A place in what was announced: the last sequence of each partition, those without one at 0."""


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

    def announced_to(self) -> Sequences:
        """Return the place behind everything that was announced."""
        partitions = [row[0] for row in self._database.asked("partitions")]
        return {one: self._end(one) for one in partitions}

    def announcements(self, after: Sequences, limit: int) -> Sequence[Announcement]:
        """Return what was announced next in each partition, up to `limit` of each, in its order."""
        return [
            Announcement._make(row)
            for partition in self.announced_to()
            for row in self._database.asked(
                "outbox", partition=partition, after=after.get(partition, 0), limit=limit
            )
        ]

    def _end(self, partition: int) -> int:
        return self._database.number("outbox_end", partition=partition)
