"""`lhuta notify`: alerts on their way to the subscribers, until it is asked to stop."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.streaming.kafka import kafka_errors, run_on
from infra.settings import Settings


@click.command(
    epilog="""\b
Examples:
  LHUTA_DATABASE=postgresql://lhuta@localhost/lhuta lhuta notify
  lhuta notify 2>> /var/log/lhuta-notify.jsonl
  lhuta notify --once
"""
)
@data_option
@click.option("--once", is_flag=True, help="End when nothing is left to send, as for a cron job.")
def notify(data: Path, once: bool) -> None:
    """Deliver the alerts of a distributed engine to those who subscribed.

    Several may run, also on different machines: each subscriber is served by one of them at a time,
    so the alerts of a ticket keep their order, and whoever dies is followed by another at once.
    Files and commands of subscribers are those of the machine on which this runs. SIGTERM and
    Ctrl-C end it after what is under way. What it does is written to standard error, one JSON
    object a line.
    """
    with kafka_errors():
        from infra import distributed

        with distributed.notifying(Settings(data).deliveries, once=once) as run:
            run_on(run)
