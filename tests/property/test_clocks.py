"""What is true of the clocks of any history under any policy (semantics §4)."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.clock import Clock, Folded, Folding, fold
from domain.event import (
    AgentResponded,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    WorkaroundFound,
    story_order,
)
from domain.policy import Policies
from tests.strategies import calendar_instants, policies, recorded_histories

History = tuple[RecordedEvent, ...]


def folded(history: Sequence[RecordedEvent], under: Policies) -> Folded:
    """Everything known of a ticket, folded in the one order of its events."""
    return fold(sorted(history, key=story_order), under)


def last(history: Sequence[RecordedEvent]) -> int:
    """The instant of the last event."""
    return max(event.occurred_at for event in history)


def later(history: History, event: SeverityAssigned, at: int) -> History:
    """The history with one more fact after all others."""
    more = history[-1]._replace(
        version=len(history) + 1,
        event_id=f"T-1/{len(history) + 1}",
        occurred_at=at,
        recorded_at=max(at, history[-1].recorded_at),
        event=event,
    )
    return (*history, more)


def running(folded: Folded) -> Clock | None:
    """The clock that is not satisfied."""
    return next((clock for clock in folded.clocks if clock.satisfied_at is None), None)


@given(recorded_histories(), policies())
def test_folding_in_parts_equals_folding_whole(history: History, under: Policies) -> None:
    """After every event of the story the folding says what a fold from the start says."""
    story = sorted(history, key=story_order)
    folding = Folding(under)
    for count, event in enumerate(story, start=1):
        folding.apply(event)
        assert folding.folded == fold(story[:count], under)


@given(recorded_histories(), policies())
def test_a_ticket_has_at_most_one_running_clock(history: History, under: Policies) -> None:
    """The others are satisfied, one after the other, and number themselves in that order."""
    clocks = folded(history, under).clocks
    assert [(clock.name, clock.instance) for clock in clocks] == [
        ("initial", 1),
        *(("ongoing", number) for number in range(1, len(clocks))),
    ]
    for clock, following in pairwise(clocks):
        assert clock.satisfied_at is not None
        assert clock.started_at <= clock.satisfied_at <= following.started_at


@given(recorded_histories(), policies())
def test_what_satisfies_a_clock_is_an_answer(history: History, under: Policies) -> None:
    """The first answer, workaround or resolution after its start."""
    story = sorted(history, key=story_order)
    answers = [e for e in story if isinstance(e.event, AgentResponded | WorkaroundFound | Resolved)]
    by_id = {event.event_id: event for event in story}
    for clock in folded(history, under).clocks:
        start = story_order(by_id[clock.started_by])
        first = next((answer for answer in answers if story_order(answer) > start), None)
        assert clock.satisfied_by == (None if first is None else first.event_id)
        assert clock.satisfied_at == (None if first is None else first.occurred_at)


@given(recorded_histories(), policies(), st.data())
def test_a_permutation_of_equal_facts_changes_nothing(
    history: History, under: Policies, data: st.DataObject
) -> None:
    """Events recorded together may arrive in any order that keeps those of one instant."""
    arrived = data.draw(st.permutations(history[1:]))
    arrived.sort(key=lambda event: event.recorded_at)
    of_one_instant = {
        event.occurred_at: iter([e for e in history[1:] if e.occurred_at == event.occurred_at])
        for event in history[1:]
    }
    numbered = [
        next(of_one_instant[event.occurred_at])._replace(version=version)
        for version, event in enumerate(arrived, start=2)
    ]
    before, after = folded(history, under), folded([*numbered, history[0]], under)
    assert after._replace(clocks=()) == before._replace(clocks=())
    assert [clock._replace(started_version=0) for clock in after.clocks] == [
        clock._replace(started_version=0) for clock in before.clocks
    ]


@given(recorded_histories(), policies())
def test_a_change_of_severity_never_breaches_in_the_past(history: History, under: Policies) -> None:
    """Every due time that a later triage gave lay ahead when it was given."""
    for clock in folded(history, under).clocks:
        for promise in clock.promises:
            if promise.rule != "start" and promise.due_at is not None:
                assert promise.due_at >= promise.given_at


@given(recorded_histories(), policies())
def test_every_due_time_has_its_basis(history: History, under: Policies) -> None:
    """The budget counted from the anchor ends at the due time (semantics §6)."""
    for clock in folded(history, under).clocks:
        for promise in clock.promises:
            if promise.due_at is not None:
                assert promise.target is not None
                assert promise.budget is not None
                assert clock.hours.due(promise.anchor, *promise.budget) == promise.due_at
                assert clock.started_at <= promise.anchor <= max(promise.given_at, clock.started_at)


@given(recorded_histories(), policies(), st.integers(1, 4), st.booleans(), st.integers(0, 3))
def test_another_severity_for_a_moment_buys_no_time(
    history: History, under: Policies, severity: int, supported: bool, minutes: int
) -> None:
    """Changed and changed back before it is due, a clock is due then or earlier, never later."""
    at = last(history)
    before = folded(history, under)
    clock = running(before)
    triages = [
        e.event for e in sorted(history, key=story_order) if type(e.event) is SeverityAssigned
    ]
    back_at = at + minutes * 60_000_000
    if clock is None or clock.due_at is None or clock.due_at < back_at:
        return
    there = SeverityAssigned(severity, "service-unavailable", "defect", supported)
    there_and_back = later(later(history, there, at), triages[-1], back_at)
    after = running(folded(there_and_back, under))
    assert after is not None
    assert after.due_at is not None
    assert after.due_at <= clock.due_at


@given(recorded_histories(), policies(), st.integers(1, 4))
def test_a_breached_clock_is_frozen(history: History, under: Policies, severity: int) -> None:
    """A triage after the due time changes none of its promises."""
    clock = running(folded(history, under))
    if clock is None or clock.due_at is None:
        return
    triage = SeverityAssigned(severity, "service-unavailable", "defect", supported=True)
    at = max(clock.due_at + 1, last(history))
    assert running(folded(later(history, triage, at), under)) == clock


@given(recorded_histories(), policies(), st.integers(0, 200), st.integers(0, 200))
def test_a_verdict_is_given_once(history: History, under: Policies, one: int, other: int) -> None:
    """As time goes on a running clock may breach; what is met, breached or without target stays."""
    earlier, later_on = (last(history) + hours * 3_600_000_000 for hours in sorted((one, other)))
    for clock in folded(history, under).clocks:
        then, now = clock.verdict(earlier), clock.verdict(later_on)
        assert then == now or (then, now) == ("running", "breached")
        assert (then == "no-target") == (clock.due_at is None)


@given(recorded_histories(), policies())
def test_the_meters_of_every_clock_are_real_time(history: History, under: Policies) -> None:
    """From its start to its answer, or to the instant of judgement."""
    at = last(history)
    for clock in folded(history, under).clocks:
        until = at if clock.satisfied_at is None else clock.satisfied_at
        assert sum(clock.meters(at)) == until - clock.started_at


@given(policies(), calendar_instants(), calendar_instants(), st.integers(1, 4))
def test_a_later_ticket_is_never_due_earlier(
    under: Policies, one: int, other: int, severity: int
) -> None:
    """Of two tickets of one severity, whatever the policy."""
    dues = []
    for opened_at in sorted((one, other)):
        opened = RecordedEvent(
            "T-1",
            1,
            "T-1/1",
            opened_at,
            opened_at,
            "customer:c-1",
            Opened("c-1", "premium", "email"),
        )
        triage = SeverityAssigned(severity, "service-unavailable", "defect", supported=True)
        dues.append(folded(later((opened,), triage, opened_at), under).clocks[0].due_at)
    earlier, later_one = dues
    assert (earlier is None) == (later_one is None)
    assert earlier is None or later_one is None or earlier <= later_one
