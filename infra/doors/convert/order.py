"""The order of one ticket's rows: by time, then update number, then place in the file.

The time comes first because update numbers are sometimes written over; the number decides
between rows of the same time, which a clock that shows only minutes makes common.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from infra.doors.convert.row import Row
from infra.doors.convert.wallclock import Reading

STEP_BACK = "update numbers that step back; the time decided"
GAP = "update numbers that skip; the source lacks rows"
SAME_TIME = "rows of the same time as the one before; the update number decided"
EARLIER = "times that the clock showed twice, the earlier taken"
LATER = "times that the clock showed twice, the later taken because of the row before"


def in_order(rows: list[Row], notes: Counter[str]) -> list[Row]:
    """Return the rows of one ticket, given as they stand in the file, in the order of events."""
    numbered = list(_numbered(rows))
    for (before, _), (after, _) in pairwise(numbered):
        notes[STEP_BACK] += after < before
        notes[GAP] += after > before + 1
    if any(row.time.later is not None for row in rows):
        numbered = list(_told_apart(numbered, notes))
    numbered.sort(key=lambda entry: (entry[1].time.at, entry[0]))
    ordered = [row for _, row in numbered]
    notes[SAME_TIME] += sum(before.time.at == after.time.at for before, after in pairwise(ordered))
    return ordered


def _numbered(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    """Give a row without an update number that of the row before it in the file."""
    number = 0
    for row in rows:
        number = number if row.order is None else row.order
        yield number, row


def _told_apart(numbered: list[tuple[int, Row]], notes: Counter[str]) -> Iterator[tuple[int, Row]]:
    """Read an hour that the clock showed twice so that time does not run backwards."""
    previous: int | None = None
    for number, row in sorted(numbered, key=lambda entry: entry[0]):
        time = row.time
        if time.later is not None:
            backwards = previous is not None and time.at < previous <= time.later
            notes[LATER if backwards else EARLIER] += 1
            time = Reading(time.later if backwards else time.at)
        previous = time.at
        yield number, row._replace(time=time)
