"""`lhuta ticket`: one ticket whole: its story, what it lacks, its clocks and its alerts."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

import click

from domain import instant
from domain.clock import Clock, fold, known
from domain.conclusion import alerts
from domain.event import Opened, RecordedEvent
from infra.doors.answers.ticket import WELL_WRITTEN, Ticket, lacking, row
from infra.doors.cli.arguments import data_option, language_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.cli.judging.subject import as_of_option, at_option, one_ticket
from infra.doors.cli.output import harmless, json_lines
from infra.doors.cli.running.desk_words import (
    WORDS,
    alert_words,
    clock_name,
    clock_option,
    moment,
    near,
    zone_of,
)
from infra.doors.cli.running.living import json_option
from projections.alerts import row as alert_row
from projections.judging import CannotJudge, judging
from projections.wording import LANGUAGES, Language


@click.command(
    epilog="""\b
Examples:
  lhuta ticket T-12
  lhuta ticket T-12 --lang cs --without-words
  lhuta ticket T-12 --as-of 2026-03-06T17:00:00+01:00 --json
"""
)
@click.argument("ticket", metavar="TICKET")
@click.option("--without-words", is_flag=True, help="Leave out what people wrote: it is personal.")
@as_of_option
@at_option
@language_option()
@json_option
@data_option
def ticket(
    ticket: str,
    without_words: bool,
    as_of: int | None,
    at: int | None,
    lang: Language,
    as_json: bool,
    data: Path,
) -> None:
    """Show a ticket: what happened, what the request lacks, its clocks, and its alerts.

    Every event stands with when it happened, and when it was recorded where that is another time.
    It is folded from the event log, so it does not wait for the engine. JSON is one object, its
    events as CloudEvents.
    """
    found = _read(ticket, as_of, at, data, words=not without_words)
    if as_json:
        json_lines([row(found)])
    else:
        click.echo("\n".join(map(harmless, _told(found, lang, words=not without_words))))


def _read(ticket: str, as_of: int | None, at: int | None, data: Path, *, words: bool) -> Ticket:
    subject = one_ticket(ticket, None, data)
    known_by, judged_at = subject.moments(as_of, at)
    story = known(subject.tickets[ticket], known_by, judged_at)
    if not story:
        opened = subject.tickets[ticket][0]
        raise Unusable(
            f"ticket {ticket} was not known then: it was opened at "
            f"{instant.text(opened.occurred_at)} and recorded at {instant.text(opened.recorded_at)}"
        )
    with opened_log(data, read_only=True) as log:
        source = log.source
        spoken = {one.version: one.words for one in log.ticket(ticket, words=True)}
    lacks = lacking(story[0], spoken[1])
    if words:
        story = [one._replace(words=spoken[one.version]) for one in story]
    try:
        with judging(ticket):
            folded = fold(story, subject.policies)
            told = alerts(story, subject.policies, min(known_by, judged_at))
    except CannotJudge as error:
        raise BadData(str(error)) from error
    return Ticket(story, folded, told, lacks, subject.policies, known_by, judged_at, source)


def _told(found: Ticket, lang: Language, *, words: bool) -> Iterator[str]:
    says = WORDS[lang]
    zone = zone_of(found.policies.in_force(found.at))
    opened = found.story[0]
    event = opened.event
    assert isinstance(event, Opened)
    yield f"{found.name}" + (f": {opened.words['subject']}" if "subject" in opened.words else "")
    yield says["opened"].format(
        at=moment(opened.occurred_at, zone, lang),
        actor=opened.actor,
        channel=event.channel,
        plan=event.plan,
    )
    status = says["status"].format(status=says[found.folded.status])
    severity = found.folded.severity
    yield status + (f", {says['severity'].format(severity=severity)}" if severity else "")
    yield ""
    yield says["story"]
    for one in found.story:
        yield from _event(one, zone, lang, words=words)
    yield ""
    yield says["lacks"]
    yield from _lacks(found.lacks, lang)
    yield ""
    yield says["clocks"]
    for clock in found.folded.clocks:
        yield _clock(clock, found.at, zone, lang)
    yield f"  {says['explained by'].format(command=f'lhuta explain {found.name}')}"
    yield ""
    yield says["told"]
    if not found.told:
        yield f"  {says['no alerts']}"
    for alert in found.told:
        row = alert_row(alert)
        at = near(alert.decided_at, zone, lang, found.at)
        said = alert_words(row, zone, lang, found.at)
        yield f"  {at}  {says[alert.kind]}: {said}"


def _event(one: RecordedEvent, zone: tzinfo, lang: Language, *, words: bool) -> Iterator[str]:
    says = WORDS[lang]
    at = moment(one.occurred_at, zone, lang)
    yield f"  {one.version:>2}  {at}  {LANGUAGES[lang].event(one.event)} ({one.actor})"
    if one.recorded_at != one.occurred_at:
        yield f"      {says['backdated'].format(at=moment(one.recorded_at, zone, lang))}"
    if not words:
        return
    if one.text is not None and not one.words:
        yield f"      {says['erased']}"
    for name, text in one.words.items():
        if name == "subject":
            continue
        label = f"{says[name]}: " if name in WELL_WRITTEN else ""
        for line in f"{label}{text}".splitlines():
            yield f"      | {line}"


def _lacks(lacks: Sequence[str] | None, lang: Language) -> Iterator[str]:
    says = WORDS[lang]
    if lacks is None:
        yield f"  {says['unknown']}"
    elif not lacks:
        yield f"  {says['complete']}"
    else:
        for name in lacks:
            yield f"  - {says[name]}"


def _clock(clock: Clock, at: int, zone: tzinfo, lang: Language) -> str:
    says = WORDS[lang]
    facts = [says[clock.verdict(at)]]
    if clock.due_at is not None:
        facts.append(says["due"].format(at=moment(clock.due_at, zone, lang)))
    if clock.satisfied_at is not None:
        facts.append(says["answered"].format(at=moment(clock.satisfied_at, zone, lang)))
    name = clock_name(clock.name, clock.instance, lang)
    option = clock_option(clock.name, clock.instance)
    return f"  {name}: {', '.join(facts)} (--clock {option})"
