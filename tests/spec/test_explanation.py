"""Explanations that a person can check with pencil and calendar (semantics §7)."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import instant
from domain.clock import fold, known
from domain.event import RecordedEvent
from domain.explanation import Explanation, Given, Stretch, explain
from domain.hours import Hours, Opening, compile_hours
from domain.policy import Target
from projections.narrative import LIMIT, narrate, visible
from projections.wording import LANGUAGES
from projections.wording.words import NO_BREAK, compact
from tests.spec.desk import (
    ALWAYS,
    DAY,
    HOUR,
    MANAGRY,
    PRAGUE,
    WEEKDAYS,
    Story,
    at,
    only,
    policy,
    shown,
    ticket,
)
from tests.strategies import histories, instants, moments_asked

MINUTE = instant.MINUTE
ENGLISH, CZECH = LANGUAGES["en"], LANGUAGES["cs"]


def spaced(text: str) -> str:
    """A text with its no-break spaces as spaces, for tests of the words alone."""
    return text.replace(NO_BREAK, " ")


Line = tuple[str, str, str, str, str, str]


def explained(story: Story, time: str, clock: int = -1) -> Explanation:
    """The explanation of one clock of a story, the last unless its index is given."""
    judged_at = at(time)
    history = known(story.history, judged_at, judged_at)
    return explain(fold(history, MANAGRY).clocks[clock], history, judged_at)


def counted(stretch: Stretch) -> list[Line]:
    """Every segment as (kind, start, end, duration, business so far, off-hours so far)."""
    return [
        (
            segment.kind,
            shown(segment.start),
            shown(segment.end),
            compact(segment.duration),
            compact(segment.business),
            compact(segment.off_hours),
        )
        for segment in stretch.segments
    ]


def skipped(stretch: Stretch) -> list[tuple[str, str, str]]:
    """Every holiday that cost business time as (date, name, cost)."""
    return [
        (day.holiday.date.isoformat(), day.holiday.name["en"], compact(day.cost))
        for day in stretch.skipped
    ]


def last_target(story: Story, time: str) -> Given:
    """The target in force, with what its rule compared."""
    return explained(story, time).targets[-1]


def moments(given: Given) -> Mapping[str, str | None]:
    """What a rule compared and found, on the Prague wall clock."""
    return {
        name: None if moment is None else shown(moment)
        for name, moment in (
            ("due", given.promise.due_at),
            ("anchor", given.promise.anchor),
            ("from start", given.from_start),
            ("former from start", given.former_from_start),
            ("full", given.full),
        )
    }


BREACHED = (
    ticket("T-1")
    .opened("2026-03-06 16:30")
    .triaged("2026-03-06 16:42", 1)
    .answered("2026-03-07 02:00", recorded="2026-03-07 09:05")
)


def test_a_breached_premium_ticket_is_counted_line_by_line() -> None:
    """Friday 16:30 at severity 1: half an hour of business time, then eight other hours."""
    told = explained(BREACHED, "2026-03-07 09:05")
    assert told.due is not None
    assert told.due.budget == Target(HOUR, 8 * HOUR)
    assert counted(told.due.stretch) == [
        ("business", "2026-03-06 16:30", "2026-03-06 17:00", "0:30", "0:30", "0:00"),
        ("off-hours", "2026-03-06 17:00", "2026-03-07 01:00", "8:00", "0:30", "8:00"),
    ]
    assert told.due.used_up == ("off-hours",)
    assert counted(told.used) == [
        ("business", "2026-03-06 16:30", "2026-03-06 17:00", "0:30", "0:30", "0:00"),
        ("off-hours", "2026-03-06 17:00", "2026-03-07 02:00", "9:00", "0:30", "9:00"),
    ]
    assert told.verdict == "breached"
    assert told.left == (0, -HOUR)
    assert told.no_target is None


def test_the_events_of_a_clock_are_named_with_both_times() -> None:
    """What started, targeted and ended the clock; the phone call written down later is marked."""
    told = explained(BREACHED, "2026-03-07 09:05")
    assert [
        (
            turn.part,
            turn.recorded.event_id,
            shown(turn.recorded.occurred_at),
            shown(turn.recorded.recorded_at),
            turn.backdated,
        )
        for turn in told.turns
    ] == [
        ("started", "T-1/1", "2026-03-06 16:30", "2026-03-06 16:30", False),
        ("target", "T-1/2", "2026-03-06 16:42", "2026-03-06 16:42", False),
        ("ended", "T-1/3", "2026-03-07 02:00", "2026-03-07 09:05", True),
    ]


def test_the_warnings_stand_at_shares_of_both_budgets() -> None:
    """Half of 1 h and 8 h from Friday 16:30 is 17:00; three quarters is six hours after that."""
    told = explained(BREACHED, "2026-03-07 09:05")
    assert [(one.step, shown(one.at)) for one in told.warnings if one.kind == "warning"] == [
        ("0.5", "2026-03-06 17:00"),
        ("0.75", "2026-03-06 23:00"),
    ]


def test_a_long_sunday_and_a_holiday_are_counted_as_they_were() -> None:
    """From Friday 23 October 2026: 25 hours of Sunday, and no business time on the 28th."""
    story = (
        ticket()
        .opened("2026-10-23 16:30")
        .triaged("2026-10-23 16:40", 4)
        .answered("2026-10-29 09:00")
    )
    told = explained(story, "2026-10-30 12:00")
    assert counted(told.used) == [
        ("business", "2026-10-23 16:30", "2026-10-23 17:00", "0:30", "0:30", "0:00"),
        ("off-hours", "2026-10-23 17:00", "2026-10-26 08:00", "64:00", "0:30", "64:00"),
        ("business", "2026-10-26 08:00", "2026-10-26 17:00", "9:00", "9:30", "64:00"),
        ("off-hours", "2026-10-26 17:00", "2026-10-27 08:00", "15:00", "9:30", "79:00"),
        ("business", "2026-10-27 08:00", "2026-10-27 17:00", "9:00", "18:30", "79:00"),
        ("off-hours", "2026-10-27 17:00", "2026-10-29 08:00", "39:00", "18:30", "118:00"),
        ("business", "2026-10-29 08:00", "2026-10-29 09:00", "1:00", "19:30", "118:00"),
    ]
    assert [segment.clock_change for segment in told.used.segments] == [0, -HOUR, 0, 0, 0, 0, 0]
    assert skipped(told.used) == [("2026-10-28", "Independent Czechoslovak State Day", "9:00")]
    assert told.due is not None
    assert shown(told.due.stretch.end) == "2026-10-27 16:30"
    assert told.due.stretch.skipped == ()
    assert told.left == (-HOUR - 30 * MINUTE, -39 * HOUR)


def test_a_budget_runs_out_in_the_repeated_hour() -> None:
    """Eight real hours from Saturday 20:00 end at 03:00 winter time, not at 04:00."""
    story = ticket().opened("2026-10-24 20:00").triaged("2026-10-24 20:05", 1)
    told = explained(story, "2026-10-24 21:00")
    assert told.due is not None
    assert shown(told.due.stretch.end) == "2026-10-25 03:00"
    assert [segment.duration for segment in told.due.stretch.segments] == [8 * HOUR]
    assert told.left == (0, 7 * HOUR)


def test_a_holiday_at_the_weekend_costs_nothing_and_is_not_named() -> None:
    """4 July is no Czech holiday, 5 and 6 July 2026 are: only the Monday took business time."""
    story = ticket().opened("2026-07-03 16:00").triaged("2026-07-03 16:05", 3)
    assert skipped(explained(story, "2026-07-07 09:00").used) == [
        ("2026-07-06", "Jan Hus Day", "9:00")
    ]


def test_a_holiday_that_is_counted_in_part_costs_that_part() -> None:
    """A clock that ends on a holiday at 10:00 missed two hours of business time."""
    story = ticket().opened("2026-10-27 16:00").triaged("2026-10-27 16:05", 3)
    assert skipped(explained(story, "2026-10-28 10:00").used) == [
        ("2026-10-28", "Independent Czechoslovak State Day", "2:00")
    ]


NIGHTS = tuple(Opening(weekday, 22 * 60, 30 * 60) for weekday in range(7))
HOLIDAYS = {
    date(2026, 3, 29): {"en": "The short Sunday"},
    date(2026, 4, 6): {"en": "A Monday"},
    date(2026, 4, 7): {"en": "The day after"},
    date(2026, 7, 4): {"en": "A Saturday"},
    date(2026, 10, 25): {"en": "The long Sunday"},
}


@cache
def with_and_without_holidays(openings: Sequence[Opening]) -> tuple[Hours, Hours]:
    """The same openings twice, compiled once."""
    zone = ZoneInfo("Europe/Prague")
    return (
        compile_hours(openings, HOLIDAYS, zone, 2025, 2027),
        compile_hours(openings, {}, zone, 2025, 2027),
    )


@pytest.mark.parametrize("openings", [WEEKDAYS, ALWAYS, NIGHTS])
@given(start=instants(), length=st.integers(0, 90 * instant.DAY))
def test_the_holidays_cost_what_the_hours_without_them_have_more(
    openings: Sequence[Opening], start: int, length: int
) -> None:
    """Whatever the openings: also at night, around the clock, and on 23- and 25-hour days."""
    hours, every_day = with_and_without_holidays(openings)
    policies = only(policy({}, opened=hours))
    opened = ticket().opened("2026-03-01 00:00").history[0]
    history = [opened._replace(occurred_at=start, recorded_at=start)]
    [clock] = fold(history, policies).clocks
    end = start + length
    used = explain(clock, history, end).used
    missing = every_day.elapsed(start, end)[0] - hours.elapsed(start, end)[0]
    assert sum(day.cost for day in used.skipped) == missing
    assert all(day.cost for day in used.skipped)


def test_the_first_triage_counts_from_the_start() -> None:
    """Rule `start`: the first severity describes the problem as it was from the start."""
    story = ticket().opened("2026-03-09 08:00").triaged("2026-03-09 08:10", 2)
    given = last_target(story, "2026-03-09 09:00")
    assert given.promise.rule == "start"
    assert given.assigned.severity == 2
    assert moments(given) == {
        "due": "2026-03-09 10:00",
        "anchor": "2026-03-09 08:00",
        "from start": None,
        "former from start": None,
        "full": None,
    }
    assert ENGLISH.target(given, explained(story, "2026-03-09 09:00").clock) == (
        "Severity 2, assigned on Mon 9 March 2026 08:10 CET (07:10 UTC), allows 2 hours of "
        "business time and 8 hours outside business hours, whichever is used up first. The first "
        "severity describes the problem as it was from the start, so the target counts from the "
        "clock's start: due Mon 9 March 2026 10:00 CET (09:00 UTC)."
    )


ONGOING = (
    ticket()
    .opened("2026-03-09 08:00")
    .triaged("2026-03-09 08:05", 1)
    .answered("2026-03-09 08:10")
    .replied("2026-03-09 09:00")
)


def test_a_severity_in_force_counts_from_the_start() -> None:
    """Rule `start` of a later clock: the target comes with the event that starts it."""
    given = last_target(ONGOING, "2026-03-09 09:10")
    assert given.promise.rule == "start"
    assert (given.promise.given_by, given.triage.event_id) == ("T-1/4", "T-1/2")
    told = explained(ONGOING, "2026-03-09 09:10")
    assert "It was in force when the clock started" in ENGLISH.target(given, told.clock)
    assert [turn.part for turn in told.turns] == ["started"]
    assert [triage.effect for triage in told.triages] == ["before"]


def test_a_target_may_be_taken_away() -> None:
    """Rule `no-target`, the first: severity 3 publishes no ongoing target."""
    story = ONGOING.triaged("2026-03-09 09:15", 3)
    told = explained(story, "2026-03-09 09:20")
    given = told.targets[-1]
    assert given.promise.rule == "no-target"
    assert (told.verdict, told.no_target, told.due) == ("no-target", "empty-cell", None)
    assert ENGLISH.target(given, told.clock).rstrip() == (
        "Severity 3, assigned on Mon 9 March 2026 09:15 CET (08:15 UTC), gives no target: "
        "the clock runs on without one."
    )


def test_a_target_given_again_has_its_former_due_time() -> None:
    """Rule `again`, the second: down and up buys no time."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 2)
        .triaged("2026-03-09 08:30", 3)
        .triaged("2026-03-09 09:00", 2)
    )
    given = last_target(story, "2026-03-09 09:30")
    assert given.promise.rule == "again"
    assert moments(given)["due"] == "2026-03-09 10:00"
    assert given.taken_from is not None
    assert given.taken_from.given_by == "T-1/2"
    clock = explained(story, "2026-03-09 09:30").clock
    assert "had this target before" in ENGLISH.target(given, clock)
    assert "Tento cíl už lhůta měla" in CZECH.target(given, clock)


