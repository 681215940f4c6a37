"""What servers on this machine have in common."""

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import ClassVar, Self

LOOPBACK = "127.0.0.1"

# Below those that systems give to connections that go out: somebody who tries again and again to
# reach a server that is away would take its port, and the server could not come back.
_PORTS = range(15_000, 32_768)

_START_SECONDS = 60
_STOP_SECONDS = 30
_LOOK_SECONDS = 0.05


class ServerFailed(Exception):
    """A server cannot be had here; the message names the cause and the cure."""


class Server(ABC):
    """A server with its data in a folder; a context manager that starts and stops it.

    It can be killed at any point and started again on the same data and port.
    """

    called: ClassVar[str]
    stopped_by: ClassVar[signal.Signals] = signal.SIGTERM
    killed_by: ClassVar[signal.Signals] = signal.SIGKILL

    def __init__(self, folder: Path, port: int | None = None) -> None:
        """Describe a server; without a port a free one is taken, and kept over restarts."""
        self._folder = folder.resolve()
        self._port = free_port() if port is None else port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the id of its first process; 0 where it does not run."""
        return 0 if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether its first process is alive."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        """Return it, started."""
        if self._process is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Start it, and return when it answers; raises ServerFailed."""

    def stop(self) -> None:
        """Let it end what it does, and end it."""
        if self._process is None:
            return
        self._process.send_signal(self.stopped_by)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once, with all its processes, as a crash does."""
        if self._process is not None:
            self._process.send_signal(self.killed_by)
            self._process.wait()
            self._process = None

    @abstractmethod
    def _answers(self, pid: int) -> bool:
        """Tell whether the server of that process takes connections."""

    def _run(self, command: Sequence[str | Path], user: str | None = None) -> None:
        """Run its command, and return when it answers; raises ServerFailed."""
        path = self._folder / f"{self.called.lower()}.log"
        with path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Another user may not be let into the folder that this one is in.
                cwd=None if user is None else "/",
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                # Ctrl-C is for whoever runs it; that one stops it in its turn.
                start_new_session=True,
            )
        until = time.monotonic() + _START_SECONDS
        while not self._answers(self._process.pid):
            if not self.running or time.monotonic() > until:
                self.kill()
                said = tail(path.read_text("utf-8", "replace"))
                raise ServerFailed(f"{self.called} did not start; its log ends with:\n{said}")
            time.sleep(_LOOK_SECONDS)


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens; raises ServerFailed."""
    for port in SystemRandom().sample(_PORTS, 100):
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ServerFailed(f"there is no free port on {LOOPBACK}; end some of the servers there")


def tail(text: str, lines: int = 8) -> str:
    """Return the last lines of a server's log, for a message."""
    return "\n".join(text.splitlines()[-lines:])
