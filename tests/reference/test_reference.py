"""The reference agrees with the desk, with the tables of the pages, and with itself."""

from __future__ import annotations

import json
import os
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from .generate import faults, random_history, random_policy
from .history import EPOCH, instant, written
from .judge import alerts, clocks
from .minutes import DAY, HOUR, MINUTE, SECOND, BusinessTime, Hours
from .policy import Target, czech_holidays, easter_sunday, managry, small_policy

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("LHUTA_SHARED", REPOSITORY.parent / "shared")) / "vectors"
AS_OF = instant("2026-04-15T12:00:00Z")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the shared vectors are not beside the repository"
)


def lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def prague(text: str) -> int:
    """Return the instant of a wall clock in Prague."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Prague"))
    return int((local - EPOCH).total_seconds()) * SECOND


@needs_vectors
def test_the_clocks_of_the_desk_are_reproduced_line_by_line() -> None:
    """Every clock of the sixty tickets has the desk's instants, verdict and meters."""
    desk = VECTORS / "desk"
    answer = clocks(lines(desk / "history.jsonl"), managry(), as_of=AS_OF)
    assert answer == lines(desk / "clocks.jsonl")


@needs_vectors
def test_the_alerts_of_the_desk_are_reproduced_line_by_line() -> None:
    """Every alert of the sixty tickets comes in the desk's order with the desk's id."""
    desk = VECTORS / "desk"
    answer = alerts(lines(desk / "history.jsonl"), managry(), as_of=AS_OF)
    assert answer == lines(desk / "alerts.jsonl")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-06 16:00", "2026-03-06 17:00"),
        ("2026-03-06 16:30", "2026-03-07 01:00"),
        ("2026-03-06 17:00", "2026-03-07 01:00"),
        ("2026-03-09 02:00", "2026-03-09 09:00"),
        ("2026-03-09 07:59", "2026-03-09 09:00"),
        ("2026-03-09 08:00", "2026-03-09 09:00"),
    ],
)
def test_the_table_of_two_meters_holds(received: str, due: str) -> None:
    """A premium ticket of severity 1 is due when semantics §3 says."""
    policy = managry()
    target = policy.targets["premium", 1, "initial"]
    assert policy.due(prague(received), target) == prague(due)
    assert policy.time.walk_due(prague(received), *target) == prague(due)


def test_a_sunday_in_october_has_twenty_five_hours() -> None:
    """Real seconds are counted on the days on which the clocks are moved."""
    time = managry().time
    assert time.walk_elapsed(prague("2025-10-26"), prague("2025-10-27")) == (0, 25 * HOUR)
    assert time.walk_elapsed(prague("2026-03-29"), prague("2026-03-30")) == (0, 23 * HOUR)


def test_an_opening_counts_the_real_time_between_its_wall_clocks() -> None:
    """A boundary in the skipped hour moves on with it, one in the repeated hour comes first."""
    spring, autumn = prague("2026-03-29"), prague("2025-10-26")
    for opening, in_spring, in_autumn in (
        ((150, 195), 0, 105),
        ((150, 360), 150, 270),
        ((60, 150), 90, 90),
        ((0, 1440), 1380, 1500),
    ):
        time = BusinessTime(Hours("Europe/Prague", ((opening,),) * 7))
        assert time.walk_elapsed(spring, spring + 23 * HOUR)[0] == in_spring * MINUTE
        assert time.walk_elapsed(autumn, autumn + 25 * HOUR)[0] == in_autumn * MINUTE


def test_an_opening_across_midnight_ends_at_a_holiday() -> None:
    """A minute of a holiday is outside business hours whichever day its opening began on."""
    nights = Hours("UTC", (((1320, 1800),),) * 7, frozenset({date(2026, 3, 4)}))
    time = BusinessTime(nights)
    start = instant("2026-03-03T12:00:00Z")
    assert time.walk_elapsed(start, start + DAY) == (2 * HOUR, 22 * HOUR)
    assert time.walk_elapsed(start + DAY, start + 2 * DAY) == (6 * HOUR, 18 * HOUR)


@pytest.mark.parametrize("seed", range(12))
def test_skipping_days_equals_walking_every_minute(seed: int) -> None:
    """The shortcut over whole UTC days changes neither `elapsed` nor `due`."""
    random = Random(seed)
    time = random_policy(seed).time
    for _ in range(6):
        start = instant("2025-10-20T00:00:00Z") + random.randrange(10 * DAY)
        start -= start % random.choice((1, MINUTE, DAY))
        end = start + random.randrange(12 * DAY)
        assert time.elapsed(start, end) == time.walk_elapsed(start, end)
        business, off_hours = time.elapsed(start, end)
        assert business + off_hours == end - start
        budgets = (random.randrange(40 * HOUR), random.randrange(60 * HOUR))
        due = time.due(start, *budgets)
        assert due == time.walk_due(start, *budgets)
        used = time.walk_elapsed(start, due)
        assert used[0] == budgets[0] or used[1] == budgets[1]
        assert used[0] <= budgets[0]
        assert used[1] <= budgets[1]


