"""`lhuta topics`: the topics on Kafka, made and held to what they must be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.counted import counted
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import opened_log
from infra.doors.cli.failure import BadData
from infra.doors.cli.output import json_lines
from infra.doors.cli.streaming.kafka import kafka_errors, named_broker
from infra.settings import Settings

if TYPE_CHECKING:
    from streams.topic import Fault, Topics


@click.group()
def topics() -> None:
    """Make and check the topics on Kafka: ticket-events, -watermarks, -clocks and -alerts.

    LHUTA_KAFKA says where Kafka is (host:port); `docs/distributed.md` has the other settings.
    """


@topics.command(
    epilog="""\b
Examples:
  LHUTA_KAFKA=localhost:9092 lhuta topics create
  lhuta topics create --replication 3
"""
)
@data_option
@click.option(
    "--replication",
    type=click.IntRange(1, 32_767),
    metavar="N",
    help="How many copies of a new topic there are; default: as the cluster is set up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def create(data: Path, replication: int | None, as_json: bool) -> None:
    """Make the topics that are missing, with as many partitions as the event log has.

    Topics that are there are left as they are; those that do not fit the log are named, and the
    exit status is then 3.
    """
    with _topics_of(data) as (found, partitions):
        made = found.create(partitions, replication)
        faults = found.check(partitions)
    if as_json:
        json_lines([{"created": made, **_checked(partitions, faults)}])
    else:
        for name in made:
            click.echo(f"Created {name} with {counted(partitions, 'partition')}.")
        if not made and not faults:
            click.echo(f"All topics are there, with {counted(partitions, 'partition')} each.")
    _complain(faults)


@topics.command(
    epilog="""\b
Examples:
  lhuta topics check
  lhuta topics check --json
"""
)
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def check(data: Path, as_json: bool) -> None:
    """Check that every topic is there and as it must be: partitions, retention, compaction.

    Each fault is named with its cure; the exit status is then 3.
    """
    with _topics_of(data) as (found, partitions):
        faults = found.check(partitions)
    if as_json:
        json_lines([_checked(partitions, faults)])
    elif not faults:
        click.echo(f"All topics are as they must be, with {counted(partitions, 'partition')} each.")
    _complain(faults)


@contextmanager
def _topics_of(data: Path) -> Iterator[tuple["Topics", int]]:
    """Reach the topics of a log, and tell its partitions.

    A log in a file has none: topics held against one by mistake would seem to need deleting.
    """
    broker = named_broker()
    with kafka_errors():
        from infra.distributed import database
        from streams.topic import opened

        database(Settings(data).log)
        with opened_log(data, read_only=True) as log, opened(broker) as found:
            yield found, log.partitions


def _checked(partitions: int, faults: "list[Fault]") -> dict[str, object]:
    return {
        "holds": not faults,
        "partitions": partitions,
        "faults": [fault._asdict() for fault in faults],
    }


def _complain(faults: "list[Fault]") -> None:
    if faults:
        raise BadData("\n  ".join(fault.message for fault in faults))