def test_a_looser_target_counts_from_the_start() -> None:
    """Rule `from-start`, the third: nine hours from 08:00 end at 17:00."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 2)
        .triaged("2026-03-09 08:30", 3)
    )
    given = last_target(story, "2026-03-09 09:30")
    assert given.promise.rule == "from-start"
    assert moments(given) == {
        "due": "2026-03-09 17:00",
        "anchor": "2026-03-09 08:00",
        "from start": "2026-03-09 17:00",
        "former from start": "2026-03-09 10:00",
        "full": None,
    }
    clock = explained(story, "2026-03-09 09:30").clock
    assert "it is not tighter. So it counts from the clock's start" in ENGLISH.target(given, clock)
    assert "není tedy přísnější. Počítá se proto od začátku lhůty" in CZECH.target(given, clock)


def test_a_looser_target_keeps_a_later_due_time() -> None:
    """Rule `earlier-promise`, the other side of the third: what was given stays."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 3)
        .triaged("2026-03-09 16:00", 1)
        .triaged("2026-03-09 16:10", 2)
    )
    told = explained(story, "2026-03-09 16:20")
    given = told.targets[-1]
    assert given.promise.rule == "earlier-promise"
    assert moments(given) == {
        "due": "2026-03-09 17:00",
        "anchor": "2026-03-09 16:00",
        "from start": "2026-03-09 10:00",
        "former from start": "2026-03-09 09:00",
        "full": None,
    }
    assert given.taken_from is not None
    assert given.taken_from.given_by == "T-1/3"
    # The basis is that of the promise taken over: one hour from 16:00.
    assert told.due is not None
    assert told.due.budget == Target(HOUR, 8 * HOUR)
    assert counted(told.due.stretch) == [
        ("business", "2026-03-09 16:00", "2026-03-09 17:00", "1:00", "1:00", "0:00")
    ]
    assert "is later, and stays" in ENGLISH.target(given, told.clock)
    assert "je pozdější a zůstává" in CZECH.target(given, told.clock)


