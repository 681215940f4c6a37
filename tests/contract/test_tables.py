"""Tables of a PostgreSQL database, whichever they are: made once, also by many at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from infra.store.access.on_postgresql import AccessTables
from infra.store.deliveries.on_postgresql import DeliveriesTables
from infra.store.models.postgresql.database import Database
from infra.store.relay import RelayTables
from infra.store.tables import Tables

AT_ONCE = 8

every_kind = pytest.mark.parametrize(
    "kind", [AccessTables, Database, DeliveriesTables, RelayTables]
)


@every_kind
def test_many_may_come_first_at_once(postgresql: str, kind: type[Tables]) -> None:
    """On a new database all parts of an engine start together; each finds the tables whole."""
    together = Barrier(AT_ONCE)

    def come(_: int) -> list[tuple[int]]:
        together.wait()
        with closing(kind.open(postgresql)) as tables:
            return tables.rows("SELECT number FROM schema_version")

    with ThreadPoolExecutor(AT_ONCE) as all_of_them:
        found = list(all_of_them.map(come, range(AT_ONCE)))
    assert found == [[(kind.layout.latest,)]] * AT_ONCE


@every_kind
def test_who_only_reads_makes_nothing(postgresql: str, kind: type[Tables]) -> None:
    """What is missing is told, and stays missing."""
    for _ in range(2):
        with pytest.raises(kind.missing, match="lhuta"):
            kind.open(postgresql, read_only=True)
