"""What is told and when, rule by rule with its counter-example (semantics §5 and §6).

The tickets are of the published policy unless a test makes its own: a critical premium ticket of
Monday 9 March 2026, 08:00, is due at 09:00, with warnings at 08:30 and 08:45, and overdue at
10:00, 11:00 and 13:00. Everything is decided 30 seconds later, the policy's `settle`.
"""

from uuid import NAMESPACE_URL, uuid5

import pytest

from domain import instant
from domain.alert import Alert, deadlines
from domain.hours import OutsideCalendar
from domain.policy import Policies, Target
from tests.spec.desk import (
    HOUR,
    Story,
    Targets,
    at,
    decided,
    folded,
    lines,
    only,
    policy,
    shown,
    ticket,
    told,
)

OPENED = ticket().opened("2026-03-09 08:00")
CRITICAL = OPENED.triaged("2026-03-09 08:00", 1)
MEDIUM = OPENED.triaged("2026-03-09 08:00", 3)
STANDARD = ticket().opened("2026-03-09 08:00", "standard")
NOON = "2026-03-09 12:00"


def day(*told_on_monday: str) -> list[str]:
    """Lines of Monday, written without the date."""
    return [f"2026-03-09 {line}" for line in told_on_monday]


WARNED = day("08:30:30 initial warning 0.5", "08:45:30 initial warning 0.75")
BREACHED = [*WARNED, *day("09:00:30 initial breach")]


class TestDeadlines:
    def test_a_promise_that_nobody_keeps_is_told_from_the_first_warning_on(self) -> None:
        """Two warnings, the breach, and three times overdue; then there is nothing more to say."""
        assert told(CRITICAL, "2026-03-20 12:00") == [
            *BREACHED,
            *day(
                "10:00:30 initial overdue 1",
                "11:00:30 initial overdue 2",
                "13:00:30 initial overdue 4",
            ),
        ]

    def test_a_promise_that_is_kept_early_tells_nothing(self) -> None:
        """Answered before the first warning."""
        assert told(CRITICAL.answered("2026-03-09 08:20"), NOON) == []

    def test_an_ongoing_clock_tells_too(self) -> None:
        """Each clock has its own deadlines, from its own start."""
        story = CRITICAL.answered("2026-03-09 08:20").replied("2026-03-09 09:00")
        assert told(story, "2026-03-09 10:30") == day(
            "09:30:30 ongoing/1 warning 0.5",
            "09:45:30 ongoing/1 warning 0.75",
            "10:00:30 ongoing/1 breach",
        )

    def test_the_steps_are_those_of_the_policy(self) -> None:
        """One warning at a tenth, one overdue at three halves, named as the policy writes them."""
        policies = only(
            policy({("initial", 1): Target(HOUR, None)}, warnings=["0.10"], overdues=["1.5"])
        )
        assert told(CRITICAL, NOON, policies) == day(
            "08:06:30 initial warning 0.10",
            "09:00:30 initial breach",
            "10:30:30 initial overdue 1.5",
        )

    def test_budgets_are_rounded_down_to_whole_microseconds(self) -> None:
        """Half of three microseconds is one."""
        policies = only(policy({("initial", 1): Target(3, None)}, overdues=[], settle=0))
        assert told(CRITICAL, NOON, policies) == day(
            "08:00:00.000001 initial warning 0.5",
            "08:00:00.000002 initial warning 0.75",
            "08:00:00.000003 initial breach",
        )

    def test_a_fraction_is_of_both_budgets(self) -> None:
        """On a Friday evening half of eight other hours runs out, not half of one business hour."""
        story = ticket().opened("2026-03-06 18:00").triaged("2026-03-06 18:00", 1)
        assert told(story, "2026-03-07 01:00:29")[0] == "2026-03-06 22:00:30 initial warning 0.5"

    @pytest.mark.parametrize("plan", ["standard", "premium"])
    def test_without_a_target_there_is_nothing_to_tell(self, plan: str) -> None:
        """An unsupported request on either plan, and an empty cell."""
        story = ticket().opened("2026-03-09 08:00", plan)
        assert told(story.triaged("2026-03-09 08:00", 1, supported=False), "2026-03-20 12:00") == []
        standard = STANDARD.triaged("2026-03-09 08:00", 4).promised("2026-03-10 08:00")
        assert told(standard, "2026-03-20 12:00") == []

    def test_the_deadlines_of_a_clock_are_listed_whether_they_hold_or_not(self) -> None:
        """Of the promise in force, and of the guard where it started before the triage."""
        story = OPENED.triaged("2026-03-09 08:10", 3).answered("2026-03-09 08:20")
        [clock] = folded(story, NOON).clocks
        assert [
            (shown(deadline.at), deadline.kind, deadline.step) for deadline in deadlines(clock)
        ] == [
            ("2026-03-09 12:30", "warning", "0.5"),
            ("2026-03-09 14:45", "warning", "0.75"),
            ("2026-03-09 17:00", "breach", None),
            ("2026-03-10 17:00", "overdue", "1"),
            ("2026-03-11 17:00", "overdue", "2"),
            ("2026-03-13 17:00", "overdue", "4"),
            ("2026-03-09 08:30", "untriaged", "0.5"),
            ("2026-03-09 08:45", "untriaged", "0.75"),
            ("2026-03-09 09:00", "untriaged", "1"),
        ]

    def test_a_clock_that_started_after_the_triage_has_no_guards(self) -> None:
        """Only a clock that started before the first severity is guarded (the table)."""
        clocks = folded(CRITICAL.promised("2026-03-09 08:10"), NOON).clocks
        kinds = [[deadline.kind for deadline in deadlines(clock)] for clock in clocks]
        assert "untriaged" in kinds[0]
        assert "untriaged" not in kinds[1]

    def test_an_alert_says_which_promise_it_is_about(self) -> None:
        """Clock, step, deadline, due time and decision (contracts, `lhuta alerts`)."""
        [alert] = decided(CRITICAL, "2026-03-09 08:31")
        assert alert == Alert(
            id=alert.id,
            kind="warning",
            ticket="T-1",
            clock="initial",
            instance=1,
            started_by="T-1/1",
            step="0.5",
            deadline=at("2026-03-09 08:30"),
            due_at=at("2026-03-09 09:00"),
            decided_at=at("2026-03-09 08:30:30"),
            refers=(),
            reason=None,
            turn=at("2026-03-09 08:30:30"),
        )


