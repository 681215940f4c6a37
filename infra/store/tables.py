"""Tables in a schema of their own of a PostgreSQL database: connection, transactions, making."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self

from psycopg.pq import TransactionStatus

from infra.store.failure import Missing, StoreError
from infra.store.layout import Layout
from infra.store.pool import Pool
from infra.store.postgresql import (
    IDLE_SECONDS,
    LOCK_SECONDS,
    Connection,
    connect,
    name_of,
    translated,
)

_PARAMETER = re.compile(r"(?<!:):(\w+)")

ON_DISK = """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'
"""
"""What is acknowledged is on disk, also where the server is set up otherwise."""

NOTHING: Mapping[str, object] = MappingProxyType({})

_THERE = "SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s"
_VERSIONED = """
    SELECT 1 FROM pg_tables WHERE schemaname = %(schema)s AND tablename = 'schema_version'
"""
# Whoever makes the tables holds this until they are there.
_MAKING = "SELECT pg_advisory_xact_lock(hashtext('making ' || %(schema)s))"


class Tables:
    """The tables of one schema, over one connection.

    What lies in it, what is set in each session, and what it means that it is not there, each kind
    of tables says. Every method raises the StoreError that stopped it. After one that tells of a
    lost connection open another; what was committed is there.
    """

    name: ClassVar[str]
    layout: ClassVar[Layout]
    missing: ClassVar[type[Missing]]
    settings: ClassVar[str]

    def __init__(self, connection: Connection, place: str) -> None:
        self._connection = connection
        self._where = place

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_only: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> Self:
        """Open the tables of a database; make empty ones in it, unless `read_only`."""
        connection = connect(
            url,
            settings=cls._session(),
            read_only=read_only,
            idle_seconds=idle_seconds,
            lock_seconds=lock_seconds,
        )
        with ExitStack() as undoing:
            undoing.callback(connection.close)
            tables = cls(connection, name_of(url))
            tables._prepare(read_only=read_only)
            undoing.pop_all()
        return tables

    @classmethod
    @contextmanager
    def shared(
        cls, url: str, *, read_only: bool
    ) -> Iterator[Callable[[], AbstractContextManager[Self]]]:
        """Let many threads ask, over connections that are used again; no tables are made."""
        place = name_of(url)

        def agree(connection: Connection) -> None:
            cls(connection, place)._prepare(read_only=True)

        with Pool(url, cls._session(), agree=agree, read_only=read_only) as pool:

            @contextmanager
            def lent() -> Iterator[Self]:
                with pool.connection() as connection:
                    yield cls(connection, place)

            yield lent

    @classmethod
    def _session(cls) -> str:
        return f"SET search_path = {cls.name}; {cls.settings}"

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    @contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        """Begin a transaction: kept as a whole, undone on any exception."""
        # Not as a pipeline: in one, the server would not put out who stands still.
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

    def rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        """Return the rows of a statement."""
        with translated(self._where):
            return self._connection.execute(statement.encode(), parameters or None).fetchall()

    def change(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> int:
        """Carry a statement out; return how many rows it changed."""
        with translated(self._where):
            # Without parameters a script of several statements may run.
            return self._connection.execute(statement.encode(), parameters or None).rowcount

    def many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Carry a statement out for each row of parameters."""
        with translated(self._where):
            self._connection.cursor().executemany(statement.encode(), rows)

    def _prepare(self, *, read_only: bool) -> None:
        number = self._number()
        if number == 0 and read_only:
            raise self.missing(self._where)
        if not self.layout.adds_to(self._where, number, read_only=read_only):
            return
        with self.transaction():
            self.rows(_MAKING, {"schema": self.name})
            if self.layout.adds_to(self._where, number := self._number()):
                self._begin(number)
                for statement in self.layout.statements(number):
                    self.change(statement)
                self.change(f"UPDATE schema_version SET number = {self.layout.latest}")

    def _number(self) -> int:
        """Return the number of the tables, 0 where there are none."""
        # Looked up as rows: names may be remembered as unknown from before they were made.
        if not self.rows(_VERSIONED, {"schema": self.name}):
            return 0
        number: int = self.rows("SELECT number FROM schema_version")[0][0]
        return number

    def _begin(self, number: int) -> None:
        # Who may not make a schema can be given an empty one.
        if not self.rows(_THERE, {"schema": self.name}):
            self.change(f"CREATE SCHEMA {self.name}")
        if number == 0:
            self.change("CREATE TABLE schema_version (number BIGINT NOT NULL)")
            self.change("INSERT INTO schema_version VALUES (0)")

    def _commit(self) -> None:
        with translated(self._where):
            ended = self._connection.execute("COMMIT").statusmessage
        if ended != "COMMIT":
            # A statement failed and its error was not passed on.
            raise StoreError(self._where, f"the transaction ended with {ended}")


@cache
def written(statement: str) -> str:
    """Write the parameters of a statement, `:name`, as psycopg reads them."""
    return _PARAMETER.sub(r"%(\1)s", statement)
