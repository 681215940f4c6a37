"""What a whole history comes to, however it was recorded (semantics §5 and §6)."""

from itertools import chain, groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import instant
from domain.clock import Clock, fold
from domain.conclusion import ClockKey, concluded
from domain.event import RecordedEvent, story_order
from domain.policy import Policies
from domain.telling import Moment, told
from tests.strategies import policies, recorded_histories

History = tuple[RecordedEvent, ...]

LONG_AFTER = 3 * instant.DAY


def lives(history: list[RecordedEvent], under: Policies) -> dict[ClockKey, list[Moment]]:
    """How every clock looked after each recorded instant, the whole folded anew for each."""
    found: dict[ClockKey, list[Moment]] = {}
    for now, _ in groupby(history, key=lambda event: event.recorded_at):
        known = sorted((e for e in history if e.recorded_at <= now), key=story_order)
        clocks = {(clock.name, clock.started_by): clock for clock in fold(known, under).clocks}
        for key in found.keys() | clocks.keys():
            looks: Clock | None = clocks.get(key)
            life = found.setdefault(key, [])
            if not life or life[-1][1] != looks:
                life.append((now, looks))
    return found


@settings(max_examples=1_000)
@given(recorded_histories(), policies(), st.booleans(), st.data())
def test_it_is_what_every_instant_of_recording_makes_of_it(
    history: History, under: Policies, at_once: bool, data: st.DataObject
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

    assert list(found.story) == sorted(known, key=story_order)
    assert found.folded == fold(found.story, under)
    of_clocks = [told("T-1", life, until) for life in lives(known, under).values()]
    in_order = sorted(chain.from_iterable(of_clocks), key=lambda one: one[0])
    assert list(found.alerts) == [alert for _, alert in in_order]
