"""The two clocks of a ticket, rule by rule with its counter-example (semantics §3 and §4).

The tickets are of the published policy unless a test makes its own. Monday 9 March 2026 is an
ordinary business day, 08:00-17:00.
"""

import pytest

from domain.clock import Promise
from domain.instant import MINUTE
from domain.policy import Policies, Target
from tests.spec.desk import (
    DAY,
    HOUR,
    MANAGRY,
    Story,
    at,
    clocks,
    due,
    folded,
    only,
    policy,
    status,
    ticket,
)

ANSWERS = ["answered", "worked_around", "resolved"]
LATER = "2026-03-31 12:00"

CRITICAL = Target(HOUR, 8 * HOUR)
HIGH = Target(2 * HOUR, 8 * HOUR)
MEDIUM = Target(DAY, None)


def tell(story: Story, event: str, time: str) -> Story:
    """Let one of the story's events happen, by its name."""
    told = getattr(story, event)(time)
    assert isinstance(told, Story)
    return told


def monday(plan: str = "premium") -> Story:
    """A ticket opened on Monday morning, at the opening."""
    return ticket().opened("2026-03-09 08:00", plan)


def promise(story: Story, policies: Policies = MANAGRY) -> Promise:
    """What the last clock was promised last."""
    return folded(story, LATER, policies=policies).clocks[-1].promises[-1]


class TestDueTimes:
    @pytest.mark.parametrize(
        ("received", "due_at"),
        [
            ("2026-03-06 16:00", "2026-03-06 17:00"),
            ("2026-03-06 16:30", "2026-03-07 01:00"),
            ("2026-03-06 17:00", "2026-03-07 01:00"),
            ("2026-03-09 02:00", "2026-03-09 09:00"),
            ("2026-03-09 07:59", "2026-03-09 09:00"),
            ("2026-03-09 08:00", "2026-03-09 09:00"),
        ],
    )
    def test_a_critical_premium_ticket_is_due_as_published(
        self, received: str, due_at: str
    ) -> None:
        """Every row of the table of semantics §3."""
        assert due(ticket().opened(received).triaged(received, 1), received) == due_at

    @pytest.mark.parametrize(
        ("plan", "severity", "initial", "ongoing"),
        [
            ("standard", 1, "2026-03-09 09:00", "2026-03-10 10:00"),
            ("standard", 2, "2026-03-09 12:00", "2026-03-10 17:00"),
            ("standard", 3, None, None),
            ("standard", 4, None, None),
            ("premium", 1, "2026-03-09 09:00", "2026-03-10 09:00"),
            ("premium", 2, "2026-03-09 10:00", "2026-03-10 10:00"),
            ("premium", 3, "2026-03-09 17:00", None),
            ("premium", 4, "2026-03-10 17:00", None),
        ],
    )
    def test_every_cell_of_the_published_policy(
        self, plan: str, severity: int, initial: str | None, ongoing: str | None
    ) -> None:
        """Asked on Monday at the opening, and again on Tuesday at the opening (semantics §1)."""
        story = monday(plan).triaged("2026-03-09 08:00", severity).answered("2026-03-09 08:30")
        asked_again = story.replied("2026-03-10 08:00")
        assert [line[2] for line in clocks(asked_again, LATER)] == [initial, ongoing]

    def test_a_holiday_is_outside_business_hours(self) -> None:
        """On Easter Monday the eight other hours run; of two business hours none."""
        premium = ticket().opened("2026-04-06 09:00").triaged("2026-04-06 09:00", 1)
        standard = ticket().opened("2026-04-06 09:00", "standard").triaged("2026-04-06 09:00", 1)
        assert due(premium, "2026-04-07 12:00") == "2026-04-06 17:00"
        assert due(standard, "2026-04-07 12:00") == "2026-04-07 09:00"

    def test_an_answer_at_the_due_time_is_in_time(self) -> None:
        """At 17:00 exactly the promise is kept."""
        story = ticket().opened("2026-03-06 16:00").triaged("2026-03-06 16:00", 1)
        assert clocks(story.answered("2026-03-06 17:00"), LATER) == [
            ("initial", "2026-03-06 16:00", "2026-03-06 17:00", "2026-03-06 17:00", "met")
        ]

    def test_an_answer_a_microsecond_later_is_a_breach(self) -> None:
        """It keeps the time of the answer."""
        story = ticket().opened("2026-03-06 16:00").triaged("2026-03-06 16:00", 1)
        late = "2026-03-06 17:00:00.000001"
        assert clocks(story.answered(late), LATER) == [
            ("initial", "2026-03-06 16:00", "2026-03-06 17:00", late, "breached")
        ]

    def test_a_running_clock_is_breached_only_after_its_due_time(self) -> None:
        """At the due time it still runs, a microsecond later it is breached."""
        story = ticket().opened("2026-03-06 16:00").triaged("2026-03-06 16:00", 1)
        assert clocks(story, "2026-03-06 17:00")[0][4] == "running"
        assert clocks(story, "2026-03-06 17:00:00.000001")[0][4] == "breached"


