"""`lhuta serve`: the HTTP API alone, beside an engine that runs elsewhere."""

import sys
from pathlib import Path
from typing import Literal

import click

from infra.doors.cli.arguments import data_option
from infra.doors.cli.running.living import desk_errors
from infra.doors.cli.running.serving import Http, http_options, served
from infra.engine.log_lines import logging_to
from infra.engine.stop import Stop
from infra.settings import Settings

_LONG = 3600.0


@click.command(
    epilog="""\b
Examples:
  lhuta serve
  lhuta serve --http 127.0.0.1:9000 --data /srv/support
"""
)
@data_option
@http_options
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    default="auto",
    show_default=True,
    help="How the log on standard error is written. Default: words on a terminal.",
)
def serve(
    data: Path,
    http: str | None,
    http_rate: float,
    log_format: Literal["auto", "json", "text"],
) -> None:
    """Serve the HTTP API on a data folder, until Ctrl-C or SIGTERM.

    Commands go into the event log at once. Lists, board and alerts are as far as the engine has
    come: `lhuta run`, which serves too, unless it is told --no-http. docs/api.md tells everything.
    """
    in_words = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    with (
        logging_to(None, "text" if in_words else "json"),
        desk_errors(),
        Stop() as stop,
        served(Settings(data), Http(http, http_rate, is_all=True)) as address,
    ):
        assert address is not None
        click.echo(f"Serving {address.url}; Ctrl-C ends it.")
        while not stop.wait(_LONG):
            pass
