"""A desk with a hundred thousand open tickets, always the same, and its board."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from domain import instant
from domain.event import AgentResponded, Event, RecordedEvent
from infra import wiring
from infra.settings import Settings
from infra.store.log import EventLog
from tests.benchmarks import stories
from tests.conftest import REPOSITORY

NOW = instant.parse("2026-03-10T12:00:00Z")
"""An early afternoon of a working Tuesday in Prague."""

OPEN = 100_000
_TOGETHER = 5_000
_ANSWERED, _UNTRIAGED = 0.2, 0.05


def now() -> int:
    """Return the instant of the desk, as a clock that stands."""
    return NOW


def furnish(folder: Path, tickets: int = OPEN) -> None:
    """Make the log and its read models."""
    settings = Settings(folder)
    policy = (REPOSITORY / "policies" / "managry.toml").read_bytes()
    EventLog.create(settings.log, policy_bytes=policy, live_from=NOW, now=NOW, clock=now).close()
    with EventLog.open(settings.log, clock=now) as log:
        told = open_tickets(tickets)
        while batch := list(islice(told, _TOGETHER)):
            log.import_(batch)
    with wiring.engine(settings, lambda one, policies: None, now) as engine:
        while engine.step():
            pass


def open_tickets(tickets: int) -> Iterator[list[RecordedEvent]]:
    """Yield tickets of two days: triaged and running, answered, and not looked at yet."""
    chance = Random("board")
    for number in range(tickets):
        opened_at = NOW - chance.randrange(2 * instant.DAY)
        severity = chance.choice((1, 2, 2, 3, 3, 3))
        plan = stories.PLANS[severity > 2 or chance.random() < 0.3]
        events: list[Event] = [stories.opened(number, plan)]
        draw = chance.random()
        if draw > _UNTRIAGED:
            events.append(stories.assigned(severity))
        if draw > 1 - _ANSWERED:
            events.append(AgentResponded("customer"))
        first, *rest = stories.story(number, opened_at, NOW, *events)
        yield [first._replace(words={"subject": f"The board of room {number} stays empty"}), *rest]
