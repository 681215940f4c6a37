"""The server that tests and `make run-distributed` start by themselves."""

import stat
from pathlib import Path

import psycopg
import pytest

from infra.servers import postgresql
from infra.servers.postgresql import PostgreSQL
from infra.servers.server import ServerFailed


def test_what_was_committed_survives_a_crash(server_folder: Path) -> None:
    """Killed and started again on the same data it answers on the same address."""
    with PostgreSQL(server_folder) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.kill()
        assert not server.running
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)]
    assert not server.running


def test_nobody_comes_in_without_the_password(server_folder: Path) -> None:
    """It stands in a file for this user alone, and not in the URL."""
    with PostgreSQL(server_folder) as server:
        with psycopg.connect(server.url) as connection:
            assert connection.info.password
            assert connection.info.password not in server.url
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(server.url.partition("?")[0], passfile="/dev/null")
    assert stat.S_IMODE((server_folder / "pgpass").stat().st_mode) == 0o600
    assert not (server_folder / "password").exists()


def test_a_taken_port_is_told_with_what_the_server_said(server_folder: Path) -> None:
    """Nothing is left running."""
    with PostgreSQL(server_folder) as server:
        port = int(server.url.partition("?")[0].rpartition(":")[2].partition("/")[0])
        other = PostgreSQL(server_folder.parent / "other", port)
        with pytest.raises(ServerFailed, match="Address already in use"):
            other.start()
        assert not other.running


def test_a_machine_without_postgresql_is_told_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the path nor in the packages."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql, "_PACKAGES", tmp_path)
    with pytest.raises(ServerFailed, match="apt-get install postgresql"):
        PostgreSQL(tmp_path / "server").start()
