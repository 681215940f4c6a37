"""What every database of the deliveries keeps to, whatever it is made of."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from infra.outlets.deliveries import NOTHING_TAKEN, Backlog, Due, Failure, Record, Taken
from infra.outlets.subscription import KINDS, Subscription, UnknownSubscriber
from infra.store.deliveries import DamagedDeliveries, SQLiteDeliveries, StoredDeliveries
from infra.store.deliveries.on_postgresql import NAME, PostgreSQLDeliveries
from infra.store.failure import Locked, Missing, NewerSchema, OlderSchema, StoreError
from projections.models import Announcement
from tests.contract.page import described


class BackEnd(Protocol):
    """A place for one database of deliveries."""

    def open(self) -> StoredDeliveries:
        """Open it; the first time, make it."""

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as an analyst would, and return its rows."""

    def columns(self) -> dict[str, list[str]]:
        """Return the columns of every table and view that really is there."""


class SQLite:
    """A file in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "deliveries.db"

    def open(self) -> SQLiteDeliveries:
        """Open it."""
        return SQLiteDeliveries.open(self.path, busy_seconds=0.1)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def columns(self) -> dict[str, list[str]]:
        """Ask the database itself."""
        names = self.execute(
            "SELECT name FROM sqlite_master "
            "WHERE type IN ('table', 'view') AND name <> 'sqlite_sequence'"
        )
        return {
            name: [column for _, column, *_ in self.execute(f"PRAGMA table_info({name})")]
            for (name,) in names
        }


class PostgreSQL:
    """An empty database of a server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> PostgreSQLDeliveries:
        """Open it."""
        return PostgreSQLDeliveries.open(self.url, lock_seconds=0.1)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"SET search_path = {NAME}")
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def columns(self) -> dict[str, list[str]]:
        """Ask the database itself."""
        found = self.execute(
            "SELECT table_name::text, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns "
            f"WHERE table_schema = '{NAME}' AND table_name <> 'schema_version' GROUP BY table_name"
        )
        return dict(found)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def back_end(request: pytest.FixtureRequest) -> BackEnd:
    """Give a place without deliveries."""
    if request.param == "SQLite":
        return SQLite(request.getfixturevalue("tmp_path"))
    return PostgreSQL(request.getfixturevalue("postgresql"))


@pytest.fixture
def deliveries(back_end: BackEnd) -> Iterator[StoredDeliveries]:
    """Give empty deliveries."""
    with back_end.open() as opened:
        yield opened


@pytest.fixture
def other(back_end: BackEnd, deliveries: StoredDeliveries) -> Iterator[StoredDeliveries]:
    """Give the same deliveries to another process."""
    with back_end.open() as opened:
        yield opened


LEASE = 1_000
ENGINE, ANOTHER = "engine", "another"


def announcement(sequence: int, ticket: str = "T-1", kind: str = "breach") -> Announcement:
    """An announcement, whose alert id and decision tell its place."""
    return Announcement(
        0, sequence, f"a-{sequence}", ticket, kind, sequence * 10, f'{{"number": {sequence}}}'
    )


def due(sequence: int, ticket: str = "T-1", attempts: int = 0) -> Due:
    """An announcement as it is due."""
    return Due(f"a-{sequence}", ticket, sequence * 10, f'{{"number": {sequence}}}', attempts)


def subscribe(deliveries: StoredDeliveries, since: int = 0) -> Subscription:
    """Add a subscriber of everything."""
    return deliveries.subscribe("file", "alerts.jsonl", KINDS, lambda: since)


def owe(deliveries: StoredDeliveries, *announcements: Announcement, now: int = 100) -> None:
    """Take announcements, the next ones."""
    before = deliveries.taken(0)
    last = announcements[-1]
    assert deliveries.take(0, before, Taken(last.sequence, last.alert_id, 0), announcements, now)


