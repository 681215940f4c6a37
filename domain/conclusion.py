"""What a whole history comes to by an instant: its story, the fold and what was told of it.

A `Watch` finds what was told, event by event. Of most tickets nothing ever was, and that can be
seen of the finished fold in a fraction of the time: every clock was answered before the first of
its deadlines came.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from domain.alert import Alert, Watch, first_part, in_time, watched
from domain.clock import Clock, Folded, Folding
from domain.event import RecordedEvent
from domain.policy import ClockName, Policies, Policy, Target

_OCCURRED_AT = attrgetter("occurred_at")


class Conclusion(NamedTuple):
    """The events in story order, what they come to, and every alert decided by then."""

    story: Sequence[RecordedEvent]
    folded: Folded
    alerts: Sequence[Alert]


def concluded(history: Sequence[RecordedEvent], policies: Policies, until: int) -> Conclusion:
    """Fold what was recorded of a ticket by an instant, and decide what is due by then.

    `history` is in the order of versions, in which it was recorded, and not empty. Raises
    OutsideCalendar.
    """
    # What was imported was all recorded at one instant.
    at_once = history[0].recorded_at == history[-1].recorded_at
    instants = [recorded.occurred_at for recorded in history]
    in_order = sorted(instants) == instants
    if not (at_once or in_order):
        return _watched(watched(history, policies), until)
    story = history if in_order else sorted(history, key=_OCCURRED_AT)
    folding = Folding(policies)
    for recorded in story:
        folding.apply(recorded)
    if _is_quiet(folding.clocks, history, at_once, until):
        return Conclusion(story, folding.folded, ())
    if not at_once:
        return _watched(watched(history, policies), until)
    watch = Watch(policies)
    watch.begin(story, folding)
    return _watched(watch, until)


def _watched(watch: Watch, until: int) -> Conclusion:
    watch.advance(until)
    return Conclusion(watch.story, watch.folded, watch.alerts)


def _is_quiet(
    clocks: Iterable[Clock], history: Iterable[RecordedEvent], at_once: bool, until: int
) -> bool:
    """Tell whether certainly nothing was told of clocks whose events came in story order."""
    known: dict[str, int] = {}
    for clock in clocks:
        if at_once and in_time(clock):
            continue
        if not known:
            known = {recorded.event_id: recorded.recorded_at for recorded in history}
        if not _came_first(clock, known, until):
            return False
    return True


def _came_first(clock: Clock, known: Mapping[str, int], until: int) -> bool:
    """Tell whether the answer was known before any deadline came; `known` is since when, by id.

    Nothing is told of a deadline that was answered in time and known to be when it came; nor of
    one that came to be when the answer was known, but for a breach.
    """
    satisfied_at, satisfied_by = clock.satisfied_at, clock.satisfied_by
    if satisfied_at is None or satisfied_by is None:
        answered = end = until + 1
    else:
        due_at = clock.due_at
        if due_at is not None and satisfied_at > due_at:
            return False
        answered = known[satisfied_by]
        end = answered if answered > satisfied_at else satisfied_at
    for promise in clock.promises:
        budget = promise.budget
        if (
            budget is not None
            and known[promise.given_by] < answered
            and not _comes_after(clock, promise.anchor, budget, end)
        ):
            return False
    if not clock.untriaged:
        return True
    triaged_at = clock.triaged_at
    if triaged_at is not None:
        triaged = known[clock.promises[0].given_by]
        answered = min(answered, triaged)
        end = min(end, max(triaged, triaged_at))
    return known[clock.started_by] >= answered or _guards_come_after(clock, end)


def _comes_after(clock: Clock, anchor: int, budget: Target, end: int) -> bool:
    """Tell whether the first deadline of a budget comes at an instant or after it."""
    least, first = _first(clock.policy, budget)
    # No meter runs faster than time: mostly that is enough to know.
    return anchor + least >= end or clock.hours.due(anchor, *first) >= end


def _guards_come_after(clock: Clock, end: int) -> bool:
    """Tell whether the first guard of a clock comes at an instant or after it."""
    start, policy = clock.started_at, clock.policy
    soonest = _soonest(policy, clock.plan, clock.name)
    if soonest is None or start + soonest >= end:
        return True
    urgent = policy.untriaged_target(clock.plan, clock.name, start)
    return urgent is None or _comes_after(clock, start, urgent, end)


@lru_cache(1024)
def _soonest(policy: Policy, plan: str, name: ClockName) -> int | None:
    """Return how long it takes at least until a guard of a clock comes; None without any."""
    targets = policy.plans[plan].targets.items()
    least = [_first(policy, target)[0] for cell, target in targets if cell[0] == name]
    return min(least, default=None)


@lru_cache(1024)
def _first(policy: Policy, budget: Target) -> tuple[int, Target]:
    """Return how long it takes at least until the first deadline of a budget, and its budget."""
    first = first_part(policy, budget)
    return min(part for part in first if part is not None), first
