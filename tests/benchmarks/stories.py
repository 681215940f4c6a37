"""A large desk for measuring, always the same: whole tickets, made as fast as they are read.

`infra.doors.simulate` makes a plausible desk; this one is only plausible in what costs time: how
many events a ticket has, of which kinds, and how its clocks stand.
"""

from collections.abc import Iterator, Sequence
from random import Random

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

PLANS = ("standard", "premium")
IMPACTS = {1: "operations-halted", 2: "serious-performance", 3: "non-critical-loss"}

_ANSWERS: Sequence[Event] = (
    AgentResponded("customer"),
    AgentResponded("support"),
    WorkaroundFound("customer"),
)


def story(number: int, opened_at: int, recorded_at: int, *events: Event) -> list[RecordedEvent]:
    """Tell of a ticket: one event every 50 minutes from the first one on, none after recording."""
    ticket = f"T-{number}"
    told = []
    for version, event in enumerate(events, start=1):
        # In the shape of a UUID, and as long: ids are most of what is stored.
        event_id = f"{number:08x}-{version:04x}-4000-8000-{number * 2_654_435_761 % 2**48:012x}"
        at = min(opened_at + (version - 1) * 50 * instant.MINUTE, recorded_at)
        told.append(RecordedEvent(ticket, version, event_id, at, recorded_at, "agent:a-1", event))
    return told


def finished(tickets: int, begun: int, recorded_at: int) -> Iterator[list[RecordedEvent]]:
    """Yield tickets of the past, five events each on average, most of them resolved."""
    chance = Random("stories")
    for number in range(tickets):
        opened_at = begun + chance.randrange(200 * instant.DAY)
        severity = chance.randint(1, 3)
        events: list[Event] = [
            opened(number, PLANS[severity > 2 or chance.random() < 0.3]),
            assigned(severity),
        ]
        for _ in range(chance.randrange(3)):
            events += (chance.choice(_ANSWERS), CustomerReplied())
        events.append(Resolved("defect"))
        if chance.random() < 0.3:
            events.append(Verified("retest"))
        yield story(number, opened_at, recorded_at, *events)


def running(tickets: int, opened_at: int) -> Iterator[list[RecordedEvent]]:
    """Yield tickets whose only clock runs, with their next deadline hours from their opening."""
    for number in range(tickets):
        yield story(number, opened_at, opened_at, opened(number, "premium"), assigned(3))


def urgent(number: int, opened_at: int, recorded_at: int) -> list[RecordedEvent]:
    """Tell of a ticket with the shortest promise of all."""
    events = opened(number, "premium"), assigned(1)
    told = story(number, opened_at, recorded_at, *events)
    return [one._replace(occurred_at=opened_at) for one in told]


def opened(number: int, plan: str) -> Event:
    """Open a ticket of one of a thousand customers."""
    return Opened(f"c-{number % 997}", plan, "email", Environment(browser="Firefox 148"), None)


def assigned(severity: int) -> Event:
    """Assign a severity by an impact that backs it."""
    return SeverityAssigned(severity, IMPACTS[severity], "defect", supported=True)