class TestInitialResponse:
    def test_it_starts_when_the_ticket_is_opened(self) -> None:
        """Not at the triage, and not when it was recorded."""
        story = ticket().opened("2026-03-09 08:00", recorded="2026-03-09 08:20")
        assert clocks(story.triaged("2026-03-09 08:30", 1), "2026-03-09 08:45") == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", None, "running")
        ]

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_an_answer_a_workaround_or_a_resolution_satisfies_it(self, answer: str) -> None:
        """Each of the three is a first response."""
        story = tell(monday().triaged("2026-03-09 08:05", 1), answer, "2026-03-09 08:40")
        assert clocks(story, LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:40", "met")
        ]

    def test_neither_triage_nor_reply_nor_verification_satisfies_it(self) -> None:
        """None of them tells the customer anything."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 1)
            .replied("2026-03-09 08:10")
            .verified("2026-03-09 08:20")
        )
        assert clocks(story, LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", None, "breached")
        ]

    def test_the_first_answer_counts(self) -> None:
        """A second answer changes nothing of it."""
        story = monday().triaged("2026-03-09 08:05", 1).answered("2026-03-09 08:10")
        assert clocks(story.answered("2026-03-09 12:00"), LATER) == clocks(story, LATER)


class TestOngoingResponse:
    ANSWERED = monday().triaged("2026-03-09 08:05", 1).answered("2026-03-09 08:10")

    def test_a_message_starts_it_when_no_clock_runs(self) -> None:
        """The customer writes after the first response: support owes an answer."""
        assert clocks(self.ANSWERED.replied("2026-03-09 10:00"), "2026-03-09 10:30")[1:] == [
            ("ongoing/1", "2026-03-09 10:00", "2026-03-09 11:00", None, "running")
        ]

    def test_the_oldest_unanswered_message_counts(self) -> None:
        """Further messages do not restart it."""
        story = self.ANSWERED.replied("2026-03-09 10:00").replied("2026-03-09 10:50")
        assert clocks(story, "2026-03-09 10:55")[1:] == [
            ("ongoing/1", "2026-03-09 10:00", "2026-03-09 11:00", None, "running")
        ]

    def test_messages_before_the_first_response_start_none(self) -> None:
        """The initial clock runs already; a ticket has at most one running clock."""
        story = monday().triaged("2026-03-09 08:05", 1).replied("2026-03-09 08:20")
        assert [line[0] for line in clocks(story, LATER)] == ["initial"]
        assert [line[0] for line in clocks(story.answered("2026-03-09 08:30"), LATER)] == [
            "initial"
        ]

    def test_a_message_at_the_instant_of_the_answer_counts_by_its_place(self) -> None:
        """One order of a ticket's events: when it happened, then version (semantics §2)."""
        triaged = monday().triaged("2026-03-09 08:05", 1)
        before = triaged.replied("2026-03-09 08:10").answered("2026-03-09 08:10")
        after = triaged.answered("2026-03-09 08:10").replied("2026-03-09 08:10")
        assert [line[0] for line in clocks(before, LATER)] == ["initial"]
        assert [line[0] for line in clocks(after, LATER)] == ["initial", "ongoing/1"]

    @pytest.mark.parametrize("answer", ["answered", "worked_around"])
    def test_a_promise_to_come_back_starts_it_at_once(self, answer: str) -> None:
        """With `awaiting = support` the next update is due one target later."""
        story = getattr(monday().triaged("2026-03-09 08:05", 1), answer)(
            "2026-03-09 08:10", awaiting="support"
        )
        assert clocks(story, "2026-03-09 08:30") == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:10", "met"),
            ("ongoing/1", "2026-03-09 08:10", "2026-03-09 09:10", None, "running"),
        ]

    def test_a_message_after_a_promise_changes_nothing(self) -> None:
        """The promise of an update stands; the message does not restart it."""
        story = monday().triaged("2026-03-09 08:05", 1).promised("2026-03-09 08:10")
        assert clocks(story.replied("2026-03-09 08:50"), LATER) == clocks(story, LATER)

    def test_an_update_with_a_promise_ends_one_clock_and_starts_the_next(self) -> None:
        """So a chain of promises is a chain of clocks without a gap."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 1)
            .promised("2026-03-09 08:10")
            .promised("2026-03-09 09:00")
            .answered("2026-03-09 10:30")
        )
        assert clocks(story, LATER)[1:] == [
            ("ongoing/1", "2026-03-09 08:10", "2026-03-09 09:10", "2026-03-09 09:00", "met"),
            ("ongoing/2", "2026-03-09 09:00", "2026-03-09 10:00", "2026-03-09 10:30", "breached"),
        ]

    def test_while_the_customer_owes_the_next_step_no_clock_runs(self) -> None:
        """After `awaiting = customer` nothing starts, however many answers follow."""
        assert len(clocks(self.ANSWERED, LATER)) == 1
        assert len(clocks(self.ANSWERED.answered("2026-03-09 12:00"), LATER)) == 1

    def test_an_unasked_promise_starts_it_too(self) -> None:
        """The customer owed the next step; an agent promises an update all the same."""
        story = self.ANSWERED.promised("2026-03-09 12:00")
        assert clocks(story, "2026-03-09 12:30")[1:] == [
            ("ongoing/1", "2026-03-09 12:00", "2026-03-09 13:00", None, "running")
        ]

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_an_answer_a_workaround_or_a_resolution_satisfies_it(self, answer: str) -> None:
        """The next of the three, whichever it is."""
        story = tell(self.ANSWERED.replied("2026-03-09 10:00"), answer, "2026-03-09 10:30")
        assert clocks(story, LATER)[1:] == [
            ("ongoing/1", "2026-03-09 10:00", "2026-03-09 11:00", "2026-03-09 10:30", "met")
        ]

    def test_instances_are_numbered_in_their_order(self) -> None:
        """1, 2, 3, each with its own start."""
        story = self.ANSWERED
        for day in ("10", "11", "12"):
            story = story.replied(f"2026-03-{day} 10:00").answered(f"2026-03-{day} 10:05")
        assert [line[:2] for line in clocks(story, LATER)][1:] == [
            ("ongoing/1", "2026-03-10 10:00"),
            ("ongoing/2", "2026-03-11 10:00"),
            ("ongoing/3", "2026-03-12 10:00"),
        ]

    def test_it_has_the_target_of_its_own_cell(self) -> None:
        """A critical standard ticket has one hour first and two hours then."""
        story = monday("standard").triaged("2026-03-09 08:00", 1).promised("2026-03-09 08:30")
        assert [line[2] for line in clocks(story, LATER)] == [
            "2026-03-09 09:00",
            "2026-03-09 10:30",
        ]


class TestAfterTheEnd:
    RESOLVED = (
        monday()
        .triaged("2026-03-09 08:05", 1)
        .answered("2026-03-09 08:10")
        .resolved("2026-03-09 12:00")
    )
    VERIFIED = RESOLVED.verified("2026-03-10 12:00")

    @pytest.mark.parametrize("ended", [RESOLVED, VERIFIED], ids=["resolved", "verified"])
    @pytest.mark.parametrize("answer", ["promised", "answered", "worked_around"])
    def test_an_answer_is_a_courtesy(self, ended: Story, answer: str) -> None:
        """No clock starts, the status stays, also after a promise."""
        story = tell(ended, answer, "2026-03-11 12:00")
        assert clocks(story, LATER) == clocks(ended, LATER)
        assert status(story, LATER) == status(ended, LATER)

    @pytest.mark.parametrize("ended", [RESOLVED, VERIFIED], ids=["resolved", "verified"])
    def test_a_message_reopens_and_starts_a_clock(self, ended: Story) -> None:
        """A fact is folded, also the reply after `Verified` that a command could not bring."""
        story = ended.replied("2026-03-11 12:00")
        assert status(story, LATER) == "open"
        assert clocks(story, "2026-03-11 12:30")[1:] == [
            ("ongoing/1", "2026-03-11 12:00", "2026-03-11 13:00", None, "running")
        ]

    def test_after_reopening_a_promise_starts_a_clock_again(self) -> None:
        """The courtesy ends with the message."""
        story = self.RESOLVED.replied("2026-03-11 12:00").promised("2026-03-11 12:30")
        assert [line[:2] for line in clocks(story, LATER)][1:] == [
            ("ongoing/1", "2026-03-11 12:00"),
            ("ongoing/2", "2026-03-11 12:30"),
        ]

    def test_a_resolution_ends_the_running_clock_and_starts_none(self) -> None:
        """Nothing is owed any more."""
        story = self.RESOLVED.replied("2026-03-11 12:00").resolved("2026-03-11 12:30")
        assert clocks(story, LATER)[1:] == [
            ("ongoing/1", "2026-03-11 12:00", "2026-03-11 13:00", "2026-03-11 12:30", "met")
        ]

    def test_a_severity_after_the_resolution_changes_no_clock_that_is_over(self) -> None:
        """It counts for the clock that a reopening starts."""
        story = self.RESOLVED.triaged("2026-03-09 13:00", 2)
        assert clocks(story, LATER) == clocks(self.RESOLVED, LATER)
        assert due(story.replied("2026-03-11 12:00"), LATER) == "2026-03-11 14:00"


class TestFactsThatBreakTheLifecycle:
    def test_a_second_resolution_changes_nothing(self) -> None:
        """The fold is total."""
        once = TestAfterTheEnd.RESOLVED
        assert clocks(once.resolved("2026-03-10 12:00"), LATER) == clocks(once, LATER)

    def test_verified_without_resolution_ends_no_clock(self) -> None:
        """The running clock runs on until it is answered; the answer is a courtesy otherwise."""
        story = monday().triaged("2026-03-09 08:05", 1).verified("2026-03-09 08:10")
        assert status(story, LATER) == "verified"
        assert clocks(story.promised("2026-03-09 08:30"), LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:30", "met")
        ]

    def test_the_last_of_resolved_verified_and_reply_decides(self) -> None:
        """Whatever their order."""
        base = monday().triaged("2026-03-09 08:05", 1).answered("2026-03-09 08:10")
        verified = base.verified("2026-03-09 09:00")
        assert status(verified, LATER) == "verified"
        assert status(verified.resolved("2026-03-09 10:00"), LATER) == "resolved"
        assert status(verified.resolved("2026-03-09 10:00").replied("2026-03-09 11:00"), LATER) == (
            "open"
        )
        assert status(verified.replied("2026-03-09 10:00").verified("2026-03-09 11:00"), LATER) == (
            "verified"
        )

    def test_a_resolution_without_severity_answers_the_ticket(self) -> None:
        """The first response is given; there is no target to keep."""
        assert clocks(monday().resolved("2026-03-09 08:30"), LATER) == [
            ("initial", "2026-03-09 08:00", None, "2026-03-09 08:30", "no-target")
        ]


class TestStatus:
    NEW = monday()

    @pytest.mark.parametrize(
        ("story", "expected"),
        [
            (NEW, "new"),
            (NEW.replied("2026-03-09 09:00"), "new"),
            (NEW.promised("2026-03-09 09:00"), "new"),
            (NEW.answered("2026-03-09 09:00"), "pending"),
            (NEW.answered("2026-03-09 09:00").replied("2026-03-09 10:00"), "new"),
            (NEW.triaged("2026-03-09 09:00", 1), "open"),
            (NEW.triaged("2026-03-09 09:00", 1).promised("2026-03-09 10:00"), "open"),
            (NEW.triaged("2026-03-09 09:00", 1).answered("2026-03-09 10:00"), "pending"),
            (NEW.triaged("2026-03-09 09:00", 1).worked_around("2026-03-09 10:00"), "pending"),
            (NEW.answered("2026-03-09 09:00").triaged("2026-03-09 10:00", 1), "pending"),
            (NEW.resolved("2026-03-09 09:00"), "resolved"),
            (NEW.resolved("2026-03-09 09:00").triaged("2026-03-09 10:00", 1), "resolved"),
            (NEW.resolved("2026-03-09 09:00").verified("2026-03-09 10:00"), "verified"),
            (NEW.answered("2026-03-09 09:00").resolved("2026-03-09 10:00"), "resolved"),
        ],
    )
    def test_the_first_that_holds(self, story: Story, expected: str) -> None:
        """Verified, resolved, pending, new, open (semantics §2)."""
        assert status(story, LATER) == expected

    def test_after_a_reopening_support_owes_the_next_step(self) -> None:
        """Also where the customer owed it before the resolution."""
        story = monday().triaged("2026-03-09 08:05", 1).answered("2026-03-09 08:10")
        reopened = story.resolved("2026-03-09 09:00").replied("2026-03-09 10:00")
        assert status(reopened, LATER) == "open"


class TestFirstTriage:
    def test_until_then_there_is_no_target(self) -> None:
        """A clock measures, and is neither due nor breached."""
        assert clocks(monday(), LATER) == [("initial", "2026-03-09 08:00", None, None, "no-target")]

    def test_the_fold_tells_when_it_came_and_what_it_gave(self) -> None:
        """No target before, the cell's target after; the first triage is remembered."""
        assert folded(monday(), LATER).triaged_at is None
        assert folded(monday(), LATER).clocks[0].target is None
        story = monday().triaged("2026-03-09 08:05", 1).triaged("2026-03-09 08:30", 3)
        assert folded(story, LATER).triaged_at == at("2026-03-09 08:05")
        [clock] = folded(story, LATER).clocks
        assert [promise.target for promise in clock.promises] == [CRITICAL, MEDIUM]
        assert clock.target == MEDIUM

    def test_it_counts_from_the_start_also_into_the_past(self) -> None:
        """Triaged as critical three hours after the opening: due two hours ago."""
        story = monday().triaged("2026-03-09 11:00", 1)
        assert clocks(story, "2026-03-09 11:00") == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", None, "breached")
        ]

    def test_every_clock_of_the_ticket_gets_its_target(self) -> None:
        """Initial or ongoing, running or already answered, each from its own start."""
        story = (
            monday()
            .promised("2026-03-09 08:30")
            .answered("2026-03-09 10:00")
            .replied("2026-03-09 11:00")
        )
        assert [line[4] for line in clocks(story, "2026-03-09 11:15")] == ["no-target"] * 3
        assert clocks(story.triaged("2026-03-09 11:15", 1), "2026-03-09 11:30") == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:30", "met"),
            ("ongoing/1", "2026-03-09 08:30", "2026-03-09 09:30", "2026-03-09 10:00", "breached"),
            ("ongoing/2", "2026-03-09 11:00", "2026-03-09 12:00", None, "running"),
        ]

    def test_only_the_first_triage_reaches_back(self) -> None:
        """A later one leaves the answered clocks alone."""
        story = (
            monday()
            .answered("2026-03-09 12:00")
            .triaged("2026-03-09 12:10", 3)
            .triaged("2026-03-09 12:20", 1)
        )
        assert clocks(story, LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 17:00", "2026-03-09 12:00", "met")
        ]

    def test_a_later_clock_starts_with_the_severity_of_its_time(self) -> None:
        """The last triage before its start, not the first."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 3)
            .answered("2026-03-09 09:00")
            .triaged("2026-03-09 10:00", 2)
            .replied("2026-03-09 11:00")
        )
        assert due(story, LATER) == "2026-03-09 13:00"

    def test_an_unsupported_request_has_clocks_without_targets(self) -> None:
        """They measure, answered or not, and can never breach."""
        story = monday().triaged("2026-03-09 08:05", 1, supported=False)
        answered = story.answered("2026-03-20 12:00").replied("2026-03-20 13:00")
        assert clocks(answered, LATER) == [
            ("initial", "2026-03-09 08:00", None, "2026-03-20 12:00", "no-target"),
            ("ongoing/1", "2026-03-20 13:00", None, None, "no-target"),
        ]

    def test_an_empty_cell_has_a_clock_without_a_target(self) -> None:
        """Medium on the standard plan: answered after a week, and no promise broken or kept."""
        story = monday("standard").triaged("2026-03-09 08:05", 3).answered("2026-03-16 12:00")
        assert clocks(story, LATER) == [
            ("initial", "2026-03-09 08:00", None, "2026-03-16 12:00", "no-target")
        ]

    def test_a_triage_at_the_instant_of_the_opening_is_the_first(self) -> None:
        """It is at the start, and the target counts from there."""
        assert due(monday().triaged("2026-03-09 08:00", 1), LATER) == "2026-03-09 09:00"


class TestRetarget:
    """A later severity at t, for a running clock that has not breached."""

    def test_rule_1_without_a_target_the_clock_runs_on(self) -> None:
        """An unsupported request, or an empty cell: no due time, no verdict."""
        story = monday().triaged("2026-03-09 08:05", 1)
        unsupported = story.triaged("2026-03-09 08:30", 1, supported=False)
        assert clocks(unsupported, LATER) == [
            ("initial", "2026-03-09 08:00", None, None, "no-target")
        ]
        given = promise(unsupported)
        assert (given.rule, given.given_at, given.anchor) == (
            "no-target",
            unsupported.history[-1].occurred_at,
            unsupported.history[0].occurred_at,
        )
        standard = monday("standard").triaged("2026-03-09 08:05", 1)
        assert due(standard.triaged("2026-03-09 08:30", 3), LATER) is None

    def test_rule_2_the_due_time_it_had_before_comes_again(self) -> None:
        """Down and up again: the hour that was promised first, not a new one."""
        story = monday().triaged("2026-03-09 08:00", 1).triaged("2026-03-09 08:10", 3)
        assert due(story, "2026-03-09 08:10") == "2026-03-09 17:00"
        again = story.triaged("2026-03-09 08:50", 1)
        assert due(again, LATER) == "2026-03-09 09:00"
        assert promise(again).rule == "again"

    def test_rule_2_also_after_a_time_without_a_target(self) -> None:
        """Unsupported for a moment buys no time either."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .triaged("2026-03-09 08:10", 1, supported=False)
            .triaged("2026-03-09 08:50", 1)
        )
        assert due(story, LATER) == "2026-03-09 09:00"

    def test_rule_2_a_due_time_at_the_instant_itself_comes_again(self) -> None:
        """It is not past yet; a microsecond later it is."""
        story = monday().triaged("2026-03-09 08:00", 1).triaged("2026-03-09 08:10", 3)
        assert due(story.triaged("2026-03-09 09:00", 1), LATER) == "2026-03-09 09:00"
        assert promise(story.triaged("2026-03-09 09:00", 1)).rule == "again"
        assert due(story.triaged("2026-03-09 09:00:00.000001", 1), LATER) == (
            "2026-03-09 10:00:00.000001"
        )

    def test_rule_2_not_when_that_due_time_is_past(self) -> None:
        """Then the clock gets one full new target from the change on."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .triaged("2026-03-09 08:30", 3)
            .triaged("2026-03-09 12:00", 1)
        )
        assert due(story, LATER) == "2026-03-09 13:00"
        assert promise(story).rule == "full"

    def test_rule_2_the_due_time_keeps_its_basis(self) -> None:
        """An hour from the change at 10:00 is that same hour when it comes again."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 3)
            .triaged("2026-03-09 10:00", 1)
            .triaged("2026-03-09 10:20", 3)
            .triaged("2026-03-09 10:40", 1)
        )
        assert promise(story)[3:] == (
            CRITICAL,
            at("2026-03-09 11:00"),
            at("2026-03-09 10:00"),
            CRITICAL,
        )

    def test_rule_3_a_looser_target_counts_from_the_start(self) -> None:
        """From high to medium: a whole business day from the opening of the ticket."""
        story = monday().triaged("2026-03-09 08:00", 2).triaged("2026-03-09 09:30", 3)
        assert due(story, LATER) == "2026-03-09 17:00"
        assert promise(story).rule == "from-start"
        assert promise(story).anchor == at("2026-03-09 08:00")

    def test_rule_3_not_earlier_than_what_is_promised_already(self) -> None:
        """Two hours from the start are past; the hour promised at 14:00 is not taken back."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 3)
            .triaged("2026-03-09 14:00", 1)
            .triaged("2026-03-09 14:30", 2)
        )
        assert due(story, LATER) == "2026-03-09 15:00"
        assert promise(story)[0] == "earlier-promise"
        assert promise(story)[3:] == (
            HIGH,
            at("2026-03-09 15:00"),
            at("2026-03-09 14:00"),
            CRITICAL,
        )

    def test_rule_3_compares_with_the_last_target_while_there_is_none(self) -> None:
        """Critical, then unsupported, then high: looser than critical, so from the start."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .triaged("2026-03-09 08:30", 1, supported=False)
            .triaged("2026-03-09 09:30", 2)
        )
        assert due(story, LATER) == "2026-03-09 10:00"
        assert promise(story).rule == "from-start"

    def test_rule_3_not_when_both_due_times_are_past(self) -> None:
        """Nobody can keep a promise that was given too late: one full new target."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .triaged("2026-03-09 08:30", 1, supported=False)
            .triaged("2026-03-09 12:00", 2)
        )
        assert due(story, LATER) == "2026-03-09 14:00"
        assert promise(story).rule == "full"

    def test_rule_3_a_due_time_at_the_instant_itself_is_not_past(self) -> None:
        """From the start, due this very instant; a microsecond later a full new target."""
        story = (
            monday().triaged("2026-03-09 08:00", 1).triaged("2026-03-09 08:30", 1, supported=False)
        )
        assert due(story.triaged("2026-03-09 10:00", 2), LATER) == "2026-03-09 10:00"
        assert due(story.triaged("2026-03-09 10:00:00.000001", 2), LATER) == (
            "2026-03-09 12:00:00.000001"
        )

    def test_rule_3_equal_targets_count_as_looser(self) -> None:
        """After closing high and critical are due alike: the own basis is taken on a tie."""
        story = (
            ticket()
            .opened("2026-03-06 17:00")
            .triaged("2026-03-06 17:00", 2)
            .triaged("2026-03-06 23:00", 1)
        )
        assert promise(story) == Promise(
            "from-start",
            "T-1/3",
            at("2026-03-06 23:00"),
            CRITICAL,
            at("2026-03-07 01:00"),
            at("2026-03-06 17:00"),
            CRITICAL,
        )

    def test_rule_4_a_tighter_target_counts_from_the_change(self) -> None:
        """From medium to critical at 14:00: one full hour."""
        story = monday().triaged("2026-03-09 08:00", 3).triaged("2026-03-09 14:00", 1)
        assert due(story, LATER) == "2026-03-09 15:00"
        assert promise(story).rule == "full"
        assert promise(story).anchor == at("2026-03-09 14:00")

    def test_rule_4_not_later_than_a_looser_target_was_due(self) -> None:
        """From medium, due at 17:00, to critical at 16:30: not after 17:00."""
        story = monday().triaged("2026-03-09 08:00", 3).triaged("2026-03-09 16:30", 1)
        assert due(story, LATER) == "2026-03-09 17:00"
        assert promise(story)[0] == "capped"
        assert promise(story)[3:] == (
            CRITICAL,
            at("2026-03-09 17:00"),
            at("2026-03-09 08:00"),
            MEDIUM,
        )

    def test_rule_4_a_tighter_promise_of_before_is_no_bound(self) -> None:
        """Critical was due at 09:00; high, tighter than medium, gets its full two hours."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .triaged("2026-03-09 08:30", 3)
            .triaged("2026-03-09 08:45", 2)
        )
        assert due(story, LATER) == "2026-03-09 10:45"

    def test_rule_4_a_looser_due_time_that_is_past_is_no_bound(self) -> None:
        """High was due at 10:00; critical at 12:00 is bounded by what is still ahead."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 2)
            .triaged("2026-03-09 08:30", 3)
            .triaged("2026-03-09 12:00", 1)
        )
        assert due(story, LATER) == "2026-03-09 13:00"

    def test_rule_4_a_looser_promise_that_is_no_longer_in_force_bounds_too(self) -> None:
        """High was due at 10:00: lowered to low and raised to critical at 09:30, not later."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 2)
            .triaged("2026-03-09 08:30", 4)
            .triaged("2026-03-09 09:30", 1)
        )
        assert due(story, LATER) == "2026-03-09 10:00"
        assert promise(story)[5:] == (at("2026-03-09 08:00"), HIGH)

    def test_rule_4_a_looser_due_time_at_the_instant_itself_bounds_too(self) -> None:
        """High was due at 10:00: raised to critical at that very instant, it is due then."""
        story = monday().triaged("2026-03-09 08:00", 2).triaged("2026-03-09 08:30", 4)
        assert due(story.triaged("2026-03-09 10:00", 1), LATER) == "2026-03-09 10:00"
        assert due(story.triaged("2026-03-09 10:00:00.000001", 1), LATER) == (
            "2026-03-09 11:00:00.000001"
        )

    def test_rule_4_an_equal_target_bounds_as_a_looser_one(self) -> None:
        """After closing high and critical are due alike: low for a while buys no time."""
        story = (
            ticket()
            .opened("2026-03-06 17:00")
            .triaged("2026-03-06 17:00", 2)
            .triaged("2026-03-06 18:00", 4)
            .triaged("2026-03-06 20:00", 1)
        )
        assert due(story, LATER) == "2026-03-07 01:00"
        assert promise(story)[5:] == (at("2026-03-06 17:00"), HIGH)

    def test_rule_4_without_a_target_before_there_is_no_bound(self) -> None:
        """An unsupported request becomes supported: one full target from then on."""
        story = monday().triaged("2026-03-09 08:00", 2, supported=False)
        assert due(story.triaged("2026-03-09 12:00", 2), LATER) == "2026-03-09 14:00"

    def test_rule_4_on_a_tie_the_targets_own_basis(self) -> None:
        """From medium, due at 17:00, to critical at 16:00: one hour from the change."""
        story = monday().triaged("2026-03-09 08:00", 3).triaged("2026-03-09 16:00", 1)
        assert promise(story)[0] == "full"
        assert promise(story)[4:] == (at("2026-03-09 17:00"), at("2026-03-09 16:00"), CRITICAL)

    def test_rule_4_among_equal_bounds_the_oldest_promise(self) -> None:
        """17:00 was promised from the start and again from 16:00: the first is the basis."""
        policies = only(
            policy(
                {
                    ("initial", 1): Target(45 * MINUTE, None),
                    ("initial", 2): Target(HOUR, None),
                    ("initial", 3): Target(DAY, None),
                }
            )
        )
        story = (
            monday()
            .triaged("2026-03-09 08:00", 3)
            .triaged("2026-03-09 16:00", 2)
            .triaged("2026-03-09 16:30", 1)
        )
        promises = folded(story, LATER, policies=policies).clocks[0].promises
        assert [(p.rule, p.due_at, p.anchor, p.budget) for p in promises] == [
            ("start", at("2026-03-09 17:00"), at("2026-03-09 08:00"), Target(DAY, None)),
            ("full", at("2026-03-09 17:00"), at("2026-03-09 16:00"), Target(HOUR, None)),
            ("capped", at("2026-03-09 17:00"), at("2026-03-09 08:00"), Target(DAY, None)),
        ]

    def test_the_same_severity_again_changes_nothing(self) -> None:
        """The due time it has is the due time it had before."""
        story = monday().triaged("2026-03-09 08:05", 1)
        assert clocks(story.triaged("2026-03-09 08:50", 1), LATER) == clocks(story, LATER)

    @pytest.mark.parametrize("minute", ["16:00", "16:30", "16:59", "17:00"])
    def test_raising_never_breaches_in_the_past(self, minute: str) -> None:
        """Whenever a medium ticket is raised to critical, it is due at that instant or later."""
        story = monday().triaged("2026-03-09 08:00", 3).triaged(f"2026-03-09 {minute}", 1)
        assert clocks(story, f"2026-03-09 {minute}")[0][4] == "running"

    def test_lowering_and_raising_for_ever_buys_no_time(self) -> None:
        """Every ten minutes down and up again: due when it was due at first."""
        story = monday().triaged("2026-03-09 08:00", 2)
        for minute in range(10, 60, 10):
            story = story.triaged(f"2026-03-09 08:{minute}", 4)
            story = story.triaged(f"2026-03-09 08:{minute + 5}", 2)
        assert due(story, LATER) == "2026-03-09 10:00"

    def test_the_promise_names_the_event_that_gave_it(self) -> None:
        """Which triage, and when it happened."""
        story = monday().triaged("2026-03-09 08:00", 3).triaged("2026-03-09 14:00", 1)
        assert promise(story)[1:3] == ("T-1/3", at("2026-03-09 14:00"))


