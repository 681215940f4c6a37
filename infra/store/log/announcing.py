"""From when on deadlines are announced (semantics §6, `live_from`): every move of it is an event.

Until the first move, what the log was created with holds.
"""

import orjson

from domain import identifier
from infra.store.failure import Damaged
from infra.store.log.codec import unsealed
from infra.store.log.plan import Entry, EventRow, Request
from infra.store.log.stream import LIVE_FROM

MOVED = "live-from.moved.v1"


def request(at: int, actor: str, version: int) -> Request:
    """Return the request to record the `version`-th move, to an instant."""
    state = unsealed(
        event_id=identifier.of(LIVE_FROM, str(version)), actor=actor, data={"live_from": at}
    )
    return Request(LIVE_FROM, version - 1, (Entry(MOVED, state, None),), None)


def moved_to(row: EventRow, place: str) -> int:
    """Return the instant that a move names; raises Damaged."""
    try:
        at: int = orjson.loads(row.state)["data"]["live_from"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Damaged(
            place, f"the move of live_from at position {row.position} cannot be read: {error}"
        ) from error
    return at
