"""A ticket's history as the read models keep it: a JSON array for each event, joined by commas.

Only what a fold reads is kept, under the contract's type names, and nothing that people wrote; the
log has everything.
"""

from collections.abc import Iterable

import orjson

from domain.event import RecordedEvent
from streams.envelope import READERS, written

SEPARATOR = ","


def lines(events: Iterable[RecordedEvent]) -> str:
    """Write events as they are kept."""
    # From the version to the actor as they stand in the event; its type's name, its data.
    return orjson.dumps([one[1:6] + written(one.event) for one in events])[1:-1].decode()


def events(ticket: str, lines: str) -> tuple[RecordedEvent, ...]:
    """Read the kept events of a ticket; what is damaged raises one of FOLD_FAULTS."""
    if not lines:
        raise ValueError("it is empty")
    return tuple(
        [
            RecordedEvent(
                ticket, version, event_id, occurred_at, recorded_at, actor, READERS[kind](data)
            )
            for version, event_id, occurred_at, recorded_at, actor, kind, data in orjson.loads(
                f"[{lines}]"
            )
        ]
    )
