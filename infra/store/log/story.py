"""Whole tickets on their way into the log, and what the log says of those that it has.

Event ids, causes and the time at which things happened are kept. When they were recorded is the
log's own to say, one instant for the whole ticket; the `recordedtime` of another log is not kept.
"""

from collections.abc import Sequence

from domain.event import RecordedEvent
from infra.counted import counted
from infra.store.log import codec, text
from infra.store.log.partition import partition_of
from infra.store.log.plan import Entry, Request
from infra.store.log.request import Different

_ATTRIBUTES = {
    "event_id": "id",
    "occurred_at": "time",
    "actor": "actor",
    "event": "type or data",
    "command_id": "commandid",
    "correlation_id": "correlationid",
    "causation_id": "causationid",
}
"""What an import keeps of an event, and what a file calls it."""


def request(story: Sequence[RecordedEvent], partitions: int) -> Request:
    """Return the request to store a ticket whole.

    Its events are numbered as they come: a story is the events of one ticket in the order of their
    versions, the first of them `Opened` (`streams.history` reads such stories).
    """
    ticket = story[0].ticket
    return Request(
        ticket,
        0,
        tuple(_entry(recorded) for recorded in story),
        partition_of(ticket, partitions),
        after=max(recorded.occurred_at for recorded in story),
    )


def difference(stored: Sequence[RecordedEvent], story: Sequence[RecordedEvent]) -> Different | None:
    """Return what a story tells otherwise than the log; None where the log has all of it.

    The log may have gone on since. Words are compared where both have them.
    """
    ticket = story[0].ticket
    for version, told in enumerate(story, start=1):
        if version > len(stored):
            there = counted(len(stored), "event")
            return Different(ticket, version, f"the log has only {there} of it; reply to it")
        attribute = _differing(stored[version - 1], told)
        if attribute is not None:
            reason = (
                f"the log has another {attribute} at its event {version}; "
                "if it is another ticket, give it another id"
            )
            return Different(ticket, version, reason)
    return None


def _differing(stored: RecordedEvent, told: RecordedEvent) -> str | None:
    for field, attribute in _ATTRIBUTES.items():
        if getattr(stored, field) != getattr(told, field):
            return attribute
    if stored.words and told.words and stored.words != told.words:
        return "text"
    return None


def _entry(recorded: RecordedEvent) -> Entry:
    topic, data = codec.data_of(recorded.event)
    letter = text.sealed(recorded.words) if recorded.words else None
    description = recorded.text if letter is None else text.described(letter)
    return Entry(
        topic,
        codec.unsealed(
            event_id=recorded.event_id,
            actor=recorded.actor,
            data=data,
            text=description,
            withheld=description is not None and letter is None,
            command_id=recorded.command_id,
            correlation_id=recorded.correlation_id,
            causation_id=recorded.causation_id,
        ),
        recorded.occurred_at,
        letter,
    )
