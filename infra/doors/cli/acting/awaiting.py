"""Who owes the next step after an answer."""

from typing import get_args

import click

from domain.event import Awaiting

awaiting_option = click.option(
    "--awaiting",
    type=click.Choice(get_args(Awaiting)),
    required=True,
    help="Who owes the next step: support promises to come back, or the customer has to write.",
)
