"""What the notifier needs of a way out."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain import instant

PATIENCE = 60 * instant.SECOND
"""How long a sending may take, in microseconds, before it is ended and counts as failed."""


class Delivered(NamedTuple):
    """All lines have arrived."""


class Failed(NamedTuple):
    """Some or all lines have not, or nobody can tell."""

    reason: str


Result = Delivered | Failed

DELIVERED = Delivered()


class Sending(Protocol):
    """Lines on their way."""

    def result(self, now: int) -> Result | None:
        """Return what became of them, None while that is open."""

    def abandon(self) -> None:
        """End it now: nobody will ask for a result any more."""


class Outlet(Protocol):
    """A way to one subscriber."""

    def send(self, lines: Sequence[bytes], now: int) -> Sending:
        """Send whole lines, each with its newline, in order; never waits for the subscriber."""


class Settled:
    """A sending whose result is known at once."""

    def __init__(self, result: Result) -> None:
        self._result = result

    def result(self, now: int) -> Result:
        """Return what became of it."""
        return self._result

    def abandon(self) -> None:
        """Do nothing: it is over."""
