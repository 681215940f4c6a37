"""Read models following the log: events applied and time moved on, one step after the other."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from domain.policy import Policies
from infra.store.log.request import Head, Stored
from projections.models import Place
from projections.projector import Applied, Terms

BATCH = 1_000
"""How many events are read and applied together."""

PARTITION = 0


class Log(Protocol):
    """What is needed of the event log."""

    @property
    def live_from(self) -> int:
        """Return the instant from which deadlines are announced."""

    def head(self) -> Head:
        """Return where the log stands."""

    def tick(self) -> Head:
        """Move the time of an idle log to now and return its head, a sound watermark."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of tickets, in order; none at the end."""

    def policies(self) -> Policies:
        """Return the policies published by now."""


class Projector(Protocol):
    """What is needed of a partition's projector."""

    @property
    def place(self) -> Place:
        """Return how far the partition has come."""

    def apply(
        self, events: Sequence[Stored], terms: Terms, watermark: "Mark | None" = None
    ) -> Applied:
        """Take the next events, and decide what is due by the watermark."""


class Models(Protocol):
    """What is looked up in the read models."""

    def next_turn(self, partition: int) -> int | None:
        """Return the next instant at which time alone decides something, None without any."""


class Mark(NamedTuple):
    """A watermark: all that was recorded by `recorded_at` is at or before `position`."""

    position: int
    recorded_at: int


class Step(NamedTuple):
    """What a step did, and how far the log is applied now."""

    applied: Applied
    position: int


class Follower:
    """Keeps the read models in step with the log.

    The clock decides when time is moved on, never what is decided (semantics §5).
    """

    def __init__(
        self,
        log: Log,
        projector: Projector,
        models: Models,
        *,
        clock: Callable[[], int],
        tick_every: int,
        batch: int = BATCH,
    ) -> None:
        """Follow the log; `tick_every` is how old time may grow on an idle log."""
        self._log = log
        self._projector = projector
        self._models = models
        self._clock = clock
        self._tick_every = tick_every
        self._batch = batch
        self._caught_up = False

    def terms(self) -> Terms:
        """Return by what is judged now."""
        return Terms(self._log.policies(), self._log.live_from)

    def step(self) -> Step | None:
        """Apply the next events and let time come; None where there was nothing to do.

        Raises the StoreError of a store, and the fault of a projector that cannot go on; nothing
        of the transaction was kept then.
        """
        place = self._projector.place
        # The head first: all that it knows of is in what is read after it.
        head = self._log.tick() if self._is_time(place) else self._log.head()
        batch = self._log.read(place.position, self._batch)
        position = batch[-1].position if batch else place.position
        self._caught_up = len(batch) < self._batch
        mark = Mark(position, head.recorded_at) if self._caught_up else None
        if mark is not None and not batch and mark.recorded_at <= place.decided_to:
            return None
        # After the batch: every policy recorded before it is among them.
        return Step(self._projector.apply(batch, self.terms(), mark), position)

    def _is_time(self, place: Place) -> bool:
        """Tell whether the log's time should be moved: it is old, or something is due."""
        if not self._caught_up:
            return False
        now = self._clock()
        if now - place.decided_to >= self._tick_every:
            return True
        turn = self._models.next_turn(PARTITION)
        return turn is not None and turn <= now