class TestFrozen:
    def test_a_breached_clock_keeps_its_due_time(self) -> None:
        """Lowered an hour after the breach, it stays breached."""
        story = monday().triaged("2026-03-09 08:05", 1)
        lowered = story.triaged("2026-03-09 10:00", 4)
        assert clocks(lowered, LATER) == clocks(story, LATER)
        assert folded(lowered, LATER).severity == 4

    def test_at_its_due_time_it_is_not_breached_yet(self) -> None:
        """At 09:00 it can be lowered, a microsecond later it is frozen."""
        story = monday().triaged("2026-03-09 08:05", 1)
        assert due(story.triaged("2026-03-09 09:00", 3), LATER) == "2026-03-09 17:00"
        assert due(story.triaged("2026-03-09 09:00:00.000001", 3), LATER) == "2026-03-09 09:00"

    def test_its_meters_run_on_until_it_is_answered(self) -> None:
        """Due at 09:00, answered on Tuesday at 09:00: ten business hours, fifteen others."""
        story = monday().triaged("2026-03-09 08:05", 1).answered("2026-03-10 09:00")
        [clock] = folded(story, LATER).clocks
        assert clock.meters(at(LATER)) == (10 * HOUR, 15 * HOUR)

    def test_a_running_clocks_meters_run_to_the_instant_of_judgement(self) -> None:
        """Half an hour after the opening it shows half an hour."""
        [clock] = folded(monday(), "2026-03-09 08:30").clocks
        assert clock.meters(at("2026-03-09 08:30")) == (HOUR // 2, 0)

    def test_an_answered_clock_keeps_its_target(self) -> None:
        """Raised after the answer, nothing changes for it."""
        story = monday().triaged("2026-03-09 08:05", 3).answered("2026-03-09 12:00")
        assert clocks(story.triaged("2026-03-09 13:00", 1), LATER) == clocks(story, LATER)

    def test_only_the_running_clock_is_retargeted(self) -> None:
        """The initial one is over; the ongoing one gets the new target."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 2)
            .answered("2026-03-09 08:30")
            .replied("2026-03-09 09:00")
            .triaged("2026-03-09 09:30", 1)
        )
        assert [line[2] for line in clocks(story, LATER)] == [
            "2026-03-09 10:00",
            "2026-03-09 10:30",
        ]

    def test_the_clock_after_a_breached_one_has_the_new_target(self) -> None:
        """Frozen is the clock, not the ticket."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 1)
            .triaged("2026-03-09 10:00", 2)
            .promised("2026-03-09 11:00")
        )
        assert [line[2] for line in clocks(story, LATER)] == [
            "2026-03-09 09:00",
            "2026-03-09 13:00",
        ]


