"""The tokens in a schema of their own of a PostgreSQL database, for servers on many machines."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from infra.store.access.stored import NOTHING, StoredTokens
from infra.store.failure import Missing
from infra.store.layout import numbered
from infra.store.pool import Pool
from infra.store.postgresql import connect, name_of
from infra.store.tables import Schema, Tables, written

NAME = "lhuta_access"
"""The schema in which everything lies."""

# What is acknowledged is on disk, also where the server is set up otherwise.
_SETTINGS = f"""
    SET search_path = {NAME};
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
"""


class NoTokens(Missing):
    """The database has no tokens."""

    says = "there are no tokens in {place} yet; `lhuta token add` makes their tables"


_SCHEMA = Schema(NAME, numbered(files("infra.store.access") / "schema" / "postgresql"), NoTokens)


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
            Tables(connection, place, _SCHEMA).prepare(read_only=read_only)
        return cls(Pool(url, _SETTINGS, read_only=read_only), place)

    def close(self) -> None:
        """Let the database go."""
        self._pool.close()

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with self._pool.connection() as connection:
            return Tables(connection, self._place, _SCHEMA).rows(written(statement), parameters)

    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        with self._pool.connection() as connection:
            Tables(connection, self._place, _SCHEMA).change(written(statement), parameters)
