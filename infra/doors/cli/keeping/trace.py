"""`lhuta trace`: all that belongs to one correlation, across tickets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from domain import instant
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import columns, json_lines
from infra.store.log import Stored
from streams.envelope import encode, type_of

_HEAD = ("position", "recorded", "ticket", "event", "type", "actor", "command", "caused by")


@click.command(
    epilog="""\b
Examples:
  lhuta trace 0b7c1d52-6a0e-4c1f-9c55-7f0a3a5d2e11
  lhuta trace mail-2026-03-06-17 --json
""",
)
@click.argument("correlation", metavar="CORRELATION")
@data_option
@click.option("--json", "as_json", is_flag=True, help="One CloudEvent a line, for programs.")
def trace(correlation: str, data: Path, as_json: bool) -> None:
    """Show every event that belongs to a correlation, in the order of the log.

    A command that names no --correlation-id begins one under its own command id. All of the log is
    read for it.
    """
    with opened_log(data, read_only=True) as log:
        found, source = log.trace(correlation), log.source
    if not found:
        raise Unusable(f"nothing in the log belongs to {correlation}")
    if as_json:
        json_lines(_as_event(stored, source) for stored in found)
    else:
        click.echo("\n".join(columns(_HEAD, _rows(found))))


def _as_event(stored: Stored, source: str) -> dict[str, Any]:
    attributes: dict[str, Any] = orjson.loads(encode(stored.recorded, source))
    return attributes | {
        "logposition": stored.position,
        "logprevious": stored.previous,
        "loghash": stored.hash.hex(),
    }


def _rows(found: Sequence[Stored]) -> Iterator[tuple[str, ...]]:
    for stored in found:
        event = stored.recorded
        yield (
            str(stored.position),
            instant.text(event.recorded_at),
            event.ticket,
            str(event.version),
            type_of(event.event),
            event.actor,
            event.command_id or "-",
            event.causation_id or "-",
        )
