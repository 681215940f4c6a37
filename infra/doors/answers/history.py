"""An event of a ticket's history as a JSON object: a CloudEvent with its place in the log."""

from typing import Any

import orjson

from domain import instant
from domain.event import RecordedEvent
from infra.store.log import Erasure, Raw
from streams.envelope import encode


def row(event: RecordedEvent, row: Raw, erasure: Erasure | None, source: str) -> dict[str, Any]:
    """Write an event with its place in the log, and since when its words are erased."""
    attributes: dict[str, Any] = orjson.loads(encode(event, source))
    attributes |= {"logposition": row.position, "loghash": row.hash.hex()}
    if erasure is not None:
        attributes["erased"] = {
            "at": instant.text(erasure.at),
            "by": erasure.by,
            "reason": erasure.reason,
        }
    return attributes
