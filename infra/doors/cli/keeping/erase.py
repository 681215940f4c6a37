"""`lhuta erase`: what people wrote goes, everything else stays and still verifies."""

import sys
from pathlib import Path

import click

from domain import instant
from domain.refusal import Refusal
from infra.counted import counted
from infra.desk import ActorMalformed, check_actor
from infra.doors.cli.acting.sending import actor_option
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import Refused, opened_log
from infra.doors.cli.failure import Unusable
from infra.doors.cli.output import json_lines
from infra.store.log import REASON_LIMIT, Erased, EventLog, check_reason


@click.command(
    epilog="""\b
Examples:
  lhuta erase T-12 --reason "asked for by the customer on 6 March 2026"
  lhuta erase --customer c-17 --reason "contract ended" --actor agent:a-2 --yes --json
""",
)
@click.argument("tickets", metavar="[TICKET]...", nargs=-1)
@click.option("--customer", metavar="ID", help="All tickets that this customer opened.")
@click.option(
    "--reason",
    metavar="TEXT",
    required=True,
    help=f"Why, in at most {REASON_LIMIT} characters. It is kept for ever: name nobody in it.",
)
@actor_option
@click.option("--yes", is_flag=True, help="Do it without asking.")
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
def erase(
    tickets: tuple[str, ...],
    customer: str | None,
    reason: str,
    actor: str,
    yes: bool,
    data: Path,
    as_json: bool,
) -> None:
    """Erase what people wrote in tickets, for good.

    What happened, when and by whom stays, with the digests of the words; so do who asked for the
    erasure, when and why. The log still verifies, and every clock is judged as before. Files that
    were exported, backups and mails are not reached, nor what a database server keeps of its own
    work: see to them yourself.
    """
    if bool(tickets) == (customer is not None):
        raise click.UsageError("name the tickets, or their --customer, one of both")
    try:
        check_reason(reason)
    except Refusal as error:
        raise click.UsageError(f"--reason: {error}") from error
    try:
        check_actor(actor)
    except ActorMalformed as error:
        raise Refused(error) from error
    with opened_log(data) as log:
        chosen = list(tickets) if customer is None else log.tickets_of(customer)
        _check_known(log, chosen, customer)
        if not yes:
            _ask(chosen)
        erased = log.erase(chosen, by=actor, reason=reason.strip())
    if as_json:
        json_lines(
            [
                {
                    "tickets": chosen,
                    "events": erased.events,
                    "erased_at": None if erased.at is None else instant.text(erased.at),
                    "gone": erased.gone,
                }
            ]
        )
    else:
        click.echo(_told(chosen, erased))
    if not erased.gone:
        click.echo(
            "Another process still reads an earlier state of the log, and until it ends the words "
            "can be found in the log's files; then do this again.",
            err=True,
        )


def _check_known(log: EventLog, chosen: list[str], customer: str | None) -> None:
    if not chosen:
        raise Unusable(f"no ticket was opened by customer {customer}")
    unknown = [ticket for ticket in chosen if not log.ticket(ticket)]
    if unknown:
        raise Unusable(f"there is no ticket {', '.join(unknown)}; nothing was erased")


def somebody_is_there() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty()


def _ask(chosen: list[str]) -> None:
    if not somebody_is_there():
        raise click.UsageError("nobody is there to ask; say --yes if the words shall go")
    what = chosen[0] if len(chosen) == 1 else counted(len(chosen), "ticket")
    click.confirm(f"Erase what people wrote in {what}? It cannot be undone.", abort=True, err=True)


def _told(chosen: list[str], erased: Erased) -> str:
    where = chosen[0] if len(chosen) == 1 else counted(len(chosen), "ticket")
    if not erased.events:
        return f"There were no words any more in {where}."
    return f"Erased the words of {counted(erased.events, 'event')} in {where}."