def test_a_tighter_target_counts_in_full_from_the_change() -> None:
    """Rule `full`, the fourth: raising a severity never breaches a clock in the past."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 3)
        .triaged("2026-03-09 11:30", 1)
    )
    given = last_target(story, "2026-03-09 12:00")
    assert given.promise.rule == "full"
    assert moments(given) == {
        "due": "2026-03-09 12:30",
        "anchor": "2026-03-09 11:30",
        "from start": "2026-03-09 09:00",
        "former from start": "2026-03-09 17:00",
        "full": "2026-03-09 12:30",
    }
    clock = explained(story, "2026-03-09 12:00").clock
    assert "it is tighter. So it counts in full from the change" in ENGLISH.target(given, clock)
    assert "je tedy přísnější. Počítá se proto celý od změny" in CZECH.target(given, clock)


def test_the_first_target_of_a_clock_counts_in_full_from_the_change() -> None:
    """Rule `full` where there was none before: nothing to compare with."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:05", 3)
        .promised("2026-03-09 09:00")
        .triaged("2026-03-09 10:00", 1)
    )
    given = last_target(story, "2026-03-09 10:30")
    assert (given.promise.rule, given.former) == ("full", None)
    assert moments(given)["due"] == "2026-03-09 11:00"
    clock = explained(story, "2026-03-09 10:30").clock
    assert "The clock had no target before." in ENGLISH.target(given, clock)
    assert "Předtím lhůta žádný cíl neměla." in CZECH.target(given, clock)


