"""Facts about business time and a desk that others worked out, read from the shared vectors.

Our policies know weekly openings and holidays. The vectors also know hours of one date and breaks:
there the table of intervals is put together here, from the same parts that `compile_hours` uses.
Every vector is asserted; where the rule behind it is another one than ours, ours is asserted and
`OURS` says why.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from domain.clock import fold, known
from domain.conclusion import alerts
from domain.event import RecordedEvent
from domain.hours import (
    Hours,
    Interval,
    Meter,
    Opening,
    compile_hours,
    complement,
    intersection,
    joined,
)
from projections.alerts import row
from streams.envelope import decode
from tests.spec.desk import MANAGRY

Vector = Mapping[str, Any]

FILES = ("vectors_biz.json", "vectors_working_hours.json")
COUNTS = {
    "vectors_biz.json": {"add": 6, "sub": 4, "between": 44, "is_open": 18},
    "vectors_working_hours.json": {
        "add": 11,
        "sub": 7,
        "between": 18,
        "is_open": 15,
        "next_open": 19,
    },
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

OURS: Mapping[str, tuple[str | int, str]] = {
    "biz-007": ("2006-01-03T00:00:00Z", "no time from now is now, not the next opening"),
    "biz-008": ("2006-01-03T00:00:00Z", "no time ago is now, not the last closing"),
    "biz-010": (-142200, "our meters are signed, theirs stop at zero"),
    "biz-012": (
        "2006-01-08T12:00:00Z",
        "a budget used up exactly at closing is due at closing, not at the next opening",
    ),
    "wh-063": (90000, "a day of 25 hours has 25 hours, not 24 on the wall clock"),
}
"""Vectors that follow another rule: our answer, and the difference (semantics §3)."""


@pytest.fixture(scope="module")
def vectors(shared: Path) -> Mapping[str, list[Vector]]:
    """Both files of business-time facts."""
    return {
        name: json.loads((shared / "vectors" / name).read_text(encoding="utf-8"))["vectors"]
        for name in FILES
    }


@pytest.mark.parametrize("name", FILES)
def test_business_time_agrees_with_the_vectors(
    name: str, vectors: Mapping[str, list[Vector]]
) -> None:
    """Every fact of both libraries holds, by our rule where the rules differ."""
    answers = {vector["id"]: answer(vector) for vector in vectors[name]}
    assert answers == {vector["id"]: expected(vector) for vector in vectors[name]}
    assert Counter(vector["op"] for vector in vectors[name]) == COUNTS[name]


def test_only_where_the_rules_differ_is_ours_asserted(
    vectors: Mapping[str, list[Vector]],
) -> None:
    """Each exception is one: the vector's own answer is another than ours."""
    by_id = {vector["id"]: vector for name in FILES for vector in vectors[name]}
    for name, (ours, _) in OURS.items():
        vector = by_id[name]
        theirs = vector.get("expected_end", vector.get("expected_business_seconds"))
        assert theirs != ours


def test_where_their_rule_is_the_next_opening_ours_is_closing_time(
    vectors: Mapping[str, list[Vector]],
) -> None:
    """The one vector of that rule: our answer and theirs have no business time between them."""
    [vector] = [
        vector
        for name in FILES
        for vector in vectors[name]
        if vector.get("boundary_convention") == "next_open"
    ]
    ours, theirs = answer(vector), written(vector, "expected_end")
    assert (ours, theirs) == ("2006-01-08T12:00:00Z", "2006-01-15T11:00:00Z")
    assert compiled(vector).elapsed(instant.parse(str(ours)), instant.parse(theirs))[0] == 0


