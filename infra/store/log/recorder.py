"""How the `eventsourcing` library sees the log, on whatever database it stands.

The library reads by these methods; what it would append is refused.
"""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent

from infra.store.log.application import LogEvent
from infra.store.log.session import MOST, Session


class LogRecorder(ApplicationRecorder):
    """Keeps the events of the log; the library's other recorders know nothing of chain and time."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Session]:
        """Begin to read one state of the log."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Refuse: only `EventLog.append` knows the command, and can tell an earlier outcome."""
        raise TypeError("events are appended to the log by EventLog.append")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of a stream as LogEvents."""
        with self.reading() as session:
            told = session.part(
                str(originator_id),
                gt or 0,
                MOST if lte is None else lte,
                MOST if limit is None else limit,
                desc=desc,
            )
        return [LogEvent.of(one) for one in told]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events in the order of their positions, of every stream."""
        first = (start or 0) if inclusive_of_start else (start or 0) + 1
        with self.reading() as session:
            rows = session.between(first, MOST if stop is None else stop, topics, limit)
        return [
            Notification(
                originator_id=row.originator_id,
                originator_version=row.originator_version,
                topic=row.topic,
                state=row.state,
                id=row.position,
            )
            for row in rows
        ]
