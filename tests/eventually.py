"""Waiting for what must come to hold, and failing where it does not."""

import time
from collections.abc import Callable
from threading import Event

PATIENCE = 180.0
"""Seconds; many more than it takes, also on a machine that has much else to do."""

_LOOK_SECONDS = 0.01


def eventually(holds: Callable[[], bool], what: str = "what is waited for holds") -> None:
    """Wait until something holds; raises AssertionError, which says what never came to hold."""
    until, between = time.monotonic() + PATIENCE, Event()
    while not holds():
        assert time.monotonic() < until, f"after {PATIENCE:.0f} s it is not so that {what}"
        between.wait(_LOOK_SECONDS)