def test_a_looser_target_whose_due_times_are_over_counts_in_full() -> None:
    """Rule `full` by default: from the start it would be due before the change."""
    story = ONGOING.triaged("2026-03-09 09:15", 3).triaged("2026-03-09 12:00", 2)
    given = last_target(story, "2026-03-09 12:30")
    assert given.promise.rule == "full"
    assert moments(given) == {
        "due": "2026-03-09 14:00",
        "anchor": "2026-03-09 12:00",
        "from start": "2026-03-09 11:00",
        "former from start": "2026-03-09 10:00",
        "full": "2026-03-09 14:00",
    }
    clock = explained(story, "2026-03-09 12:30").clock
    assert "these due times were over when the severity changed" in ENGLISH.target(given, clock)
    assert "Tyto termíny však v době změny už minuly." in CZECH.target(given, clock)


def test_a_tighter_target_is_capped_by_a_looser_promise() -> None:
    """Rule `capped`: a graver severity does not put off what was promised already."""
    story = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 3)
        .triaged("2026-03-09 16:30", 2)
    )
    told = explained(story, "2026-03-09 16:40")
    given = told.targets[-1]
    assert given.promise.rule == "capped"
    assert moments(given) == {
        "due": "2026-03-09 17:00",
        "anchor": "2026-03-09 08:00",
        "from start": "2026-03-09 10:00",
        "former from start": "2026-03-09 17:00",
        "full": "2026-03-10 01:00",
    }
    assert given.taken_from is not None
    assert given.taken_from.given_by == "T-1/2"
    assert told.due is not None
    assert told.due.budget == Target(DAY, None)
    assert "In full from the change it would be due Tue 10 March" in ENGLISH.target(
        given, told.clock
    )
    assert "Celý od změny by vypršel v úterý 10. 3." in spaced(CZECH.target(given, told.clock))


def test_a_clock_without_target_says_why() -> None:
    """Untriaged, unsupported, or a cell of the plan that publishes none."""
    opened = ticket().opened("2026-03-09 08:00", plan="standard")
    for story, why, english, czech in (
        (opened, "untriaged", "has no severity yet", "ještě nemá závažnost"),
        (
            opened.triaged("2026-03-09 08:05", 1, supported=False),
            "unsupported",
            "answered on best effort",
            "řeší se podle možností",
        ),
        (
            opened.triaged("2026-03-09 08:05", 3),
            "empty-cell",
            "plan Standard publishes none for the initial response at severity 3",
            "plán Standard pro první odpověď při závažnosti 3 žádný neuvádí",
        ),
    ):
        told = explained(story, "2026-03-09 09:00")
        assert (told.verdict, told.no_target, told.due, told.left) == ("no-target", why, None, None)
        assert english in narrate(told, told.at, ENGLISH).sentence
        assert czech in narrate(told, told.at, CZECH).sentence


