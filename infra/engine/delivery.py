"""The way of a notifier: step by step, until it is asked to stop or nothing is left to do."""

import logging
import os
import time
from collections.abc import Callable
from typing import Protocol

from infra.engine.log_lines import note

_REST = 0.25
_LAST_TRIES = 50
_REST_FOR_RESULTS = 0.1


class Notifier(Protocol):
    """What is needed of the notifier."""

    @property
    def busy(self) -> bool:
        """Tell whether something is on its way."""

    def step(self, now: int) -> bool:
        """Take the next steps for every subscriber; return True where there is more to do."""

    def finish(self, now: int) -> bool:
        """Take what comes back, send nothing more; True when all is back."""

    def abandon(self) -> None:
        """End what is on its way."""


Wait = Callable[[float], bool]
"""Rests for some seconds; True as soon as somebody asked to stop."""


class Delivery:
    """A notifier that works by itself, apart from any engine."""

    def __init__(
        self, notifier: Notifier, clock: Callable[[], int], name: str, *, once: bool
    ) -> None:
        """Take a notifier and the name it claims under; `once` ends it when nothing is left."""
        self._notifier = notifier
        self._clock = clock
        self._name = name
        self._once = once

    def run(self, wait: Wait) -> None:
        """Deliver until somebody asked to stop; raises the StoreError that keeps it from that."""
        process = str(os.getpid())
        note("notifier.started", process, name=self._name)
        try:
            self._deliver(wait)
            wind_up(self._notifier, self._clock, time.sleep)
        except Exception as error:
            note("notifier.failed", process, level=logging.ERROR, cause=type(error).__name__)
            raise
        finally:
            # After an error: nobody waits any more for what is still under way.
            self._notifier.abandon()
        note("notifier.stopped", process)

    def _deliver(self, wait: Wait) -> None:
        if self._once:
            work_off(self._step, self._notifier, wait)
            return
        while not wait(0.0 if self._step() else _REST):
            pass

    def _step(self) -> bool:
        return self._notifier.step(self._clock())


def work_off(step: Callable[[], bool], notifier: Notifier, wait: Wait) -> None:
    """Step until nothing is left to do and all that was sent has come back; `wait` may stop it.

    What failed is tried again by another process, when its time has come.
    """
    while (worked := step()) or notifier.busy:
        if wait(0.0 if worked else _REST_FOR_RESULTS):
            return


def wind_up(notifier: Notifier, clock: Callable[[], int], rest: Callable[[float], object]) -> None:
    """Wait a few seconds for deliveries on their way, then end them: they are sent again."""
    for _ in range(_LAST_TRIES):
        if notifier.finish(clock()):
            return
        rest(_REST_FOR_RESULTS)
    notifier.abandon()
