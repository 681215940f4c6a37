"""Where a log is: a file on this machine, or a PostgreSQL database by its URL."""

from os import PathLike
from typing import Protocol

from infra.store.failure import StoreError
from infra.store.log import on_sqlite
from infra.store.log.application import TicketLog
from infra.store.log.backend import BackEnd
from infra.store.log.clock import Clock
from infra.store.log.plan import Request
from infra.store.log.settings import Settings

Place = str | PathLike[str]

_SCHEMES = ("postgresql://", "postgres://")


class NoDriver(StoreError):
    """This installation cannot speak with PostgreSQL."""

    says = (
        "{place} needs the PostgreSQL driver, which is not installed here ({detail}); install "
        "this program with it: pip install 'lhuta[distributed]'"
    )


class Database(Protocol):
    """A kind of database that logs are kept in."""

    def create(self, place: Place, settings: Settings, first: Request) -> None:
        """Create a log with its first request; whole or not at all. Raises Exists."""

    def open_application(
        self, place: Place, *, read_only: bool, busy_seconds: int, clock: Clock | None = None
    ) -> tuple[TicketLog, BackEnd]:
        """Open a log; without a clock it goes by that of its database. Raises Missing."""


def is_url(place: Place) -> bool:
    """Tell whether a place is a database, and not a file."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def database_of(place: Place) -> Database:
    """Return what keeps the log of a place; raises NoDriver."""
    if not is_url(place):
        return on_sqlite
    try:
        from infra.store.log import on_postgresql
    except ImportError as error:
        raise NoDriver("the event log", str(error)) from error
    return on_postgresql
