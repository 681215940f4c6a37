"""Working at a desk by the command line: an empty folder, a log, and what commands answer."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from domain.event import RecordedEvent
from infra.doors.cli import main
from infra.store.log import EventLog, publication
from infra.store.log import log as log_module
from infra.store.policies.document import parse

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
