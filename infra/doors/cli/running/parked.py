"""`lhuta parked`: the tickets that cannot be folded, and why."""

from pathlib import Path

import click

from domain import instant
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import store_errors
from infra.doors.cli.output import columns, json_lines
from infra.doors.cli.running.living import json_option, opened_models


@click.command(
    epilog="""\b
Examples:
  lhuta parked
  lhuta parked --json
"""
)
@data_option
@json_option
def parked(data: Path, as_json: bool) -> None:
    """List the tickets that are parked: their events are kept, and nothing is decided for them.

    A ticket is parked when folding its history fails, so that the others go on. When the cause is
    mended, lhuta retry TICKET folds it again and tells what it left untold.
    """
    with opened_models(data) as models, store_errors():
        rows = models.parked()
    if as_json:
        json_lines(
            {
                "ticket": row.ticket,
                "position": row.position,
                "untold_since": instant.text(row.announced_to),
                "error": row.error,
                "reason": row.reason,
            }
            for row in rows
        )
    elif not rows:
        click.echo("No ticket is parked.")
    else:
        head = ("ticket", "position", "untold since", "error", "reason")
        cells = (
            (row.ticket, str(row.position), instant.text(row.announced_to), row.error, row.reason)
            for row in rows
        )
        click.echo("\n".join(columns(head, cells)))
