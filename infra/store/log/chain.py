"""The chain of hashes: every row proves all rows before it.

A hash is the SHA-256 of its parts in order, each led by its length in four bytes. Whole numbers
are eight bytes, texts are UTF-8, nothing is no bytes; all numbers are signed and big-endian.
"""

from functools import lru_cache
from hashlib import sha256
from struct import Struct

from infra.store.log.settings import Settings

Part = bytes | str | int | None

_LENGTH = Struct(">I")
_NUMBER = Struct(">q")
_EVENT_PLACE = Struct(">I32sIqIqI")
_EVENT_VERSION = Struct(">Iq")


def hashed(*parts: Part) -> bytes:
    """Return the hash of parts, as this page defines it."""
    return sha256(b"".join(_framed(part) for part in parts)).digest()


def origin(settings: Settings) -> bytes:
    """Return what the chain of events starts from: the settings, which never change."""
    return hashed(
        "lhuta event log",
        settings.log_id,
        settings.source,
        settings.partitions,
        settings.policy,
        settings.created_at,
        settings.live_from,
    )


def of_event(
    previous: bytes,
    position: int,
    recorded_at: int,
    stream: str,
    version: int,
    topic: str,
    state: bytes,
) -> bytes:
    """Return the hash of an event at its position.

    It equals `hashed(previous, position, recorded_at, stream, version, topic, state)`, in a third
    of the time.
    """
    name = stream.encode()
    return sha256(
        b"".join(
            (
                _EVENT_PLACE.pack(32, previous, 8, position, 8, recorded_at, len(name)),
                name,
                _EVENT_VERSION.pack(8, version),
                _framed_topic(topic),
                _LENGTH.pack(len(state)),
                state,
            )
        )
    ).digest()


def _framed(part: Part) -> bytes:
    match part:
        case None:
            content = b""
        case int():
            content = _NUMBER.pack(part)
        case str():
            content = part.encode()
        case bytes():
            content = part
    return _LENGTH.pack(len(content)) + content


@lru_cache(maxsize=64)
def _framed_topic(topic: str) -> bytes:
    return _framed(topic)
