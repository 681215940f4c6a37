"""`lhuta simulate`: a plausible support desk, made up and always the same."""

import gc
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click

from domain import instant
from domain.event import Opened, RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.doors.cli.arguments import output_option, policy_option
from infra.doors.cli.failure import Unusable
from infra.doors.draft import target as target_of
from infra.doors.simulate import MOST_TICKETS
from infra.doors.simulate import simulate as simulated
from streams.envelope import encode

FIRST_DAY = date(2026, 3, 2)
DAYS = 21

# The calendar's midnights are asked for on both sides of a day.
EARLIEST, LATEST = date.min + timedelta(days=400), date.max - timedelta(days=400)

_EVENTS_AT_A_TIME = 2_000

Sign = Callable[[int], None]


class Day(click.ParamType):
    """A calendar day, written as 2026-03-02."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; fail with the reason where the text names none."""
        if isinstance(value, date):
            return value
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) is None:
            self.fail(f"'{value}' is not a date such as {FIRST_DAY}", param, ctx)
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            self.fail(f"'{value}' is not a date: {error}", param, ctx)
        if not EARLIEST <= day <= LATEST:
            self.fail(f"'{value}' is no date that any policy covers", param, ctx)
        return day


@click.command(
    epilog="""\b
Examples:
  lhuta simulate --tickets 300 --seed 7 --output desk.jsonl
  lhuta simulate --from 2026-10-19 --to 2026-11-01 | lhuta clocks -
  lhuta simulate --tickets 100000 --from 2025-01-01 --to 2025-12-31 -o year.jsonl.gz
"""
)
@click.option(
    "--tickets",
    type=click.IntRange(1, MOST_TICKETS),
    default=300,
    show_default=True,
    metavar="N",
    help="How many tickets are opened; the desk has people for about so many.",
)
@click.option(
    "--seed",
    default="1",
    show_default=True,
    metavar="S",
    help="Any text; the same seed and options give the same bytes everywhere.",
)
@click.option(
    "--from",
    "first",
    type=Day(),
    metavar="DATE",
    help=f"The first day, in the policy's zone. Default: {FIRST_DAY}, or {DAYS} days up to --to.",
)
@click.option(
    "--to",
    "last",
    type=Day(),
    metavar="DATE",
    help=f"The last day; what is open at its end stays open. Default: {DAYS} days from --from.",
)
@policy_option
@output_option
def simulate(
    tickets: int,
    seed: str,
    first: date | None,
    last: date | None,
    policies: Policies,
    output: Path | None,
) -> None:
    """Simulate a support desk and write its history.

    Requests arrive by hour, weekday and plan; agents with limited hands triage, answer, forget,
    resolve; customers reply, call, come back. Plans, severities, topics and hours are the policy's.
    The events are JSON Lines in the order in which they were recorded, those of one instant by
    ticket.
    """
    start, end = _range(first, last, policies)
    try:
        events = simulated(tickets, seed, start, end, policies)
    except OutsideCalendar as error:
        raise Unusable(f"the simulated days or what is due after them: {error}") from error
    target = target_of(output)
    # No event belongs to a cycle, and looking for cycles among open tickets takes a fifth longer.
    gc.disable()
    try:
        with target as file, _progress(file, tickets) as sign:
            _write(events, file, sign)
    finally:
        gc.enable()


def _range(first: date | None, last: date | None, policies: Policies) -> tuple[int, int]:
    """Return the instants of the first midnight and of the one after the last day."""
    if first is None:
        first = FIRST_DAY if last is None else last - timedelta(days=DAYS - 1)
    if last is None:
        last = first + timedelta(days=DAYS - 1)
    if last < first:
        raise click.UsageError(f"--to {last} lies before --from {first}")
    return _midnight(first, policies), _midnight(last + timedelta(days=1), policies)


def _midnight(day: date, policies: Policies) -> int:
    policy = policies.in_force(instant.parse(f"{day}T00:00:00Z"))
    zone: tzinfo = next(iter(policy.plans.values())).hours.zone
    return instant.from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))


def _write(events: Iterator[RecordedEvent], file: IO[bytes], sign: Sign) -> None:
    opened = 0
    while batch := list(islice(events, _EVENTS_AT_A_TIME)):
        file.write(b"\n".join([*map(encode, batch), b""]))
        opened += sum(type(recorded.event) is Opened for recorded in batch)
        sign(opened)
    file.flush()


@contextmanager
def _progress(file: IO[bytes], tickets: int) -> Iterator[Sign]:
    """Show the tickets opened so far, on a terminal that shows nothing else."""
    if not sys.stderr.isatty() or file.isatty():
        yield lambda opened: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=tickets)
        yield lambda opened: bar.update(task, completed=opened)
