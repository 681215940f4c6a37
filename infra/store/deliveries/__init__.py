"""Who is told of alerts, and the record of each delivery: not to be made again from the log."""

from infra.store.deliveries.on_sqlite import DamagedDeliveries, SQLiteDeliveries
from infra.store.deliveries.stored import StoredDeliveries
from infra.store.place import Place, driver_for, is_url


def opened(place: Place, *, read_only: bool = False) -> StoredDeliveries:
    """Open the deliveries of a place; make empty ones where there are none, unless `read_only`.

    Raises NoDriver, Missing and other StoreErrors.
    """
    if not is_url(place):
        return SQLiteDeliveries.open(place, read_only=read_only)
    with driver_for(place):
        from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
    return PostgreSQLDeliveries.open(str(place), read_only=read_only)


__all__ = ["DamagedDeliveries", "SQLiteDeliveries", "StoredDeliveries", "opened"]