def test_local_times_that_a_clock_change_skips_or_repeats(shared: Path) -> None:
    """A skipped local time moves forward by the gap, a repeated one is its first occurrence."""
    facts = json.loads((shared / "vectors" / FILES[0]).read_text(encoding="utf-8"))
    resolutions = facts["meta"]["dst_local_resolution"]
    assert len(resolutions) == 4
    for fact in resolutions:
        day, time = fact["local"].split("T")
        [hour, minute, *second] = [int(part) for part in time.split(":")]
        on = date.fromisoformat(day)
        # An opening of a minute or more from that local time begins at its instant.
        opening = Opening(on.weekday(), 60 * hour + minute, 60 * hour + minute + 180)
        zone = ZoneInfo(fact["timezone"])
        opened = compile_hours([opening], {}, zone, on.year, on.year)
        noon_before = datetime(on.year, on.month, on.day, tzinfo=zone) - timedelta(hours=1)
        starts = opened.due(instant.from_datetime(noon_before), 1, None) - 1
        assert instant.text(starts + sum(second) * instant.SECOND) == fact["utc"]


def answer(vector: Vector) -> str | int | float | bool:
    """Our answer to a vector: an instant as text, seconds, or whether it is open."""
    opened = compiled(vector)
    start = moment(vector, "start")
    match vector["op"]:
        case "add":
            return instant.text(opened.shift(start, vector["business_seconds"] * instant.SECOND))
        case "sub":
            return instant.text(opened.shift(start, -vector["business_seconds"] * instant.SECOND))
        case "between":
            return instant.seconds(opened.elapsed(start, moment(vector, "end"))[0])
        case "is_open":
            return opened.is_open(start)
        case "next_open":
            # The first microsecond of business time ends one microsecond after its beginning.
            return instant.text(opened.due(start, 1, None) - 1)
        case op:
            raise AssertionError(f"{vector['id']} asks for an unknown {op}")


def expected(vector: Vector) -> str | int | bool:
    """The answer that the vector names, or ours where its rule is another."""
    if vector["id"] in OURS:
        return OURS[vector["id"]][0]
    if "expected_end" in vector:
        return written(vector, "expected_end")
    found = vector.get("expected", vector.get("expected_business_seconds"))
    assert isinstance(found, int)
    return found


def moment(vector: Vector, key: str) -> int:
    """An instant of a vector; without offset it is wall clock in the vector's zone."""
    at = datetime.fromisoformat(vector[key])
    return instant.from_datetime(
        at if at.utcoffset() is not None else at.replace(tzinfo=ZoneInfo(vector["timezone"]))
    )


def written(vector: Vector, key: str) -> str:
    """An instant of a vector, as we write it."""
    return instant.text(moment(vector, key))


def compiled(vector: Vector) -> Hours:
    """The hours that a vector describes."""
    years = [int(vector[key][:4]) for key in ("start", "end", "expected_end") if key in vector]
    return _compiled(json.dumps(vector, sort_keys=True), min(years) - 1, max(years) + 1)


@cache
def _compiled(vector_text: str, first_year: int, last_year: int) -> Hours:
    vector: Vector = json.loads(vector_text)
    zone = ZoneInfo(vector["timezone"])
    # Not one of the vectors has a holiday that comes every year; then it would be missing here.
    assert not vector.get("holidays_yearly")
    holidays = {
        day: {"en": "A holiday"}
        for day in map(date.fromisoformat, vector["holidays"])
        if first_year <= day.year <= last_year
    }
    weekly = [
        Opening(weekday, minutes(opens), minutes(closes))
        for weekday, name in enumerate(WEEKDAYS)
        for opens, closes in vector["weekly_hours"].get(name, ())
    ]
    base = compile_hours(weekly, holidays, zone, first_year, last_year)
    whole = Interval(base.start, base.end)
    replaced = [stretch(day, "00:00", "24:00", zone) for day in vector.get("date_hours", {})]
    closed = joined(
        [
            *stretches(vector.get("breaks", {}), zone),
            *(Interval(day.start, day.end) for day in base.holidays),
        ]
    )
    weekly_part = intersection(table(base), complement(joined(replaced), whole))
    of_dates = list(stretches(vector.get("date_hours", {}), zone))
    business = intersection(joined([*weekly_part, *of_dates]), complement(closed, whole))
    off_hours = complement(business, whole)
    return replace(
        base,
        business=Meter(base.start, business),
        off_hours=Meter(base.start, off_hours),
        digest="",
    )


