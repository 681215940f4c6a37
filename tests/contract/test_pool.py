"""A pool of connections: used again, so many at most, and whole again after the server was away."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from infra.servers.postgresql import PostgreSQL
from infra.store import pool as pool_module
from infra.store.failure import ReadOnly
from infra.store.models import shared
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.models.postgresql.database import NoTables
from infra.store.pool import Pool
from infra.store.postgresql import Unreachable

PATH = "SET search_path = somewhere"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "WAIT_SECONDS", 60)


def process(pool: Pool) -> int:
    """Return the process of the server behind a connection of a pool."""
    with pool.connection() as connection:
        return connection.info.backend_pid


def refused(pool: Pool) -> None:
    """Ask for a connection that cannot be had, without patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool_module, "WAIT_SECONDS", 0.1)
        with pytest.raises(Unreachable):
            process(pool)


class TestConnections:
    def test_one_is_used_again_as_it_was_set_up(self, postgresql: str) -> None:
        """What is set once holds for whoever comes next."""
        with Pool(postgresql, PATH) as pool:
            assert process(pool) == process(pool)
            with pool.connection() as connection:
                assert connection.execute("SHOW search_path").fetchall() == [("somewhere",)]

    def test_who_comes_when_all_are_taken_is_told_in_time(
        self, postgresql: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The server is never asked for more than it was promised; one given back is free."""
        monkeypatch.setattr(pool_module, "MOST", 2)
        with Pool(postgresql, PATH) as pool:
            with ExitStack() as taken:
                for _ in range(2):
                    taken.enter_context(pool.connection())
                refused(pool)
            assert process(pool)

    def test_who_only_reads_cannot_write(self, postgresql: str) -> None:
        """The server itself refuses it, and the connection goes on."""
        with Pool(postgresql, PATH, read_only=True) as pool:
            with pytest.raises(ReadOnly), pool.connection() as connection:
                connection.execute("CREATE SCHEMA somewhere")
            assert process(pool)

    def test_one_that_the_server_closed_is_replaced_before_it_is_used(
        self, postgresql: str
    ) -> None:
        """Nobody gets an error for what happened while nobody asked."""
        with Pool(postgresql, PATH) as pool:
            first = process(pool)
            with psycopg.connect(postgresql) as other:
                other.execute("SELECT pg_terminate_backend(%s, 10000)", (first,))
            assert process(pool) != first

    def test_it_is_whole_again_when_the_server_is(self, server_folder: Path) -> None:
        """While it is away that is told; afterwards nothing has to be started again."""
        with PostgreSQL(server_folder) as server, Pool(server.url, PATH) as pool:
            assert process(pool)
            server.stop()
            for _ in range(3):
                refused(pool)
            server.start()
            assert process(pool)

    def test_who_came_while_a_try_failed_is_served_by_the_next(
        self, postgresql: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody waits for a try that is over."""
        tries = []

        def failing_once(pool: ConnectionPool[Any]) -> object:
            tries.append(pool)
            if len(tries) == 1:
                raise psycopg.OperationalError("the database system is starting up")
            return connected(pool)

        connected = ConnectionPool._connect
        monkeypatch.setattr(ConnectionPool, "_connect", failing_once)
        with Pool(postgresql, PATH) as pool:
            assert process(pool)
        assert len(tries) == 2


class TestReadModels:
    def test_they_may_come_to_be_there_later(self, postgresql: str) -> None:
        """Until an engine has made them that is told; then they are read, over one connection."""
        with shared(postgresql) as reading:
            for _ in range(2):
                with pytest.raises(NoTables), reading():
                    pass
            PostgreSQLModels.open(postgresql).close()
            processes = set()
            for _ in range(3):
                with reading() as models:
                    assert models.sizes().tickets == 0
                    processes.update(models.database.rows("SELECT pg_backend_pid()"))
        assert len(processes) == 1
