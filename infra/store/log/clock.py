"""Where the present instant comes from."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present instant, in microseconds."""


def wall_clock() -> int:
    """Return the instant of this machine's clock, in microseconds."""
    return time.time_ns() // 1000
