"""Arguments and options that several commands share, so that they mean the same everywhere."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from domain import instant
from domain.hours import OutsideCalendar
from domain.policy import Policies, PoliciesDisagree
from infra.doors.cli.failure import BadData, Unusable
from infra.store.policies import PolicyInvalid, PolicyUnknown, find

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_POLICY = "managry"


class Instant(click.ParamType[int]):
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


history_argument = click.argument("history", metavar="HISTORY.jsonl")

as_of_option = click.option(
    "--as-of",
    type=Instant(),
    metavar="R",
    help="Use only what was recorded by R. Default: the latest recorded time in the file.",
)

at_option = click.option(
    "--at",
    type=Instant(),
    metavar="T",
    help="Judge at T and leave out what happened later. Default: the time of --as-of.",
)


format_option = click.option(
    "--format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table for people, or JSON lines for programs.",
)


def policy_option(command: Command) -> Command:
    """Add `--policy`, which hands the command the versions of one policy."""

    def convert(context: click.Context, parameter: click.Parameter, value: str) -> Policies:
        try:
            return find(value)
        except PolicyUnknown as error:
            raise Unusable(str(error)) from error
        except (PolicyInvalid, PoliciesDisagree) as error:
            raise BadData(str(error)) from error

    return click.option(
        "--policy",
        "policies",
        metavar="NAME|FILE",
        default=DEFAULT_POLICY,
        show_default=True,
        callback=convert,
        help="The policy to judge by: a published one by name (all its versions), or a file.",
    )(command)


def moments(policies: Policies, latest: int, as_of: int | None, at: int | None) -> tuple[int, int]:
    """Return (R, T) of semantics §4: what was recorded by R, judged at T.

    Raises Unusable where one of them lies outside the policy's calendar.
    """
    known_by = latest if as_of is None else as_of
    judged_at = known_by if at is None else at
    check_moments(policies, (known_by, judged_at))
    return known_by, judged_at


def check_moments(policies: Policies, asked: Iterable[int]) -> None:
    """Raise Unusable where an instant that was asked for lies outside the policy's calendar."""
    try:
        for moment in asked:
            policy = policies.in_force(moment)
            for plan in policy.plans:
                policy.check(plan, moment)
    except OutsideCalendar as error:
        raise Unusable(f"{instant.text(moment)}: {error}") from error
