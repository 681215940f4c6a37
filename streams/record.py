"""Records of our topics, to and fro (contracts, Events on Kafka and Topics).

An event is a CloudEvent in binary mode: its attributes are headers, its data the value, its ticket
the key. It is made of the bytes that the log stores, so that what this program does not know of it
travels as well.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol, TypedDict

import orjson

from domain import instant
from domain.event import RecordedEvent
from projections.models import Announcement
from projections.publication import ChangedClock
from streams.envelope import READERS, SPEC_VERSION, Malformed, event_of, shown

Header = tuple[str, bytes]

_CONTENT_TYPE: Header = ("content-type", b"application/json")
_VERSION: Header = ("ce_specversion", SPEC_VERSION.encode())
_ATTRIBUTE = "ce_"
_CAUSES = tuple((cause, f"ce_{cause}") for cause in ("commandid", "correlationid", "causationid"))
_HASH_BYTES = 32


class Undecodable(Exception):
    """A record that is none of ours, or was damaged on its way; the message says why.

    The log has what should have stood there.
    """


class UnknownType(Exception):
    """An event that only a later version of this program can read (architecture, decision 6)."""

    def __init__(self, kind: str, position: int) -> None:
        super().__init__(
            f"the event at position {position} has the type {shown(kind)}, which this version of "
            "the program does not know; install a later one"
        )
        self.kind = kind
        self.position = position


class Row(Protocol):
    """An event as the log stores it.

    `state` is JSON: the attributes `id`, `actor` and what caused the event, its `data`, the `text`
    that stands for its words, and its `time` in microseconds.
    """

    @property
    def position(self) -> int:
        """Return the position in the log."""

    @property
    def previous(self) -> int:
        """Return the position of the partition's preceding event, 0 for none."""

    @property
    def originator_id(self) -> str:
        """Return the ticket."""

    @property
    def originator_version(self) -> int:
        """Return the version in the ticket."""

    @property
    def topic(self) -> str:
        """Return the contract's type name."""

    @property
    def state(self) -> bytes:
        """Return the stored bytes."""

    @property
    def recorded_at(self) -> int:
        """Return when it was recorded, in microseconds."""

    @property
    def hash(self) -> bytes:
        """Return the chain's hash."""


class Record(NamedTuple):
    """What is sent to a topic; without a value it takes back what the key named."""

    key: bytes
    value: bytes | None
    headers: list[Header]


class Arrived(NamedTuple):
    """An event that came over Kafka, with its place in the log."""

    position: int
    previous: int
    hash: bytes
    recorded: RecordedEvent


class Watermark(NamedTuple):
    """All of a partition that was recorded by `recorded_at` is at or before `position`."""

    partition: int
    position: int
    recorded_at: int


class ClockState(TypedDict):
    """How a clock stands, as far as the log was applied."""

    ticket: str
    clock: str
    instance: int
    started_by: str
    plan: str
    policy: str
    started_at: str
    due_at: str | None
    satisfied_at: str | None
    satisfied_by: str | None
    verdict: str
    business_seconds: int | float | None
    off_hours_seconds: int | float | None
    logposition: int


def of_event(row: Row, source: Header) -> Record:
    """Return the record of an event; `source` is `source_header` of the log's."""
    attributes = orjson.loads(row.state)
    data = attributes["data"]
    if "text" in attributes:
        data["text"] = attributes["text"]
    time, recorded_at = attributes["time"], row.recorded_at
    happened = instant.text(time).encode()
    key = row.originator_id.encode()
    version, kind, content_type, schema = _type_headers(row.topic)
    headers = [
        version,
        ("ce_id", attributes["id"].encode()),
        source,
        kind,
        ("ce_subject", key),
        ("ce_time", happened),
        (
            "ce_recordedtime",
            happened if recorded_at == time else instant.text(recorded_at).encode(),
        ),
        ("ce_sequence", b"%010d" % row.originator_version),
        ("ce_actor", attributes["actor"].encode()),
        content_type,
        schema,
        ("ce_logposition", b"%d" % row.position),
        ("ce_logprevious", b"%d" % row.previous),
        ("ce_loghash", row.hash.hex().encode()),
    ]
    for cause, header in _CAUSES:
        if cause in attributes:
            headers.append((header, attributes[cause].encode()))
    return Record(key, orjson.dumps(data), headers)


def source_header(source: str) -> Header:
    """Return the header that names the log's source."""
    return ("ce_source", source.encode())


