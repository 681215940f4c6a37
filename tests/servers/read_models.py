"""Empty read models for tests: in files, or in databases of a server that are used again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.store.models import ReadModels, SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels

NewModels = Callable[[], ReadModels]


class Databases:
    """Databases of a server for read models, each for one test at a time.

    Making one takes much longer than emptying it.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._made: list[str] = []
        self._free: list[str] = []

    @contextmanager
    def one(self) -> Iterator[str]:
        """Give the URL of a database without rows."""
        url = self._free.pop() if self._free else self._make()
        try:
            yield url
        finally:
            with psycopg.connect(url) as connection:
                _empty(connection)
            self._free.append(url)

    def drop(self) -> None:
        """Drop them all."""
        with psycopg.connect(self._server, autocommit=True) as server:
            for name in self._made:
                server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def _make(self) -> str:
        name = f"lhuta_test_{uuid4().hex}"
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        self._made.append(name)
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()


def _empty(connection: psycopg.Connection) -> None:
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'lhuta' "
        # Clearing clocks queues them: what is queued goes last.
        "AND tablename <> 'schema_version' ORDER BY tablename LIKE 'unpublished%'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(SQL("DELETE FROM {}").format(Identifier("lhuta", table)))


@pytest.fixture(scope="session")
def databases(postgresql_server: str) -> Iterator[Databases]:
    """Give databases for read models."""
    made = Databases(postgresql_server)
    yield made
    made.drop()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def new_models(request: pytest.FixtureRequest) -> Iterator[NewModels]:
    """Give what makes empty read models, one after the other, all open until the test is over."""
    with ExitStack() as stack:

        def in_file() -> ReadModels:
            folder = request.getfixturevalue("tmp_path")
            return stack.enter_context(SQLiteModels.open(folder / f"{uuid4().hex}.db"))

        def in_database() -> ReadModels:
            databases: Databases = request.getfixturevalue("databases")
            url = stack.enter_context(databases.one())
            return stack.enter_context(PostgreSQLModels.open(url))

        yield in_file if request.param == "SQLite" else in_database
