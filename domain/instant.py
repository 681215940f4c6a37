"""Instants: integer microseconds on the UTC line since 1970-01-01T00:00:00Z.

Arithmetic on them is exact and cheap; people and files see RFC 3339 (contracts, Events on
Kafka). What has no offset from UTC is refused at this border.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?!24)\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:[0-5]\d)", re.ASCII
)

FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The instants that have a date: of the years 1 to 9999."""


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
    # Nearly every instant looks like 2026-03-06T16:30:00Z; the pattern costs more than the rest.
    usual = (
        len(text) == 20
        and text[4] == text[7] == "-"
        and text[10] == "T"
        and text[11:13] != "24"
        and text[13] == text[16] == ":"
        and text[19] == "Z"
    )
    if not usual and _RFC3339.fullmatch(text) is None:
        raise NotAnInstant(_why_not(text))
    try:
        since = datetime.fromisoformat(text if usual else text.upper()) - _EPOCH
    except ValueError as error:
        raise NotAnInstant(f"'{text}' names a date or a time that does not exist") from error
    instant = since.days * DAY + since.seconds * SECOND + since.microseconds
    if not (usual or FIRST <= instant <= LAST):
        raise NotAnInstant(f"'{text}' lies outside the years 1 to 9999 of UTC")
    return instant


def text(instant: int) -> str:
    """Write an instant as RFC 3339 in UTC with `Z` and only the fractional digits it needs."""
    day, rest = divmod(instant, DAY)
    second, fraction = divmod(rest, SECOND)
    if fraction:
        digits = f"{fraction:06}".rstrip("0")
        return f"{_date(day)}T{_MINUTES[second // 60]}:{_SECONDS[second % 60]}.{digits}Z"
    return f"{_date(day)}T{_MINUTES[second // 60]}:{_SECONDS[second % 60]}Z"


# Results and records write many instants, of few days: what they are written of is made once.
_SECONDS = tuple(f"{second:02}" for second in range(60))
_MINUTES = tuple(f"{hour:02}:{minute}" for hour in range(24) for minute in _SECONDS)


@lru_cache(4096)
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH_ORDINAL + day).isoformat()


def seconds(duration: int) -> int | float:
    """Return a duration in seconds: an integer when whole (contracts, file output)."""
    whole, rest = divmod(duration, SECOND)
    return duration / SECOND if rest else whole


def _why_not(text: str) -> str:
    shown = text if len(text) <= 40 else text[:40] + "..."
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d*)?)?", text, re.ASCII):
        return f"'{shown}' has no offset from UTC; write it with Z or an offset such as +01:00"
    return f"'{shown}' is not an RFC 3339 instant such as 2026-03-06T16:30:00Z"