def test_a_clock_without_severity_may_turn_out_broken() -> None:
    """The first severity counts from the start; without any other target nothing can be broken."""
    opened = ticket().opened("2026-03-09 08:00", plan="standard")
    later = opened.triaged("2026-03-09 12:00", 1)
    assert explained(opened, "2026-03-09 11:00").verdict == "no-target"
    assert explained(later, "2026-03-09 12:00").verdict == "breached"

    def sentences(story: Story) -> tuple[str, str]:
        told = explained(story, "2026-03-09 11:00")
        english, czech = (narrate(told, told.at, words).sentence for words in (ENGLISH, CZECH))
        return english, spaced(czech)

    assert sentences(opened) == (
        "No target: the ticket has no severity yet. The first severity will count from the start, "
        "so the promise may already be broken then.",
        "Bez cíle: požadavek ještě nemá závažnost. Až bude závažnost určena, bude se cíl počítat "
        "od začátku lhůty, takže už může být porušena.",
    )
    for story in (
        opened.triaged("2026-03-09 08:05", 1, supported=False),
        opened.triaged("2026-03-09 08:05", 3),
    ):
        english, czech = sentences(story)
        assert english.endswith("The clock measures and cannot be broken without a target.")
        assert czech.endswith("Lhůta se jen měří a bez cíle ji nelze porušit.")


def test_severities_after_the_end_are_told_and_change_nothing() -> None:
    """An answered clock and a breached one are frozen; the history of severities is whole."""
    answered = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 2)
        .answered("2026-03-09 08:20")
        .triaged("2026-03-09 08:30", 1)
    )
    assert [triage.effect for triage in explained(answered, "2026-03-09 12:00", 0).triages] == [
        "target",
        "answered",
    ]
    breached = (
        ticket()
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:10", 2)
        .triaged("2026-03-09 10:30", 3)
    )
    told = explained(breached, "2026-03-09 12:00")
    assert [triage.effect for triage in told.triages] == ["target", "breached"]
    [_, frozen] = narrate(told, told.at, ENGLISH).sections[2].before
    assert frozen == (
        "Severity 3, assigned on Mon 9 March 2026 10:30 CET (09:30 UTC), "
        "changed nothing: the clock had been broken by then."
    )
    [_, frozen] = narrate(told, told.at, CZECH).sections[2].before
    assert frozen.endswith("nic nezměnila: lhůta už byla porušena.")


