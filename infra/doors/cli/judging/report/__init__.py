"""`lhuta report`: promises kept and broken, times, root causes, and what to look at again."""

from pathlib import Path
from typing import Literal

import click

from domain.policy import Policies
from infra.doors.answers.report import row
from infra.doors.cli.arguments import data_option, format_option, language_option
from infra.doors.cli.judging.subject import (
    as_of_option,
    at_option,
    history_argument,
    policy_option,
    subject,
)
from infra.doors.cli.output import json_lines, width
from projections.report import report as reported

LISTED = 10


@click.command(
    epilog="""\b
Examples:
  lhuta report
  lhuta report desk.jsonl
  lhuta report desk.jsonl --as-of 2026-04-01T00:00:00+02:00 --broken 25
  lhuta report desk.jsonl --json | jq '.promises[] | select(.breached > 0)'
"""
)
@history_argument
@policy_option
@as_of_option
@at_option
@format_option("Tables for people, or one JSON object for programs.")
@click.option(
    "--broken",
    "most_broken",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"List at most N broken promises, the worst first. Default: {LISTED}; all as JSON.",
)
@click.option(
    "--review",
    "most_review",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"List at most N tickets to look at again. Default: {LISTED}; all as JSON.",
)
@language_option("The language of the tables.")
@data_option
def report(
    history: str | None,
    policies: Policies | None,
    as_of: int | None,
    at: int | None,
    format: Literal["table", "json"],
    most_broken: int | None,
    most_review: int | None,
    lang: Literal["en", "cs"],
    data: Path,
) -> None:
    """Sum up a desk: how promises were kept, and how long answers took.

    HISTORY.jsonl holds structured CloudEvents, one per line; `-` is standard input, gzip is read as
    it is. Without one it is the event log of the data folder. Counts promises by plan, severity,
    clock and month, measures answers, workarounds and resolutions, and lists broken promises and
    tickets that somebody should look at again. A clock without a target is never counted as kept.
    """
    found = subject(history, policies, data)
    known_by, judged_at = found.moments(as_of, at)
    sums = found.judged(lambda tickets: reported(tickets, found.policies, known_by, judged_at))
    if format == "json":
        json_lines([row(sums, most_broken, most_review)])
        return
    from infra.doors.cli.judging.report.table import write

    write(
        sums,
        found.policies.in_force(sums.at),
        lang,
        width(),
        LISTED if most_broken is None else most_broken,
        LISTED if most_review is None else most_review,
    )
