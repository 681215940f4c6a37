"""`lhuta import`: whole tickets from a history into the event log."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from signal import SIGINT, raise_signal, signal
from time import monotonic
from types import FrameType
from typing import Any

import click
import orjson

from domain.event import RecordedEvent
from infra.counted import counted
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import EXIT_BAD_DATA, Interrupted
from infra.doors.cli.keeping.untold import check_told
from infra.doors.cli.output import json_lines
from infra.doors.cli.progress import per_second, progress
from infra.doors.draft import draft
from infra.doors.source import history as read_history
from infra.store.log import Different, EventLog, Imported, Skipped, wall_clock
from streams.history import History

EVENTS_TOGETHER = 1_000
"""About how many events go into one transaction; a ticket is never divided."""

_SHOWN = 20


class _Tally:
    """What became of the tickets of an import."""

    def __init__(self) -> None:
        self.tickets = 0
        self.events = 0
        self.skipped = 0
        self.rejected: list[Different] = []

    @property
    def done(self) -> int:
        return self.tickets + self.skipped + len(self.rejected)

    def count(
        self,
        story: Sequence[RecordedEvent],
        result: Imported | Skipped | Different,
    ) -> None:
        match result:
            case Imported():
                self.tickets += 1
                self.events += len(story)
            case Skipped():
                self.skipped += 1
            case Different():
                self.rejected.append(result)


@click.command(
    "import",
    epilog="""\b
Examples:
  lhuta import history.jsonl
  lhuta convert uci incidents.csv.gz | lhuta import -
  lhuta import history.jsonl.gz --rejects rejected.jsonl --json
""",
)
@click.argument("history", metavar="HISTORY.jsonl")
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the tickets that were rejected there: one object a line, with line and reason.",
)
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def import_(history: str, rejects: Path | None, data: Path, as_json: bool) -> None:
    """Bring the tickets of a history into the event log, whole.

    HISTORY.jsonl holds structured CloudEvents, one per line; `-` is standard input, gzip is read as
    it is. It is held to the contract and the policy of the log before anything is written: the
    first line that is not well formed ends it with exit status 3.

    Ids, actors, causes and the time when things happened are kept. When they were recorded is the
    log's own to say: one instant for a ticket. Nobody is told about what was due before the import.
    Where alerts of the log came due that nobody was told of yet, or a parked ticket may have left
    some untold, it is refused (exit status 5) until the engine, or a retry, has told them.

    The same import can be started again after whatever stopped it: tickets that are there with just
    these events are skipped. A ticket that is there otherwise, or happens in the future, is
    rejected and listed; the others come in, and the exit status is 3. Ctrl-C ends it after the
    tickets that are just being written, and it says how many came in (exit status 130).
    """
    started = monotonic()
    tally = _Tally()
    with opened_log(data) as log:
        try:
            found = read_history(history, log.policies())
            with progress("events") as sign:
                _bring_in(found, log, data, tally, sign)
        except KeyboardInterrupt as error:
            raise Interrupted(_interrupted(tally)) from error
    rows = [_reject(one, found) for one in tally.rejected]
    # An empty file says that nothing was rejected, an absent one that nobody asked.
    with nullcontext() if rejects is None else draft(rejects) as file:
        if file is not None:
            file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    rate = per_second(tally.events, started)
    if as_json:
        json_lines([_summary(tally, rows, rate)])
    else:
        click.echo("\n".join(_told(tally, rows, rate, rejects)))
    if tally.rejected:
        raise SystemExit(EXIT_BAD_DATA)


def _bring_in(found: History, log: EventLog, data: Path, tally: _Tally, sign: Any) -> None:
    past_told = False
    read = 0
    for stories in _together(found.tickets.values()):
        if not past_told and any(not log.ticket(story[0].ticket) for story in stories):
            # Before the first new ticket is there: an engine may be running on this log.
            now = max(wall_clock(), log.head().recorded_at)
            check_told(log, data, now)
            log.set_live_from(now)
            past_told = True
        with _in_one_piece():
            for story, result in zip(stories, log.import_(stories), strict=True):
                tally.count(story, result)
                read += len(story)
        sign(read, len(found))


@contextmanager
def _in_one_piece() -> Iterator[None]:
    """Let Ctrl-C wait until what is under way is done, so that what is said of it is so."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    before = signal(SIGINT, ask)
    try:
        yield
    finally:
        signal(SIGINT, before)
    if asked:
        raise_signal(SIGINT)


def _together(
    stories: Iterable[Sequence[RecordedEvent]],
) -> Iterator[list[Sequence[RecordedEvent]]]:
    chunk: list[Sequence[RecordedEvent]] = []
    events = 0
    for story in stories:
        chunk.append(story)
        events += len(story)
        if events >= EVENTS_TOGETHER:
            yield chunk
            chunk, events = [], 0
    if chunk:
        yield chunk


def _interrupted(tally: _Tally) -> str:
    if not tally.tickets:
        return "Interrupted: nothing new came in yet. To go on, give the same command again."
    return (
        f"Interrupted: {counted(tally.tickets, 'ticket')} with {counted(tally.events, 'event')} "
        "came in, and stay. To go on, give the same command again: it skips what is there."
    )


def _reject(one: Different, found: History) -> dict[str, Any]:
    event = found.tickets[one.ticket][one.version - 1]
    return {
        "ticket": one.ticket,
        "version": one.version,
        "line": found.line_of[event.event_id],
        "reason": one.reason,
    }


def _summary(tally: _Tally, rows: list[dict[str, Any]], rate: float) -> dict[str, Any]:
    return {
        "tickets": tally.tickets,
        "events": tally.events,
        "skipped": tally.skipped,
        "rejected": rows,
        "events_per_second": round(rate),
    }


def _told(
    tally: _Tally, rows: list[dict[str, Any]], rate: float, rejects: Path | None
) -> Iterator[str]:
    if tally.tickets:
        yield (
            f"{counted(tally.tickets, 'ticket')} with {counted(tally.events, 'event')} came in, "
            f"{rate:,.0f} events a second."
        )
    else:
        yield "Nothing new came in."
    if tally.skipped:
        yield f"{_were(tally.skipped)} there already, with just these events."
    if not rows:
        return
    place = "" if rejects is None else f", listed in {rejects}"
    yield f"{_were(len(rows))} rejected{place}:"
    for row in rows[:_SHOWN]:
        yield f"  {row['ticket']} (line {row['line']}): {row['reason']}"
    if len(rows) > _SHOWN:
        yield f"  and {len(rows) - _SHOWN:,} more; --rejects FILE lists them all"


def _were(tickets: int) -> str:
    return counted(tickets, "ticket was", "tickets were")