@pytest.mark.parametrize(
    ("story", "time", "english", "czech"),
    [
        (
            ticket().opened("2026-03-06 16:30").triaged("2026-03-06 16:42", 1),
            "2026-03-06 16:50",
            "Running: due Sat 7 March 2026 01:00 CET (00:00 UTC); from Fri 6 March 2026 16:50 CET "
            "(15:50 UTC) there is still 10 minutes of business time and 8 hours outside business "
            "hours.",
            "Běží: termín je v sobotu 7. 3. 2026 01:00 CET (00:00 UTC). Od pátku 6. 3. 2026 16:50 "
            "CET (15:50 UTC) do něj zbývá: 10 minut pracovní doby a 8 hodin mimo pracovní dobu.",
        ),
        (
            ticket().opened("2026-03-06 16:30").triaged("2026-03-06 16:42", 1),
            "2026-03-07 01:00",
            "Running: due at this very instant, Sat 7 March 2026 01:00 CET (00:00 UTC).",
            "Běží: termín je právě v tomto okamžiku, v sobotu 7. 3. 2026 01:00 CET (00:00 UTC).",
        ),
        (
            ticket().opened("2026-03-06 16:30").triaged("2026-03-06 16:42", 1),
            "2026-03-07 03:00",
            "Broken: due Sat 7 March 2026 01:00 CET (00:00 UTC), not answered by Sat 7 March 2026 "
            "03:00 CET (02:00 UTC): late by 2 hours outside business hours so far.",
            "Porušeno: termín byl v sobotu 7. 3. 2026 01:00 CET (00:00 UTC) a do soboty 7. 3. 2026 "
            "03:00 CET (02:00 UTC) odpověď nepřišla. Dosavadní zpoždění: 2 hodiny mimo pracovní "
            "dobu.",
        ),
        (
            ticket()
            .opened("2026-03-09 08:00")
            .triaged("2026-03-09 08:01", 2)
            .answered("2026-03-09 08:59"),
            "2026-03-09 12:00",
            "Kept: due Mon 9 March 2026 10:00 CET (09:00 UTC), answered Mon 9 March 2026 08:59 CET "
            "(07:59 UTC), with 1 hour 1 minute of business time to spare.",
            "Dodrženo: termín byl v pondělí 9. 3. 2026 10:00 CET (09:00 UTC), odpověď přišla "
            "v pondělí 9. 3. 2026 08:59 CET (07:59 UTC). Rezerva: 1 hodina 1 minuta pracovní doby.",
        ),
        (
            ticket()
            .opened("2026-03-09 08:00")
            .triaged("2026-03-09 08:01", 2)
            .answered("2026-03-09 10:00"),
            "2026-03-09 12:00",
            "Kept: answered exactly at the due time, Mon 9 March 2026 10:00 CET (09:00 UTC).",
            "Dodrženo: odpověď přišla přesně v termínu, v pondělí 9. 3. 2026 10:00 CET "
            "(09:00 UTC).",
        ),
        (
            BREACHED,
            "2026-03-07 09:05",
            "Broken: due Sat 7 March 2026 01:00 CET (00:00 UTC), answered Sat 7 March 2026 02:00 "
            "CET (01:00 UTC): late by 1 hour outside business hours.",
            "Porušeno: termín byl v sobotu 7. 3. 2026 01:00 CET (00:00 UTC), odpověď přišla "
            "v sobotu 7. 3. 2026 02:00 CET (01:00 UTC). Zpoždění: 1 hodina mimo pracovní dobu.",
        ),
    ],
)
def test_a_verdict_is_one_sentence(story: Story, time: str, english: str, czech: str) -> None:
    """It says what was promised, what came, and the difference on both meters."""
    told = explained(story, time)
    assert narrate(told, told.at, ENGLISH).sentence == english
    assert spaced(narrate(told, told.at, CZECH).sentence) == czech


@given(history=histories(), judged_at=moments_asked())
def test_the_segments_sum_to_the_elapsed_time(
    history: Sequence[RecordedEvent], judged_at: int
) -> None:
    """Without a gap from the start to the end, each meter as the clock itself says."""
    for told in every_explanation(history, judged_at):
        used = told.used
        edges = [used.start, *(segment.end for segment in used.segments)]
        assert [segment.start for segment in used.segments] == edges[:-1]
        assert edges[-1] == used.end
        assert sum(segment.duration for segment in used.segments) == used.end - used.start
        assert (used.business, used.off_hours) == told.clock.meters(judged_at)


@given(history=histories(), judged_at=moments_asked())
def test_a_due_time_is_where_its_budget_is_used_up(
    history: Sequence[RecordedEvent], judged_at: int
) -> None:
    """Counted from the basis, one meter shows its whole budget and none shows more."""
    for told in every_explanation(history, judged_at):
        assert (told.due is None) == (told.clock.due_at is None) == (told.no_target is not None)
        if told.due is None:
            continue
        stretch, budget = told.due.stretch, told.due.budget
        assert stretch.end == told.clock.due_at
        assert told.due.used_up
        for kind, shows, allowed in (
            ("business", stretch.business, budget.business),
            ("off-hours", stretch.off_hours, budget.off_hours),
        ):
            assert allowed is None or shows <= allowed
            assert (kind in told.due.used_up) == (shows == allowed)


@given(history=histories(), judged_at=moments_asked())
def test_every_rule_is_backed_by_its_numbers(
    history: Sequence[RecordedEvent], judged_at: int
) -> None:
    """The instants beside a rule are those that it says it compared."""
    for told in every_explanation(history, judged_at):
        for target in told.targets:
            promise = target.promise
            match promise.rule:
                case "start" | "no-target":
                    assert target.taken_from is None
                case "from-start":
                    assert promise.due_at == target.from_start
                case "full":
                    assert promise.due_at == target.full
                case "again" | "earlier-promise" | "capped":
                    assert target.taken_from is not None
                    assert promise.due_at == target.taken_from.due_at


@given(history=histories(), judged_at=moments_asked())
def test_every_explanation_can_be_told(history: Sequence[RecordedEvent], judged_at: int) -> None:
    """In both languages, with the sections that it has and without an empty line."""
    for told in every_explanation(history, judged_at):
        for words in LANGUAGES.values():
            narrative = narrate(told, judged_at, words)
            for section in narrative.sections:
                texts = [*section.before, *section.after, *(text for _, text in section.facts)]
                assert texts
                assert all(text and text == text.strip() for text in texts)


