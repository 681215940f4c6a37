"""Carrying out one command, and telling what came of it and what is next."""

import os
from pathlib import Path
from typing import NoReturn

import click

from domain.command import Command
from domain.refusal import Refusal, TicketUnknown
from infra.desk import Desk
from infra.doors.cli.acting.sending import Sending
from infra.doors.cli.acting.standing import as_data, in_words
from infra.doors.cli.acting.text import NO_WORDS, Words
from infra.doors.cli.data_folder import Refused, opened_log, shown
from infra.doors.cli.output import json_lines
from infra.doors.outcome import refused, written
from infra.store.log import wall_clock as now

_UNSENT = "unsent.txt"


def carry_out(command: Command, sending: Sending, words: Words = NO_WORDS) -> None:
    """Carry out a command on the log of the data folder and print what came of it.

    Raises Refused (exit status 4) and StoreUnusable (5). What was typed in the editor for a
    command that did not come through is kept in the data folder.
    """
    try:
        with opened_log(sending.data) as log:
            outcome = Desk(log, now).handle(
                command,
                command_id=sending.command_id,
                actor=sending.actor,
                correlation_id=sending.correlation_id,
                causation_id=sending.causation_id,
            )
            history, policies = log.ticket(outcome.ticket), log.policies()
            at = max(now(), log.head().recorded_at)
    except Refusal as refusal:
        _keep(words, sending.data)
        _refuse(refusal, command.ticket, sending)
    except click.ClickException:
        _keep(words, sending.data)
        raise
    if sending.as_json:
        json_lines([{**written(outcome), **as_data(history, policies, at)}])
    else:
        click.echo("\n".join(in_words(outcome, history, policies, at)))


def check_there(ticket: str, sending: Sending) -> None:
    """Refuse a ticket that is not in the log, before somebody writes a text for it.

    Raises Refused (exit status 4) and StoreUnusable (5).
    """
    with opened_log(sending.data, read_only=True) as log:
        there = bool(log.ticket(ticket))
    if not there:
        _refuse(TicketUnknown(ticket), ticket, sending)


def _refuse(refusal: Refusal, ticket: str, sending: Sending) -> NoReturn:
    if sending.as_json:
        json_lines([refused(refusal, sending.command_id, ticket or None)])
    raise Refused(refusal) from refusal


def _keep(words: Words, data: Path) -> None:
    if not words.typed or words.text is None or not data.is_dir():
        return
    unsent = data / _UNSENT
    # For this user only: it may be personal, and erasing a ticket does not reach it.
    with os.fdopen(
        os.open(unsent, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(f"{words.text}\n")
    click.echo(
        f"What you wrote is kept: send it with --message-file {shown(unsent)}, then delete it.",
        err=True,
    )