class TestBasis:
    """Warnings follow the basis of the due time, overdue the target in force."""

    def test_one_full_new_target_warns_from_the_change_on(self) -> None:
        """Raised to critical at 10:00: half of that hour is 10:30."""
        story = MEDIUM.triaged("2026-03-09 10:00", 1)
        assert told(story, NOON) == day(
            "10:30:30 initial warning 0.5",
            "10:45:30 initial warning 0.75",
            "11:00:30 initial breach",
        )

    def test_a_due_time_taken_over_keeps_the_warnings_of_the_earlier_promise(self) -> None:
        """Critical at 16:30 is due at 17:00 as medium was: what was told stands, nothing new."""
        story = MEDIUM.triaged("2026-03-09 16:30", 1)
        assert told(story, "2026-03-09 17:01") == day(
            "12:30:30 initial warning 0.5",
            "14:45:30 initial warning 0.75",
            "17:00:30 initial breach",
        )

    def test_overdue_counts_the_target_in_force_from_the_due_time(self) -> None:
        """Due at 17:00 as critical: overdue after eight other hours, not after a business day."""
        story = MEDIUM.triaged("2026-03-09 16:30", 1)
        assert told(story, "2026-03-10 12:00")[3:] == [
            "2026-03-10 01:00:30 initial overdue 1",
            "2026-03-10 10:00:30 initial overdue 2",
        ]

    def test_from_the_start_the_warnings_count_from_the_start(self) -> None:
        """Lowered from high to medium at 09:10: half of the day is 12:30."""
        story = OPENED.triaged("2026-03-09 08:00", 2).triaged("2026-03-09 08:50", 3)
        assert told(story, "2026-03-09 13:00") == day("12:30:30 initial warning 0.5")


class TestSettle:
    """A deadline at D is decided on what was recorded by D + settle."""

    IN_TIME = "2026-03-09 09:00"

    def test_nothing_is_told_before_its_turn(self) -> None:
        """A watermark a microsecond before D + settle decides nothing."""
        assert told(CRITICAL, "2026-03-09 08:30:29.999999") == []
        assert told(CRITICAL, "2026-03-09 08:30:30") == WARNED[:1]

    @pytest.mark.parametrize("recorded", ["2026-03-09 09:00:29.999999", "2026-03-09 09:00:30"])
    def test_an_answer_in_time_recorded_by_then_prevents_the_breach(self, recorded: str) -> None:
        """Up to D + settle and including it: nobody hears of a breach."""
        story = CRITICAL.answered(self.IN_TIME, recorded)
        assert told(story, NOON) == [
            *WARNED,
            f"{recorded} initial cleared warning 0.5, warning 0.75",
        ]

    def test_an_answer_in_time_recorded_later_withdraws_the_breach(self) -> None:
        """A microsecond after D + settle the breach is told already."""
        recorded = "2026-03-09 09:00:30.000001"
        assert told(CRITICAL.answered(self.IN_TIME, recorded), NOON) == [
            *BREACHED,
            f"{recorded} initial withdrawn breach, disproved",
            f"{recorded} initial cleared warning 0.5, warning 0.75",
        ]

    def test_without_settle_a_deadline_is_decided_at_once(self) -> None:
        """With `settle = 0` only what is recorded by D counts."""
        policies = only(policy({("initial", 1): Target(HOUR, None)}, overdues=[], settle=0))
        warned = day("08:30 initial warning 0.5", "08:45 initial warning 0.75")
        cleared = "initial cleared warning 0.5, warning 0.75"
        assert told(CRITICAL.answered("2026-03-09 09:00"), NOON, policies) == [
            *warned,
            f"2026-03-09 09:00 {cleared}",
        ]
        late = "2026-03-09 09:00:00.000001"
        assert told(CRITICAL.answered("2026-03-09 09:00", late), NOON, policies) == [
            *warned,
            *day("09:00 initial breach"),
            f"{late} initial withdrawn breach, disproved",
            f"{late} {cleared}",
        ]
        assert told(CRITICAL.answered(late), NOON, policies) == [
            *warned,
            *day("09:00 initial breach"),
            f"{late} {cleared}, breach",
        ]


