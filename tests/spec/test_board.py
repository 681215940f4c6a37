"""The board: the desk at an instant, from the read models (semantics §3, §4).

Monday 9 March 2026 is an ordinary business day, 08:00-17:00, Friday 6 March the one before it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import instant
from domain.hours import OutsideCalendar
from infra.doors.past_desk import PastDesk
from infra.store.models import SQLiteModels
from projections.board import Board, Counts, Waiting, board
from projections.projector import Projector, Terms
from projections.rows import PARKED, ParkedRow
from tests.spec.desk import MANAGRY, Story, at, shown, ticket
from tests.spec.partition import mark, partition


@pytest.fixture
def models(tmp_path: Path) -> Iterator[SQLiteModels]:
    """Give empty read models."""
    with SQLiteModels.open(tmp_path / "models.db") as opened:
        yield opened


def shows(
    models: SQLiteModels, *stories: Story, time: str, decided: str | None = None, limit: int = 20
) -> Board:
    """The board at a time, of a desk whose time has come as far."""
    log = partition(*(story.history for story in stories))
    until = mark(log, at(time if decided is None else decided))
    Projector(models).apply(log, Terms(MANAGRY, 0), until)
    return board(models, MANAGRY, at(time), limit)


def test_an_empty_desk_has_an_empty_board(models: SQLiteModels) -> None:
    """And no age: there is no event that time could be told by."""
    assert board(models, MANAGRY, at("2026-03-09 12:00")) == Board(
        at("2026-03-09 12:00"), None, Counts(0, 0, 0, 0, 0, None), (), (), (), (), ()
    )


def test_what_is_due_next_tells_business_time_left_and_the_due_time(models: SQLiteModels) -> None:
    """Over a weekend the two are far apart."""
    story = ticket("T-1").opened("2026-03-06 16:00").triaged("2026-03-06 16:05", 3)
    [line] = shows(models, story, time="2026-03-07 12:00").due_next
    assert (line.ticket, line.severity, line.clock, line.instance) == ("T-1", 3, "initial", 1)
    assert shown(line.due_at) == "2026-03-09 16:00"
    assert (line.business_left, line.off_hours_left) == (8 * instant.HOUR, None)
    assert line.zone_name == "Europe/Prague"
    assert (line.plan, line.policy) == ("premium", "managry@1")


def test_a_target_that_counts_off_hours_tells_what_is_left_of_them(models: SQLiteModels) -> None:
    """At night no business time is left until the due time, though hours are."""
    story = ticket("T-1").opened("2026-03-09 16:50").triaged("2026-03-09 16:55", 1)
    [line] = shows(models, story, time="2026-03-09 18:00").due_next
    assert shown(line.due_at) == "2026-03-10 01:00"
    assert (line.business_left, line.off_hours_left) == (0, 7 * instant.HOUR)


def test_the_first_due_comes_first(models: SQLiteModels) -> None:
    """Whatever the severity and the order of asking."""
    low = ticket("T-1").opened("2026-03-09 08:00").triaged("2026-03-09 08:01", 4)
    critical = ticket("T-2").opened("2026-03-09 09:00").triaged("2026-03-09 09:01", 1)
    shown_first = shows(models, low, critical, time="2026-03-09 09:05").due_next
    assert [line.ticket for line in shown_first] == ["T-2", "T-1"]


def test_a_clock_is_broken_from_the_moment_after_its_due_time(models: SQLiteModels) -> None:
    """On the board at once, although its alert comes 30 s later."""
    story = ticket("T-1").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
    log = partition(story.history)
    Projector(models).apply(log, Terms(MANAGRY, 0), mark(log, at("2026-03-09 08:59")))
    at_due = board(models, MANAGRY, at("2026-03-09 09:00"))
    after = board(models, MANAGRY, at("2026-03-09 09:00") + 1)
    assert [line.ticket for line in at_due.due_next] == ["T-1"]
    assert at_due.broken == ()
    assert after.due_next == ()
    assert [line.ticket for line in after.broken] == ["T-1"]
    assert after.counts == Counts(0, 1, 0, 0, 0, at("2026-03-09 08:59"))


def test_a_broken_clock_tells_how_much_business_time_it_is_over(models: SQLiteModels) -> None:
    """As time left, below zero."""
    story = ticket("T-1").opened("2026-03-06 16:00").triaged("2026-03-06 16:05", 1)
    [line] = shows(models, story, time="2026-03-09 08:30").broken
    assert shown(line.due_at) == "2026-03-06 17:00"
    assert line.business_left == -30 * instant.MINUTE


def test_an_answered_ticket_is_on_no_list_of_clocks(models: SQLiteModels) -> None:
    """Neither when it was late nor when it was in time."""
    in_time = (
        ticket("T-1")
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:05", 1)
        .resolved("2026-03-09 08:30")
    )
    late = (
        ticket("T-2")
        .opened("2026-03-09 08:00")
        .triaged("2026-03-09 08:05", 1)
        .resolved("2026-03-09 09:30")
    )
    shown_now = shows(models, in_time, late, time="2026-03-09 10:00")
    assert shown_now.counts == Counts(0, 0, 0, 0, 0, at("2026-03-09 10:00"))


def test_an_untriaged_ticket_is_shown_with_its_guard(models: SQLiteModels) -> None:
    """When the plan's most urgent target would be due, also when that is over (semantics §4)."""
    story = ticket("T-1").opened("2026-03-09 08:00")
    early = shows(models, story, time="2026-03-09 08:10")
    [line] = early.untriaged
    assert (line.severity, shown(line.due_at)) == (None, "2026-03-09 09:00")
    assert (line.business_left, line.off_hours_left) == (50 * instant.MINUTE, 0)
    assert early.due_next == ()
    log = partition(story.history)
    Projector(models).advance(mark(log, at("2026-03-09 12:00")), Terms(MANAGRY, 0))
    [over] = board(models, MANAGRY, at("2026-03-09 12:00")).untriaged
    assert over.business_left == -3 * instant.HOUR


