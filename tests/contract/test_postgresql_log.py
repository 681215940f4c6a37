"""What is particular to the log on PostgreSQL: many writers, lost connections, rights, time."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain import instant
from infra.servers.postgresql import PostgreSQL
from infra.store.failure import (
    Damaged,
    DiskFull,
    Exists,
    Interrupted,
    Locked,
    Missing,
    NewerSchema,
    OlderSchema,
    ReadOnly,
    StoreError,
)
from infra.store.layout import numbered
from infra.store.log import EventLog, GroupCommit, Outcome, on_postgresql
from infra.store.log.on_postgresql import SCHEMA
from infra.store.place import NoDriver
from infra.store.postgresql import PASSWORD_FILE, Unreachable, failure
from tests.conftest import REPOSITORY
from tests.contract import conftest
from tests.contract.given import (
    CREATED,
    LIVE_FROM,
    NOW,
    OPENED,
    POLICY,
    REPLIED,
    HandClock,
    append,
    known,
)
from tests.contract.test_survival import appended, started
from tests.servers.cut import CutAtCommit, When

KILLED = int(os.environ.get("LHUTA_KILL_ROUNDS", "5")) * 4
"""How many back ends of the server are ended under load."""


@pytest.fixture
def url(postgresql: str) -> str:
    """Give a database with a closed log that has one ticket."""
    with created(postgresql) as log:
        log.append([append("a", "T-1", 0, OPENED, message="tajemství")])
    return postgresql


@pytest.fixture
def tampered(postgresql: str) -> conftest.PostgreSQL:
    """Give the way around the log."""
    return conftest.PostgreSQL(postgresql)


@pytest.fixture
def door(url: str) -> Iterator[CutAtCommit]:
    """Give a door to the log that can be shut at a COMMIT."""
    with CutAtCommit(url) as opened:
        yield opened


def created(url: str) -> EventLog:
    """Create a log in a database."""
    return EventLog.create(
        url, policy_bytes=POLICY, live_from=LIVE_FROM, now=CREATED, clock=HandClock()
    )


def connected(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """Open a connection beside the log's."""
    return psycopg.connect(url, autocommit=True)


