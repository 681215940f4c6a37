"""The event log as one of its partitions sees it."""

from collections.abc import Sequence

from domain.event import RecordedEvent
from infra.store.log import Cursor, EventLog, Head, Stored


class PartitionLog:
    """The event log, of which only the events of one partition are seen."""

    def __init__(self, log: EventLog, number: int) -> None:
        self._log = log
        self._number = number

    def head(self) -> Head:
        """Return where the log stands."""
        return self._log.head()

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of the partition after a position, none at the end."""
        return self._log.read(after, limit, self._number)

    def ticket(self, ticket: str) -> Sequence[RecordedEvent]:
        """Return the whole history of a ticket, nothing where there is none."""
        return self._log.ticket(ticket)

    def holds(self, position: int, hash: bytes) -> bool:
        """Tell whether the log has this hash at a position."""
        return self._log.holds(Cursor(position, hash))
