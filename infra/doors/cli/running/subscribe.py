"""`lhuta subscribe`: who is told of alerts, and how."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from domain import instant
from domain.alert import AlertKind
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log, shown, store_errors
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import columns, json_lines
from infra.doors.cli.running.living import json_option
from infra.outlets.deliveries import Backlog, Trouble
from infra.outlets.subscription import KINDS, Subscription, UnknownSubscriber, Way
from infra.settings import Settings
from infra.store.deliveries import StoredDeliveries, opened
from infra.store.failure import Missing
from infra.store.place import may_exist

_SHOWN = 20


class _Kinds(click.ParamType):
    """Kinds of alerts, separated by commas."""

    name = "kinds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[AlertKind, ...]:
        """Return the kinds in the order of the contract; fail with the known ones."""
        if isinstance(value, tuple):
            return value
        named = {name.strip() for name in value.split(",")}
        if unknown := named - set(KINDS):
            self.fail(f"{', '.join(sorted(unknown))}; there are {', '.join(KINDS)}", param, ctx)
        return tuple(kind for kind in KINDS if kind in named)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  lhuta subscribe --file alerts.jsonl
  lhuta subscribe --command 'mail -s Alert desk@example.com' --kinds breach,overdue
  lhuta subscribe list
  lhuta subscribe remove S-1
""",
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Append each alert to a file: whole lines, on disk before they count as delivered.",
)
@click.option(
    "--command",
    metavar="CMD",
    help="Give each alert to the standard input of a command of the shell; exit status 0 means "
    "that it has taken it.",
)
@click.option(
    "--kinds",
    type=_Kinds(),
    default=KINDS,
    metavar="KIND,...",
    help=f"Only these kinds of alerts. Default: all of them, {', '.join(KINDS)}.",
)
@json_option
@data_option
@click.pass_context
def subscribe(
    context: click.Context,
    file: Path | None,
    command: str | None,
    kinds: tuple[AlertKind, ...],
    as_json: bool,
    data: Path,
) -> None:
    """Tell a file or a command of every alert that is decided from now on.

    An alert is one line of JSON, as lhuta alerts --json prints it. The engine delivers it at least
    once, and always with the same id: a subscriber who drops an id that it has seen gets each alert
    once. Alerts of one ticket arrive in order. What fails is tried again, after a second at first
    and an hour at most, for about a day; no subscriber waits for another.
    """
    if context.invoked_subcommand is not None:
        if file is not None or command is not None:
            raise click.UsageError("--file and --command add a subscriber, and take no subcommand")
        return
    if (file is None) == (command is None):
        raise click.UsageError("name --file PATH or --command CMD, one of them")
    way: Way = "file" if file is not None else "command"
    # The engine may run in another folder than this one.
    target = os.path.abspath(file) if file is not None else (command or "")
    if not target.strip():
        raise click.UsageError("--command is blank")
    if file is not None and not Path(target).parent.is_dir():
        raise Unusable(f"{Path(target).parent} is no folder; create it first")
    with opened_log(data, read_only=True) as log, _deliveries(data) as deliveries:
        added = deliveries.subscribe(
            way, target, kinds, lambda: max(deliveries.now(), log.head().recorded_at)
        )
    if as_json:
        json_lines([_row(added)])
    else:
        click.echo(f"{added.name} is told of what is decided from now on ({_kinds(added)}).")


@subscribe.command(
    "list",
    epilog="""\b
Examples:
  lhuta subscribe list
  lhuta subscribe list --json
""",
)
@json_option
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List who is told of alerts, and what became of the deliveries."""
    present, troubles = _listed(data)
    if as_json:
        json_lines(
            _row(one)
            | _counted(backlog)
            | {"troubles": [_trouble(it) for it in troubles if it.subscriber == one.name]}
            for one, backlog in present
        )
    elif not present:
        click.echo("Nobody is told of alerts; lhuta subscribe --file PATH adds a file.")
    else:
        head = ("name", "way", "target", "kinds", "delivered", "open", "given up")
        click.echo("\n".join(columns(head, [_cells(*one) for one in present])))
        for trouble in troubles:
            click.echo(_complaint(trouble))


@subscribe.command(
    epilog="""\b
Examples:
  lhuta subscribe remove S-1
"""
)
@click.argument("name", metavar="NAME")
@data_option
def remove(name: str, data: Path) -> None:
    """Tell a subscriber nothing more; what is not delivered yet is dropped."""
    try:
        with _deliveries(data) as deliveries:
            removed = deliveries.unsubscribe(name)
    except UnknownSubscriber as error:
        raise Unusable(str(error)) from error
    click.echo(f"{removed.name} is told nothing more.")


def _listed(data: Path) -> tuple[list[tuple[Subscription, Backlog]], list[Trouble]]:
    """Return the subscribers with what became of their deliveries, and what failed."""
    settings = Settings(data)
    with store_errors():
        _check_log(settings)
        try:
            deliveries = opened(settings.deliveries, read_only=True)
        except Missing:
            return [], []
        with deliveries:
            backlogs = {one.subscriber: one for one in deliveries.backlogs()}
            # Another process may have added one meanwhile, or removed one.
            present = [one for one in deliveries.subscriptions() if one.name in backlogs]
            return [(one, backlogs[one.name]) for one in present], deliveries.troubles(_SHOWN)


@contextmanager
def _deliveries(data: Path) -> Iterator[StoredDeliveries]:
    """Open the deliveries beside a log; raises StoreUnusable."""
    settings = Settings(data)
    with store_errors():
        _check_log(settings)
        with opened(settings.deliveries) as deliveries:
            yield deliveries


def _check_log(settings: Settings) -> None:
    if not may_exist(settings.log):
        raise Missing(shown(settings.log))


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        **one._asdict(),
        "next_try_at": None if one.next_try_at is None else instant.text(one.next_try_at),
        "given_up_at": None if one.given_up_at is None else instant.text(one.given_up_at),
    }


def _complaint(one: Trouble) -> str:
    if one.next_try_at is not None:
        then = f"next try {instant.text(one.next_try_at)}"
    else:
        then = f"given up {instant.text(one.given_up_at or 0)}"
    return (
        f"{one.subscriber}  {one.ticket}  failed {one.attempts} times, {then}: "
        f"{one.last_error}  ({one.alert_id})"
    )


def _row(one: Subscription) -> dict[str, Any]:
    return {**one._asdict(), "since": instant.text(one.since)}


def _counted(backlog: Backlog) -> dict[str, int]:
    return {name: count for name, count in backlog._asdict().items() if name != "subscriber"}


def _cells(one: Subscription, backlog: Backlog) -> tuple[str, ...]:
    numbers = (backlog.delivered, backlog.open, backlog.given_up)
    return (one.name, one.way, one.target, _kinds(one), *(f"{number:,}" for number in numbers))


def _kinds(one: Subscription) -> str:
    return "all" if set(one.kinds) == set(KINDS) else ", ".join(one.kinds)
