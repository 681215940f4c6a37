"""`lhuta relay`: the event log on its way to Kafka, until it is asked to stop."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.streaming.kafka import kafka_errors, named_broker, run_on
from infra.settings import Settings


@click.command(
    epilog="""\b
Examples:
  LHUTA_DATABASE=postgresql://lhuta@localhost/lhuta LHUTA_KAFKA=localhost:9092 lhuta relay
  lhuta relay 2>> /var/log/lhuta-relay.jsonl
"""
)
@data_option
def relay(data: Path) -> None:
    """Send what the event log records to Kafka, and every second how far time has come.

    One relays at a time; a second one waits for the end of the first. SIGTERM and Ctrl-C end it
    after what is under way; killed at any point, it loses nothing and goes on where it was. What
    it does is written to standard error, one JSON object a line.
    """
    broker = named_broker()
    with kafka_errors():
        from infra import distributed

        with distributed.relaying(Settings(data).log, broker) as run:
            run_on(run)
