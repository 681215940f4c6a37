"""`lhuta log`: the event log itself, apart from its tickets."""

from collections.abc import Sequence
from pathlib import Path

import click

from domain import instant
from domain.policy import Policy
from infra.counted import counted
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log, shown, store_errors
from infra.doors.cli.failure import EXIT_BAD_DATA
from infra.doors.cli.output import json_lines
from infra.doors.cli.progress import progress
from infra.settings import Settings
from infra.store.failure import Damaged
from infra.store.log import EventLog, Finding, Head, named

_LABEL = 12
_SHOWN = 20


@click.group()
def log() -> None:
    """Check the event log, and say what it is."""


@log.command(
    epilog="""\b
Examples:
  lhuta log verify
  lhuta log verify --json --data /srv/support
""",
)
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def verify(data: Path, as_json: bool) -> None:
    """Read the whole log and check that it is what was recorded.

    Checks the chain of hashes from the first event to the head, positions and versions without a
    gap, times that never fall, commands, the digests of the words that still exist, and the
    policies. Names the first position that does not hold; the exit status is then 3. A log whose
    end was cut off together with its head can only be found by a head that you kept elsewhere.
    """
    head, findings = _examined(data)
    if as_json:
        json_lines(
            [
                {
                    "holds": not findings,
                    "position": None if head is None else head.position,
                    "recorded_at": None if head is None else instant.text(head.recorded_at),
                    "hash": None if head is None else head.hash.hex(),
                    "findings": [finding._asdict() for finding in findings],
                }
            ]
        )
    elif head is not None and not findings:
        click.echo(f"{shown(Settings(data).log)} holds: {_head(head)}.")
    if findings:
        if not as_json:
            _complain(data, findings)
        raise SystemExit(EXIT_BAD_DATA)


def _examined(data: Path) -> tuple[Head | None, list[Finding]]:
    """Return the head, None where it cannot be read, and everything that does not hold."""
    with store_errors():
        try:
            with EventLog.examine(Settings(data).log) as log, progress("events") as sign:
                # The head first: what is verified then goes at least as far.
                return _head_of(log), log.verify(sign)
        except Damaged as error:
            return None, [Finding(None, "file", error.detail)]


def _head_of(log: EventLog) -> Head | None:
    try:
        return log.head()
    except Damaged:
        return None


@log.command(
    epilog="""\b
Examples:
  lhuta log info
  lhuta log info --json
""",
)
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def info(data: Path, as_json: bool) -> None:
    """Say what the log is and where it stands.

    The head is the position, the time and the hash of the last event. Whoever keeps it elsewhere
    can prove later that nothing before it was changed.
    """
    with opened_log(data, read_only=True) as log:
        head, policies = log.head(), [_policy(policy) for policy in log.policies().versions]
        size = log.size()
        row = {
            "log": named(Settings(data).log),
            "log_id": log.log_id,
            "source": log.source,
            "partitions": log.partitions,
            "policies": policies,
            "live_from": instant.text(log.live_from),
            "position": head.position,
            "recorded_at": instant.text(head.recorded_at),
            "hash": head.hash.hex(),
            "bytes": size,
        }
    if as_json:
        json_lines([row])
        return
    facts = (
        (
            "log",
            f"{shown(Settings(data).log)}, {counted(size, 'byte')}, id {row['log_id']}",
        ),
        ("source", f"{row['source']}, partitions: {row['partitions']}"),
        *(
            ("policy", f"{one['policy']}, in force since {one['effective_from'] or 'ever'}")
            for one in policies
        ),
        ("announces", f"deadlines from {row['live_from']} on"),
        ("head", _head(head)),
        ("hash", row["hash"]),
    )
    click.echo("\n".join(f"{label:<{_LABEL}}{text}" for label, text in facts))


def _policy(policy: Policy) -> dict[str, str | None]:
    since = policy.effective_from
    return {
        "policy": policy.label,
        "effective_from": None if since is None else instant.text(since),
        "digest": policy.digest,
    }


def _head(head: Head) -> str:
    return f"{counted(head.position, 'event')} up to {instant.text(head.recorded_at)}"


def _complain(data: Path, findings: Sequence[Finding]) -> None:
    first = findings[0]
    click.echo(
        f"Error: {shown(Settings(data).log)} does not hold, first {_place(first)}:", err=True
    )
    for finding in findings[:_SHOWN]:
        click.echo(f"  {_place(finding)}: {finding.message} ({finding.what})", err=True)
    if len(findings) > _SHOWN:
        click.echo(f"  and {len(findings) - _SHOWN:,} more", err=True)
    click.echo(
        "Keep a copy of the folder as it is, and go on with the last backup that holds.", err=True
    )


def _place(finding: Finding) -> str:
    return "in the whole log" if finding.position is None else f"at position {finding.position}"
