"""`lhuta audit`: the read models held against a fold of the log."""

from pathlib import Path
from typing import Any

import click
import orjson

from domain import instant
from domain.event import RecordedEvent
from infra import wiring
from infra.counted import counted
from infra.doors.cli.arguments import data_option
from infra.doors.cli.failure import EXIT_BAD_DATA
from infra.doors.cli.output import json_lines
from infra.doors.cli.progress import progress
from infra.doors.cli.running.living import desk_errors, json_option
from infra.settings import Settings
from infra.store.log import wall_clock
from projections.audit import Difference
from streams.envelope import written

_SHOWN = 20

# The columns that are instants and do not end in `_at`, as the instants of the rows do.
_INSTANTS = frozenset({"announced_to", "deadline", "next_turn", "turn"})


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
    with desk_errors(), progress("tickets") as sign:
        result = wiring.audit(
            settings, wall_clock, see=found.append, progress=lambda done: sign(done, None)
        )
    tickets = counted(result.tickets, "ticket")
    if as_json:
        json_lines([_row(result, found)])
    elif not found:
        click.echo(f"{tickets}: the read models are what the log demands.")
    else:
        click.echo(f"{tickets}, {counted(len(found), 'difference')}:", err=True)
        for one in found[:_SHOWN]:
            click.echo(
                f"  {one.ticket}  {one.table} {one.row}, {one.column}: "
                f"{_text(one.column, one.stands)} stands, "
                f"{_text(one.column, one.expected)} should",
                err=True,
            )
        if len(found) > _SHOWN:
            click.echo(f"  and {len(found) - _SHOWN:,} more; --json lists them", err=True)
        click.echo("Make them anew with lhuta rebuild.", err=True)
    if not result.is_kept:
        click.echo(
            "The data folder may not be written: lhuta status will not know of this audit.",
            err=True,
        )
    if found:
        raise SystemExit(EXIT_BAD_DATA)


def _row(result: wiring.Compared, found: list[Difference]) -> dict[str, Any]:
    return {
        "tickets": result.tickets,
        "differences": [
            {
                **one._asdict(),
                "stands": _plain(one.column, one.stands),
                "expected": _plain(one.column, one.expected),
            }
            for one in found
        ],
    }


def _text(column: str, value: object) -> str:
    return "nothing" if value is None else orjson.dumps(_plain(column, value)).decode()


def _instant(value: int) -> str | int:
    try:
        return instant.text(value)
    except (OverflowError, ValueError):
        # What is damaged may lie outside every calendar.
        return value


def _plain(column: str, value: object) -> object:
    """Return a value as JSON has it: a row by its columns, an event by its type and data."""
    match value:
        case int() if column in _INSTANTS or column.endswith("_at"):
            return _instant(value)
        case None | str() | int():
            return value
        case RecordedEvent():
            kind, data = written(value.event)
            told = {
                name: _plain(name, getattr(value, name))
                for name in ("version", "event_id", "occurred_at", "recorded_at", "actor")
            }
            return {**told, "type": kind, "data": data}
        case tuple() if hasattr(value, "_asdict"):
            return {name: _plain(name, part) for name, part in value._asdict().items()}
        case (error, reason):
            return {"error": error, "reason": reason}
        case _:
            return str(value)
