"""A worker on a real broker: what it makes of a damaged topic, and how it ends.

It runs as a process of its own; the rows must be those of the log alone, in whatever database.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from domain import instant
from infra.partition_log import PartitionLog
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from projections.projector import Projector, Terms
from streams.broker import Broker
from streams.producer import Producer
from streams.record import Record
from streams.relay import Place, Sent, Tail
from streams.topic import CLOCKS, EVENTS
from tests.benchmarks import stories
from tests.benchmarks.engine import POLICY, brought
from tests.eventually import eventually
from tests.integration.on_kafka import PARTITIONS
from tests.integration.worker_process import opened
from tests.spec.partition import Mark, dump

TICKETS = 150
PATIENCE = 60.0


class Clumsy:
    """A producer that loses, damages and repeats events on their way, and acknowledges all."""

    def __init__(self, producer: Producer[Sent], broker: Broker) -> None:
        self._producer = producer
        self._events = broker.topic(EVENTS.name)
        self._elsewhere = broker.topic(CLOCKS.name)
        self._sent = 0

    def send(self, name: str, partition: int, record: Record, token: Sent) -> None:
        """Send a record, more or less."""
        if name == self._events:
            self._sent += 1
            match self._sent % 11:
                case 3:
                    name = self._elsewhere
                case 5:
                    record = record._replace(value=b"{")
                case 7:
                    self._producer.send(name, partition, record, token)
        self._producer.send(name, partition, record, token)

    def acknowledged(self) -> Sent | None:
        """Return what newly counts."""
        return self._producer.acknowledged()

    def finish(self) -> Sent | None:
        """Wait until all counts."""
        return self._producer.finish()


class Desk(NamedTuple):
    """Where the log and the read models of a desk are, and a folder for what is said."""

    log: str
    models: str
    folder: Path


@pytest.fixture(params=["file", "server"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """Give places in files, and in a database."""
    if request.param == "file":
        return Desk(str(tmp_path / "log.db"), str(tmp_path / "models.db"), tmp_path)
    url = request.getfixturevalue("postgresql")
    return Desk(url, url, tmp_path)


@pytest.fixture
def log(desk: Desk) -> Iterator[EventLog]:
    """Give a log of several partitions."""
    now = wall_clock()
    with EventLog.create(
        desk.log,
        policy_bytes=POLICY,
        partitions=PARTITIONS,
        live_from=now - 300 * instant.DAY,
        now=now - 300 * instant.DAY,
    ) as made:
        yield made


@contextmanager
def working(desk: Desk, broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; its log stands in the folder."""
    with (desk.folder / "worker.log").open("ab") as lines:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.integration.worker_process"),
                *(desk.log, desk.models, str(broker), broker.topic_prefix),
            ],
            stderr=lines,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def said(folder: Path) -> list[dict[str, Any]]:
    """What workers wrote into their log, but for the traceback at the end of one that failed."""
    lines = (folder / "worker.log").read_bytes().splitlines()
    return [orjson.loads(line) for line in lines if line.startswith(b"{")]


def step_until(tail: Tail, done: Callable[[], bool], folder: Path) -> None:
    """Relay until something is so."""

    def stepped() -> bool:
        while not done():
            if not tail.step():
                return False
        return True

    eventually(
        stepped,
        "the worker came so far",
        lambda: (folder / "worker.log").read_text()[-3_000:],
    )


def test_whatever_happens_to_records_the_rows_are_those_of_the_log(
    broker: Broker, log: EventLog, desk: Desk
) -> None:
    """Events lost, damaged and sent twice; a worker that is stopped and one that goes on."""
    now = wall_clock()
    tickets = list(stories.finished(TICKETS, now - 300 * instant.DAY, now - instant.DAY))
    with (
        Producer[Sent](broker, "relay") as producer,
        opened(desk.models) as models,
    ):
        tail = Tail(
            log,
            Clumsy(producer, broker),
            Place(0, log.origin().hash),
            broker.topic,
            wall_clock,
        )

        def applied() -> bool:
            lasts = log.lasts()
            places = {number: models.place(number) for number in lasts}
            return all(
                place is not None
                and place.position == lasts[number]
                and place.decided_to >= log.head().recorded_at - 5 * instant.SECOND
                for number, place in places.items()
            )

        def ready() -> bool:
            return all(models.place(number) for number in range(PARTITIONS))

        with working(desk, broker) as worker:
            step_until(tail, ready, desk.folder)
            for start in range(0, TICKETS // 2, 5):
                brought(log, tickets[start : start + 5])
                tail.step()
            step_until(tail, applied, desk.folder)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE) == 0
        brought(log, tickets[TICKETS // 2 :])
        with working(desk, broker) as worker:
            step_until(tail, applied, desk.folder)
            worker.send_signal(signal.SIGINT)
            assert worker.wait(PATIENCE) == 0
        tail.finish()
    reasons = {line["action"] for line in said(desk.folder)}
    assert {"worker.started", "partition.behind", "events.applied", "worker.stopped"} <= reasons
    assert_that_of(log, desk)


def assert_that_of(log: EventLog, desk: Desk) -> None:
    """Hold the rows to those that the log alone makes, at the time each partition is decided to."""
    terms = Terms(log.policies(), log.live_from)
    with (
        opened(desk.models) as streamed,
        SQLiteModels.open(desk.folder / "fresh.db") as fresh,
    ):
        for number in range(PARTITIONS):
            place = streamed.place(number)
            assert place is not None
            events = PartitionLog(log, number).read(0, 1_000_000)
            Projector(fresh, number).apply(events, terms, Mark(place.position, place.decided_to))
        assert dump(streamed) == dump(fresh)


def test_a_fault_stops_the_worker_before_anything_else_is_applied(
    broker: Broker, log: EventLog, desk: Desk
) -> None:
    """Read models of another log: it says so, ends with a failure, and leaves them alone."""
    with opened(desk.models) as models:
        for number in range(PARTITIONS):
            with models.transaction():
                models.move(number, None, Projector(models, number).place._replace(position=77))
        with working(desk, broker) as worker:
            assert worker.wait(PATIENCE) == 1
        places = [models.place(number) for number in range(PARTITIONS)]
        assert [place.position for place in places if place is not None] == [77] * PARTITIONS
    [failed] = [line for line in said(desk.folder) if line["action"] == "worker.failed"]
    assert failed["cause"] == "OtherLog"
