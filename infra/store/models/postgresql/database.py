"""The PostgreSQL database of the read models: opening it, and transactions."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

from psycopg.pq import TransactionStatus

from infra.store.failure import Missing, NewerSchema, StoreError
from infra.store.models.postgresql import array, schema
from infra.store.postgresql import (
    IDLE_SECONDS,
    LOCK_SECONDS,
    Connection,
    connect,
    name_of,
    translated,
)
from projections import sql

_NOTHING: Mapping[str, object] = MappingProxyType({})
_QUERIES = sql.queries(schema.DIALECT)

# Few rows of large tables are looked up by their keys, always: a plan that was made while a table
# was small would read all of it for every batch once it is large.
_SETTINGS = (
    f"SET search_path = {schema.NAME}",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)

# Whoever makes the tables holds this until they are there.
_MAKING = "SELECT pg_advisory_xact_lock(hashtext('lhuta read models'))"


class NoTables(Missing):
    """The database has no read models."""

    says = "there are no read models in {place}; the first engine that works on them makes them"


class Database:
    """An open database of read models. Every method raises the StoreError that stopped it.

    After one that tells of a lost connection open another; what was committed is there, and
    whether the last transaction was, its partition's place tells.
    """

    def __init__(self, connection: Connection, place: str) -> None:
        self._connection = connection
        self._where = place
        self._writing = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_only: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> "Database":
        """Open the read models of a database; make empty ones in it, unless `read_only`."""
        connection = connect(
            url, read_only=read_only, idle_seconds=idle_seconds, lock_seconds=lock_seconds
        )
        with ExitStack() as undoing:
            undoing.callback(connection.close)
            database = cls(connection, name_of(url))
            database._prepare(read_only=read_only)
            undoing.pop_all()
        return database

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    @property
    def writing(self) -> bool:
        """Tell whether a transaction to write in is open."""
        return self._writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction to write in: kept as a whole, undone on any exception."""
        # Not as a pipeline: in one, the server would not put out who stands still.
        with self._transaction("BEGIN"):
            self._writing = True
            try:
                yield
            finally:
                self._writing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Begin a transaction that sees everything as of one moment."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
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

    def rows(self, statement: str, parameters: Mapping[str, object] = _NOTHING) -> list[Any]:
        """Return the rows of a statement."""
        with translated(self._where):
            return self._connection.execute(statement.encode(), _bound(parameters)).fetchall()

    def change(self, statement: str, parameters: Mapping[str, object] = _NOTHING) -> int:
        """Carry a statement out; return how many rows it changed."""
        with translated(self._where):
            return self._connection.execute(statement.encode(), _bound(parameters)).rowcount

    def _prepare(self, *, read_only: bool) -> None:
        for setting in _SETTINGS:
            self.change(setting)
        number = self._version()
        if number == 0 and not read_only:
            with self.transaction():
                self.rows(_MAKING)
                if self._version() == 0:
                    self._make()
            number = self._version()
        if number > schema.NUMBER:
            raise NewerSchema(self._where, f"tables {number}, this program knows {schema.NUMBER}")
        if number == 0:
            raise NoTables(self._where)

    def _make(self) -> None:
        # Who may not make a schema can be given an empty one.
        made = {"name": schema.NAME}
        if not self.rows("SELECT 1 FROM pg_namespace WHERE nspname = %(name)s", made):
            self.change(f"CREATE SCHEMA {schema.NAME}")
        for statement in schema.statements():
            self.change(statement)

    def _version(self) -> int:
        # Looked up as rows: names may be remembered as unknown from before they were made.
        if not self.rows(
            "SELECT 1 FROM pg_tables WHERE schemaname = %(name)s AND tablename = 'schema_version'",
            {"name": schema.NAME},
        ):
            return 0
        number: int = self.rows("SELECT number FROM schema_version")[0][0]
        return number

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self.change(begin)
        try:
            yield
            self._commit()
        finally:
            # Not after a commit, nor where the server or the network has ended it.
            if self._connection.info.transaction_status in (
                TransactionStatus.INTRANS,
                TransactionStatus.INERROR,
            ):
                self.change("ROLLBACK")

    def _commit(self) -> None:
        with translated(self._where):
            ended = self._connection.execute("COMMIT").statusmessage
        if ended != "COMMIT":
            # A statement failed and its error was not passed on.
            raise StoreError(self._where, f"the transaction ended with {ended}")


def _bound(parameters: Mapping[str, object]) -> dict[str, object] | None:
    """Return parameters as they are sent; without any, a script of several statements may run."""
    return {
        name: array.texts(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    } or None
