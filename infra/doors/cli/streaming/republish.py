"""`lhuta republish`: a part of the event log, or all of it, sent to Kafka again."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.failure import Unusable
from infra.doors.cli.progress import progress
from infra.doors.cli.streaming.kafka import kafka_errors, named_broker
from infra.settings import Settings


@click.command(
    epilog="""\b
Examples:
  lhuta republish --from 0
  lhuta republish --from 1200345
"""
)
@data_option
@click.option(
    "--from",
    "start",
    type=click.IntRange(0),
    metavar="POSITION",
    required=True,
    help="The first position to send; 0 for the whole log.",
)
def republish(data: Path, start: int) -> None:
    """Send the events of the log from a position on to Kafka again, up to its end.

    It fills topics that were made anew. Readers ignore what they have, and a relay may work at the
    same time. From 0 on, every alert and every clock is published again, too, by `lhuta publish`.
    """
    broker = named_broker()
    with kafka_errors(), progress("positions") as sign:
        from infra import distributed

        try:
            reached = distributed.republish(Settings(data).log, broker, start, sign)
        except distributed.BeyondLog as error:
            raise Unusable(str(error)) from error
    click.echo(f"Sent everything from position {start:,} to {reached:,}.")
