"""How the engine is, as one JSON object."""

from collections.abc import Sequence
from typing import Any

from domain import instant
from infra.engine.health import Problem, Vitals


def row(vitals: Vitals, wrong: Sequence[Problem]) -> dict[str, Any]:
    """Write what was looked up, and what is wrong with it."""
    age = vitals.age
    return {
        "at": instant.text(vitals.now),
        "healthy": not wrong,
        "problems": [problem._asdict() for problem in wrong],
        "engine": None
        if vitals.engine is None
        else {**vitals.engine._asdict(), "since": instant.text(vitals.engine.since)},
        "age_seconds": None if age is None else instant.seconds(age),
        "decided_to": _text(vitals.decided_to),
        "oldest_partition": vitals.oldest.partition,
        "partitions": vitals.partitions,
        "log_position": vitals.position,
        "log_recorded_at": instant.text(vitals.recorded_at),
        "positions_behind": vitals.behind,
        "relayed_position": vitals.relayed,
        "tickets": vitals.tickets,
        "running_clocks": vitals.running,
        "due_next": None
        if vitals.due_next is None
        else {"ticket": vitals.due_next[0], "due_at": instant.text(vitals.due_next[1])},
        "next_turn": _text(vitals.next_turn),
        "parked": vitals.parked,
        "refolding": vitals.stale,
        "audit": None
        if vitals.audited is None
        else {**vitals.audited._asdict(), "at": instant.text(vitals.audited.at)},
        "deliveries": [backlog._asdict() for backlog in vitals.backlogs],
    }


def _text(at: int | None) -> str | None:
    return None if at is None else instant.text(at)
