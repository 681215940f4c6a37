"""Given a history, when a command comes, then exactly these events: the words of the specs.

    given(OPENED, TRIAGED).when(Reply("T-1", "Any news?")).then(decided(CustomerReplied(), ...))

A history starts at `START` and goes on by one hour an event, unless `happened` says otherwise;
commands come at `NOW`, a day after the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from domain.command import Command
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    Words,
)
from domain.hours import Hours, Opening, compile_hours
from domain.policy import ClockName, Plan, Policy, Severity, Step, Target, Topic
from domain.refusal import Refusal
from domain.ticket import NOT_OPENED, Decided, Ticket, decide, evolve

TICKET = "T-1"
START = instant.parse("2026-03-09T09:00:00Z")
NOW = START + instant.DAY


def hours(count: float) -> int:
    """The instant so many hours after the start of the history."""
    return START + int(count * instant.HOUR)


class Fact(NamedTuple):
    """An event of a given history, before it has its place."""

    event: Event
    words: Words
    occurred_at: int | None


def happened(event: Event, hour: float | None = None, **words: str) -> Fact:
    """Say when an event happened, in hours after the start, and with which words."""
    return Fact(event, words, None if hour is None else hours(hour))


def decided(event: Event, occurred_at: int | None = None, **words: str) -> Decided:
    """The event that a command is expected to bring, with its time and its words."""
    return Decided(event, occurred_at, words)


OPENED = happened(Opened("c-1", "premium", "email"), subject="The board stays empty")
TRIAGED = happened(SeverityAssigned(1, "operations-halted", "defect", supported=True))
REPLIED = happened(CustomerReplied(), message="Any news?")
ANSWERED = happened(AgentResponded("support"), message="We are looking into it")
ASKED = happened(AgentResponded("customer"), message="Which browser do you use?")
RESOLVED = happened(Resolved("defect"), resolution="Fixed in 4.2")
VERIFIED = happened(Verified("retest"), evidence="The board fills again")


def history(*facts: Fact) -> tuple[RecordedEvent, ...]:
    """Give every fact its version and place, recorded when it happened or when it could be."""
    recorded: list[RecordedEvent] = []
    recorded_at = START
    for version, fact in enumerate(facts, start=1):
        occurred_at = hours(version - 1) if fact.occurred_at is None else fact.occurred_at
        recorded_at = max(recorded_at, occurred_at)
        recorded.append(
            RecordedEvent(
                ticket=TICKET,
                version=version,
                event_id=f"{TICKET}/{version}",
                occurred_at=occurred_at,
                recorded_at=recorded_at,
                actor="agent:a-1",
                event=fact.event,
                words=fact.words,
            )
        )
    return tuple(recorded)


def record(ticket: Ticket, events: Sequence[Decided], recorded_at: int) -> Ticket:
    """Append decided events as a log would, and fold them."""
    for event in events:
        version = len(ticket.history) + 1
        ticket = evolve(
            ticket,
            RecordedEvent(
                ticket=TICKET,
                version=version,
                event_id=f"{TICKET}/{version}",
                occurred_at=event.happened_at(recorded_at),
                recorded_at=recorded_at,
                actor="agent:a-1",
                event=event.event,
                words=event.words,
            ),
        )
    return ticket


@dataclass(frozen=True)
class When:
    """A command on its way to a ticket."""

    ticket: Ticket
    command: Command
    now: int
    policy: Policy

    def then(self, *expected: Decided) -> None:
        """Exactly these events come of it, in this order."""
        assert list(self._decided()) == list(expected)

    def then_nothing(self) -> None:
        """It succeeds, and no event comes of it."""
        self.then()

    def then_refused(self, rule: type[Refusal], *phrases: str) -> None:
        """It is refused by just this rule, in a message that holds the phrases."""
        with pytest.raises(Refusal) as caught:
            self._decided()
        assert type(caught.value) is rule
        assert caught.value.name == rule.__name__
        for phrase in phrases:
            assert phrase in str(caught.value)

    def _decided(self) -> tuple[Decided, ...]:
        return decide(self.ticket, self.command, now=self.now, policy=self.policy)


@dataclass(frozen=True)
class Given:
    """A ticket with its history."""

    ticket: Ticket

    def when(self, command: Command, *, now: int = NOW, policy: Policy | None = None) -> When:
        """A command comes at an instant."""
        return When(self.ticket, command, now, POLICY if policy is None else policy)


def given(*facts: Fact) -> Given:
    """A ticket with this history, in the order in which it was recorded."""
    ticket = NOT_OPENED
    for recorded in history(*facts):
        ticket = evolve(ticket, recorded)
    return Given(ticket)


def weekday_hours(zone: str = "Europe/Prague", first: int = 2025, last: int = 2027) -> Hours:
    """Monday to Friday 08:00-17:00 local time, without any holiday."""
    openings = [Opening(weekday, 8 * 60, 17 * 60) for weekday in range(5)]
    return compile_hours(openings, {}, ZoneInfo(zone), first, last)


def _policy() -> Policy:
    """The published policy in small: its plans, severities and targets, three of its topics."""
    hour, off_hours, day = instant.HOUR, 8 * instant.HOUR, 9 * instant.HOUR
    office = weekday_hours()
    clocks: tuple[ClockName, ...] = ("initial", "ongoing")
    premium: dict[tuple[ClockName, int], Target] = {
        ("initial", 3): Target(day, None),
        ("initial", 4): Target(2 * day, None),
    }
    for clock in clocks:
        premium[clock, 1] = Target(hour, off_hours)
        premium[clock, 2] = Target(2 * hour, off_hours)
    standard: dict[tuple[ClockName, int], Target] = {
        ("initial", 1): Target(hour, None),
        ("initial", 2): Target(4 * hour, None),
        ("ongoing", 1): Target(2 * hour, None),
        ("ongoing", 2): Target(day, None),
    }
    severities = (
        Severity(1, {"en": "critical"}, ("service-unavailable", "operations-halted")),
        Severity(2, {"en": "high"}, ("serious-performance",)),
        Severity(3, {"en": "medium"}, ("non-critical-loss",)),
        Severity(4, {"en": "low"}, ("usage-question", "minor-loss")),
    )
    topics = (
        Topic("usage", {"en": "usage"}, supported=True),
        Topic("defect", {"en": "defect"}, supported=True),
        Topic("third-party", {"en": "third-party extension"}, supported=False),
    )
    return Policy(
        name="managry",
        version=1,
        effective_from=None,
        title={"en": "Support policy in small"},
        zone_name="Europe/Prague",
        zone_data="test",
        calendar_name="weekdays",
        business_day=day,
        severities={severity.level: severity for severity in severities},
        impacts={impact: {"en": impact} for severity in severities for impact in severity.impacts},
        topics={topic.name: topic for topic in topics},
        root_causes={name: {"en": name} for name in ("defect", "usage", "unknown")},
        plans={
            "standard": Plan("standard", {"en": "Standard"}, "weekdays", office, standard),
            "premium": Plan("premium", {"en": "Premium"}, "weekdays", office, premium),
        },
        warning_steps=(Step("0.5", Fraction(1, 2)), Step("0.75", Fraction(3, 4))),
        overdue_steps=(Step("1", Fraction(1)), Step("2", Fraction(2)), Step("4", Fraction(4))),
        settle=30 * instant.SECOND,
        max_backdate=7 * instant.DAY,
        digest="0" * 64,
    )


POLICY = _policy()
