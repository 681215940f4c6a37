"""The figures of a report, each against numbers worked out by hand (docs/report.md)."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import instant
from domain.clock import fold, known
from domain.event import Opened, RecordedEvent, Resolved
from domain.policy import ClockName, Policies, Target
from projections.judging import CannotJudge
from projections.report import (
    Counts,
    Group,
    Percentiles,
    Report,
    Times,
    Version,
    percentiles,
    report,
    summed,
)
from streams.envelope import decode
from tests.spec.desk import DAY, HOUR, MANAGRY, Story, at, only, policy, ticket
from tests.spec.given import POLICY
from tests.strategies import histories, instants

MINUTE = instant.MINUTE


def reported(
    *stories: Story, time: str, as_of: str | None = None, policies: Policies = MANAGRY
) -> Report:
    """The report on some tickets at a time, of what was recorded by `as_of` (else by then)."""
    tickets = {story.name: story.history for story in stories}
    return report(tickets, policies, at(time if as_of is None else as_of), at(time))


def promises(found: Report) -> Mapping[tuple[Group, ClockName], Counts]:
    """The verdicts by plan, severity and clock."""
    return summed(found.cells, lambda cell: (cell.group, cell.clock))


def times(found: Report, measure: str) -> list[Times]:
    """The rows of one measure."""
    return [row for row in found.times if row.measure == measure]


def alike(duration: int) -> Percentiles:
    """The percentiles where only one duration was measured."""
    return Percentiles(duration, duration, duration, duration)


PREMIUM_1 = Group("premium", 1, True)
STANDARD_1 = Group("standard", 1, True)
CRITICAL = ticket("T-B").opened("2026-03-09 09:00").triaged("2026-03-09 09:05", 1)
"""Premium, critical: due at 10:00 on a Monday."""


def test_every_verdict_has_its_own_count() -> None:
    """Kept, broken, running and without a target are four different things."""
    found = reported(
        ticket("T-1")
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 1)
        # At the due time itself an answer is in time.
        .answered("2026-03-09 10:00"),
        CRITICAL.answered("2026-03-09 10:01"),
        ticket("T-3").opened("2026-03-09 11:30").triaged("2026-03-09 11:31", 1),
        ticket("T-4")
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 3)
        # Premium publishes no ongoing target for a medium severity.
        .promised("2026-03-09 09:30"),
        time="2026-03-09 12:00",
    )
    assert promises(found) == {
        (PREMIUM_1, "initial"): Counts(met=1, breached=1, running=1),
        (Group("premium", 3, True), "initial"): Counts(met=1),
        (Group("premium", 3, True), "ongoing"): Counts(no_target=1),
    }


@pytest.mark.parametrize(
    ("counts", "permille"),
    [
        (Counts(met=1), 1000),
        (Counts(breached=1), 0),
        (Counts(met=2, breached=1), 666),
        (Counts(met=9_999, breached=1), 999),
        (Counts(met=1, breached=9_999), 0),
        (Counts(met=1, breached=1, running=8, no_target=90), 500),
        (Counts(running=3), None),
        (Counts(no_target=3), None),
        (Counts(), None),
    ],
)
def test_the_share_is_of_what_was_decided_and_rounded_down(
    counts: Counts, permille: int | None
) -> None:
    """Only kept and broken are in it; 100 % means nothing was broken; of nothing there is none."""
    assert counts.kept_permille == permille


def test_a_clock_belongs_to_the_severity_of_its_promise_in_force() -> None:
    """Raised while it ran: it is judged, and counted, as what it was raised to."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 2)
        .triaged("2026-03-09 09:30", 1)
        .answered("2026-03-09 09:45")
    )
    assert promises(reported(story, time="2026-03-09 12:00")) == {
        (PREMIUM_1, "initial"): Counts(met=1)
    }


def test_a_broken_promise_stays_with_the_severity_that_broke_it() -> None:
    """Lowering the severity after the breach moves the ticket, not the breach."""
    story = CRITICAL.triaged("2026-03-09 10:30", 4).answered("2026-03-09 11:00")
    found = reported(story, time="2026-03-09 12:00")
    assert promises(found) == {(PREMIUM_1, "initial"): Counts(breached=1)}


