"""`lhuta report`: promises kept and broken, times, root causes, and what to look at again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click

from domain import instant
from domain.policy import CLOCK_NAMES, Policies
from infra.doors.cli.arguments import data_option
from infra.doors.cli.judging.subject import (
    as_of_option,
    at_option,
    history_argument,
    policy_option,
    subject,
)
from infra.doors.cli.output import json_lines, width
from projections.report import (
    Broken,
    Cell,
    Counts,
    Group,
    Percentiles,
    Report,
    Review,
    Times,
    summed,
)
from projections.report import report as reported

LISTED = 10


@click.command(
    epilog="""\b
Examples:
  lhuta report
  lhuta report desk.jsonl
  lhuta report desk.jsonl --as-of 2026-04-01T00:00:00+02:00 --broken 25
  lhuta report desk.jsonl --format json | jq '.promises[] | select(.breached > 0)'
"""
)
@history_argument
@policy_option
@as_of_option
@at_option
@click.option(
    "--format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Tables for people, or one JSON object for programs.",
)
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
@click.option(
    "--lang",
    type=click.Choice(["en", "cs"]),
    default="en",
    show_default=True,
    help="The language of the tables.",
)
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
        json_lines([_row(sums, most_broken, most_review)])
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


def _row(report: Report, most_broken: int | None, most_review: int | None) -> Mapping[str, Any]:
    promises = summed(report.cells, lambda cell: (cell.group, cell.clock))
    return {
        "as_of": instant.text(report.as_of),
        "at": instant.text(report.at),
        "policies": [
            {"policy": version.label, "policy_digest": version.digest}
            for version in report.policies
        ],
        "tickets": report.tickets,
        "events": report.events,
        "statuses": report.statuses,
        "channels": report.channels,
        "root_causes": [
            {"root_cause": cause, "tickets": tickets}
            for cause, tickets in report.root_causes.items()
        ],
        "promises": [
            {**_group(group), "clock": clock, **_counts(counts)}
            for (group, clock), counts in promises.items()
        ],
        "months": [_month(cell) for cell in sorted(report.cells, key=lambda cell: cell.month)],
        "responses": [
            {
                **_group(row.group),
                "clock": row.measure,
                "answered": row.reached,
                "waiting": row.waiting,
                **_times(row),
            }
            for row in report.times
            if row.measure in CLOCK_NAMES
        ],
        "milestones": [
            {
                **_group(row.group),
                "milestone": row.measure,
                "reached": row.reached,
                "not_reached": row.waiting,
                **_times(row),
            }
            for row in report.times
            if row.measure not in CLOCK_NAMES
        ],
        "broken_count": len(report.broken),
        "broken": [_broken(promise) for promise in report.broken[:most_broken]],
        "review_count": len(report.review),
        "review": [_review(ticket) for ticket in report.review[:most_review]],
    }


def _group(group: Group) -> Mapping[str, Any]:
    return {"plan": group.plan, "severity": group.severity, "supported": group.supported}


def _month(cell: Cell) -> Mapping[str, Any]:
    return {
        "month": cell.month,
        **_group(cell.group),
        "clock": cell.clock,
        **_counts(cell.counts),
    }


def _counts(counts: Counts) -> Mapping[str, Any]:
    permille = counts.kept_permille
    return {
        "met": counts.met,
        "breached": counts.breached,
        "running": counts.running,
        "no_target": counts.no_target,
        "kept_percent": None if permille is None else permille / 10,
    }


def _times(row: Times) -> Mapping[str, Any]:
    return {
        "business_seconds": _seconds(row.business),
        "off_hours_seconds": _seconds(row.off_hours),
    }


def _seconds(found: Percentiles | None) -> Mapping[str, int | float] | None:
    if found is None:
        return None
    return {name: instant.seconds(duration) for name, duration in found._asdict().items()}


def _broken(promise: Broken) -> Mapping[str, Any]:
    answered = promise.satisfied_at
    return {
        "ticket": promise.ticket,
        "clock": promise.clock,
        "instance": promise.instance,
        **_group(promise.group),
        "policy": promise.policy,
        "started_at": instant.text(promise.started_at),
        "due_at": instant.text(promise.due_at),
        "satisfied_at": None if answered is None else instant.text(answered),
        "late_business_seconds": instant.seconds(promise.late_business),
        "late_off_hours_seconds": instant.seconds(promise.late_off_hours),
    }


def _review(ticket: Review) -> Mapping[str, Any]:
    return {
        "ticket": ticket.ticket,
        "reasons": ticket.reasons,
        "severities": ticket.severities,
        "backdated_events": ticket.backdated,
        "largest_delay_seconds": instant.seconds(ticket.largest_delay),
    }