class TestSuppressed:
    """By its turn a warning, an overdue or an untriaged may have become pointless."""

    def test_a_warning_when_its_clock_is_answered_by_then(self) -> None:
        """Answered ten seconds after the deadline, which holds: told to nobody."""
        story = CRITICAL.answered("2026-03-09 08:30:10")
        assert told(story, NOON) == []

    def test_an_overdue_when_its_clock_is_answered_by_then(self) -> None:
        """The breach is cleared, the overdue is not told."""
        story = CRITICAL.answered("2026-03-09 10:00:10")
        assert told(story, NOON) == [
            *BREACHED,
            *day("10:00:10 initial cleared warning 0.5, warning 0.75, breach"),
        ]

    @pytest.mark.parametrize("event", ["answered", "triaged"])
    def test_an_untriaged_when_answered_or_triaged_by_then(self, event: str) -> None:
        """Ten seconds after the deadline the ticket is in somebody's hands."""
        story = (
            OPENED.answered("2026-03-09 08:30:10")
            if event == "answered"
            else OPENED.triaged("2026-03-09 08:30:10", 4)
        )
        assert told(story, NOON) == []

    def test_a_breach_always_tells_and_is_cleared_at_once(self) -> None:
        """Answered ten seconds late, before its turn: the promise was broken all the same."""
        story = CRITICAL.answered("2026-03-09 09:00:10")
        assert told(story, NOON) == [
            *WARNED,
            *day(
                "09:00:10 initial cleared warning 0.5, warning 0.75",
                "09:00:30 initial breach",
                "09:00:30 initial cleared breach",
            ),
        ]

    def test_an_answer_recorded_at_the_very_turn_counts(self) -> None:
        """Events recorded at D + settle are applied before the decision."""
        story = CRITICAL.answered("2026-03-09 08:30:10", "2026-03-09 08:30:30")
        assert told(story, NOON) == []
        later = CRITICAL.answered("2026-03-09 08:30:10", "2026-03-09 08:30:30.000001")
        assert told(later, NOON) == [
            *WARNED[:1],
            *day("08:30:30.000001 initial cleared warning 0.5"),
        ]

    def test_a_warning_whose_deadline_lies_before_the_recording(self) -> None:
        """Known too late to be a warning in its turn; a breach is told whenever it is known."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 09:00:10")
        triaged = story.triaged("2026-03-09 08:00", 1, "2026-03-09 09:00:10")
        assert told(triaged, "2026-03-09 09:30") == day("09:00:30 initial breach")

    def test_an_untriaged_whose_deadline_lies_before_the_recording(self) -> None:
        """Of a call written down at 08:45 the deadline at 08:30 is not told, that at 08:45 is."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 08:45")
        assert told(story, "2026-03-09 08:50") == day("08:45:30 initial untriaged 0.75")
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 08:45:00.000001")
        assert told(story, "2026-03-09 08:50") == []

    def test_an_overdue_whose_deadline_lies_before_the_recording(self) -> None:
        """Triaged at noon as critical, overdue since 10:00 and 11:00: told is the next step."""
        story = OPENED.triaged(NOON, 1)
        assert told(story, "2026-03-09 14:00")[3:] == day(
            "12:00 initial breach",
            "12:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1",
            "13:00:30 initial overdue 4",
        )


