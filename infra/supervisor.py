"""Processes kept running together: started in order, started again when they end, stopped together.

The parts of the distributed engine are fail-stop (architecture, decision 6): one that cannot go on
ends, and whoever supervises it starts it again. Systemd or an orchestrator does that as well.
"""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from infra.closing import Closing
from infra.engine.log_lines import note
from infra.store.small_file import failure

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds before a part is started again: twice as long each time, while it goes on ending."""

LIVED_WELL = 60.0
"""A part that ran for so many seconds begins with the first pause again."""

PATIENCE = 15.0
"""Seconds that a part has to stop when it is asked to; then it is killed."""


class Part(NamedTuple):
    """A process to keep running; its name is that of its log file too."""

    name: str
    command: tuple[str, ...]


class _Running:
    __slots__ = ("part", "pause", "paused", "process", "restarts", "start_at", "started_at")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_at: float = 0.0
        self.pause = FIRST_PAUSE
        self.restarts = 0
        self.paused = False


class Supervisor(Closing):
    """Keeps parts running; a context manager that stops what it started."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        logs: Path,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the parts in the order of their start; what they write goes to `logs`/NAME.log."""
        self._running = [_Running(part) for part in parts]
        self._logs = logs
        self._environment = environment
        self._clock = clock

    def __enter__(self) -> Self:
        """Start every part; raises StoreError where its log cannot be written."""
        try:
            self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise failure(error, self._logs) from error
        self.step()
        return self

    @property
    def processes(self) -> dict[str, int]:
        """Return the process ids of the parts that run, by name."""
        return {one.part.name: one.process.pid for one in self._running if one.process is not None}

    @property
    def restarts(self) -> dict[str, int]:
        """Return how often each part was started again."""
        return {one.part.name: one.restarts for one in self._running}

    def step(self) -> None:
        """Note what has ended, and start what is to run."""
        now = self._clock()
        for one in self._running:
            if one.process is not None and (status := one.process.poll()) is not None:
                self._ended(one, status, now)
            if one.process is None and not one.paused and now >= one.start_at:
                self._start(one, now)

    def close(self) -> None:
        """Ask every part to stop, the last one first; kill one that does not in time."""
        for one in reversed(self._running):
            self._stop(one)

    def pause(self, name: str) -> None:
        """Stop a part, and do not start it again before `resume`."""
        one = self._named(name)
        one.paused = True
        self._stop(one)

    def resume(self, name: str) -> None:
        """Start a part that is paused."""
        self._named(name).paused = False
        self.step()

    def _named(self, name: str) -> _Running:
        return next(one for one in self._running if one.part.name == name)

    @staticmethod
    def _stop(one: _Running) -> None:
        if one.process is None:
            return
        one.process.send_signal(signal.SIGTERM)
        try:
            one.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            note("part.killed", one.part.name, level=logging.WARNING, waited=PATIENCE)
            one.process.kill()
            one.process.wait()
        one.process = None

    def _start(self, one: _Running, now: float) -> None:
        path = self._logs / f"{one.part.name}.log"
        try:
            log = path.open("ab")
        except OSError as error:
            raise failure(error, path) from error
        with log:
            one.process = subprocess.Popen(
                one.part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self._environment is None else dict(self._environment),
                # Ctrl-C on a terminal reaches the supervisor alone, which stops them in order.
                process_group=0,
            )
        one.started_at = now
        note("part.started", one.part.name, process=one.process.pid, log=os.fspath(path))

    def _ended(self, one: _Running, status: int, now: float) -> None:
        one.process = None
        one.restarts += 1
        if now - one.started_at >= LIVED_WELL:
            one.pause = FIRST_PAUSE
        one.start_at = now + one.pause
        note("part.ended", one.part.name, level=logging.WARNING, status=status, again_in=one.pause)
        one.pause = min(2 * one.pause, LONGEST_PAUSE)
