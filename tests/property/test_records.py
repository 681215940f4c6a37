"""Records on Kafka, to and fro: what the log stores arrives as it was, or is refused by name."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event import CustomerReplied, RecordedEvent
from infra.store.log import codec
from infra.store.log.plan import EventRow
from streams import record
from streams.record import Arrived, Record, Undecodable, UnknownType, Watermark
from tests.spec.given import START
from tests.strategies import instants, placed_events

SOURCE = record.source_header("/tickets")
PLAIN = RecordedEvent(
    "T-1",
    2,
    "8d1a3b52-0c94-5b53-a1f0-0f0b8f6f2f3e",
    START,
    START + 250_000,
    "agent:a-1",
    CustomerReplied(),
    command_id="c-1",
)
PLACE = (7, 5, b"\x01" * 32)


def stored(position: int, previous: int, proof: bytes, recorded: RecordedEvent) -> EventRow:
    """The row that the log has of an event."""
    topic, data = codec.data_of(recorded.event)
    unsealed = codec.unsealed(
        event_id=recorded.event_id,
        actor=recorded.actor,
        data=data,
        text=recorded.text,
        command_id=recorded.command_id,
        correlation_id=recorded.correlation_id,
        causation_id=recorded.causation_id,
    )
    state = codec.sealed(unsealed, recorded.occurred_at)
    at = recorded.recorded_at
    return EventRow(
        position, recorded.ticket, recorded.version, topic, state, at, proof, previous, 0
    )


def with_header(sent: Record, name: str, content: bytes | None) -> Record:
    """The record with another header of that name, or without it."""
    headers = [header for header in sent.headers if header[0] != name]
    return sent._replace(headers=headers if content is None else [*headers, (name, content)])


@given(placed_events())
def test_an_event_arrives_as_the_log_has_it(
    placed: tuple[int, int, bytes, RecordedEvent],
) -> None:
    """Encoding a stored row and decoding the record is what the log itself reads."""
    sent = record.of_event(stored(*placed), SOURCE)
    assert record.event(*sent) == Arrived(*placed)


def test_an_event_is_a_cloudevent_in_binary_mode() -> None:
    """Attributes are `ce_` headers, the value is the data alone, the key the ticket."""
    sent = record.of_event(stored(*PLACE, PLAIN), SOURCE)
    assert (sent.key, sent.value) == (b"T-1", b"{}")
    assert dict(sent.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"8d1a3b52-0c94-5b53-a1f0-0f0b8f6f2f3e",
        "ce_source": b"/tickets",
        "ce_type": b"ticket.customer-replied.v1",
        "content-type": b"application/json",
        "ce_dataschema": b"urn:lhuta:schema:ticket.customer-replied.v1",
        "ce_subject": b"T-1",
        "ce_time": b"2026-03-09T09:00:00Z",
        "ce_recordedtime": b"2026-03-09T09:00:00.25Z",
        "ce_sequence": b"0000000002",
        "ce_actor": b"agent:a-1",
        "ce_logposition": b"7",
        "ce_logprevious": b"5",
        "ce_loghash": b"01" * 32,
        "ce_commandid": b"c-1",
    }


def test_what_this_program_does_not_know_of_an_event_travels_as_well() -> None:
    """A field that a later version stored is in the record, and no reader minds it."""
    row = stored(*PLACE, PLAIN)
    state = orjson.loads(row.state)
    state["data"]["mood"] = "calm"
    sent = record.of_event(row._replace(state=orjson.dumps(state)), SOURCE)
    assert sent.value == b'{"mood":"calm"}'
    assert record.event(*sent) == Arrived(*PLACE, PLAIN)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ce_logposition": None}, "'ce_logposition' is missing"),
        ({"ce_type": None}, "'ce_type' is missing"),
        ({"ce_actor": None}, "'actor' is missing"),
        ({"ce_logposition": b"seven"}, "place in the log"),
        ({"ce_logposition": "٧".encode()}, "place in the log"),
        ({"ce_logprevious": b"7"}, "no place in a log"),
        ({"ce_loghash": b"beef"}, "no place in a log"),
        ({"ce_loghash": b"xyz"}, "place in the log"),
        ({"ce_time": b"yesterday"}, "RFC 3339"),
        ({"ce_actor": b"\xff"}, "utf-8"),
        ({"ce_subject": b"T-2"}, "the key is not the ticket"),
        ({"ce_sequence": b"2"}, "10 digits"),
    ],
)
def test_a_damaged_header_is_named(change: dict[str, bytes | None], reason: str) -> None:
    """Whatever is wrong with a record's headers, it is refused and the reason says what."""
    sent = record.of_event(stored(*PLACE, PLAIN), SOURCE)
    for name, content in change.items():
        sent = with_header(sent, name, content)
    with pytest.raises(Undecodable, match=reason):
        record.event(*sent)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"7", b"\xff"])
def test_a_damaged_value_is_refused(value: bytes | None) -> None:
    """A value that is no JSON object is no event."""
    sent = record.of_event(stored(*PLACE, PLAIN), SOURCE)._replace(value=value)
    with pytest.raises(Undecodable):
        record.event(*sent)


def test_a_type_of_a_later_version_is_told_apart() -> None:
    """An unknown type is not a damaged record: going on without it would lose an event."""
    sent = record.of_event(stored(*PLACE, PLAIN), SOURCE)
    with pytest.raises(UnknownType, match=r'position 7 has the type "ticket\.merged\.v1"'):
        record.event(*with_header(sent, "ce_type", b"ticket.merged.v1"))


@given(st.lists(st.tuples(st.text(max_size=20), st.none() | st.binary())), st.binary(max_size=80))
def test_no_record_of_strangers_is_read_or_breaks_the_reader(
    headers: list[tuple[str, bytes | None]], value: bytes
) -> None:
    """Any bytes on our topics are refused by name and raise nothing else."""
    with pytest.raises(Undecodable):
        record.event(value, value, headers)
    with pytest.raises(Undecodable):
        record.watermark(b"0", value)


@given(st.integers(0, 99), st.integers(0, 2**62), instants())
def test_a_watermark_arrives_as_it_was(partition: int, position: int, at: int) -> None:
    """Partition, position and instant are what was sent."""
    mark = Watermark(partition, position, at)
    sent = record.of_watermark(mark)
    assert sent.key == b"%d" % partition
    assert record.watermark(sent.key, sent.value) == mark


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (b"zero", {"time": "2026-03-09T09:00:00Z", "position": 1}),
        (None, {"time": "2026-03-09T09:00:00Z", "position": 1}),
        (b"-1", {"time": "2026-03-09T09:00:00Z", "position": 1}),
        (b"0", {"time": "2026-03-09T09:00:00Z", "position": -1}),
        (b"0", {"time": "2026-03-09T09:00:00", "position": 1}),
        (b"0", {"time": "2026-03-09T09:00:00Z"}),
        (b"0", []),
    ],
)
def test_what_is_no_watermark_is_refused(key: bytes | None, told: Any) -> None:
    """A watermark has a partition, an instant with an offset, and a position."""
    with pytest.raises(Undecodable):
        record.watermark(key, orjson.dumps(told))