class TestUntriaged:
    def test_it_warns_on_the_most_urgent_target_of_the_plan(self) -> None:
        """At each fraction, and at the whole; that is never a breach."""
        assert told(OPENED, "2026-03-20 12:00") == day(
            "08:30:30 initial untriaged 0.5",
            "08:45:30 initial untriaged 0.75",
            "09:00:30 initial untriaged 1",
        )

    def test_it_has_no_due_time(self) -> None:
        """The deadline is not one of the clock's own."""
        assert {alert.due_at for alert in decided(OPENED, NOON)} == {None}

    def test_the_most_urgent_is_the_one_that_is_due_first(self) -> None:
        """Not the gravest severity's where another is tighter."""
        targets: Targets = {
            ("initial", 1): Target(4 * HOUR, None),
            ("initial", 2): Target(2 * HOUR, None),
        }
        assert told(OPENED, NOON, only(policy(targets)))[0] == (
            "2026-03-09 09:00:30 initial untriaged 0.5"
        )

    def test_on_a_tie_it_is_the_gravest_severitys(self) -> None:
        """Both due on Saturday at 01:00: half of critical is Friday 16:50, of high 21:00."""
        story = ticket().opened("2026-03-06 16:20")
        assert told(story, "2026-03-07 12:00") == [
            "2026-03-06 16:50:30 initial untriaged 0.5",
            "2026-03-06 23:00:30 initial untriaged 0.75",
            "2026-03-07 01:00:30 initial untriaged 1",
        ]

    def test_an_ongoing_clock_before_the_triage_is_watched_too(self) -> None:
        """By the targets of its own cells: on the standard plan two hours, not one."""
        story = STANDARD.promised("2026-03-09 08:10")
        assert told(story, "2026-03-09 11:00") == day(
            "09:10:30 ongoing/1 untriaged 0.5",
            "09:40:30 ongoing/1 untriaged 0.75",
            "10:10:30 ongoing/1 untriaged 1",
        )

    def test_a_plan_without_targets_has_nothing_to_guard(self) -> None:
        """Where no severity has a target there is no most urgent one."""
        assert told(OPENED, NOON, only(policy({}))) == []

    def test_a_clock_that_starts_after_the_triage_is_not_watched(self) -> None:
        """Low has no ongoing target, and the ticket is triaged."""
        story = OPENED.triaged("2026-03-09 08:10", 4).promised("2026-03-09 08:20")
        assert told(story, "2026-03-20 12:00") == []

    def test_a_triage_at_the_deadline_is_in_time(self) -> None:
        """A severity assigned at D, recorded after its turn, disproves it."""
        recorded = "2026-03-09 08:40"
        story = OPENED.triaged("2026-03-09 08:30", 4, recorded)
        assert told(story, NOON) == day(
            "08:30:30 initial untriaged 0.5",
            "08:40 initial withdrawn untriaged 0.5, disproved",
        )

    def test_a_triage_after_the_deadline_clears_it(self) -> None:
        """A microsecond after D the guard was right, and its alert is over."""
        story = OPENED.triaged("2026-03-09 08:30:00.000001", 4, "2026-03-09 08:40")
        assert told(story, NOON) == day(
            "08:30:30 initial untriaged 0.5",
            "08:40 initial cleared untriaged 0.5",
        )

    def test_an_answer_clears_it_too(self) -> None:
        """An answered ticket rots no more, triaged or not."""
        story = OPENED.answered("2026-03-09 08:40")
        assert told(story, NOON) == day(
            "08:30:30 initial untriaged 0.5",
            "08:40 initial cleared untriaged 0.5",
        )

    def test_an_answer_in_time_that_is_known_late_disproves_it(self) -> None:
        """The clock was satisfied before the deadline."""
        story = OPENED.answered("2026-03-09 08:20", "2026-03-09 08:40")
        assert told(story, NOON) == day(
            "08:30:30 initial untriaged 0.5",
            "08:40 initial withdrawn untriaged 0.5, disproved",
        )

    def test_a_triage_clears_only_the_guard(self) -> None:
        """Warnings of the same clock stay until it is answered."""
        story = OPENED.triaged("2026-03-09 08:40", 1).answered("2026-03-09 08:50")
        assert told(story, NOON) == day(
            "08:30:30 initial untriaged 0.5",
            "08:40 initial warning 0.5",
            "08:40 initial cleared untriaged 0.5",
            "08:45:30 initial warning 0.75",
            "08:50 initial cleared warning 0.5, warning 0.75",
        )


class TestLate:
    def test_a_breach_that_is_known_only_now_is_told_now(self) -> None:
        """Triaged at noon as critical: broken since nine, detected at noon."""
        alert = decided(OPENED.triaged(NOON, 1), NOON)[3]
        assert (alert.kind, alert.deadline, alert.decided_at) == (
            "breach",
            at("2026-03-09 09:00"),
            at(NOON),
        )

    def test_a_breach_of_a_clock_answered_long_ago_is_told_and_cleared(self) -> None:
        """Answered at ten, triaged at noon as critical."""
        story = OPENED.answered("2026-03-09 10:00").triaged(NOON, 1)
        assert told(story, "2026-03-09 14:00")[3:] == day(
            "10:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1",
            "12:00 initial breach",
            "12:00 initial cleared breach",
        )

    def test_a_breach_known_at_its_turn_is_told_in_its_turn(self) -> None:
        """Recorded at D + settle: decided then, as one known before."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 09:00:30")
        story = story.triaged("2026-03-09 08:00", 1, "2026-03-09 09:00:30")
        assert told(story, "2026-03-09 09:30") == day("09:00:30 initial breach")

    def test_the_highest_warning_that_is_past_is_told_at_once(self) -> None:
        """Medium, triaged at 15:00 and due at 17:00: the warning of 14:45, not that of 12:30."""
        story = OPENED.triaged("2026-03-09 15:00", 3)
        assert told(story, "2026-03-09 16:00")[3:] == day(
            "15:00 initial warning 0.75",
            "15:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1",
        )

    def test_a_lower_one_is_told_while_the_higher_is_ahead(self) -> None:
        """Triaged at 13:00: the warning of 12:30 at once, that of 14:45 in its turn."""
        story = OPENED.triaged("2026-03-09 13:00", 3)
        assert [line for line in told(story, "2026-03-09 16:00") if "warning" in line] == day(
            "13:00 initial warning 0.5", "14:45:30 initial warning 0.75"
        )

    def test_a_warning_at_the_recording_has_its_turn(self) -> None:
        """D = R is not before R."""
        story = OPENED.triaged("2026-03-09 12:30", 3)
        assert told(story, "2026-03-09 13:00")[-1] == "2026-03-09 12:30:30 initial warning 0.5"

    def test_a_warning_just_past_is_told_once(self) -> None:
        """Triaged between D and D + settle: at once, and not again in its turn."""
        story = OPENED.triaged("2026-03-09 12:30:10", 3)
        assert [line for line in told(story, "2026-03-09 14:00") if "warning" in line] == day(
            "12:30:10 initial warning 0.5"
        )

    def test_a_warning_is_past_one_microsecond_after_its_instant(self) -> None:
        """All recorded just after 12:30: the warning of that time is told at once."""
        just_after = "2026-03-09 12:30:00.000001"
        story = ticket().opened("2026-03-09 08:00", recorded=just_after)
        story = story.triaged("2026-03-09 08:00", 3, just_after)
        assert told(story, "2026-03-09 14:00") == day("12:30:00.000001 initial warning 0.5")

    def test_no_warning_of_what_is_broken_already(self) -> None:
        """Due at this very instant or before: the breach speaks for itself."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 09:00")
        assert told(story.triaged("2026-03-09 08:00", 1, "2026-03-09 09:00"), NOON)[0] == (
            "2026-03-09 09:00:30 initial breach"
        )
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 08:59:59.999999")
        assert told(story.triaged("2026-03-09 08:00", 1, "2026-03-09 08:59:59.999999"), NOON)[
            :2
        ] == day("08:59:59.999999 initial warning 0.75", "09:00:30 initial breach")

    def test_no_warning_of_what_is_answered(self) -> None:
        """Answered at 12:00, triaged at 13:00 as medium: the promise was kept."""
        story = OPENED.answered(NOON).triaged("2026-03-09 13:00", 3)
        assert told(story, "2026-03-10 12:00")[3:] == day(
            "12:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1"
        )

    def test_none_where_a_higher_one_stands(self) -> None:
        """Critical and high share the warning of 23:00; high's own of 21:00 comes too late."""
        story = (
            ticket()
            .opened("2026-03-06 16:20")
            .triaged("2026-03-06 16:20", 1)
            .triaged("2026-03-06 23:30", 2)
        )
        assert told(story, "2026-03-07 00:59") == [
            "2026-03-06 16:50:30 initial warning 0.5",
            "2026-03-06 23:00:30 initial warning 0.75",
            "2026-03-06 23:30 initial withdrawn warning 0.5, superseded",
        ]

    def test_one_where_only_a_lower_one_stood(self) -> None:
        """An hour earlier the one of 23:00 is still ahead, and that of 21:00 is told."""
        story = (
            ticket()
            .opened("2026-03-06 16:20")
            .triaged("2026-03-06 16:20", 1)
            .triaged("2026-03-06 22:00", 2)
        )
        assert told(story, "2026-03-07 00:59") == [
            "2026-03-06 16:50:30 initial warning 0.5",
            "2026-03-06 22:00 initial withdrawn warning 0.5, superseded",
            "2026-03-06 22:00 initial warning 0.5",
            "2026-03-06 23:00:30 initial warning 0.75",
        ]

    def test_only_by_the_events_that_made_it_a_deadline(self) -> None:
        """A message an hour later makes nothing, and repeats nothing."""
        story = OPENED.triaged("2026-03-09 15:00", 3)
        assert told(story.replied("2026-03-09 16:00"), "2026-03-09 16:30") == told(
            story, "2026-03-09 16:30"
        )


