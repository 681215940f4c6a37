"""`lhuta init`: a data folder with an empty event log and the policy to judge by."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import click

from domain import instant
from domain.policy import Policies
from infra.doors.cli.arguments import DEFAULT_POLICY, data_option
from infra.doors.cli.data_folder import StoreUnusable, shown, store_errors
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.cli.output import json_lines
from infra.settings import LHUTA_DATABASE, Settings
from infra.store.log import EventLog, is_url, named, wall_clock
from infra.store.policies import PolicyFile, PolicyInvalid, PolicyUnknown, files
from streams.envelope import SOURCE

_SOURCE = re.compile(r"[!-~]{1,256}", re.ASCII)
_MOST_PARTITIONS = 1_024


def _without_password(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Refuse a password where everybody on this machine can read it, and what is no URL."""
    if value is None:
        return None
    if not is_url(value):
        raise click.BadParameter("write it as postgresql://USER@HOST:PORT/DATABASE")
    if ":" in urlsplit(value).netloc.rpartition("@")[0] or "password" in parse_qs(
        urlsplit(value).query
    ):
        raise click.BadParameter(
            "take the password out of the URL: put it in a file that PGPASSFILE or "
            "LHUTA_DATABASE_PASSWORD_FILE names"
        )
    return value


@click.command(
    epilog="""\b
Examples:
  lhuta init
  lhuta init --policy our-policy.toml --data /srv/support
  lhuta init --database postgresql://lhuta@db.example.com/lhuta --partitions 12
""",
)
@data_option
@click.option(
    "--policy",
    "policy",
    metavar="NAME|FILE",
    default=DEFAULT_POLICY,
    show_default=True,
    help="The policy to judge by: a published one by name, or a file.",
)
@click.option(
    "--source",
    metavar="URI",
    default=SOURCE,
    show_default=True,
    help="The source that all events name. It never changes.",
)
@click.option(
    "--partitions",
    type=click.IntRange(1, _MOST_PARTITIONS),
    default=1,
    show_default=True,
    help="Into how many partitions tickets are divided. It never changes; one machine needs one.",
)
@click.option(
    "--database",
    metavar="URL",
    envvar=LHUTA_DATABASE,
    show_envvar=True,
    callback=_without_password,
    help="Keep the log in this PostgreSQL database and not in the data folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def init(
    data: Path, policy: str, source: str, partitions: int, database: str | None, as_json: bool
) -> None:
    """Create the data folder with an empty event log.

    The policy is written into the log and is in force since ever; versions of it that take force
    later are published, too. A log that is there already is left as it is (exit status 5).
    """
    if not _SOURCE.fullmatch(source):
        raise Unusable(f"--source {source!r} is no URI; use 1 to 256 characters without blanks")
    settings = Settings(data, database)
    now = wall_clock()
    first, later = _versions(policy, now)
    _create_folder(data)
    with store_errors():
        log = EventLog.create(
            settings.log,
            policy_bytes=first.content,
            source=source,
            partitions=partitions,
            live_from=now,
            now=now,
        )
        with log:
            for file in later:
                log.publish(file.content)
            policies = log.policies()
            log_id = log.log_id
    if as_json:
        labels = [version.label for version in policies.versions]
        json_lines(
            [
                {
                    "log": named(settings.log),
                    "log_id": log_id,
                    "policies": labels,
                    "created_at": instant.text(now),
                }
            ]
        )
        return
    click.echo(f"Created {shown(settings.log)}, judged by {first.policy.label} since ever.")
    for file in later:
        since = instant.text(file.policy.effective_from or 0)
        click.echo(f"{file.policy.label} will be in force from {since}.")
    if database != Settings(data).database:
        click.echo(f"The other commands find it where {LHUTA_DATABASE} has the same URL.")
    plans = "|".join(first.policy.plans)
    click.echo(f"Next: lhuta open --customer c-1 --plan {plans}, or lhuta import HISTORY.jsonl.")


def _versions(name_or_file: str, now: int) -> tuple[PolicyFile, Sequence[PolicyFile]]:
    """Return the version that is in force now, and those that will be."""
    try:
        found = files(name_or_file)
        current = Policies(tuple(file.policy for file in found)).in_force(now)
    except PolicyUnknown as error:
        raise Unusable(str(error)) from error
    except PolicyInvalid as error:
        raise BadData(str(error)) from error
    versions = [file.policy.version for file in found]
    place = versions.index(current.version)
    return found[place], found[place + 1 :]


def _create_folder(data: Path) -> None:
    try:
        # What customers write is nobody else's business on this machine.
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(f"{data} cannot be created: {error.strerror or error}") from error
