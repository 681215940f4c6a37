"""A worker's share: the partitions that it was assigned, and what came for them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Literal, Protocol

from projections.fault import Fenced
from projections.projector import Applied, Stored, Watermark
from streams import record
from streams.record import Undecodable, UnknownType

Way = Literal["stream", "watermark", "log"]
"""How what was applied came: records, a watermark, or in bulk from the log."""

GROUP = "lhuta-worker"
"""The consumer group among whose members the partitions are shared."""

LANES = 2
"""How many partitions are read in bulk at once: one folds while the database works for another."""


class Message(Protocol):
    """A record as it came from a topic."""

    @property
    def partition(self) -> int:
        """Return the partition."""

    @property
    def key(self) -> bytes | None:
        """Return the key."""

    @property
    def value(self) -> bytes | None:
        """Return the value."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]:
        """Return the headers."""


class Partition(Protocol):
    """What is needed of a partition that follows the log."""

    @property
    def behind(self) -> bool:
        """Tell whether it is to catch up."""

    @property
    def held(self) -> Watermark:
        """Return what is applied and decided."""

    def fall_behind(self) -> None:
        """Go on from the log."""

    def take(self, events: Sequence[Stored]) -> Applied:
        """Apply events that came."""

    def mark(self, watermark: Watermark) -> Applied:
        """Let time come."""

    def catch_up(self) -> Applied:
        """Read the next events from the log in bulk."""


class Watcher(Protocol):
    """Hears what is done, for the log lines and the metrics of the worker.

    Of what is applied it hears in the thread of the partition's lane.
    """

    def assigned(self, partitions: Sequence[int]) -> None:
        """Hear which partitions the worker has from now on."""

    def marked(self, partition: int, watermark: Watermark) -> None:
        """Hear of a watermark that came."""

    def begins(self, partition: int) -> None:
        """Hear that something will be applied."""

    def applied(self, partition: int, way: Way, applied: Applied, held: Watermark) -> None:
        """Hear what was applied, and how far the partition is now."""

    def left_to_the_log(self, partition: int, reason: str) -> None:
        """Hear that a partition goes on from the log, and why."""


class Share:
    """Hands what comes to the partitions that the worker has, and lets the others' pass.

    Every method raises what must stop the worker.
    """

    def __init__(self, follow: Callable[[int, int], Partition], watcher: Watcher) -> None:
        """Begin with no partition.

        `follow(number, lane)` begins one from its place in the database, over what its lane has to
        itself; lanes count from 0.
        """
        self._follow = follow
        self._watcher = watcher
        self._partitions: dict[int, Partition] = {}
        self._lanes: dict[int, int] = {}
        self._threads = ThreadPoolExecutor(LANES, "lane")

    def hold(self, numbers: Iterable[int]) -> None:
        """Have these partitions and no other; of those that go, nothing is remembered."""
        held = sorted(numbers)
        self._lanes = {number: lane for number, lane in self._lanes.items() if number in held}
        for number in held:
            if number not in self._lanes:
                taken = Counter(self._lanes.values())
                self._lanes[number] = min(range(LANES), key=lambda lane: taken[lane])
        self._partitions = {
            number: self._partitions.get(number) or self._follow(number, self._lanes[number])
            for number in held
        }
        self._watcher.assigned(list(self._partitions))

    def events(self, messages: Iterable[Message]) -> None:
        """Apply records of events, each partition's in one transaction.

        A record that cannot be read makes its partition go on from the log, where it is: so is
        one of an unknown type, and if the log has it too, that stops the worker.
        """
        arrived: dict[int, list[Stored]] = {}
        for message in messages:
            number = message.partition
            partition = self._partitions.get(number)
            if partition is None or partition.behind:
                continue
            try:
                event = record.event(message.key, message.value, message.headers)
            except (Undecodable, UnknownType) as error:
                arrived.pop(number, None)
                partition.fall_behind()
                self._watcher.left_to_the_log(number, str(error))
            else:
                arrived.setdefault(number, []).append(event)
        for number, events in arrived.items():
            partition = self._partitions[number]
            self._apply(number, "stream", partition, partial(partition.take, events))

    def watermarks(self, messages: Iterable[Message]) -> None:
        """Let time come; of many watermarks of a partition the newest tells all.

        One that cannot be read is followed by the next.
        """
        newest: dict[int, record.Watermark] = {}
        for message in messages:
            try:
                watermark = record.watermark(message.key, message.value)
            except Undecodable:
                continue
            known = newest.get(watermark.partition)
            if known is None or known.recorded_at < watermark.recorded_at:
                newest[watermark.partition] = watermark
        for number, watermark in newest.items():
            partition = self._partitions.get(number)
            if partition is None:
                continue
            self._watcher.marked(number, watermark)
            if not partition.behind:
                self._apply(number, "watermark", partition, partial(partition.mark, watermark))

    def catch_up(self) -> bool:
        """Read on in the log for each partition that is behind; return whether some still are."""
        lanes = {self._lanes[number] for number, one in self._partitions.items() if one.behind}
        reading = [self._threads.submit(self._read_on, lane) for lane in lanes]
        wait(reading)
        for one in reading:
            one.result()
        return any(partition.behind for partition in self._partitions.values())

    def _read_on(self, lane: int) -> None:
        for number, partition in self._partitions.items():
            if self._lanes[number] == lane and partition.behind:
                self._apply(number, "log", partition, partition.catch_up)

    def _apply(
        self, number: int, way: Way, partition: Partition, apply: Callable[[], Applied]
    ) -> None:
        self._watcher.begins(number)
        try:
            applied = apply()
        except Fenced as error:
            self._watcher.left_to_the_log(number, str(error))
            return
        self._watcher.applied(number, way, applied, partition.held)
        if partition.behind and way != "log":
            self._watcher.left_to_the_log(number, "events are missing")