class TestWithdrawn:
    def test_disproved_by_an_answer_in_time(self) -> None:
        """Nothing is deleted: the breach is told, and told to be none."""
        story = CRITICAL.answered("2026-03-09 08:40", "2026-03-09 09:30")
        assert told(story, NOON) == [
            *BREACHED,
            *day(
                "09:30 initial withdrawn warning 0.75, disproved",
                "09:30 initial withdrawn breach, disproved",
                "09:30 initial cleared warning 0.5",
            ),
        ]

    def test_superseded_where_the_due_time_moved(self) -> None:
        """Lowered to medium at 08:50: the warnings of 09:00 are void."""
        story = CRITICAL.triaged("2026-03-09 08:50", 3)
        assert told(story, NOON) == [
            *WARNED,
            *day(
                "08:50 initial withdrawn warning 0.5, superseded",
                "08:50 initial withdrawn warning 0.75, superseded",
            ),
        ]

    def test_superseded_where_there_is_no_target_any_more(self) -> None:
        """It turned out to be unsupported."""
        story = CRITICAL.triaged("2026-03-09 08:40", 1, supported=False)
        assert told(story, NOON) == [
            *WARNED[:1],
            *day("08:40 initial withdrawn warning 0.5, superseded"),
        ]

    def test_it_shows_the_deadline_of_the_alert_that_it_ends(self) -> None:
        """And the due time of the clock as it is now (contracts)."""
        story = CRITICAL.triaged("2026-03-09 08:40", 3)
        warning, withdrawn = decided(story, NOON)
        assert withdrawn == Alert(
            id=withdrawn.id,
            kind="withdrawn",
            ticket="T-1",
            clock="initial",
            instance=1,
            started_by="T-1/1",
            step="0.5",
            deadline=at("2026-03-09 08:30"),
            due_at=at("2026-03-09 17:00"),
            decided_at=at("2026-03-09 08:40"),
            refers=(warning.id,),
            reason="superseded",
            turn=at("2026-03-09 08:30:30"),
        )

    ELSEWHERE = (
        CRITICAL.answered("2026-03-09 08:10")
        .replied("2026-03-09 09:00")
        .promised("2026-03-09 08:50", recorded="2026-03-09 11:00")
    )
    """A promise written down late: the clock starts there, and the later message starts none."""

    def test_superseded_where_the_clock_starts_elsewhere(self) -> None:
        """The alerts of the clock that is gone are void, the other one's breach is told."""
        assert told(self.ELSEWHERE, "2026-03-09 11:20") == day(
            "09:30:30 ongoing/1 warning 0.5",
            "09:45:30 ongoing/1 warning 0.75",
            "10:00:30 ongoing/1 breach",
            "11:00 ongoing/1 withdrawn warning 0.5, superseded",
            "11:00 ongoing/1 withdrawn warning 0.75, superseded",
            "11:00 ongoing/1 withdrawn breach, superseded",
            "11:00 ongoing/1 breach",
        )

    def test_a_clock_that_comes_back_as_it_was_tells_again(self) -> None:
        """Resolved before the promise, as is known at last: a courtesy, and the message counts."""
        story = self.ELSEWHERE.resolved("2026-03-09 08:45", recorded="2026-03-09 11:30")
        answered = story.answered("2026-03-09 12:10")
        assert told(answered, "2026-03-10 12:00")[-4:] == day(
            "11:30 ongoing/1 withdrawn breach, superseded",
            "11:30 ongoing/1 breach",
            "12:00:30 ongoing/1 overdue 2",
            "12:10 ongoing/1 cleared breach, overdue 2",
        )
        assert decided(answered, "2026-03-10 12:00")[-1].started_by == "T-1/4"

    def test_also_after_it_was_cleared(self) -> None:
        """Answered at 09:10 as was thought; at ten a call of 08:40 becomes known."""
        story = CRITICAL.answered("2026-03-09 09:10").answered(
            "2026-03-09 08:40", recorded="2026-03-09 10:00"
        )
        assert told(story, NOON) == [
            *BREACHED,
            *day(
                "09:10 initial cleared warning 0.5, warning 0.75, breach",
                "10:00 initial withdrawn warning 0.75, disproved",
                "10:00 initial withdrawn breach, disproved",
            ),
        ]

    def test_what_holds_all_the_same_is_not_withdrawn(self) -> None:
        """A call of 09:05 is earlier than the answer of 09:10, and as late."""
        story = CRITICAL.answered("2026-03-09 09:10").answered(
            "2026-03-09 09:05", recorded="2026-03-09 10:00"
        )
        assert told(story, NOON) == [
            *BREACHED,
            *day("09:10 initial cleared warning 0.5, warning 0.75, breach"),
        ]

    def test_what_was_withdrawn_may_be_told_again(self) -> None:
        """Down and up again: the same deadline of 08:30, another alert."""
        story = CRITICAL.triaged("2026-03-09 08:35", 3).triaged("2026-03-09 08:40", 1)
        assert told(story, "2026-03-09 08:41") == [
            *WARNED[:1],
            *day(
                "08:35 initial withdrawn warning 0.5, superseded",
                "08:40 initial warning 0.5",
            ),
        ]
        first, _, second = decided(story, "2026-03-09 08:41")
        assert first.deadline == second.deadline
        assert first.id != second.id

    def test_a_breach_that_was_withdrawn_may_be_told_again(self) -> None:
        """The promise was answered at 08:55 after all: the message starts its clock again."""
        story = self.ELSEWHERE.answered("2026-03-09 08:55", "2026-03-09 11:30")
        assert told(story, "2026-03-09 11:40")[-2:] == day(
            "11:30 ongoing/1 withdrawn breach, disproved",
            "11:30 ongoing/2 breach",
        )
        breaches = [alert for alert in decided(story, "2026-03-09 11:40") if alert.kind == "breach"]
        assert [breach.started_by for breach in breaches] == ["T-1/4", "T-1/5", "T-1/4"]
        assert len({breach.id for breach in breaches}) == 3


