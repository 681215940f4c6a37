"""Instants: integer microseconds on the UTC line since 1970-01-01T00:00:00Z.

Arithmetic on them is exact and cheap; people and files see RFC 3339 (contracts, Events on
Kafka). What has no offset from UTC is refused at this border.
"""

import re
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class NotAnInstant(ValueError):
    """A text or value that names no instant; the message says what was expected."""


def from_datetime(moment: datetime) -> int:
    """Return the instant of an aware datetime, in microseconds.

    Raises NotAnInstant for a naive one.
    """
    if moment.utcoffset() is None:
        raise NotAnInstant(f"{moment.isoformat()} has no offset from UTC; write 'Z' or '+01:00'")
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(instant: int) -> datetime:
    """Return the instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def parse(text: str) -> int:
    """Return the instant that an RFC 3339 text names, in microseconds.

    At most six fractional digits, an offset or `Z` always (contracts, Events on Kafka).
    Raises NotAnInstant.
    """
    if _RFC3339.fullmatch(text) is None:
        raise NotAnInstant(_why_not(text))
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise NotAnInstant(f"'{text}' is not an instant: {error}") from error


def text(instant: int) -> str:
    """Write an instant as RFC 3339 in UTC with `Z` and only the fractional digits it needs."""
    written = to_datetime(instant).isoformat()
    date_and_time = written[:-6]
    if instant % SECOND:
        date_and_time = date_and_time.rstrip("0")
    return date_and_time + "Z"


def seconds(duration: int) -> int | float:
    """Return a duration in seconds: an integer when whole (contracts, file output)."""
    whole, rest = divmod(duration, SECOND)
    return duration / SECOND if rest else whole


def _why_not(text: str) -> str:
    shown = text if len(text) <= 40 else text[:40] + "..."
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d*)?)?", text, re.ASCII):
        return f"'{shown}' has no offset from UTC; write it as 2026-03-06T16:30:00Z or with +01:00"
    return f"'{shown}' is not an RFC 3339 instant such as 2026-03-06T16:30:00Z"
