"""The read models on disk: they follow from the event log and may be thrown away."""

from infra.store.models.database import DamagedModels
from infra.store.models.on_sqlite import SQLiteModels
from infra.store.models.read_models import ReadModels, Sizes
from infra.store.place import Place, driver_for, is_url


def opened(place: Place, *, read_only: bool = False) -> ReadModels:
    """Open the read models of a place; make empty ones where there are none, unless `read_only`.

    Raises NoDriver, NoModels and other StoreErrors.
    """
    if not is_url(place):
        return SQLiteModels.open(place, read_only=read_only)
    with driver_for(place):
        from infra.store.models.postgresql import PostgreSQLModels
    return PostgreSQLModels.open(str(place), read_only=read_only)


__all__ = ["DamagedModels", "ReadModels", "SQLiteModels", "Sizes", "opened"]