class TestCleared:
    def test_one_names_all_in_the_order_in_which_they_were_told(self) -> None:
        """Warnings, breach and overdue end with the answer."""
        story = CRITICAL.answered("2026-03-09 10:30")
        cleared = decided(story, NOON)[-1]
        assert lines(decided(story, NOON))[-1] == (
            "2026-03-09 10:30 initial cleared warning 0.5, warning 0.75, breach, overdue 1"
        )
        assert (cleared.step, cleared.deadline, cleared.due_at, cleared.reason) == (
            None,
            None,
            at("2026-03-09 09:00"),
            None,
        )

    def test_the_order_is_that_of_telling_not_of_the_deadlines(self) -> None:
        """At 09:00 a breach comes before the guard, but the guard was told at nine."""
        story = OPENED.triaged(NOON, 1).answered(NOON)
        assert told(story, NOON)[-1] == (
            "2026-03-09 12:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1, breach"
        )

    def test_without_alerts_there_is_nothing_to_clear(self) -> None:
        """An answer before the first warning is told to nobody."""
        assert told(CRITICAL.answered("2026-03-09 08:10"), NOON) == []

    def test_each_alert_is_cleared_once(self) -> None:
        """A second answer ends nothing more."""
        story = CRITICAL.answered("2026-03-09 09:10").answered("2026-03-09 09:20")
        assert told(story, NOON)[3:] == day(
            "09:10 initial cleared warning 0.5, warning 0.75, breach"
        )

    def test_the_next_clock_starts_without_the_alerts_of_the_last(self) -> None:
        """The initial clock's are cleared, the ongoing one's stand."""
        story = CRITICAL.promised("2026-03-09 08:40")
        assert told(story, "2026-03-09 09:15") == [
            *WARNED[:1],
            *day("08:40 initial cleared warning 0.5", "09:10:30 ongoing/1 warning 0.5"),
        ]