def test_an_answer_before_the_triage_counts_under_the_first_severity() -> None:
    """The first triage describes the problem as it was; a later one changes nothing answered."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .worked_around("2026-03-09 09:10")
        .triaged("2026-03-09 09:20", 2)
        .triaged("2026-03-09 09:30", 1)
        .resolved("2026-03-09 09:40")
    )
    found = reported(story, time="2026-03-09 12:00")
    second = Group("premium", 2, True)
    assert promises(found) == {(second, "initial"): Counts(met=1)}
    assert [row.group for row in times(found, "workaround")] == [second]
    # What ended after the change counts under what was in force then.
    assert [row.group for row in times(found, "resolution")] == [PREMIUM_1]


def test_what_is_not_supported_or_not_triaged_stands_apart() -> None:
    """Best effort and untriaged requests have no target, and no share in anybody's figures."""
    found = reported(
        ticket("T-1")
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 1, supported=False)
        .answered("2026-03-09 09:30"),
        ticket("T-2").opened("2026-03-09 09:00").answered("2026-03-09 09:30"),
        ticket("T-3").opened("2026-03-09 09:00").triaged("2026-03-09 09:05", 1),
        time="2026-03-09 09:45",
    )
    assert list(promises(found).items()) == [
        ((PREMIUM_1, "initial"), Counts(running=1)),
        ((Group("premium", 1, False), "initial"), Counts(no_target=1)),
        ((Group("premium", None, None), "initial"), Counts(no_target=1)),
    ]


def test_a_month_is_that_of_the_start_in_the_policys_zone() -> None:
    """Half past ten in the evening UTC is already April in Prague, and each clock has its own."""
    story = (
        ticket()
        .opened("2026-03-31T21:59:59Z", "standard")
        .answered("2026-03-31T22:30:00Z", awaiting="support")
        .triaged("2026-04-01 08:00", 1)
    )
    found = reported(story, time="2026-04-01 09:00")
    assert [(cell.clock, cell.month, cell.counts) for cell in found.cells] == [
        ("initial", "2026-03", Counts(met=1)),
        ("ongoing", "2026-04", Counts(running=1)),
    ]


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([], None),
        ([7], Percentiles(7, 7, 7, 7)),
        ([2, 1], Percentiles(1, 2, 2, 2)),
        ([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], Percentiles(5, 9, 10, 10)),
        (list(range(1, 21)), Percentiles(10, 18, 19, 20)),
        (list(range(1, 22)), Percentiles(11, 19, 20, 21)),
        (list(range(1, 101)), Percentiles(50, 90, 95, 100)),
    ],
)
def test_percentiles_are_nearest_rank(
    durations: Sequence[int], expected: Percentiles | None
) -> None:
    """The smallest duration that at least p of a hundred do not exceed: one that occurred."""
    assert percentiles(durations) == expected


def test_response_times_are_of_answered_clocks_on_the_meters_that_count() -> None:
    """Friday 16:00 to Monday 09:00 is two business hours, and 63 others where they count."""
    opened, triaged, answered = "2026-03-06 16:00", "2026-03-06 16:05", "2026-03-09 09:00"
    found = reported(
        ticket("T-1").opened(opened, "premium").triaged(triaged, 1).answered(answered),
        ticket("T-2").opened(opened, "premium").triaged(triaged, 1),
        ticket("T-3").opened(opened, "standard").triaged(triaged, 1).answered(answered),
        ticket("T-4").opened(opened, "standard").triaged(triaged, 4),
        time="2026-03-09 12:00",
    )
    assert times(found, "initial") == [
        Times(STANDARD_1, "initial", 1, 0, alike(2 * HOUR), None),
        Times(Group("standard", 4, True), "initial", 0, 1, None, None),
        Times(PREMIUM_1, "initial", 1, 1, alike(2 * HOUR), alike(63 * HOUR)),
    ]