def test_a_triaged_ticket_has_no_guard(models: SQLiteModels) -> None:
    """Nor has one that was answered before its triage."""
    triaged = ticket("T-1").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
    answered = ticket("T-2").opened("2026-03-09 08:00").answered("2026-03-09 08:05")
    assert shows(models, triaged, answered, time="2026-03-09 08:10").untriaged == ()


def test_a_ticket_whose_customer_owes_the_next_step_waits(models: SQLiteModels) -> None:
    """Since the last answer; those that wait longest come first."""
    new = ticket("T-1").opened("2026-03-09 08:00").answered("2026-03-09 08:30")
    old = (
        ticket("T-2")
        .opened("2026-03-06 08:00")
        .triaged("2026-03-06 08:05", 2)
        .answered("2026-03-06 08:30")
    )
    back = ticket("T-3").opened("2026-03-06 08:00").answered("2026-03-06 08:30")
    shown_now = shows(models, new, old, back.replied("2026-03-09 08:45"), time="2026-03-09 09:00")
    assert shown_now.waiting == (
        Waiting("T-2", 2, "premium", at("2026-03-06 08:30")),
        Waiting("T-1", None, "premium", at("2026-03-09 08:30")),
    )


def test_lists_are_cut_and_counts_are_whole(models: SQLiteModels) -> None:
    """A desk of many tickets fits on the screen."""
    stories = [
        ticket(f"T-{number}").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
        for number in range(5)
    ]
    cut = shows(models, *stories, time="2026-03-09 08:10", limit=2)
    assert [line.ticket for line in cut.due_next] == ["T-0", "T-1"]
    assert cut.counts.due_next == 5


def test_the_age_tells_how_old_time_is(models: SQLiteModels) -> None:
    """From the instant up to which everything is decided."""
    story = ticket("T-1").opened("2026-03-09 08:00")
    late = shows(models, story, time="2026-03-09 08:10", decided="2026-03-09 08:08")
    assert late.age == 2 * instant.MINUTE


def test_a_board_of_a_time_that_is_over_has_no_negative_age(models: SQLiteModels) -> None:
    """Time in the read models may be ahead of the one who looks."""
    story = ticket("T-1").opened("2026-03-09 08:00")
    assert shows(models, story, time="2026-03-09 08:10", decided="2026-03-09 08:11").age == 0


def test_an_instant_outside_the_calendar_is_refused(models: SQLiteModels) -> None:
    """Business time left is not known there."""
    story = ticket("T-1").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
    shows(models, story, time="2026-03-09 08:10")
    with pytest.raises(OutsideCalendar):
        board(models, MANAGRY, at("2099-03-09 08:10"))


def test_parked_tickets_are_on_the_board_with_the_reason(models: SQLiteModels) -> None:
    """As many as a list has lines; the count is whole."""
    rows = [ParkedRow(f"T-{one}", 0, one, "KeyError", "premium", 0) for one in (1, 2)]
    models.write(PARKED, rows)
    made = board(models, MANAGRY, at("2026-03-09 12:00"), limit=1)
    assert (made.counts.parked, made.parked) == (2, (rows[0],))


def test_a_ticket_that_cannot_be_folded_is_parked_on_the_board_of_the_past() -> None:
    """The others are judged."""
    last = at("2040-12-31 16:00")
    beyond = ticket("T-1").opened("2040-12-31 16:00").triaged("2040-12-31 16:05", 4).history
    fine = ticket("T-2").opened("2040-12-27 09:00").triaged("2040-12-27 09:05", 1).history
    now = last + 10 * instant.MINUTE
    made = board(PastDesk([beyond, fine], MANAGRY, now, now), MANAGRY, now)
    assert [line.ticket for line in (*made.due_next, *made.broken)] == ["T-2"]
    assert (made.counts.parked, [one.ticket for one in made.parked]) == (1, ["T-1"])
    assert made.parked[0].error == "OutsideCalendar"
    assert "outside the policy's calendar" in made.parked[0].reason