class TestPolicyVersions:
    POLICIES = Policies(
        (
            policy({("initial", 1): Target(HOUR, None), ("ongoing", 1): Target(HOUR, None)}),
            policy(
                {("initial", 1): Target(3 * HOUR, None), ("ongoing", 1): Target(3 * HOUR, None)},
                version=2,
                effective_from="2026-03-09 12:00",
            ),
        )
    )

    @pytest.mark.parametrize(
        ("opened", "due_at"),
        [
            ("2025-06-02 08:00", "2025-06-02 09:00"),
            ("2026-03-09 11:59:59.999999", "2026-03-09 12:59:59.999999"),
            ("2026-03-09 12:00", "2026-03-09 15:00"),
            ("2026-03-10 08:00", "2026-03-10 11:00"),
        ],
    )
    def test_a_clock_is_judged_by_the_version_in_force_at_its_start(
        self, opened: str, due_at: str
    ) -> None:
        """The first version is in force since ever, a later one from its very instant."""
        story = ticket().opened(opened).triaged("2026-03-10 12:00", 1)
        assert due(story, LATER, self.POLICIES) == due_at

    def test_it_stays_under_its_version_when_it_is_retargeted(self) -> None:
        """Raised under the second version, the clock of the first gets the first one's hour."""
        first = policy({("initial", 1): Target(HOUR, None), ("initial", 3): Target(DAY, None)})
        second = policy(
            {("initial", 1): Target(3 * HOUR, None), ("initial", 3): Target(DAY, None)},
            version=2,
            effective_from="2026-03-09 12:00",
        )
        story = monday().triaged("2026-03-09 08:00", 3).triaged("2026-03-09 13:00", 1)
        assert due(story, LATER, Policies((first, second))) == "2026-03-09 14:00"

    def test_the_clocks_of_one_ticket_may_be_under_two_versions(self) -> None:
        """Each by its own start."""
        story = (
            monday()
            .triaged("2026-03-09 08:00", 1)
            .answered("2026-03-09 08:30")
            .replied("2026-03-09 13:00")
        )
        judged = folded(story, LATER, policies=self.POLICIES).clocks
        assert [clock.policy.version for clock in judged] == [1, 2]
        assert due(story, LATER, self.POLICIES) == "2026-03-09 16:00"


