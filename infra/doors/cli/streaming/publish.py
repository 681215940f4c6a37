"""`lhuta publish`: alerts and clocks on their way to Kafka, until it is asked to stop."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.streaming.kafka import kafka_errors, named_broker, run_on
from infra.settings import Settings


@click.command(
    epilog="""\b
Examples:
  LHUTA_DATABASE=postgresql://lhuta@localhost/lhuta LHUTA_KAFKA=localhost:9092 lhuta publish
  lhuta publish 2>> /var/log/lhuta-publish.jsonl
"""
)
@data_option
def publish(data: Path) -> None:
    """Send every alert to the topic ticket-alerts, and every clock's state to ticket-clocks.

    Each is sent at least once, an alert always under the same id. One publishes at a time; a second
    one waits for the end of the first. SIGTERM and Ctrl-C end it after what is under way. What it
    does is written to standard error, one JSON object a line.
    """
    broker = named_broker()
    with kafka_errors():
        from infra import distributed

        with distributed.publishing(Settings(data).log, broker) as run:
            run_on(run)
