"""The relay: what the log records goes to Kafka, in its order, and how far time has come.

It tails the log by position, so there is no second thing to write (architecture, decision 2). It
remembers how far Kafka has acknowledged; killed at any point, it sends a little again, which
readers ignore. For the same reason two relays harm nothing, but one is enough: a lease keeps the
others waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import takewhile
from typing import NamedTuple, Protocol

from domain import instant
from streams.record import Record, Row, Watermark, of_event, of_watermark, source_header
from streams.sender import Lease, Note, Wait, send_alone
from streams.topic import EVENTS, WATERMARKS

MARK_EVERY = instant.SECOND
"""How often each partition is told the time, and the place is kept."""

POLL_SECONDS = 0.02
"""How long to rest when there is nothing to send."""

BATCH = 2_000


class Place(NamedTuple):
    """How far the log is sent and acknowledged; the hash tells this log from another one."""

    position: int
    hash: bytes


class Sent(Protocol):
    """A place in the log, or an event there."""

    @property
    def position(self) -> int:
        """Return the position in the log."""

    @property
    def hash(self) -> bytes:
        """Return the chain's hash there."""


class Head(Protocol):
    """Where the log stands: everything recorded by `recorded_at` is at or before `position`."""

    @property
    def position(self) -> int:
        """Return the last position."""

    @property
    def recorded_at(self) -> int:
        """Return the instant, in microseconds."""


class Log(Protocol):
    """What is needed of the event log."""

    @property
    def source(self) -> str:
        """Return the `source` of its events."""

    @property
    def partitions(self) -> int:
        """Return into how many partitions its tickets are divided."""

    def partition_of(self, ticket: str) -> int:
        """Return the partition of a ticket."""

    def head(self) -> Head:
        """Return where the log stands."""

    def tick(self) -> Head:
        """Move the time of an idle log on to now, and return its head."""

    def lasts(self) -> Mapping[int, int]:
        """Return the position of the last event of every partition that has one."""

    def rows(self, after: int, limit: int) -> Sequence[Row]:
        """Return the next events of tickets; what was recorded at one instant comes together."""


class Places(Protocol):
    """Where a relay keeps how far it came."""

    def load(self) -> Place:
        """Return the place, that of a reader who has read nothing at first.

        Raises where it is no place in the log.
        """

    def save(self, place: Place) -> None:
        """Keep the place."""


class Producer(Protocol):
    """What is needed of what sends."""

    def send(self, topic: str, partition: int, record: Record, token: Sent) -> None:
        """Send a record; raises NotSent."""

    def acknowledged(self) -> Sent | None:
        """Return the token of the last record that newly counts; raises NotSent."""

    def finish(self) -> Sent | None:
        """Wait until all that was sent counts, and return the last token; raises NotSent."""


class _Mark(NamedTuple):
    """Watermarks to send when all of the log up to `after` counts."""

    after: int
    recorded_at: int
    lasts: Mapping[int, int]


