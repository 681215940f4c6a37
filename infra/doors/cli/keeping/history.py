"""`lhuta history`: everything that the log holds of a ticket, for auditors."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import orjson

from domain import instant
from domain.event import RecordedEvent
from domain.instant import SECOND
from domain.policy import Policies
from infra.doors.answers.history import row as event_row
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import harmless, json_lines
from infra.store.log import Erasure, Raw
from streams.envelope import encode, type_of

_LABEL = 12


@click.command(
    epilog="""\b
Examples:
  lhuta history T-12
  lhuta history T-12 --json
  lhuta history T-12 --raw
""",
)
@click.argument("ticket", metavar="TICKET")
@click.option(
    "--raw",
    "as_stored",
    is_flag=True,
    help="The stored bytes of every event, and all that its hash is made of.",
)
@click.option("--json", "as_json", is_flag=True, help="One CloudEvent a line, for programs.")
@data_option
def history(ticket: str, as_stored: bool, as_json: bool, data: Path) -> None:
    """Show every event of a ticket, in the order in which it was recorded.

    Each with when it happened and when it was recorded, who did it, which command and cause it has,
    the digest of its words and whether they were erased, its position and hash. What people wrote
    is not shown.
    """
    if as_stored and as_json:
        raise click.UsageError("--raw and --json are two ways to print it; choose one")
    with opened_log(data, read_only=True) as log:
        events, rows = log.ticket(ticket), log.raw(ticket)
        erasures = {erasure.version: erasure for erasure in log.erasures(ticket)}
        policies, source = log.policies(), log.source
    if not events:
        raise Unusable(f"there is no ticket {ticket} in the log")
    if as_stored:
        json_lines(map(_as_stored, rows))
    elif as_json:
        json_lines(
            event_row(event, raw, erasures.get(event.version), source)
            for event, raw in zip(events, rows, strict=False)
        )
    else:
        click.echo("\n".join(map(harmless, _told(events, rows, erasures, policies))))


def _as_stored(row: Raw) -> dict[str, Any]:
    return {
        "position": row.position,
        "previous_hash": row.previous_hash.hex(),
        "recorded_at": row.recorded_at,
        "stream": row.stream,
        "version": row.version,
        "topic": row.topic,
        "state": row.state.decode(),
        "hash": row.hash.hex(),
    }


def _told(
    events: Sequence[RecordedEvent],
    rows: Sequence[Raw],
    erasures: dict[int, Erasure],
    policies: Policies,
) -> Iterator[str]:
    yield f"Ticket {events[0].ticket}"
    for event, row in zip(events, rows, strict=False):
        yield ""
        yield f"{event.version:>3}  {type_of(event.event)}"
        for label, text in _facts(event, row, erasures.get(event.version)):
            yield f"     {label:<{_LABEL}}{text}"


def _facts(event: RecordedEvent, row: Raw, erasure: Erasure | None) -> Iterator[tuple[str, str]]:
    late = event.recorded_at - event.occurred_at
    attributes = orjson.loads(encode(event))
    data = {name: value for name, value in attributes["data"].items() if name != "text"}
    yield "happened", instant.text(event.occurred_at)
    backdated = f"  BACKDATED by {_span(late)}" if late else ""
    yield "recorded", f"{instant.text(event.recorded_at)}{backdated}"
    yield "actor", event.actor
    yield "event", event.event_id
    yield "command", event.command_id or "none"
    yield "belongs to", event.correlation_id or "nothing"
    if event.causation_id:
        yield "caused by", event.causation_id
    if data:
        yield "data", orjson.dumps(data).decode()
    if event.text is not None:
        yield "words", f"SHA-256 {event.text.sha256}, {event.text.length} bytes"
    if erasure is not None:
        yield "erased", f"{instant.text(erasure.at)} by {erasure.by}: {erasure.reason}"
    yield "position", str(row.position)
    yield "hash", row.hash.hex()


def _span(duration: int) -> str:
    from projections.wording import LANGUAGES

    # What was written down late is told in whole seconds.
    return LANGUAGES["en"].duration(duration - duration % SECOND if duration > SECOND else duration)