def test_milestones_are_measured_from_the_opening() -> None:
    """The first workaround and the resolution, both on both meters, whatever happened between."""
    story = (
        ticket()
        .opened("2026-03-06 16:00", "standard")
        .triaged("2026-03-06 16:05", 1)
        .worked_around("2026-03-09 09:00")
        .replied("2026-03-09 09:10")
        .worked_around("2026-03-09 09:20")
        .resolved("2026-03-09 10:00")
    )
    found = reported(story, time="2026-03-09 12:00")
    assert times(found, "workaround") == [
        Times(STANDARD_1, "workaround", 1, 0, alike(2 * HOUR), alike(63 * HOUR))
    ]
    assert times(found, "resolution") == [
        Times(STANDARD_1, "resolution", 1, 0, alike(3 * HOUR), alike(63 * HOUR))
    ]


def test_a_milestone_counts_from_when_the_customer_asked() -> None:
    """A call written down an hour later was still a call at nine."""
    story = (
        ticket()
        .opened("2026-03-09 09:00", recorded="2026-03-09 10:00")
        .worked_around("2026-03-09 11:00")
    )
    [row] = times(reported(story, time="2026-03-09 12:00"), "workaround")
    assert row.business == alike(2 * HOUR)


def test_a_ticket_without_a_milestone_counts_under_its_present_severity() -> None:
    """Nothing has ended that could belong to the severity before."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 2)
        .triaged("2026-03-09 09:10", 1)
    )
    found = reported(story, time="2026-03-09 09:30")
    assert [times(found, name) for name in ("workaround", "resolution")] == [
        [Times(PREMIUM_1, "workaround", 0, 1, None, None)],
        [Times(PREMIUM_1, "resolution", 0, 1, None, None)],
    ]


def test_the_resolution_is_the_one_that_stands() -> None:
    """A customer who writes again shows that it was none; repeating it does not make it later."""
    solved = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 3)
        .resolved("2026-03-09 10:00")
    )
    reopened = solved.replied("2026-03-09 11:00")
    solved_again = reopened.resolved("2026-03-09 12:00").resolved("2026-03-09 12:30")
    verified = solved_again.verified("2026-03-09 13:00")

    def resolution(story: Story) -> tuple[int, int, Percentiles | None, Mapping[str | None, int]]:
        found = reported(story, time="2026-03-09 14:00")
        [row] = times(found, "resolution")
        return row.reached, row.waiting, row.business, found.root_causes

    assert resolution(solved) == (1, 0, alike(HOUR), {"defect": 1})
    assert resolution(reopened) == (0, 1, None, {})
    assert resolution(solved_again) == (1, 0, alike(3 * HOUR), {"defect": 1})
    assert resolution(verified) == (1, 0, alike(3 * HOUR), {"defect": 1})


def test_causes_channels_and_statuses_are_counted_by_ticket() -> None:
    """The most frequent first, a cause that nobody named last among equals."""

    def solved(name: str, channel: str, cause: str | None) -> Story:
        story = ticket(name).opened("2026-03-09 09:00").resolved("2026-03-09 10:00")
        opened, resolved = story.history
        return Story(
            name,
            (
                opened._replace(event=Opened("C-1", "premium", channel)),
                resolved._replace(event=Resolved(cause)),
            ),
        )

    found = reported(
        solved("T-1", "phone", None),
        solved("T-2", "web", "usage"),
        solved("T-3", "web", "defect"),
        solved("T-4", "web", "defect"),
        ticket("T-5").opened("2026-03-09 09:00"),
        time="2026-03-09 12:00",
    )
    assert list(found.root_causes.items()) == [("defect", 2), ("usage", 1), (None, 1)]
    assert list(found.channels.items()) == [("web", 3), ("email", 1), ("phone", 1)]
    assert found.statuses == {"new": 1, "open": 0, "pending": 0, "resolved": 4, "verified": 0}
    assert (found.tickets, found.events) == (5, 9)
    assert found.policies == (Version("managry@1", MANAGRY.versions[0].digest),)


def test_broken_promises_come_worst_first_by_what_was_promised() -> None:
    """Lateness is counted on the meters of the target, then in real time.

    All were due on Friday at 17:00; only the premium plan promises time outside business hours.
    """

    def late(name: str, plan: str, answered: str) -> Story:
        story = ticket(name).opened("2026-03-06 16:00", plan).triaged("2026-03-06 16:05", 1)
        return story.answered(answered)

    found = reported(
        late("T-1", "standard", "2026-03-06 18:00"),
        late("T-2", "standard", "2026-03-07 12:00"),
        late("T-3", "standard", "2026-03-09 10:00"),
        late("T-4", "premium", "2026-03-07 00:00"),
        time="2026-03-09 12:00",
    )
    assert [
        (broken.ticket, broken.late, broken.late_business, broken.late_off_hours)
        for broken in found.broken
    ] == [
        ("T-4", 7 * HOUR, 0, 7 * HOUR),
        ("T-3", 2 * HOUR, 2 * HOUR, 63 * HOUR),
        ("T-2", 0, 0, 19 * HOUR),
        ("T-1", 0, 0, HOUR),
    ]
    assert {broken.due_at for broken in found.broken} == {at("2026-03-06 17:00")}


def test_business_time_is_no_lateness_where_only_other_time_was_promised() -> None:
    """One hour outside business hours, due on Friday at 18:00, answered on Monday at 10:00."""
    night = only(policy({("initial", 1): Target(None, HOUR)}))
    story = ticket().opened("2026-03-06 16:00").triaged("2026-03-06 16:05", 1)
    [broken] = reported(
        story.answered("2026-03-09 10:00"), time="2026-03-09 12:00", policies=night
    ).broken
    assert (broken.late, broken.late_business) == (62 * HOUR, 2 * HOUR)


def test_an_unanswered_promise_is_late_until_the_report() -> None:
    """Nobody answered yet: the lateness runs on to T."""
    [broken] = reported(CRITICAL, time="2026-03-09 12:30").broken
    assert (broken.satisfied_at, broken.late_business) == (None, 2 * HOUR + 30 * MINUTE)
    assert (broken.ticket, broken.clock, broken.instance) == ("T-B", "initial", 1)
    assert (broken.group, broken.policy) == (PREMIUM_1, "managry@1")


@pytest.mark.parametrize(
    ("levels", "reasons"),
    [
        ([1], ()),
        ([2, 1], ()),
        ([1, 2], ()),
        ([2, 1, 2], ()),
        ([1, 1, 1], ()),
        ([1, 2, 1], ("lowered-and-raised",)),
        ([1, 4, 4, 3], ("lowered-and-raised",)),
        ([3, 1, 2, 1], ("lowered-and-raised",)),
    ],
)
def test_a_severity_lowered_and_raised_again_is_to_be_looked_at(
    levels: Sequence[int], reasons: tuple[str, ...]
) -> None:
    """Down and up, not up and down: only the first can have been meant to buy time."""
    story = ticket().opened("2026-03-09 09:00")
    for minute, level in enumerate(levels, start=10):
        story = story.triaged(f"2026-03-09 09:{minute}", level)
    story = story.answered("2026-03-09 09:20")
    found = reported(story, time="2026-03-09 12:00").review
    assert tuple(reason for ticket in found for reason in ticket.reasons) == reasons


@pytest.mark.parametrize(
    ("changed", "severity", "reasons"),
    [
        # Due at 10:00: at that instant it is not broken yet.
        ("2026-03-09 10:00", 2, []),
        ("2026-03-09 10:00:01", 2, [("changed-after-breach",)]),
        ("2026-03-09 10:00:01", 1, []),
    ],
)
def test_a_severity_changed_after_a_breach_is_to_be_looked_at(
    changed: str, severity: int, reasons: list[tuple[str, ...]]
) -> None:
    """A change, not the same severity again, and after the due time."""
    found = reported(CRITICAL.triaged(changed, severity), time="2026-03-09 16:00").review
    assert [ticket.reasons for ticket in found] == reasons


def test_a_change_at_the_due_time_itself_is_not_after_the_breach() -> None:
    """High, due at 11:00, raised just then: the earlier promise stays, and was not broken yet."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 2)
        .triaged("2026-03-09 11:00", 1)
    )
    found = reported(story, time="2026-03-09 12:00")
    assert [broken.due_at for broken in found.broken] == [at("2026-03-09 11:00")]
    assert found.review == ()


