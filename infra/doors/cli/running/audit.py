"""`lhuta audit`: the read models held against a fold of the log."""

from pathlib import Path
from typing import Any

import click

from infra import wiring
from infra.doors.cli.data_folder import data_option
from infra.doors.cli.failure import EXIT_BAD_DATA
from infra.doors.cli.output import json_lines
from infra.doors.cli.progress import progress
from infra.doors.cli.running.living import desk_errors, json_option, needs_models
from infra.engine.health import Audited
from infra.settings import Settings
from infra.store.log import wall_clock
from projections.audit import Difference

_SHOWN = 20


@click.command(
    epilog="""\b
Examples:
  lhuta audit
  lhuta audit --json
"""
)
@data_option
@json_option
def audit(data: Path, as_json: bool) -> None:
    """Hold the read models against a fold of the event log, and name every difference.

    An engine may run meanwhile; it does the same on a schedule. Exit status 3 where they differ:
    that is a fault of the program or of the disk, and lhuta rebuild mends the read models.
    """
    settings = Settings(data)
    found: list[Difference] = []
    with desk_errors(), needs_models(data), progress("tickets") as sign:
        result = wiring.audit(
            settings, wall_clock, see=found.append, progress=lambda done: sign(done, None)
        )
    if as_json:
        json_lines([_row(result, found)])
    elif not found:
        click.echo(f"{result.tickets:,} tickets: the read models are what the log demands.")
    else:
        click.echo(f"{result.tickets:,} tickets, {len(found):,} differences:", err=True)
        for one in found[:_SHOWN]:
            click.echo(
                f"  {one.ticket}  {one.table} {one.row}, {one.column}: "
                f"{one.stands!r} stands, {one.expected!r} should",
                err=True,
            )
        if len(found) > _SHOWN:
            click.echo(f"  and {len(found) - _SHOWN:,} more; --json lists them", err=True)
        click.echo("Make them anew with lhuta rebuild.", err=True)
    if found:
        raise SystemExit(EXIT_BAD_DATA)


def _row(result: Audited, found: list[Difference]) -> dict[str, Any]:
    return {
        "tickets": result.tickets,
        "differences": [
            {**one._asdict(), "stands": _plain(one.stands), "expected": _plain(one.expected)}
            for one in found
        ],
    }


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | int) else repr(value)
