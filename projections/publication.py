"""What of the read models is still to be published, as a publisher needs it (contracts, Topics).

A back end fills it in the transaction that changes the read models, so that nothing is forgotten;
what was published is said afterwards, so that it is published at least once.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from projections.models import Announcement
from projections.rows import ClockRow


class ChangedClock(NamedTuple):
    """A clock that changed since it was published, as it is now; gone where `row` is None.

    Ticket, name and `started_by` are its identity. `position` is that of the last event of the
    ticket that was applied. Every change gives it another `version`.
    """

    version: int
    ticket: str
    clock: str
    started_by: str
    position: int
    row: ClockRow | None


class Publications(Protocol):
    """What is still to be published of each partition."""

    def alerts(self, partition: int, limit: int) -> Sequence[Announcement]:
        """Return the first announcements that were not published, in their order."""

    def alerts_published(self, partition: int, sequences: Sequence[int]) -> None:
        """Strike announcements off, by their sequences."""

    def clocks(self, partition: int, limit: int) -> Sequence[ChangedClock]:
        """Return clocks that changed since they were published, those that wait longest first.

        Those of a ticket that a rebuild has yet to reach are left out.
        """

    def clocks_published(self, partition: int, clocks: Sequence[ChangedClock]) -> None:
        """Strike clocks off as they were returned; one that has changed again stays."""
