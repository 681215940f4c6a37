"""`lhuta reply`: the customer wrote again."""

import click

from domain.command import Reply
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
  lhuta reply T-12 --message "Any news?" --actor customer:c-17
  lhuta reply T-12 --at 2026-03-06T16:30:00+01:00 --message-file call.txt
""",
)
@ticket_argument
@text_options("message", "What the customer wrote")
@at_option
@sending_options
def reply(
    ticket: str,
    message: str | None,
    message_file: str | None,
    occurred_at: int | None,
    sending: Sending,
) -> None:
    """Add what the customer wrote.

    A reply to a resolved ticket reopens it. The time of a mail is when our server received it, not
    what its Date header says. Without a text your editor opens.
    """
    carry_out_with_text(
        lambda text: Reply(ticket, text, occurred_at),
        message,
        message_file,
        sending,
        f"What did the customer of {ticket} write?",
    )