def every_explanation(history: Sequence[RecordedEvent], judged_at: int) -> list[Explanation]:
    """Every clock of a history that is known, judged by the published policy."""
    story = known(history, judged_at, judged_at)
    return [explain(clock, story, judged_at) for clock in fold(story, MANAGRY).clocks]


def test_a_short_table_is_whole_and_the_middle_of_a_long_one_is_summed() -> None:
    """Forty lines at most: one of them says how many segments it stands for, and how much time."""
    story = ticket().opened("2026-01-05 08:00")
    told = explained(story, "2026-03-02 08:00")
    assert len(told.used.segments) == 80
    used = narrate(told, told.at, ENGLISH).sections[-2]
    rows = used.table[1:]
    assert len(rows) == LIMIT
    assert [row.number for row in rows[18:23]] == ["19", "20", "21–61", "62", "63"]
    summed = rows[20]
    assert summed.kind == "41 segments"
    left_out = told.used.segments[20:61]
    assert summed.duration == compact(sum(segment.duration for segment in left_out))
    assert summed.business == compact(left_out[-1].business)
    assert summed.off_hours == compact(left_out[-1].off_hours)
    assert used.after[0] == "One line sums 41 segments; --all shows each of them."
    assert len(narrate(told, told.at, ENGLISH, None).sections[-2].table) == 1 + 80


def test_forty_segments_are_not_shortened() -> None:
    """The limit itself still fits."""
    told = explained(ticket().opened("2026-01-05 08:00"), "2026-02-02 08:00")
    assert len(told.used.segments) == LIMIT
    assert len(narrate(told, told.at, ENGLISH).sections[-2].table) == 1 + LIMIT


@pytest.mark.parametrize(
    ("duration", "english", "czech"),
    [
        (0, "0 seconds", "0 sekund"),
        (HOUR, "1 hour", "1 hodina"),
        (2 * HOUR, "2 hours", "2 hodiny"),
        (4 * HOUR, "4 hours", "4 hodiny"),
        (5 * HOUR, "5 hours", "5 hodin"),
        (21 * HOUR, "21 hours", "21 hodin"),
        (22 * HOUR, "22 hours", "22 hodin"),
        (100 * HOUR + MINUTE, "100 hours 1 minute", "100 hodin 1 minuta"),
        (3 * MINUTE + instant.SECOND, "3 minutes 1 second", "3 minuty 1 sekunda"),
        (HOUR + 5 * MINUTE, "1 hour 5 minutes", "1 hodina 5 minut"),
        (2 * instant.SECOND, "2 seconds", "2 sekundy"),
        (500_000, "0.5 seconds", "0,5 sekundy"),
        (1, "0.000001 seconds", "0,000001 sekundy"),
    ],
)
def test_numbers_agree_with_their_nouns(duration: int, english: str, czech: str) -> None:
    """1 hodina, 2 hodiny, 5 hodin; a decimal number takes the genitive singular."""
    assert ENGLISH.duration(duration) == english
    assert spaced(CZECH.duration(duration)) == czech


def test_czech_segments_and_days_agree_with_their_numbers() -> None:
    """Úsek, úseky, úseků; pracovní den, dny, dní."""
    segments = [spaced(CZECH.segments(number)) for number in (1, 2, 5)]
    assert segments == ["1 úsek", "2 úseky", "5 úseků"]
    assert [spaced(CZECH.budget(Target(days * DAY, None), DAY)) for days in (1, 2, 5)] == [
        "9 hodin pracovní doby (1 pracovní den)",
        "18 hodin pracovní doby (2 pracovní dny)",
        "45 hodin pracovní doby (5 pracovních dní)",
    ]


def test_a_backdated_event_says_by_how_much() -> None:
    """The accusative after `o`: o 1 hodinu, o 2 hodiny."""
    noon = at("2026-03-09 12:00")
    assert spaced(CZECH.recorded(noon, noon + HOUR, PRAGUE)) == (
        "ZAPSÁNO ZPĚTNĚ: zaznamenáno v pondělí 9. 3. 2026 13:00 CET (12:00 UTC), "
        "o 1 hodinu později."
    )
    assert ENGLISH.recorded(noon, noon + 2 * HOUR, PRAGUE) == (
        "BACKDATED: recorded on Mon 9 March 2026 14:00 CET (13:00 UTC), 2 hours later."
    )


def test_a_time_names_its_zone_and_another_day_in_utc() -> None:
    """Midnight in Prague is the day before in UTC; the repeated hour has two names."""
    assert ENGLISH.moment(at("2026-03-07 00:30"), PRAGUE) == (
        "Sat 7 March 2026 00:30 CET (6 Mar 23:30 UTC)"
    )
    assert spaced(CZECH.moment(at("2026-10-25T00:30:15.25Z"), PRAGUE)) == (
        "neděle 25. 10. 2026 02:30:15.25 CEST (00:30:15.25 UTC)"
    )
    assert spaced(CZECH.moment(at("2026-10-25T01:30:00Z"), PRAGUE)) == (
        "neděle 25. 10. 2026 02:30 CET (01:30 UTC)"
    )
    assert ENGLISH.moment(at("2026-03-06T15:30:00Z"), ZoneInfo("UTC")) == (
        "Fri 6 March 2026 15:30 UTC"
    )


