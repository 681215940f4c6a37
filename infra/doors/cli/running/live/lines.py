"""What `lhuta live` writes: a line for each alert, and first what a newcomer should know."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from shlex import quote
from typing import Any

import click
import orjson

from domain import instant
from domain.event import Opened
from domain.policy import Plan, Policies, Severity
from domain.ticket import fold
from infra.doors.cli.arguments import DEFAULT_FOLDER, LHUTA_DATA
from infra.doors.cli.data_folder import shown
from infra.doors.cli.running.desk_words import WORDS, clock_option, near, zone_of
from infra.store.log import EventLog
from projections.models import Announcement
from projections.wording import Language
from projections.wording.words import local

COLOURS: Mapping[str, str] = {
    "warning": "yellow",
    "breach": "red",
    "overdue": "red",
    "untriaged": "magenta",
    "cleared": "green",
    "withdrawn": "cyan",
}

SAID: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "made": "Making up a support desk and its last three weeks ...",
        "desk": "A made-up support desk in {data}: {tickets} tickets, {running} clocks running, "
        "and people who go on working.",
        "lines": "Every line below is an alert of the engine, with the command that explains it.",
        "soon": "Within two minutes: a warning, a broken promise, and one that is answered in "
        "time.",
        "try": "Try in another terminal, with a ticket of your own, which nobody else answers:",
        "subject": "The board stays empty",
        "answer": "We are looking into it",
        "watch": "(what is due next)",
        "http": "Board: {url} (HTTP API: {url}/docs). Sign in with the token that `{token}` makes.",
        "way in": "The board, and a click signs you in, for a day: {link}\n"
        "(HTTP API: {url}/docs, with what stands behind the # as its token.)",
        "end": "kill -9 {process} ends this the hard way, Ctrl-C gently. Start it again, and it "
        "goes on; then",
        "proof": "find nothing wrong. {fresh} starts over.",
        "cluster": "A made-up support desk on PostgreSQL, Kafka and {workers} Faust workers with "
        "{partitions} partitions; what each part writes is in {logs}.",
        "processes": "kill -9 any of these: it is started again, and nothing is lost.",
        "rest": "Nothing new is recorded; waiting until every partition is at rest ...",
        "no rest": "The partitions did not come to rest, so nothing was compared.",
        "and": "and",
        "due": "due {due}",
        "severity": "severity {severity}",
        "no severity": "no severity",
    },
    "cs": {
        "made": "Vymýšlím pracoviště podpory a jeho poslední tři týdny ...",
        "desk": "Vymyšlené pracoviště podpory v {data}: požadavků {tickets}, běžících lhůt "
        "{running}, a lidé, kteří pracují dál.",
        "lines": "Každý řádek níže je upozornění s příkazem, který ho vysvětlí.",
        "soon": "Do dvou minut: varování, porušený závazek a jeden splněný včas.",
        "try": "Zkuste v jiném terminálu, s vlastním požadavkem, na který nikdo jiný neodpoví:",
        "subject": "Tabule zůstává prázdná",
        "answer": "Už se na to díváme",
        "watch": "(nejbližší termíny)",
        "http": "Tabule: {url} (HTTP API: {url}/docs). Přihlásí token, který vytvoří `{token}`.",
        "way in": "Tabule; jedno kliknutí vás na den přihlásí: {link}\n"
        "(HTTP API: {url}/docs, tokenem je to, co stojí za #.)",
        "end": "kill -9 {process} to ukončí natvrdo, Ctrl-C v klidu. Po novém spuštění se "
        "pokračuje a",
        "proof": "nic nenajdou. {fresh} začne znovu.",
        "cluster": "Vymyšlené pracoviště podpory na PostgreSQL, Kafce a {workers} zpracovatelích "
        "Faust s {partitions} oddíly; co která část píše, je v {logs}.",
        "processes": "Kterýkoli z nich ukončete pomocí kill -9: spustí se znovu a nic se neztratí.",
        "rest": "Nic nového se nezapisuje; čeká se, až se všechny oddíly ustálí ...",
        "no rest": "Oddíly se neustálily, takže se nic neporovnalo.",
        "and": "a",
        "due": "termín {due}",
        "severity": "závažnost {severity}",
        "no severity": "bez závažnosti",
    },
}


def attempts(log: EventLog, lang: Language) -> Iterator[str]:
    """Yield commands that open a ticket, start its clock, look at it, and stop its clock."""
    policy = log.policies().in_force(log.head().recorded_at)
    gravest = policy.severities[min(policy.severities)]
    plan = max(policy.plans.values(), key=lambda plan: _meters(plan, gravest))
    topic = next(topic.name for topic in policy.topics.values() if topic.supported)
    own = next(name for number in count(1) if not log.ticket(name := f"MY-{number}"))
    yield f'open --ticket {own} --customer me --plan {plan.name} -m "{SAID[lang]["subject"]}"'
    yield f"triage {own} --severity {gravest.level} --impact {gravest.impacts[0]} --topic {topic}"
    yield f"ticket {own}"
    yield f'respond {own} --awaiting customer -m "{SAID[lang]["answer"]}"'


def _meters(plan: Plan, severity: Severity) -> int:
    """Count the budgets of a first answer: with two of them its clock also runs at night."""
    target = plan.targets.get(("initial", severity.level), ())
    return sum(budget is not None for budget in target)


def called(data: Path | None, command: str) -> str:
    """Return a command as it is typed here, on this data folder; None is what is set already."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "lhuta" else "lhuta"
    if data is None:
        return f"{program} {command}"
    default = data == Path(DEFAULT_FOLDER) and LHUTA_DATA not in os.environ
    place = "" if default else f" --data {quote(shown(data))}"
    return f"{program} {command}{place}"


class Lines:
    """Writes a line for each alert: when, what, who, and why."""

    def __init__(self, data: Path | None, lang: Language) -> None:
        """Write for those who work on a data folder; None where the environment names the desk."""
        self._data = data
        self._lang = lang

    def telling(self, log: EventLog) -> Callable[[Announcement, Policies], None]:
        """Return what writes the line of an announcement about a ticket of a log."""
        return partial(self._tell, log)

    def _tell(self, log: EventLog, announcement: Announcement, policies: Policies) -> None:
        said, lang = SAID[self._lang], self._lang
        alert: Mapping[str, Any] = orjson.loads(announcement.alert)
        at = announcement.decided_at
        zone = zone_of(policies.in_force(at))
        ticket = fold(log.ticket(announcement.ticket))
        opened = ticket.history[0].event
        assert isinstance(opened, Opened)
        parts = [announcement.ticket, opened.customer_id, opened.plan]
        if ticket.triage is None:
            parts.append(said["no severity"])
        else:
            parts.append(said["severity"].format(severity=ticket.triage.severity))
        if alert["due_at"] is not None:
            due = near(instant.parse(alert["due_at"]), zone, lang, at)
            parts.append(said["due"].format(due=due))
        kind = click.style(f"{WORDS[lang][alert['kind']]:<9}", fg=COLOURS[alert["kind"]], bold=True)
        clock = clock_option(alert["clock"], alert["instance"])
        why = called(self._data, f"explain {announcement.ticket} --clock {clock}")
        click.echo(
            f"{local(at, zone):%H:%M:%S}  {kind}  {', '.join(parts)}  {click.style(why, dim=True)}"
        )
