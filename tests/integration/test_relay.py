"""The relay against a real broker: whatever dies, what stands in the topics is the log.

What a reader makes of a topic is compared with the log: it goes by positions alone, takes nothing
twice and nothing after a hole.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from domain import instant
from infra.servers.kafka import Kafka
from infra.store.log import Cursor, EventLog, wall_clock
from infra.store.log.partition import partition_of
from streams.broker import Broker
from streams.producer import Producer
from streams.record import Arrived, Watermark
from streams.relay import Place, Sent, Tail, republish
from tests.contract.given import OPENED, POLICY, REPLIED, append
from tests.eventually import eventually
from tests.integration.on_kafka import (
    PARTITIONS,
    applied,
    events,
    fill,
    found,
    sent,
    watermarks,
    with_topics,
)
from tests.integration.relaying import relay

PATIENCE = 60


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """Give a log of as many partitions as the topics have."""
    now = wall_clock()
    with EventLog.create(
        tmp_path / "log.db",
        policy_bytes=POLICY,
        partitions=PARTITIONS,
        live_from=now,
        now=now - instant.DAY,
    ) as created:
        yield created


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give a list of processes that are gone when the test is over."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def logged(log: EventLog) -> dict[int, list[Arrived]]:
    """Return what the log has, by partition."""
    read: dict[int, list[Arrived]] = {number: [] for number in range(PARTITIONS)}
    for stored in log.read(0, 10_000_000):
        read[partition_of(stored.recorded.ticket, PARTITIONS)].append(Arrived(*stored))
    return read


def taken(broker: Broker) -> dict[int, list[Arrived]]:
    """Return what a reader of the topic takes, by partition."""
    return {partition: applied(arrived) for partition, arrived in events(broker).items()}


def relayed(log: EventLog, broker: Broker, place: Path) -> None:
    """Let a relay work until all of the log is in the topics."""
    end = log.lasts()

    def wait(_: float) -> bool:
        return place.exists() and int(place.read_text().split()[0]) >= max(end.values())

    relay(log, broker, place).run(wait)


def started(
    processes: list[subprocess.Popen[bytes]], broker: Broker, place: Path
) -> subprocess.Popen[bytes]:
    """Start a relay in a process of its own."""
    command = [
        *(sys.executable, "-m", "tests.integration.relaying"),
        *(str(place.with_name("log.db")), str(broker), broker.topic_prefix, str(place)),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    processes.append(process)
    return process


def test_the_topic_is_the_log(log: EventLog, broker: Broker, tmp_path: Path) -> None:
    """Every event once, under its ticket, in the partition and the order of the log."""
    fill(log, 300)
    before = time.time() * 1_000
    relayed(log, broker, tmp_path / "place")
    assert events(broker) == logged(log)
    for one in found(broker, "ticket-events"):
        assert partition_of(one.key.decode(), PARTITIONS) == one.partition
        # What happened long ago is sent now; Kafka refuses what is an hour ahead.
        assert before - 1 <= one.timestamp <= time.time() * 1_000


def test_a_relay_goes_on_where_it_was(log: EventLog, broker: Broker, tmp_path: Path) -> None:
    """What was acknowledged and kept is not sent again by the next one."""
    place = tmp_path / "place"
    fill(log, 30)
    relayed(log, broker, place)
    log.append([append("c-1", "T-new", 0, OPENED), append("c-2", "T-0", 0, REPLIED)])
    relayed(log, broker, place)
    assert events(broker) == logged(log)


def test_time_goes_to_every_partition_also_to_idle_ones(
    log: EventLog, broker: Broker, tmp_path: Path
) -> None:
    """A watermark names the last event of its partition, and stands in that partition."""
    log.append([append("c-1", "T-1", 0, OPENED)])
    relayed(log, broker, tmp_path / "place")
    owner = partition_of("T-1", PARTITIONS)
    told = list(watermarks(broker))
    assert {partition for partition, _ in told} == set(range(PARTITIONS))
    for partition, mark in told:
        assert mark.partition == partition
        assert mark.position == (2 if partition == owner else 0)
    assert all(mark.recorded_at >= log.read(0, 1)[0].recorded.recorded_at for _, mark in told)


def test_two_relays_harm_nothing(log: EventLog, broker: Broker, tmp_path: Path) -> None:
    """A reader who goes by positions takes the log, in whatever order two relays send it."""
    fill(log, 200)
    with Producer[Sent](broker, "one") as one, Producer[Sent](broker, "other") as other:
        start = Place(0, log.origin().hash)
        tails = [Tail(log, to, start, broker.topic, wall_clock) for to in (one, other)]
        for round_ in range(20):
            log.append([append(f"c-{round_}", f"N-{round_}", 0, OPENED)])
            for tail in tails:
                tail.step()
        for tail in tails:
            tail.finish()
    assert sum(map(len, events(broker).values())) == 2 * len(log.read(0, 1_000_000))
    assert taken(broker) == logged(log)


def test_a_relay_that_is_killed_loses_nothing(
    log: EventLog,
    broker: Broker,
    tmp_path: Path,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    """Killed again and again amid its work, then left alone: the topic is the log."""
    place = tmp_path / "place"
    fill(log, 4_000)
    for many in (1, 2_000, 5_000):
        end = sent(broker) + many
        process = started(processes, broker, place)
        assert process.stderr is not None
        # The line says that it is about to send; what follows takes a second.
        assert b"relay.started" in process.stderr.readline()
        fill_more(log)
        eventually(partial(reached, broker, end))
        process.kill()
        process.wait()
    final = started(processes, broker, place)
    end = max(log.lasts().values())
    eventually(lambda: place.exists() and int(place.read_text().split()[0]) == end)
    final.send_signal(signal.SIGTERM)
    assert final.wait(PATIENCE) == 0
    assert taken(broker) == logged(log)


def reached(broker: Broker, end: int) -> bool:
    """Tell whether so many events were sent."""
    return sent(broker) >= end


def fill_more(log: EventLog) -> None:
    """Append some events of new tickets while others are at work."""
    base = log.head().position
    log.append([append(f"m-{base}-{n}", f"M-{base}-{n}", 0, OPENED) for n in range(50)])


def test_a_broker_that_dies_under_the_relay_loses_nothing(
    log: EventLog, own_kafka: Kafka, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    """Killed and started again on its data amid the work of a relay: the topic is the log."""
    broker = with_topics(own_kafka.address)
    place = tmp_path / "place"
    fill(log, 4_000)
    process = started(processes, broker, place)
    assert process.stderr is not None
    assert b"relay.started" in process.stderr.readline()
    eventually(place.exists)
    own_kafka.kill()
    fill_more(log)
    own_kafka.start()
    end = max(log.lasts().values())
    eventually(lambda: int(place.read_text().split()[0]) == end)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert taken(broker) == logged(log)


def test_a_topic_made_anew_is_refilled_from_the_log(log: EventLog, broker: Broker) -> None:
    """Everything from a position on is sent again, and from 0 the whole log."""
    fill(log, 50)
    with Producer[Sent](broker, "republish") as producer:
        place = republish(log, producer, 0, broker.topic, wall_clock, lambda position: None)
    assert log.holds(Cursor(*place))
    assert events(broker) == logged(log)
    with Producer[Sent](broker, "republish") as producer:
        republish(log, producer, 100, broker.topic, wall_clock, lambda position: None)
    again = {
        partition: [*arrived, *(one for one in arrived if one.position >= 100)]
        for partition, arrived in logged(log).items()
    }
    assert events(broker) == again


def test_a_watermark_comes_after_all_that_it_covers(
    log: EventLog, broker: Broker, tmp_path: Path
) -> None:
    """No watermark names a position that is not in the topic, nor skips one before its time."""
    fill(log, 100)
    relayed(log, broker, tmp_path / "place")
    for partition, mark in watermarks(broker):
        covered = [
            one.position
            for one in logged(log)[partition]
            if one.recorded.recorded_at <= mark.recorded_at
        ]
        assert mark == Watermark(partition, max(covered, default=0), mark.recorded_at)
