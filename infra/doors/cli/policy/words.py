"""A policy in the words of the people who live by it, in English and Czech."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from domain.hours import MINUTES_PER_DAY, Opening
from domain.policy import Phrase, Step
from infra.doors.answers.policy import clock_time
from infra.store.policies import Budget, Duration
from infra.store.policies.duration import BUSINESS_DAY

Language = Literal["en", "cs"]

LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "after_breach": "After a breach",
        "all_year": "open",
        "at_share": "at {shares} of the target",
        "backdating": "Backdating",
        "business_day": "Business day",
        "both": "Where two times are given, the target ends with the one that is used up first.",
        "calendar": "Calendar",
        "closed": "closed",
        "days": "Days",
        "digest": "Digest of the policy",
        "from": "in force from {moment} ({zone})",
        "hours": "Hours",
        "impacts": "Impacts that justify it",
        "initial": "Initial response",
        "later": "again {times} after it was due",
        "name": "Name",
        "never": "none",
        "no_holidays": "No public holidays in {year}.",
        "not_supported": "Not supported",
        "ongoing": "Ongoing response",
        "open": "Open",
        "openings_digest": "Digest of the openings",
        "past": "at most {duration} back",
        "plan": "Plan",
        "public_holidays": "Public holidays",
        "public_holidays_of": "Public holidays {year}",
        "root_causes": "Root causes",
        "severities": "Severities",
        "severity": "Severity",
        "settle": "Settling",
        "settles": "{duration} for an answer on its way",
        "since_ever": "in force since ever",
        "supported": "Supported",
        "targets": "Targets",
        "told": "Who is told",
        "untargeted": "no target published",
        "warnings": "Warnings",
        "zone": "Time zone",
    },
    "cs": {
        "after_breach": "Po porušení",
        "all_year": "otevřeno",
        "at_share": "po vyčerpání {shares} cíle",
        "backdating": "Zpětné zápisy",
        "business_day": "Pracovní den",
        "both": "Kde jsou uvedeny dvě doby, končí cíl tou, která se vyčerpá dříve.",
        "calendar": "Kalendář",
        "closed": "zavřeno",
        "days": "Dny",
        "digest": "Otisk podmínek",
        "from": "platí od {moment} ({zone})",
        "hours": "Pracovní doba",
        "impacts": "Dopady, které ji odůvodní",
        "initial": "První odpověď",
        "later": "znovu {times} po termínu",
        "name": "Název",
        "never": "žádné",
        "no_holidays": "V roce {year} nejsou žádné svátky.",
        "not_supported": "Nepodporujeme",
        "ongoing": "Průběžná odpověď",
        "open": "Otevřeno",
        "openings_digest": "Otisk pracovní doby",
        "past": "nejvýše {duration} zpět",
        "plan": "Plán",
        "public_holidays": "Svátky",
        "public_holidays_of": "Svátky {year}",
        "root_causes": "Příčiny",
        "severities": "Závažnosti",
        "severity": "Závažnost",
        "settle": "Vyčkání",
        "settles": "{duration} na odpověď, která je na cestě",
        "since_ever": "platí odjakživa",
        "supported": "Podporujeme",
        "targets": "Cíle",
        "told": "Komu se hlásí",
        "untargeted": "cíl není stanoven",
        "warnings": "Upozornění",
        "zone": "Časové pásmo",
    },
}

KINDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "untriaged": "requests not triaged in time",
        "warning": "warnings",
        "breach": "broken promises",
        "overdue": "reminders after one",
    },
    "cs": {
        "untriaged": "požadavky bez závažnosti",
        "warning": "upozornění",
        "breach": "porušené lhůty",
        "overdue": "připomínky po porušení",
    },
}

# One, two to four, any other amount.
_TARGETS: Mapping[Language, tuple[str, str, str]] = {
    "en": ("target", "targets", "targets"),
    "cs": ("cíl", "cíle", "cílů"),
}
_AND: Mapping[Language, str] = {"en": "and", "cs": "a"}
_OUTSIDE: Mapping[Language, str] = {"en": "outside business hours", "cs": "mimo pracovní dobu"}
_NEXT_DAY: Mapping[Language, str] = {"en": "the next day", "cs": "dalšího dne"}
_POINT: Mapping[Language, str] = {"en": ".", "cs": ","}

# One, two to four, any other amount; English makes no difference between the last two.
_UNITS: Mapping[Language, Mapping[str, tuple[str, str, str]]] = {
    "en": {
        unit: (unit, f"{unit}s", f"{unit}s")
        for unit in ("microsecond", "second", "minute", "hour", "day")
    },
    "cs": {
        "microsecond": ("mikrosekunda", "mikrosekundy", "mikrosekund"),
        "second": ("sekunda", "sekundy", "sekund"),
        "minute": ("minuta", "minuty", "minut"),
        "hour": ("hodina", "hodiny", "hodin"),
        "day": ("den", "dny", "dní"),
    },
}
_OF_BUSINESS: Mapping[Language, tuple[str, str, str]] = {
    "en": ("business", "business", "business"),
    "cs": ("pracovní", "pracovní", "pracovních"),
}

_WEEKDAYS: Mapping[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cs": ("pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle"),
}
_WEEKDAYS_IN_GENITIVE = ("pondělí", "úterý", "středy", "čtvrtka", "pátku", "soboty", "neděle")
_SHORT_WEEKDAYS: Mapping[Language, tuple[str, ...]] = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "cs": ("po", "út", "st", "čt", "pá", "so", "ne"),
}


def words(phrase: Phrase, language: Language) -> str:
    """Return the words of a phrase in a language, in English where it has none."""
    return phrase.get(language, phrase["en"])


def duration(length: Duration, language: Language) -> str:
    """Return a duration in words, such as "30 seconds"."""
    return f"{length.amount} {_UNITS[language][length.unit][_form(length.amount)]}"


def budget(target: Budget | None, language: Language) -> str:
    """Return a target in words: "1 business hour, 8 hours outside business hours"."""
    if target is None:
        return LABELS[language]["untargeted"]
    parts: list[str] = []
    if target.business is not None:
        amount, unit = target.business
        counted = _UNITS[language]["day" if unit == BUSINESS_DAY else unit][_form(amount)]
        parts.append(f"{amount} {_OF_BUSINESS[language][_form(amount)]} {counted}")
    if target.off_hours is not None:
        parts.append(f"{duration(target.off_hours, language)} {_OUTSIDE[language]}")
    return ", ".join(parts)


def shares(steps: Sequence[Step], language: Language) -> str:
    """Return shares in per cent: "50 % and 75 %"."""
    return _listed([f"{_number(float(step.value * 100), language)} %" for step in steps], language)


def multiples(steps: Sequence[Step], language: Language) -> str:
    """Return multiples of a target: "1, 2 and 4 targets"."""
    if not steps:
        return ""
    last = steps[-1].value
    # A decimal number is followed by the genitive singular, which is also the form of two to four.
    form = _form(int(last)) if last.denominator == 1 else 1
    if len(steps) > 1:
        form = max(form, 1)
    numbers = _listed([_number(float(step.value), language) for step in steps], language)
    return f"{numbers} {_TARGETS[language][form]}"


def week(openings: Sequence[Opening], language: Language) -> list[tuple[str, str]]:
    """Return the days and openings of a week; neighbours that open alike are one line."""
    lines: list[tuple[int, int, str]] = []
    for weekday in range(7):
        today = [opening for opening in openings if opening.weekday == weekday]
        if not today:
            continue
        hours = ", ".join(_opening(opening, language) for opening in sorted(today))
        if lines and lines[-1][1] == weekday - 1 and lines[-1][2] == hours:
            lines[-1] = (lines[-1][0], weekday, hours)
        else:
            lines.append((weekday, weekday, hours))
    names = _WEEKDAYS[language]
    return [
        (names[first] if first == last else f"{names[first]} – {names[last]}", hours)
        for first, last, hours in lines
    ]


def since(when: date, language: Language) -> str:
    """Return a date as it stands after "from"."""
    if language == "cs":
        weekday = _WEEKDAYS_IN_GENITIVE[when.weekday()]
        return f"{weekday} {when.day}. {when.month}. {when.year}"
    return day(when, language)


def day(when: date, language: Language) -> str:
    """Return a date with its weekday."""
    short = _SHORT_WEEKDAYS[language][when.weekday()]
    if language == "cs":
        return f"{short} {when.day}. {when.month}. {when.year}"
    return f"{short} {when.isoformat()}"


def _opening(opening: Opening, language: Language) -> str:
    text = f"{clock_time(opening.opens)}–{clock_time(opening.closes)}"
    return f"{text} {_NEXT_DAY[language]}" if opening.closes > MINUTES_PER_DAY else text


def _form(amount: int) -> int:
    if amount == 1:
        return 0
    return 1 if 2 <= amount <= 4 else 2


def _number(value: float, language: Language) -> str:
    return f"{value:g}".replace(".", _POINT[language])


def _listed(items: Sequence[str], language: Language) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {_AND[language]} {items[-1]}"
