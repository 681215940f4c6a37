"""What a whole history comes to, found at once and found event by event (semantics §5 and §6)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import instant
from domain.alert import watched
from domain.conclusion import concluded
from domain.event import RecordedEvent
from domain.policy import Policies
from tests.strategies import policies, recorded_histories

LONG_AFTER = 3 * instant.DAY


@settings(max_examples=1_000)
@given(recorded_histories(), policies(), st.booleans(), st.data())
def test_it_is_what_a_watch_finds_event_by_event(
    history: tuple[RecordedEvent, ...], under: Policies, at_once: bool, data: st.DataObject
) -> None:
    """By whatever instant, as it was lived or imported whole: the same story, fold and alerts."""
    last = history[-1].recorded_at
    if at_once:
        history = tuple(event._replace(recorded_at=last) for event in history)
    ends = [event.recorded_at + late for event in history for late in (0, 1, instant.HOUR)]
    until = data.draw(st.sampled_from(ends) | st.integers(history[0].recorded_at, last))
    until = data.draw(st.sampled_from((until, last + LONG_AFTER)))
    known = [event for event in history if event.recorded_at <= until]

    found = concluded(known, under, until)

    watch = watched(known, under)
    watch.advance(until)
    assert list(found.story) == list(watch.story)
    assert found.folded == watch.folded
    assert list(found.alerts) == watch.alerts
