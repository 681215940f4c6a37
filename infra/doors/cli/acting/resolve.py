"""`lhuta resolve`: the problem is solved."""

import click

from domain.command import Resolve
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
  lhuta resolve T-12 --root-cause defect --message "Fixed in 4.2, please update"
  lhuta resolve T-12 --root-cause usage --message-file answer.txt --json
""",
)
@ticket_argument
@click.option("--root-cause", metavar="NAME", help="Why it came to it, as the policy names it.")
@text_options("resolution", "The solution, as the customer gets it")
@at_option
@sending_options
def resolve(
    ticket: str,
    root_cause: str | None,
    message: str | None,
    message_file: str | None,
    occurred_at: int | None,
    sending: Sending,
) -> None:
    """Declare the problem solved.

    Only a ticket with a severity can be resolved; a reply of the customer reopens it. Without a
    text your editor opens.
    """
    carry_out_with_text(
        lambda text: Resolve(ticket, text, root_cause, occurred_at),
        message,
        message_file,
        sending,
        f"The solution for the customer of {ticket}.",
    )
