"""`lhuta worker`: a share of the partitions, from Kafka into the read models."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.failure import Unusable
from infra.doors.cli.running.living import desk_errors
from infra.doors.cli.streaming.kafka import kafka_errors, named_broker
from infra.engine.log_lines import logging_to
from infra.settings import Settings


@click.command(
    epilog="""\b
Examples:
  LHUTA_DATABASE=postgresql://lhuta@localhost/lhuta LHUTA_KAFKA=localhost:9092 lhuta worker
  lhuta worker --web-port 6066 2>> /var/log/lhuta-worker.jsonl
"""
)
@data_option
@click.option(
    "--web-port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    default=6066,
    show_default=True,
    help="Where monitors ask on the loopback interface: /health/live, /health/ready, /metrics; "
    "0 for any port that is free.",
)
def worker(data: Path, web_port: int) -> None:
    """Keep the read models of a share of the partitions in step with the event log.

    Any number of workers divide the partitions among them; one that comes or goes costs no event.
    What comes over Kafka is applied as long as nothing is missing, and what is missing is read from
    the log. SIGTERM and Ctrl-C end it after what is under way. It stops at the first failure that
    belongs to no ticket: a supervisor starts it again. What it does is written to standard error,
    one JSON object a line.
    """
    broker = named_broker()
    with kafka_errors(), desk_errors(), logging_to(None, "json"):
        from infra import distributed
        from infra.worker.monitor import PortTaken

        try:
            distributed.work(Settings(data).log, broker, web_port)
        except PortTaken as error:
            raise Unusable(str(error)) from error
