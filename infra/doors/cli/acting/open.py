"""`lhuta open`: a customer asks for support."""

import click

from domain.command import CHANNELS, Open
from domain.event import Environment
from infra.desk import UNNAMED
from infra.doors.cli.acting.carry_out import carry_out, carry_out_with_text
from infra.doors.cli.acting.sending import Sending, at_option, sending_options
from infra.doors.cli.acting.text import given_text, text_options


@click.command(
    "open",
    epilog="""\b
Examples:
  lhuta open --customer c-17 --plan premium --subject "The board stays empty"
  lhuta open --customer c-17 --plan standard --channel phone \\
      --at 2026-03-06T16:30:00+01:00 --message-file call.txt
  lhuta open --customer c-17 --plan premium --follows T-12 --json -m "It is back"
""",
)
@click.option("--ticket", metavar="ID", help="Its id. Default: the next T-<number>.")
@click.option("--customer", "customer_id", metavar="ID", required=True, help="Who asks.")
@click.option("--plan", required=True, help="What the customer bought, as the policy names it.")
@click.option(
    "--channel",
    type=click.Choice(CHANNELS),
    default="email",
    show_default=True,
    help="How the request reached us, whoever types it in: a mail is email, a call is phone. It is "
    "kept for ever.",
)
@click.option("--subject", metavar="LINE", help="What it is about. Default: the text's first line.")
@text_options("body", "What the customer wrote; without --subject its first line is the subject")
@click.option("--recent-changes", metavar="TEXT", help="Recent changes to the system.")
@click.option("--workarounds-tried", metavar="TEXT", help="Workarounds that were found.")
@click.option("--steps-taken", metavar="TEXT", help="Steps that were taken already.")
@click.option("--browser", metavar="VERSION", help="The browser and its version.")
@click.option("--android", metavar="VERSION", help="The version of Android.")
@click.option("--other", metavar="TEXT", help="What else the customer runs.")
@click.option("--follows", metavar="TICKET", help="The earlier ticket, which this one follows up.")
@at_option
@sending_options
def open_(
    ticket: str | None,
    customer_id: str,
    plan: str,
    channel: str,
    subject: str | None,
    message: str | None,
    message_file: str | None,
    recent_changes: str | None,
    workarounds_tried: str | None,
    steps_taken: str | None,
    browser: str | None,
    android: str | None,
    other: str | None,
    follows: str | None,
    occurred_at: int | None,
    sending: Sending,
) -> None:
    """Open a ticket for a customer.

    Without --subject and text your editor opens: the first line is the subject, the rest the body.
    A well-written request also says browser, Android version, recent changes, workarounds found and
    steps taken; nothing is refused for leaving them out.
    """

    def opening(line: str, body: str | None) -> Open:
        return Open(
            UNNAMED if ticket is None else ticket or " ",
            customer_id,
            plan,
            channel,
            line,
            body,
            recent_changes,
            workarounds_tried,
            steps_taken,
            Environment(browser, android, other),
            follows,
            occurred_at,
        )

    def opening_with(text: str) -> Open:
        line, _, body = text.partition("\n")
        return opening(line, body.strip("\n") or None)

    if subject is not None:
        carry_out(opening(subject, given_text(message, message_file)), sending)
        return
    carry_out_with_text(
        opening_with,
        message,
        message_file,
        sending,
        "The first line is the subject, the rest is the body.",
    )
