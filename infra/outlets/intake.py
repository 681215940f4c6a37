"""Announcements taken from the outbox of the read models into the deliveries.

The read models may be lost and made anew at any time, with another outbox. So of what they
announced or will announce nothing may stand in them alone that a new outbox would not have: what
was decided after `settled_to` is announced anew, and what was decided before it was taken.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from domain import instant
from infra.outlets.deliveries import NOTHING_TAKEN, Deliveries, Taken
from projections.models import Announcement, Place
from projections.rows import ParkedRow

TOGETHER = 1_000
"""How many announcements are taken in one transaction."""

SETTLE_EVERY = 1 * instant.MINUTE
"""How often time is settled of a partition that announces nothing: a desk at rest writes little."""


class Outbox(Protocol):
    """What is looked up in the read models."""

    def reading(self) -> AbstractContextManager[None]:
        """Begin a transaction that sees everything as of one moment."""

    def place(self, partition: int) -> Place | None:
        """Return how far a partition has come, None before its first batch."""

    def parked(self) -> Sequence[ParkedRow]:
        """Return every parked ticket."""

    def outbox_ends(self) -> Sequence[tuple[int, int, str]]:
        """Return (partition, sequence, alert id) of the last announcement of every partition."""

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""


class _Settled(NamedTuple):
    """All was taken, up to this announcement, and time was settled at this instant."""

    sequence: int
    alert_id: str
    at: int


class Intake:
    """Takes what is announced, once, in the order of each partition, however many take."""

    def __init__(self, outbox: Outbox, deliveries: Deliveries) -> None:
        self._outbox = outbox
        self._deliveries = deliveries
        self._settled: dict[int, _Settled] = {}

    def step(self, now: int) -> bool:
        """Take the next announcements of every partition; return True where there is more.

        Raises the StoreError that keeps them from being taken.
        """
        more = [
            self._take(partition, now)
            for partition, sequence, alert_id in self._outbox.outbox_ends()
            if not self._is_settled(partition, sequence, alert_id, now)
        ]
        return any(more)

    def _is_settled(self, partition: int, sequence: int, alert_id: str, now: int) -> bool:
        settled = self._settled.get(partition)
        # A clock that was set back must not keep time from being settled.
        return (
            settled is not None
            and (settled.sequence, settled.alert_id) == (sequence, alert_id)
            and 0 <= now - settled.at < SETTLE_EVERY
        )

    def _take(self, partition: int, now: int) -> bool:
        before = self._deliveries.taken(partition)
        # One moment, or what a retry announces just now would be neither parked nor there.
        with self._outbox.reading():
            place = self._outbox.place(partition)
            if place is None:
                return False
            reached, fresh = self._following(partition, before or NOTHING_TAKEN)
            settled_to = self._settled_to(partition, place)
        after = reached
        if fresh:
            after = reached._replace(sequence=fresh[-1].sequence, alert_id=fresh[-1].alert_id)
        more = len(fresh) == TOGETHER
        if not more:
            after = after._replace(settled_to=settled_to)
        if after != before and not self._deliveries.take(partition, before, after, fresh, now):
            return True  # another notifier was faster
        if not more:
            self._settled[partition] = _Settled(after.sequence, after.alert_id, now)
        return more

    def _following(self, partition: int, taken: Taken) -> tuple[Taken, Sequence[Announcement]]:
        """Return what comes after what was taken; all of an outbox that was begun anew."""
        if taken.sequence:
            found = self._outbox.outbox(partition, taken.sequence - 1, TOGETHER + 1)
            if found and found[0].alert_id == taken.alert_id:
                return taken, found[1:]
        anew = taken._replace(sequence=0, alert_id="")
        return anew, self._outbox.outbox(partition, 0, TOGETHER)

    def _settled_to(self, partition: int, place: Place) -> int:
        """Return up to which instant of decision nothing more is announced.

        A parked ticket announces later what it was to tell before.
        """
        untold = [row.announced_to for row in self._outbox.parked() if row.partition == partition]
        return min([max(place.decided_to, place.announced_to), *untold])