class TestManyWriters:
    def test_processes_outlive_the_back_ends_that_they_write_through(
        self, url: str, request: pytest.FixtureRequest
    ) -> None:
        """Ended at random under load, nothing acknowledged is lost, and nothing is there twice."""
        names, each = ("A", "B", "C", "D"), 60
        processes = [started(url, "insist", name, str(each)) for name in names]
        for process in processes:
            request.addfinalizer(process.kill)
        acknowledged = [
            process.stdout.readline().strip() for process in processes if process.stdout
        ]
        chance = Random("back ends")
        with connected(url) as other:
            ended = 0
            while ended < KILLED and any(process.poll() is None for process in processes):
                pids = other.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
                    "AND state <> 'idle' ORDER BY pid"
                ).fetchall()
                if pids:
                    other.execute("SELECT pg_terminate_backend(%s)", chance.choice(pids))
                    ended += 1
        for process in processes:
            with process:
                assert process.stdout is not None
                acknowledged += process.stdout.read().split()
            assert process.returncode == 0
        assert ended == KILLED
        with EventLog.open(url) as log:
            commands = [event.command_id for event in appended(log) if event.ticket != "T-1"]
            assert log.verify() == []
            assert log.head().position == 2 + len(names) * each
        assert sorted(acknowledged) == sorted(f"{n}/{i}" for n in names for i in range(each))
        assert sorted(map(str, commands)) == sorted(acknowledged)

    @pytest.mark.parametrize(("when", "repeated"), [("before", False), ("after", True)])
    def test_an_append_that_was_cut_off_is_made_once(
        self, door: CutAtCommit, when: When, repeated: bool
    ) -> None:
        """Sent again by itself: what the lost COMMIT had stored is told as the first outcome."""
        with EventLog.open(door.url, clock=HandClock()) as log:
            door.arm(when)
            [outcome] = log.append([append("b", "T-1", 1, REPLIED)])
            assert door.has_cut
            assert outcome == Outcome("b", "T-1", 2, 2, 3, 3, NOW + 1, repeated)
            assert len(log.ticket("T-1")) == 2
            assert log.verify() == []

    def test_callers_of_a_group_do_not_notice_a_cut(self, door: CutAtCommit) -> None:
        """Each gets its outcome, and everything is there once."""
        with EventLog.open(door.url) as log, GroupCommit(log.append) as group:
            door.arm("after")
            futures = [group.submit(append(f"c{n}", f"C-{n}", 0, OPENED)) for n in range(40)]
            assert {future.result().ticket for future in futures} == {f"C-{n}" for n in range(40)}
            assert door.has_cut
            assert log.head().position == 2 + 40
            assert log.verify() == []

    def test_what_cannot_be_sent_again_by_itself_is_told(self, door: CutAtCommit) -> None:
        """Nobody knows whether it was kept; doing it again is safe."""
        with EventLog.open(door.url, clock=HandClock()) as log:
            door.arm("after")
            with pytest.raises(Interrupted, match="do the same again"):
                log.set_live_from(NOW)
            assert log.live_from == NOW

    def test_a_server_that_was_started_again_is_found_again(
        self, url: str, postgresql_server: str
    ) -> None:
        """Connections that rested meanwhile are noticed before they are used."""
        with EventLog.open(url) as log, connected(url) as other:
            assert len(log.ticket("T-1")) == 1
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert len(log.ticket("T-1")) == 1
            assert log.tick().position == 2

    def test_writers_wait_for_each_other_as_long_as_they_were_told(self, url: str) -> None:
        """Then they name the way out; afterwards it works again."""
        with EventLog.open(url, busy_seconds=0) as log, connected(url) as other:
            with other.transaction():
                other.execute(f"SELECT FROM {SCHEMA}.log_head FOR UPDATE")
                with pytest.raises(Locked, match="held by another process"):
                    log.append([append("b", "T-1", 1, REPLIED)])
                with pytest.raises(Locked):
                    log.tick()
                assert len(log.ticket("T-1")) == 1
            log.append([append("b", "T-1", 1, REPLIED)])
            assert len(log.ticket("T-1")) == 2

    def test_a_writer_that_stands_still_is_let_be(
        self, url: str, request: pytest.FixtureRequest
    ) -> None:
        """The server ends its transaction, so that the others come to their turn."""
        with EventLog.open(url) as other:
            still = EventLog.open(url)
            request.addfinalizer(still.close)

            def stand_still() -> None:
                with still._back_end.writing() as writing:
                    assert isinstance(writing, on_postgresql.PostgreSQLSession)
                    # Not before: whatever it does until now may take its time.
                    hurry = "SET idle_in_transaction_session_timeout = 100"
                    writing._connection.execute(hurry)
                    writing.ledger()
                    # The other one waits until this one was ended.
                    other.append([append("b", "T-1", 1, REPLIED)])
                    writing.ledger()

            with pytest.raises(StoreError, match=r"took too long|was lost"):
                stand_still()
            assert len(other.ticket("T-1")) == 2


class TestTime:
    def test_the_server_says_when_something_is_recorded(self, url: str) -> None:
        """There is one clock for all who write, and it is not theirs."""
        with EventLog.open(url) as log, connected(url) as other:
            statement = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
            [(before,)] = other.execute(statement).fetchall()
            [outcome] = log.append([append("b", "T-1", 1, REPLIED)])
            ticked = log.tick()
            [(after,)] = other.execute(statement).fetchall()
        assert isinstance(outcome, Outcome)
        assert before <= outcome.recorded_at < ticked.recorded_at <= after

    def test_a_server_whose_clock_was_set_back_moves_on(
        self, url: str, tampered: conftest.PostgreSQL
    ) -> None:
        """By a microsecond at a time, as everywhere."""
        ahead = instant.parse("2126-01-01T00:00:00Z")
        tampered.execute("UPDATE log_head SET recorded_at = ?", ahead)
        with EventLog.open(url) as log:
            [outcome] = log.append([append("b", "T-1", 1, REPLIED)])
            assert isinstance(outcome, Outcome)
            assert outcome.recorded_at == ahead + 1
            assert log.tick().recorded_at == ahead + 1