def test_a_change_after_a_kept_promise_is_nothing_to_look_at() -> None:
    """The due time passed, but the answer had been there in time."""
    story = CRITICAL.answered("2026-03-09 09:30").triaged("2026-03-09 11:00", 2)
    assert reported(story, time="2026-03-09 12:00").review == ()


def test_a_first_triage_after_the_due_time_is_no_change() -> None:
    """It reveals a breach; nothing was changed after it."""
    story = ticket().opened("2026-03-09 09:00").triaged("2026-03-09 11:00", 1)
    found = reported(story, time="2026-03-09 12:00")
    assert (len(found.broken), found.review) == (1, ())


def test_support_granted_or_withdrawn_later_is_to_be_looked_at() -> None:
    """With it a target comes or goes."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 1)
        .triaged("2026-03-09 09:10", 1, supported=False)
    )
    [found] = reported(story, time="2026-03-09 12:00").review
    assert (found.reasons, found.severities) == (("supported-changed",), (1,))


def test_events_recorded_late_are_to_be_looked_at_with_the_longest_delay() -> None:
    """Recorded at once is no delay; of several the longest is told."""
    story = (
        ticket()
        .opened("2026-03-09 09:00")
        .triaged("2026-03-09 09:05", 2)
        .answered("2026-03-09 09:30", recorded="2026-03-09 11:00")
        .replied("2026-03-09 10:30", recorded="2026-03-09 11:10")
    )
    [found] = reported(story, time="2026-03-09 12:00").review
    assert (found.reasons, found.backdated, found.largest_delay) == (("backdated",), 2, 90 * MINUTE)


@pytest.mark.parametrize(
    ("settle", "late"),
    [(0, 3), (instant.SECOND, 2), (30 * instant.SECOND, 1), (31 * instant.SECOND, 0)],
)
def test_a_record_on_its_way_is_not_late(settle: int, late: int) -> None:
    """Recorded 1, 30 and 31 seconds after: late is what took longer than the policy's `settle`."""
    story = (
        ticket()
        .opened("2026-03-09 09:00", recorded="2026-03-09 09:00:01")
        .triaged("2026-03-09 09:05", 2, recorded="2026-03-09 09:05:30")
        .answered("2026-03-09 09:30", recorded="2026-03-09 09:30:31")
    )
    [version] = MANAGRY.versions
    found = reported(
        story,
        time="2026-03-09 12:00",
        policies=only(replace(version, settle=settle)),
    ).review
    assert [(one.backdated, one.largest_delay) for one in found] == (
        [(late, 31 * instant.SECOND)] if late else []
    )


