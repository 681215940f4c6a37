"""How much one caller may ask for, so that the others are served; docs/api.md lists it."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from domain import instant

PAGE = 50
LONGEST_PAGE = 500
"""How many rows a page has, unless the caller names a number, and at most."""

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server: bytes, seconds, requests a second, streams."""

    body: int = 2 * 1024 * 1024
    headers: int = 16 * 1024
    headers_seconds: float = 10.0
    body_seconds: float = 10.0
    stalled_seconds: float = 30.0
    """How long a client may leave unread what was sent to it."""
    rate: float = 100.0
    burst: int = 200
    connections: int = 4_000
    streams: int = 2_000
    streams_of_token: int = 100
    heartbeat_seconds: float = 15.0


class Rates:
    """A bucket for each caller that fills at a steady rate; in the memory of one process."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], int]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait(self, caller: str) -> int:
        """Take one request; return 0, or in how many whole seconds the next one may come."""
        now = self._clock()
        left, since = self._buckets.pop(caller, (float(self._burst), now))
        passed = max(0, now - since) / instant.SECOND
        left = min(float(self._burst), left + passed * self._rate)
        granted = left >= 1
        self._buckets[caller] = (left - 1 if granted else left, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if granted else math.ceil((1 - left) / self._rate)
