"""The tokens in a schema of their own of a PostgreSQL database, for servers on many machines."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from infra.store.access.stored import NOTHING, StoredTokens
from infra.store.failure import Missing, OlderSchema
from infra.store.log import ddl
from infra.store.pool import Pool
from infra.store.postgresql import connect, name_of
from infra.store.tables import Tables, written

NAME = "lhuta_access"
"""The schema in which everything lies."""

SCHEMA = files("infra.store.access") / "schema" / "postgresql"

# What is acknowledged is on disk, also where the server is set up otherwise.
_SETTINGS = f"""
    SET search_path = {NAME};
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
"""


class NoTokens(Missing):
    """The database has no tokens."""

    says = "there are no tokens in {place} yet; `lhuta token add` makes their tables"


class PostgreSQLTokens(StoredTokens):
    """The tokens in a schema of a database, over a pool of connections."""

    def __init__(self, pool: Pool, place: str) -> None:
        self._pool = pool
        self._place = place

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> "PostgreSQLTokens":
        """Open the tokens of a database; make the tables, unless `read_only`.

        Raises NoTokens and other StoreErrors.
        """
        place = name_of(url)
        with connect(url, settings=_SETTINGS, read_only=read_only) as connection:
            _prepare(Tables(connection, place, NAME), read_only=read_only)
        return cls(Pool(url, _SETTINGS, read_only=read_only), place)

    def close(self) -> None:
        """Let the database go."""
        self._pool.close()

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with self._pool.connection() as connection:
            return Tables(connection, self._place, NAME).rows(written(statement), parameters)

    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        with self._pool.connection() as connection:
            Tables(connection, self._place, NAME).change(written(statement), parameters)


def _prepare(tables: Tables, *, read_only: bool) -> None:
    latest = ddl.latest(SCHEMA)
    if not read_only:
        tables.make(latest, lambda after: ddl.statements(SCHEMA, after))
    number = tables.check(latest)
    if number == 0:
        raise NoTokens(tables.place)
    if number < latest:
        raise OlderSchema(tables.place, f"schema {number}, here {latest}")