@needs_vectors
@pytest.mark.parametrize("name", ["vectors_biz.json", "vectors_working_hours.json"])
def test_the_public_vectors_are_reproduced(name: str) -> None:
    """Plain additions and differences of two public libraries agree with the walk."""
    checked = 0
    for vector in filter(_plain, json.loads((VECTORS / name).read_text("utf-8"))["vectors"]):
        time = BusinessTime(_hours(vector))
        zone = ZoneInfo(vector["timezone"])
        start = _local(vector["start"], zone)
        if vector["op"] == "add":
            due = time.walk_due(start, vector["business_seconds"] * SECOND, None)
            assert due == _local(vector["expected_end"], zone), vector["id"]
            checked += 1
        elif start <= (end := _local(vector["end"], zone)) <= start + 100 * DAY:
            business, _ = time.walk_elapsed(start, end)
            assert business == vector["expected_business_seconds"] * SECOND, vector["id"]
            checked += 1
    assert checked >= 8


def _plain(vector: dict[str, Any]) -> bool:
    """Tell whether only weekly hours and holidays count, in real seconds, due at closing."""
    return (
        vector["op"] in ("add", "between")
        and not any(vector.get(key) for key in ("breaks", "pauses", "date_hours"))
        and vector.get("boundary_convention") != "next_open"
        and vector.get("business_seconds") != 0
        and vector["agrees_with_elapsed_time_reference"]
    )


def _hours(vector: dict[str, Any]) -> Hours:
    def minute(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:5])

    weekly = tuple(
        tuple((minute(start), minute(end)) for start, end in vector["weekly_hours"].get(day, ()))
        for day in WEEKDAYS
    )
    return Hours(vector["timezone"], weekly, frozenset(map(date.fromisoformat, vector["holidays"])))


def _local(text: str, zone: ZoneInfo) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return instant(moment.isoformat())


def test_easter_and_the_czech_holidays_are_right() -> None:
    """Known Easter Sundays, and Good Friday a holiday since 2016 only."""
    sundays = {
        2008: date(2008, 3, 23),
        2011: date(2011, 4, 24),
        2019: date(2019, 4, 21),
        2025: date(2025, 4, 20),
        2026: date(2026, 4, 5),
        2038: date(2038, 4, 25),
        2049: date(2049, 4, 18),
    }
    assert {year: easter_sunday(year) for year in sundays} == sundays
    assert date(2015, 4, 3) not in czech_holidays(2015)
    assert date(2016, 3, 25) in czech_holidays(2016)
    assert len(czech_holidays(2026)) == 13


def test_a_business_day_target_used_up_at_closing_is_due_at_closing() -> None:
    """The due time is the closing and not the next opening (semantics §3)."""
    policy = small_policy({("plan", 1, "initial"): Target(9 * HOUR)})
    opening = instant("2026-03-02T08:00:00Z")
    assert policy.due(opening, Target(9 * HOUR)) == instant("2026-03-02T17:00:00Z")


@pytest.mark.parametrize("seed", range(4))
def test_a_random_history_is_well_formed_and_comes_from_its_seed(seed: int) -> None:
    """A history breaks the rules for commands only, and is the same every time."""
    history = random_history(seed, 20)
    assert history == random_history(seed, 20)
    assert not faults(history, managry())


@pytest.mark.parametrize("seed", range(10))
def test_later_knowledge_only_adds_alerts(seed: int) -> None:
    """What is decided up to an earlier instant is how the later list begins, per ticket."""
    policy = random_policy(seed)
    history = random_history(seed, 8, policy)
    whole = alerts(history, policy)
    for line in history[:: max(1, len(history) // 6)]:
        until = instant(line.get("recordedtime") or line["time"])
        expected = [alert for alert in whole if instant(alert["decided_at"]) <= until]
        assert alerts(history, policy, as_of=until) == expected


@pytest.mark.parametrize("seed", range(6))
def test_ids_are_unique_and_an_ended_alert_was_told_before(seed: int) -> None:
    """No two alerts share an id, and `refers` names alerts of the same clock told earlier."""
    told: dict[str, dict[str, Any]] = {}
    for alert in alerts(random_history(seed, 30), managry()):
        assert alert["id"] not in told
        for ended in alert["refers"]:
            assert told[ended]["started_by"] == alert["started_by"]
        told[alert["id"]] = alert


def test_instants_are_written_with_as_many_digits_as_needed() -> None:
    """Whole seconds have no fraction, others at most six digits without trailing zeros."""
    for text in ("2026-03-29T01:00:00Z", "2026-03-29T01:00:00.5Z", "2026-03-29T01:00:00.000001Z"):
        assert written(instant(text)) == text
    assert written(instant("2026-03-29T02:00:00.120000+02:00")) == "2026-03-29T00:00:00.12Z"
