"""`lhuta clocks`: a history judged, one ticket after the other."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import click

from domain.instant import SECOND
from domain.policy import Policies
from infra.doors.cli.arguments import data_option, format_option
from infra.doors.cli.judging.subject import (
    Tickets,
    as_of_option,
    at_option,
    history_argument,
    policy_option,
    subject,
)
from infra.doors.cli.output import clock_time, fitting, json_line, write_lines
from projections.clocks import ClockRow, TicketRow, judged


@click.command(
    epilog="""\b
Examples:
  lhuta clocks
  lhuta clocks desk.jsonl
  lhuta clocks desk.jsonl --as-of 2026-04-15T12:00:00Z --json
  zcat desk.jsonl.gz | lhuta clocks - --policy my-policy.toml
"""
)
@history_argument
@policy_option
@as_of_option
@at_option
@format_option("A table for people, or JSON lines for programs.")
@data_option
def clocks(
    history: str | None,
    policies: Policies | None,
    as_of: int | None,
    at: int | None,
    format: Literal["table", "json"],
    data: Path,
) -> None:
    """Judge every ticket by the support policy.

    HISTORY.jsonl holds structured CloudEvents, one per line; `-` is standard input, gzip is read as
    it is. Without one it is the event log of the data folder. Prints each ticket's status, severity
    and clocks with due time, answer, verdict, and the business and off-hours time that each clock
    counted.
    """
    found = subject(history, policies, data)
    known_by, judged_at = found.moments(as_of, at)

    def judge(tickets: Tickets) -> Iterator[TicketRow]:
        for story in tickets.values():
            row = judged(story, found.policies, known_by, judged_at)
            if row is not None:
                yield row

    if format == "json":
        # A line is a tenth of its row: a long history is kept as lines only.
        write_lines(found.judged(lambda tickets: list(map(json_line, judge(tickets)))))
    else:
        click.echo("\n".join(_table(found.judged(lambda tickets: list(judge(tickets))))))


_HEAD = (
    "ticket",
    "status",
    "severity",
    "clock",
    "verdict",
    "started",
    "due",
    "answered",
    "business",
    "off-hours",
    "policy",
)
_DISPENSABLE = ("policy", "started", "off-hours", "business", "answered", "severity", "status")


def _table(rows: Iterable[TicketRow]) -> Iterable[str]:
    cells = [_cells(row, clock) for row in rows for clock in row["clocks"]]
    return fitting(_HEAD, cells, _DISPENSABLE)


def _cells(row: TicketRow, clock: ClockRow) -> tuple[str, ...]:
    name = clock["clock"]
    return (
        row["ticket"],
        row["status"],
        str(row["severity"] or "-"),
        name if name == "initial" else f"{name}/{clock['instance']}",
        clock["verdict"],
        clock["started_at"],
        clock["due_at"] or "-",
        clock["satisfied_at"] or "-",
        clock_time(int(clock["business_seconds"] * SECOND)),
        clock_time(int(clock["off_hours_seconds"] * SECOND)),
        clock["policy"],
    )
