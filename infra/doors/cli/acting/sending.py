"""What every command to a ticket is sent with: by whom, under which id, to which data folder."""

import getpass
import os
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid4

import click

from infra.doors.cli.arguments import Instant, data_option

LHUTA_ACTOR = "LHUTA_ACTOR"

Command = TypeVar("Command", bound=Callable[..., Any])


class Sending(NamedTuple):
    """How a command is sent, and how its outcome is told."""

    data: Path
    actor: str
    command_id: str
    correlation_id: str | None
    causation_id: str | None
    as_json: bool


def default_actor() -> str:
    """Return who acts unless the caller says otherwise: the user of this machine, as an agent."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        user = f"uid-{os.getuid()}"
    return f"agent:{re.sub('[^A-Za-z0-9._-]', '-', user)[:64] or 'unknown'}"


actor_option = click.option(
    "--actor",
    metavar="KIND:ID",
    envvar=LHUTA_ACTOR,
    default=default_actor,
    help="Who does it: customer:<id>, agent:<id> or system:<name>. "
    f"Default: {LHUTA_ACTOR} in the environment, else agent:<your user name>.",
)

at_option = click.option(
    "--at",
    "occurred_at",
    type=Instant(),
    metavar="TIME",
    help="When it happened, if that was earlier, such as 2026-03-06T16:30:00+01:00.",
)

ticket_argument = click.argument("ticket", metavar="TICKET")

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON, for programs."
)

_OPTIONS = (
    actor_option,
    click.option(
        "--command-id",
        type=click.UUID,
        metavar="UUID",
        help="The id of this command. The same one again, with the same content, gets the first "
        "outcome and adds nothing. Default: a new one.",
    ),
    click.option(
        "--correlation-id", metavar="ID", help="What this belongs to. Default: the command id."
    ),
    click.option("--causation-id", metavar="ID", help="The event or command that caused this."),
    data_option,
    json_option,
)


def sending_options(command: Command) -> Callable[..., Any]:
    """Add the options that all seven commands have, handed over as one `sending`."""

    @wraps(command)
    def collected(
        *arguments: Any,
        data: Path,
        actor: str,
        command_id: UUID | None,
        correlation_id: str | None,
        causation_id: str | None,
        as_json: bool,
        **others: Any,
    ) -> Any:
        identifier = str(command_id or uuid4())
        sending = Sending(data, actor, identifier, correlation_id, causation_id, as_json)
        return command(*arguments, sending=sending, **others)

    decorated: Callable[..., Any] = collected
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
