"""A living desk: a data folder, and the processes that work on it, each of which may be killed."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

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
from infra.outlets.subscription import KINDS
from infra.settings import Settings
from infra.store.deliveries import SQLiteDeliveries
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from streams.envelope import encode
from tests.conftest import REPOSITORY

LONGEST = 120
"""How many seconds any process may take before something is wrong with it."""

HERE = Path(__file__).parent

Process = subprocess.Popen[bytes]
Line = Mapping[str, Any]


class Ended(NamedTuple):
    """A process that came to its end: exit status and what it wrote."""

    status: int
    output: str
    errors: str


class Desk:
    """A data folder in which every alert is told, whatever came of it so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(folder / "data")
        self.running: list[Process] = []
        self.commands: list[Path] = []
        self.imports: list[Path] = []
        self.stories: list[Sequence[RecordedEvent]] = []
        self.acknowledged: dict[str, Line] = {}
        self.settings.data.mkdir()
        policy = (REPOSITORY / "policies" / "managry.toml").read_bytes()
        now = wall_clock()
        EventLog.create(self.settings.log, policy_bytes=policy, live_from=0, now=now).close()

    def subscribe(self) -> None:
        """Tell a file of all alerts, and a command that honours their ids."""
        subscriber = shlex.join((sys.executable, str(HERE / "subscriber.py"), str(self.folder)))
        with SQLiteDeliveries.open(self.settings.deliveries) as deliveries:
            deliveries.subscribe("file", str(self.folder / "alerts.jsonl"), KINDS, lambda: 0)
            deliveries.subscribe("command", subscriber, KINDS, lambda: 0)

    def start(self, *command: str, answers: Path | None = None) -> Process:
        """Start `lhuta` as a process; what it answers goes into a file, or nowhere."""
        with (answers or Path(os.devnull)).open("ab") as output:
            process = subprocess.Popen(
                lhuta(*command),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE if command[0] == "run" else subprocess.DEVNULL,
            )
        self.running.append(process)
        return process

    def engine(self) -> Process:
        """Start an engine, and wait until it works."""
        process = self.start("run", "--log-format", "json")
        assert process.stderr is not None
        assert orjson.loads(process.stderr.readline())["action"] == "engine.started"
        # Nobody reads its log: it must not wait for a reader.
        process.stderr.close()
        return process

    def ended(self, *command: str, world: Sequence[str] = ()) -> Ended:
        """Run `lhuta` to its end, in a world that the options describe."""
        arguments = (
            [sys.executable, "-m", "tests.survival.lhuta", *world, "--", *command]
            if world
            else lhuta(*command)
        )
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def done(self, *command: str) -> str:
        """Run what succeeds, and return what it writes."""
        ended = self.ended(*command)
        assert ended.status == 0, (command, ended)
        return ended.output

    def refused(self, *command: str, world: Sequence[str] = (), status: int = 5) -> str:
        """Run what fails as documented, with a message and no traceback; return the message."""
        ended = self.ended(*command, world=world)
        assert ended.status == status, (command, ended)
        [*_, message] = ended.errors.strip().splitlines()
        assert message.startswith("Error: "), ended.errors
        return message

    def end(self) -> None:
        """End what still runs of the processes that were started here."""
        for process in self.running:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
        self.running.clear()

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of every process: this data, this program, no one's settings."""
        kept = {name: one for name, one in os.environ.items() if not name.startswith("LHUTA_")}
        paths = os.pathsep.join((str(REPOSITORY), *filter(None, sys.path)))
        return {**kept, "LHUTA_DATA": str(self.settings.data), "PYTHONPATH": paths}

    def tell_of_the_past(self) -> None:
        """Let every deadline be announced, however long ago it was."""
        with EventLog.open(self.settings.log) as log:
            log.set_live_from(0)

    def write_commands(self, name: str, tickets: int, chance: Random) -> Path:
        """Write a file of commands to so many new tickets, all of them late."""
        path = self.folder / f"{name}.jsonl"
        courses = [course(f"{name}-{number}", chance) for number in range(tickets)]
        lines = [orjson.dumps(line) for line in shuffled(courses, chance)]
        path.write_bytes(b"\n".join(lines))
        self.commands.append(path)
        return path

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

    def apply(self, path: Path) -> Process:
        """Start to carry out a file of commands."""
        return self.start("apply", path.name, "--json", answers=answers_of(path))

    def note_acknowledged(self, path: Path) -> None:
        """Remember what was told of the commands of a file; the first that was told holds."""
        answers = answers_of(path)
        if not answers.exists():
            return
        for line in answers.read_bytes().splitlines(keepends=True):
            # A line that the kill cut was not told to anybody.
            if line.endswith(b"\n"):
                answer = orjson.loads(line)
                assert answer["outcome"] != "refused", answer
                told = {key: one for key, one in answer.items() if key != "outcome"}
                assert self.acknowledged.setdefault(answer["command_id"], told) == told
        answers.unlink()

    def finish(self) -> None:
        """Send again whatever was not acknowledged, and come to rest."""
        for path in self.imports:
            self.done("import", path.name)
        for path in self.commands:
            self.note_acknowledged(path)
            with answers_of(path).open("wb") as output:
                output.write(self.done("apply", path.name, "--json").encode())
            self.note_acknowledged(path)
        self.imports.clear()
        self.commands.clear()


@contextmanager
def living_desk(folder: Path) -> Iterator[Desk]:
    """Make a desk, and end its processes in the end."""
    desk = Desk(folder)
    try:
        yield desk
    finally:
        desk.end()


def lhuta(*command: str) -> list[str]:
    """Return how to run `lhuta`."""
    return [sys.executable, "-m", "infra.doors.cli", *command]


def answers_of(path: Path) -> Path:
    """Return the file for what was told of the commands of another."""
    return path.with_suffix(".answers")


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


def ago(microseconds: int) -> str:
    """Write an instant before now, to whole seconds."""
    at = wall_clock() - microseconds
    return instant.text(at - at % instant.SECOND)


def course(ticket: str, chance: Random) -> list[dict[str, Any]]:
    """Tell of a ticket that waits too long for an answer; every deadline of it is over."""
    lines: list[dict[str, Any]] = [
        {
            "command": "open",
            "customer_id": "c-1",
            "plan": "premium",
            "channel": "email",
            "subject": "The board stays empty",
            "at": ago(6 * instant.DAY + chance.randrange(12 * instant.HOUR)),
        },
        {"command": "triage", "severity": 1, "impact": "data-at-risk", "topic": "defect"},
        {
            "command": "respond",
            "awaiting": "customer",
            "message": "Which browser?",
            "at": ago(5 * instant.DAY + chance.randrange(12 * instant.HOUR)),
        },
        {"command": "reply", "message": "Firefox", "at": ago(5 * instant.DAY)},
        {"command": "resolve", "resolution": "Fixed", "root_cause": "defect"},
    ]
    told = lines[: chance.randint(1, len(lines))]
    for number, line in enumerate(told):
        line["ticket"] = ticket
        line["command_id"] = str(uuid5(NAMESPACE_URL, f"{ticket}/{number}"))
    return told


def shuffled(courses: Iterable[list[dict[str, Any]]], chance: Random) -> Iterator[dict[str, Any]]:
    """Yield the commands of many tickets mixed, those of each ticket in their order."""
    left = [list(reversed(one)) for one in courses]
    while left:
        index = chance.randrange(len(left))
        yield left[index].pop()
        if not left[index]:
            left[index] = left[-1]
            left.pop()


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
