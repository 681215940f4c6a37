"""Who is told of alerts, and the record of each delivery: not to be made again from the log."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from infra.store.deliveries.on_sqlite import DamagedDeliveries, SQLiteDeliveries
from infra.store.deliveries.stored import StoredDeliveries
from infra.store.place import Place, driver_for, is_url

Reading = Callable[[], AbstractContextManager[StoredDeliveries]]
"""Gives deliveries to read, to as many threads as ask."""


def opened(place: Place, *, read_only: bool = False) -> StoredDeliveries:
    """Open the deliveries of a place; make empty ones where there are none, unless `read_only`.

    Raises NoDriver, Missing and other StoreErrors.
    """
    if not is_url(place):
        return SQLiteDeliveries.open(place, read_only=read_only)
    with driver_for(place):
        from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
    return PostgreSQLDeliveries.open(str(place), read_only=read_only)


@contextmanager
def shared(place: Place) -> Iterator[Reading]:
    """Let many threads read the deliveries of a place, which may come to be there later.

    Raises NoDriver; what is given raises Missing and other StoreErrors.
    """
    if is_url(place):
        with driver_for(place):
            from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
        with PostgreSQLDeliveries.shared(str(place)) as reading:
            yield reading
        return
    # Opened each time: the file may be made anew meanwhile.
    yield lambda: SQLiteDeliveries.open(place, read_only=True)


__all__ = [
    "DamagedDeliveries",
    "Reading",
    "SQLiteDeliveries",
    "StoredDeliveries",
    "opened",
    "shared",
]
