"""A worker's share of the partitions, and what it does with the records that come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Barrier
from typing import NamedTuple

import orjson
import pytest

from domain import instant
from domain.event import RecordedEvent
from projections.fault import Fenced
from projections.projector import Applied, Stored, Watermark
from streams import record
from streams.share import LANES, Share, Way
from tests.property.test_records import SOURCE, stored
from tests.spec.desk import ticket
from tests.spec.partition import Mark


class Sent(NamedTuple):
    """A record in a partition of a topic."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]] = ()


NOWHERE = Mark(0, 0)


@dataclass
class FakePartition:
    """A partition that remembers what was asked of it."""

    behind: bool = False
    held: Watermark = NOWHERE
    done: list[object] = field(default_factory=list)
    fenced: bool = False
    together: Barrier | None = None
    failure: Exception | None = None

    def fall_behind(self) -> None:
        """Be behind."""
        self.behind = True

    def take(self, events: Sequence[Stored]) -> Applied:
        """Remember the events."""
        if self.fenced:
            raise Fenced(0)
        self.done.append([event.position for event in events])
        return Applied(len(events))

    def mark(self, watermark: Watermark) -> Applied:
        """Remember the watermark."""
        self.done.append((watermark.position, watermark.recorded_at))
        return Applied()

    def catch_up(self) -> Applied:
        """Catch up, once the others that are to do so at the same time are here."""
        if self.together is not None:
            self.together.wait(60)
        if self.failure is not None:
            raise self.failure
        self.done.append("log")
        self.behind = False
        return Applied()


class Witness:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def assigned(self, partitions: Sequence[int]) -> None:
        """Hear of an assignment."""
        self.heard.append(("assigned", *partitions))

    def marked(self, partition: int, watermark: Watermark) -> None:
        """Hear of a watermark."""
        self.heard.append(("marked", partition, watermark.position))

    def begins(self, partition: int) -> None:
        """Hear of a beginning."""

    def applied(self, partition: int, way: Way, applied: Applied, held: Watermark) -> None:
        """Hear of what was applied."""
        self.heard.append((way, partition, applied.events))

    def left_to_the_log(self, partition: int, reason: str) -> None:
        """Hear of a partition that is behind."""
        self.heard.append(("behind", partition))


def sent(partition: int, position: int, event: RecordedEvent) -> Sent:
    """The record of an event."""
    made = record.of_event(stored(position, position - 1, b"\x01" * 32, event), SOURCE)
    return Sent(partition, made.key, made.value, made.headers)


def marked(partition: int, position: int, at: str) -> Sent:
    """The record of a watermark."""
    value = orjson.dumps({"time": at, "position": position})
    return Sent(partition, str(partition).encode(), value)


EVENT = ticket("T-1").opened("2026-03-09 08:00").history[0]


@pytest.fixture
def partitions() -> dict[int, FakePartition]:
    """Give three partitions."""
    return {number: FakePartition() for number in range(3)}


@pytest.fixture
def witness() -> Witness:
    """Give somebody who hears."""
    return Witness()


@pytest.fixture
def share(partitions: dict[int, FakePartition], witness: Witness) -> Share:
    """Give a share of the first two partitions."""
    made = Share(lambda number, lane: partitions[number], witness)
    made.hold([0, 1])
    return made


def test_records_go_to_their_partitions_each_once(
    share: Share, partitions: dict[int, FakePartition]
) -> None:
    """What is together goes together; what belongs to others is let pass."""
    share.events([sent(0, 3, EVENT), sent(1, 4, EVENT), sent(2, 5, EVENT), sent(0, 6, EVENT)])
    assert [partitions[number].done for number in range(3)] == [[[3, 6]], [[4]], []]


