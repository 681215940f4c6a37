"""Arguments and options that several commands share, so that they mean the same everywhere."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from domain import instant
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.doors.cli.failure import BadData, Unusable
from infra.settings import LHUTA_DATABASE, Settings
from infra.store.place import is_url
from infra.store.policies import PolicyInvalid, PolicyUnknown, find

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_POLICY = "managry"
LHUTA_DATA = "LHUTA_DATA"
DEFAULT_FOLDER = ".lhuta"


class Instant(click.ParamType):
    """An instant with an offset, given in RFC 3339 and kept in microseconds."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the instant; fail with the reason where the text names none."""
        if isinstance(value, int):
            return value
        try:
            return instant.parse(value)
        except instant.NotAnInstant as error:
            self.fail(str(error), param, ctx)


def _beside_a_database(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    """Refuse a database that is none: it would be taken for the name of a file."""
    database = Settings(value).database
    # It is not shown: there may be a password in it.
    if database is not None and not is_url(database):
        raise Unusable(
            f"{LHUTA_DATABASE} is no URL of a PostgreSQL database: write it as "
            "postgresql://USER@HOST:PORT/DATABASE, or take it away"
        )
    return value


data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar=LHUTA_DATA,
    default=DEFAULT_FOLDER,
    show_default=True,
    callback=_beside_a_database,
    help=f"The data folder, also as {LHUTA_DATA} in the environment.",
)


output_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the events there, whole or not at all; compressed if the name ends in .gz. "
    "Default: standard output.",
)


def language_option(what: str = "The language.") -> Callable[[Command], Command]:
    """Add `--lang`, English or Czech."""
    return click.option(
        "--lang", type=click.Choice(["en", "cs"]), default="en", show_default=True, help=what
    )


def format_option(what: str) -> Callable[[Command], Command]:
    """Add `--format`, a table or JSON, and `--json` as the short way to say the latter."""

    def decorate(command: Command) -> Command:
        command = click.option(
            "--json", "format", flag_value="json", help="The same as --format json."
        )(command)
        return click.option(
            "--format",
            type=click.Choice(["table", "json"]),
            default="table",
            show_default=True,
            help=what,
        )(command)

    return decorate


def policy_option(command: Command) -> Command:
    """Add `--policy`, which hands the command the versions of one policy."""

    def convert(context: click.Context, parameter: click.Parameter, value: str) -> Policies:
        return policies_of(value)

    return click.option(
        "--policy",
        "policies",
        metavar="NAME|FILE",
        default=DEFAULT_POLICY,
        show_default=True,
        callback=convert,
        help="The policy to judge by: a published one by name (all its versions), or a file.",
    )(command)


def policies_of(name: str) -> Policies:
    """Find a policy by name or file; raises Unusable for none, BadData for one that is wrong."""
    try:
        return find(name)
    except PolicyUnknown as error:
        raise Unusable(str(error)) from error
    except PolicyInvalid as error:
        raise BadData(str(error)) from error


def check_moments(policies: Policies, asked: Iterable[int]) -> None:
    """Raise Unusable where an instant that was asked for lies outside the policy's calendar."""
    try:
        for moment in asked:
            policy = policies.in_force(moment)
            for plan in policy.plans:
                policy.check(plan, moment)
    except OutsideCalendar as error:
        raise Unusable(f"{instant.text(moment)}: {error}") from error
