"""`lhuta retry`: a parked ticket folded again."""

from pathlib import Path

import click

from infra import wiring
from infra.doors.cli.arguments import data_option
from infra.doors.cli.failure import BadData, Unusable
from infra.doors.cli.running.living import desk_errors
from infra.settings import Settings
from infra.store.log import wall_clock
from projections.fault import NotParked


@click.command(
    epilog="""\b
Examples:
  lhuta retry T-12
"""
)
@click.argument("ticket", metavar="TICKET")
@data_option
def retry(ticket: str, data: Path) -> None:
    """Fold a parked ticket again, after what made it fail was mended.

    If that works, its clocks are back, and what it left untold since it was parked is announced. An
    engine may run meanwhile. Exit status 3 where it fails again.
    """
    try:
        with desk_errors():
            retried = wiring.retry(Settings(data), wall_clock, ticket)
    except NotParked as error:
        raise Unusable(str(error)) from error
    if retried.parked is not None:
        raise BadData(
            f"ticket {ticket} stays parked: {retried.parked.error}: {retried.parked.reason}"
        )
    click.echo(f"Ticket {ticket} is folded again; alerts announced: {retried.announced}.")