def test_the_published_policy_lets_a_mail_gateway_be_slow() -> None:
    """A second between sending and storing is no reason to look at a ticket again."""
    story = CRITICAL.answered("2026-03-09 09:30", recorded="2026-03-09 09:30:01")
    assert reported(story, time="2026-03-09 12:00").review == ()


def test_the_review_has_the_gravest_reasons_first() -> None:
    """A lowered severity comes before a late record, among equals the longest delay."""

    def late(name: str, recorded: str) -> Story:
        return ticket(name).opened("2026-03-09 09:00", recorded=recorded)

    lowered = ticket("T-3").opened("2026-03-09 09:00").triaged("2026-03-09 09:05", 1)
    found = reported(
        late("T-1", "2026-03-09 09:10"),
        late("T-2", "2026-03-09 09:30"),
        lowered.triaged("2026-03-09 09:06", 2).triaged("2026-03-09 09:07", 1),
        time="2026-03-09 09:45",
    ).review
    assert [(ticket.ticket, ticket.severities) for ticket in found] == [
        ("T-3", (1, 2, 1)),
        ("T-2", ()),
        ("T-1", ()),
    ]


def test_as_of_is_what_was_believed_and_at_what_is_known_now() -> None:
    """The answer was in time and written down late: broken as of then, kept as known later."""
    story = CRITICAL.answered("2026-03-09 09:30", recorded="2026-03-09 11:00")
    believed = reported(story, time="2026-03-09 10:30")
    known_now = reported(story, time="2026-03-09 10:30", as_of="2026-03-09 12:00")
    assert promises(believed) == {(PREMIUM_1, "initial"): Counts(breached=1)}
    assert promises(known_now) == {(PREMIUM_1, "initial"): Counts(met=1)}
    assert (believed.review, len(known_now.review)) == ((), 1)