class TestOpening:
    def test_a_database_without_a_log_is_told_with_the_cure(self, postgresql: str) -> None:
        """Nothing is created by opening."""
        with pytest.raises(Missing, match="lhuta init"):
            EventLog.open(postgresql)
        with connected(postgresql) as other:
            assert other.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchall() == [(None,)]

    def test_a_schema_that_waits_for_the_log_is_taken(self, postgresql: str) -> None:
        """Who may not create one in the database can be given an empty one."""
        with connected(postgresql) as other:
            other.execute(f"CREATE SCHEMA {SCHEMA}")
        with created(postgresql) as log:
            assert log.verify() == []

    def test_of_two_who_create_a_log_one_does(self, postgresql: str) -> None:
        """The other is told that it exists."""
        told: list[object] = []

        def create() -> None:
            try:
                created(postgresql).close()
                told.append("created")
            except StoreError as error:
                told.append(type(error))

        both = [threading.Thread(target=create) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(map(str, told)) == sorted(["created", str(Exists)])
        with EventLog.open(postgresql) as log:
            assert log.verify() == []

    def test_a_server_that_is_not_there_is_told(self, url: str) -> None:
        """Without the password, which is nowhere in what people read."""
        gone = urlsplit(url)._replace(netloc="lhuta:geheim@127.0.0.1:1").geturl()
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1/.* cannot be reached") as told:
            EventLog.open(gone)
        assert "geheim" not in str(told.value)

    def test_the_place_is_shown_without_what_is_nobody_s_business(self, url: str) -> None:
        """The address of the database, and no options."""
        with EventLog.open(url) as log:
            address, _, options = url.partition("?")
            assert log._back_end.place == address
            assert options

    def test_the_password_may_stand_in_a_file(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As container platforms hand it over; one that cannot be read is told."""
        with connected(url) as other:
            password = other.info.password
        if not password:
            pytest.skip("the server asks for no password")
        plain, file = url.partition("?")[0], tmp_path / "password"
        file.write_text(f"{password}\n")
        monkeypatch.setenv(PASSWORD_FILE, str(file))
        monkeypatch.setenv("PGPASSFILE", os.devnull)
        with EventLog.open(plain) as log:
            assert len(log.ticket("T-1")) == 1
        file.write_text("another")
        with pytest.raises(StoreError, match="refuses this user") as told:
            EventLog.open(plain)
        assert "another" not in str(told.value)
        file.unlink()
        with pytest.raises(StoreError, match=f"cannot be read.*{PASSWORD_FILE}"):
            EventLog.open(plain)

    def test_an_older_log_gets_the_tables_it_lacks(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every number above its own, once, by the first who opens it to write."""
        (tmp_path / "0001.sql").write_text("-- as it is")
        (tmp_path / "0002.sql").write_text("CREATE TABLE notes (a text);\nSELECT 1;\n")
        known = on_postgresql.LAYOUT
        monkeypatch.setattr(on_postgresql, "LAYOUT", numbered(tmp_path))
        with pytest.raises(OlderSchema, match="open it once for writing"):
            EventLog.open(url, read_only=True)
        for _ in range(2):
            with EventLog.open(url) as log:
                assert log.verify() == []
        monkeypatch.setattr(on_postgresql, "LAYOUT", known)
        with pytest.raises(NewerSchema, match="schema 2"):
            EventLog.open(url)

    def test_without_the_driver_the_cure_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It belongs to an extra that a desk on one machine does not need."""
        monkeypatch.delitem(sys.modules, "infra.store.log.on_postgresql")
        monkeypatch.delattr("infra.store.log.on_postgresql")
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(NoDriver, match=r"lhuta\[distributed\]"):
            EventLog.open("postgresql:///lhuta")


class TestRights:
    def test_who_may_only_read_is_told(self, url: str) -> None:
        """Reading works; a write is refused with its reason."""
        role, password = "lhuta_reader", "reader"
        with connected(url) as other:
            other.execute(f"DROP ROLE IF EXISTS {role}")
            other.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            other.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
            other.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {role}")
            given = urlsplit(url.partition("?")[0])
            host = given.netloc.rpartition("@")[2]
            reader = given._replace(netloc=f"{role}:{password}@{host}").geturl()
            try:
                with EventLog.open(reader) as log:
                    assert len(log.ticket("T-1")) == 1
                    assert log.verify() == []
                    with pytest.raises(ReadOnly, match="grant this user"):
                        log.append([append("b", "T-1", 1, REPLIED)])
                    with pytest.raises(ReadOnly):
                        log.tick()
            finally:
                other.execute(f"DROP OWNED BY {role}")
                other.execute(f"DROP ROLE {role}")

    def test_a_standby_or_a_database_set_to_read_only_is_told(self, url: str) -> None:
        """The words are in the log, and nobody can add to it."""
        name = conninfo_to_dict(url)["dbname"]
        with connected(url) as other:
            other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with EventLog.open(url) as log, pytest.raises(ReadOnly):
            log.append([append("b", "T-1", 1, REPLIED)])


class TestStorage:
    def test_what_is_acknowledged_is_on_disk(self, url: str) -> None:
        """Also in a database that was set up to be quick instead."""
        name = conninfo_to_dict(url)["dbname"]
        with connected(url) as other:
            other.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        application, recorder = on_postgresql.open_application(url, read_only=False, busy_seconds=5)
        with application, recorder.reading() as session:
            assert session._rows("SHOW synchronous_commit") == [("on",)]

    def test_a_reader_that_keeps_erased_words_is_told(self, url: str) -> None:
        """While it reads an earlier state, the rows are still there."""
        with EventLog.open(url) as log, connected(url) as reader:
            with reader.transaction():
                reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reader.execute(f"SELECT count(*) FROM {SCHEMA}.texts")
                assert log.erase(["T-1"], by="agent:a-1", reason="asked for").gone is False
            assert log.erase(["T-1"], by="agent:a-1", reason="again").gone is True

    def test_what_is_at_odds_with_the_log_is_refused_whole(
        self, url: str, tampered: conftest.PostgreSQL
    ) -> None:
        """Words that stand where the next event's should leave everything as it is."""
        tampered.execute("INSERT INTO texts VALUES (3, x'00', x'00')")
        with EventLog.open(url, clock=HandClock()) as log:
            head = log.head()
            with pytest.raises(Damaged):
                log.append([append("b", "T-1", 1, REPLIED, message="Ano")])
            assert log.head() == head
            assert known(log, "b", "b") is None
            tampered.execute("DELETE FROM texts WHERE position = 3")
            assert log.verify() == []
            log.append([append("b", "T-1", 1, REPLIED)])

    def test_a_column_that_is_missing_is_damage(
        self, url: str, tampered: conftest.PostgreSQL
    ) -> None:
        """Somebody else was at the tables."""
        tampered.execute("ALTER TABLE events DROP COLUMN state CASCADE")
        with pytest.raises(StoreError, match="does not exist"), EventLog.open(url) as log:
            log.read(0, 10)

    def test_an_index_that_lies_is_found(self, server_folder: Path) -> None:
        """By the extension `amcheck`, where it is: a lying index would let a command in twice."""
        with PostgreSQL(server_folder) as server:
            with created(server.url) as log, connected(server.url) as other:
                log.append([append(f"c{n}", f"T-{n}", 0, OPENED) for n in range(9)])
                other.execute("CREATE EXTENSION amcheck")
                assert log.verify() == []
                index = f"SELECT pg_relation_filepath('{SCHEMA}.commands_command_id_key')"
                [(path,)] = other.execute(index).fetchall()
            server.stop()
            file = server_folder / "data" / str(path)
            file.write_bytes(file.read_bytes().replace(b"\x07c4\0", b"\x07c9\0"))
            server.start()
            with EventLog.open(server.url) as log:
                [finding] = log.verify()
                assert (finding.position, finding.what) == (None, "file")
                assert "commands_command_id_key" in finding.message


def test_nothing_of_the_driver_is_loaded_for_a_log_in_a_file() -> None:
    """A desk on one machine does without it."""
    code = (
        "import sys, infra.store.log, infra.doors.cli\n"
        "print([name for name in sys.modules if name.startswith('psycopg')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull, DiskFull),
        (psycopg.errors.LockNotAvailable, Locked),
        (psycopg.errors.ReadOnlySqlTransaction, ReadOnly),
        (psycopg.errors.InsufficientPrivilege, ReadOnly),
        (psycopg.errors.AdminShutdown, Unreachable),
        (psycopg.errors.IndexCorrupted, Damaged),
        (psycopg.errors.UniqueViolation, Damaged),
        (psycopg.errors.InvalidCatalogName, Missing),
    ],
)
def test_errors_of_postgresql_have_names(
    error: type[psycopg.Error], kind: type[StoreError]
) -> None:
    """What people can do something about is told apart."""
    assert isinstance(failure(error("something"), "postgresql:///lhuta"), kind)
