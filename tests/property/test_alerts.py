"""What is true of the alerts of any history under any policy (semantics §5 and §6)."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain import instant
from domain.alert import Alert
from domain.conclusion import alerts, concluded
from domain.event import RecordedEvent
from domain.policy import Policies
from tests.strategies import policies, recorded_histories

History = tuple[RecordedEvent, ...]

ENDS = ("withdrawn", "cleared")
LONG_AFTER = 3 * instant.DAY


def decided(history: History, under: Policies) -> list[Alert]:
    """Everything that is told until some days after the last event."""
    return alerts(history, under, history[-1].recorded_at + LONG_AFTER)


@given(recorded_histories(), policies(), st.data())
def test_what_is_told_by_then_is_never_told_otherwise_later(
    history: History, under: Policies, data: st.DataObject
) -> None:
    """Up to any instant the alerts are the beginning of the alerts up to a later one."""
    until = data.draw(
        st.integers(history[0].recorded_at, history[-1].recorded_at + LONG_AFTER)
        | st.sampled_from([event.recorded_at for event in history])
    )
    whole = decided(history, under)
    part = alerts(history, under, until)
    assert part == whole[: len(part)]
    assert all(alert.decided_at > until for alert in whole[len(part) :])


@given(recorded_histories(), policies(), st.data())
def test_the_order_of_arrival_of_one_instant_changes_nothing(
    history: History, under: Policies, data: st.DataObject
) -> None:
    """What was recorded together is applied together, in whatever order it is handed in."""
    shuffled = data.draw(st.permutations(history))
    assert decided(history, under) == alerts(shuffled, under, history[-1].recorded_at + LONG_AFTER)


@given(recorded_histories(), policies())
def test_identifiers_are_unique(history: History, under: Policies) -> None:
    """No two alerts of a ticket have the same, though a deadline may be told again."""
    ids = [alert.id for alert in decided(history, under)]
    assert len(ids) == len(set(ids))


@given(recorded_histories(), policies())
def test_endings_end_what_was_told_before(history: History, under: Policies) -> None:
    """Each alert is withdrawn or cleared once at most, and not cleared once it is withdrawn."""
    open_alerts: dict[str, Alert] = {}
    cleared: set[str] = set()
    withdrawn: set[str] = set()
    for alert in decided(history, under):
        assert (alert.refers != ()) == (alert.kind in ENDS)
        assert (alert.reason is not None) == (alert.kind == "withdrawn")
        assert (alert.deadline is None) == (alert.kind == "cleared")
        for ended in alert.refers:
            assert open_alerts[ended].started_by == alert.started_by
            assert ended not in withdrawn
        if alert.kind == "withdrawn":
            [ended] = alert.refers
            assert (alert.step, alert.deadline) == (
                open_alerts[ended].step,
                open_alerts[ended].deadline,
            )
            withdrawn.add(ended)
        elif alert.kind == "cleared":
            assert not cleared.intersection(alert.refers)
            assert list(alert.refers) == [told for told in open_alerts if told in alert.refers]
            cleared.update(alert.refers)
        else:
            open_alerts[alert.id] = alert


@given(recorded_histories(), policies())
def test_alerts_come_in_the_order_of_their_decision(history: History, under: Policies) -> None:
    """None is decided before its turn, and what is not in its turn is decided with a recording."""
    told = decided(history, under)
    settle = under.versions[0].settle
    recordings = {event.recorded_at for event in history}
    assert [alert.decided_at for alert in told] == sorted(alert.decided_at for alert in told)
    for alert in told:
        if alert.kind not in ENDS:
            assert alert.deadline is not None
            in_turn = alert.decided_at == alert.deadline + settle
            assert in_turn or (alert.decided_at in recordings and alert.deadline < alert.decided_at)
        elif alert.kind == "withdrawn":
            assert alert.decided_at in recordings


@given(recorded_histories(), policies())
def test_the_standing_breaches_are_the_broken_promises(history: History, under: Policies) -> None:
    """In the end what was told and not withdrawn is what the fold says, no more and no less."""
    until = history[-1].recorded_at + LONG_AFTER
    _, folded, told = concluded(history, under, until)
    withdrawn = {ended for a in told if a.kind == "withdrawn" for ended in a.refers}
    standing = [a for a in told if a.kind not in ENDS and a.id not in withdrawn]
    settle = under.versions[0].settle
    broken = {
        (clock.started_by, clock.due_at)
        for clock in folded.clocks
        if clock.verdict(until) == "breached"
        and clock.due_at is not None
        and clock.due_at + settle <= until
    }
    assert {(a.started_by, a.deadline) for a in standing if a.kind == "breach"} == broken
    assert max(Counter((a.started_by, a.kind, a.step) for a in standing).values(), default=1) == 1


@given(recorded_histories(), policies())
def test_nothing_of_an_answered_clock_stays_open(history: History, under: Policies) -> None:
    """In the end every alert of a satisfied clock is cleared or withdrawn."""
    _, folded, told = concluded(history, under, history[-1].recorded_at + LONG_AFTER)
    ended = {ending for alert in told for ending in alert.refers}
    satisfied = {c.started_by for c in folded.clocks if c.satisfied_at is not None}
    triaged = folded.triaged_at is not None
    for alert in told:
        if alert.kind not in ENDS and (
            alert.started_by in satisfied or (alert.kind == "untriaged" and triaged)
        ):
            assert alert.id in ended


@given(recorded_histories(), policies())
def test_an_import_tells_each_broken_promise_once(history: History, under: Policies) -> None:
    """Recorded as a whole, nothing is withdrawn, and the breaches are those of the fold."""
    at = history[-1].recorded_at
    imported = tuple(event._replace(recorded_at=at) for event in history)
    told = decided(imported, under)
    assert not [alert for alert in told if alert.kind == "withdrawn"]
    live = decided(history, under)
    withdrawn = {ended for alert in live if alert.kind == "withdrawn" for ended in alert.refers}
    assert {(a.started_by, a.deadline) for a in told if a.kind == "breach"} == {
        (a.started_by, a.deadline) for a in live if a.kind == "breach" and a.id not in withdrawn
    }
