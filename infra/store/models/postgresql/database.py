"""The PostgreSQL database of the read models: opening it, and transactions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from infra.store.failure import Missing
from infra.store.models.postgresql import array, schema
from infra.store.postgresql import Connection
from infra.store.tables import NOTHING, Tables
from projections import sql

_QUERIES = sql.queries(schema.DIALECT)


class NoTables(Missing):
    """The database has no read models."""

    says = "there are no read models in {place} yet; start the engine with `lhuta worker`"


class Database(Tables):
    """An open database of read models. Every method raises the StoreError that stopped it.

    After one that tells of a lost connection open another; what was committed is there, and
    whether the last transaction was, its partition's place tells.
    """

    name = schema.NAME
    layout = schema.LAYOUT
    missing = NoTables
    # Few rows of large tables are looked up by their keys, always: a plan that was made while a
    # table was small would read all of it for every batch once it is large.
    #
    # What is here follows from the log, so a server that crashes may lose the last moments of it.
    # It loses no transaction but those after it too: where a delivery stands, so does its alert.
    settings = """
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        SET synchronous_commit = off;
    """

    def __init__(self, connection: Connection, place: str) -> None:
        super().__init__(connection, place)
        self._writing = False

    @property
    def writing(self) -> bool:
        """Tell whether a transaction to write in is open."""
        return self._writing

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        with super().transaction(begin):
            self._writing = True
            try:
                yield
            finally:
                self._writing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Begin a transaction that sees everything as of one moment."""
        with super().transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield

    def asked(self, name: str, **parameters: object) -> list[Any]:
        """Return the rows of a named query; lists of texts may be among the parameters."""
        return self.rows(_QUERIES[name], parameters)

    def held(self, name: str, **parameters: object) -> list[Any]:
        """Return the rows of a named query; nobody else changes them in this transaction."""
        return self.rows(f"{_QUERIES[name]} FOR UPDATE", parameters)

    def done(self, name: str, **parameters: object) -> int:
        """Carry a named statement out; return how many rows it changed."""
        return self.change(_QUERIES[name], parameters)

    def rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        """Return the rows of a statement."""
        return super().rows(statement, _bound(parameters))

    def change(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> int:
        """Carry a statement out; return how many rows it changed."""
        return super().change(statement, _bound(parameters))


def _bound(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return parameters as they are sent."""
    return {
        name: array.texts(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }
