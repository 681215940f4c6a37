"""`lhuta policy`: check a policy, show it to people, propose its public holidays."""

import re
from pathlib import Path
from typing import NamedTuple

import click

from infra.counted import counted
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
    succession,
)
from infra.store.policies.folder import file_name

MOST_YEARS = 100


class _Outcome(NamedTuple):
    """What became of one file: read, and no problem, is valid."""

    path: str
    file: PolicyFile | None
    problems: tuple[Problem, ...] = ()
    unreadable: str | None = None


def published(name_or_path: str) -> tuple[PolicyFile, ...]:
    """Return every version of a policy, the oldest first, for a command to use.

    Raises Unusable where none can be read, and BadData where one is wrong.
    """
    try:
        return files(name_or_path)
    except PolicyUnknown as error:
        raise Unusable(str(error)) from error
    except PolicyInvalid as error:
        raise BadData(str(error)) from error


@click.group()
def policy() -> None:
    """Check support policies and show them to people.

    A policy is named by its NAME or by the path of its file. Names are sought in the folder that
    the environment variable LHUTA_POLICIES names, else in ./policies, else among the policies
    that come with lhuta.
    """


@policy.command(
    short_help="Tell everything that is wrong with policy files.",
    epilog="""\b
Examples:
  lhuta policy check acme.toml
  lhuta policy check policies/acme.toml policies/acme@2.toml
  lhuta policy check policies/*.toml --json
""",
)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def check(paths: tuple[str, ...], as_json: bool) -> None:
    """Check policy files and tell everything that is wrong with them.

    Several versions of one policy are also checked against each other. Exit status: 0 when all
    is well, 3 when a file is wrong, 2 when one cannot be read.
    """
    outcomes = _outcomes(tuple(dict.fromkeys(paths)))
    if as_json:
        _print_json(outcomes)
    else:
        _print_lines(outcomes)
    if any(outcome.problems for outcome in outcomes):
        raise SystemExit(EXIT_BAD_DATA)
    if any(outcome.unreadable for outcome in outcomes):
        raise SystemExit(EXIT_USAGE)


@policy.command(
    short_help="Show a policy as its customers may read it.",
    epilog="""\b
Examples:
  lhuta policy show
  lhuta policy show managry --lang cs --year 2026
  lhuta policy show ./acme.toml --json
""",
)
@click.argument("name", metavar="[NAME|FILE]", default=DEFAULT_POLICY)
@click.option("--lang", "language", type=click.Choice(["en", "cs"]), default="en", help="Language.")
@click.option("--year", type=int, help="List the public holidays of this year.")
@click.option("--version", type=int, help="This version of the policy instead of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print the policy as one JSON object.")
def show(name: str, language: str, year: int | None, version: int | None, as_json: bool) -> None:
    """Show a policy as its customers may read it; without a name, managry."""
    file = _version(published(name), version)
    calendar = file.calendar
    if year is not None and not calendar.first_year <= year <= calendar.last_year:
        raise Unusable(
            f"the calendar of {file.policy.label} covers {calendar.first_year} to "
            f"{calendar.last_year}, not {year}"
        )
    if as_json:
        import orjson

        from infra.doors.answers.policy import row

        click.echo(orjson.dumps(row(file, year), option=orjson.OPT_INDENT_2))
    else:
        from rich.console import Console

        from infra.doors.cli.policy import sheet

        console = Console(width=output.width(), highlight=False, markup=False, emoji=False)
        sheet.show(console, file, "cs" if language == "cs" else "en", year)


@policy.command(
    short_help="Propose a country's public holidays for a policy.",
    epilog="""\b
Examples:
  lhuta policy holidays --country CZ --years 2010-2040
  lhuta policy holidays --country DE --subdivision BY --years 2026 --lang en
""",
)
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


def _outcomes(paths: tuple[str, ...]) -> list[_Outcome]:
    """Read every file, then hold the versions of each policy against each other."""
    outcomes = [_outcome(path) for path in paths]
    files = {outcome.path: outcome.file for outcome in outcomes if outcome.file is not None}
    # What seems to be missing may be the file that is wrong.
    conflicts = succession.problems(files, gaps=len(files) == len(paths))
    return [
        outcome._replace(problems=outcome.problems + conflicts.get(outcome.path, ()))
        for outcome in outcomes
    ]


def _outcome(path: str) -> _Outcome:
    try:
        return _Outcome(path, read(path))
    except PolicyInvalid as error:
        return _Outcome(path, None, problems=error.problems)
    except PolicyUnreadable as error:
        return _Outcome(path, None, unreadable=str(error))


def _print_lines(outcomes: list[_Outcome]) -> None:
    for path, file, problems, unreadable in outcomes:
        if unreadable is not None:
            click.echo(unreadable, err=True)
        for problem in problems:
            click.echo(str(problem), err=True)
        if file is None or problems:
            continue
        policy, calendar = file.policy, file.calendar
        click.echo(
            f"{path}: {policy.label} is valid ({counted(len(policy.plans), 'plan')}, "
            f"{counted(len(policy.severities), 'severity', 'severities')}, "
            f"{counted(len(calendar.holidays), 'holiday')} "
            f"{calendar.first_year}-{calendar.last_year})"
        )
        expected = file_name(policy)
        if Path(path).name != expected:
            click.echo(f"{path}: to be found by its name it must be called {expected}")


def _print_json(outcomes: list[_Outcome]) -> None:
    import orjson

    for path, file, problems, unreadable in outcomes:
        result = {
            "file": path,
            "valid": file is not None and not problems,
            "policy": None if file is None else file.policy.label,
            "digest": None if file is None else file.policy.digest,
            "problems": [problem._asdict() for problem in problems],
            "unreadable": unreadable,
        }
        click.echo(orjson.dumps(result))
