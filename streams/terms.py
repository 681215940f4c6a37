"""By what is judged: the policies and `live_from`, read from the log anew when it went on."""

from typing import Protocol

from domain.policy import Policies
from projections.projector import Terms, Watermark


class Head(Watermark, Protocol):
    """Where the log stands: everything recorded up to `recorded_at` is at or before `position`."""


class Log(Protocol):
    """What is needed of the event log."""

    @property
    def live_from(self) -> int:
        """Return the instant from which deadlines are announced."""

    def head(self) -> Head:
        """Return where the log stands."""

    def policies(self) -> Policies:
        """Return the policies published by now."""


class LogTerms:
    """The terms that hold for a batch; many partitions share one look at the log.

    What was read when the log stood at a head is all that may matter to events and time up to it
    (architecture, decision 9).
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        # Together, because several threads look: terms must not be taken for those of a later head.
        self._known: tuple[Head, Terms] | None = None

    def until(self, position: int, recorded_at: int) -> Terms:
        """Return the terms for events up to a position, and for time up to an instant."""
        if self._known is not None:
            head, terms = self._known
            if head.position >= position and head.recorded_at >= recorded_at:
                return terms
        # The head first: every policy recorded before it is among those read after it.
        head = self._log.head()
        terms = Terms(self._log.policies(), self._log.live_from)
        self._known = head, terms
        return terms
