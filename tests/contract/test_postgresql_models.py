"""What is particular to read models on a server: many work on them at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier

from domain import instant
from domain.event import RecordedEvent
from domain.policy import Policies
from infra.doors.simulate import simulate
from infra.store.failure import Damaged, DiskFull, Locked, NewerSchema, ReadOnly, StoreError
from infra.store.log.partition import partition_of
from infra.store.models import ReadModels, SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels, PostgreSQLPublications, schema
from infra.store.models.postgresql.database import NoTables
from infra.store.postgresql import (
    BadAddress,
    NoDatabase,
    Refused,
    TookTooLong,
    Unreachable,
    failure,
)
from projections import sql
from projections.fault import Fenced
from projections.models import START, Announcement, Key
from projections.projector import Applied, Fold, Projector, Terms
from projections.publication import ChangedClock, Publications
from projections.rows import CLOCKS, TICKETS, ClockRow, Rows, rows
from tests.contract.test_read_models import ticket_row
from tests.servers.read_models import Databases
from tests.spec.desk import MANAGRY, at, ticket
from tests.spec.partition import Entry, dump, mark, partition

TERMS = Terms(MANAGRY, at("2026-01-01 00:00"))
PARTITIONS = 3
SOON = 60
"""Seconds within which anything that a test waits for has happened."""


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """Give an empty database."""
    with databases.one() as url:
        yield url


@pytest.fixture
def models(url: str) -> Iterator[PostgreSQLModels]:
    """Give empty read models."""
    with PostgreSQLModels.open(url) as opened:
        yield opened


def story(name: str = "T-1") -> list[Entry]:
    """The log of a ticket that is due at nine, and answered at a quarter past."""
    told = ticket(name).opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
    return partition(told.answered("2026-03-09 09:15").history)


def meanwhile(act: Callable[[], object]) -> Fold:
    """Fold as ever, but let something happen before the first ticket is done."""
    todo = [act]

    def fold(
        history: Sequence[RecordedEvent], policies: Policies, decided_to: int, of: int
    ) -> Rows:
        if todo:
            todo.pop()()
        return rows(history, policies, decided_to, of)

    return fold


def waits(url: str, models: PostgreSQLModels) -> bool:
    """Tell whether somebody waits for what a process holds."""
    pid = models._database._connection.info.backend_pid
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))", (pid,)
        )
        return found.fetchone() is not None


def eventually(happened: Callable[[], bool]) -> None:
    """Look until something has happened."""
    until = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < until


@pytest.mark.parametrize("name", ["running", "untriaged", "waiting"])
def test_the_lists_of_the_board_come_in_the_order_of_an_index(url: str, name: str) -> None:
    """So their first lines do not cost more where there are a hundred thousand."""
    with PostgreSQLModels.open(url), psycopg.connect(url) as connection:
        connection.execute(SQL("SET search_path = {}").format(Identifier(schema.NAME)))
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        asked = sql.queries(schema.DIALECT)[name].partition("FROM (")[2].partition(") AS")[0]
        given = {"first": 0, "before": 1, "limit": 25}
        plan = connection.execute(f"EXPLAIN {asked}".encode(), given).fetchall()
    assert "Index" in str(plan)
    assert "Sort" not in str(plan)


class TestTwoWorkers:
    def test_of_two_that_begin_a_partition_one_is_fenced(self, url: str) -> None:
        """Nothing of its batch is kept (architecture, decision 3)."""
        log = story()
        until = mark(log, at("2026-03-09 09:30"))
        with PostgreSQLModels.open(url) as one, PostgreSQLModels.open(url) as other:
            loser = Projector(one, fold=meanwhile(lambda: Projector(other).apply(log[:2], TERMS)))
            with pytest.raises(Fenced):
                loser.apply(log, TERMS, until)
            assert one.place(0) == Projector(other).place
            assert [event.version for event in one.histories(["T-1"])["T-1"].events] == [1, 2]
            assert one.outbox(0, 0, 10) == []
            done = loser.apply(log, TERMS, until)
            assert [alert.kind for alert in done.announced] == [
                "warning",
                "warning",
                "breach",
                "cleared",
            ]

    def test_the_second_waits_for_the_first_and_goes_on_from_there(self, url: str) -> None:
        """The events that it brought too were applied once."""
        log = story()
        until = mark(log, at("2026-03-09 09:30"))
        with (
            PostgreSQLModels.open(url) as one,
            PostgreSQLModels.open(url) as other,
            ThreadPoolExecutor() as pool,
        ):
            Projector(one).apply(log[:1], TERMS)
            second = []

            def come_second() -> None:
                second.append(pool.submit(Projector(other).apply, log, TERMS, until))
                eventually(lambda: waits(url, one))

            first = Projector(one, fold=meanwhile(come_second)).apply(log, TERMS, until)
            assert (first.events, len(first.announced)) == (2, 4)
            assert second[0].result(SOON) == Applied()

    def test_one_that_stands_still_is_put_out_and_keeps_nothing(self, url: str) -> None:
        """Whoever takes its partition over does not wait for it for ever."""
        log = story()
        until = mark(log, at("2026-03-09 09:30"))
        with (
            PostgreSQLModels.open(url) as one,
            PostgreSQLModels.open(url) as other,
        ):
            Projector(one).apply(log[:1], TERMS)
            taken_over = []

            def take_over() -> None:
                # Not before: whatever it does until now may take its time.
                one._database.change("SET idle_in_transaction_session_timeout = 100")
                taken_over.append(Projector(other).apply(log[:2], TERMS, until))

            zombie = Projector(one, fold=meanwhile(take_over))
            with pytest.raises((Unreachable, TookTooLong)):
                zombie.apply(log, TERMS, until)
            assert taken_over[0].events == 1
            assert Projector(other).place.position == log[1].position
            assert Projector(other).apply(log, TERMS, until).events == 1

    def test_a_partition_does_not_wait_for_another(self, url: str) -> None:
        """Both are in the midst of it at once."""
        with (
            PostgreSQLModels.open(url) as one,
            PostgreSQLModels.open(url, lock_seconds=0.1) as other,
        ):
            for number in (0, 1):
                one.move(number, None, START)
            fold = meanwhile(lambda: Projector(other, 1).apply(story("T-2"), TERMS))
            Projector(one, 0, fold=fold).apply(story("T-1"), TERMS)
            assert [row.ticket for row in one.rows(TICKETS, ["T-1", "T-2"])] == ["T-1", "T-2"]


class Publisher:
    """Publishes into memory: every announcement, and of every clock the last that was said."""

    def __init__(self) -> None:
        self.alerts: dict[int, list[Announcement]] = {number: [] for number in range(PARTITIONS)}
        self.clocks: dict[Key, ClockRow] = {}

    def publish(self, publications: Publications) -> int:
        """Publish some of what is still to be; return how much it was."""
        published = 0
        for number in range(PARTITIONS):
            alerts = publications.alerts(number, 20)
            self.alerts[number] += alerts
            publications.alerts_published(number, [one.sequence for one in alerts])
            clocks = publications.clocks(number, 20)
            for changed in clocks:
                self._say(changed)
            publications.clocks_published(number, clocks)
            published += len(alerts) + len(clocks)
        return published

    def _say(self, changed: ChangedClock) -> None:
        identity = (changed.ticket, changed.clock, changed.started_by)
        if changed.row is None:
            self.clocks.pop(identity, None)
        else:
            assert changed.row[:3] == identity
            self.clocks[identity] = changed.row


@pytest.fixture(scope="module")
def log() -> dict[int, list[Entry]]:
    """Give what a simulated desk does in some weeks, in partitions."""
    start = at("2026-03-02 00:00")
    events = simulate(120, "read models", start, start + 15 * instant.DAY, MANAGRY)
    log: dict[int, list[Entry]] = {number: [] for number in range(PARTITIONS)}
    before = 0
    for position, told in enumerate(events, start=1):
        before = max(before + 1, told.recorded_at)
        entries = log[partition_of(told.ticket, PARTITIONS)]
        previous = entries[-1].position if entries else 0
        digest = position.to_bytes(32, "big")
        entries.append(Entry(position, previous, digest, told._replace(recorded_at=before)))
    return log


class TestManyWorkers:
    def work(self, models: ReadModels, number: int, log: list[Entry]) -> None:
        """Apply a partition in batches, and then a month without events."""
        projector = Projector(models, number)
        for first in range(0, len(log), 50):
            batch = log[first : first + 50]
            projector.apply(batch, TERMS, mark(batch, batch[-1].recorded.recorded_at))
        projector.advance(mark(log, log[-1].recorded.recorded_at + 30 * instant.DAY), TERMS)

    def test_they_make_what_one_makes_in_a_file_and_it_is_published(
        self, url: str, tmp_path: Path, log: dict[int, list[Entry]]
    ) -> None:
        """Row by row; announcements once and in order; of every clock what stands now."""

        def worker(number: int) -> None:
            with PostgreSQLModels.open(url) as models:
                self.work(models, number, log[number])

        publisher = Publisher()
        with ThreadPoolExecutor() as pool, PostgreSQLPublications.open(url) as publications:
            working = [pool.submit(worker, number) for number in log]
            while not all(one.done() for one in working):
                publisher.publish(publications)
            for one in working:
                one.result()
            while publisher.publish(publications):
                pass
        with SQLiteModels.open(tmp_path / "models.db") as alone:
            for number, entries in log.items():
                self.work(alone, number, entries)
            with PostgreSQLModels.open(url) as models:
                assert dump(models) == dump(alone)
            for number in log:
                assert publisher.alerts[number] == alone.outbox(number, 0, 10_000)
            names = sorted({entry.recorded.ticket for entries in log.values() for entry in entries})
            assert publisher.clocks == {row[:3]: row for row in alone.rows(CLOCKS, names)}
            assert len(publisher.clocks) > len(names)

    def test_one_of_many_partitions_can_be_made_anew(
        self, url: str, log: dict[int, list[Entry]]
    ) -> None:
        """The rows are the same afterwards, and no alert is published again."""
        with (
            PostgreSQLModels.open(url) as models,
            PostgreSQLPublications.open(url) as publications,
        ):
            for number, entries in log.items():
                self.work(models, number, entries)
            before = dump(models)
            publisher = Publisher()
            while publisher.publish(publications):
                pass
            published = dict(publisher.clocks)
            until = mark(log[1], log[1][-1].recorded.recorded_at + 30 * instant.DAY)
            projector = Projector(models, 1)
            projector.reset()
            assert publications.clocks(1, 10) == []
            projector.apply(log[1], TERMS, until)
            after = dump(models)
            assert {**after, "positions": None} == {**before, "positions": None}
            publisher.alerts = {number: [] for number in log}
            while publisher.publish(publications):
                pass
            assert not any(publisher.alerts.values())
            assert publisher.clocks == published


def words(error: BaseException | None) -> str:
    """What an error says, and what those say that brought it about."""
    return "" if error is None else f"{error}\n{words(error.__cause__)}{words(error.__context__)}"


class TestTrouble:
    def test_a_connection_that_is_lost_takes_its_transaction_with_it(self, url: str) -> None:
        """Whoever opens another one finds what was committed."""
        log = story()
        with PostgreSQLModels.open(url) as models:
            Projector(models).apply(log[:1], TERMS)

            def cut() -> None:
                pid = models._database._connection.info.backend_pid
                with psycopg.connect(url) as connection:
                    connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))

            with pytest.raises(Unreachable, match="do it again"):
                Projector(models, fold=meanwhile(cut)).apply(log, TERMS)
            with pytest.raises(Unreachable):
                models.place(0)
        with PostgreSQLModels.open(url) as models:
            assert Projector(models).place.position == log[0].position
            assert Projector(models).apply(log, TERMS).events == 2

    def test_an_error_that_was_not_passed_on_is_no_commit(self, models: PostgreSQLModels) -> None:
        """The server keeps nothing of it, and says so only in passing."""

        def goes_on() -> None:
            with models.transaction():
                models.write(TICKETS, [ticket_row()])
                with pytest.raises(StoreError):
                    models._database.change("SELECT 1 / 0")

        with pytest.raises(StoreError, match="ROLLBACK"):
            goes_on()
        assert models.rows(TICKETS, ["T-1"]) == []

    def test_read_models_that_are_not_there_are_not_read(self, postgresql: str) -> None:
        """Reading makes none."""
        for _ in range(2):
            with pytest.raises(NoTables):
                PostgreSQLModels.open(postgresql, read_only=True)

    def test_two_that_open_at_once_make_the_tables_once(self, postgresql: str) -> None:
        """The second finds them."""

        def opened(_: int) -> bool:
            with PostgreSQLModels.open(postgresql) as models:
                return models.place(0) is None

        with ThreadPoolExecutor() as pool:
            assert all(pool.map(opened, range(4)))

    def test_a_reader_cannot_write(self, url: str) -> None:
        """It is told so."""
        PostgreSQLModels.open(url).close()
        with (
            PostgreSQLModels.open(url, read_only=True) as models,
            pytest.raises(ReadOnly, match="may not be written"),
        ):
            models.move(0, None, START)

    def test_newer_tables_are_refused(self, postgresql: str) -> None:
        """An older program does not touch them."""
        with PostgreSQLModels.open(postgresql) as models:
            models._database.change("UPDATE schema_version SET number = 99")
        with pytest.raises(NewerSchema, match="99"):
            PostgreSQLModels.open(postgresql)

    def test_a_schema_that_somebody_else_made_is_used(self, postgresql: str) -> None:
        """Who may not make a schema can be given one."""
        with psycopg.connect(postgresql) as connection:
            connection.execute("CREATE SCHEMA lhuta")
        with PostgreSQLModels.open(postgresql) as models:
            assert models.place(0) is None

    def test_a_database_that_is_not_there_is_named(self, url: str) -> None:
        """Creating it is for whoever runs the server."""
        missing = urlsplit(url)._replace(path="/nowhere").geturl()
        with pytest.raises(NoDatabase, match="nowhere"):
            PostgreSQLModels.open(missing)

    def test_a_server_that_does_not_answer_is_named_without_the_password(self) -> None:
        """Messages and logs are read by many."""
        with closing(socket()) as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            with pytest.raises(Unreachable, match=f"{port}/db cannot be reached") as raised:
                PostgreSQLModels.open(f"postgresql://me:hidden@127.0.0.1:{port}/db?sslmode=disable")
        assert "hidden" not in words(raised.value)

    @pytest.mark.parametrize("address", ["hidden words", "postgresql://me:hidden@[::1/db"])
    def test_an_address_that_cannot_be_read_is_not_repeated(self, address: str) -> None:
        """It may have a password in it."""
        with pytest.raises(BadAddress, match="postgresql://USER") as raised:
            PostgreSQLModels.open(address)
        assert "hidden" not in words(raised.value)

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (errors.DiskFull(), DiskFull),
            (errors.TooManyConnections(), DiskFull),
            (errors.ReadOnlySqlTransaction(), ReadOnly),
            (errors.InsufficientPrivilege(), ReadOnly),
            (errors.LockNotAvailable(), Locked),
            (errors.DeadlockDetected(), Locked),
            (errors.QueryCanceled(), TookTooLong),
            (errors.IdleInTransactionSessionTimeout(), TookTooLong),
            (errors.AdminShutdown(), Unreachable),
            (errors.CrashShutdown(), Unreachable),
            (errors.ConnectionException(), Unreachable),
            (errors.InvalidPassword(), Refused),
            (errors.DataCorrupted(), Damaged),
            (errors.UniqueViolation(), Damaged),
            (errors.SyntaxError(), StoreError),
            (psycopg.OperationalError("connection is lost"), Unreachable),
            (psycopg.OperationalError("FATAL: password authentication failed"), Refused),
        ],
    )
    def test_every_error_has_its_kind(self, error: psycopg.Error, kind: type[StoreError]) -> None:
        """With the place in the message."""
        told = failure(error, "postgresql://me@here/db")
        assert isinstance(told, kind)
        assert "postgresql://me@here/db" in str(told)

    def test_waiting_has_an_end(self, models: PostgreSQLModels) -> None:
        """For locks, for statements, and for one who stands still in a transaction."""
        shown = [
            models._database.rows(f"SHOW {name}")[0][0]
            for name in (
                "idle_in_transaction_session_timeout",
                "lock_timeout",
                "statement_timeout",
            )
        ]
        assert shown == ["10s", "15s", "5min"]
