"""Appends, stories and policies for the tests of the log."""

import re
from hashlib import sha256

from domain import instant
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.refusal import CommandReused
from infra.store.log import Append, Draft, EventLog, Outcome
from tests.conftest import REPOSITORY

CREATED = instant.parse("2026-03-09T08:00:00Z")
LIVE_FROM = CREATED + instant.MINUTE
NOW = CREATED + instant.HOUR

# The published policy with a calendar of two years, which compiles in no time.
POLICY = re.sub(
    rb"    \{ date = (?!202[67]).*\n",
    b"",
    (REPOSITORY / "policies" / "managry.toml")
    .read_bytes()
    .replace(b"years = [2010, 2040]", b"years = [2026, 2027]"),
)

OPENED = Opened("c-1", "premium", "email", Environment(browser="Firefox 137"), None)
REPLIED = CustomerReplied()
EVERY_EVENT: tuple[Event, ...] = (
    OPENED,
    SeverityAssigned(1, "operations-halted", "defect", supported=True),
    REPLIED,
    AgentResponded("customer"),
    WorkaroundFound("support"),
    Resolved("defect"),
    Verified("retest"),
)


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        """Return the instant that it shows."""
        return self.now


def second_policy(effective_from: int) -> bytes:
    """Return the second version of POLICY, in force from an instant."""
    return POLICY.replace(
        b"version = 1\n",
        f"version = 2\neffective_from = {instant.text(effective_from)}\n".encode(),
        1,
    )


def digest(content: str) -> bytes:
    """Return a digest as the desk makes them of commands."""
    return sha256(content.encode()).digest()


def known(log: EventLog, command: str, content: str) -> Outcome | CommandReused | None:
    """Return what a log knows of a command that says this; None where it was not carried out."""
    return log.known({command: digest(content)}, ()).outcomes.get(command)


def append(
    command: str,
    ticket: str,
    expected_version: int,
    *events: Event,
    at: int | None = None,
    content: str | None = None,
    **words: str,
) -> Append:
    """Ask for the events of a command; every one of them says the same words."""
    return Append(
        command_id=command,
        digest=digest(command if content is None else content),
        ticket=ticket,
        expected_version=expected_version,
        drafts=tuple(Draft(event, at, words) for event in events),
        actor="agent:a-1",
        correlation_id=f"correlation of {command}",
        causation_id=None,
    )


def story(ticket: str, *events: Event, at: int = CREATED, **words: str) -> list[RecordedEvent]:
    """Tell the whole of a ticket as another system knows it, one event an hour."""
    return [
        RecordedEvent(
            ticket=ticket,
            version=version,
            event_id=f"{ticket}/{version}",
            occurred_at=at + (version - len(events)) * instant.HOUR,
            recorded_at=at + (version - len(events)) * instant.HOUR,
            actor="agent:a-2",
            event=event,
            words=words,
            command_id=f"command of {ticket}",
        )
        for version, event in enumerate(events, start=1)
    ]