class TestOrder:
    def test_in_one_step_by_deadline_then_kind_then_step(self) -> None:
        """Of an empty budget everything is due at once, in the order of the table."""
        policies = only(policy({("initial", 1): Target(0, None)}))
        assert told(CRITICAL, "2026-03-09 08:10", policies) == day(
            "08:00:30 initial warning 0.5",
            "08:00:30 initial warning 0.75",
            "08:00:30 initial breach",
            "08:00:30 initial overdue 1",
            "08:00:30 initial overdue 2",
            "08:00:30 initial overdue 4",
        )

    def test_the_four_steps_of_one_recorded_instant(self) -> None:
        """What is decided in its turn, what is withdrawn, what is late, what is cleared."""
        story = CRITICAL.promised("2026-03-09 09:00", recorded="2026-03-09 10:00:30")
        assert told(story, "2026-03-09 10:30") == [
            *BREACHED,
            *day(
                "10:00:30 ongoing/1 breach",
                "10:00:30 initial withdrawn breach, disproved",
                "10:00:30 initial cleared warning 0.5, warning 0.75",
            ),
        ]

    def test_late_ones_come_before_the_clearing(self) -> None:
        """Triage and answer of one instant: the breach is told and cleared with the guard."""
        story = OPENED.triaged(NOON, 1).answered(NOON)
        assert told(story, NOON)[3:] == day(
            "12:00 initial breach",
            "12:00 initial cleared untriaged 0.5, untriaged 0.75, untriaged 1, breach",
        )

    def test_among_withdrawn_ones_the_clock_that_started_first(self) -> None:
        """A promise of 08:50 and an answer of 11:10 become known: one clock goes, one was kept."""
        story = (
            CRITICAL.answered("2026-03-09 08:10")
            .replied("2026-03-09 09:00")
            .answered("2026-03-09 10:05")
            .replied("2026-03-09 11:00")
            .promised("2026-03-09 08:50", recorded="2026-03-09 11:50")
            .answered("2026-03-09 11:10", recorded="2026-03-09 11:50")
        )
        assert told(story, NOON) == day(
            "09:30:30 ongoing/1 warning 0.5",
            "09:45:30 ongoing/1 warning 0.75",
            "10:00:30 ongoing/1 breach",
            "10:05 ongoing/1 cleared warning 0.5, warning 0.75, breach",
            "11:30:30 ongoing/2 warning 0.5",
            "11:45:30 ongoing/2 warning 0.75",
            "11:50 ongoing/1 withdrawn warning 0.5, superseded",
            "11:50 ongoing/1 withdrawn warning 0.75, superseded",
            "11:50 ongoing/1 withdrawn breach, superseded",
            "11:50 ongoing/2 withdrawn warning 0.5, disproved",
            "11:50 ongoing/2 withdrawn warning 0.75, disproved",
            "11:50 ongoing/1 breach",
            "11:50 ongoing/1 cleared breach",
        )

    def test_among_late_ones_the_clock_that_started_first(self) -> None:
        """Two clocks were broken before anybody triaged: the initial one comes first."""
        story = OPENED.promised("2026-03-09 09:30").answered("2026-03-09 10:40").triaged(NOON, 1)
        assert told(story, NOON)[-4:] == day(
            "12:00 initial breach",
            "12:00 ongoing/1 breach",
            "12:00 initial cleared breach",
            "12:00 ongoing/1 cleared breach",
        )


class TestImport:
    WHOLE = (
        CRITICAL.answered("2026-03-09 09:10")
        .replied("2026-03-10 10:00")
        .answered("2026-03-10 10:10")
        .replied("2026-03-11 10:00")
    )

    def test_a_ticket_appended_whole_tells_what_is_broken_and_what_is_urgent(self) -> None:
        """Events of one recorded instant are applied together: no story in between is told."""
        assert told(self.WHOLE.imported("2026-03-11 10:50"), "2026-03-11 11:00:30") == [
            "2026-03-11 10:50 initial breach",
            "2026-03-11 10:50 ongoing/2 warning 0.75",
            "2026-03-11 10:50 initial cleared breach",
            "2026-03-11 11:00:30 ongoing/2 breach",
        ]

    def test_a_ticket_that_kept_its_promises_tells_nothing(self) -> None:
        """However long ago."""
        story = CRITICAL.answered("2026-03-09 08:50").resolved("2026-03-09 12:00")
        assert told(story.imported("2027-03-09 12:00"), "2027-03-10 12:00") == []

    def test_told_live_it_was_more(self) -> None:
        """The same facts, recorded as they happened."""
        assert told(self.WHOLE, "2026-03-11 11:00:30") == [
            *BREACHED,
            *day("09:10 initial cleared warning 0.5, warning 0.75, breach"),
            "2026-03-11 10:30:30 ongoing/2 warning 0.5",
            "2026-03-11 10:45:30 ongoing/2 warning 0.75",
            "2026-03-11 11:00:30 ongoing/2 breach",
        ]


class TestPolicyOfTheClock:
    def test_settle_and_steps_are_those_of_the_clocks_version(self) -> None:
        """A clock keeps the version in force at its start, with everything it says."""
        first = policy({("initial", 1): Target(HOUR, None)}, warnings=[], overdues=[])
        second = policy(
            {("initial", 1): Target(HOUR, None), ("ongoing", 1): Target(HOUR, None)},
            warnings=["0.5"],
            overdues=[],
            settle=60 * instant.SECOND,
            version=2,
            effective_from="2026-03-09 08:30",
        )
        policies = Policies((first, second))
        assert told(CRITICAL.promised("2026-03-09 09:30"), NOON, policies) == day(
            "09:00:30 initial breach",
            "09:30 initial cleared breach",
            "10:01 ongoing/1 warning 0.5",
            "10:31 ongoing/1 breach",
        )


