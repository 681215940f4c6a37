"""`lhuta demo`: the whole product on a made-up desk, in one command."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from click.core import ParameterSource

from domain import instant
from domain.clock import Clock, fold
from domain.event import RecordedEvent, story_order
from domain.policy import Policies
from infra.counted import counted
from infra.doors.cli.arguments import policy_option
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import width
from infra.doors.source import history as read_history
from infra.doors.source import judging
from streams.envelope import encode
from streams.history import History

START = instant.parse("2026-03-02T00:00:00+01:00")
END = instant.parse("2026-03-23T00:00:00+01:00")
TICKETS = 240
SEED = "demo"
BROKEN = 8


@click.command(
    epilog="""\b
Examples:
  lhuta demo
  lhuta demo --policy ficticia
"""
)
@policy_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".lhuta/demo.jsonl"),
    show_default=True,
    help="Where the made-up history is kept, for the other commands to read.",
)
def demo(policies: Policies, output: Path) -> None:
    """Simulate three weeks of a support desk, judge them, and show what came of it.

    Shows the report, the broken promises, and the calculation behind one of them. The history is
    made up but legal: every event comes from a command that the lifecycle accepted.
    """
    _simulate(policies, output)
    history = read_history(str(output), policies)
    with judging(str(output), history):
        click.echo(
            f"Three weeks of a made-up support desk: {counted(len(history.tickets), 'ticket')}, "
            f"{counted(len(history), 'event')}, kept in {output}.\n"
        )
        _report(history, policies)
        shown = _shortest_breach(history, policies)
        if shown is not None:
            click.echo("\nWhy one of them was broken, to check with pencil and calendar\n")
            _explain(*shown, history.latest)
    ticket = shown[1][0].ticket if shown else next(iter(history.tickets))
    context = click.get_current_context()
    chosen = context.get_parameter_source("policies") != ParameterSource.DEFAULT
    policy = policies.versions[0].name
    click.echo("\n".join(_next_steps(output, ticket, policy if chosen else "")))


def _next_steps(file: Path, ticket: str, policy: str) -> Iterable[str]:
    """Yield commands to go on with, under the name by which this one was called."""
    by = f" --policy {policy}" if policy else ""
    called = sys.argv[0] if Path(sys.argv[0]).name == "lhuta" else "lhuta"
    steps = {
        "\nGo on": "",
        f"  {called} explain {file} {ticket} --lang cs{by}": "the same in Czech",
        f"  {called} alerts {file}{by}": "what would have been told, and when",
        f"  {called} policy show{' ' + policy if policy else ''}": "the policy that judged it",
        "With your own tickets": "",
        f"  {called} clocks your-history.jsonl": "one CloudEvent per line: docs/history.md",
        f"  {called} convert --help": "from another system's export",
    }
    widest = max(map(len, steps))
    for step, meaning in steps.items():
        yield f"{step.ljust(widest)}  {meaning}".rstrip()


def _simulate(policies: Policies, output: Path) -> None:
    from infra.doors.simulate import simulate

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("wb") as file:
            for recorded in simulate(TICKETS, SEED, START, END, policies):
                file.write(encode(recorded) + b"\n")
    except OSError as error:
        raise Unusable(f"{output} cannot be written: {error.strerror}") from error


def _report(history: History, policies: Policies) -> None:
    from infra.doors.cli.judging.report.table import write
    from projections.report import report

    sums = report(history.tickets, policies, history.latest, history.latest)
    write(sums, policies.in_force(sums.at), "en", width(), BROKEN, BROKEN)


def _shortest_breach(
    history: History, policies: Policies
) -> tuple[Clock, list[RecordedEvent]] | None:
    """Find the late answer that takes the fewest lines to check, on the most demanding target."""
    found: list[tuple[int, int, str, Clock, list[RecordedEvent]]] = []
    for story in history.tickets.values():
        ordered = sorted(story, key=story_order)
        for clock in fold(ordered, policies).clocks:
            late = clock.satisfied_at is not None and clock.verdict(history.latest) == "breached"
            if late and clock.satisfied_at is not None and clock.target is not None:
                meters = sum(budget is not None for budget in clock.target)
                lines = len(clock.hours.segments(clock.started_at, clock.satisfied_at))
                crossing = 0 if lines > 1 else 1
                found.append((-meters, crossing * 100 + lines, clock.started_by, clock, ordered))
    if not found:
        return None
    *_, clock, ordered = min(found, key=lambda candidate: candidate[:3])
    return clock, ordered


def _explain(clock: Clock, story: list[RecordedEvent], at: int) -> None:
    from domain.explanation import explain
    from infra.doors.cli.judging.explain.page import page
    from projections.narrative import LIMIT, narrate
    from projections.wording import LANGUAGES

    told = narrate(explain(clock, story, at), at, LANGUAGES["en"], LIMIT)
    click.echo(page([told], width()), nl=False)
