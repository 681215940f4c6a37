"""The words and numbers of a report, in English and in Czech."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from domain import instant
from projections.wording import LANGUAGES
from projections.wording.words import NO_BREAK

Language = Literal["en", "cs"]

NOTHING = "-"

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "report": "Support promises",
        "recorded by": "recorded by {as_of}, judged at {at} ({zone})",
        "policy": "policy {policies}",
        "promises": "Promises by plan and severity",
        "months": "Promises by the month in which the clock started",
        "time to initial": "Time to the initial response",
        "time to ongoing": "Time to an ongoing response",
        "time to workaround": "Time from opening to the first workaround",
        "time to resolution": "Time from opening to the resolution",
        "tickets": "Tickets",
        "broken": "Broken promises, the worst first ({shown} of {count})",
        "no broken": "No promise was broken.",
        "review": "Tickets to look at again ({shown} of {count})",
        "no review": "No ticket needs a second look.",
        "group": "Plan and severity",
        "plan": "Plan",
        "clock": "Clock",
        "month": "Month",
        "met": "Kept",
        "breached": "Broken",
        "running": "Running",
        "no-target": "No\ntarget",
        "share": "Share\nkept",
        "all": "All plans",
        "answered": "Answered",
        "waiting": "Waiting",
        "off-hours": "  outside hours",
        "reached": "Reached",
        "not reached": "Without",
        "max": "longest",
        "status": "Status",
        "channel": "Channel",
        "root cause": "Root cause",
        "no cause": "not named",
        "ticket": "Ticket",
        "due": "Due",
        "answer": "Answer",
        "no answer": "none yet",
        "late business": "Late:\nbusiness",
        "late off-hours": "Late:\noutside",
        "severities": "Severities",
        "why": "Why",
        "backdated events": "Late\nrecords",
        "delay": "Longest\ndelay",
        "initial": "initial",
        "ongoing": "ongoing",
        "untriaged": "not triaged",
        "unsupported": "not supported",
        "new": "new",
        "open": "open",
        "pending": "pending",
        "resolved": "resolved",
        "verified": "verified",
        "lowered-and-raised": "severity lowered, then raised",
        "changed-after-breach": "severity changed after a breach",
        "supported-changed": "support granted or withdrawn",
        "backdated": "recorded late",
        "business day": "bd",
        "day": "d",
        "hour": "h",
        "minute": "min",
        "second": "s",
        "key of shares": (
            "Share kept: kept among kept and broken, rounded down. A clock that is running or has "
            "no target does not count."
        ),
        "key of times": (
            "p50, p90, p95: the shortest business time that so many percent of those measured did "
            "not exceed. bd: business day of {business_day}."
        ),
        "key of late records": (
            "Recorded late: more than {settle} after it happened, the time that the policy gives "
            "an answer on its way."
        ),
    },
    "cs": {
        "report": "Lhůty podpory",
        "recorded by": "zaznamenáno do {as_of}, posuzováno k {at} ({zone})",
        "policy": "podmínky {policies}",
        "promises": "Lhůty podle plánu a závažnosti",
        "months": "Lhůty podle měsíce, ve kterém začaly",
        "time to initial": "Doba do první odpovědi",
        "time to ongoing": "Doba do průběžné odpovědi",
        "time to workaround": "Doba od založení do prvního náhradního řešení",
        "time to resolution": "Doba od založení do vyřešení",
        "tickets": "Požadavky",
        "broken": "Porušené lhůty, nejhorší napřed ({shown} z {count})",
        "no broken": "Žádná lhůta nebyla porušena.",
        "review": "Požadavky k prověření ({shown} z {count})",
        "no review": "Žádný požadavek není třeba prověřit.",
        "group": "Plán a závažnost",
        "plan": "Plán",
        "clock": "Lhůta",
        "month": "Měsíc",
        "met": "Dodrženo",
        "breached": "Porušeno",
        "running": "Běží",
        "no-target": "Bez cíle",
        "share": "Podíl",
        "all": "Všechny plány",
        "answered": "Zodpovězeno",
        "waiting": "Čeká",
        "off-hours": "  mimo pracovní dobu",
        "reached": "Dosaženo",
        "not reached": "Bez něj",
        "max": "nejdelší",
        "status": "Stav",
        "channel": "Kanál",
        "root cause": "Příčina",
        "no cause": "neuvedena",
        "ticket": "Požadavek",
        "due": "Termín",
        "answer": "Odpověď",
        "no answer": "zatím žádná",
        "late business": "Zpoždění\nv pracovní době",
        "late off-hours": "Zpoždění\nmimo ni",
        "severities": "Závažnosti",
        "why": "Proč",
        "backdated events": "Pozdních\nzápisů",
        "delay": "Nejdelší\nprodleva",
        "initial": "první",
        "ongoing": "průběžná",
        "untriaged": "bez závažnosti",
        "unsupported": "bez podpory",
        "new": "nový",
        "open": "otevřený",
        "pending": "čeká na zákazníka",
        "resolved": "vyřešený",
        "verified": "ověřený",
        "lowered-and-raised": "závažnost snížena, pak zvýšena",
        "changed-after-breach": "závažnost změněna po porušení",
        "supported-changed": "podpora přiznána nebo odepřena",
        "backdated": "zapsáno se zpožděním",
        "business day": "pd",
        "day": "d",
        "hour": "h",
        "minute": "min",
        "second": "s",
        "key of shares": (
            "Podíl: dodržené mezi dodrženými a porušenými, zaokrouhleno dolů. Lhůta, která běží "
            "nebo nemá cíl, se nezapočítává."
        ),
        "key of times": (
            "p50, p90, p95: nejkratší pracovní doba, kterou tolik procent změřených nepřekročilo. "
            "pd: pracovní den, {business_day}."
        ),
        "key of late records": (
            "Zapsáno se zpožděním: více než {settle} po události; tolik času podmínky dávají "
            "odpovědi, která je na cestě."
        ),
    },
}

CHANNELS: Mapping[Language, Mapping[str, str]] = {
    "en": {},
    "cs": {"email": "e-mail", "phone": "telefon", "api": "API"},
}
"""Channels that are called otherwise than the events call them."""

_SPACE: Mapping[Language, str] = {"en": " ", "cs": NO_BREAK}
"""What stands between a number and its unit."""

# One, two to four, any other number; English makes no difference between the last two.
_NOUNS: Mapping[Language, Mapping[str, tuple[str, str, str]]] = {
    "en": {
        "ticket": ("ticket", "tickets", "tickets"),
        "event": ("event", "events", "events"),
    },
    "cs": {
        "ticket": ("požadavek", "požadavky", "požadavků"),
        "event": ("událost", "události", "událostí"),
    },
}


def counted(count: int, noun: str, language: Language) -> str:
    """Say how many tickets or events."""
    one, few, many = _NOUNS[language][noun]
    said = one if count == 1 else few if count in (2, 3, 4) else many
    return f"{number(count, language)}{_SPACE[language]}{said}"


def moment(local: datetime, language: Language) -> str:
    """Write a local time: in English as ISO 8601 has it, in Czech as Czech dates are written."""
    if language == "en":
        return local.strftime("%Y-%m-%d %H:%M")
    day = LANGUAGES["cs"].short_day(local, weekday=False, year=True)
    return f"{day} {local:%H:%M}"


def month_of(month: str, language: Language) -> str:
    """Write a month that is told as `YYYY-MM`."""
    if language == "en":
        return month
    year, _, number_of_month = month.partition("-")
    return f"{int(number_of_month)}/{year}"


def number(count: int, language: Language) -> str:
    """Write a count with its thousands apart."""
    return f"{count:,}".replace(",", "," if language == "en" else NO_BREAK)


def percent(permille: int | None, language: Language) -> str:
    """Write tenths of a percent; a dash where nothing was decided."""
    if permille is None:
        return NOTHING
    whole, tenth = divmod(permille, 10)
    return f"{whole}{'.' if language == 'en' else ','}{tenth}{_SPACE[language]}%"


def business_time(duration: int, business_day: int, language: Language) -> str:
    """Write business time, in business days where it is as long as one."""
    return _duration(duration, ("business day", business_day), language)


def off_hours_time(duration: int, language: Language) -> str:
    """Write time outside business hours, in hours: a day of it would be no fixed length."""
    return _duration(duration, None, language)


def real_time(duration: int, language: Language) -> str:
    """Write elapsed time, in days of 24 hours where it is as long as one."""
    return _duration(duration, ("day", instant.DAY), language)


def _duration(duration: int, day: tuple[str, int] | None, language: Language) -> str:
    """Write the two largest units, the rest cut off; what is not nothing never reads as nothing."""
    words, space = WORDS[language], _SPACE[language]
    if 0 < duration < instant.SECOND:
        return f"< 1{space}{words['second']}"
    units = [("hour", instant.HOUR), ("minute", instant.MINUTE), ("second", instant.SECOND)]
    if day is not None and duration >= day[1]:
        units.insert(0, day)
    parts: list[str] = []
    for name, size in units:
        amount, duration = divmod(duration, size)
        if amount:
            parts.append(f"{number(amount, language)}{space}{words[name]}")
    return " ".join(parts[:2]) or f"0{space}{words['minute']}"