def claimed(
    deliveries: StoredDeliveries, now: int, notifier: str = ENGINE, limit: int = 10
) -> Sequence[Due]:
    """Claim what is due to the first subscriber."""
    return deliveries.claim("S-1", notifier, now, now + LEASE, limit)


class TestSubscriptions:
    def test_they_are_there_as_they_were_made(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """The oldest first, and another process sees them at once."""
        one = deliveries.subscribe("file", "a.jsonl", KINDS, lambda: 7)
        two = deliveries.subscribe("command", "cat", ("breach", "withdrawn"), lambda: 9)
        assert one == Subscription("S-1", "file", "a.jsonl", KINDS, 7)
        assert two == Subscription("S-2", "command", "cat", ("breach", "withdrawn"), 9)
        assert other.subscriptions() == [one, two]

    def test_a_name_is_given_once(self, deliveries: StoredDeliveries) -> None:
        """So a new subscriber has nothing to do with the deliveries of an old one."""
        subscribe(deliveries)
        deliveries.unsubscribe("S-1")
        assert subscribe(deliveries).name == "S-2"

    def test_an_unknown_name_is_refused_with_the_known_ones(
        self, deliveries: StoredDeliveries
    ) -> None:
        """Nothing is removed."""
        subscribe(deliveries)
        with pytest.raises(UnknownSubscriber, match="there are S-1"):
            deliveries.unsubscribe("S-7")
        assert [one.name for one in deliveries.subscriptions()] == ["S-1"]

    def test_who_is_removed_is_owed_nothing_more(self, deliveries: StoredDeliveries) -> None:
        """Another one keeps its record."""
        one, _ = subscribe(deliveries), subscribe(deliveries)
        owe(deliveries, announcement(1))
        assert deliveries.unsubscribe("S-1") == one
        assert deliveries.backlogs() == [Backlog("S-2", 0, 1, 0, 0)]
        assert claimed(deliveries, 100) == []

    def test_nothing_is_taken_while_a_subscriber_comes_in(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """So it gets everything that is decided from the instant that it asks for."""

        def since() -> int:
            with pytest.raises(Locked):
                other.take(0, None, Taken(1, "a-1", 0), [announcement(1)], 100)
            return 10

        deliveries.subscribe("file", "alerts.jsonl", KINDS, since)
        owe(other, announcement(1))
        assert claimed(deliveries, 100) == [due(1)]


class TestTaking:
    def test_a_partition_was_not_taken_before_its_first_time(
        self, deliveries: StoredDeliveries
    ) -> None:
        """Each partition has its own place."""
        assert deliveries.taken(0) is None
        assert deliveries.take(0, None, Taken(3, "a-3", 30), (), 100)
        assert deliveries.taken(0) == Taken(3, "a-3", 30)
        assert deliveries.taken(1) is None

    def test_it_goes_on_only_from_where_it_is(self, deliveries: StoredDeliveries) -> None:
        """Of two notifiers that take the same, one does; the other owes nobody anything."""
        subscribe(deliveries)
        before = Taken(1, "a-1", 0)
        assert deliveries.take(0, None, before, [announcement(1)], 100)
        assert not deliveries.take(0, None, Taken(2, "a-2", 0), [announcement(2)], 100)
        assert not deliveries.take(0, NOTHING_TAKEN, before, [announcement(2)], 100)
        assert deliveries.taken(0) == before
        assert claimed(deliveries, 100) == [due(1)]

    def test_an_alert_is_owed_once_whatever_became_of_it(
        self, deliveries: StoredDeliveries
    ) -> None:
        """Also when an outbox that was begun anew has it at another place."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2, "T-2"), announcement(3, "T-3"))
        claimed(deliveries, 100)
        deliveries.delivered("S-1", ENGINE, ["a-1"], 150)
        claimed(deliveries, 200)
        deliveries.failed("S-1", ENGINE, [Failure("a-2", 36, None, 200, "refused")])
        again = [
            announcement(3, "T-3")._replace(sequence=1),
            announcement(2, "T-2"),
            announcement(1)._replace(sequence=3),
            announcement(4, "T-4"),
        ]
        owe(deliveries, *again, now=300)
        assert claimed(deliveries, 999) == [due(3, "T-3"), due(4, "T-4")]
        assert deliveries.backlogs() == [Backlog("S-1", 1, 2, 0, 1)]

    def test_everybody_is_owed_what_they_want(self, deliveries: StoredDeliveries) -> None:
        """By kind, and decided at the instant since when they want it or later."""
        deliveries.subscribe("file", "a", ("warning",), lambda: 0)
        subscribe(deliveries, since=20)
        owe(deliveries, announcement(1, kind="warning"), announcement(2), announcement(3))
        assert deliveries.claim("S-1", ENGINE, 100, 200, 9) == [due(1)]
        assert deliveries.claim("S-2", ENGINE, 100, 200, 9) == [due(2), due(3)]

    def test_who_comes_later_is_not_owed_what_was_taken(self, deliveries: StoredDeliveries) -> None:
        """The past is not for them."""
        owe(deliveries, announcement(1))
        subscribe(deliveries)
        owe(deliveries, announcement(2))
        assert claimed(deliveries, 100) == [due(2)]

    def test_an_alert_is_kept_as_long_as_it_is_owed(
        self, back_end: BackEnd, deliveries: StoredDeliveries
    ) -> None:
        """Word for word; of what arrived or was given up the record alone is kept."""
        subscribe(deliveries)
        owe(deliveries, *(announcement(number, f"T-{number}") for number in (1, 2, 3)))
        claimed(deliveries, 100)
        deliveries.delivered("S-1", ENGINE, ["a-1"], 150)
        claimed(deliveries, 200)
        failures = [Failure("a-2", 36, None, 200, "no"), Failure("a-3", 1, 300, None, "no")]
        deliveries.failed("S-1", ENGINE, failures)
        found = back_end.execute("SELECT alert_id, alert FROM deliveries ORDER BY 1")
        assert found == [("a-1", None), ("a-2", None), ("a-3", '{"number": 3}')]


class TestOrder:
    def test_what_is_owed_is_due_in_the_order_of_taking(self, deliveries: StoredDeliveries) -> None:
        """From the time on at which it was taken."""
        subscribe(deliveries)
        owe(deliveries, announcement(2, "T-2"), announcement(1))
        assert claimed(deliveries, 99) == []
        assert claimed(deliveries, 100) == [due(2, "T-2"), due(1)]
        assert claimed(deliveries, 100, limit=1) == [due(2, "T-2")]

    def test_what_failed_waits_and_holds_up_its_ticket_only(
        self, deliveries: StoredDeliveries
    ) -> None:
        """A clearing never overtakes the breach that it clears."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2), announcement(3, "T-2"))
        claimed(deliveries, 100)
        deliveries.failed("S-1", ENGINE, [Failure("a-1", 1, 300, None, "refused")])
        assert claimed(deliveries, 299) == [due(3, "T-2")]
        assert claimed(deliveries, 300) == [due(1, attempts=1), due(2), due(3, "T-2")]

    def test_what_waits_does_not_hold_up_what_was_told_before_it(
        self, deliveries: StoredDeliveries
    ) -> None:
        """Only what comes after it in its ticket."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2))
        claimed(deliveries, 100)
        deliveries.failed("S-1", ENGINE, [Failure("a-2", 1, 300, None, "refused")])
        assert claimed(deliveries, 200) == [due(1)]

    def test_what_was_given_up_holds_up_nothing(self, deliveries: StoredDeliveries) -> None:
        """The next alert of the ticket gets its chance."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2))
        claimed(deliveries, 100)
        deliveries.failed("S-1", ENGINE, [Failure("a-1", 36, None, 500, "refused")])
        assert claimed(deliveries, 500) == [due(2)]

    def test_what_arrived_is_not_due_again(self, deliveries: StoredDeliveries) -> None:
        """What was claimed with it and not recorded is."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2))
        claimed(deliveries, 100)
        assert deliveries.delivered("S-1", ENGINE, ["a-1"], 150)
        assert claimed(deliveries, 999) == [due(2)]


class TestClaims:
    def test_a_subscriber_is_claimed_by_one_notifier_until_the_end_of_its_claim(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """All of it, also what was not in the batch; a microsecond decides."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2))
        assert claimed(deliveries, 100, limit=1) == [due(1)]
        assert claimed(other, 100 + LEASE - 1, ANOTHER) == []
        assert claimed(other, 100 + LEASE, ANOTHER) == [due(1), due(2)]

    def test_another_subscriber_is_free(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """Notifiers share the subscribers among themselves."""
        subscribe(deliveries)
        subscribe(deliveries)
        owe(deliveries, announcement(1))
        assert claimed(deliveries, 100) == [due(1)]
        assert other.claim("S-2", ANOTHER, 100, 200, 9) == [due(1)]

    def test_a_notifier_that_starts_again_has_what_it_had_claimed(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """Whoever has its name knows that it is gone."""
        subscribe(deliveries)
        owe(deliveries, announcement(1))
        claimed(deliveries, 100)
        assert claimed(other, 101, ENGINE) == [due(1)]

    def test_a_claim_ends_when_its_outcome_is_recorded(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """Others go on at once, whether it was delivered or not."""
        subscribe(deliveries)
        owe(deliveries, *(announcement(number, f"T-{number}") for number in (1, 2, 3)))
        claimed(deliveries, 100)
        deliveries.delivered("S-1", ENGINE, ["a-1"], 100)
        assert claimed(other, 100, ANOTHER) == [due(2, "T-2"), due(3, "T-3")]
        other.failed("S-1", ANOTHER, [Failure("a-2", 1, 300, None, "refused")])
        assert claimed(deliveries, 100) == [due(3, "T-3")]

    def test_a_claim_can_be_given_back(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """By who has it, and by nobody else."""
        subscribe(deliveries)
        owe(deliveries, announcement(1))
        claimed(deliveries, 100)
        other.release("S-1", ANOTHER)
        assert claimed(other, 100, ANOTHER) == []
        deliveries.release("S-1", ENGINE)
        assert claimed(other, 100, ANOTHER) == [due(1)]

    def test_nothing_is_recorded_for_a_claim_that_was_lost(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """To another notifier, or with the subscriber."""
        subscribe(deliveries)
        owe(deliveries, announcement(1))
        claimed(deliveries, 100)
        claimed(other, 100 + LEASE, ANOTHER)
        assert not deliveries.delivered("S-1", ENGINE, ["a-1"], 2_000)
        assert not deliveries.failed("S-1", ENGINE, [Failure("a-1", 1, 9_000, None, "no")])
        assert deliveries.backlogs() == [Backlog("S-1", 0, 1, 0, 0)]
        assert other.delivered("S-1", ANOTHER, ["a-1"], 2_000)
        deliveries.unsubscribe("S-1")
        assert not other.delivered("S-1", ANOTHER, ["a-1"], 2_000)

    def test_where_nothing_is_due_nothing_is_claimed(
        self, deliveries: StoredDeliveries, other: StoredDeliveries
    ) -> None:
        """An idle notifier stands in nobody's way."""
        subscribe(deliveries)
        assert claimed(deliveries, 100) == []
        owe(deliveries, announcement(1))
        assert claimed(other, 100, ANOTHER) == [due(1)]


class TestAsking:
    def test_a_backlog_counts_what_became_of_everything(self, deliveries: StoredDeliveries) -> None:
        """Also of a subscriber of whom there is nothing to count."""
        subscribe(deliveries)
        subscribe(deliveries, since=999)
        owe(deliveries, *(announcement(number, f"T-{number}") for number in range(1, 6)))
        claimed(deliveries, 100)
        deliveries.delivered("S-1", ENGINE, ["a-1", "a-2"], 150)
        claimed(deliveries, 200)
        failures = [Failure("a-3", 36, None, 200, "no"), Failure("a-4", 2, 300, None, "no")]
        deliveries.failed("S-1", ENGINE, failures)
        assert deliveries.backlogs() == [Backlog("S-1", 2, 2, 1, 1), Backlog("S-2", 0, 0, 0, 0)]

    def test_troubles_are_what_failed_and_has_not_arrived_since(
        self, deliveries: StoredDeliveries
    ) -> None:
        """With the reason, and when it is tried next."""
        subscribe(deliveries)
        owe(deliveries, *(announcement(number, f"T-{number}") for number in range(1, 4)))
        claimed(deliveries, 100)
        failures = [Failure(f"a-{number}", 1, 200, None, "no") for number in (1, 2)]
        deliveries.failed("S-1", ENGINE, failures)
        assert deliveries.troubles(9) == [
            ("S-1", "a-1", "T-1", 1, 200, None, "no"),
            ("S-1", "a-2", "T-2", 1, 200, None, "no"),
        ]
        assert len(deliveries.troubles(1)) == 1
        claimed(deliveries, 200)
        deliveries.delivered("S-1", ENGINE, ["a-1"], 200)
        claimed(deliveries, 200)
        deliveries.failed("S-1", ENGINE, [Failure("a-2", 36, None, 250, "never")])
        assert deliveries.troubles(9) == [("S-1", "a-2", "T-2", 36, None, 250, "never")]

    def test_each_alert_has_a_record_for_each_subscriber(
        self, deliveries: StoredDeliveries
    ) -> None:
        """By subscriber: what arrived, what is tried again, what was given up."""
        subscribe(deliveries)
        owe(deliveries, announcement(1), announcement(2, "T-2"), announcement(3, "T-3"))
        assert deliveries.subscribe("command", "cat", KINDS, lambda: 40).name == "S-2"
        owe(deliveries, announcement(4, "T-4"))
        claimed(deliveries, 100)
        assert deliveries.delivered("S-1", ENGINE, ["a-1"], 110)
        claimed(deliveries, 120)
        failures = [Failure("a-2", 1, 500, None, "no"), Failure("a-3", 12, None, 130, "never")]
        assert deliveries.failed("S-1", ENGINE, failures)
        assert deliveries.records(["a-4", "a-3", "a-2", "a-1", "a-9"]) == [
            Record("S-1", "file", "a-1", 1, None, 110, None),
            Record("S-1", "file", "a-2", 1, 500, None, None),
            Record("S-1", "file", "a-3", 12, None, None, 130),
            Record("S-1", "file", "a-4", 0, 100, None, None),
            Record("S-2", "command", "a-4", 0, 100, None, None),
        ]
        assert deliveries.records([]) == []

    def test_analysts_see_how_late_a_delivery_was(
        self, back_end: BackEnd, deliveries: StoredDeliveries
    ) -> None:
        """In seconds since the decision, and instants as everywhere."""
        subscribe(deliveries)
        owe(deliveries, announcement(1))
        claimed(deliveries, 100)
        deliveries.delivered("S-1", ENGINE, ["a-1"], 2_000_010)
        assert back_end.execute(
            "SELECT subscriber, decided, delivered, late_seconds FROM delivery_list"
        ) == [("S-1", "1970-01-01T00:00:00.00001Z", "1970-01-01T00:00:02.00001Z", 2.0)]

    def test_every_table_and_column_is_described(
        self, back_end: BackEnd, deliveries: StoredDeliveries
    ) -> None:
        """The page names what is there, in its order, and nothing else."""
        assert described("deliveries.md") == back_end.columns()


OWES = """
import os, signal, sys
from infra.outlets.deliveries import Taken
from infra.store.deliveries import SQLiteDeliveries
from projections.models import Announcement

deliveries = SQLiteDeliveries.open(sys.argv[1])
deliveries.subscribe("file", "alerts.jsonl", ("breach",), lambda: 0)
owed = [Announcement(0, 1, "a-1", "T-1", "breach", 10, '{"number": 1}')]
deliveries.take(0, None, Taken(1, "a-1", 0), owed, 100)
os.kill(os.getpid(), signal.SIGKILL)
"""


class TestSQLite:
    """What is particular to a file."""

    @pytest.fixture
    def back_end(self, tmp_path: Path) -> SQLite:
        """Give a place without deliveries."""
        return SQLite(tmp_path)

    def test_what_was_taken_survives_a_kill(self, back_end: SQLite) -> None:
        """The process ends the moment the call has returned."""
        child = subprocess.run([sys.executable, "-c", OWES, str(back_end.path)], check=False)
        assert child.returncode == -9
        with back_end.open() as deliveries:
            assert deliveries.taken(0) == Taken(1, "a-1", 0)
            assert claimed(deliveries, 100) == [due(1)]

    def test_it_is_synced_to_disk(self, deliveries: SQLiteDeliveries) -> None:
        """A power cut takes nothing that was recorded, unlike read models, which can be remade."""
        full, wal = 2, "wal"
        for pragma, value in (("synchronous", full), ("journal_mode", wal)):
            [found] = deliveries._file.rows(f"PRAGMA {pragma}")
            assert found == (value,)

    def test_nobody_else_may_read_it(self, back_end: SQLite, deliveries: SQLiteDeliveries) -> None:
        """The command of a subscriber may hold a secret, also in the files beside it."""
        subscribe(deliveries)
        beside = list(back_end.path.parent.glob("deliveries.db*"))
        assert len(beside) > 1
        assert {path.stat().st_mode & 0o777 for path in beside} == {0o600}

    def test_what_is_not_there_is_not_read(self, tmp_path: Path) -> None:
        """Reading makes no file."""
        with pytest.raises(Missing):
            SQLiteDeliveries.open(tmp_path / "deliveries.db", read_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """With the command that makes it."""
        with pytest.raises(Missing, match="lhuta init"):
            SQLiteDeliveries.open(tmp_path / "no" / "deliveries.db")

    def test_a_reader_cannot_write(self, back_end: SQLite) -> None:
        """It is told so."""
        back_end.open().close()
        with SQLiteDeliveries.open(back_end.path, read_only=True) as deliveries:
            assert deliveries.subscriptions() == []
            with pytest.raises(StoreError):
                subscribe(deliveries)

    def test_other_tables_are_refused(self, back_end: SQLite) -> None:
        """Newer ones always, and those that are missing where they may only be read."""
        back_end.open().close()
        back_end.execute("PRAGMA user_version = 99")
        with pytest.raises(NewerSchema, match="99"):
            back_end.open()
        back_end.execute("PRAGMA user_version = 0")
        with pytest.raises(OlderSchema, match="open it once for writing"):
            SQLiteDeliveries.open(back_end.path, read_only=True)

    def test_a_damaged_file_says_what_is_lost_and_how_to_go_on(self, back_end: SQLite) -> None:
        """Nobody goes on as if there were no subscribers."""
        back_end.path.write_bytes(b"no database at all" * 1_000)
        with pytest.raises(DamagedDeliveries, match="subscribe again"):
            back_end.open()

    def test_a_full_disk_undoes_the_whole_taking(self, deliveries: SQLiteDeliveries) -> None:
        """Else the place would say that it was taken."""
        subscribe(deliveries)
        deliveries._file.change("PRAGMA max_page_count = 40")
        many = [announcement(number) for number in range(1, 5_000)]
        with pytest.raises(StoreError, match="free"):
            deliveries.take(0, None, Taken(4_999, "a-4999", 0), many, 100)
        assert deliveries.taken(0) is None
        assert claimed(deliveries, 100) == []
