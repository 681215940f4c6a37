"""`lhuta export`: the event log as a history, to read, to keep, or to import elsewhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from domain.event import RecordedEvent
from infra.doors.cli.arguments import data_option, output_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.progress import progress
from infra.doors.draft import target as target_of
from infra.store.log import EventLog
from streams.envelope import encode

_BATCH = 1_000
_RECORDED = b',"recordedtime":"'


@click.command(
    epilog="""\b
Examples:
  lhuta export > history.jsonl
  lhuta export --words --output history.jsonl.gz
  lhuta export --recorded | lhuta alerts -
""",
)
@output_option
@click.option(
    "--words",
    is_flag=True,
    help="Write what people wrote, instead of its digest. It is personal: take care of the file.",
)
@click.option(
    "--recorded",
    is_flag=True,
    help="Write when this log recorded each event: needed to ask the file what was known when "
    "(--as-of), and for its alerts. An import does not keep it.",
)
@data_option
def export(output: Path | None, words: bool, recorded: bool, data: Path) -> None:
    """Write every ticket of the event log as lhuta import reads it.

    One event a line, ticket by ticket in the order in which they were opened, as the log stands
    when the export begins. Imported into a new log and exported again the same way, it is the same
    byte for byte. Without --recorded an event counts as recorded when it happened; only one written
    down late, after later events, is given the earliest recording that fits.
    """
    with (
        opened_log(data, read_only=True) as log,
        target_of(output) as target,
        progress("events", output_shown=output is None) as sign,
    ):
        written = 0
        for story in _stories(log, words=words):
            target.writelines(told(story, log.source, words=words, recorded=recorded))
            written += len(story)
            sign(written, None)
        target.flush()


def _stories(log: EventLog, *, words: bool) -> Iterator[Sequence[RecordedEvent]]:
    """Yield the tickets in the order of their opening, up to where the log stands now."""
    head = log.head()
    position = 0
    while position < head.position:
        batch = log.read(position, _BATCH)
        if not batch:
            return
        for stored in batch:
            if stored.recorded.version == 1 and stored.position <= head.position:
                story = log.ticket(stored.recorded.ticket, words=words)
                # Every append has an instant of its own, so this is all up to the head.
                yield [event for event in story if event.recorded_at <= head.recorded_at]
        position = batch[-1].position


def told(
    story: Sequence[RecordedEvent], source: str, *, words: bool, recorded: bool
) -> Iterator[bytes]:
    """Yield the lines of a ticket, given in the order of its versions.

    Where words are written no digest is: another log will salt them anew. Without `recorded` an
    event is recorded when it happened, or when what came before it in the ticket had happened.
    """
    latest = story[0].occurred_at
    for stored in story:
        event = stored._replace(text=None) if words and stored.words else stored
        if recorded:
            yield encode(event, source) + b"\n"
            continue
        latest = max(latest, event.occurred_at)
        line = encode(event._replace(recorded_at=latest), source)
        yield (_as_happened(line) if latest == event.occurred_at else line) + b"\n"


def _as_happened(line: bytes) -> bytes:
    """Leave `recordedtime` out; a quote inside a value is escaped, so it is found for sure."""
    before, _, after = line.partition(_RECORDED)
    return before + after.partition(b'"')[2]
