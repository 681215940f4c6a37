"""What every test of the API may ask for."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.doors.web.limits import Limits
from infra.settings import Settings
from infra.store.log import log as log_module
from infra.store.log import publication
from infra.store.policies.document import parse
from tests.web.desk import GENEROUS, Desk, furnish

BACK_ENDS = ("SQLite", "PostgreSQL")
EVERYWHERE = {
    f"tests.web.test_{name}" for name in ("access", "commands", "pages", "reading", "streams")
}
"""What holds on every back end; the others are about what stands before the stores."""

_parsed_once = cache(parse)


@pytest.fixture(autouse=True)
def one_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile equal policies once: every desk here has the same."""
    for module in (publication, log_module):
        monkeypatch.setattr(module, "parse", _parsed_once)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let what holds on every back end be tested on each."""
    if "desk" in metafunc.fixturenames and metafunc.module.__name__ in EVERYWHERE:
        metafunc.parametrize("desk", BACK_ENDS, indirect=True)


@pytest.fixture
def limits() -> Limits:
    """Give the limits of the server of a desk."""
    return GENEROUS


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, limits: Limits) -> Iterator[Desk]:
    """Give a desk with an empty log, in the middle of a working Monday."""
    database = None
    if getattr(request, "param", "SQLite") == "PostgreSQL":
        database = request.getfixturevalue("furnished_database")
    with Desk(tmp_path / "desk", limits, database) as opened:
        yield opened


@pytest.fixture(scope="session")
def template(postgresql_server: str) -> Iterator[str]:
    """Give the name of a database with all that a new desk has, which is copied."""
    name = f"lhuta_test_{uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        with TemporaryDirectory() as folder:
            furnish(Settings(Path(folder), _of(postgresql_server, name)))
        yield name
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def furnished_database(postgresql_server: str, template: str) -> Iterator[str]:
    """Give the URL of a database with all that a new desk has."""
    with _copied(postgresql_server, template) as url:
        yield url


@pytest.fixture(scope="module")
def database_of_module(postgresql_server: str, template: str) -> Iterator[str]:
    """Give one to all tests of a module."""
    with _copied(postgresql_server, template) as url:
        yield url


@contextmanager
def _copied(postgresql_server: str, template: str) -> Iterator[str]:
    name = f"lhuta_test_{uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        )
        yield _of(postgresql_server, name)
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _of(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()
