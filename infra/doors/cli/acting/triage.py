"""`lhuta triage`: a specialist decides how grave it is."""

import click

from domain.command import Triage
from infra.doors.cli.acting.carry_out import carry_out
from infra.doors.cli.acting.sending import Sending, sending_options, ticket_argument
from infra.doors.cli.acting.text import given_text, text_options


@click.command(
    epilog="""\b
Examples:
  lhuta triage T-12 --severity 1 --impact service-unavailable --topic diagnosis
  lhuta triage T-12 --severity 4 --impact usage-question --topic third-party --supported \\
      --rationale "Our own add-on, bought with the plan"
""",
)
@ticket_argument
@click.option(
    "--severity", type=int, metavar="1-4", required=True, help="The severity; 1 is the gravest."
)
@click.option("--impact", required=True, help="The impact that backs it, as the policy names it.")
@click.option("--topic", required=True, help="What it is about, as the policy names it.")
@click.option(
    "--supported/--unsupported",
    "supported",
    default=None,
    help="Whether it is supported. Default: what the policy says of the topic; "
    "to say otherwise takes a rationale.",
)
@text_options("rationale", "Why, where that is not plain")
@sending_options
def triage(
    ticket: str,
    severity: int,
    impact: str,
    topic: str,
    supported: bool | None,
    message: str | None,
    message_file: str | None,
    sending: Sending,
) -> None:
    """Assign a severity to a ticket, for the first time or anew.

    A triage is a decision: it happens when it is recorded and takes no --at. `lhuta policy show`
    lists the severities with the impacts that back them, and the topics.
    """
    rationale = given_text(message, message_file)
    carry_out(Triage(ticket, severity, impact, topic, supported, rationale), sending)
