"""A living desk: a data folder, and the processes that work on it, each of which may be killed."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson

from domain import instant
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Event,
    Opened,
    RecordedEvent,
    SeverityAssigned,
)
from infra.settings import Settings
from infra.store.deliveries import SQLiteDeliveries
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from streams.envelope import encode
from tests.conftest import REPOSITORY
from tests.survival.caller import LONGEST, Caller, Process


class Desk(Caller):
    """A data folder in which every alert is told, whatever came of it so far."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings = Settings(folder / "data")
        self.imports: list[Path] = []
        self.stories: list[Sequence[RecordedEvent]] = []
        self.settings.data.mkdir()
        policy = (REPOSITORY / "policies" / "managry.toml").read_bytes()
        now = wall_clock()
        EventLog.create(self.settings.log, policy_bytes=policy, live_from=0, now=now).close()

    @property
    def named(self) -> Mapping[str, str]:
        """Return the variable that names the data folder."""
        return {"LHUTA_DATA": str(self.settings.data)}

    def subscribe(self) -> None:
        """Tell a file of all alerts, and a command that honours their ids."""
        with SQLiteDeliveries.open(self.settings.deliveries) as deliveries:
            self.be_told(deliveries)

    def engine(self) -> Process:
        """Start an engine, and wait until it works."""
        process = self.start("run", "--log-format", "json")
        assert process.stderr is not None
        assert orjson.loads(process.stderr.readline())["action"] == "engine.started"
        # Nobody reads its log: it must not wait for a reader.
        process.stderr.close()
        return process

    def tell_of_the_past(self) -> None:
        """Let every deadline be announced, however long ago it was."""
        with EventLog.open(self.settings.log) as log:
            log.set_live_from(0)

    def write_history(self, name: str, tickets: int, chance: Random) -> Path:
        """Write a history of tickets, all of them of a year ago."""
        path = self.folder / f"{name}.history.jsonl"
        stories = [story(f"{name}-{number}", chance) for number in range(tickets)]
        path.write_bytes(b"".join(encode(event) + b"\n" for one in stories for event in one))
        self.stories += stories
        self.imports.append(path)
        return path

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Let no subscriber take anything."""
        broken = self.folder / "broken"
        broken.touch()
        alerts, aside = self.folder / "alerts.jsonl", self.folder / "alerts.aside"
        if alerts.exists():
            alerts.rename(aside)
        alerts.mkdir()
        try:
            yield
        finally:
            broken.unlink()
            alerts.rmdir()
            if aside.exists():
                aside.rename(alerts)

    def lose_read_models(self) -> None:
        """Lose the read models, with all that was announced in them."""
        for path in self.settings.data.glob("models.db*"):
            path.unlink()

    def finish(self) -> None:
        """Send again whatever was not acknowledged, and come to rest."""
        for path in self.imports:
            self.done("import", path.name)
        self.imports.clear()
        super().finish()


@contextmanager
def living_desk(folder: Path) -> Iterator[Desk]:
    """Make a desk, and end its processes in the end."""
    desk = Desk(folder)
    try:
        yield desk
    finally:
        desk.end()


class Kill(NamedTuple):
    """When a process was killed after its start, in milliseconds, or that it had ended by then."""

    after: int
    ended: bool

    def __str__(self) -> str:
        """Write it for the table."""
        return "had ended" if self.ended else f"after {self.after} ms"


def kill(process: Process, within: tuple[float, float], chance: Random) -> Kill:
    """Kill a process at a random point between so many seconds from now."""
    started = time.monotonic()
    # Not to wait for something: the random point itself is what is tested.
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=chance.uniform(*within))
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=LONGEST)
    after = round((time.monotonic() - started) * 1000)
    return Kill(after, ended=process.returncode != -signal.SIGKILL)


def stop(process: Process) -> None:
    """Ask an engine to stop, which it does cleanly."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=LONGEST) == 0


def story(ticket: str, chance: Random) -> list[RecordedEvent]:
    """Tell of a ticket of a year ago, as another system knows it."""
    events: list[Event] = [
        Opened("c-1", "premium", "email"),
        SeverityAssigned(1, "operations-halted", "defect", supported=True),
        AgentResponded("customer"),
        CustomerReplied(),
    ]
    begun = wall_clock() // instant.SECOND * instant.SECOND - 365 * instant.DAY
    return [
        RecordedEvent(
            ticket=ticket,
            version=version,
            event_id=f"{ticket}/{version}",
            occurred_at=begun + version * instant.HOUR,
            recorded_at=begun + version * instant.HOUR,
            actor="agent:a-9",
            event=event,
        )
        for version, event in enumerate(events[: chance.randint(1, len(events))], start=1)
    ]


def settle(desk: Desk) -> None:
    """Send again what was not acknowledged, and do what is left to do."""
    desk.finish()
    work_off(desk)
    with SQLiteModels.open(desk.settings.models) as models:
        parked = [row.ticket for row in models.parked()]
    for ticket in parked:
        desk.done("retry", ticket)
    if parked:
        work_off(desk)
    # What was imported lies in the past; all that is decided from now on is announced again.
    desk.tell_of_the_past()


def work_off(desk: Desk) -> None:
    """Run engines until nothing is left to deliver."""
    for _ in range(20):
        desk.done("run", "--once")
        with SQLiteDeliveries.open(desk.settings.deliveries) as deliveries:
            if not any(one.open for one in deliveries.backlogs()):
                return
    raise AssertionError("the deliveries do not come to an end")
