"""What keeps the log of a place."""

from typing import Protocol

from infra.store.log import on_sqlite
from infra.store.log.application import TicketLog
from infra.store.log.backend import BackEnd
from infra.store.log.clock import Clock
from infra.store.log.plan import Request
from infra.store.log.settings import Settings
from infra.store.place import Place, driver_for, is_url


class Database(Protocol):
    """A kind of database that logs are kept in."""

    def create(self, place: Place, settings: Settings, first: Request) -> None:
        """Create a log with its first request; whole or not at all. Raises Exists."""

    def open_application(
        self, place: Place, *, read_only: bool, busy_seconds: int, clock: Clock | None = None
    ) -> tuple[TicketLog, BackEnd]:
        """Open a log; without a clock it goes by that of its database. Raises Missing."""


def database_of(place: Place) -> Database:
    """Return what keeps the log of a place; raises NoDriver."""
    if not is_url(place):
        return on_sqlite
    with driver_for(place):
        from infra.store.log import on_postgresql
    return on_postgresql