def test_tickets_of_which_nothing_was_known_are_left_out() -> None:
    """Neither one recorded after R nor one opened after T is in any figure."""
    story = ticket().opened("2026-03-09 09:00", recorded="2026-03-09 11:00")
    for found in (
        reported(story, time="2026-03-09 10:00"),
        reported(story, time="2026-03-09 08:00", as_of="2026-03-09 12:00"),
    ):
        assert (found.tickets, found.events, found.cells, found.times) == (0, 0, (), ())


def test_every_clock_is_judged_by_the_version_in_force_at_its_start() -> None:
    """Two versions in one report: each keeps its own target, both are named."""
    versions = Policies(
        (
            policy({("initial", 1): Target(HOUR, None)}),
            policy(
                {("initial", 1): Target(2 * HOUR, 8 * HOUR)},
                version=2,
                effective_from="2026-03-10 00:00",
            ),
        )
    )
    found = reported(
        *(
            ticket(name).opened(f"{day} 09:00").triaged(f"{day} 09:05", 1).answered(f"{day} 10:30")
            for name, day in (("T-1", "2026-03-09"), ("T-2", "2026-03-10"))
        ),
        time="2026-03-10 12:00",
        policies=versions,
    )
    assert [version.label for version in found.policies] == ["managry@1", "managry@2"]
    assert promises(found) == {(PREMIUM_1, "initial"): Counts(met=1, breached=1)}
    # One of the two targets counts time outside business hours, so the row shows it.
    [row] = times(found, "initial")
    assert row.off_hours == alike(0)


def test_a_ticket_that_runs_out_of_the_calendar_is_named() -> None:
    """A figure that leaves a ticket out in silence would be worth nothing."""
    story = ticket("T-9").opened("2027-12-31 16:00").triaged("2027-12-31 16:05", 4)
    with pytest.raises(CannotJudge, match=r"T-9.*2028") as caught:
        reported(
            story,
            time="2027-12-31 17:00",
            policies=only(policy({("initial", 4): Target(2 * DAY, None)})),
        )
    assert caught.value.ticket == "T-9"


def _named(drawn: Sequence[Sequence[RecordedEvent]]) -> dict[str, list[RecordedEvent]]:
    """Give every drawn history a ticket of its own."""
    return {
        f"T-{number}": [
            event._replace(ticket=f"T-{number}", event_id=f"T-{number}/{event.version}")
            for event in history
        ]
        for number, history in enumerate(drawn)
    }


