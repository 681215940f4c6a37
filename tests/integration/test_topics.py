"""Our topics on a real broker: made once, held to the contract, never re-partitioned."""

from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from streams import topic
from streams.broker import Broker
from streams.topic import ALERTS, CLOCKS, EVENTS, TOPICS, WATERMARKS, Fault


@pytest.fixture
def empty(kafka: str) -> Broker:
    """Give a broker without any topic of ours."""
    return Broker((kafka,), topic_prefix=f"test-{uuid4().hex}-")


def test_missing_topics_are_made_and_hold(empty: Broker) -> None:
    """Before, each is missing; after, nothing is wrong, and there is nothing left to make."""
    names = [empty.topic(one.name) for one in TOPICS]
    with topic.opened(empty) as topics:
        assert [(fault.topic, fault.what) for fault in topics.check(3)] == [
            (name, "missing") for name in names
        ]
        assert topics.create(3) == names
        assert topics.check(3) == []
        assert topics.create(3) == []


def test_another_count_than_the_logs_is_a_fault(empty: Broker) -> None:
    """Topics of three partitions do not fit a log of twelve; making them again changes nothing."""
    with topic.opened(empty) as topics:
        topics.create(3)
        assert topics.create(12) == []
        faults = topics.check(12)
    assert faults == [Fault(empty.topic(one.name), "partitions", "12", "3") for one in TOPICS]
    assert "would change its partition" in faults[0].message


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        (EVENTS.name, "retention.ms", "604800000"),
        (ALERTS.name, "retention.bytes", "1000000"),
        (CLOCKS.name, "cleanup.policy", "delete"),
        (WATERMARKS.name, "cleanup.policy", "compact"),
    ],
)
def test_a_setting_that_would_lose_records_is_a_fault(
    empty: Broker, name: str, setting: str, value: str
) -> None:
    """Retention that forgets events, or compaction of what must not be compacted, is named."""
    with topic.opened(empty) as topics:
        topics.create(1)
        admin = KafkaAdminClient(**empty.options())
        full = empty.topic(name)
        admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, full, configs={setting: value})]
        )
        admin.close()
        [fault] = topics.check(1)
    assert (fault.topic, fault.what, fault.found) == (full, setting, value)
