"""`lhuta run`: the engine, until it is asked to stop."""

import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import click

from domain import instant
from domain.policy import Policies
from infra import wiring
from infra.doors.cli.arguments import data_option, language_option
from infra.doors.cli.data_folder import shown
from infra.doors.cli.running.desk_words import alert_line
from infra.doors.cli.running.living import desk_errors
from infra.doors.cli.running.serving import Http, http_options, no_http_option, served, told
from infra.engine.log_lines import logging_to, note
from infra.engine.stop import Stop
from infra.settings import Settings
from infra.store.models import DamagedModels
from projections.models import Announcement
from projections.wording import Language

_DAMAGES = 3


@click.command(
    epilog="""\b
Examples:
  lhuta run
  lhuta run --data /srv/support 2>> /var/log/lhuta.jsonl
  lhuta run --once
"""
)
@data_option
@click.option(
    "--audit-every",
    type=click.FloatRange(min=0),
    metavar="MINUTES",
    default=60.0,
    show_default=True,
    help="How often the read models are held against the log; 0 for never.",
)
@http_options
@no_http_option
@click.option("--once", is_flag=True, help="End when nothing is left to do, as for a cron job.")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    default="auto",
    show_default=True,
    help="How the log on standard error is written: one JSON object a line, or only warnings "
    "in words. Default: words on a terminal.",
)
@language_option()
def run(
    data: Path,
    audit_every: float,
    http: str | None,
    http_rate: float,
    no_http: bool,
    once: bool,
    log_format: Literal["auto", "json", "text"],
    lang: Language,
) -> None:
    """Run the engine: follow the log, decide deadlines, tell alerts and deliver them.

    Prints one line for each alert, with the command that explains it. SIGTERM and Ctrl-C end it
    after what is under way; killed at any point, it loses nothing and goes on where it was. One
    engine works on a data folder. It serves the HTTP API too, unless it is told --no-http or
    --once.

    A damaged file of read models is put aside and made anew. A damaged log is refused: up to
    200,000 positions are verified at the start, `lhuta log verify` does it for any.
    """
    if no_http and http is not None:
        raise click.UsageError("--http and --no-http are two ways; choose one")
    serving = None if no_http or once else Http(http, http_rate)
    settings = Settings(data, audit_every=int(audit_every * instant.MINUTE))

    def tell(announcement: Announcement, policies: Policies) -> None:
        click.echo(alert_line(announcement, policies, lang))

    in_words = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    with logging_to(None, "text" if in_words else "json"), desk_errors(), Stop() as stop:
        for left in reversed(range(_DAMAGES)):
            try:
                _run(settings, tell, stop, serving, once=once)
            except DamagedModels as error:
                if not left:
                    _failed(error)
                    raise
                _put_aside(settings, error)
            else:
                return


def _run(
    settings: Settings, tell: wiring.Tell, stop: Stop, serving: Http | None, *, once: bool
) -> None:
    process = str(os.getpid())
    try:
        with ExitStack() as opened:
            engine = opened.enter_context(wiring.engine(settings, tell))
            note("engine.started", process, data=shown(settings.data))
            if sys.stdout.isatty():
                click.echo(f"The engine works on {shown(settings.data)}; Ctrl-C ends it.")
            if serving is not None:
                # Time moves on first: serving takes a second to begin.
                engine.step()
                told(opened.enter_context(served(settings, serving)))
            if once:
                engine.work_off(stop.wait)
            else:
                engine.run(stop.wait, settings.poll_every)
            engine.close(time.sleep)
    except DamagedModels:
        # Not the end of it: they are put aside and made anew.
        raise
    except Exception as error:
        _failed(error)
        raise
    note("engine.stopped", process)


def _failed(error: Exception) -> None:
    note("engine.failed", str(os.getpid()), level=logging.ERROR, cause=type(error).__name__)


def _put_aside(settings: Settings, error: DamagedModels) -> None:
    aside = wiring.set_aside(settings)
    note("models.damaged", str(settings.models), level=logging.ERROR, aside=str(aside))
    click.echo(
        f"The read models are damaged ({error.detail}): the file is now {shown(aside)}, and they "
        "are made anew from the event log, of which nothing is lost. No subscriber is told twice, "
        "and what one had not yet taken is still delivered.",
        err=True,
    )