@given(st.lists(histories(), max_size=5), instants())
def test_every_clock_and_ticket_is_counted_exactly_once(
    drawn: list[tuple[RecordedEvent, ...]], moment: int
) -> None:
    """However the figures are cut, they add up to the clocks and tickets that there are."""
    policies = Policies((POLICY,))
    tickets = _named(drawn)
    stories = {name: known(history, moment, moment) for name, history in tickets.items()}
    folds = [fold(story, policies) for story in stories.values() if story]
    found = report(tickets, policies, moment, moment)

    assert found.tickets == len(folds)
    assert found.events == sum(map(len, stories.values()))
    assert found.statuses == {
        **dict.fromkeys(found.statuses, 0),
        **Counter(f.status for f in folds),
    }
    assert sum(found.channels.values()) == found.tickets

    verdicts = Counter(clock.verdict(moment) for f in folds for clock in f.clocks)
    expected = Counts(
        verdicts["met"], verdicts["breached"], verdicts["running"], verdicts["no-target"]
    )
    total = sum((cell.counts for cell in found.cells), Counts())
    assert total == expected
    assert total.clocks == sum(len(f.clocks) for f in folds)
    assert len(found.broken) == total.breached
    assert len({(cell.group, cell.clock, cell.month) for cell in found.cells}) == len(found.cells)

    for measure in ("initial", "ongoing"):
        rows = times(found, measure)
        clocks = [clock for f in folds for clock in f.clocks if clock.name == measure]
        assert sum(row.reached + row.waiting for row in rows) == len(clocks)
        assert sum(row.waiting for row in rows) == sum(c.satisfied_at is None for c in clocks)
    for measure in ("workaround", "resolution"):
        assert sum(row.reached + row.waiting for row in times(found, measure)) == found.tickets
    resolved = sum(row.reached for row in times(found, "resolution"))
    assert sum(found.root_causes.values()) == resolved
    assert resolved <= found.statuses["resolved"] + found.statuses["verified"]


@given(st.lists(histories(), max_size=5), instants(), st.randoms(use_true_random=False))
def test_the_order_of_the_tickets_changes_nothing(
    drawn: list[tuple[RecordedEvent, ...]], moment: int, random: Random
) -> None:
    """A file sorted in another way gives the same report."""
    policies = Policies((POLICY,))
    tickets = _named(drawn)
    shuffled = list(tickets)
    random.shuffle(shuffled)
    again = {name: list(reversed(tickets[name])) for name in shuffled}
    one, other = (report(each, policies, moment, moment) for each in (tickets, again))
    assert one == other
    assert list(one.channels) == list(other.channels)
    assert list(one.root_causes) == list(other.root_causes)


def test_the_desk_adds_up_to_what_two_other_implementations_say(shared: Path) -> None:
    """Counts, broken promises and longest answers agree with the vectors of the desk."""
    desk = shared / "vectors" / "desk"
    tickets: dict[str, list[RecordedEvent]] = {}
    for line in (desk / "history.jsonl").read_bytes().splitlines():
        event = decode(line)
        tickets.setdefault(event.ticket, []).append(event)
    judged = [json.loads(line) for line in (desk / "clocks.jsonl").read_text().splitlines()]
    plans = {
        name: history[0].event.plan
        for name, history in tickets.items()
        if isinstance(history[0].event, Opened)
    }
    clocks = [(ticket["ticket"], clock) for ticket in judged for clock in ticket["clocks"]]
    moment = instant.parse("2026-04-15T12:00:00Z")
    found = report(tickets, MANAGRY, moment, moment)

    assert found.tickets == len(judged)
    assert {name: count for name, count in found.statuses.items() if count} == Counter(
        ticket["status"] for ticket in judged
    )
    by_verdict = Counter(
        (plans[name], clock["clock"], clock["started_at"][:4], clock["verdict"])
        for name, clock in clocks
    )
    years = summed(found.cells, lambda cell: (cell.group.plan, cell.clock, cell.month[:4]))
    assert by_verdict == {
        (*key, verdict): count
        for key, counts in years.items()
        for verdict, count in (
            ("met", counts.met),
            ("breached", counts.breached),
            ("running", counts.running),
            ("no-target", counts.no_target),
        )
        if count
    }
    assert {
        (broken.ticket, broken.clock, broken.instance, instant.text(broken.due_at))
        for broken in found.broken
    } == {
        (name, clock["clock"], clock["instance"], clock["breached_at"])
        for name, clock in clocks
        if clock["verdict"] == "breached"
    }
    for measure in ("initial", "ongoing"):
        answered = [
            clock["business_seconds"]
            for _, clock in clocks
            if clock["clock"] == measure and clock["satisfied_at"] is not None
        ]
        rows = times(found, measure)
        assert sum(row.reached for row in rows) == len(answered)
        longest = max(row.business.max for row in rows if row.business is not None)
        assert instant.seconds(longest) == max(answered)
