"""`lhuta convert`: another desk's ticket log as a history of ours."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import IO

import click
import orjson

from infra.counted import counted
from infra.doors.cli.arguments import output_option
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.convert.conversion import convert as converted
from infra.doors.convert.mapping import BUILT_IN, Mapping, MappingInvalid, built_in, load
from infra.doors.convert.rejects import Rejects
from infra.doors.convert.table import Table, TableBroken
from infra.doors.convert.tally import Tally
from infra.doors.draft import target as target_of
from infra.doors.source import STANDARD_INPUT, lines, named, opened
from streams.history import IllFormed

_EVENTS_BETWEEN_SIGNS = 5_000

Sign = Callable[[Tally], None]


@click.command(
    "convert",
    epilog="""\b
Examples:
  lhuta convert uci incidents.csv.gz --output history.jsonl
  lhuta convert bpi2013 incidents.csv.gz | lhuta clocks -
  lhuta convert uci --show-mapping > ours.toml
  lhuta convert uci export.csv --mapping ours.toml --zone Europe/Vienna -o history.jsonl.gz""",
)
@click.argument("kind", type=click.Choice(BUILT_IN))
@click.argument("file", required=False)
@output_option
@click.option(
    "--rejects",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the rows that cannot be used there, with line and reason. Default: a name that "
    "ends in .rejects.csv, beside the output or else in the current folder, only when needed.",
)
@click.option(
    "--mapping",
    "mapping_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Use this mapping instead of the built-in one; see --show-mapping.",
)
@click.option("--zone", metavar="NAME", help="The zone of times without one, over the mapping's.")
@click.option("--show-mapping", is_flag=True, help="Print the mapping of this KIND and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
def convert(
    kind: str,
    file: str | None,
    output: Path | None,
    rejects: Path | None,
    mapping_file: Path | None,
    zone: str | None,
    show_mapping: bool,
    as_json: bool,
) -> None:
    """Convert the ticket log FILE of another desk into a history.

    KIND is the log's kind: `uci`, the incident event log of a ServiceNow desk, or `bpi2013`, the
    incidents of Volvo IT. FILE is CSV, also compressed with gzip; `-` is standard input.

    The events go to standard output as JSON Lines, a summary of what became of every row
    to standard error. Exit status: 0, 2 for usage and unusable files, 3 for bad data.
    """
    if show_mapping:
        click.echo(built_in(kind), nl=False)
        return
    if file is None:
        raise click.UsageError("name the FILE to convert, or - for standard input")
    mapping = _mapping(kind, mapping_file, zone)
    place = rejects or _default_rejects(file, output)
    _check_names(file, output, place)
    tally = Tally()
    with ExitStack() as kept:
        bad_rows = Rejects(place, kept)
        try:
            with target_of(output) as target:
                _write(file, mapping, target, tally, bad_rows, always=rejects is not None)
        except _NothingUsable:
            # There is no history to keep; the rejected rows, which say why, are kept.
            pass
    _summarise(tally, place if bad_rows.written else None, as_json)
    if tally.rows and not tally.tickets:
        raise BadData(f"{named(file)}: no row could be used; does the mapping fit the file?")


class _NothingUsable(Exception):
    """The file has rows, and all of them were rejected."""


def _write(
    file: str, mapping: Mapping, target: IO[bytes], tally: Tally, bad_rows: Rejects, *, always: bool
) -> None:
    try:
        with opened(file) as stream, _progress(target) as sign:
            table = Table(lines(stream))
            bad_rows.header = table.header
            if always:
                bad_rows.begin()
            for number, line in enumerate(converted(table, mapping, tally, bad_rows.add)):
                target.write(line)
                if number % _EVENTS_BETWEEN_SIGNS == 0:
                    sign(tally)
    except (TableBroken, IllFormed) as error:
        raise BadData(f"{named(file)}: {error}") from error
    if tally.rows and not tally.tickets:
        raise _NothingUsable
    target.flush()


def _mapping(kind: str, file: Path | None, zone: str | None) -> Mapping:
    try:
        text = built_in(kind) if file is None else file.read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadData(f"{file}: not UTF-8: {error.reason} at byte {error.start + 1}") from error
    try:
        mapping = load(text)
    except MappingInvalid as error:
        name = f"the mapping {kind}" if file is None else str(file)
        raise BadData("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from error
    if zone is None:
        return mapping
    try:
        return mapping.in_zone(zone)
    except MappingInvalid as error:
        raise Unusable(f"--zone: {error}") from error


def _default_rejects(file: str, output: Path | None) -> Path:
    if output is not None:
        return Path(f"{output}.rejects.csv")
    # Not beside the file: what was lent to us is often a folder that may not be written.
    return Path("stdin.rejects.csv" if file == STANDARD_INPUT else f"{Path(file).name}.rejects.csv")


def _check_names(file: str, output: Path | None, rejects: Path) -> None:
    """Refuse to write over what is read, or both results into one file."""
    source = None if file == STANDARD_INPUT else Path(file)
    for target in (output, rejects):
        if target is not None and source is not None and _same(source, target):
            raise Unusable(f"{target} is the file to convert; write to another one")
    if output is not None and _same(output, rejects):
        raise Unusable(f"{output} cannot take both the events and the rejected rows")


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


@contextmanager
def _progress(target: IO[bytes]) -> Iterator[Sign]:
    """Show the rows read so far and their rate, on a terminal that shows nothing else."""
    if not sys.stderr.isatty() or target.isatty():
        yield lambda tally: None
        return
    from rich.console import Console

    started = monotonic()
    with Console(stderr=True).status("reading ...") as status:

        def sign(tally: Tally) -> None:
            rate = tally.rows / max(monotonic() - started, 0.001)
            rows, tickets = counted(tally.rows, "row"), counted(tally.tickets, "ticket")
            status.update(f"{rows}, {tickets}, {rate:,.0f} rows/s")

        yield sign


def _summarise(tally: Tally, rejects: Path | None, as_json: bool) -> None:
    if as_json:
        data = {**tally.as_data(), "rejects": None if rejects is None else str(rejects)}
        click.echo(orjson.dumps(data), err=True)
        return
    click.echo(
        f"{counted(tally.rows, 'row')} = {tally.mapped:,} told as events + "
        f"{tally.silent.total():,} without an event + {tally.rejected.total():,} rejected",
        err=True,
    )
    events, tickets = counted(tally.events.total(), "event"), counted(tally.tickets, "ticket")
    counts: tuple[tuple[str, dict[str, int]], ...] = (
        (f"{events} of {tickets}", dict(tally.events)),
        ("Rows without an event", dict(tally.silent)),
        ("Rejected rows" + ("" if rejects is None else f", in {rejects}"), dict(tally.rejected)),
        ("Noticed or assumed", {note: count for note, count in tally.notes.items() if count}),
    )
    for title, reasons in counts:
        if reasons:
            click.echo(f"\n{title}", err=True)
        for reason, count in sorted(reasons.items(), key=lambda entry: -entry[1]):
            click.echo(f"{count:>11,}  {reason}", err=True)
