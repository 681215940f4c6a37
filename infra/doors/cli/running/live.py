"""`lhuta live`: a made-up desk that is busy around now, for a first look at the engine."""

import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
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
from infra import wiring
from infra.doors.cli.arguments import DEFAULT_FOLDER, DEFAULT_POLICY, LHUTA_DATA, data_option
from infra.doors.cli.data_folder import shown
from infra.doors.cli.running.desk_words import WORDS, clock_option, near, zone_of
from infra.doors.cli.running.living import desk_errors, language_option
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.engine.log_lines import logging_to
from infra.engine.stop import Stop
from infra.settings import Settings
from infra.store.log import EventLog, may_exist, wall_clock
from infra.store.models import SQLiteModels
from infra.store.policies import files
from infra.store.small_file import failure
from projections.models import Announcement
from projections.wording import Language
from projections.wording.words import clock as time_of_day
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
        "end": "kill -9 {process} ends this the hard way, Ctrl-C gently. Start it again, and it "
        "goes on; then",
        "proof": "find nothing wrong. {fresh} starts over.",
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
        "end": "kill -9 {process} to ukončí natvrdo, Ctrl-C v klidu. Po novém spuštění se "
        "pokračuje a",
        "proof": "nic nenajdou. {fresh} začne znovu.",
        "and": "a",
        "due": "termín {due}",
        "severity": "závažnost {severity}",
        "no severity": "bez závažnosti",
    },
}


@click.command(
    epilog="""\b
Examples:
  lhuta live
  lhuta live --data ../desk --for 120
"""
)
@data_option
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End after so many seconds. Default: at Ctrl-C.",
)
@language_option
def live(data: Path, seconds: float | None, lang: Language) -> None:
    """Run the engine on a made-up desk that is busy around now.

    The first time it makes up three weeks that end now and brings them into a new event log. Then
    the engine works as `lhuta run` does, and made-up customers and staff give commands as time
    passes: requests come, are answered, sometimes too late. Your own tickets, and those that you
    take part in, they leave to you.

    Ended by Ctrl-C or killed, it goes on where it was. It never works on the log of a real desk.
    """
    settings = Settings(data)
    until = None if seconds is None else wall_clock() + int(seconds * instant.SECOND)
    with logging_to(None, "text"), desk_errors(), Stop() as stop:
        _create(settings)
        with EventLog.open(settings.log, clock=wall_clock) as log:
            past.check(settings.log, log)
            with wiring.engine(settings, wall_clock, _Lines(log, data, lang).tell) as engine:
                if past.is_missing(log):
                    click.echo(SAID[lang]["made"])
                    past.furnish(log, wall_clock, seed=secrets.token_hex(8))
                while not stop.asked and engine.step():
                    pass
                if not stop.asked:
                    click.echo("\n".join(_head(log, settings, lang)))
                crowd = Crowd(log, wall_clock, secrets.token_hex(8))
                rest = settings.poll_every / instant.SECOND
                busy = True
                while not stop.wait(0.0 if busy else rest):
                    if until is not None and wall_clock() >= until:
                        break
                    busy = engine.step() or crowd.step()
                engine.close(time.sleep)


def _create(settings: Settings) -> None:
    """Create the log where there is none, judged by the policy that is in force now."""
    if may_exist(settings.log):
        return
    found = files(DEFAULT_POLICY)
    current = Policies(tuple(file.policy for file in found)).in_force(wall_clock())
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise failure(error, settings.data) from error
    [content] = [file.content for file in found if file.policy is current]
    past.create(settings.log, content, wall_clock)


def _head(log: EventLog, settings: Settings, lang: Language) -> Iterator[str]:
    """Yield what a newcomer should know first."""
    said = SAID[lang]
    with SQLiteModels.open(settings.models, read_only=True) as models:
        sizes = models.sizes()
    data = settings.data
    yield said["desk"].format(
        data=shown(data), tickets=f"{sizes.tickets:,}", running=f"{sizes.running:,}"
    )
    yield f"{said['lines']} {said['soon']}"
    yield ""
    yield said["try"]
    for command in _attempts(log, said):
        yield f"  {_called(data, command)}"
    yield f"  {_called(data, 'board --watch')}  {said['watch']}"
    yield ""
    yield said["end"].format(process=os.getpid())
    fresh = "`make fresh`" if data == Path(DEFAULT_FOLDER) else f"`rm -r {shown(data)}`"
    proofs = f" {said['and']} ".join(f"`{_called(data, one)}`" for one in ("log verify", "audit"))
    yield f"{proofs} {said['proof'].format(fresh=fresh)}"
    yield ""


def _attempts(log: EventLog, said: Mapping[str, str]) -> Iterator[str]:
    """Yield commands that open a ticket, start its clock, look at it, and stop its clock."""
    policy = log.policies().in_force(log.head().recorded_at)
    gravest = policy.severities[min(policy.severities)]
    plan = max(policy.plans.values(), key=lambda plan: _meters(plan, gravest))
    topic = next(topic.name for topic in policy.topics.values() if topic.supported)
    own = next(name for number in count(1) if not log.ticket(name := f"MY-{number}"))
    yield f'open --ticket {own} --customer me --plan {plan.name} -m "{said["subject"]}"'
    yield f"triage {own} --severity {gravest.level} --impact {gravest.impacts[0]} --topic {topic}"
    yield f"ticket {own}"
    yield f'respond {own} --awaiting customer -m "{said["answer"]}"'


def _meters(plan: Plan, severity: Severity) -> int:
    """Count the budgets of a first answer: with two of them its clock also runs at night."""
    target = plan.targets.get(("initial", severity.level), ())
    return sum(budget is not None for budget in target)


def _called(data: Path, command: str) -> str:
    """Return a command as it is typed here, on this data folder."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "lhuta" else "lhuta"
    default = data == Path(DEFAULT_FOLDER) and LHUTA_DATA not in os.environ
    place = "" if default else f" --data {quote(shown(data))}"
    return f"{program} {command}{place}"


class _Lines:
    """Writes a line for each alert: when, what, who, and why."""

    def __init__(self, log: EventLog, data: Path, lang: Language) -> None:
        self._log = log
        self._data = data
        self._lang = lang

    def tell(self, announcement: Announcement, policies: Policies) -> None:
        """Write the line of an announcement."""
        said, lang = SAID[self._lang], self._lang
        alert: Mapping[str, Any] = orjson.loads(announcement.alert)
        at = announcement.decided_at
        zone = zone_of(policies.in_force(at))
        ticket = fold(self._log.ticket(announcement.ticket))
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
        why = _called(self._data, f"explain {announcement.ticket} --clock {clock}")
        told_at = time_of_day(local(at - at % instant.SECOND, zone))
        click.echo(f"{told_at}  {kind}  {', '.join(parts)}  {click.style(why, dim=True)}")
