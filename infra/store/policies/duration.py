"""Durations as a policy writes them: `"30 seconds"`, `"8 hours"`, `"2 business days"`."""

import re
from typing import NamedTuple

from domain import instant

UNITS = {
    "microsecond": 1,
    "second": instant.SECOND,
    "minute": instant.MINUTE,
    "hour": instant.HOUR,
    "day": instant.DAY,
}
BUSINESS_DAY = "business day"

_DURATION = re.compile(r"(\d{1,15}) (microsecond|second|minute|hour|day|business day)s?", re.ASCII)


class Duration(NamedTuple):
    """A whole number of units, kept as the policy wrote it."""

    amount: int
    unit: str

    def microseconds(self, business_day: int) -> int:
        """Return the real time meant, given the microseconds of a business day."""
        return self.amount * (business_day if self.unit == BUSINESS_DAY else UNITS[self.unit])


class Budget(NamedTuple):
    """The budgets of one cell as the policy wrote them; None is no budget on that meter."""

    business: Duration | None
    off_hours: Duration | None


def parse(text: str) -> Duration | None:
    """Return the duration that a text writes, or None where it writes none."""
    match = _DURATION.fullmatch(text)
    return None if match is None else Duration(int(match[1]), match[2])
