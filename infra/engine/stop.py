"""Being asked to stop: SIGTERM and SIGINT end the work after what is under way, not in it."""

import os
import select
import signal
from types import FrameType
from typing import Any, Self

from infra.closing import Closing

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop(Closing):
    """Takes the two signals while it is entered; only in the main thread."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}
        self._woken, self._wakes = -1, -1

    def __enter__(self) -> Self:
        """Take the signals."""
        # A wait on a pipe cannot be missed: a signal between the look and the wait is in it.
        self._woken, self._wakes = os.pipe()
        self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def close(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._woken)
        os.close(self._wakes)

    def wait(self, seconds: float) -> bool:
        """Wait, and return True as soon as somebody asked to stop."""
        if not self.asked:
            select.select([self._woken], [], [], max(0.0, seconds))
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            os.write(self._wakes, b"!")
