"""`lhuta status`: how the engine is, for people and for monitors."""

from collections.abc import Iterator
from pathlib import Path

import click

from domain import instant
from infra import wiring
from infra.counted import counted
from infra.doors.answers.status import row
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import store_errors
from infra.doors.cli.output import json_lines
from infra.doors.cli.running.living import EXIT_ATTENTION, json_option
from infra.engine.health import Problem, Vitals, problems
from infra.settings import Settings
from infra.store.log import wall_clock

_LABEL = 14


@click.command(
    epilog="""\b
Examples:
  lhuta status
  lhuta status --json | jq '.problems[].name'
\b
Exit status:
  0  all is well
  1  something needs attention: each problem is named, with its cure
  5  the data folder cannot be used
"""
)
@data_option
@json_option
def status(data: Path, as_json: bool) -> None:
    """Say how the engine is; the exit status is 1 where something needs attention.

    The age of time is how long ago everything was decided: more than 30 seconds is bad. An engine
    that does not run, parked tickets, a failed audit, a clock that was set back, and deliveries
    that fail are problems too.
    """
    with store_errors():
        found = wiring.vitals(Settings(data), wall_clock)
    wrong = problems(found)
    if as_json:
        json_lines([row(found, wrong)])
    else:
        click.echo("\n".join(_told(found, wrong)))
    if wrong:
        raise SystemExit(EXIT_ATTENTION)


def _told(vitals: Vitals, wrong: list[Problem]) -> Iterator[str]:
    yield "All is well." if not wrong else "Something needs attention:"
    for problem in wrong:
        yield f"  {problem.message} ({problem.name})"
    for label, text in _facts(vitals):
        yield f"{label:<{_LABEL}}{text}"


def _facts(vitals: Vitals) -> Iterator[tuple[str, str]]:
    yield "engine", _engine(vitals)
    yield "age of time", _age(vitals)
    behind = f", {vitals.behind:,} not applied" if vitals.behind else ", all applied"
    yield "log", f"{counted(vitals.position, 'position')}{behind}"
    if vitals.relayed is not None:
        yield "relay", f"at position {vitals.relayed:,}, {vitals.position - vitals.relayed:,} to go"
    yield "tickets", f"{vitals.tickets:,}, running clocks {vitals.running:,}"
    due = vitals.due_next
    yield "due next", "nothing" if due is None else f"{due[0]} at {instant.text(due[1])}"
    yield "decides next", _text(vitals.next_turn) or "nothing"
    yield "parked", f"{vitals.parked:,}"
    if vitals.stale:
        yield "refolding", "tickets of another projector version are folded again"
    audited = vitals.audited
    yield (
        "last audit",
        "none yet"
        if audited is None
        else f"{instant.text(audited.at)}: {counted(audited.tickets, 'ticket')}, "
        f"{counted(audited.differences, 'difference')}",
    )
    for backlog in vitals.backlogs:
        yield (
            "deliveries",
            f"{backlog.subscriber}: {backlog.delivered:,} delivered, {backlog.open:,} open, "
            f"{backlog.given_up:,} given up",
        )


def _engine(vitals: Vitals) -> str:
    if vitals.engine is not None:
        return str(vitals.engine)
    return "all that work on this database" if vitals.shared else "not running"


def _age(vitals: Vitals) -> str:
    age = vitals.age
    text = "nothing decided yet" if age is None else f"{age // instant.SECOND} s"
    if vitals.partitions == 1:
        return text
    return f"{text}, in partition {vitals.oldest.partition} of {vitals.partitions}"


def _text(at: int | None) -> str | None:
    return None if at is None else instant.text(at)
