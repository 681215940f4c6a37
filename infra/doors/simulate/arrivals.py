"""When requests come: by hour, weekday and plan."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from domain import instant
from domain.instant import HOUR, SECOND
from domain.policy import Plan, Policy
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.office import Office
from infra.doors.simulate.people import plan_weights

# How many requests an hour of the local day brings, while the office is open and while it is not.
BY_DAY = (4, 3, 3, 3, 4, 5, 6, 8, 12, 13, 12, 10, 7, 9, 10, 9, 7, 6, 6, 5, 5, 5, 4, 4)
AT_NIGHT = (3, 2, 2, 2, 3, 6, 10, 14, 10, 10, 10, 9, 8, 8, 8, 8, 9, 12, 11, 9, 8, 7, 6, 4)
BY_WEEKDAY = (1.3, 1.1, 1.0, 0.95, 0.8, 0.6, 0.5)

# What a closed hour brings beside an open one: by promises that a plan makes for it.
SILENT, WITH_OFF_HOURS_TARGETS, OPEN_OTHERWISE = 0.03, 0.12, 0.3


class Arrival(NamedTuple):
    """A request: when it comes, and from a customer of which plan."""

    at: int
    plan: str


class Slot(NamedTuple):
    """A stretch of at most an hour, and how many requests each plan has for it."""

    start: int
    end: int
    staffed: bool
    weights: tuple[float, ...]


def slots(start: int, end: int, policy: Policy, office: Office) -> list[Slot]:
    """Cut a range into hours, each with the weights of the plans in the policy's order."""
    plans = [
        (weight, _at_other_times(plan, office))
        for weight, plan in zip(plan_weights(policy), policy.plans.values(), strict=True)
    ]
    cut: list[Slot] = []
    while start < end:
        until = min((start // HOUR + 1) * HOUR, end)
        middle = (start + until) // 2
        local = instant.to_datetime(middle).astimezone(office.hours.zone)
        part = (until - start) / HOUR * BY_WEEKDAY[local.weekday()]
        staffed = office.opening(middle).start == middle
        if staffed:
            weights = tuple(part * BY_DAY[local.hour] * share for share, _ in plans)
        else:
            weights = tuple(part * AT_NIGHT[local.hour] * share * less for share, less in plans)
        cut.append(Slot(start, until, staffed, weights))
        start = until
    return cut


def arrivals(
    tickets: int, cut: list[Slot], plans: tuple[str, ...], chance: Chance
) -> Iterator[Arrival]:
    """Yield so many arrivals in order of time, holding no more than those of one slot."""
    # Added up one by one: from Python 3.12 on `sum` rounds floats differently.
    running = list(accumulate(weight for slot in cut for weight in slot.weights))
    running = running[len(plans) - 1 :: len(plans)]
    counts = [0] * len(cut)
    for _ in range(tickets):
        # The last bound is left out: a draw that rounds up to it stays in the last slot.
        counts[bisect_right(running, chance.random() * running[-1], 0, len(cut) - 1)] += 1
    for slot, count in zip(cut, counts, strict=True):
        length = slot.end - slot.start
        moments = sorted(slot.start + int(chance.random() * length) for _ in range(count))
        by_plan = list(accumulate(slot.weights))
        for moment in moments:
            plan = plans[bisect_right(by_plan, chance.random() * by_plan[-1], 0, len(plans) - 1)]
            yield Arrival(max(moment - moment % SECOND, slot.start), plan)


def _at_other_times(plan: Plan, office: Office) -> float:
    if office.keeps_other_hours(plan):
        return OPEN_OTHERWISE
    if any(target.off_hours is not None for target in plan.targets.values()):
        return WITH_OFF_HOURS_TARGETS
    return SILENT
