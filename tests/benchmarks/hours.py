"""Business time against numpy's business-day arithmetic, called as often."""

from collections.abc import Iterator

import numpy as np

from domain import instant
from domain.instant import DAY, HOUR
from infra.store.policies import find
from tests.benchmarks.measure import Row, per_call

SPANS = {"1 hour": HOUR, "3 days": 3 * DAY, "1 year": 365 * DAY, "10 years": 3652 * DAY}
OPENS, CLOSES = 8 * HOUR, 17 * HOUR


def rows() -> Iterator[Row]:
    """Measure `elapsed` and `due` at four spans."""
    hours = find("managry").versions[0].plans["premium"].hours
    free = [np.datetime64(day.date, "D") for day in hours.holidays]
    calendar = np.busdaycalendar(weekmask="1111100", holidays=free)
    start = instant.parse("2026-03-06T15:30:00Z")

    def elapsed_by_numpy(begin: int, end: int) -> int:
        """Count business time of whole days by numpy, and of the two ends by hand (in UTC)."""
        first, last = begin // DAY, end // DAY
        between = 0
        if first < last:
            days = np.datetime64(first + 1, "D"), np.datetime64(last, "D")
            between = int(np.busday_count(*days, busdaycal=calendar))
        counted = between * (CLOSES - OPENS)
        for day, begins, ends in (
            ((first, begin % DAY, end % DAY),)
            if first == last
            else ((first, begin % DAY, CLOSES), (last, OPENS, end % DAY))
        ):
            if np.is_busday(np.datetime64(day, "D"), busdaycal=calendar):
                counted += max(0, min(ends, CLOSES) - max(begins, OPENS))
        return counted

    def due_by_numpy(begin: int, budget: int) -> int:
        """Add business time: whole days by numpy, the rest by hand (in UTC)."""
        day, time = np.datetime64(begin // DAY, "D"), begin % DAY
        if time >= CLOSES or not np.is_busday(day, busdaycal=calendar):
            day, time = day + 1, 0
        days, rest = divmod(max(time - OPENS, 0) + budget - 1, CLOSES - OPENS)
        reached = np.busday_offset(day, days, roll="forward", busdaycal=calendar)
        return int(reached.astype(int)) * DAY + OPENS + rest + 1

    for name, span in SPANS.items():
        end = start + span
        budget = max(hours.elapsed(start, end)[0], 1)
        yield Row(
            f"elapsed over {name}",
            per_call(lambda end=end: hours.elapsed(start, end), 20_000),  # type: ignore[misc]
            per_call(lambda end=end: elapsed_by_numpy(start, end), 2_000),  # type: ignore[misc]
            "us per call",
            "<= 1 us, ratio >= 8",
        )
        yield Row(
            f"due after {name}",
            per_call(lambda budget=budget: hours.due(start, budget, None), 20_000),  # type: ignore[misc]
            per_call(lambda budget=budget: due_by_numpy(start, budget), 2_000),  # type: ignore[misc]
            "us per call",
            "<= 1 us, ratio >= 8",
        )
