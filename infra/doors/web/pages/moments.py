"""Instants and durations as people read them at a glance, in the zone of the policy."""

from collections.abc import Sequence
from datetime import tzinfo

from domain import instant
from infra.doors.web.pages.words import Said
from projections.wording import LANGUAGES, Language
from projections.wording.words import local

_A_WEEK = 7


def near(at: int, now: int, zone: tzinfo, said: Said, language: Language) -> str:
    """Write an instant by what it is now: `today 14:30`, `Mon 9:00`, later a date."""
    here, today = local(whole(at), zone), local(whole(now), zone)
    days = (here.date() - today.date()).days
    time = f"{here.hour}:{here.minute:02}"
    named: Sequence[str] = {-1: said["yesterday"], 0: said["today"], 1: said["tomorrow"]}.get(
        days, ""
    )
    if named:
        return f"{named} {time}"
    if 0 < days < _A_WEEK:
        return f"{said['weekdays'].split()[here.weekday()]} {time}"
    day = LANGUAGES[language].short_day(here.date(), weekday=True, year=here.year != today.year)
    return f"{day} {time}"


def exact(at: int, zone: tzinfo, language: Language) -> str:
    """Write an instant to the second, with its day and zone."""
    here = local(whole(at), zone)
    day = LANGUAGES[language].short_day(here.date(), weekday=True, year=True)
    seconds = f":{here.second:02}" if here.second else ""
    return f"{day} {here.hour}:{here.minute:02}{seconds} {here.tzname()}"


def field(at: int, zone: tzinfo) -> str:
    """Write an instant as a field for date and time holds it."""
    return local(whole(at), zone).strftime("%Y-%m-%dT%H:%M")


def countdown(duration: int) -> str:
    """Write how long as hours, minutes and seconds, such as `26:05:00`; the sign is another's."""
    seconds = abs(duration) // instant.SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def length(duration: int, said: Said) -> str:
    """Write how long in the two greatest units, for a table."""
    minutes = abs(duration) // instant.MINUTE
    hours, rest = divmod(minutes, 60)
    if hours:
        return f"{hours} {said['hours_short']} {rest:02} {said['minutes_short']}"
    return f"{rest} {said['minutes_short']}"


def percent(permille: float, language: Language) -> str:
    """Write a share in hundredths, as the language writes decimals."""
    return f"{permille / 10:g}".replace(".", "," if language == "cs" else ".")


def whole(at: int) -> int:
    """Return the beginning of the second of an instant."""
    return at - at % instant.SECOND
