"""One partition of the read models, kept in step with the log by what comes over Kafka.

What comes may be lost, repeated or out of order, and is never needed: it only saves reading the
log. Records are applied as long as each follows the one before (`logprevious`); at anything else
the partition is behind, and reads on from its place in the log until the end (architecture,
decision 4). Free of Kafka and Faust, and of the clock.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from projections.fault import Fenced, Hole, OtherLog
from projections.models import Place
from projections.projector import Applied, Stored, Terms, Watermark

BULK = 5_000
"""How many events are read from the log and applied together by who is behind."""

REFOLDED = 200
"""How many tickets of another projector version are folded again with one watermark."""


class Log(Protocol):
    """What is needed of the event log, of which only this partition is seen."""

    def head(self) -> Watermark:
        """Return where the log stands, as a watermark of every partition."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of the partition after a position, none at the end."""

    def holds(self, position: int, hash: bytes) -> bool:
        """Tell whether the log has this hash at a position."""


class Projector(Protocol):
    """What is needed of the partition's projector."""

    @property
    def place(self) -> Place:
        """Return how far the partition has come."""

    def apply(
        self, events: Sequence[Stored], terms: Terms, watermark: Watermark | None = None
    ) -> Applied:
        """Take the next events, and decide what is due by the watermark."""

    def refold(self, limit: int, terms: Terms) -> Applied | None:
        """Fold some tickets of another projector version again, None without any."""


class KnownTerms(Protocol):
    """By what is judged."""

    def until(self, position: int, recorded_at: int) -> Terms:
        """Return the terms for events up to a position, and for time up to an instant."""


class Mark(NamedTuple):
    """A watermark: all of the partition recorded by `recorded_at` is at or before `position`."""

    position: int
    recorded_at: int


class Partition:
    """Applies what follows, and notices what does not.

    Every method that applies raises Fenced where another process moved the partition on: then all
    that was remembered of it is dropped, and `catch_up` goes on from its place in the database.
    What else is raised, the projector's and the stores' failures, must stop the worker; nothing of
    the transaction was kept.
    """

    def __init__(
        self, number: int, projector: Projector, log: Log, terms: KnownTerms, bulk: int = BULK
    ) -> None:
        """Follow partition `number` of the log; at first it is behind."""
        self.number = number
        self._projector = projector
        self._log = log
        self._terms = terms
        self._bulk = bulk
        self._behind = True
        self._held = Mark(0, 0)
        self._awaited: Watermark | None = None

    @property
    def behind(self) -> bool:
        """Tell whether to `catch_up`; until then, what comes is left to the log."""
        return self._behind

    @property
    def held(self) -> Mark:
        """Return what is applied and decided as far as this process knows, as a watermark."""
        return self._held

    def fall_behind(self) -> None:
        """Go on from the log: a record could not be read, or somebody else works here."""
        self._behind = True
        self._awaited = None

    def take(self, events: Sequence[Stored]) -> Applied:
        """Apply events that came, in whatever order."""
        awaited = self._awaited
        fresh = [] if self._behind else _new(events, self._held.position)
        if not fresh:
            return Applied()
        if awaited is not None and awaited.position > fresh[-1].position:
            awaited = None
        try:
            return self._apply(fresh, awaited)
        except Hole:
            # Some are missing, or somebody began the read models anew.
            self.fall_behind()
            return Applied()

    def mark(self, watermark: Watermark) -> Applied:
        """Let time come; what a watermark names and has not come by the next one is lost."""
        held, awaited = self._held, self._awaited
        if self._behind or watermark.recorded_at <= held.recorded_at:
            return Applied()
        if watermark.position <= held.position:
            return self._advance(watermark)
        if awaited is None:
            self._awaited = watermark
        elif watermark.recorded_at > awaited.recorded_at:
            self.fall_behind()
        return Applied()

    def catch_up(self) -> Applied:
        """Read the next events from the log in bulk; at its end the partition is behind no more.

        Raises OtherLog where the read models do not follow this log.
        """
        self.fall_behind()
        place = self._projector.place
        if place.position and not self._log.holds(place.position, bytes.fromhex(place.hash)):
            raise OtherLog(self.number, f"it has another event at position {place.position}")
        self._held = Mark(place.position, place.decided_to)
        # The head first: all that it knows of is in what is read after it.
        head = self._log.head()
        events = self._log.read(place.position, self._bulk)
        if len(events) >= self._bulk:
            return self._apply(events, None)
        last = events[-1].position if events else place.position
        applied = self._apply(events, Mark(last, head.recorded_at))
        self._behind = False
        return applied

    def _advance(self, watermark: Watermark) -> Applied:
        if self._projector.place.position != self._held.position:
            # Somebody else moved it on, or began the read models anew.
            self.fall_behind()
            return Applied()
        return self._apply((), watermark).plus(self._refold())

    def _apply(self, events: Sequence[Stored], watermark: Watermark | None) -> Applied:
        """Apply what follows on what is held; the watermark lies at or before the last event."""
        position, until = self._held
        if events:
            position = events[-1].position
            until = max(until, events[-1].recorded.recorded_at - 1)
        if watermark is not None:
            until = max(until, watermark.recorded_at)
        try:
            applied = self._projector.apply(events, self._terms.until(position, until), watermark)
        except Fenced:
            self.fall_behind()
            raise
        self._held = Mark(position, until)
        if watermark is not None:
            self._awaited = None
        return applied

    def _refold(self) -> Applied:
        try:
            return self._projector.refold(REFOLDED, self._terms.until(*self._held)) or Applied()
        except Fenced:
            self.fall_behind()
            raise


def _new(events: Sequence[Stored], held: int) -> list[Stored]:
    """Return the events above a position, each once, in the order of the log."""
    fresh = [stored for stored in events if stored.position > held]
    if all(before.position < after.position for before, after in pairwise(fresh)):
        return fresh
    return [event for _, event in sorted({event.position: event for event in fresh}.items())]
