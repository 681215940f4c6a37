"""The distributed engine on one machine: its servers, and its parts under one supervisor.

For a first look and for tests. In earnest the servers are somebody's own, and systemd or an
orchestrator supervises the parts.
"""

import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from infra.broker import LHUTA_KAFKA
from infra.closing import Closing
from infra.engine.log_lines import note
from infra.servers.kafka import Kafka
from infra.servers.postgresql import PostgreSQL
from infra.servers.server import Server, ServerFailed
from infra.settings import LHUTA_DATABASE
from infra.supervisor import Part, Supervisor

RELAY = "relay"
WORKERS = 2
PARTITIONS = 12

_ATTEMPTS = 10
_PAUSE_SECONDS = 1.0


class Cluster(Closing):
    """Servers and parts on one data folder; a context manager that starts the servers."""

    def __init__(self, data: Path, workers: int = WORKERS) -> None:
        """Describe a cluster with its data in a folder."""
        self._data = data
        self._workers = workers
        self._stack = ExitStack()
        self._database = PostgreSQL(data / "postgresql")
        self._broker = Kafka(data / "kafka")
        self._supervisor: Supervisor | None = None

    @property
    def database(self) -> str:
        """Return the URL of the database with the log and the read models."""
        return self._database.url

    @property
    def broker(self) -> str:
        """Return the bootstrap address of the broker."""
        return self._broker.address

    @property
    def logs(self) -> Path:
        """Return the folder of what the parts write."""
        return self._data / "logs"

    @property
    def environment(self) -> dict[str, str]:
        """Return what whoever works on this cluster needs in the environment."""
        return {LHUTA_DATABASE: self.database, LHUTA_KAFKA: self.broker}

    @property
    def processes(self) -> dict[str, int]:
        """Return the process ids of all that runs, by name."""
        found = {"postgresql": self._database.pid, "kafka": self._broker.pid}
        return found | (self._supervisor.processes if self._supervisor is not None else {})

    def __enter__(self) -> Self:
        """Start the servers; raises ServerFailed."""
        with ExitStack() as stack:
            stack.enter_context(self._database)
            stack.enter_context(self._broker)
            self._stack = stack.pop_all()
        return self

    def close(self) -> None:
        """Stop the parts, and then the servers."""
        self._stack.close()

    def start(self) -> None:
        """Start the parts: the log and the topics are there."""
        workers = [
            Part(f"worker-{number}", _lhuta("worker", "--web-port", "0"))
            for number in range(1, self._workers + 1)
        ]
        parts = [
            Part(RELAY, _lhuta("relay")),
            *workers,
            Part("publisher", _lhuta("publish")),
            Part("notifier", _lhuta("notify")),
        ]
        environment = {**os.environ, **self.environment, "LHUTA_DATA": str(self._data)}
        self._supervisor = self._stack.enter_context(
            Supervisor(parts, logs=self.logs, environment=environment)
        )

    def step(self) -> None:
        """Start again what has ended; raises ServerFailed where a server cannot be started."""
        self._revive("postgresql", self._database)
        self._revive("kafka", self._broker)
        if self._supervisor is not None:
            self._supervisor.step()

    def _revive(self, name: str, server: Server) -> None:
        if server.running:
            return
        note("server.ended", name, level=logging.WARNING)
        for left in reversed(range(_ATTEMPTS)):
            server.stop()
            try:
                server.start()
            except ServerFailed:
                # What a killed server leaves behind may hold its data for a moment.
                if not left:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def pause(self, part: str) -> None:
        """Stop a part, and leave it so until `resume`."""
        assert self._supervisor is not None
        self._supervisor.pause(part)

    def resume(self, part: str) -> None:
        """Let a part run again."""
        assert self._supervisor is not None
        self._supervisor.resume(part)


def _lhuta(*command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "infra.doors.cli", *command)
