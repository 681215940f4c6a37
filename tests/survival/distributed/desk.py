"""A desk on PostgreSQL, Kafka and all parts of the distributed engine, each of which may die."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from domain import instant
from domain.policy import Policy
from infra.doors.living.aim import breaches, warnings
from infra.servers.kafka import Kafka
from infra.servers.postgresql import PostgreSQL
from infra.store.deliveries.on_postgresql import PostgreSQLDeliveries
from infra.store.log import EventLog, wall_clock
from infra.store.policies.document import parse
from infra.supervisor import Part, Supervisor
from streams import topic
from streams.broker import Broker
from tests.conftest import REPOSITORY
from tests.eventually import eventually, for_a_while
from tests.servers.door import Door
from tests.survival.caller import Caller, Process, course, lhuta, to

PARTITIONS = 6
TICKETS = 30
"""Tickets in a file of commands."""

POLICY = (REPOSITORY / "policies" / "managry.toml").read_bytes()

HURRY = 3
"""The supervisor's time goes so much faster: a part that dies often is still started again soon."""


STOP, GO = signal.SIGSTOP, signal.SIGCONT


class Servers(NamedTuple):
    """A database and a broker on this machine; clients reach the broker through a door."""

    database: PostgreSQL
    broker: Kafka
    door: Door


class Desk(Caller):
    """A database, topics and parts of its own, on servers that others may use too."""

    def __init__(self, folder: Path, servers: Servers, name: str, tablespace: str = "") -> None:
        """Make the log and the topics; `tablespace` is where the database lies."""
        super().__init__(folder)
        self.servers = servers
        self.broker = Broker((servers.broker.address,), topic_prefix=f"{name}-")
        self.url = urlsplit(servers.database.url)._replace(path=f"/{name}").geturl()
        self.policy: Policy = parse(POLICY, "policy").policy
        self._load: list[Path] = []
        self._applying: Process | None = None
        self._supervisors: list[Supervisor] = []
        place = SQL(" TABLESPACE {}").format(Identifier(tablespace)) if tablespace else SQL("")
        with psycopg.connect(servers.database.url, autocommit=True) as server:
            server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)) + place)
        now = wall_clock()
        EventLog.create(
            self.url, policy_bytes=POLICY, partitions=PARTITIONS, live_from=0, now=now
        ).close()
        with PostgreSQLDeliveries.open(self.url) as deliveries:
            self.be_told(deliveries)
        with topic.opened(self.broker) as topics:
            topics.create(PARTITIONS)

    @property
    def named(self) -> Mapping[str, str]:
        """Return the variables that name the database and the broker."""
        return {
            "LHUTA_DATA": str(self.folder),
            "LHUTA_DATABASE": self.url,
            "LHUTA_KAFKA": str(self.broker),
            "LHUTA_KAFKA_TOPIC_PREFIX": self.broker.topic_prefix,
        }

    # The parts.

    @contextmanager
    def parts(self, *names: str) -> Iterator[None]:
        """Keep parts running; what stands after a hyphen tells parts of a kind apart."""
        supervisor = Supervisor(
            [Part(name, tuple(lhuta(*COMMANDS[name.partition("-")[0]]))) for name in names],
            logs=self.folder / "logs",
            environment=self.environment,
            clock=lambda: HURRY * time.monotonic(),
        )
        with supervisor:
            self._supervisors.append(supervisor)
            try:
                yield
            finally:
                self._supervisors.remove(supervisor)

    @property
    def processes(self) -> dict[str, int]:
        """Return the process ids of the parts that run, by name."""
        return {name: id for one in self._supervisors for name, id in one.processes.items()}

    def send_signal(self, part: str, number: signal.Signals) -> bool:
        """Send a part a signal; return whether it was there to get it."""
        if part == "apply":
            process = self._applying
            if process is None or process.poll() is not None:
                return False
            process.send_signal(number)
            return True
        id = self.processes.get(part)
        if id is None:
            return False
        os.kill(id, number)
        return True

    @contextmanager
    def without(self, *parts: str) -> Iterator[None]:
        """Do for a while without parts, each by its name or its kind."""
        stopped = [
            (supervisor, name)
            for supervisor in self._supervisors
            for name in supervisor.restarts
            if name in parts or name.partition("-")[0] in parts
        ]
        for supervisor, name in stopped:
            supervisor.pause(name)
        try:
            yield
        finally:
            for supervisor, name in stopped:
                supervisor.resume(name)

    # Time passes.

    def go_on(self, seconds: float) -> None:
        """Let it work for a while."""
        for_a_while(seconds, self.step)

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        """Let it work until something is so; `what` is what may take too long."""

        def stepped() -> bool:
            if done():
                return True
            self.step()
            return False

        eventually(stepped, f"{what} is done", self._said)

    def step(self) -> None:
        """Start what has ended, and the next file of commands when one is through."""
        for supervisor in self._supervisors:
            supervisor.step()
        if self._applying is not None and self._applying.poll() is not None:
            self.running.remove(self._applying)
            self._applying = None
        if self._applying is None and self._load:
            self._applying = self.apply(self._load.pop(0))

    def load(self, name: str, files: int, chance: Random) -> None:
        """Let commands come from now on, file by file."""
        for number in range(files):
            label = f"{name}{number}"
            courses = [course(f"{label}-{ticket}", chance) for ticket in range(TICKETS)]
            courses.append(self._soon(f"{label}-soon", chance))
            self._load.append(self.write(label, courses, chance))

    @property
    def loaded(self) -> bool:
        """Tell whether commands are still to come."""
        return bool(self._load) or self._applying is not None

    def finish(self) -> None:
        """Send again whatever was not acknowledged, as one file."""
        self.wait_until(lambda: not self.loaded, "sending commands")
        for path in self.commands:
            self.note_acknowledged(path)
        lines = [line for path in self.commands for line in path.read_bytes().splitlines()]
        again = self.folder / "again.jsonl"
        again.write_bytes(b"\n".join(lines))
        self.commands = [again]
        super().finish()

    def _soon(self, ticket: str, chance: Random) -> list[dict[str, Any]]:
        """Tell of a ticket whose deadline is announced in a few seconds, by time alone."""
        now = wall_clock()
        at = now - self.policy.settle + chance.randrange(3, 15) * instant.SECOND
        late = breaches(self.policy, at, now)
        warned = warnings(self.policy, at, now, now + 5 * instant.MINUTE)
        aim = chance.choice([*late, *warned])
        lines: list[dict[str, Any]] = [
            {
                "command": "open",
                "customer_id": "c-2",
                "plan": aim.plan,
                "channel": "phone",
                "subject": "Nobody calls back",
                "at": instant.text(aim.received_at),
            },
            {
                "command": "triage",
                "severity": aim.severity,
                "impact": self.policy.severities[aim.severity].impacts[0],
                "topic": "defect",
            },
        ]
        return to(ticket, lines)

    def _said(self) -> str:
        """Return the ends of what the parts wrote."""
        logs = sorted((self.folder / "logs").glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text()[-1_500:]}" for log in logs)


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "relay": ("relay",),
    "worker": ("worker", "--web-port", "0"),
    "publisher": ("publish",),
    "notifier": ("notify",),
}
"""The kinds of parts, by the names that they have here."""

PARTS = ("relay-1", "relay-2", "worker-1", "worker-2", "publisher-1", "notifier-1")
