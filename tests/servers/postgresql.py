"""PostgreSQL for tests: LHUTA_TEST_POSTGRESQL names one (a libpq URL), else one is started.

A password is taken from where libpq looks for it, PGPASSWORD or PGPASSFILE, not from the URL.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.servers.postgresql import PostgreSQL
from infra.servers.server import ServerFailed
from tests.servers.ended import ended_in_order
from tests.servers.missing import missing

NAMED = "LHUTA_TEST_POSTGRESQL"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the URL of a server on which databases may be created."""
    named = os.environ.get(NAMED)
    if named:
        yield named
        return
    with reachable_folder() as folder, ended_in_order():
        server = PostgreSQL(folder / "server")
        try:
            server.start()
        except ServerFailed as error:
            missing(f"no PostgreSQL: {error}; or name one in {NAMED}")
        try:
            yield server.url
        finally:
            server.stop()


@pytest.fixture
def server_folder(postgresql_server: str) -> Iterator[Path]:
    """Give a folder for another server, where servers can be started at all."""
    with reachable_folder() as folder:
        yield folder / "it's a server"


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Make a folder that the user who serves can pass through; those of pytest are closed."""
    with tempfile.TemporaryDirectory(prefix="lhuta-postgresql-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """Give the URL of an empty database."""
    name = f"lhuta_test_{uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield urlsplit(postgresql_server)._replace(path=f"/{name}").geturl()
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
