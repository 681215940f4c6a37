"""The desk at an instant as one JSON object."""

from typing import Any

from domain import instant
from projections.board import Board, Running


def row(made: Board) -> dict[str, Any]:
    """Write a board: counts of everything, and the first of each list."""
    counts = made.counts._asdict()
    decided_to = counts.pop("decided_to")
    return {
        "at": instant.text(made.at),
        "age_seconds": None if made.age is None else instant.seconds(made.age),
        "decided_to": None if decided_to is None else instant.text(decided_to),
        "counts": counts,
        "due_next": [_running(one) for one in made.due_next],
        "broken": [_running(one) for one in made.broken],
        "untriaged": [_running(one) for one in made.untriaged],
        "waiting": [
            {**one._asdict(), "since": None if one.since is None else instant.text(one.since)}
            for one in made.waiting
        ],
    }


def _running(one: Running) -> dict[str, Any]:
    return {
        "ticket": one.ticket,
        "severity": one.severity,
        "clock": one.clock,
        "instance": one.instance,
        "plan": one.plan,
        "policy": one.policy,
        "zone": one.zone_name,
        "started_at": instant.text(one.started_at),
        "due_at": instant.text(one.due_at),
        "business_seconds_left": instant.seconds(one.business_left),
        "off_hours_seconds_left": None
        if one.off_hours_left is None
        else instant.seconds(one.off_hours_left),
    }
