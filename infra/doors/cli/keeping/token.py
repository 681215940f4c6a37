"""`lhuta token`: who may use the HTTP API, and as what."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from domain import instant
from domain.command import check_identifier
from domain.refusal import Refusal
from domain.vocabulary import check_plan
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import Refused, opened_log, store_errors
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import columns, json_lines
from infra.settings import Settings
from infra.store.access import (
    ROLES,
    Holder,
    Token,
    TokenUnknown,
    digest_of,
    opened,
    secret,
)
from infra.store.failure import Missing
from infra.store.log import wall_clock

DAYS = 90
_HEAD = ("token", "role", "id", "plan", "state", "made", "expires")

json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


@click.group()
def token() -> None:
    """Make, list and revoke the tokens of the HTTP API.

    A token is a secret of one person or program. It says who they are and what they may do:

    \b
      customer    own tickets: open, reply, verify, and look at them
      agent       every ticket: open, reply, respond, workaround, resolve
      specialist  what an agent may, and triage and verify
      auditor     everything but what people wrote; gives no command
      operator    the state of the engine, board and alerts; no ticket
    """


@token.command(
    epilog="""\b
Examples:
  lhuta token add agent a-2
  lhuta token add customer c-17 --plan premium --days 30
"""
)
@click.argument("role", type=click.Choice(ROLES))
@click.argument("holder", metavar="ID")
@click.option("--plan", help="What a customer bought; their tickets are opened under it.")
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=DAYS,
    show_default=True,
    help="It expires after so many days.",
)
@json_option
@data_option
def add(role: Any, holder: str, plan: str | None, days: int, as_json: bool, data: Path) -> None:
    """Make a token for somebody, and show it once.

    ID is who acts with it: a customer's own id, or the id of an agent. Only a digest of the token
    is kept, so a lost one is revoked and made anew.
    """
    if (plan is None) == (role == "customer"):
        raise click.UsageError("a customer's token needs --plan, and no other takes it")
    try:
        check_identifier("id", holder)
        with opened_log(data, read_only=True) as log:
            now = wall_clock()
            if plan is not None:
                check_plan(plan, log.policies().in_force(now))
    except Refusal as refusal:
        raise Refused(refusal) from refusal
    shown_once = secret()
    with store_errors(), opened(Settings(data).access) as tokens:
        made = tokens.add(
            Holder(role, holder, plan), digest_of(shown_once), now, now + days * instant.DAY
        )
    if as_json:
        json_lines([{**_row(made, now), "secret": shown_once}])
        return
    expires = instant.text(made.expires_at - made.expires_at % instant.SECOND)
    click.echo(f"{made.name}, {role} {holder}, until {expires}. It is shown this once:")
    click.echo(shown_once)


@token.command("list", epilog="\b\nExample:\n  lhuta token list\n")
@json_option
@data_option
def list_(as_json: bool, data: Path) -> None:
    """List every token that was made, with its state; the secrets are not kept."""
    now = wall_clock()
    with opened_log(data, read_only=True):
        found = _all(data)
    if as_json:
        json_lines(_row(one, now) for one in found)
    elif found:
        click.echo("\n".join(columns(_HEAD, _cells(found, now))))
    else:
        click.echo("There is no token; make one with `lhuta token add`.")


@token.command(epilog="\b\nExample:\n  lhuta token revoke K-1\n")
@click.argument("name", metavar="TOKEN")
@data_option
def revoke(name: str, data: Path) -> None:
    """End a token; a server that runs learns of it within two seconds.

    TOKEN is its name, such as K-1.
    """
    with opened_log(data, read_only=True), opened(Settings(data).access) as tokens:
        try:
            ended = tokens.revoke(name, wall_clock())
        except TokenUnknown as error:
            raise Unusable(str(error)) from error
    click.echo(f"{ended.name} of {ended.holder.role} {ended.holder.id} is revoked.")


def _all(data: Path) -> Sequence[Token]:
    try:
        with opened(Settings(data).access, read_only=True) as tokens:
            return tokens.all()
    except Missing:
        return ()


def _state(token: Token, now: int) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "good" if token.holds(now) else "expired"


def _row(token: Token, now: int) -> dict[str, Any]:
    revoked = token.revoked_at
    return {
        "token": token.name,
        "role": token.holder.role,
        "id": token.holder.id,
        "plan": token.holder.plan,
        "state": _state(token, now),
        "created_at": instant.text(token.created_at),
        "expires_at": instant.text(token.expires_at),
        "revoked_at": None if revoked is None else instant.text(revoked),
    }


def _cells(tokens: Sequence[Token], now: int) -> Iterator[Sequence[str]]:
    for one in tokens:
        made, expires = (
            instant.text(at - at % instant.SECOND) for at in (one.created_at, one.expires_at)
        )
        holder = one.holder
        yield (
            one.name,
            holder.role,
            holder.id,
            holder.plan or "-",
            _state(one, now),
            made,
            expires,
        )