def table(opened: Hours) -> list[Interval]:
    """The business intervals of hours."""
    return list(opened.business.intervals_between(opened.start, opened.end))


def stretches(by_date: Mapping[str, list[list[str]]], zone: ZoneInfo) -> Iterator[Interval]:
    """Every stretch of local time of some dates, on the UTC line."""
    for day, parts in by_date.items():
        for begins, ends in parts:
            yield stretch(day, begins, ends, zone)


def stretch(day: str, begins: str, ends: str, zone: ZoneInfo) -> Interval:
    """One stretch of local time of a date; none of the dates given has a clock change."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    return Interval(
        instant.from_datetime(midnight + timedelta(minutes=minutes(begins))),
        instant.from_datetime(midnight + timedelta(minutes=minutes(ends))),
    )


def minutes(time: str) -> int:
    """Minutes after midnight."""
    hour, minute = time.split(":")
    return 60 * int(hour) + int(minute)


AS_OF = "2026-04-15T12:00:00Z"


@pytest.fixture(scope="module")
def desk(shared: Path) -> Path:
    """The folder of the invented desk."""
    return shared / "vectors" / "desk"


@pytest.fixture(scope="module")
def histories(desk: Path) -> Mapping[str, list[RecordedEvent]]:
    """The histories of the desk's tickets, in order of first appearance; a repeated id is once."""
    lines = (desk / "history.jsonl").read_bytes().splitlines()
    events = {event.event_id: event for event in map(decode, lines)}
    tickets: dict[str, list[RecordedEvent]] = {}
    for event in events.values():
        tickets.setdefault(event.ticket, []).append(event)
    return tickets


def test_the_desks_clocks_are_judged_as_two_others_judged_them(
    desk: Path, histories: Mapping[str, list[RecordedEvent]]
) -> None:
    """All tickets line by line; two of the sixty were not recorded yet and are left out."""
    as_of = instant.parse(AS_OF)
    judged = [
        judgement(ticket, history, as_of)
        for ticket, history in histories.items()
        if history[0].recorded_at <= as_of
    ]
    expected = [json.loads(line) for line in (desk / "clocks.jsonl").read_bytes().splitlines()]
    assert (len(histories), len(expected)) == (60, 58)
    assert judged == expected


def test_the_desks_alerts_are_decided_as_two_others_decided_them(
    desk: Path, histories: Mapping[str, list[RecordedEvent]]
) -> None:
    """Every alert, ids included, tickets merged by the instant of decision, then ticket id."""
    until = instant.parse(AS_OF)
    decided = [alert for history in histories.values() for alert in alerts(history, MANAGRY, until)]
    decided.sort(key=lambda alert: (alert.decided_at, alert.ticket))
    expected = [json.loads(line) for line in (desk / "alerts.jsonl").read_bytes().splitlines()]
    assert len(expected) > 200
    assert [row(alert) for alert in decided] == expected


def judgement(ticket: str, history: list[RecordedEvent], as_of: int) -> dict[str, Any]:
    """What the contract prints of a ticket, without the policy."""
    folded = fold(known(history, as_of, as_of), MANAGRY)
    return {
        "ticket": ticket,
        "status": folded.status,
        "severity": folded.severity,
        "clocks": [
            {
                "clock": clock.name,
                "instance": clock.instance,
                "started_at": instant.text(clock.started_at),
                "due_at": text_or_none(clock.due_at),
                "satisfied_at": text_or_none(clock.satisfied_at),
                "verdict": clock.verdict(as_of),
                "breached_at": (
                    text_or_none(clock.due_at) if clock.verdict(as_of) == "breached" else None
                ),
                "business_seconds": instant.seconds(clock.meters(as_of)[0]),
                "off_hours_seconds": instant.seconds(clock.meters(as_of)[1]),
            }
            for clock in folded.clocks
        ],
    }


def text_or_none(moment: int | None) -> str | None:
    """An instant as the contract writes it."""
    return None if moment is None else instant.text(moment)
