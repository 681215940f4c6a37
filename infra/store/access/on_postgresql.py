"""The tokens in a schema of their own of a PostgreSQL database, for servers on many machines."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from importlib.resources import files
from typing import Any

from infra.store.access.stored import NOTHING, StoredTokens
from infra.store.failure import Missing
from infra.store.layout import numbered
from infra.store.tables import ON_DISK, Tables, written

NAME = "lhuta_access"
"""The schema in which everything lies."""


class NoTokens(Missing):
    """The database has no tokens."""

    says = "there are no tokens in {place} yet; `lhuta token add` makes their tables"


class AccessTables(Tables):
    """The tables of tokens."""

    name = NAME
    layout = numbered(files("infra.store.access") / "schema" / "postgresql")
    missing = NoTokens
    settings = ON_DISK


class PostgreSQLTokens(StoredTokens):
    """The tokens in a schema of a database, over a pool of connections."""

    def __init__(
        self, tables: Callable[[], AbstractContextManager[AccessTables]], pool: ExitStack
    ) -> None:
        self._tables = tables
        self._pool = pool

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> "PostgreSQLTokens":
        """Open the tokens of a database; make the tables, unless `read_only`.

        Raises NoTokens and other StoreErrors.
        """
        AccessTables.open(url, read_only=read_only).close()
        pool = ExitStack()
        return cls(pool.enter_context(AccessTables.shared(url, read_only=read_only)), pool)

    def close(self) -> None:
        """Let the database go."""
        self._pool.close()

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        with self._tables() as tables:
            return tables.rows(written(statement), parameters)

    def _change(self, statement: str, parameters: Mapping[str, object]) -> None:
        with self._tables() as tables:
            tables.change(written(statement), parameters)
