"""What a whole history comes to by an instant: its story, the fold and what was told of it.

What was recorded in the order in which it happened is folded once: how each clock looked at any
recorded instant can be read from the finished fold. Of most clocks nothing was ever told, and that
can be seen there too, in a fraction of the time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

from domain.alert import Alert, first_part, in_time
from domain.clock import Clock, Folded, Folding
from domain.event import RecordedEvent, story_order
from domain.policy import ClockName, Policies, Policy, Target
from domain.telling import Life, Moment, told

_OCCURRED_AT = attrgetter("occurred_at")
_RECORDED_AT = attrgetter("recorded_at")
_ARRIVAL = attrgetter("recorded_at", "version")
_PLACE = itemgetter(0)

ClockKey = tuple[ClockName, str]
"""A clock's identity inside its ticket: its name and the id of the event that started it."""


class Conclusion(NamedTuple):
    """The events in story order, what they come to, and every alert decided by then."""

    story: Sequence[RecordedEvent]
    folded: Folded
    alerts: list[Alert]


def alerts(history: Iterable[RecordedEvent], policies: Policies, until: int) -> list[Alert]:
    """Return every alert of a ticket decided by `until`, in the order of semantics §6.

    Raises OutsideCalendar.
    """
    known = sorted((event for event in history if event.recorded_at <= until), key=_ARRIVAL)
    return concluded(known, policies, until).alerts if known else []


def concluded(history: Sequence[RecordedEvent], policies: Policies, until: int) -> Conclusion:
    """Fold what was recorded of a ticket by an instant, and decide what is due by then.

    `history` is in the order of versions, in which it was recorded, and not empty. Raises
    OutsideCalendar.
    """
    # What was imported was all recorded at one instant.
    at_once = history[0].recorded_at == history[-1].recorded_at
    instants = [recorded.occurred_at for recorded in history]
    in_order = sorted(instants) == instants
    story = history if in_order else sorted(history, key=_OCCURRED_AT)
    folding = Folding(policies)
    for recorded in story:
        folding.apply(recorded)
    lives: Iterable[Life] = (
        _lives(folding.clocks, history, at_once, until)
        if at_once or in_order
        else _refolded(history, policies)
    )
    return Conclusion(story, folding.folded, _told(history[0].ticket, lives, until))


def _told(ticket: str, lives: Iterable[Life], until: int) -> list[Alert]:
    """Return the alerts of all clocks in their order."""
    of_clocks = [found for life in lives if (found := told(ticket, life, until))]
    found = list(chain.from_iterable(of_clocks))
    if len(of_clocks) > 1:
        found.sort(key=_PLACE)
    return [alert for _, alert in found]


def _refolded(history: Iterable[RecordedEvent], policies: Policies) -> Iterable[Life]:
    """Return the lives of all clocks, folding anew for what was recorded late."""
    lives: dict[ClockKey, list[Moment]] = {}
    folding = Folding(policies)
    story: list[RecordedEvent] = []
    for now, group in groupby(history, key=_RECORDED_AT):
        added = sorted(group, key=_OCCURRED_AT)
        # What happened at the same instant comes in that order by its version (semantics §2).
        late = bool(story) and added[0].occurred_at < story[-1].occurred_at
        story += added
        if late:
            story.sort(key=story_order)
            folding = Folding(policies)
        for recorded in story if late else added:
            folding.apply(recorded)
        touched = folding.clocks[folding.touched_from :]
        folding.touched_from = len(folding.clocks)
        seen = {(clock.name, clock.started_by): clock for clock in touched}
        for key, clock in seen.items():
            life = lives.setdefault(key, [])
            if not life or life[-1][1] != clock:
                life.append((now, clock))
        if late:
            for key, life in lives.items():
                if key not in seen and life[-1][1] is not None:
                    life.append((now, None))
    return lives.values()


def _lives(
    clocks: Iterable[Clock], history: Sequence[RecordedEvent], at_once: bool, until: int
) -> Iterator[Life]:
    """Yield the lives of the clocks of which anything may have been told."""
    known: dict[str, int] = {}
    for clock in clocks:
        if at_once and in_time(clock):
            continue
        if not known:
            known = {recorded.event_id: recorded.recorded_at for recorded in history}
        if not _is_quiet(clock, known, until):
            yield _life(clock, known)


def _life(clock: Clock, known: Mapping[str, int]) -> Life:
    """Return how a clock looked whose events were recorded as they happened, or all at once."""
    given = [known[promise.given_by] for promise in clock.promises]
    instants = {known[clock.started_by], *given}
    # Never, as long as nobody answered.
    answered = None if clock.satisfied_by is None else known[clock.satisfied_by]
    if answered is not None:
        instants.add(answered)
    return [
        (now, clock.before(bisect_right(given, now), answered is not None and answered <= now))
        for now in sorted(instants)
    ]


def _is_quiet(clock: Clock, known: Mapping[str, int], until: int) -> bool:
    """Tell whether certainly nothing was told of a clock; `known` is since when, by event id.

    Its answer was known before any deadline came. Nothing is told of a deadline that was answered
    in time and known to be when it came; nor of one that came to be when the answer was known, but
    for a breach.
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
