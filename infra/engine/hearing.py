"""What came of applying events, said in the program's log."""

import logging

from infra.engine.log_lines import note
from projections.projector import Applied, Change


def heard(applied: Applied, place: str) -> None:
    """Note what was applied; `place` is how far, as the lines name it."""
    if applied.events:
        note("events.applied", place, events=applied.events, tickets=applied.folded)
    if applied.parked:
        note("tickets.parked", place, level=logging.ERROR, tickets=applied.parked)
    for change in applied.changes:
        _changed(change)
    for one in applied.announced:
        note("alert.announced", one.alert_id, kind=one.kind, ticket=one.ticket)


def _changed(change: Change) -> None:
    note(
        f"{change.what}.changed",
        change.subject,
        level=logging.WARNING,
        ticket=change.ticket,
        before=change.before,
        after=change.after,
        announced=change.announced,
    )
