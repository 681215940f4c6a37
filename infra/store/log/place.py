"""Where a log is: a file on this machine, or a PostgreSQL database by its URL."""

from os import PathLike
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

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


def may_exist(place: Place) -> bool:
    """Tell whether a log may be there; of a database only opening it tells."""
    return is_url(place) or Path(place).exists()


def named(place: Place) -> str:
    """Return a place as people may read it: a URL without its password and options."""
    if not is_url(place):
        return str(place)
    given = urlsplit(str(place))
    address = given.netloc.rpartition("@")
    user = address[0].partition(":")[0]
    return f"postgresql://{user}{address[1]}{address[2]}{given.path}"


def database_of(place: Place) -> Database:
    """Return what keeps the log of a place; raises NoDriver."""
    if not is_url(place):
        return on_sqlite
    try:
        from infra.store.log import on_postgresql
    except ImportError as error:
        raise NoDriver(named(place), str(error)) from error
    return on_postgresql