class TestTwoTimes:
    """A call at 08:30 that was written down at 10:00."""

    STORY = (
        monday()
        .triaged("2026-03-09 08:05", 1)
        .answered("2026-03-09 08:30", recorded="2026-03-09 10:00")
    )

    def test_as_of_answers_what_was_believed_then(self) -> None:
        """At 09:30 nobody knew of the call."""
        assert clocks(self.STORY, "2026-03-09 09:30", as_of="2026-03-09 09:30") == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", None, "breached")
        ]

    def test_at_answers_what_is_known_today_about_then(self) -> None:
        """At 09:30 the promise was kept, as we know since ten."""
        assert clocks(self.STORY, "2026-03-09 09:30", as_of=LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:30", "met")
        ]

    def test_at_ignores_what_happens_later(self) -> None:
        """At 08:15 the answer had not been given yet."""
        assert clocks(self.STORY, "2026-03-09 08:15", as_of=LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", None, "running")
        ]

    def test_what_happens_at_the_instant_itself_counts(self) -> None:
        """Recorded by R, happened by T: both ends belong to it."""
        assert clocks(self.STORY, "2026-03-09 08:30", as_of="2026-03-09 10:00")[0][4] == "met"
        assert clocks(self.STORY, "2026-03-09 10:00", as_of="2026-03-09 09:59:59.999999")[0][4] == (
            "breached"
        )

    def test_a_late_fact_takes_its_place_in_the_story(self) -> None:
        """A promise written down late starts its clock when it was given."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 1)
            .answered("2026-03-09 08:40")
            .promised("2026-03-09 08:20", recorded="2026-03-09 12:00")
        )
        assert clocks(story, LATER) == [
            ("initial", "2026-03-09 08:00", "2026-03-09 09:00", "2026-03-09 08:20", "met"),
            ("ongoing/1", "2026-03-09 08:20", "2026-03-09 09:20", "2026-03-09 08:40", "met"),
        ]

    def test_a_late_fact_may_change_a_clocks_number_but_not_its_identity(self) -> None:
        """What was the first ongoing clock is the second now, started by the same event."""
        story = (
            monday()
            .triaged("2026-03-09 08:05", 1)
            .answered("2026-03-09 08:30")
            .replied("2026-03-09 11:00")
        )
        late = story.promised("2026-03-09 09:00", "2026-03-09 12:00").answered(
            "2026-03-09 10:00", "2026-03-09 12:00"
        )
        before, after = folded(story, LATER).clocks[-1], folded(late, LATER).clocks[-1]
        assert (before.instance, after.instance) == (1, 2)
        assert before.started_by == after.started_by == "T-1/4"

    def test_a_late_triage_is_the_first_if_it_happened_first(self) -> None:
        """Imported facts are folded in the order in which they happened."""
        story = monday().triaged("2026-03-09 12:00", 4)
        late = story.triaged("2026-03-09 08:10", 1, "2026-03-09 12:30")
        assert due(story, LATER) == "2026-03-10 17:00"
        assert due(late, LATER) == "2026-03-09 09:00"
        assert folded(late, LATER).severity == 4