@lru_cache(64)
def _type_headers(kind: str) -> tuple[Header, Header, Header, Header]:
    """Return the headers that only depend on a type: every record of it shares them."""
    return (
        _VERSION,
        ("ce_type", kind.encode()),
        _CONTENT_TYPE,
        ("ce_dataschema", f"urn:lhuta:schema:{kind}".encode()),
    )


def of_alert(announced: Announcement, source: Header) -> Record:
    """Return the record of an alert, word for word as it was announced."""
    version, kind, content_type, schema = _type_headers(f"ticket.alert.{announced.kind}.v1")
    key = announced.ticket.encode()
    headers = [
        version,
        ("ce_id", announced.alert_id.encode()),
        source,
        kind,
        ("ce_subject", key),
        ("ce_time", instant.text(announced.decided_at).encode()),
        content_type,
        schema,
    ]
    return Record(key, announced.alert.encode(), headers)


def of_clock(changed: ChangedClock) -> Record:
    """Return the record of a clock's present state; one that is gone has no value."""
    key = f"{changed.ticket}/{changed.clock}/{changed.started_by}".encode()
    row = changed.row
    if row is None:
        return Record(key, None, [])
    state = ClockState(
        ticket=row.ticket,
        clock=row.clock,
        instance=row.instance,
        started_by=row.started_by,
        plan=row.plan,
        policy=row.policy,
        started_at=instant.text(row.started_at),
        due_at=_instant(row.due_at),
        satisfied_at=_instant(row.satisfied_at),
        satisfied_by=row.satisfied_by,
        verdict=row.verdict,
        business_seconds=_seconds(row.business),
        off_hours_seconds=_seconds(row.off_hours),
        logposition=changed.position,
    )
    return Record(key, orjson.dumps(state), [_CONTENT_TYPE])


def _instant(moment: int | None) -> str | None:
    return None if moment is None else instant.text(moment)


def _seconds(duration: int | None) -> int | float | None:
    return None if duration is None else instant.seconds(duration)


def event(
    key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> Arrived:
    """Read the record of an event; raises Undecodable and UnknownType."""
    try:
        attributes = {
            name[3:]: content.decode()
            for name, content in headers
            if content is not None and name.startswith(_ATTRIBUTE)
        }
        position = _number(attributes, "logposition")
        previous = _number(attributes, "logprevious")
        proof = bytes.fromhex(attributes["loghash"])
        kind = attributes["type"]
        if kind not in READERS:
            raise UnknownType(kind, position)
        recorded = event_of({**attributes, "data": orjson.loads(value or b"")})
    except KeyError as missing:
        raise Undecodable(f"the header 'ce_{missing.args[0]}' is missing") from missing
    except (UnicodeDecodeError, orjson.JSONDecodeError, Malformed) as error:
        raise Undecodable(str(error)) from error
    except ValueError as error:
        raise Undecodable(f"the place in the log cannot be read: {error}") from error
    if len(proof) != _HASH_BYTES or not 0 <= previous < position:
        raise Undecodable(f"position {position} after {previous} is no place in a log")
    if key != recorded.ticket.encode():
        raise Undecodable(f"the key is not the ticket {recorded.ticket}")
    return Arrived(position, previous, proof, recorded)


def of_watermark(mark: Watermark) -> Record:
    """Return the record of a watermark."""
    value = {"time": instant.text(mark.recorded_at), "position": mark.position}
    return Record(b"%d" % mark.partition, orjson.dumps(value), [_CONTENT_TYPE])


def watermark(key: bytes | None, value: bytes | None) -> Watermark:
    """Read the record of a watermark; raises Undecodable."""
    try:
        partition = int(key or b"")
        told = orjson.loads(value or b"")
        match told:
            case {"time": str(time), "position": int(position)}:
                mark = Watermark(partition, position, instant.parse(time))
            case _:
                raise Undecodable(f"{shown(told)} is no watermark")
    except ValueError as error:
        raise Undecodable(f"no watermark: {error}") from error
    if mark.partition < 0 or mark.position < 0:
        raise Undecodable(f"{shown(told)} of {partition} is no watermark")
    return mark


def _number(attributes: dict[str, str], name: str) -> int:
    text = attributes[name]
    if not (text.isdigit() and text.isascii()):
        raise ValueError(f"'{name}' is {shown(text)}, expected a number")
    return int(text)
