"""`lhuta explain`: the calculation behind a verdict, to check with pencil and calendar."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import click

from domain import instant
from domain.clock import Clock, fold, known
from domain.event import RecordedEvent
from domain.explanation import Explanation
from domain.explanation import explain as explained
from domain.policy import Policies
from infra.doors.cli.arguments import data_option, language_option
from infra.doors.cli.failure import Unusable
from infra.doors.cli.judging.subject import (
    Subject,
    Tickets,
    as_of_option,
    at_option,
    one_ticket,
    policy_option,
    subject,
)
from infra.doors.cli.output import json_lines, width
from projections.explanation import row
from projections.judging import judging as judging_ticket
from projections.narrative import LIMIT
from projections.wording import Language
from streams.envelope import type_of


@click.command(
    epilog="""\b
Examples:
  lhuta explain T-12
  lhuta explain desk.jsonl T-1042
  lhuta explain desk.jsonl T-1042 --clock ongoing/2 --lang cs
  lhuta explain desk.jsonl T-1042 --at 2026-03-06T17:00:00+01:00 --json
"""
)
@click.argument("named", metavar="[HISTORY.jsonl] TICKET", nargs=-1, required=True)
@click.option(
    "--clock",
    "wanted",
    metavar="initial|ongoing/N",
    help="Explain this clock only. Default: every clock of the ticket.",
)
@policy_option
@as_of_option
@at_option
@language_option("The language of the explanation.")
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help=f"Show every segment. Default: the middle of more than {LIMIT} is summed in one line.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per clock, for programs.")
@data_option
def explain(
    named: tuple[str, ...],
    wanted: str | None,
    policies: Policies | None,
    as_of: int | None,
    at: int | None,
    lang: Language,
    whole: bool,
    as_json: bool,
    data: Path,
) -> None:
    """Explain the clocks of a ticket: which target, how it was counted, what came of it.

    A ticket alone is one of the event log; a file and a ticket is one of that file. HISTORY.jsonl
    holds structured CloudEvents, one per line; `-` is standard input, gzip is read as it is. Prints
    every counted segment with running totals, the holidays skipped, the events that started,
    changed and ended the clock, and the verdict. docs/explain.md shows how to check one by hand.
    """
    ticket, found = _subject(named, policies, data)
    known_by, judged_at = found.moments(as_of, at)
    story = _story(found.tickets, ticket, known_by, judged_at)
    with found.judging(), judging_ticket(ticket):
        chosen = _chosen(fold(story, found.policies).clocks, wanted, ticket)
        explanations = [explained(clock, story, judged_at) for clock in chosen]
    if as_json:
        json_lines(row(explanation, known_by, type_of) for explanation in explanations)
    else:
        _tell(explanations, known_by, lang, whole)


def _subject(named: tuple[str, ...], policies: Policies | None, data: Path) -> tuple[str, Subject]:
    """Tell a file from a ticket without guessing: by how many were named."""
    match named:
        case (ticket,):
            return ticket, one_ticket(ticket, policies, data)
        case (file, ticket):
            return ticket, subject(file, policies, data)
        case _:
            raise click.UsageError("name a TICKET of the log, or HISTORY.jsonl and its TICKET")


def _tell(explanations: Sequence[Explanation], as_of: int, lang: Language, whole: bool) -> None:
    from infra.doors.cli.judging.explain.page import page
    from projections.narrative import narrate
    from projections.wording import LANGUAGES

    words = LANGUAGES[lang]
    told = [narrate(one, as_of, words, None if whole else LIMIT) for one in explanations]
    # Made whole before anything is written, so that a failure leaves nothing half-printed.
    click.echo(page(told, width()), nl=False)


def _story(tickets: Tickets, ticket: str, as_of: int, at: int) -> list[RecordedEvent]:
    """Return what is known of the ticket; raise Unusable where that is nothing."""
    recorded = tickets.get(ticket)
    if recorded is None:
        raise Unusable(f"there is no ticket {ticket!r} in the history{_near(ticket, tickets)}")
    story = known(recorded, as_of, at)
    if not story:
        opened = recorded[0]
        raise Unusable(
            f"ticket {ticket} was not known then: it was opened at "
            f"{instant.text(opened.occurred_at)} and recorded at {instant.text(opened.recorded_at)}"
        )
    return story


def _near(ticket: str, tickets: Tickets) -> str:
    near = get_close_matches(ticket, tickets, n=3)
    return f"; near it are {', '.join(near)}" if near else ""


def _chosen(clocks: Sequence[Clock], wanted: str | None, ticket: str) -> Sequence[Clock]:
    if wanted is None:
        return clocks
    names = {_name(clock): clock for clock in clocks}
    if wanted not in names:
        raise Unusable(
            f"ticket {ticket} has no clock {wanted!r} at that time; it has {', '.join(names)}"
        )
    return [names[wanted]]


def _name(clock: Clock) -> str:
    return clock.name if clock.name == "initial" else f"{clock.name}/{clock.instance}"
