"""`lhuta policy`: check a policy, show it to people, propose its public holidays."""

import re

import click

from domain.policy import Policies, PoliciesDisagree
from infra.doors.cli import output
from infra.doors.cli.arguments import DEFAULT_POLICY
from infra.doors.cli.failure import EXIT_BAD_DATA, EXIT_USAGE, BadData, Unusable
from infra.store.policies import (
    PolicyFile,
    PolicyInvalid,
    PolicyUnknown,
    PolicyUnreadable,
    Problem,
    files,
    read,
)
from infra.store.policies.folder import file_name

MOST_YEARS = 100


def published(name_or_path: str) -> tuple[PolicyFile, ...]:
    """Return every version of a policy, the oldest first, for a command to use.

    Raises Unusable where none can be read, and BadData where one is wrong.
    """
    try:
        found = files(name_or_path)
        Policies(tuple(file.policy for file in found))
    except PolicyUnknown as error:
        raise Unusable(str(error)) from error
    except (PolicyInvalid, PoliciesDisagree) as error:
        raise BadData(str(error)) from error
    return found


@click.group()
def policy() -> None:
    """Check support policies and show them to people.

    A policy is named by its NAME or by the path of its file. Names are sought in the folder that
    the environment variable LHUTA_POLICIES names, else in ./policies, else among the policies
    that come with lhuta.
    """


@policy.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def check(paths: tuple[str, ...], as_json: bool) -> None:
    """Check policy files and tell everything that is wrong with them.

    Several versions of one policy are also checked against each other. Exit status: 0 when all
    is well, 3 when a file is wrong, 2 when one cannot be read.

    \b
    Example:
        lhuta policy check policies/acme.toml policies/acme@2.toml
    """
    good: dict[str, PolicyFile] = {}
    bad: dict[str, tuple[Problem, ...]] = {}
    unreadable: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        try:
            good[path] = read(path)
        except PolicyInvalid as error:
            bad[path] = error.problems
        except PolicyUnreadable as error:
            unreadable[path] = str(error)
    quarrels = _quarrels(good)
    if as_json:
        _print_json(tuple(dict.fromkeys(paths)), good, bad, unreadable, quarrels)
    else:
        _print_lines(good, bad, unreadable, quarrels)
    if bad or quarrels:
        raise SystemExit(EXIT_BAD_DATA)
    if unreadable:
        raise SystemExit(EXIT_USAGE)


@policy.command()
@click.argument("name", metavar="[NAME|FILE]", default=DEFAULT_POLICY)
@click.option("--lang", "language", type=click.Choice(["en", "cs"]), default="en", help="Language.")
@click.option("--year", type=int, help="List the public holidays of this year.")
@click.option("--version", type=int, help="This version of the policy instead of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print the policy as one JSON object.")
def show(name: str, language: str, year: int | None, version: int | None, as_json: bool) -> None:
    """Show a policy as its customers may read it; without a name, managry.

    \b
    Examples:
        lhuta policy show
        lhuta policy show managry --lang cs --year 2026
        lhuta policy show ./acme.toml --json
    """
    file = _version(published(name), version)
    calendar = file.calendar
    if year is not None and not calendar.first_year <= year <= calendar.last_year:
        raise Unusable(
            f"the calendar of {file.policy.label} covers {calendar.first_year} to "
            f"{calendar.last_year}, not {year}"
        )
    from infra.doors.cli.policy import sheet

    if as_json:
        import orjson

        click.echo(orjson.dumps(sheet.data(file, year), option=orjson.OPT_INDENT_2))
    else:
        from rich.console import Console

        console = Console(width=output.width(), highlight=False, markup=False, emoji=False)
        sheet.show(console, file, "cs" if language == "cs" else "en", year)


@policy.command()
@click.option("--country", required=True, metavar="CODE", help="Two letters, such as CZ.")
@click.option("--years", required=True, metavar="FIRST-LAST", help="Such as 2010-2040, or 2041.")
@click.option("--subdivision", metavar="CODE", help="A part of the country with its own holidays.")
@click.option(
    "--lang",
    "languages",
    type=click.Choice(["en", "cs"]),
    multiple=True,
    default=("en", "cs"),
    help="Languages of the names, where they are known; may be repeated. [default: both]",
)
def holidays(country: str, years: str, subdivision: str | None, languages: tuple[str, ...]) -> None:
    """Propose the public holidays of a country, to paste into a policy.

    Compare them with the law before you publish the policy: laws change, and some dates are
    estimates. A published policy never changes its holidays by itself.

    \b
    Example:
        lhuta policy holidays --country CZ --years 2010-2040
    """
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", years, re.ASCII)
    if match is None:
        raise click.BadParameter("write FIRST-LAST, such as 2010-2040", param_hint="--years")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < first + MOST_YEARS:
        raise click.BadParameter(
            f"the first year comes first, and at most {MOST_YEARS} years at a time",
            param_hint="--years",
        )
    from infra.store.policies import holiday

    try:
        click.echo(holiday.calendar(country, first, last, subdivision, languages))
    except holiday.NoSuchCalendar as error:
        raise Unusable(str(error)) from error


def _version(found: tuple[PolicyFile, ...], version: int | None) -> PolicyFile:
    if version is None:
        return found[-1]
    for file in found:
        if file.policy.version == version:
            return file
    known = ", ".join(file.policy.label for file in found)
    raise Unusable(f"there is no version {version}; known are {known}")


def _quarrels(good: dict[str, PolicyFile]) -> list[str]:
    """Return why versions of one policy cannot stand together, for each such policy."""
    by_name: dict[str, list[PolicyFile]] = {}
    for file in good.values():
        by_name.setdefault(file.policy.name, []).append(file)
    quarrels: list[str] = []
    for versions in by_name.values():
        try:
            Policies(tuple(file.policy for file in versions))
        except PoliciesDisagree as error:
            quarrels.append(str(error))
    return quarrels


def _print_lines(
    good: dict[str, PolicyFile],
    bad: dict[str, tuple[Problem, ...]],
    unreadable: dict[str, str],
    quarrels: list[str],
) -> None:
    for path, file in good.items():
        policy, calendar = file.policy, file.calendar
        click.echo(
            f"{path}: {policy.label} is valid ({len(policy.plans)} plans, "
            f"{len(policy.severities)} severities, {len(calendar.holidays)} holidays "
            f"{calendar.first_year}-{calendar.last_year})"
        )
        expected = file_name(policy)
        if not path.endswith(expected):
            click.echo(f"{path}: to be found by its name it must be called {expected}")
    for problems in bad.values():
        for problem in problems:
            click.echo(str(problem), err=True)
    for message in (*unreadable.values(), *quarrels):
        click.echo(message, err=True)


def _print_json(
    paths: tuple[str, ...],
    good: dict[str, PolicyFile],
    bad: dict[str, tuple[Problem, ...]],
    unreadable: dict[str, str],
    quarrels: list[str],
) -> None:
    import orjson

    for path in paths:
        file = good.get(path)
        result = {
            "file": path,
            "valid": file is not None,
            "policy": None if file is None else file.policy.label,
            "digest": None if file is None else file.policy.digest,
            "problems": [problem._asdict() for problem in bad.get(path, ())],
            "unreadable": unreadable.get(path),
        }
        click.echo(orjson.dumps(result))
    for message in quarrels:
        click.echo(message, err=True)
