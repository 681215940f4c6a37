"""What the living desk says on a terminal, in English and in Czech."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Any

import orjson

from domain import instant
from domain.policy import Policies, Policy
from projections.models import Announcement
from projections.wording import LANGUAGES, Language
from projections.wording.words import clock as time_of_day
from projections.wording.words import local

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "initial": "initial response",
        "ongoing": "ongoing response {instance}",
        "told warning": "{clock}: {percent} % of the time to answer is used, due {due}",
        "told breach": "{clock}: the promise is broken, it was due {due}",
        "told overdue": "{clock}: no answer yet, {step} times the target after {due}",
        "told untriaged": "not triaged: {percent} % of the most urgent target's time is used",
        "told cleared": "{clock}: over, ends {ends}",
        "told disproved": "{clock}: taken back, a late record shows that it was in time",
        "told superseded": "{clock}: taken back, the due time has moved",
        "alerts": "alerts: {count}",
        "warning": "warning",
        "breach": "BREACH",
        "overdue": "OVERDUE",
        "untriaged": "untriaged",
        "cleared": "cleared",
        "withdrawn": "withdrawn",
        "desk": "The desk at {at}",
        "age": "age of time {age}",
        "no time": "nothing was recorded yet",
        "parked": "parked: {count} (lhuta parked)",
        "due next": "Due next ({count})",
        "broken": "Broken, not answered yet ({count})",
        "not triaged": "Not triaged ({count})",
        "waiting": "Waiting for the customer ({count})",
        "none": "none",
        "more": "and {count} more",
        "head": "ticket|severity|clock|plan|due|business time left",
        "off-hours left": "(outside business hours {left})",
        "head late": "ticket|severity|clock|plan|was due|late by business time",
        "head untriaged": "ticket|severity|clock|plan|most urgent target|business time to it",
        "head waiting": "ticket|severity|plan|since",
        "opened": "opened {at} by {actor}, {channel}, plan {plan}",
        "status": "Status: {status}",
        "severity": "severity {severity}",
        "story": "What happened",
        "recorded": "recorded {at}",
        "backdated": "recorded {at}, later than it happened",
        "erased": "(the words are not in the log any more)",
        "lacks": "What a well-written request also says, and this one lacks",
        "complete": "Nothing: the request is well written.",
        "unknown": "Nobody can tell any more: the words of the request were erased.",
        "browser": "the version of the browser",
        "android": "the version of Android",
        "recent_changes": "recent changes to the system",
        "workarounds_tried": "workarounds found",
        "steps_taken": "steps already taken",
        "clocks": "Clocks",
        "told": "Alerts",
        "explained by": "Why: {command}",
        "no alerts": "None.",
        "new": "new",
        "open": "open",
        "pending": "pending",
        "resolved": "resolved",
        "verified": "verified",
        "met": "kept",
        "breached": "broken",
        "running": "running",
        "no-target": "no target",
        "due": "due {at}",
        "answered": "answered {at}",
    },
    "cs": {
        "initial": "první odpověď",
        "ongoing": "průběžná odpověď {instance}",
        "told warning": "{clock}: uplynulo {percent}\u00a0% času na odpověď, termín {due}",
        "told breach": "{clock}: lhůta je porušena, termín byl {due}",
        "told overdue": "{clock}: stále bez odpovědi, od termínu {due} uplynul {step}× cíl",
        "told untriaged": "bez závažnosti: uplynulo {percent}\u00a0% času nejnaléhavějšího cíle",
        "told cleared": "{clock}: vyřízeno, končí {ends}",
        "told disproved": "{clock}: odvoláno, podle pozdějšího záznamu to bylo včas",
        "told superseded": "{clock}: odvoláno, termín se posunul",
        "alerts": "upozornění: {count}",
        "warning": "varování",
        "breach": "PORUŠENÍ",
        "overdue": "PO TERMÍNU",
        "untriaged": "bez závažnosti",
        "cleared": "vyřízeno",
        "withdrawn": "odvoláno",
        "desk": "Požadavky k {at}",
        "age": "stáří času {age}",
        "no time": "nic ještě není zaznamenáno",
        "parked": "odloženo: {count} (lhuta parked)",
        "due next": "Nejbližší termíny ({count})",
        "broken": "Porušeno, dosud bez odpovědi ({count})",
        "not triaged": "Bez závažnosti ({count})",
        "waiting": "Čeká se na zákazníka ({count})",
        "none": "žádné",
        "more": "a další: {count}",
        "head": "požadavek|závažnost|lhůta|plán|termín|zbývá pracovní doby",
        "off-hours left": "(mimo pracovní dobu {left})",
        "head late": "požadavek|závažnost|lhůta|plán|termín byl|zpoždění v pracovní době",
        "head untriaged": "požadavek|závažnost|lhůta|plán|nejnaléhavější cíl|pracovní doby do něj",
        "head waiting": "požadavek|závažnost|plán|od",
        "opened": "založeno {at}, {actor}, {channel}, plán {plan}",
        "status": "Stav: {status}",
        "severity": "závažnost {severity}",
        "story": "Co se stalo",
        "recorded": "zaznamenáno {at}",
        "backdated": "zaznamenáno {at}, později, než se to stalo",
        "erased": "(text už v záznamech není)",
        "lacks": "Co má dobrý požadavek obsahovat a tento neobsahuje",
        "complete": "Nic: požadavek je úplný.",
        "unknown": "Už to nelze říci: text požadavku byl vymazán.",
        "browser": "verze prohlížeče",
        "android": "verze Androidu",
        "recent_changes": "nedávné změny systému",
        "workarounds_tried": "nalezená náhradní řešení",
        "steps_taken": "dosud provedené kroky",
        "clocks": "Lhůty",
        "told": "Upozornění",
        "explained by": "Proč: {command}",
        "no alerts": "Žádná.",
        "new": "nový",
        "open": "otevřený",
        "pending": "čeká na zákazníka",
        "resolved": "vyřešený",
        "verified": "ověřený",
        "met": "dodrženo",
        "breached": "porušeno",
        "running": "běží",
        "no-target": "bez cíle",
        "due": "termín {at}",
        "answered": "zodpovězeno {at}",
    },
}


def zone_of(policy: Policy) -> tzinfo:
    """Return the zone in which a policy counts."""
    return next(iter(policy.plans.values())).hours.zone


def moment(at: int, zone: tzinfo, lang: Language) -> str:
    """Write an instant in a zone to the second, such as `Mon 23 Nov 2026 14:30:05 CET`."""
    here = _whole(at, zone)
    day = LANGUAGES[lang].short_day(here.date(), weekday=True, year=True)
    return f"{day} {time_of_day(here)} {here.tzname()}"


def near(at: int, zone: tzinfo, lang: Language, now: int) -> str:
    """Write an instant without what goes without saying now: the day if it is today, the year."""
    here, today = _whole(at, zone), _whole(now, zone)
    text = f"{time_of_day(here)} {here.tzname()}"
    if here.date() == today.date():
        return text
    other_year = here.year != today.year
    return f"{LANGUAGES[lang].short_day(here.date(), weekday=True, year=other_year)} {text}"


def clock_name(name: str, instance: int, lang: Language) -> str:
    """Name a clock."""
    return WORDS[lang][name].format(instance=instance)


def clock_option(name: str, instance: int) -> str:
    """Name a clock as `lhuta explain --clock` wants it."""
    return name if name == "initial" else f"{name}/{instance}"


def alert_line(announcement: Announcement, policies: Policies, lang: Language) -> str:
    """Write an announced alert in one line, with the command that explains it."""
    alert: Mapping[str, Any] = orjson.loads(announcement.alert)
    zone = zone_of(policies.in_force(announcement.decided_at))
    at = time_of_day(_whole(announcement.decided_at, zone))
    kind = WORDS[lang][alert["kind"]]
    said = alert_words(alert, zone, lang, announcement.decided_at)
    option = clock_option(alert["clock"], alert["instance"])
    command = f"lhuta explain {alert['ticket']} --clock {option}"
    return f"{at}  {alert['ticket']}  {kind:<10}  {said}  |  {command}"


def alert_words(alert: Mapping[str, Any], zone: tzinfo, lang: Language, now: int) -> str:
    """Say what an alert, as the contract writes it, tells."""
    words = WORDS[lang]
    reason = alert["reason"]
    due_at = alert["due_at"]
    return words[f"told {reason or alert['kind']}"].format(
        clock=clock_name(alert["clock"], alert["instance"], lang),
        percent=_percent(alert["step"]),
        step=alert["step"],
        due="-" if due_at is None else near(instant.parse(due_at), zone, lang, now),
        ends=words["alerts"].format(count=len(alert["refers"])),
    )


def _percent(step: str | None) -> str:
    share = Fraction(step or "1") * 100
    return str(share.numerator) if share.denominator == 1 else f"{float(share):g}"


def _whole(at: int, zone: tzinfo) -> datetime:
    return local(at - at % instant.SECOND, zone)
