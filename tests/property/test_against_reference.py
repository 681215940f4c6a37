"""Clocks and alerts held against a slow second reading of the rules, `tests.reference`."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from domain import instant
from domain.clock import Clock, fold, known
from domain.conclusion import alerts
from domain.event import RecordedEvent
from domain.hours import Hours, Opening, compile_hours
from domain.policy import ClockName, Plan, Policies, Policy, Severity, Target
from projections.alerts import row
from streams.envelope import decode
from tests.reference import judge
from tests.reference.generate import Line, random_history, random_policy
from tests.reference.history import read_tickets
from tests.reference.minutes import BusinessTime
from tests.reference.policy import Policy as ReferencePolicy
from tests.reference.policy import managry
from tests.spec.desk import MANAGRY, steps

Json = dict[str, Any]

FIRST_YEAR, LAST_YEAR = 2025, 2035

PUBLISHED_SEEDS = range(12)
INVENTED_SEEDS = range(16)
TICKETS = 6


@cache
def published() -> ReferencePolicy:
    """The reference's own reading of the published policy."""
    return managry()


@pytest.mark.parametrize("seed", PUBLISHED_SEEDS)
def test_the_published_policy_is_judged_alike(seed: int) -> None:
    """Every clock and every alert of random histories, as of three instants and at two."""
    compare(random_history(seed, TICKETS, published()), published(), MANAGRY, seed)


@pytest.mark.parametrize("seed", INVENTED_SEEDS)
def test_invented_policies_are_judged_alike(seed: int) -> None:
    """Other hours, zones, targets, steps and settle."""
    reference = random_policy(seed)
    policies = Policies((ours(reference),))
    compare(random_history(seed, TICKETS, reference), reference, policies, seed)


@pytest.mark.parametrize("seed", range(4))
def test_business_time_is_counted_alike(seed: int) -> None:
    """Both meters and due times, minute by minute, in every kind of week and zone."""
    reference = random_policy(seed)
    slow, fast = BusinessTime(reference.hours), hours(reference)
    random = Random(seed)
    begin, end = instant.parse("2025-10-20T00:00:00Z"), instant.parse("2026-04-10T00:00:00Z")
    for _ in range(40):
        start, stop = random.randint(begin, end), random.randint(begin, end)
        assert fast.elapsed(start, stop) == slow.elapsed(start, stop)
        budget = random.choice((0, 1, random.randint(0, 30 * instant.HOUR), 24 * instant.HOUR))
        for budgets in ((None, budget), (budget, 8 * instant.HOUR), (2 * budget, budget)):
            if budgets[0] is None and slow.business_of_day(0) == instant.DAY:
                continue
            assert fast.due(start, *budgets) == slow.due(start, *budgets)


def compare(lines: list[Line], reference: ReferencePolicy, policies: Policies, seed: int) -> None:
    """Judge a history by both, now, earlier, and at an earlier instant with today's knowledge."""
    tickets = histories(lines)
    recorded = sorted(event.recorded_at for history in tickets.values() for event in history)
    random = Random(seed)
    latest = recorded[-1]
    earlier = random.choice(recorded) + random.choice((-1, 0, 0, 1, instant.HOUR))
    for as_of, at in ((latest, latest), (earlier, earlier), (latest, earlier)):
        assert our_clocks(tickets, policies, as_of, at) == judge.clocks(lines, reference, as_of, at)
    for until in (latest, earlier, latest + 10 * instant.DAY):
        assert our_alerts(tickets, policies, until) == judge.alerts(lines, reference, until)


def histories(lines: list[Line]) -> dict[str, list[RecordedEvent]]:
    """Read the lines as the product does; a repeated id is the same event."""
    events: dict[str, RecordedEvent] = {}
    for line in lines:
        event = decode(orjson.dumps(line))
        events.setdefault(event.event_id, event)
    tickets: dict[str, list[RecordedEvent]] = {}
    for event in events.values():
        tickets.setdefault(event.ticket, []).append(event)
    assert list(tickets) == list(read_tickets(lines))
    return tickets


def our_clocks(
    tickets: Mapping[str, list[RecordedEvent]], policies: Policies, as_of: int, at: int
) -> list[Json]:
    """What the product says of the clocks, as the contract prints it without the policy."""
    answer = []
    for name, history in tickets.items():
        story = known(history, as_of, at)
        if story:
            folded = fold(story, policies)
            answer.append(
                {
                    "ticket": name,
                    "status": folded.status,
                    "severity": folded.severity,
                    "clocks": [clock_json(clock, at) for clock in folded.clocks],
                }
            )
    return answer


def our_alerts(
    tickets: Mapping[str, list[RecordedEvent]], policies: Policies, until: int
) -> list[Json]:
    """What the product decides up to an instant, tickets merged as the contract orders them."""
    decided = [a for history in tickets.values() for a in alerts(history, policies, until)]
    return [{**row(alert)} for alert in sorted(decided, key=lambda a: (a.decided_at, a.ticket))]


def clock_json(clock: Clock, at: int) -> Json:
    """One clock as the contract prints it."""
    verdict = clock.verdict(at)
    business, off_hours = clock.meters(at)
    return {
        "clock": clock.name,
        "instance": clock.instance,
        "started_at": instant.text(clock.started_at),
        "due_at": text(clock.due_at),
        "satisfied_at": text(clock.satisfied_at),
        "verdict": verdict,
        "breached_at": text(clock.due_at) if verdict == "breached" else None,
        "business_seconds": instant.seconds(business),
        "off_hours_seconds": instant.seconds(off_hours),
    }


def text(at: int | None) -> str | None:
    """An instant as the contract prints it."""
    return None if at is None else instant.text(at)


def ours(reference: ReferencePolicy) -> Policy:
    """The same policy as the product keeps it."""
    opened = hours(reference)
    names: dict[str, ClockName] = {"initial": "initial", "ongoing": "ongoing"}
    return replace(
        MANAGRY.versions[0],
        zone_name=reference.hours.zone,
        severities={level: Severity(level, {}, ()) for level in reference.severities},
        plans={
            name: Plan(
                name,
                {},
                "hours",
                opened,
                {
                    (names[clock], severity): Target(target.business, target.off_hours)
                    for (plan, severity, clock), target in reference.targets.items()
                    if plan == name
                },
            )
            for name in reference.plans
        },
        warning_steps=steps(*reference.warnings),
        overdue_steps=steps(*reference.overdues),
        settle=reference.settle,
    )


def hours(reference: ReferencePolicy) -> Hours:
    """The same openings, compiled."""
    return compile_hours(
        [
            Opening(weekday, opens, closes)
            for weekday, openings in enumerate(reference.hours.weekly)
            for opens, closes in openings
        ],
        {day: {} for day in reference.hours.holidays},
        ZoneInfo(reference.hours.zone),
        FIRST_YEAR,
        LAST_YEAR,
    )
