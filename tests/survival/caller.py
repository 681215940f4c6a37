"""People who call `lhuta` as processes, and keep what it acknowledged."""

import os
import shlex
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from domain import instant
from infra.outlets.subscription import KINDS
from infra.store.deliveries import StoredDeliveries
from infra.store.log import wall_clock
from tests.conftest import REPOSITORY

LONGEST = 120
"""How many seconds any process may take before something is wrong with it."""

HERE = Path(__file__).parent

OF_THIS_TIME = ("line", "outcome")
"""What an answer says of a command only when it was sent this time."""

Process = subprocess.Popen[bytes]
Line = Mapping[str, Any]


class Ended(NamedTuple):
    """A process that came to its end: exit status and what it wrote."""

    status: int
    output: str
    errors: str


class Caller(ABC):
    """Runs `lhuta` as processes, and remembers which commands were acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[Process] = []
        self.commands: list[Path] = []
        self.acknowledged: dict[str, Line] = {}

    @property
    @abstractmethod
    def named(self) -> Mapping[str, str]:
        """Return the variables that say where what it works on is."""

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of every process: this data, this program, no one's settings."""
        kept = {name: one for name, one in os.environ.items() if not name.startswith("LHUTA_")}
        paths = os.pathsep.join((str(REPOSITORY), *filter(None, sys.path)))
        return {**kept, **self.named, "PYTHONPATH": paths}

    def be_told(self, deliveries: StoredDeliveries) -> None:
        """Let a file hear of all alerts, and a command that honours their ids."""
        subscriber = shlex.join((sys.executable, str(HERE / "subscriber.py"), str(self.folder)))
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

    def write_commands(self, name: str, tickets: int, chance: Random) -> Path:
        """Write a file of commands to so many new tickets, all of them late."""
        courses = [course(f"{name}-{number}", chance) for number in range(tickets)]
        return self.write(name, courses, chance)

    def write(self, name: str, courses: Iterable[list[dict[str, Any]]], chance: Random) -> Path:
        """Write a file of commands to tickets, mixed."""
        path = self.folder / f"{name}.jsonl"
        lines = [orjson.dumps(line) for line in shuffled(courses, chance)]
        path.write_bytes(b"\n".join(lines))
        self.commands.append(path)
        return path

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
                told = {key: one for key, one in answer.items() if key not in OF_THIS_TIME}
                assert self.acknowledged.setdefault(answer["command_id"], told) == told
        answers.unlink()

    def finish(self) -> None:
        """Send again whatever was not acknowledged."""
        for path in self.commands:
            self.note_acknowledged(path)
            with answers_of(path).open("wb") as output:
                output.write(self.done("apply", path.name, "--json").encode())
            self.note_acknowledged(path)
        self.commands.clear()


def lhuta(*command: str) -> list[str]:
    """Return how to run `lhuta`."""
    return [sys.executable, "-m", "infra.doors.cli", *command]


def answers_of(path: Path) -> Path:
    """Return the file for what was told of the commands of another."""
    return path.with_suffix(".answers")


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
    return to(ticket, lines[: chance.randint(1, len(lines))])


def to(ticket: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Address commands to a ticket, each under an id of its own."""
    for number, line in enumerate(lines):
        line["ticket"] = ticket
        line["command_id"] = str(uuid5(NAMESPACE_URL, f"{ticket}/{number}"))
    return lines


def shuffled(courses: Iterable[list[dict[str, Any]]], chance: Random) -> Iterator[dict[str, Any]]:
    """Yield the commands of many tickets mixed, those of each ticket in their order."""
    left = [list(reversed(one)) for one in courses]
    while left:
        index = chance.randrange(len(left))
        yield left[index].pop()
        if not left[index]:
            left[index] = left[-1]
            left.pop()