class Tail:
    """The end of the log on its way to the topics, from a place on."""

    def __init__(
        self,
        log: Log,
        producer: Producer,
        place: Place,
        names: Callable[[str], str],
        clock: Callable[[], int],
    ) -> None:
        """Begin after a place; `names` gives the names that topics have."""
        self._log = log
        self._producer = producer
        self._clock = clock
        self._events = names(EVENTS.name)
        self._watermarks = names(WATERMARKS.name)
        self._source = source_header(log.source)
        self._place = place
        self._sent: Sent = place
        self._read_to = place.position
        self._head = log.head()
        # Of a partition that went on since the place, the first event to come tells.
        lasts = log.lasts()
        self._lasts = {
            partition: lasts.get(partition, 0)
            for partition in range(log.partitions)
            if lasts.get(partition, 0) <= place.position
        }
        self._marks: list[_Mark] = []
        self._marked_at: int | None = None

    @property
    def place(self) -> Place:
        """Return how far all is acknowledged."""
        return self._place

    @property
    def read_to(self) -> int:
        """Return how far the log was read."""
        return self._read_to

    def step(self) -> bool:
        """Send what is new and take what came back; return False where the log had nothing new.

        Raises NotSent.
        """
        now = self._clock()
        # A clock that was set back must not stop the time of all partitions.
        due = self._marked_at is None or not 0 <= now - self._marked_at < MARK_EVERY
        if self._read_to >= self._head.position:
            # The head before the events: what it knows of is in what is read after it.
            self._head = self._log.tick() if due else self._log.head()
        rows = self._send()
        caught_up = self._read_to >= self._head.position
        if due:
            at = self._head.recorded_at if caught_up else rows[-1].recorded_at
            self._marks.append(_Mark(self._sent.position, at, dict(self._lasts)))
            self._marked_at = now
        # In bulk more is read while Kafka takes it; the last ones are not kept waiting for others.
        self._take(self._producer.finish() if caught_up else self._producer.acknowledged())
        return bool(rows)

    def finish(self) -> None:
        """Wait until all that was sent is acknowledged; raises NotSent."""
        self._take(self._producer.finish())

    def _send(self) -> Sequence[Row]:
        """Send the next events up to the head; return them."""
        head = self._head.position
        if self._read_to >= head:
            return ()
        rows = list(
            takewhile(lambda row: row.position <= head, self._log.rows(self._read_to, BATCH))
        )
        send, partition_of, lasts = self._producer.send, self._log.partition_of, self._lasts
        for row in rows:
            partition = partition_of(row.originator_id)
            send(self._events, partition, of_event(row, self._source), row)
            lasts[partition] = row.position
        if rows:
            self._sent = rows[-1]
        # Between the last event of a ticket and the head there may be others, of no ticket.
        self._read_to = rows[-1].position if len(rows) >= BATCH else head
        return rows

    def _take(self, counted: Sent | None) -> None:
        if counted is not None:
            self._place = Place(counted.position, counted.hash)
        while self._marks and self._marks[0].after <= self._place.position:
            mark = self._marks.pop(0)
            for partition, last in sorted(mark.lasts.items()):
                told = of_watermark(Watermark(partition, last, mark.recorded_at))
                self._producer.send(self._watermarks, partition, told, self._place)


class Relay:
    """Keeps the topics in step with the log, until it is asked to stop."""

    def __init__(
        self,
        log: Log,
        places: Places,
        lease: Lease,
        producer: Callable[[], AbstractContextManager[Producer]],
        names: Callable[[str], str],
        clock: Callable[[], int],
        note: Note,
    ) -> None:
        """Put the parts together; `producer` connects one, again after each error."""
        self._log = log
        self._places = places
        self._lease = lease
        self._connected = producer
        self._names = names
        self._clock = clock
        self._note = note

    def run(self, wait: Wait) -> None:
        """Relay until somebody asks to stop.

        Raises what the log, the places and the lease raise; Kafka is tried again and again.
        """

        def follow(producer: Producer) -> None:
            place = self._places.load()
            self._note("relay.started", str(place.position))
            self._follow(Tail(self._log, producer, place, self._names, self._clock), wait)

        send_alone("relay", self._lease, self._connected, follow, wait, self._note)

    def _follow(self, tail: Tail, wait: Wait) -> None:
        kept, kept_at = tail.place, self._clock()
        try:
            while not wait(0.0 if tail.step() else POLL_SECONDS):
                now = self._clock()
                if 0 <= now - kept_at < MARK_EVERY:
                    continue
                self._lease.take()
                kept, kept_at = self._keep(kept, tail.place), now
            tail.finish()
        finally:
            # Also after an error: what counts by then is not sent again.
            self._keep(kept, tail.place)

    def _keep(self, kept: Place, place: Place) -> Place:
        if place.position > kept.position:
            self._places.save(place)
            self._note("events.relayed", str(place.position), after=kept.position)
        return place


def republish(
    log: Log,
    producer: Producer,
    start: int,
    names: Callable[[str], str],
    clock: Callable[[], int],
    progress: Callable[[int], object],
) -> Place:
    """Send everything from a position to the head of the log again; return how far that was.

    Readers ignore what they have; a topic that was made anew is filled by it. `progress` hears how
    far the log was read. Raises NotSent.
    """
    end = log.head().position
    tail = Tail(log, producer, Place(max(0, start - 1), b""), names, clock)
    while tail.read_to < end:
        tail.step()
        progress(tail.read_to)
    tail.finish()
    return tail.place
