"""Erasures in the log: who had a ticket's words erased, when and why is an event for ever.

Such an event stands for all words that the ticket had before it, whichever of them were still
there. Words that an import did not bring were never here: their own event says so.
"""

from collections.abc import Iterator, Sequence

import orjson

from domain import identifier
from domain.command import check_text
from domain.refusal import WordsMissing
from infra.store.failure import Damaged
from infra.store.log import stream
from infra.store.log.backend import Told
from infra.store.log.codec import text_of, unsealed
from infra.store.log.plan import Entry, EventRow, Request
from infra.store.log.request import Erasure

WORDS_ERASED = "words.erased.v1"

REASON_LIMIT = 500
"""The greatest length of a reason, in characters: it is kept for ever."""

_IMPORT = "system:import"
_NEVER_CAME = "the words were not in what was imported"


def check_reason(reason: str) -> None:
    """Raise WordsMissing, WordsTooLong or WordsUnreadable unless a reason can be kept."""
    if not reason.strip():
        raise WordsMissing("reason")
    check_text("reason", reason, REASON_LIMIT)


def request(ticket: str, by: str, reason: str, version: int) -> Request:
    """Return the request to record an erasure as the `version`-th of its ticket."""
    name = stream.of_erasures(ticket)
    state = unsealed(
        event_id=identifier.of("erasure", ticket, str(version)),
        actor=by,
        data={"reason": reason},
    )
    return Request(name, version - 1, (Entry(WORDS_ERASED, state, None),), None)


def erasures(events: Sequence[Told], facts: Sequence[EventRow], place: str) -> Iterator[Erasure]:
    """Yield for each event that has lost its words since when, by whom and why; raises Damaged.

    `events` are those of a ticket, `facts` those of its stream of erasures.
    """
    for event, document in events:
        said = text_of(event.state)
        if said is None or document is not None:
            continue
        version = event.originator_version
        fact = next((fact for fact in facts if fact.position > event.position), None)
        if said.withheld:
            yield Erasure(version, event.recorded_at, _IMPORT, _NEVER_CAME)
        elif fact is not None:
            yield Erasure(version, fact.recorded_at, *_by_and_reason(fact, place))


def _by_and_reason(fact: EventRow, place: str) -> tuple[str, str]:
    try:
        attributes = orjson.loads(fact.state)
        return attributes["actor"], attributes["data"]["reason"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Damaged(
            place, f"the erasure at position {fact.position} cannot be read: {error}"
        ) from error