class TestTheEndOfTheCalendar:
    """It covers the years until 2040."""

    LATE = ticket().opened("2040-12-28 08:00").triaged("2040-12-28 08:00", 3)

    def test_a_clock_answered_in_time_is_judged_whatever_lies_behind_it(self) -> None:
        """Its promise is within the calendar, only its reminders would not be."""
        assert told(self.LATE.answered("2040-12-28 09:00"), "2040-12-30 08:00") == []

    def test_one_that_runs_towards_them_is_not_once_they_are_next(self) -> None:
        """What comes before is told; the last one would lie in 2041."""
        assert told(self.LATE, "2040-12-30 08:00")
        with pytest.raises(OutsideCalendar, match="covers 2010-2040"):
            told(self.LATE, "2040-12-31 20:00")


class TestIdentifiers:
    """Anybody can compute them again (contracts, Identifiers)."""

    @staticmethod
    def named(text: str) -> str:
        """The UUIDv5 of a described thing."""
        return str(uuid5(uuid5(NAMESPACE_URL, "urn:lhuta"), text))

    def test_of_a_decided_alert(self) -> None:
        """Ticket, clock, starting event, kind, step, deadline, times withdrawn before."""
        ids = [alert.id for alert in decided(CRITICAL, "2026-03-09 10:10")]
        assert ids == [
            self.named("alert/T-1/initial/T-1/1/warning/0.5/2026-03-09T07:30:00Z/0"),
            self.named("alert/T-1/initial/T-1/1/warning/0.75/2026-03-09T07:45:00Z/0"),
            self.named("alert/T-1/initial/T-1/1/breach//2026-03-09T08:00:00Z/0"),
            self.named("alert/T-1/initial/T-1/1/overdue/1/2026-03-09T09:00:00Z/0"),
        ]

    def test_of_an_untriaged(self) -> None:
        """The whole is written `1`."""
        assert [alert.id for alert in decided(OPENED, NOON)][-1] == self.named(
            "alert/T-1/initial/T-1/1/untriaged/1/2026-03-09T08:00:00Z/0"
        )

    def test_of_a_withdrawal_and_of_what_is_told_after_it(self) -> None:
        """The count of withdrawals of that very deadline makes it another alert."""
        story = CRITICAL.triaged("2026-03-09 08:35", 3).triaged("2026-03-09 08:40", 1)
        first, withdrawn, second = decided(story, "2026-03-09 08:41")
        assert withdrawn.id == self.named(f"withdrawn/{first.id}")
        assert second.id == self.named("alert/T-1/initial/T-1/1/warning/0.5/2026-03-09T07:30:00Z/1")

    def test_of_what_is_told_a_third_time(self) -> None:
        """Every withdrawal of the same deadline counts."""
        story = CRITICAL
        for minute, severity in ((35, 3), (40, 1), (41, 3), (42, 1)):
            story = story.triaged(f"2026-03-09 08:{minute}", severity)
        warnings = [a.id for a in decided(story, "2026-03-09 08:43") if a.kind == "warning"]
        assert warnings == [
            self.named(f"alert/T-1/initial/T-1/1/warning/0.5/2026-03-09T07:30:00Z/{count}")
            for count in range(3)
        ]

    def test_of_a_third_clearing(self) -> None:
        """The guard at triage, the warnings at the late answer, the breach told after it."""
        story = OPENED.triaged("2026-03-09 08:40", 1).answered("2026-03-09 09:00:10")
        cleared = [alert.id for alert in decided(story, NOON) if alert.kind == "cleared"]
        assert cleared == [
            self.named(f"cleared/T-1/initial/T-1/1/2026-03-09T{when}Z/{count}")
            for count, when in enumerate(("07:40:00", "08:00:10", "08:00:10"))
        ]

    def test_of_a_clearing(self) -> None:
        """The instant of the answer, and how many clearings the clock had before."""
        story = CRITICAL.answered("2026-03-09 09:00:10")
        cleared = [alert.id for alert in decided(story, NOON) if alert.kind == "cleared"]
        assert cleared == [
            self.named("cleared/T-1/initial/T-1/1/2026-03-09T08:00:10Z/0"),
            self.named("cleared/T-1/initial/T-1/1/2026-03-09T08:00:10Z/1"),
        ]

    def test_of_a_clearing_by_triage(self) -> None:
        """While the clock runs it is the instant of the triage."""
        story = OPENED.triaged("2026-03-09 08:40", 4)
        assert decided(story, NOON)[-1].id == self.named(
            "cleared/T-1/initial/T-1/1/2026-03-09T07:40:00Z/0"
        )

    def test_two_tickets_share_none(self) -> None:
        """The same story under another name has other alerts."""

        def named(name: str) -> Story:
            return ticket(name).opened("2026-03-09 08:00").triaged("2026-03-09 08:00", 1)

        ids = [{a.id for a in decided(named(name), NOON)} for name in ("T-1", "T-2")]
        assert not ids[0] & ids[1]
