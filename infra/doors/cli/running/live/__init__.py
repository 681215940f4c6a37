"""`lhuta live`: a made-up desk that is busy around now, for a first look at the engine."""

from pathlib import Path

import click

from infra.doors.cli.arguments import data_option, language_option
from infra.doors.cli.running.serving import Http, http_options, no_http_option
from infra.engine.log_lines import logging_to
from infra.settings import Settings
from infra.store.log import wall_clock
from projections.wording import Language


@click.command(
    epilog="""\b
Examples:
  lhuta live
  lhuta live --data ../desk --for 120
  lhuta live --distributed --data .lhuta-distributed --for 60
"""
)
@data_option
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End after so many seconds. Default: at Ctrl-C.",
)
@click.option(
    "--distributed",
    "is_distributed",
    is_flag=True,
    help="Start PostgreSQL, Kafka and every part of the distributed engine in the data folder, and "
    "at the end hold its read models against the embedded ones: exit status 1 if they differ.",
)
@http_options
@no_http_option
@language_option()
def live(
    data: Path,
    seconds: float | None,
    is_distributed: bool,
    http: str | None,
    http_rate: float,
    no_http: bool,
    lang: Language,
) -> None:
    """Run the engine on a made-up desk that is busy around now.

    The first time it makes up three weeks that end now and brings them into a new event log. Then
    the engine works as `lhuta run` does, and made-up customers and staff give commands as time
    passes: requests come, are answered, sometimes too late. Your own tickets, and those that you
    take part in, they leave to you. The board and the HTTP API are served, too.

    Ended by Ctrl-C or killed, it goes on where it was. It never works on the log of a real desk.
    """
    serving = None if no_http else Http(http, http_rate)
    with logging_to(None, "text"):
        if is_distributed:
            from infra.doors.cli.running.live import distributed

            distributed.live(data, seconds, lang, serving)
        else:
            from infra.doors.cli.running.live import embedded

            embedded.live(Settings(data), seconds, lang, wall_clock, serving)
