"""`lhuta workaround`: the customer gets a way around the problem."""

import click

from domain.command import OfferWorkaround
from domain.event import Awaiting
from infra.doors.cli.acting.awaiting import awaiting_option
from infra.doors.cli.acting.carry_out import carry_out_with_text
from infra.doors.cli.acting.sending import (
    Sending,
    at_option,
    sending_options,
    ticket_argument,
)
from infra.doors.cli.acting.text import text_options


@click.command(
    epilog="""\b
Examples:
  lhuta workaround T-12 --awaiting support --message "Reload the board after every change"
  lhuta workaround T-12 --awaiting customer --message-file steps.txt
""",
)
@ticket_argument
@awaiting_option
@text_options("description", "The workaround, as the customer gets it")
@at_option
@sending_options
def workaround(
    ticket: str,
    awaiting: Awaiting,
    message: str | None,
    message_file: str | None,
    occurred_at: int | None,
    sending: Sending,
) -> None:
    """Send the customer a way around the problem.

    It satisfies the running clock as an answer does, and the time to workaround ends. Without a
    text your editor opens.
    """
    carry_out_with_text(
        lambda text: OfferWorkaround(ticket, awaiting, text, occurred_at),
        message,
        message_file,
        sending,
        f"The workaround for the customer of {ticket}.",
    )
