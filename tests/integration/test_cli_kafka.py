"""`lhuta topics`, `relay`, `republish` and `publish` on a real broker and a real database."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
import psycopg
import pytest
from kafka import KafkaAdminClient

from domain import instant
from infra.partition_log import PartitionLog
from infra.servers.server import free_port
from infra.store.log import EventLog, wall_clock
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.relay import PostgreSQLPlaces
from projections.projector import Projector, Terms
from streams.broker import Broker
from streams.relay import Place
from streams.topic import ALERTS, CLOCKS, EVENTS, TOPICS
from tests.benchmarks.engine import POLICY
from tests.eventually import eventually
from tests.integration.at_the_desk import until
from tests.integration.on_kafka import PARTITIONS, applied, events, fill, found
from tests.spec.partition import Mark

PATIENCE = 60

Start = Callable[..., subprocess.Popen[bytes]]


class Desk(NamedTuple):
    """A log in a database, a broker without topics, and the environment that names them."""

    database: str
    broker: Broker
    environment: Mapping[str, str]

    def lhuta(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "infra.doors.cli", *arguments],
            env={**self.environment, **changed},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture
def desk(postgresql: str, kafka: str, tmp_path: Path) -> Desk:
    """Give an empty desk."""
    prefix = f"test-{uuid4().hex}-"
    now = wall_clock()
    EventLog.create(
        postgresql,
        policy_bytes=POLICY,
        partitions=PARTITIONS,
        live_from=now - 400 * instant.DAY,
        now=now - 400 * instant.DAY,
    ).close()
    environment = {
        **os.environ,
        "LHUTA_DATA": str(tmp_path),
        "LHUTA_DATABASE": postgresql,
        "LHUTA_KAFKA": kafka,
        "LHUTA_KAFKA_TOPIC_PREFIX": prefix,
    }
    return Desk(postgresql, Broker((kafka,), topic_prefix=prefix), environment)


@pytest.fixture
def log(desk: Desk) -> Iterator[EventLog]:
    """Give the open log of the desk, which already has topics."""
    assert desk.lhuta("topics", "create").returncode == 0
    with EventLog.open(desk.database) as opened:
        yield opened


@pytest.fixture
def start(desk: Desk) -> Iterator[Start]:
    """Give what starts a command, which is gone when the test is over."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.doors.cli", *arguments],
            env=desk.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def relayed_to(desk: Desk) -> int:
    """Return how far the relay says that it came."""
    with psycopg.connect(desk.database) as connection:
        row = connection.execute("SELECT position FROM lhuta_relay.place").fetchone()
    return row[0] if row else 0


def positions(log: EventLog) -> dict[int, list[int]]:
    """Return the positions in the log, by partition."""
    return {
        number: [row.position for row in log.rows(0, 1_000_000, number)]
        for number in range(PARTITIONS)
    }


def taken(broker: Broker) -> dict[int, list[int]]:
    """Return the positions that a reader of the topic takes, by partition."""
    return {
        number: [one.position for one in applied(arrived)]
        for number, arrived in events(broker).items()
    }


def test_topics_are_made_with_the_partitions_of_the_log(desk: Desk) -> None:
    """First they are missing (exit status 3), then made, then as they must be."""
    missing = desk.lhuta("topics", "check")
    assert missing.returncode == 3
    assert b"ticket-events is missing: `lhuta topics create` makes it" in missing.stderr
    made = desk.lhuta("topics", "create", "--json")
    names = [desk.broker.topic(one.name) for one in TOPICS]
    assert (made.returncode, orjson.loads(made.stdout)) == (
        0,
        {"created": names, "holds": True, "partitions": PARTITIONS, "faults": []},
    )
    checked = desk.lhuta("topics", "check")
    assert (checked.returncode, checked.stdout) == (
        0,
        b"All topics are as they must be, with 3 partitions each.\n",
    )


