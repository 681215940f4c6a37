"""What came of a command, as programs read it: one JSON object."""

from typing import Any

from domain import instant
from domain.refusal import Refusal
from infra.store.log.request import Outcome


def written(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome: `ok`, `nothing` where it said nothing new, `repeated` where it was known.

    Versions and positions are null where no event was appended.
    """
    match outcome:
        case Outcome(repeated=True):
            kind = "repeated"
        case Outcome(first_version=None):
            kind = "nothing"
        case _:
            kind = "ok"
    return {
        "outcome": kind,
        "command_id": outcome.command_id,
        "ticket": outcome.ticket,
        "first_version": outcome.first_version,
        "last_version": outcome.last_version,
        "first_position": outcome.first_position,
        "last_position": outcome.last_position,
        "recorded_at": instant.text(outcome.recorded_at),
    }


def refused(refusal: Refusal, command_id: str | None, ticket: str | None) -> dict[str, Any]:
    """Write a refusal with its name and its cure."""
    return {
        "outcome": "refused",
        "command_id": command_id,
        "ticket": ticket,
        "name": refusal.name,
        "message": str(refusal),
    }
