"""The read models on disk: they follow from the event log and may be thrown away."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from infra.store.models.database import DamagedModels
from infra.store.models.on_sqlite import SQLiteModels
from infra.store.models.read_models import ReadModels, Sizes
from infra.store.models.readers import Readers
from infra.store.place import Place, driver_for, is_url

Reading = Callable[[], AbstractContextManager[ReadModels]]
"""Gives read models as of one moment, to as many threads as ask."""


def opened(place: Place, *, read_only: bool = False) -> ReadModels:
    """Open the read models of a place; make empty ones where there are none, unless `read_only`.

    Raises NoDriver, NoModels and other StoreErrors.
    """
    if not is_url(place):
        return SQLiteModels.open(place, read_only=read_only)
    with driver_for(place):
        from infra.store.models.postgresql import PostgreSQLModels
    return PostgreSQLModels.open(str(place), read_only=read_only)


@contextmanager
def shared(place: Place) -> Iterator[Reading]:
    """Let many threads read the read models of a place, which may come to be there later.

    Raises NoDriver; what is given raises NoModels and other StoreErrors.
    """
    if is_url(place):
        with driver_for(place):
            from infra.store.models.postgresql import PostgreSQLModels
        with PostgreSQLModels.shared(str(place)) as reading:
            yield reading
        return

    with Readers(place) as readers:
        yield readers.reading


__all__ = ["DamagedModels", "ReadModels", "Reading", "SQLiteModels", "Sizes", "opened", "shared"]