@pytest.fixture
def narrow(desk: Desk) -> Desk:
    """Give a desk whose topics have two partitions, and its log three."""
    admin = KafkaAdminClient(**desk.broker.options())
    admin.create_topics(
        {desk.broker.topic(one.name): {"num_partitions": 2} for one in TOPICS},
        wait_for_metadata=True,
    )
    admin.close()
    return desk


@pytest.mark.parametrize(
    ("command", "topic"),
    [
        (("topics", "create"), "ticket-events"),
        (("topics", "check"), "ticket-alerts"),
        (("relay",), "ticket-watermarks"),
        (("publish",), "ticket-clocks"),
        (("republish", "--from", "0"), "ticket-events"),
    ],
)
def test_topics_that_do_not_fit_the_log_are_refused(
    narrow: Desk, command: Sequence[str], topic: str
) -> None:
    """Whatever would send to other partitions than the log's ends with exit status 3 instead."""
    done = narrow.lhuta(*command)
    assert done.returncode == 3
    assert f"{topic} has 2 partitions and the log 3".encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_more_copies_than_brokers_are_told(desk: Desk) -> None:
    """In one sentence with what helps; nothing is made."""
    done = desk.lhuta("topics", "create", "--replication", "2")
    assert done.returncode == 5
    assert b"has fewer brokers than 2 copies of a topic need: start more of them" in done.stderr
    assert b"CreateTopics" not in done.stderr
    assert b"ticket-events is missing" in desk.lhuta("topics", "check").stderr


def test_topics_are_not_held_against_a_log_in_a_file(desk: Desk, log: EventLog) -> None:
    """Who forgets to name the database is not told to delete topics that hold."""
    assert desk.lhuta("init", LHUTA_DATABASE="").returncode == 0
    for command in ("create", "check"):
        done = desk.lhuta("topics", command, LHUTA_DATABASE="")
        assert done.returncode == 5
        assert b"name its database in LHUTA_DATABASE" in done.stderr
        assert b"deleted" not in done.stderr


def test_what_lies_behind_the_end_of_the_log_is_not_republished(desk: Desk, log: EventLog) -> None:
    """The end is told: it is what was meant, or another log."""
    end = log.head().position
    done = desk.lhuta("republish", "--from", str(end + 1))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"which ends at {end:,}".encode() in done.stderr


@pytest.mark.parametrize("command", [("topics", "check"), ("relay",), ("publish",)])
def test_what_is_not_set_is_named(desk: Desk, command: Sequence[str]) -> None:
    """Without LHUTA_KAFKA nothing is guessed; exit status 2."""
    done = desk.lhuta(*command, LHUTA_KAFKA="")
    assert done.returncode == 2
    assert b"LHUTA_KAFKA says where Kafka is" in done.stderr


