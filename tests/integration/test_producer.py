"""The one producer: every record is accounted for, and nothing counts after one that does not."""

import threading

import pytest
from hypothesis import given
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.partitioner.default import murmur2

from infra.servers.kafka import Kafka
from infra.store.log.partition import partition_of
from streams.broker import Broker
from streams.producer import NotSent, Producer
from streams.record import Record
from streams.topic import EVENTS
from tests.integration.on_kafka import found, with_topics
from tests.strategies import ticket_ids


def record(number: int, size: int = 1) -> Record:
    """A record whose value says its number and is so long."""
    return Record(b"k", b"%d" % number + b" " * size, [("number", b"%d" % number)])


@given(ticket_ids())
def test_a_ticket_has_the_partition_that_kafka_gives_its_key(ticket: str) -> None:
    """Whoever sends to our topics by key alone meets the log's own partitions."""
    for partitions in (1, 3, 12):
        theirs = (murmur2(ticket.encode()) & 0x7FFFFFFF) % partitions
        assert partition_of(ticket, partitions) == theirs


def test_what_is_acknowledged_counts_in_order(broker: Broker) -> None:
    """The last token comes back when all of them are acknowledged, and each only once."""
    topic = broker.topic(EVENTS.name)
    with Producer[int](broker, "test") as producer:
        for number in range(100):
            producer.send(topic, number % 3, record(number), number)
        assert producer.finish() == 99
        assert producer.acknowledged() is None
        assert producer.finish() is None
    assert len(found(broker, EVENTS.name)) == 100


def test_nothing_counts_after_a_record_that_was_refused(broker: Broker) -> None:
    """The broker takes records of another partition; still they do not count."""
    topic = broker.topic(EVENTS.name)
    admin = KafkaAdminClient(**broker.options())
    limit = {"max.message.bytes": "2000"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=limit)])
    admin.close()
    with Producer[int](broker, "test") as producer:
        producer.send(topic, 0, record(1), 1)
        assert producer.finish() == 1
        producer.send(topic, 0, record(2, size=4_000), 2)
        producer.send(topic, 1, record(3), 3)
        with pytest.raises(NotSent, match="MessageSizeTooLarge"):
            producer.finish()
        with pytest.raises(NotSent, match="MessageSizeTooLarge"):
            producer.acknowledged()


def test_a_topic_that_is_not_there_is_not_made(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record to no topic of ours is an error, not a topic with the broker's own settings."""
    monkeypatch.setattr("streams.producer._REQUEST_MILLISECONDS", 2_000)
    monkeypatch.setattr("streams.producer._LINGER_MILLISECONDS", 0)
    monkeypatch.setattr("streams.producer._DELIVERY_MILLISECONDS", 2_000)
    with Producer[int](broker, "test") as producer, pytest.raises(NotSent, match="KafkaTimeout"):
        producer.send(broker.topic("nothing"), 0, record(1), 1)


def test_closing_does_not_wait_for_a_dead_broker(own_kafka: Kafka) -> None:
    """What is under way is dropped, and no thread of the library is left."""
    broker = with_topics(own_kafka.address)
    before = set(threading.enumerate())
    with Producer[int](broker, "test") as producer:
        producer.send(broker.topic(EVENTS.name), 0, record(1), 1)
        producer.finish()
        own_kafka.kill()
        producer.send(broker.topic(EVENTS.name), 0, record(2), 2)
    assert set(threading.enumerate()) <= before