def test_a_stretch_leaves_out_what_its_end_repeats() -> None:
    """The same day, another day, another year, another offset."""
    spans = [
        ("2026-03-06 16:30", "2026-03-06 17:00"),
        ("2026-03-06 17:00", "2026-03-07 01:00"),
        ("2025-12-31 17:00", "2026-01-02 08:00"),
        ("2026-10-23 17:00", "2026-10-26 08:00"),
    ]
    assert [ENGLISH.span(at(start), at(end), PRAGUE) for start, end in spans] == [
        "Fri 6 Mar 2026 16:30 – 17:00 CET",
        "Fri 6 Mar 2026 17:00 – Sat 7 Mar 01:00 CET",
        "Wed 31 Dec 2025 17:00 – Fri 2 Jan 2026 08:00 CET",
        "Fri 23 Oct 2026 17:00 CEST – Mon 26 Oct 08:00 CET",
    ]
    assert spaced(CZECH.span(at("2026-03-06 17:00"), at("2026-03-07 01:00"), PRAGUE)) == (
        "pá 6. 3. 2026 17:00 – so 7. 3. 01:00 CET"
    )


def test_a_clock_change_is_told_where_it_matters() -> None:
    """A segment with a changed clock lasts longer or shorter than the clocks show."""
    assert ENGLISH.clock_change(2, -HOUR) == (
        "Clocks go back by 1 hour in segment 2: it lasts 1 hour more than they show."
    )
    assert spaced(CZECH.clock_change(2, -HOUR)) == (
        "V úseku 2 se hodiny posouvají zpět o 1 hodinu: trvá o 1 hodinu déle, než ukazují."
    )
    assert spaced(CZECH.clock_change(2, HOUR)) == (
        "V úseku 2 se hodiny posouvají dopředu o 1 hodinu: trvá o 1 hodinu kratší dobu, "
        "než ukazují."
    )


def test_czech_dates_and_numbers_are_kept_in_one_piece() -> None:
    """No line ends inside a date, nor between a number and its unit."""
    assert CZECH.day(date(2026, 3, 30)) == "pondělí 30.\u00a03.\u00a02026"
    assert CZECH.short_day(date(2026, 3, 30), weekday=True, year=False) == "po 30.\u00a03."
    assert CZECH.duration(2 * HOUR + MINUTE) == "2\u00a0hodiny 1\u00a0minuta"
    assert CZECH.duration(500_000) == "0,5\u00a0sekundy"
    told = explained(BREACHED, "2026-03-07 09:05")
    assert narrate(told, told.at, CZECH).sections[-1].before[0].startswith("50\u00a0% cíle")


def test_an_explanation_names_the_text_of_the_policy_that_judged() -> None:
    """Sixteen digits of its digest stand beside the label, so that an edited file shows."""
    told = explained(BREACHED, "2026-03-07 09:05")
    digest = told.clock.policy.digest[:16]
    assert len(digest) == 16
    for words, name in ((ENGLISH, "digest"), (CZECH, "otisk")):
        label, policy = narrate(told, told.at, words).sections[0].facts[0]
        assert label == words.policy_label
        assert f"), {name} {digest}, " in policy


def test_czech_speaks_of_one_working_time_by_one_name() -> None:
    """Pracovní doba: what the calendar opens, whose digest is told."""
    told = explained(BREACHED, "2026-03-07 09:05")
    _, calendar = narrate(told, told.at, CZECH).sections[0].facts[1]
    assert "pracovní doba 'office'" in calendar
    assert f"otisk pracovní doby {told.clock.hours.digest[:16]}" in calendar


def test_a_ticket_without_severity_reads_as_a_sentence() -> None:
    """Nothing is assigned yet: neither page holds a word that is missing."""
    told = explained(ticket().opened("2026-03-09 08:00"), "2026-03-09 09:00")
    severities = [narrate(told, told.at, words).sections[0].facts[2] for words in (ENGLISH, CZECH)]
    assert severities == [("severity", "not assigned yet."), ("závažnost", "dosud nebyla určena.")]


def test_foreign_texts_cannot_command_a_terminal() -> None:
    """An actor that holds an escape sequence is shown, not obeyed."""
    assert visible("agent:\x1b[31mJana\n") == "agent:\\x1b[31mJana\\n"
    assert visible("agent:Šárka") == "agent:Šárka"
