"""Stored bytes and the events in them: canonical JSON under the contract's type names.

The state of an event is JSON with sorted keys and without floats; its `time` is microseconds, and
sorts last, so a state can be made before the instant is known and completed under the lock. What
is stored is hashed and never serialised again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from domain.event import NO_WORDS, Event, RecordedEvent, Text, Words
from infra.store.failure import Damaged, NewerSchema
from infra.store.log.request import Stored
from streams import envelope

_TEXT = re.compile(
    rb'"text":\{"length":\d+,"sha256":"([0-9a-f]{64})"(,"withheld":true)?\},"time":-?\d+\}\Z'
)
_LONGEST_TEXT = 192
_LONGEST_TIME = 32


class Said(NamedTuple):
    """What a state says of its words: their digest in hex, and whether they never came here."""

    sha256: str
    withheld: bool


def unsealed(
    *,
    event_id: str,
    actor: str,
    data: Mapping[str, Any],
    text: Text | None = None,
    withheld: bool = False,
    command_id: str | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> bytes:
    """Return a state but for its time; `withheld` words did not come with their digest."""
    attributes: dict[str, Any] = {"id": event_id, "actor": actor, "data": data}
    if text is not None:
        attributes["text"] = {"sha256": text.sha256, "length": text.length}
        if withheld:
            attributes["text"]["withheld"] = True
    if command_id is not None:
        attributes["commandid"] = command_id
    if correlation_id is not None:
        attributes["correlationid"] = correlation_id
    if causation_id is not None:
        attributes["causationid"] = causation_id
    return orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)[:-1]


def sealed(unsealed: bytes, time: int) -> bytes:
    """Return a whole state: its event happened at `time`."""
    return b'%b,"time":%d}' % (unsealed, time)


def data_of(event: Event) -> tuple[str, Mapping[str, Any]]:
    """Return the contract's type name of an event, and its data."""
    return envelope.written(event)


def event_of(
    stream: str,
    version: int,
    topic: str,
    state: bytes,
    recorded_at: int,
    words: Words = NO_WORDS,
) -> RecordedEvent:
    """Return the event of a stored row; raises NewerSchema for a type that it does not know."""
    read = envelope.READERS.get(topic)
    if read is None:
        raise NewerSchema(f"event {version} of {stream}", f"it has the type {topic}")
    try:
        attributes = orjson.loads(state)
        event = read(attributes["data"])
        get = attributes.get
        text = get("text")
        # The constructors of these named tuples would cost as much as the rest of this function.
        return tuple.__new__(
            RecordedEvent,
            (
                stream,
                version,
                attributes["id"],
                attributes["time"],
                recorded_at,
                attributes["actor"],
                event,
                words,
                None if text is None else tuple.__new__(Text, (text["sha256"], text["length"])),
                get("commandid"),
                get("correlationid"),
                get("causationid"),
            ),
        )
    except (orjson.JSONDecodeError, envelope.Malformed, KeyError, TypeError) as error:
        raise Damaged(f"event {version} of {stream}", f"its state cannot be read: {error}") from (
            error
        )


def stored(rows: Iterable[Sequence[Any]]) -> list[Stored]:
    """Return the events of rows of `events`, each at its position."""
    return [
        tuple.__new__(
            Stored,
            (position, previous, proof, event_of(stream, version, topic, state, recorded_at)),
        )
        for position, stream, version, topic, state, recorded_at, proof, previous, _ in rows
    ]


def text_of(state: bytes) -> Said | None:
    """Return what a state says of its words, without decoding it; None where it has none."""
    end = len(state)
    # Before the time stands the end of the text, or else of the id, which is a quote.
    if state.find(b'},"time":', end - _LONGEST_TIME) < 0:
        return None
    found = _TEXT.search(state, max(0, end - _LONGEST_TEXT))
    return None if found is None else Said(found[1].decode(), found[2] is not None)


def command_of(state: bytes) -> str | None:
    """Return the command that a state names as its cause."""
    command_id: str | None = orjson.loads(state).get("commandid")
    return command_id
