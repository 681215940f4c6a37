"""Waiting for what must come to hold, and failing where it does not."""

import time
from collections.abc import Callable
from threading import Event

PATIENCE = 180.0
"""Seconds; many more than it takes, also on a machine that has much else to do."""

_LOOK_SECONDS = 0.01


def eventually(
    holds: Callable[[], bool],
    what: str = "what is waited for holds",
    told: Callable[[], str] = str,
) -> None:
    """Wait until something holds.

    Raises AssertionError, which says what never came to hold, and what else is told of it.
    """
    until, between = time.monotonic() + PATIENCE, Event()
    while not holds():
        assert time.monotonic() < until, f"after {PATIENCE:.0f} s it is not so that {what} {told()}"
        between.wait(_LOOK_SECONDS)


def for_a_while(seconds: float, step: Callable[[], object]) -> None:
    """Do something again and again, where it is the time that is tried: of a load, or an outage."""
    until, between = time.monotonic() + seconds, Event()
    while (left := until - time.monotonic()) > 0:
        step()
        between.wait(min(left, _LOOK_SECONDS))
