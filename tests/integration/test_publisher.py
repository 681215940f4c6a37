"""The publisher against a real broker: every alert and every clock gets there, in order."""

from collections.abc import Callable, Sequence
from functools import partial

import orjson
import pytest

from domain import identifier, instant
from infra.engine.log_lines import note
from infra.servers.kafka import Kafka
from projections.models import Announcement
from projections.publication import ChangedClock
from projections.rows import ClockRow
from streams.broker import Broker
from streams.producer import NotSent, Producer
from streams.publisher import Publisher
from streams.record import source_header
from streams.topic import ALERTS, CLOCKS
from tests.integration.on_kafka import PARTITIONS, Found, found, with_topics
from tests.spec.given import START

RUNNING = ClockRow(
    ticket="T-1",
    clock="initial",
    started_by="e-1",
    instance=1,
    policy="managry@1",
    plan="premium",
    started_at=START,
    targets=1,
    target_business=4 * instant.HOUR,
    target_off_hours=None,
    due_at=START + 4 * instant.HOUR,
    guard_at=None,
    satisfied_at=None,
    satisfied_by=None,
    verdict="running",
    business=None,
    off_hours=None,
)
ANSWERED = RUNNING._replace(
    satisfied_at=START + instant.HOUR,
    satisfied_by="e-2",
    verdict="met",
    business=instant.HOUR,
    off_hours=0,
)


def alert(partition: int, sequence: int) -> Announcement:
    """An announcement; the words of the alert are the projector's, so any will do."""
    name = f"{partition}/{sequence}"
    return Announcement(
        partition,
        sequence,
        identifier.of("test", name),
        f"T-{partition}",
        "breach",
        START + sequence,
        f'{{"id":"{identifier.of("test", name)}","kind":"breach"}}',
    )


class Queues:
    """What is to be published, in memory."""

    def __init__(self) -> None:
        self.alerts_left: dict[int, list[Announcement]] = {n: [] for n in range(PARTITIONS)}
        self.clocks_left: dict[int, list[ChangedClock]] = {n: [] for n in range(PARTITIONS)}

    @property
    def empty(self) -> bool:
        """Tell whether all is published."""
        return not any([*self.alerts_left.values(), *self.clocks_left.values()])

    def alerts(self, partition: int, limit: int) -> Sequence[Announcement]:
        """Return the first ones."""
        return self.alerts_left[partition][:limit]

    def alerts_published(self, partition: int, sequences: Sequence[int]) -> None:
        """Strike announcements off."""
        left = self.alerts_left[partition]
        self.alerts_left[partition] = [one for one in left if one.sequence not in sequences]

    def clocks(self, partition: int, limit: int) -> Sequence[ChangedClock]:
        """Return the first ones."""
        return self.clocks_left[partition][:limit]

    def clocks_published(self, partition: int, clocks: Sequence[ChangedClock]) -> None:
        """Strike clocks off."""
        left = self.clocks_left[partition]
        self.clocks_left[partition] = [one for one in left if one not in clocks]


class Alone:
    """A lease that is always held."""

    def take(self) -> bool:
        """Hold it."""
        return True


@pytest.fixture
def queues() -> Queues:
    """Give empty queues."""
    return Queues()


def publisher(queues: Queues, broker: Broker) -> Publisher:
    """Put a publisher together."""
    return Publisher(
        queues,
        PARTITIONS,
        source_header("/tickets"),
        Alone(),
        partial(Producer[int], broker, "publisher"),
        broker.topic,
        note,
    )


def until(done: Callable[[], bool]) -> Callable[[float], bool]:
    """Return a wait that does not rest and ends when something is done."""
    return lambda seconds: done()


def ids(records: Sequence[Found]) -> list[str]:
    """The ids of alerts, as they stand in the topic."""
    return [dict(one.headers)["ce_id"].decode() for one in records]


