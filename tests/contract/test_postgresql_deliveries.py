"""The deliveries in PostgreSQL: several notifiers at once, and what is particular to a server."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock

import orjson
import psycopg
import pytest

from domain import instant
from infra.outlets.deliveries import Backlog, Failure, Taken
from infra.outlets.intake import Intake
from infra.outlets.notifier import LEASE, Notifier
from infra.outlets.outlet import DELIVERED, Failed, Result
from infra.outlets.subscription import KINDS, Subscription
from infra.store.deliveries.on_postgresql import NAME, PostgreSQLDeliveries
from infra.store.failure import Locked, Missing, NewerSchema, StoreError
from infra.store.models.postgresql import PostgreSQLModels
from projections.models import START, Announcement

NOTIFIERS, PARTITIONS, TICKETS, ALERTS = 4, 3, 5, 12
NOW = 1_000
PATIENCE = 60


def announcement(partition: int, sequence: int, ticket: str) -> Announcement:
    """An announcement, whose alert says where it was."""
    id = f"a-{partition}-{sequence}"
    alert = orjson.dumps({"id": id, "ticket": ticket, "sequence": sequence}).decode()
    return Announcement(partition, sequence, id, ticket, "breach", NOW, alert)


def one_owed(deliveries: PostgreSQLDeliveries) -> None:
    """Owe one alert to one subscriber."""
    deliveries.subscribe("file", "alerts.jsonl", KINDS, lambda: 0)
    deliveries.take(0, None, Taken(1, "a-0-1", 0), [announcement(0, 1, "T-1")], NOW)


@pytest.fixture
def deliveries(postgresql: str) -> Iterator[PostgreSQLDeliveries]:
    """Give empty deliveries."""
    with PostgreSQLDeliveries.open(postgresql, lock_seconds=0.1) as opened:
        yield opened


class Door:
    """A subscriber who sees when two come at once, and lets the first of an alert fail."""

    def __init__(self, fails: str) -> None:
        self.got: list[dict[str, str]] = []
        self.crowds = 0
        self._fails = {fails}
        self._inside = 0
        self._lock = Lock()

    def send(self, lines: Sequence[bytes], now: int) -> "Visit":
        """Let somebody in."""
        with self._lock:
            self._inside += 1
            self.crowds += self._inside > 1
        return Visit(self, [orjson.loads(line) for line in lines])

    def leave(self, alerts: Sequence[dict[str, str]]) -> Result:
        """Let somebody out; keep what was brought."""
        with self._lock:
            self._inside -= 1
            bad = self._fails.intersection(alert["id"] for alert in alerts)
            if bad:
                self._fails -= bad
                return Failed("not today")
            self.got += alerts
            return DELIVERED


class Visit:
    """A sending that takes a few looks."""

    def __init__(self, door: Door, alerts: Sequence[dict[str, str]]) -> None:
        self._door = door
        self._alerts = alerts
        self._looks = 0

    def result(self, now: int) -> Result | None:
        """Be done at the third look."""
        self._looks += 1
        return self._door.leave(self._alerts) if self._looks == 3 else None

    def abandon(self) -> None:
        """Nobody gives up here."""
        raise AssertionError


@contextmanager
def notifier(
    url: str, name: str, outlet: Callable[[Subscription], Door]
) -> Iterator[tuple[Notifier, PostgreSQLDeliveries]]:
    """Give a notifier with connections of its own."""
    with PostgreSQLModels.open(url) as models, PostgreSQLDeliveries.open(url) as deliveries:
        yield Notifier(Intake(models, deliveries), deliveries, outlet, name), deliveries


def test_several_notifiers_deliver_each_alert_once_and_in_the_order_of_its_ticket(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """No subscriber ever has two of them at once, and a failure lets nothing of a ticket pass."""
    doors = {f"S-{number}": Door(f"a-{number % PARTITIONS}-1") for number in range(1, 4)}
    for _ in doors:
        deliveries.subscribe("file", "alerts.jsonl", KINDS, lambda: 0)
    everything = {
        partition: [
            announcement(partition, number + 1, f"T-{partition}-{number % TICKETS}")
            for number in range(TICKETS * ALERTS)
        ]
        for partition in range(PARTITIONS)
    }
    with PostgreSQLModels.open(postgresql) as models:
        for partition in everything:
            models.move(partition, None, START)
    begun = Barrier(NOTIFIERS + 1)
    expected = len(doors) * PARTITIONS * TICKETS * ALERTS

    def announce() -> None:
        with PostgreSQLModels.open(postgresql) as models:
            begun.wait()
            for number in range(TICKETS * ALERTS):
                with models.transaction():
                    models.announce([rows[number] for rows in everything.values()])

    def deliver(name: str) -> None:
        with notifier(postgresql, name, lambda one: doors[one.name]) as (mine, record):
            begun.wait()
            while sum(one.delivered for one in record.backlogs()) < expected:
                mine.step(record.now())

    with ThreadPoolExecutor(NOTIFIERS + 1) as pool:
        work = [pool.submit(deliver, f"notifier-{number}") for number in range(NOTIFIERS)]
        work.append(pool.submit(announce))
        for one in work:
            one.result(PATIENCE)
    for door in doors.values():
        assert door.crowds == 0
        assert len({alert["id"] for alert in door.got}) == len(door.got)
        for ticket in {alert["ticket"] for alert in door.got}:
            sequences = [alert["sequence"] for alert in door.got if alert["ticket"] == ticket]
            assert sequences == sorted(sequences)
    assert [(one.delivered, one.open) for one in deliveries.backlogs()] == [
        (PARTITIONS * TICKETS * ALERTS, 0)
    ] * len(doors)


def test_of_those_who_take_the_same_at_once_one_does(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """The others are told so, the first time as later."""
    deliveries.subscribe("file", "alerts.jsonl", KINDS, lambda: 0)
    begun = Barrier(NOTIFIERS)

    def take() -> list[bool]:
        taken, before = [], None
        with PostgreSQLDeliveries.open(postgresql) as mine:
            for sequence in range(1, 20):
                begun.wait()
                after = Taken(sequence, f"a-0-{sequence}", 0)
                owed = [announcement(0, sequence, "T-1")]
                taken.append(mine.take(0, before, after, owed, NOW))
                before = after
        return taken

    with ThreadPoolExecutor(NOTIFIERS) as pool:
        work = [pool.submit(take) for _ in range(NOTIFIERS)]
        results = [one.result(PATIENCE) for one in work]
    assert [sum(round) for round in zip(*results, strict=True)] == [1] * 19
    assert deliveries.backlogs() == [Backlog("S-1", 0, 19, 0, 0)]


CLAIMS = """
import os, signal, sys
from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries

deliveries = PostgreSQLDeliveries.open(sys.argv[1])
assert deliveries.claim("S-1", "first", 1_000, int(sys.argv[2]), 9)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_notifier_that_is_killed_is_followed_by_another_at_once(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """Its session with the server ends with it, and its claims with that."""
    one_owed(deliveries)
    until = NOW + LEASE
    child = subprocess.run([sys.executable, "-c", CLAIMS, postgresql, str(until)], check=False)
    assert child.returncode == -9
    patience = time.monotonic() + PATIENCE
    while not deliveries.claim("S-1", "second", NOW, until, 9):
        assert time.monotonic() < patience, "the claim of the dead still holds"
    assert not deliveries.delivered("S-1", "first", ["a-0-1"], NOW)
    assert deliveries.delivered("S-1", "second", ["a-0-1"], NOW)


def test_a_claim_that_was_taken_over_is_as_good_as_any(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """A third one leaves it alone as long as the second lives."""
    one_owed(deliveries)
    with PostgreSQLDeliveries.open(postgresql) as second:
        assert second.claim("S-1", "second", NOW, NOW + LEASE, 9)
        for _ in range(2):
            assert not deliveries.claim("S-1", "third", NOW, NOW + LEASE, 9)


def test_whoever_is_just_claiming_holds_nobody_up(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """Its row is passed over, and who takes an alert for that subscriber need not wait."""
    one_owed(deliveries)
    with psycopg.connect(postgresql) as claiming:
        claiming.execute(f"UPDATE {NAME}.subscriptions SET claimed_by = 'x', claimed_until = 0")
        assert deliveries.claim("S-1", "another", NOW, NOW + LEASE, 9) == []
        more = [announcement(0, 2, "T-1")]
        assert deliveries.take(0, Taken(1, "a-0-1", 0), Taken(2, "a-0-2", 0), more, NOW)


def test_whoever_just_owes_something_to_a_subscriber_does_not_put_its_claim_off(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """It keeps the subscriber from going, and nothing else."""
    one_owed(deliveries)
    with psycopg.connect(postgresql) as taking:
        taking.execute(f"SELECT FROM {NAME}.subscriptions FOR KEY SHARE")
        assert len(deliveries.claim("S-1", "engine", NOW, NOW + LEASE, 9)) == 1


def test_a_subscriber_leaves_when_nobody_takes(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """So nothing is owed to somebody who is gone."""
    one_owed(deliveries)
    with psycopg.connect(postgresql) as taking:
        taking.execute(f"SELECT pg_advisory_xact_lock_shared(hashtext('{NAME}'))")
        with pytest.raises(Locked):
            deliveries.unsubscribe("S-1")
        more = [announcement(1, 1, "T-2")]
        assert deliveries.take(1, None, Taken(1, "a-1-1", 0), more, NOW)
    assert deliveries.unsubscribe("S-1").name == "S-1"


def test_losing_the_read_models_leaves_the_deliveries_whole(
    postgresql: str, deliveries: PostgreSQLDeliveries
) -> None:
    """They may be dropped with all that depends on them; nothing here does."""
    PostgreSQLModels.open(postgresql).close()
    one_owed(deliveries)
    with psycopg.connect(postgresql) as connection:
        connection.execute("DROP SCHEMA lhuta CASCADE")
    assert deliveries.backlogs() == [Backlog("S-1", 0, 1, 0, 0)]
    assert len(deliveries.claim("S-1", "engine", NOW, NOW + LEASE, 9)) == 1


def test_time_is_that_of_the_server(postgresql: str, deliveries: PostgreSQLDeliveries) -> None:
    """So the clocks of the notifiers' machines need not agree."""
    with psycopg.connect(postgresql) as connection:
        asked = "SELECT extract(epoch FROM clock_timestamp())::float8"
        [(before,)] = connection.execute(asked)
        now = deliveries.now()
        [(after,)] = connection.execute(asked)
    assert before - 1e-5 <= now / instant.SECOND <= after + 1e-5


def test_whatever_a_failing_command_says_can_be_kept(deliveries: PostgreSQLDeliveries) -> None:
    """Also the character that PostgreSQL has no place for."""
    one_owed(deliveries)
    deliveries.claim("S-1", "engine", NOW, NOW + LEASE, 9)
    assert deliveries.failed("S-1", "engine", [Failure("a-0-1", 1, NOW, None, "a\0b")])
    assert [one.last_error for one in deliveries.troubles(9)] == ["a\N{REPLACEMENT CHARACTER}b"]


def test_what_was_recorded_is_on_disk_also_where_the_server_is_set_up_otherwise(
    postgresql: str,
) -> None:
    """Read models can be made again; this cannot."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with PostgreSQLDeliveries.open(postgresql) as deliveries:
        assert deliveries._rows("SHOW synchronous_commit") == [("on",)]


def test_processes_that_begin_at_once_make_the_tables_once(postgresql: str) -> None:
    """Whoever comes second finds them."""
    begun = Barrier(NOTIFIERS)

    def begin() -> None:
        begun.wait()
        PostgreSQLDeliveries.open(postgresql).close()

    with ThreadPoolExecutor(NOTIFIERS) as pool:
        for one in [pool.submit(begin) for _ in range(NOTIFIERS)]:
            one.result(PATIENCE)


def test_a_reader_makes_nothing_and_changes_nothing(postgresql: str) -> None:
    """It is told who makes the tables."""
    with pytest.raises(Missing, match="lhuta subscribe"):
        PostgreSQLDeliveries.open(postgresql, read_only=True)
    PostgreSQLDeliveries.open(postgresql).close()
    with PostgreSQLDeliveries.open(postgresql, read_only=True) as reader:
        assert reader.subscriptions() == []
        with pytest.raises(StoreError):
            reader.subscribe("file", "alerts.jsonl", KINDS, lambda: 0)


def test_tables_of_a_newer_program_are_left_alone(postgresql: str) -> None:
    """Somebody may have stored in them what this program would not understand."""
    PostgreSQLDeliveries.open(postgresql).close()
    with psycopg.connect(postgresql) as connection:
        connection.execute(f"UPDATE {NAME}.schema_version SET number = 99")
    with pytest.raises(NewerSchema, match="99"):
        PostgreSQLDeliveries.open(postgresql)