@pytest.mark.parametrize(
    "bad",
    [
        Sent(0, b"T-1", b"{"),
        Sent(0, None, None),
        sent(0, 4, EVENT)._replace(value=b"[]"),
        sent(0, 4, EVENT)._replace(key=b"T-2"),
        sent(0, 4, EVENT)._replace(
            headers=[
                (name, b"ticket.sold.v9" if name == "ce_type" else value)
                for name, value in sent(0, 4, EVENT).headers
            ]
        ),
    ],
)
def test_a_record_that_cannot_be_read_is_left_to_the_log(
    bad: Sent, share: Share, partitions: dict[int, FakePartition], witness: Witness
) -> None:
    """Nothing of its partition is applied before the log was asked, and the others go on."""
    share.events([sent(0, 3, EVENT), bad, sent(0, 5, EVENT), sent(1, 4, EVENT)])
    assert partitions[0].behind
    assert partitions[0].done == []
    assert partitions[1].done == [[4]]
    assert ("behind", 0) in witness.heard
    assert share.catch_up() is False
    assert partitions[0].done == ["log"]


def test_of_many_watermarks_the_newest_tells_all(
    share: Share, partitions: dict[int, FakePartition]
) -> None:
    """One that cannot be read is passed over; the next one comes in a second."""
    share.watermarks(
        [
            marked(0, 3, "2026-03-09T08:00:01Z"),
            marked(0, 4, "2026-03-09T08:00:03Z"),
            marked(0, 3, "2026-03-09T08:00:02Z"),
            Sent(1, b"1", b"soon"),
            marked(2, 9, "2026-03-09T08:00:03Z"),
        ]
    )
    assert partitions[0].done == [(4, instant.parse("2026-03-09T08:00:03Z"))]
    assert partitions[1].done == partitions[2].done == []


def test_what_comes_for_who_is_behind_is_left_to_the_log(
    share: Share, partitions: dict[int, FakePartition]
) -> None:
    """It is all there, and is read in bulk."""
    partitions[0].behind = True
    share.events([sent(0, 3, EVENT)])
    share.watermarks([marked(0, 3, "2026-03-09T08:00:01Z")])
    assert partitions[0].done == []


def test_who_is_fenced_goes_on_from_the_log(
    share: Share, partitions: dict[int, FakePartition], witness: Witness
) -> None:
    """Another process works on the partition; that stops nobody."""
    partitions[0].fenced = True
    share.events([sent(0, 3, EVENT), sent(1, 4, EVENT)])
    assert ("behind", 0) in witness.heard
    assert partitions[1].done == [[4]]


def test_what_is_let_go_is_forgotten(
    share: Share, partitions: dict[int, FakePartition], witness: Witness
) -> None:
    """What was assigned to another worker is read from the database when it comes back."""
    before = partitions[0]
    share.hold([1])
    partitions[0] = FakePartition()
    share.hold([0, 1])
    share.events([sent(0, 3, EVENT)])
    assert before.done == []
    assert partitions[0].done == [[3]]
    assert [one for one in witness.heard if one[0] == "assigned"] == [
        ("assigned", 0, 1),
        ("assigned", 1),
        ("assigned", 0, 1),
    ]


def test_as_many_partitions_as_there_are_lanes_read_the_log_at_once(
    share: Share, partitions: dict[int, FakePartition]
) -> None:
    """The database works for one while another folds; each waits here for the other."""
    together = Barrier(LANES)
    for number in (0, 1):
        partitions[number].behind = True
        partitions[number].together = together
    assert share.catch_up() is False
    assert [partitions[number].done for number in (0, 1)] == [["log"], ["log"]]


def test_a_failure_is_told_when_all_that_read_the_log_have_ended(
    share: Share, partitions: dict[int, FakePartition]
) -> None:
    """It stops the worker, which nothing may be under way for then."""
    together = Barrier(LANES)
    for number in (0, 1):
        partitions[number].behind = True
        partitions[number].together = together
    partitions[0].failure = RuntimeError("the database is gone")
    with pytest.raises(RuntimeError, match="the database is gone"):
        share.catch_up()
    assert partitions[1].done == ["log"]


def test_partitions_are_shared_out_evenly_among_the_lanes() -> None:
    """Also after some went, and others came."""
    lanes: dict[int, int] = {}

    def follow(number: int, lane: int) -> FakePartition:
        lanes[number] = lane
        return FakePartition()

    made = Share(follow, Witness())
    made.hold([0, 1, 2, 3])
    made.hold([0, 2, 5, 6])
    assert sorted(lanes[number] for number in (0, 2, 5, 6)) == [0, 0, 1, 1]