def test_alerts_are_published_in_order_and_struck_off(queues: Queues, broker: Broker) -> None:
    """More than a batch of each partition arrives once, whole and in the order of the outbox."""
    for number in range(PARTITIONS):
        queues.alerts_left[number] = [alert(number, sequence) for sequence in range(1, 1_300)]
    expected = [one.alert_id for left in queues.alerts_left.values() for one in left]
    publisher(queues, broker).run(until(lambda: queues.empty))
    assert ids(found(broker, ALERTS.name)) == expected


def test_an_alert_is_a_cloudevent_in_binary_mode(queues: Queues, broker: Broker) -> None:
    """Its id is that of the alert, and its value the alert word for word."""
    told = alert(1, 1)
    queues.alerts_left[1] = [told]
    publisher(queues, broker).run(until(lambda: queues.empty))
    [record] = found(broker, ALERTS.name)
    assert (record.partition, record.key, record.value) == (1, b"T-1", told.alert.encode())
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": told.alert_id.encode(),
        "ce_source": b"/tickets",
        "ce_type": b"ticket.alert.breach.v1",
        "ce_subject": b"T-1",
        "ce_time": b"2026-03-09T09:00:00.000001Z",
        "content-type": b"application/json",
        "ce_dataschema": b"urn:lhuta:schema:ticket.alert.breach.v1",
    }


def test_clocks_are_published_under_their_identity(queues: Queues, broker: Broker) -> None:
    """Each change comes as the clock's new state; of one that is gone, only the key is left."""
    queues.clocks_left[2] = [
        ChangedClock(1, "T-1", "initial", "e-1", 7, RUNNING),
        ChangedClock(2, "T-1", "initial", "e-1", 9, ANSWERED),
        ChangedClock(3, "T-1", "initial", "e-1", 12, None),
    ]
    publisher(queues, broker).run(until(lambda: queues.empty))
    records = found(broker, CLOCKS.name)
    assert {(one.partition, one.key) for one in records} == {(2, b"T-1/initial/e-1")}
    first, second, third = [one.value for one in records]
    assert third is None
    assert orjson.loads(second or b"") == {
        "ticket": "T-1",
        "clock": "initial",
        "instance": 1,
        "started_by": "e-1",
        "plan": "premium",
        "policy": "managry@1",
        "started_at": "2026-03-09T09:00:00Z",
        "due_at": "2026-03-09T13:00:00Z",
        "satisfied_at": "2026-03-09T10:00:00Z",
        "satisfied_by": "e-2",
        "verdict": "met",
        "business_seconds": 3600,
        "off_hours_seconds": 0,
        "logposition": 9,
    }
    state = orjson.loads(first or b"")
    assert (state["verdict"], state["business_seconds"]) == ("running", None)


def test_nothing_is_struck_off_that_kafka_did_not_take(queues: Queues, broker: Broker) -> None:
    """One record among others is refused: all of them stay to be published again."""
    too_long = alert(0, 2)._replace(alert="x" * 2_000_000)
    queues.alerts_left[0] = [alert(0, 1), too_long, alert(0, 3)]
    ours = publisher(queues, broker)
    with Producer[int](broker, "publisher") as producer, pytest.raises(NotSent, match="TooLarge"):
        ours.step(producer)
    assert len(queues.alerts_left[0]) == 3


def test_a_broker_that_dies_under_the_publisher_loses_nothing(
    queues: Queues, own_kafka: Kafka
) -> None:
    """Killed between sending and striking off: what is sent again has the same ids, in order."""
    broker = with_topics(own_kafka.address)
    left = [alert(0, sequence) for sequence in range(1, 2_000)]
    queues.alerts_left[0] = list(left)
    dies = iter([True])

    def wait(seconds: float) -> bool:
        if len(queues.alerts_left[0]) < 1_000 and next(dies, False):
            own_kafka.kill()
            own_kafka.start()
        return queues.empty

    publisher(queues, broker).run(wait)
    told = ids(found(broker, ALERTS.name))
    assert list(dict.fromkeys(told)) == [one.alert_id for one in left]
