"""Where a store is: a file on this machine, or a PostgreSQL database by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

from infra.store.failure import StoreError

Place = str | PathLike[str]

_SCHEMES = ("postgresql://", "postgres://")


class NoDriver(StoreError):
    """This installation cannot speak with PostgreSQL."""

    says = (
        "{place} needs the PostgreSQL driver, which is not installed here ({detail}); install "
        "this program with it: pip install 'lhuta[distributed]'"
    )


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


@contextmanager
def driver_for(place: Place) -> Iterator[None]:
    """Import what speaks with a database inside; raises NoDriver where it is not installed."""
    try:
        yield
    except ImportError as error:
        raise NoDriver(named(place), str(error)) from error
