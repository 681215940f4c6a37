"""What is true of business time in any week, zone and year (semantics §3)."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from domain import instant
from domain.hours import Hours, OutsideCalendar
from domain.policy import Target
from tests.strategies import budgets, business_hours, calendar_instants, targets

NEVER = 1 << 62
"""Stands for a due time beyond the calendar: later than all others."""


def due(opened: Hours, start: int, target: Target) -> int:
    """When a target is used up, or NEVER within the calendar."""
    try:
        return opened.due(start, *target)
    except OutsideCalendar:
        return NEVER


@given(business_hours(), calendar_instants(), budgets())
def test_due_is_the_inverse_of_elapsed(opened: Hours, start: int, budget: int) -> None:
    """At the due time the budget is used up, and a microsecond before it is not."""
    for meter, target in enumerate((Target(budget, None), Target(None, budget))):
        at = due(opened, start, target)
        if at == NEVER:
            assert opened.elapsed(start, opened.end - 1)[meter] < max(budget, 1)
            continue
        assert opened.elapsed(start, at)[meter] == budget
        if budget:
            assert opened.elapsed(start, at - 1)[meter] == budget - 1
        else:
            assert at == start


@given(business_hours(), calendar_instants(), targets())
def test_the_first_meter_to_run_out_is_due(opened: Hours, start: int, target: Target) -> None:
    """At the due time no budget is overdrawn and one is used up, none of them earlier."""
    at = due(opened, start, target)
    assume(at != NEVER)
    left = [
        budget - used
        for budget, used in zip(target, opened.elapsed(start, at), strict=True)
        if budget is not None
    ]
    assert min(left) == 0
    alone = (Target(target.business, None), Target(None, target.off_hours))
    assert at == min(due(opened, start, one) for one in alone)


@given(business_hours(), calendar_instants(), calendar_instants(), targets())
def test_a_later_ticket_is_never_due_earlier(
    opened: Hours, one: int, other: int, target: Target
) -> None:
    """For every target, of one budget or of two."""
    earlier, later = sorted((one, other))
    assert due(opened, earlier, target) <= due(opened, later, target)
    assert due(opened, earlier, target) <= due(opened, earlier + 1, target)


@given(business_hours(), calendar_instants(), targets(), budgets())
def test_a_larger_budget_is_never_due_earlier(
    opened: Hours, start: int, target: Target, more: int
) -> None:
    """On either meter, and not at all where a budget is taken away."""
    at = due(opened, start, target)
    assert start <= at
    assert target.business is not None
    assert at <= due(opened, start, target._replace(business=target.business + more))
    if target.off_hours is not None:
        assert at <= due(opened, start, target._replace(off_hours=target.off_hours + more))
        assert at <= due(opened, start, target._replace(off_hours=None))


@given(business_hours(), st.lists(calendar_instants(), min_size=3, max_size=3))
def test_the_meters_add_up_to_real_time(opened: Hours, instants: list[int]) -> None:
    """Business and other time make the whole, part by part, and backwards the same negative."""
    first, second, third = instants
    business, off_hours = opened.elapsed(first, third)
    assert business + off_hours == third - first
    assert (business >= 0 and off_hours >= 0) or third < first
    one, other = opened.elapsed(first, second), opened.elapsed(second, third)
    assert (one[0] + other[0], one[1] + other[1]) == (business, off_hours)
    assert opened.elapsed(third, first) == (-business, -off_hours)


@given(business_hours(), calendar_instants(), st.integers(0, 40 * instant.DAY))
def test_the_segments_are_the_meters(opened: Hours, start: int, length: int) -> None:
    """They tile the span, take turns, add up to what elapsed, and say when it is open."""
    end = min(start + length, opened.end - 1)
    segments = opened.segments(start, end)
    assert [
        sum(s.duration for s in segments if s.kind == kind) for kind in ("business", "off-hours")
    ] == [*opened.elapsed(start, end)]
    if segments:
        assert (segments[0].start, segments[-1].end) == (start, end)
    for one, following in pairwise(segments):
        assert one.end == following.start
        assert one.kind != following.kind
    for segment in segments:
        assert segment.duration > 0
        assert opened.is_open(segment.start) == (segment.kind == "business")
        assert opened.is_open(segment.end - 1) == (segment.kind == "business")


@given(business_hours(), calendar_instants(), budgets())
def test_a_shift_back_is_undone_by_a_shift_forth(opened: Hours, start: int, budget: int) -> None:
    """Back is the latest instant from which the time until the start is the budget."""
    try:
        back = opened.shift(start, -budget)
    except OutsideCalendar:
        assert opened.elapsed(opened.start, start)[0] < budget
        return
    assert opened.elapsed(back, start)[0] == budget
    if budget:
        assert opened.elapsed(back + 1, start)[0] == budget - 1
        assert opened.elapsed(opened.shift(back, budget), start)[0] == 0


@given(
    st.integers(instant.parse("0001-01-01T00:00:00Z"), instant.parse("9999-12-31T23:59:59.999999Z"))
)
def test_an_instant_is_read_as_it_is_written(moment: int) -> None:
    """Over all the years that RFC 3339 can name."""
    text = instant.text(moment)
    assert instant.parse(text) == moment
    assert instant.parse(text.removesuffix("Z") + "+00:00") == moment
    assert instant.from_datetime(instant.to_datetime(moment)) == moment


@given(st.integers(-(10**15), 10**15))
def test_seconds_lose_nothing(duration: int) -> None:
    """Also thirty years to the microsecond."""
    assert round(instant.seconds(duration) * instant.SECOND) == duration
