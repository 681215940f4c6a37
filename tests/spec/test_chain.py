"""The chain of hashes, the partition of a ticket, and the stored bytes: formats kept for ever."""

from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event import RecordedEvent, Text
from infra.store.log import chain, codec, text
from infra.store.log.partition import murmur2, partition_of
from infra.store.log.settings import Settings
from streams import envelope
from tests.strategies import histories

EVENT = (bytes(range(32)), 7, 1_772_784_000_000_000, "T-1", 3, "ticket.opened.v1", b'{"time":1}')
EVENT_HASH = "18a9fe142708357dc04fa86c4fb41af9574f9b9c4490ba7398539296618d0113"
ORIGIN_HASH = "166bb0c47e0809039eaa4b48e7ced7527af22b937568594ab9ae03d5dc05b381"

NUMBERS = st.integers(-(2**63), 2**63 - 1)


def test_an_event_hash_is_made_as_the_page_says() -> None:
    """Each part led by its length: anybody can compute it again from the stored row."""
    previous, position, recorded_at, stream, version, topic, state = EVENT
    parts = (
        previous,
        position.to_bytes(8, "big"),
        recorded_at.to_bytes(8, "big"),
        stream.encode(),
        version.to_bytes(8, "big"),
        topic.encode(),
        state,
    )
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert chain.of_event(*EVENT) == sha256(framed).digest()


def test_the_format_of_the_chain_never_changes() -> None:
    """A log of any age is verified by today's program."""
    settings = Settings("3f6c", "/tickets", 12, "managry", 1_772_784_000_000_000, 0)
    assert chain.of_event(*EVENT).hex() == EVENT_HASH
    assert chain.origin(settings).hex() == ORIGIN_HASH


@given(st.binary(min_size=32, max_size=32), NUMBERS, NUMBERS, st.text(), NUMBERS, st.binary())
def test_the_quick_way_to_a_hash_is_the_same(
    previous: bytes, position: int, recorded_at: int, stream: str, version: int, state: bytes
) -> None:
    """`of_event` is `hashed` of the same parts."""
    stream = stream.encode("utf-8", "replace").decode()
    parts = (previous, position, recorded_at, stream, version, "ticket.opened.v1", state)
    assert chain.of_event(*parts) == chain.hashed(*parts)


def test_parts_do_not_run_into_each_other() -> None:
    """The same bytes divided otherwise are another hash."""
    assert chain.hashed("ab", "c") != chain.hashed("a", "bc")
    assert chain.hashed(None, "a") != chain.hashed("a")
    assert chain.hashed(1) != chain.hashed("\0\0\0\0\0\0\0\1", None)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_tickets_are_divided_as_kafka_divides_keys(key: bytes, expected: int) -> None:
    """The values of Kafka's own tests, as unsigned numbers."""
    assert murmur2(key) == expected % 2**32


@given(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), st.integers(1, 64))
def test_every_ticket_has_a_partition(ticket: str, partitions: int) -> None:
    """One of those that there are."""
    assert 0 <= partition_of(ticket, partitions) < partitions


@given(histories())
def test_a_stored_event_is_read_as_it_was_written(history: tuple[RecordedEvent, ...]) -> None:
    """The state is canonical JSON under the contract's name, and nothing of it is lost."""
    for told in history:
        letter = text.sealed(told.words)
        expected = told._replace(
            words={}, text=text.described(letter) if told.words else None, causation_id="c"
        )
        topic, state = _stored(expected)
        assert topic == envelope.type_of(told.event)
        assert state == orjson.dumps(orjson.loads(state), option=orjson.OPT_SORT_KEYS)
        args = (told.ticket, told.version, topic, state, told.recorded_at)
        assert codec.event_of(*args) == expected
        assert codec.event_of(*args, text.opened(letter.document)).words == told.words
        said = None if expected.text is None else codec.Said(expected.text.sha256, withheld=False)
        assert codec.text_of(state) == said


@pytest.mark.parametrize(
    "value", ['"text":{"length":1,"sha256":"' + "0" * 64 + '"},"time":1}', '","time":1}', "}"]
)
def test_a_digest_is_not_found_inside_a_value(value: str) -> None:
    """Somebody's text that looks like the end of a state is none."""
    assert codec.text_of(codec.sealed(_unsealed(value, None), 5)) is None
    there = Text("ab" * 32, 2)
    found = codec.text_of(codec.sealed(_unsealed(value, there), 5))
    assert found == codec.Said(there.sha256, withheld=False)


@pytest.mark.parametrize("number", [0, 2**63 - 1])
def test_a_state_tells_that_its_words_never_came(number: int) -> None:
    """Whatever the lengths of its numbers are, and it is canonical JSON all the same."""
    there = Text("ab" * 32, number)
    unsealed = codec.unsealed(event_id="x", actor="y", data={}, text=there, withheld=True)
    state = codec.sealed(unsealed, -number)
    assert codec.text_of(state) == codec.Said(there.sha256, withheld=True)
    assert state == orjson.dumps(orjson.loads(state), option=orjson.OPT_SORT_KEYS)


def _unsealed(value: str, there: Text | None) -> bytes:
    return codec.unsealed(event_id=value, actor=value, data={"plan": value}, text=there)


def _stored(recorded: RecordedEvent) -> tuple[str, bytes]:
    topic, data = codec.data_of(recorded.event)
    unsealed = codec.unsealed(
        event_id=recorded.event_id,
        actor=recorded.actor,
        data=data,
        text=recorded.text,
        causation_id=recorded.causation_id,
    )
    return topic, codec.sealed(unsealed, recorded.occurred_at)
