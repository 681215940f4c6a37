"""Topics on a real broker, and what stands in them."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from kafka import KafkaConsumer, TopicPartition

from domain import instant
from infra.store.log import EventLog, wall_clock
from streams import topic
from streams.broker import Broker
from streams.record import Arrived, Watermark, event, watermark
from streams.topic import EVENTS, WATERMARKS
from tests.benchmarks import stories
from tests.benchmarks.engine import brought

PARTITIONS = 3


class Found(NamedTuple):
    """A record as a consumer gets it."""

    partition: int
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp: int


def with_topics(address: str, partitions: int = PARTITIONS) -> Broker:
    """Return a broker with new topics."""
    made = Broker((address,), topic_prefix=f"test-{uuid4().hex}-")
    with topic.opened(made) as topics:
        topics.create(partitions)
    return made


def fill(log: EventLog, tickets: int) -> None:
    """Bring many events in."""
    now = wall_clock()
    brought(log, stories.finished(tickets, now - 300 * instant.DAY, now - instant.DAY))


def found(broker: Broker, name: str, partitions: int = PARTITIONS) -> list[Found]:
    """Return all records of one of our topics, those of a partition in their order."""
    with consumer(broker) as reader:
        places = [TopicPartition(broker.topic(name), number) for number in range(partitions)]
        reader.assign(places)
        reader.seek_to_beginning(*places)
        ends = reader.end_offsets(places)
        records: list[Found] = []
        while any(reader.position(place) < ends[place] for place in places):
            for batch in reader.poll(timeout_ms=1_000).values():
                records += [
                    Found(one.partition, one.key, one.value, one.headers, one.timestamp)
                    for one in batch
                ]
    return sorted(records, key=lambda one: one.partition)


def sent(broker: Broker) -> int:
    """Return how many events were sent to their topic, again and again or once."""
    with consumer(broker) as reader:
        name = broker.topic(EVENTS.name)
        places = [TopicPartition(name, number) for number in range(PARTITIONS)]
        return sum(reader.end_offsets(places).values())


def consumer(broker: Broker) -> Any:
    """Connect a consumer of no group."""
    return KafkaConsumer(**broker.options(), group_id=None, enable_auto_commit=False)


def events(broker: Broker) -> dict[int, list[Arrived]]:
    """Return what stands in the topic of events, by partition."""
    read: dict[int, list[Arrived]] = {number: [] for number in range(PARTITIONS)}
    for one in found(broker, EVENTS.name):
        read[one.partition].append(event(one.key, one.value, one.headers))
    return read


def watermarks(broker: Broker) -> Iterator[tuple[int, Watermark]]:
    """Yield what stands in the topic of watermarks, with the partition where it stands."""
    for one in found(broker, WATERMARKS.name):
        yield one.partition, watermark(one.key, one.value)


def applied(arrived: list[Arrived]) -> list[Arrived]:
    """Return what a reader takes who goes by positions alone, and nothing after a hole."""
    taken: list[Arrived] = []
    held = 0
    for one in arrived:
        if one.position <= held:
            continue
        if one.previous != held:
            break
        taken.append(one)
        held = one.position
    return taken
