"""Carrying out one command, and telling what came of it and what is next."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import click

from domain.command import Command
from domain.event import RecordedEvent
from domain.policy import Policies
from domain.refusal import Refusal
from infra.desk import Desk, Request
from infra.doors.cli.acting.sending import Sending
from infra.doors.cli.acting.standing import as_data, in_words
from infra.doors.cli.acting.text import given_text, kept_unless_sent, written_text
from infra.doors.cli.data_folder import Refused, opened_log
from infra.doors.cli.output import json_lines
from infra.doors.outcome import refused, written
from infra.store.log import Outcome
from infra.store.log import wall_clock as now

_STAND_IN = "what is still to be written"


def carry_out(command: Command, sending: Sending) -> None:
    """Carry out a command on the log of the data folder and print what came of it.

    Raises Refused (exit status 4) and StoreUnusable (5).
    """
    _tell(_carried_out(command, sending), sending)


def carry_out_with_text(
    command: Callable[[str], Command],
    message: str | None,
    message_file: str | None,
    sending: Sending,
    explanation: str,
) -> None:
    """Carry out the command that a text makes: that of the options, else one from the editor.

    Nobody writes for a command that is refused whatever its text says, and what was written for
    one that does not come through is kept. Raises what `carry_out`, `given_text` and
    `written_text` raise.
    """
    text = given_text(message, message_file)
    if text is not None:
        carry_out(command(text), sending)
        return
    _rehearse(command(_STAND_IN), sending)
    text = written_text(explanation)
    with kept_unless_sent(text, sending.data):
        carried_out = _carried_out(command(text), sending)
    _tell(carried_out, sending)


def _rehearse(command: Command, sending: Sending) -> None:
    """Raise what would stop the command now: Refused (exit status 4) or StoreUnusable (5)."""
    with _refusals(command, sending), opened_log(sending.data) as log:
        Desk(log, now).rehearse(
            Request(
                command,
                sending.command_id,
                sending.actor,
                sending.correlation_id,
                sending.causation_id,
            )
        )


class _CarriedOut(NamedTuple):
    """What came of a command, and what its ticket is judged by now."""

    outcome: Outcome
    history: Sequence[RecordedEvent]
    policies: Policies
    at: int


def _carried_out(command: Command, sending: Sending) -> _CarriedOut:
    with _refusals(command, sending), opened_log(sending.data) as log:
        outcome = Desk(log, now).handle(
            command,
            command_id=sending.command_id,
            actor=sending.actor,
            correlation_id=sending.correlation_id,
            causation_id=sending.causation_id,
        )
        at = max(now(), log.head().recorded_at)
        return _CarriedOut(outcome, log.ticket(outcome.ticket), log.policies(), at)


def _tell(carried_out: _CarriedOut, sending: Sending) -> None:
    outcome, history, policies, at = carried_out
    if sending.as_json:
        json_lines([{**written(outcome), **as_data(history, policies, at)}])
    else:
        click.echo("\n".join(in_words(outcome, history, policies, at)))


@contextmanager
def _refusals(command: Command, sending: Sending) -> Iterator[None]:
    """Tell a refusal, also as JSON, and raise it as Refused."""
    try:
        yield
    except Refusal as refusal:
        if sending.as_json:
            json_lines([refused(refusal, sending.command_id, command.ticket or None)])
        raise Refused(refusal) from refusal
