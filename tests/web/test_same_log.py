"""Commands over HTTP make the same log as the same commands in the process."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from domain import instant
from domain.command import Command, Open, Triage, Verify
from domain.event import RecordedEvent
from domain.refusal import Refusal
from infra import desk as in_process
from infra.doors.outcome import written
from infra.store.log import EventLog
from tests.contract.given import CREATED, LIVE_FROM, POLICY
from tests.spec.given import START
from tests.strategies import command_courses
from tests.web.conftest import BACK_ENDS
from tests.web.desk import Desk, found

PATHS = {
    "open": "/tickets",
    "triage": "/tickets/{}/triage",
    "reply": "/tickets/{}/replies",
    "respond": "/tickets/{}/responses",
    "workaround": "/tickets/{}/workarounds",
    "resolve": "/tickets/{}/resolution",
    "verify": "/tickets/{}/verification",
}
ACTOR = "agent:a-1"


class TwoDesks:
    """A desk with an API and one without, which get the same commands at the same time."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.web = Desk(folder / "web", database=database)
        self.web.__enter__()
        self.clock = self.web.clock
        self.log = EventLog.create(
            folder / "log.db",
            policy_bytes=POLICY,
            live_from=LIVE_FROM,
            now=CREATED,
            clock=self.clock,
        )
        self.desk = in_process.Desk(self.log, self.clock)
        self.courses = 0

    def close(self) -> None:
        """Let both go."""
        self.log.close()
        self.web.close()

    def by_http(self, command: Command, command_id: str) -> dict[str, Any] | str:
        """Give a command over HTTP; return its outcome, or the name of the refusal."""
        path = PATHS[in_process.NAMES[type(command)]].format(command.ticket)
        headers = {"Idempotency-Key": command_id}
        response = self.web.post("specialist", path, _body(command), headers=headers)
        told = found(response)
        return told if response.status_code < 300 else str(told["name"])

    def directly(self, command: Command, command_id: str) -> dict[str, Any] | str:
        """Give a command in the process; return its outcome, or the name of the refusal."""
        try:
            return written(self.desk.handle(command, command_id=command_id, actor=ACTOR))
        except Refusal as refusal:
            return refusal.name


@pytest.fixture(scope="module", params=BACK_ENDS)
def desks(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwoDesks]:
    """Give two desks with equal logs: one with the API on a back end, one without on a file."""
    database = None
    if request.param == "PostgreSQL":
        database = request.getfixturevalue("database_of_module")
    made = TwoDesks(tmp_path_factory.mktemp("desks"), database)
    yield made
    made.close()


@settings(max_examples=40)
@given(course=command_courses())
def test_the_same_commands_make_the_same_log(
    desks: TwoDesks, course: list[tuple[int, Command]]
) -> None:
    """Outcomes, refusals, positions, ids, times, actors and words are equal, command by command."""
    desks.courses += 1
    ticket = f"C-{desks.courses}"
    later = max(0, desks.clock.now + instant.DAY - START)
    for number, (now, command) in enumerate(course):
        desks.clock.now = now + later
        moved = _moved(replace(command, ticket=ticket), later)
        command_id = str(UUID(int=desks.courses << 16 | number))
        assert desks.by_http(moved, command_id) == desks.directly(moved, command_id)
    assert _bare(desks.web.service.log.ticket(ticket, words=True)) == _bare(
        desks.log.ticket(ticket, words=True)
    )
    assert desks.web.service.log.head().position == desks.log.head().position


def _moved(command: Command, later: int) -> Command:
    if isinstance(command, Triage | Verify) or command.occurred_at is None:
        return command
    return replace(command, occurred_at=command.occurred_at + later)


def _body(command: Command) -> dict[str, Any]:
    given = {name: value for name, value in asdict(command).items() if value is not None}
    if not isinstance(command, Open):
        del given["ticket"]
    if "environment" in given:
        parts = given["environment"].items()
        given["environment"] = {name: value for name, value in parts if value is not None}
    if "occurred_at" in given:
        given["occurred_at"] = instant.text(given["occurred_at"])
    return given


def _bare(story: list[RecordedEvent]) -> list[RecordedEvent]:
    """Return events without the digests of their words, which are salted."""
    return [one._replace(text=None) for one in story]
