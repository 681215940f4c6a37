"""`lhuta alerts`: what subscribers were told, or would have been told, and when."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import click

from domain import instant
from domain.policy import Policies
from infra.counted import counted
from infra.doors.cli.arguments import Instant, check_moments, data_option, format_option
from infra.doors.cli.data_folder import opened_log, shown, store_errors
from infra.doors.cli.judging.subject import (
    Subject,
    as_of_option,
    history_argument,
    policy_option,
    subject,
)
from infra.doors.cli.output import fitting, json_lines
from infra.engine.stop import Stop
from infra.settings import Settings
from infra.store.failure import Missing
from infra.store.log import may_exist
from infra.store.told import FOR_EVER, Cursor, Told
from projections.alerts import AlertRow, alert_of, row, told

_TOGETHER = 1_000
_EVERY = 1.0
_HEAD = ("decided", "kind", "step", "ticket", "clock", "deadline", "due", "ends", "to")
_LIVING_HEAD = ("decided", "told", *_HEAD[1:])
_WIDTHS = (27, 4, 9, 5, 12, 10, 27, 27, 10, 0)
_DISPENSABLE = ("due", "ends", "step", "to", "clock", "deadline")
_EVERYBODY = "everybody"
# What it ends was told before the first alert that was asked for.
_TOLD_BEFORE = "those told of it"


@click.command(
    epilog="""\b
Examples:
  lhuta alerts --since 2026-03-06T08:00:00+01:00
  lhuta alerts --follow --json
  lhuta alerts desk.jsonl
  lhuta alerts desk.jsonl.gz --as-of 2026-04-15T12:00:00Z --json
"""
)
@history_argument
@policy_option
@as_of_option
@click.option("--since", type=Instant(), metavar="T", help="Only what was decided at T or later.")
@click.option(
    "--follow",
    is_flag=True,
    help="Go on with what is decided next, until Ctrl-C; without --since begin there.",
)
@click.option("--announced", is_flag=True, help="Only alerts that subscribers were told of.")
@format_option("A table for people, or JSON lines for programs.")
@data_option
def alerts(
    history: str | None,
    policies: Policies | None,
    as_of: int | None,
    since: int | None,
    follow: bool,
    announced: bool,
    format: Literal["table", "json"],
    data: Path,
) -> None:
    """List every warning, breach and other alert.

    Without HISTORY.jsonl they are those that the engine has decided. Of a history, or with --as-of
    or --policy, everything up to R is decided now, and nobody is told. The alerts come in the order
    in which they were decided. Each names its ticket and clock, the instant it is about, what it
    ends, and to whom it goes by the policy. Those that the engine has decided say whether they were
    told: what an import brought along, or what was due before the log went live, never was. Where
    the read models were lost, they do not know any more what was told before. "to" and "told" are
    in the table only.
    """
    in_json = format == "json"
    if history is None and as_of is None and policies is None:
        _decided(data, since, follow=follow, announced=announced, in_json=in_json)
    elif follow or announced:
        option = "--follow" if follow else "--announced"
        raise click.UsageError(
            f"{option} is for what the engine decides; name nothing else with it"
        )
    else:
        found = subject(history, policies, data)
        _print(_demanded(found, as_of, since), _Recipients(found.policies), in_json=in_json)


def _demanded(found: Subject, as_of: int | None, since: int | None) -> list[AlertRow]:
    until = found.latest if as_of is None else as_of
    check_moments(found.policies, (until,))
    decided = found.judged(lambda tickets: told(tickets, found.policies, until))
    return [row(alert) for alert in decided if since is None or alert.decided_at >= since]


class _Recipients:
    """Who is told of an alert: those of its kind, or of the kinds that it ends."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._kinds: dict[str, str] = {}

    def of(self, alert: AlertRow) -> str:
        """Return the names of the audiences, by the policy in force when it was decided."""
        self._kinds[alert["id"]] = alert["kind"]
        kinds = [self._kinds.get(ended) for ended in alert["refers"]] or [alert["kind"]]
        known = [kind for kind in kinds if kind is not None]
        if len(known) < len(kinds):
            return _TOLD_BEFORE
        policy = self._policies.in_force(instant.parse(alert["decided_at"]))
        return ", ".join(policy.told(known)) if policy.audiences else _EVERYBODY


def _decided(
    data: Path, since: int | None, *, follow: bool, announced: bool, in_json: bool
) -> None:
    settings = Settings(data)
    with store_errors():
        if not may_exist(settings.log):
            raise Missing(shown(settings.log))
        with opened_log(data, read_only=True) as log:
            recipients = _Recipients(log.policies())
        with Told.opened(settings.models) as models:
            # No ticket has an empty name, so this is just before everything decided since then.
            place: Cursor = (0 if since is None else since, "", 0)
            if not follow:
                found = [one for _, one in _next(models, place, FOR_EVER)]
                _print_decided(found, recipients, announced=announced, in_json=in_json)
                return
            if since is None:
                place = models.end()
            with Stop() as stop:
                while not stop.asked:
                    for reached, one in _next(models, place, models.decided_to()):
                        to = recipients.of(one.row)
                        if one.announced or not announced:
                            _print_one(one, to, in_json=in_json)
                        place = reached
                    stop.wait(_EVERY)


class _Decided(NamedTuple):
    """An alert as the contract writes it, and whether it was announced."""

    row: AlertRow
    announced: bool

    def cells(self, recipients: str) -> tuple[str, ...]:
        decided, *others = _cells(self.row, recipients)
        return (decided, "yes" if self.announced else "no", *others)


def _next(models: Told, after: Cursor, until: int) -> Iterator[tuple[Cursor, _Decided]]:
    while found := models.alerts(after, _TOGETHER, until):
        for one, announced in found:
            after = (one.decided_at, one.ticket, one.number)
            yield after, _Decided(row(alert_of(one)), announced)


def _print(found: Sequence[AlertRow], recipients: _Recipients, *, in_json: bool) -> None:
    if in_json:
        json_lines(found)
    else:
        cells = (_cells(one, recipients.of(one)) for one in found)
        click.echo("\n".join(fitting(_HEAD, cells, _DISPENSABLE)))


def _print_decided(
    found: Sequence[_Decided], recipients: _Recipients, *, announced: bool, in_json: bool
) -> None:
    if in_json:
        json_lines(one.row for one in found if one.announced or not announced)
        return
    # Asked of every alert, in order: an ending goes to those who were told of what it ends.
    known = [(one, recipients.of(one.row)) for one in found]
    cells = (one.cells(to) for one, to in known if one.announced or not announced)
    click.echo("\n".join(fitting(_LIVING_HEAD, cells, _DISPENSABLE)))


def _print_one(one: _Decided, recipients: str, *, in_json: bool) -> None:
    if in_json:
        json_lines([one.row])
    else:
        click.echo(_line(one.cells(recipients)))


def _line(cells: Iterable[str]) -> str:
    """Write a line without knowing what comes after it."""
    return "  ".join(cell.ljust(wide) for cell, wide in zip(cells, _WIDTHS, strict=True)).rstrip()


def _cells(alert: AlertRow, recipients: str) -> tuple[str, ...]:
    name = alert["clock"]
    ends = len(alert["refers"])
    return (
        alert["decided_at"],
        alert["kind"],
        alert["step"] or "-",
        alert["ticket"],
        name if name == "initial" else f"{name}/{alert['instance']}",
        alert["deadline"] or "-",
        alert["due_at"] or "-",
        (alert["reason"] or counted(ends, "alert")) if ends else "-",
        recipients,
    )
