"""Working at a desk by the command line: an empty folder, a log, and what commands answer."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from domain.event import RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.doors.cli import main
from infra.engine.follower import Mark
from infra.store.log import EventLog, publication
from infra.store.log import log as log_module
from infra.store.models import SQLiteModels
from infra.store.policies.document import parse
from projections.projector import Projector, Terms
from projections.rows import Rows
from tests.conftest import REPOSITORY

DATA = ".lhuta"

_parsed_once = cache(parse)


def settle_down(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with nobody's settings; equal policies are compiled once."""
    monkeypatch.chdir(folder)
    for name in ("LHUTA_DATA", "LHUTA_ACTOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    for module in (publication, log_module):
        monkeypatch.setattr(module, "parse", _parsed_once)


def run(*arguments: str, given: bytes = b"") -> Result:
    """Run `lhuta` with some arguments and standard input."""
    return CliRunner().invoke(main, arguments, input=given)


def done(*arguments: str, given: bytes = b"") -> str:
    """Run what succeeds without a word on standard error, and return what it prints."""
    result = run(*arguments, given=given)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def answer(*arguments: str, given: bytes = b"") -> dict[str, Any]:
    """Run what succeeds with --json, and return its one object."""
    [line] = done(*arguments, "--json", given=given).splitlines()
    answered: dict[str, Any] = orjson.loads(line)
    return answered


@contextmanager
def working(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `lhuta` in a process of its own, which is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.doors.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), *sys.path))},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[bytes], action: str) -> dict[str, Any]:
    """Read the log lines of a process up to one with an action, and return that."""
    assert process.stderr is not None
    for line in process.stderr:
        noted: dict[str, Any] = orjson.loads(line)
        if noted["action"] == action:
            return noted
    raise AssertionError(f"the process ended without {action}")


def failure(result: Result, status: int) -> str:
    """Return the message of a command that failed as documented: no traceback, no output."""
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    return result.stderr


def story(ticket: str = "T-1", data: str = DATA) -> list[RecordedEvent]:
    """Return what the log holds of a ticket, with its words."""
    with EventLog.open(Path(data, "log.db"), read_only=True) as log:
        return log.ticket(ticket, words=True)


def park() -> None:
    """Let the engine park every ticket that it did not see yet, by a fold that fails."""
    with (
        EventLog.open(Path(DATA, "log.db")) as log,
        SQLiteModels.open(Path(DATA, "models.db")) as models,
    ):
        projector = Projector(models, 0, fold=_no_fold)
        head, events = log.head(), log.read(projector.place.position, 1_000)
        mark = Mark(events[-1].position, head.recorded_at)
        projector.apply(events, Terms(log.policies(), log.live_from), mark)


def _no_fold(
    history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
) -> Rows:
    raise OutsideCalendar(2099, 2010, 2040)
