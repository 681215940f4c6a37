"""The relay's order of sending, held step by step: events, their acknowledgement, then the time."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from domain.event import CustomerReplied, RecordedEvent
from infra.store.log import Head
from infra.store.log.plan import EventRow
from streams import record, relay
from streams.record import Record, Watermark
from streams.relay import Place, Sent, Tail
from tests.property.test_records import stored
from tests.spec.given import START

SECOND = 1_000_000
PARTITIONS = {"A": 0, "B": 1}
PROOF = b"\x01" * 32


class Log:
    """A log of two partitions: tickets A and B, an event each microsecond.

    `meanwhile` is recorded by others just before the next events are read.
    """

    source = "/tickets"
    partitions = 2

    def __init__(self, *tickets: str) -> None:
        self.tickets: list[str] = []
        self.meanwhile: list[str] = []
        self.now = START
        self.add(*tickets)

    def add(self, *tickets: str) -> None:
        """Record one more event of each ticket."""
        self.tickets += tickets

    def partition_of(self, ticket: str) -> int:
        """Return the partition of a ticket."""
        return PARTITIONS[ticket]

    def head(self) -> Head:
        """Return where the log stands."""
        return Head(len(self.tickets), START + len(self.tickets), PROOF)

    def tick(self) -> Head:
        """Return where the log stands now."""
        return self.head()._replace(recorded_at=max(self.now, START + len(self.tickets)))

    def lasts(self) -> dict[int, int]:
        """Return the last position of each partition."""
        return {PARTITIONS[one]: place for place, one in enumerate(self.tickets, start=1)}

    def rows(self, after: int, limit: int) -> Sequence[EventRow]:
        """Return the next events."""
        while self.meanwhile:
            self.add(self.meanwhile.pop())
        places = range(after + 1, min(len(self.tickets), after + limit) + 1)
        return [self._row(place) for place in places]

    def _row(self, place: int) -> EventRow:
        ticket = self.tickets[place - 1]
        earlier = (n for n in range(1, place) if self.tickets[n - 1] == ticket)
        event = RecordedEvent(ticket, 1, "e", START, START + place, "agent:a-1", CustomerReplied())
        return stored(place, max(earlier, default=0), PROOF, event)


class Kafka:
    """Takes records, and acknowledges them when it is told to."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.waiting: list[Sent] = []
        self.acknowledges = True

    def send(self, topic: str, partition: int, sent: Record, token: Sent) -> None:
        """Write down what comes: positions of events, and watermarks."""
        if topic == "ticket-watermarks":
            mark = record.watermark(sent.key, sent.value)
            assert mark.partition == partition
            self.said.append(mark)
        else:
            self.said.append(record.event(*sent).position)
        self.waiting.append(token)

    def acknowledged(self) -> Sent | None:
        """Acknowledge all, or nothing."""
        if not self.acknowledges or not self.waiting:
            return None
        token = self.waiting[-1]
        self.waiting.clear()
        return token

    def finish(self) -> Sent | None:
        """Acknowledge all, or nothing."""
        return self.acknowledged()


@pytest.fixture
def kafka() -> Kafka:
    """Give a broker that acknowledges at once."""
    return Kafka()


def tail(log: Log, kafka: Kafka, after: int = 0, clock: Callable[[], int] | None = None) -> Tail:
    """Begin to send a log after a position."""
    return Tail(log, kafka, Place(after, PROOF), str, clock or (lambda: log.now))


def test_events_go_before_the_time_that_covers_them(kafka: Kafka) -> None:
    """All that the head knows of is sent in order, then each partition learns of its last one."""
    log = Log("A", "B", "A")
    tail(log, kafka).step()
    assert kafka.said == [1, 2, 3, Watermark(0, 3, START + 3), Watermark(1, 2, START + 3)]


def test_what_comes_after_the_head_waits_for_the_next_step(kafka: Kafka) -> None:
    """The time of a head covers no event that was recorded after it."""
    log = Log("A")
    ours = tail(log, kafka)
    log.meanwhile = ["A"]
    ours.step()
    assert kafka.said == [1, Watermark(0, 1, START + 1), Watermark(1, 0, START + 1)]
    ours.step()
    assert kafka.said[3:] == [2]


def test_no_time_is_told_before_kafka_has_the_events(kafka: Kafka) -> None:
    """The time waits for the acknowledgements; it is told as it was when the log was read."""
    log = Log("A")
    kafka.acknowledges = False
    ours = tail(log, kafka)
    ours.step()
    log.add("B")
    ours.step()
    assert kafka.said == [1, 2]
    assert ours.place.position == 0
    kafka.acknowledges = True
    ours.step()
    assert kafka.said[2:] == [Watermark(0, 1, START + 1), Watermark(1, 0, START + 1)]
    assert ours.place == Place(2, PROOF)


def test_time_goes_on_once_a_second_while_nothing_happens(kafka: Kafka) -> None:
    """An idle log's time is moved and told to both partitions; in between nothing is said."""
    log = Log("A")
    ours = tail(log, kafka)
    ours.step()
    kafka.said.clear()
    log.now += SECOND - 1
    assert not ours.step()
    assert kafka.said == []
    log.now += 1
    assert not ours.step()
    assert kafka.said == [Watermark(0, 1, log.now), Watermark(1, 0, log.now)]


def test_a_clock_that_was_set_back_stops_no_time(kafka: Kafka) -> None:
    """The next step tells of the time at once, and not after the hour that was gained."""
    log = Log("A")
    ours = tail(log, kafka)
    ours.step()
    kafka.said.clear()
    log.now -= 3_600 * SECOND
    ours.step()
    assert kafka.said == [Watermark(0, 1, START + 1), Watermark(1, 0, START + 1)]


def test_a_backlog_tells_the_time_of_what_it_has_sent(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amid a backlog time goes up to the last event sent; a partition whose last is yet unknown
    learns nothing."""
    monkeypatch.setattr(relay, "BATCH", 2)
    log = Log("A", "B", "A", "A", "A", "B")
    tail(log, kafka, after=2).step()
    assert kafka.said == [3, 4, Watermark(0, 4, START + 4)]


def test_a_tail_goes_on_after_its_place(kafka: Kafka) -> None:
    """Nothing up to the place is sent, and idle partitions keep the last position that they had."""
    log = Log("A", "B", "A")
    ours = tail(log, kafka, after=3)
    assert not ours.step()
    assert kafka.said == [Watermark(0, 3, START + 3), Watermark(1, 2, START + 3)]
