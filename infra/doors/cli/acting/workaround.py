"""`lhuta workaround`: the customer gets a way around the problem."""

import click

from domain.command import OfferWorkaround
from domain.event import Awaiting
from infra.doors.cli.acting.awaiting import awaiting_option
from infra.doors.cli.acting.carry_out import carry_out, check_there
from infra.doors.cli.acting.sending import (
    Sending,
    at_option,
    sending_options,
    ticket_argument,
)
from infra.doors.cli.acting.text import required_text, text_options


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
    if message is None and message_file is None:
        check_there(ticket, sending)
    words = required_text(message, message_file, f"The workaround for the customer of {ticket}.")
    carry_out(OfferWorkaround(ticket, awaiting, words.text or "", occurred_at), sending, words)
