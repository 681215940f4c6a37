"""`lhuta alerts`: what subscribers would have been told, and when."""

from typing import Literal

import click

from domain.policy import Policies
from infra.doors.cli.arguments import (
    as_of_option,
    check_moments,
    format_option,
    history_argument,
    policy_option,
)
from infra.doors.cli.output import columns, json_lines
from infra.doors.source import history as read_history
from infra.doors.source import judging
from projections.alerts import AlertRow, row, told


@click.command(
    epilog="""\b
Examples:
  lhuta alerts desk.jsonl
  lhuta alerts desk.jsonl.gz --as-of 2026-04-15T12:00:00Z --format json
"""
)
@history_argument
@policy_option
@as_of_option
@format_option
def alerts(
    history: str, policies: Policies, as_of: int | None, format: Literal["table", "json"]
) -> None:
    """List every warning, breach and other alert that the history demands.

    Decides everything up to the time of --as-of and prints the alerts in the order in which they
    were decided. Each names the agent's ticket and clock, the instant it is about, and the alerts
    that it ends.
    """
    found = read_history(history, policies)
    until = found.latest if as_of is None else as_of
    check_moments(policies, (until,))
    with judging(history, found):
        rows = [row(alert) for alert in told(found.tickets, policies, until)]
    if format == "json":
        json_lines(rows)
    else:
        head = ("decided", "kind", "step", "ticket", "clock", "deadline", "due", "ends")
        click.echo("\n".join(columns(head, map(_cells, rows))))


def _cells(alert: AlertRow) -> tuple[str, ...]:
    name = alert["clock"]
    ends = len(alert["refers"])
    return (
        alert["decided_at"],
        alert["kind"],
        alert["step"] or "-",
        alert["ticket"],
        name if name == "initial" else f"{name}/{alert['instance']}",
        alert["deadline"] or "-",
        alert["due_at"] or "-",
        (alert["reason"] or f"{ends} alert{'s' if ends > 1 else ''}") if ends else "-",
    )
