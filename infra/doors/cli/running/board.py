"""`lhuta board`: what is due next, broken, not triaged, and waiting for the customer."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from domain import instant
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.doors.answers.board import row
from infra.doors.cli.arguments import check_moments, data_option, language_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import Unusable
from infra.doors.cli.judging.subject import as_of_option, at_option, present
from infra.doors.cli.output import clock_time, columns, json_lines
from infra.doors.cli.running.desk_words import WORDS, clock_option, moment, near, zone_of
from infra.doors.cli.running.living import json_option, opened_models
from infra.doors.past_desk import PastDesk
from infra.doors.source import logged
from infra.engine.stop import Stop
from projections.board import Board, Desk, Running, Waiting
from projections.board import board as read_board
from projections.wording import Language

LIMIT = 20
_REFRESH = 2.0
_HOME_AND_CLEAR = "\x1b[H\x1b[2J"


@click.command(
    epilog="""\b
Examples:
  lhuta board
  lhuta board --watch --lang cs
  lhuta board --at 2026-03-06T17:00:00+01:00 --json
"""
)
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=LIMIT,
    show_default=True,
    help="Show at most N of each.",
)
@as_of_option
@at_option
@language_option()
@json_option
@data_option
def board(
    watch: bool,
    limit: int,
    as_of: int | None,
    at: int | None,
    lang: Language,
    as_json: bool,
    data: Path,
) -> None:
    """Show the desk: due next, broken and not answered, not triaged, waiting for the customer.

    Instants are in the policy's zone, and what is left or late is business time. The head says how
    old the time is that the engine has decided. With --as-of or --at the board of that instant is
    folded from the log; JSON is one object.
    """
    if as_of is not None or at is not None:
        if watch:
            raise click.UsageError("--watch shows the present; leave out --as-of and --at")
        _print(*_past(data, as_of, at, limit), lang, as_json)
    elif watch:
        _watch(data, limit, lang, as_json)
    else:
        _print(*_present(data, limit), lang, as_json)


def _present(data: Path, limit: int) -> tuple[Board, Policies]:
    with opened_log(data, read_only=True) as log, opened_models(data) as models, models.reading():
        now = present(log)
        policies = log.policies()
        return _made(models, policies, now, limit), policies


def _past(data: Path, as_of: int | None, at: int | None, limit: int) -> tuple[Board, Policies]:
    with opened_log(data, read_only=True) as log:
        policies = log.policies()
        known_by = present(log) if as_of is None else as_of
        judged_at = known_by if at is None else at
        check_moments(policies, (known_by, judged_at))
        desk = PastDesk(logged(log).values(), policies, known_by, judged_at)
    return _made(desk, policies, judged_at, limit), policies


def _made(desk: Desk, policies: Policies, at: int, limit: int) -> Board:
    try:
        return read_board(desk, policies, at, limit)
    except OutsideCalendar as error:
        raise Unusable(f"{instant.text(at)}: {error}") from error


def _watch(data: Path, limit: int, lang: Language, as_json: bool) -> None:
    with Stop() as stop:
        while True:
            made, policies = _present(data, limit)
            if sys.stdout.isatty() and not as_json:
                click.echo(_HOME_AND_CLEAR, nl=False)
            _print(made, policies, lang, as_json)
            if stop.wait(_REFRESH):
                return


def _print(made: Board, policies: Policies, lang: Language, as_json: bool) -> None:
    if as_json:
        json_lines([row(made)])
    else:
        click.echo("\n".join(_told(made, policies, lang)))


def _told(made: Board, policies: Policies, lang: Language) -> Iterator[str]:
    words, zone = WORDS[lang], zone_of(policies.in_force(made.at))
    age = made.age
    head = [words["desk"].format(at=moment(made.at, zone, lang))]
    head.append(words["no time"] if age is None else words["age"].format(age=clock_time(age)))
    if made.counts.parked:
        head.append(words["parked"].format(count=made.counts.parked))
    yield ", ".join(head)

    def cells(one: Running) -> Sequence[str]:
        # What is broken stands under its own heading; a target that nobody promised may be past.
        sign = -1 if one in made.broken else 1
        left = clock_time(sign * one.business_left)
        if one.off_hours_left:
            left += " " + words["off-hours left"].format(left=clock_time(sign * one.off_hours_left))
        return (
            one.ticket,
            str(one.severity or "-"),
            clock_option(one.clock, one.instance),
            one.plan,
            near(one.due_at, zone, lang, made.at),
            left,
        )

    def waiting(one: Waiting) -> Sequence[str]:
        since = "-" if one.since is None else near(one.since, zone, lang, made.at)
        return (one.ticket, str(one.severity or "-"), one.plan, since)

    counts = made.counts
    yield from _section("broken", "head late", counts.broken, map(cells, made.broken), lang)
    yield from _section("due next", "head", counts.due_next, map(cells, made.due_next), lang)
    yield from _section(
        "not triaged", "head untriaged", counts.untriaged, map(cells, made.untriaged), lang
    )
    yield from _section("waiting", "head waiting", counts.waiting, map(waiting, made.waiting), lang)


def _section(
    name: str, head: str, count: int, rows: Iterator[Sequence[str]], lang: Language
) -> Iterator[str]:
    words, shown = WORDS[lang], list(rows)
    yield ""
    yield words[name].format(count=f"{count:,}")
    if not shown:
        yield f"  {words['none']}"
        return
    for line in columns(words[head].split("|"), shown):
        yield f"  {line}"
    if count > len(shown):
        yield f"  {words['more'].format(count=f'{count - len(shown):,}')}"
