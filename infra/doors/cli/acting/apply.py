"""`lhuta apply`: many commands from a file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import click

from domain.refusal import Refusal
from infra.counted import counted
from infra.desk import Desk, Request
from infra.doors import request as written_request
from infra.doors.cli.acting.sending import actor_option
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import EXIT_REFUSED, opened_log
from infra.doors.cli.failure import BadData
from infra.doors.cli.output import harmless, json_lines
from infra.doors.cli.progress import progress
from infra.doors.outcome import refused, written
from infra.doors.source import lines, named, opened
from infra.store.log import Outcome, wall_clock
from streams.history import IllFormed

GROUP = 500
"""How many lines are carried out, stored and answered together."""

_KINDS = ("ok", "nothing", "repeated", "refused")


@click.command(
    epilog="""\b
Examples:
  lhuta apply commands.jsonl
  lhuta apply commands.jsonl.gz --json > outcomes.jsonl
  echo '{"command":"reply","ticket":"T-12","message":"Any news?"}' | lhuta apply -
\b
A line is one object: the command, its fields, and how it is sent.
  {"command": "respond", "ticket": "T-12", "awaiting": "customer", "message": "...",
   "at": "2026-03-06T16:30:00Z", "actor": "agent:a-2", "command_id": "<UUID>"}
docs/commands.md lists the fields of all seven.
""",
)
@click.argument("file", metavar="COMMANDS.jsonl")
@actor_option
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for every command.")
def apply(file: str, actor: str, data: Path, as_json: bool) -> None:
    """Carry out the commands of a file, and tell the outcome of each on a line of its own.

    COMMANDS.jsonl holds one command a line; `-` is standard input, gzip is read as it is. A command
    that is refused stops no other. Name a command_id on every line, and the same file can be
    applied again after whatever stopped it: what was done is then `repeated`.

    Commands to one ticket are carried out in their order; those to different tickets may be
    recorded in another order, by at most 500 lines. Exit status: 4 if a command was refused.
    """
    outcomes: Counter[str] = Counter()
    with opened_log(data) as log, progress("commands", output_shown=True) as sign:
        desk = Desk(log, wall_clock)
        try:
            with opened(file) as stream:
                for group in _groups(_read(lines(stream), actor)):
                    answers = list(_carried_out(group, desk))
                    outcomes.update(answer["outcome"] for answer in answers)
                    # Only what is safe on disk is told, and at once.
                    _tell(answers, as_json)
                    sign(outcomes.total(), None)
        except IllFormed as error:
            raise BadData(f"{named(file)}: {error}") from error
    if not as_json:
        summary = ", ".join(f"{outcomes[kind]:,} {kind}" for kind in _KINDS if outcomes[kind])
        total = outcomes.total()
        click.echo(f"{counted(total, 'command')}: {summary or 'nothing to do'}", err=True)
    if outcomes["refused"]:
        raise SystemExit(EXIT_REFUSED)


class _Line(NamedTuple):
    """A line of the file, and the command on it or why there is none."""

    number: int
    request: Request | Refusal
    names: Mapping[str, str | None]


def _read(content: Iterable[bytes], actor: str) -> Iterator[_Line]:
    for number, line in enumerate(content, start=1):
        if not line.strip():
            continue
        try:
            request = written_request.read(line, actor=actor, new_id=lambda: str(uuid4()))
        except Refusal as refusal:
            yield _Line(number, refusal, written_request.named(line))
        else:
            names = {"command_id": request.command_id, "ticket": request.command.ticket or None}
            yield _Line(number, request, names)


def _groups(read: Iterator[_Line]) -> Iterator[list[_Line]]:
    while group := list(islice(read, GROUP)):
        yield group


def _carried_out(group: list[_Line], desk: Desk) -> Iterator[dict[str, Any]]:
    requests = [line.request for line in group if isinstance(line.request, Request)]
    outcomes = iter(desk.handle_all(requests))
    for line in group:
        answer = line.request if isinstance(line.request, Refusal) else next(outcomes)
        yield {"line": line.number, **_answer(answer, line.names)}


def _answer(answer: Outcome | Refusal, names: Mapping[str, str | None]) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return refused(answer, names["command_id"], names["ticket"])
    return written(answer)


def _tell(answers: Iterable[Mapping[str, Any]], as_json: bool) -> None:
    if as_json:
        json_lines(answers)
        return
    for answer in answers:
        ticket = answer["ticket"] or "-"
        head = f"line {answer['line']}: {answer['outcome']:<8}  {ticket}"
        if answer["outcome"] == "refused":
            click.echo(harmless(f"{head}  {answer['name']}: {answer['message']}"))
        elif answer["first_version"] is None:
            click.echo(head)
        else:
            click.echo(f"{head}  event {answer['first_version']}")
