"""`lhuta verify`: somebody made sure that the solution holds."""

import click

from domain.command import METHODS, Verify
from infra.doors.cli.acting.carry_out import carry_out_with_text
from infra.doors.cli.acting.sending import Sending, sending_options, ticket_argument
from infra.doors.cli.acting.text import text_options


@click.command(
    epilog="""\b
Examples:
  lhuta verify T-12 --method retest --message "The board fills again in 4.2"
  lhuta verify T-12 --method customer-confirmed --actor customer:c-17 -F mail.txt
""",
)
@ticket_argument
@click.option("--method", type=click.Choice(METHODS), required=True, help="How it was made sure.")
@text_options("evidence", "What shows it")
@sending_options
def verify(
    ticket: str,
    method: str,
    message: str | None,
    message_file: str | None,
    sending: Sending,
) -> None:
    """Confirm that the resolution of a ticket holds, which closes it for good.

    A verification is a decision: it happens when it is recorded and takes no --at. Without a text
    your editor opens. (The event log is checked by `lhuta log verify`.)
    """
    carry_out_with_text(
        lambda text: Verify(ticket, method, text),
        message,
        message_file,
        sending,
        f"What shows that {ticket} is solved?",
    )