def test_a_broker_that_is_not_there_is_named(desk: Desk) -> None:
    """The message has its address and the cure; exit status 5."""
    nowhere = f"127.0.0.1:{free_port()}"
    done = desk.lhuta("topics", "check", LHUTA_KAFKA=nowhere)
    assert done.returncode == 5
    assert f"Kafka at {nowhere} does not do what was asked".encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_second_worker_on_a_machine_needs_a_port_of_its_own(desk: Desk) -> None:
    """The message names the option; exit status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = desk.lhuta("worker", "--web-port", str(port))
    assert done.returncode == 2
    assert f"on port {port} (Address already in use); give each worker".encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_log_in_a_file_is_refused(desk: Desk) -> None:
    """The distributed engine needs a database, and says so; exit status 5."""
    done = desk.lhuta("relay", LHUTA_DATABASE="")
    assert done.returncode == 5
    assert b"the distributed engine needs a log in PostgreSQL" in done.stderr


def test_a_relay_takes_over_from_one_that_was_killed(
    desk: Desk, log: EventLog, start: Start
) -> None:
    """The second waits; when the first is gone it goes on, and nothing is missing."""
    fill(log, 2_000)
    first = start("relay")
    until(first, "relay.started")
    second = start("relay")
    until(second, "relay.waiting")
    first.kill()
    until(second, "relay.started")
    fill(log, 2_001)
    eventually(lambda: relayed_to(desk) == max(log.lasts().values()))
    second.send_signal(signal.SIGTERM)
    assert second.wait(PATIENCE) == 0
    assert taken(desk.broker) == positions(log)


def test_a_relay_without_its_lease_ends(desk: Desk, log: EventLog, start: Start) -> None:
    """Its connections are cut, so another one may relay: it does not go on; exit status 5."""
    relay = start("relay")
    until(relay, "relay.started")
    with psycopg.connect(desk.database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert relay.wait(PATIENCE) == 5


def test_a_relay_refuses_a_log_that_lacks_what_it_sent(
    desk: Desk, log: EventLog, start: Start
) -> None:
    """A log from a backup would contradict the topics; filling them anew is the cure."""
    fill(log, 10)
    with PostgreSQLPlaces(desk.database, log) as places:
        places.save(Place(9000, b"\xab" * 32))
    refused = desk.lhuta("relay")
    assert refused.returncode == 5
    assert b"has not what was relayed at position 9000" in refused.stderr
    sent = desk.lhuta("republish", "--from", "0")
    end = log.head().position
    assert sent.stdout == f"Sent everything from position 0 to {end:,}.\n".encode()
    relay = start("relay")
    assert until(relay, "relay.started")["id"] == str(end)
    assert taken(desk.broker) == positions(log)


def test_topics_made_anew_are_filled_by_republishing(desk: Desk, log: EventLog) -> None:
    """Deleted with all that they held, they have the whole log again."""
    fill(log, 100)
    assert desk.lhuta("republish", "--from", "0").returncode == 0
    admin = KafkaAdminClient(**desk.broker.options())
    admin.delete_topics([desk.broker.topic(EVENTS.name)])
    admin.close()
    eventually(lambda: desk.lhuta("topics", "check").returncode == 3)
    assert desk.lhuta("topics", "create").returncode == 0
    assert desk.lhuta("republish", "--from", "0").returncode == 0
    assert taken(desk.broker) == positions(log)


def test_a_publisher_that_is_killed_loses_nothing(desk: Desk, log: EventLog, start: Start) -> None:
    """Every announcement comes, in the order of its partition, and every clock's last state."""
    fill(log, 4_000)
    with PostgreSQLModels.open(desk.database) as models:
        head = log.tick()
        for number in range(PARTITIONS):
            rows = PartitionLog(log, number).read(0, 1_000_000)
            mark = Mark(rows[-1].position, head.recorded_at)
            Projector(models, number).apply(rows, Terms(log.policies(), log.live_from), mark)
    first = start("publish")
    until(first, "publisher.started")
    until(first, "outbox.published")
    first.kill()
    start("publish")
    eventually(lambda: queued(desk) == 0)
    outbox = rows_of(desk, "SELECT partition, alert_id FROM lhuta.outbox ORDER BY 1, sequence")
    told = [
        (one.partition, dict(one.headers)["ce_id"].decode())
        for one in found(desk.broker, ALERTS.name)
    ]
    assert list(dict.fromkeys(told)) == outbox
    assert len(outbox) > 500
    clocks = rows_of(
        desk,
        "SELECT partition, ticket || '/' || clock || '/' || started_by, verdict "
        "FROM lhuta.clocks JOIN lhuta.tickets USING (ticket)",
    )
    states = {one.key: one for one in found(desk.broker, CLOCKS.name)}
    assert {
        (one.partition, key.decode(), orjson.loads(one.value or b"")["verdict"])
        for key, one in states.items()
    } == set(clocks)


def queued(desk: Desk) -> int:
    """Count what is still to be published."""
    [(alerts, clocks)] = rows_of(
        desk,
        "SELECT (SELECT count(*) FROM lhuta.unpublished_alerts), "
        "(SELECT count(*) FROM lhuta.unpublished_clocks)",
    )
    total: int = alerts + clocks
    return total


def rows_of(desk: Desk, statement: str) -> list[tuple[Any, ...]]:
    """Read the read models."""
    with psycopg.connect(desk.database) as connection:
        return connection.execute(statement.encode()).fetchall()
