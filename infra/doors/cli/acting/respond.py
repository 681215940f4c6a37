"""`lhuta respond`: an answer to the customer, which stops the clock."""

import click

from domain.command import Respond
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
  lhuta respond T-12 --awaiting customer --message "Which browser do you use?"
  lhuta respond T-12 --awaiting support -m "We are looking into it and come back to you"
  lhuta respond T-12 --awaiting customer --at 2026-03-06T16:30:00+01:00 -F call.txt
""",
)
@ticket_argument
@awaiting_option
@text_options("message", "The answer, as the customer gets it")
@at_option
@sending_options
def respond(
    ticket: str,
    awaiting: Awaiting,
    message: str | None,
    message_file: str | None,
    occurred_at: int | None,
    sending: Sending,
) -> None:
    """Answer the customer in public.

    The answer satisfies the running clock. With --awaiting support it is also a promise to come
    back, and a new clock starts. Notes among colleagues and automatic replies are no answers.
    Without a text your editor opens.
    """
    carry_out_with_text(
        lambda text: Respond(ticket, awaiting, text, occurred_at),
        message,
        message_file,
        sending,
        f"The answer to the customer of {ticket}.",
    )
