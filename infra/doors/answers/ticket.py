"""One ticket whole, as one JSON object: its story, what it lacks, its clocks and its alerts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from domain import instant
from domain.alert import Alert
from domain.clock import Folded
from domain.event import Opened, RecordedEvent, Words
from domain.policy import Policies
from projections.alerts import row as alert_row
from projections.clocks import row as ticket_row
from streams.envelope import encode

WELL_WRITTEN = ("browser", "android", "recent_changes", "workarounds_tried", "steps_taken")
"""What a well-written request carries (semantics §1)."""


class Ticket(NamedTuple):
    """A ticket as it was known by `as_of`, judged at `at`.

    `lacks` are the names of what the request does not say, None where its words were erased;
    `source` is that of the log's events.
    """

    story: Sequence[RecordedEvent]
    folded: Folded
    told: Sequence[Alert]
    lacks: Sequence[str] | None
    policies: Policies
    as_of: int
    at: int
    source: str

    @property
    def name(self) -> str:
        """Return its id."""
        return self.story[0].ticket


def lacking(opened: RecordedEvent, words: Words) -> Sequence[str] | None:
    """Return what the request lacks by its words, None where they were erased."""
    event = opened.event
    assert isinstance(event, Opened)
    if opened.text is not None and not words:
        return None
    said = {"browser": event.environment.browser, "android": event.environment.android, **words}
    return [name for name in WELL_WRITTEN if not said.get(name)]


def row(found: Ticket) -> dict[str, Any]:
    """Write a ticket, its events as CloudEvents."""
    return {
        **ticket_row(found.name, found.folded, found.at),
        "as_of": instant.text(found.as_of),
        "at": instant.text(found.at),
        "lacks": found.lacks,
        "events": [
            orjson.loads(encode(one._replace(text=None) if one.words else one, found.source))
            for one in found.story
        ],
        "alerts": [alert_row(alert) for alert in found.told],
    }
