"""Why a projector stops, or does not do what it was asked: one named type a cause."""

from collections.abc import Mapping

from domain.event import RecordedEvent
from projections.models import History
from projections.rows import ParkedRow


class UnreadableHistory(ValueError):
    """What the read models keep of a ticket is not what was written; the log has it all.

    It stands where a History would, and is raised where its events are asked for.
    """

    def __init__(self, ticket: str, kept: History, error: Exception) -> None:
        super().__init__(
            f"the history that the read models keep cannot be read "
            f"({type(error).__name__}: {error}); `lhuta retry {ticket}` takes it from the log"
        )
        self.position = kept.position
        self.next_turn = kept.next_turn
        self.projector_version = kept.projector_version

    @property
    def events(self) -> tuple[RecordedEvent, ...]:
        """Raise this: there are none to be had."""
        raise self


class UnreadableHistories(Exception):
    """Of the tickets asked for, some histories cannot be read; `histories` has all of them."""

    def __init__(self, histories: Mapping[str, History | UnreadableHistory]) -> None:
        names = [name for name, one in histories.items() if isinstance(one, UnreadableHistory)]
        super().__init__(f"the kept histories of {', '.join(names)} cannot be read")
        self.histories = histories


class Hole(Exception):
    """Events between what was applied and what came are missing; read them from the log."""

    def __init__(self, partition: int, held: int, wanted: int) -> None:
        super().__init__(
            f"partition {partition} holds position {held} and was given what follows {wanted}; "
            f"read what lies between from the log, after position {held}"
        )
        self.held = held
        self.wanted = wanted


class Fenced(Exception):
    """Somebody else moved the partition on; what this process remembers of it is worth nothing."""

    def __init__(self, partition: int) -> None:
        super().__init__(
            f"another process works on partition {partition} of the read models; "
            "nothing of this batch was kept, and this process must let the partition go"
        )


class OtherLog(Exception):
    """The read models follow another log, or one that was restored to an earlier state."""

    def __init__(self, partition: int, reason: str) -> None:
        super().__init__(
            f"the read models of partition {partition} do not follow this log: {reason}; "
            "make them anew with `lhuta rebuild`"
        )


class TooManyParked(Exception):
    """So many tickets failed at once that the fault is not theirs."""

    def __init__(self, count: int, last: ParkedRow) -> None:
        super().__init__(
            f"{count} tickets failed within a minute, the last one {last.ticket} with "
            f"{last.error}: {last.reason}; nothing of this batch was kept: mend the cause "
            "(the policy's calendar, or this program) and start again"
        )


class NotParked(Exception):
    """A ticket that is to be folded again is not parked."""

    def __init__(self, ticket: str) -> None:
        super().__init__(f"ticket {ticket} is not parked; `lhuta parked` lists those that are")
