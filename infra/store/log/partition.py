"""Which partition a ticket belongs to: Kafka's default, so that both sides agree (contracts)."""

from functools import lru_cache

_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_WORD = 0xFFFFFFFF


@lru_cache(maxsize=65_536)
def partition_of(ticket: str, partitions: int) -> int:
    """Return the partition of a ticket, from 0."""
    return 0 if partitions == 1 else (murmur2(ticket.encode()) & 0x7FFFFFFF) % partitions


def murmur2(key: bytes) -> int:
    """Return the 32-bit murmur2 of a record key, with the seed that Kafka uses."""
    length = len(key)
    value = _SEED ^ length
    whole = length - length % 4
    for index in range(0, whole, 4):
        part = int.from_bytes(key[index : index + 4], "little") * _MULTIPLIER & _WORD
        part = (part ^ part >> 24) * _MULTIPLIER & _WORD
        value = value * _MULTIPLIER & _WORD ^ part
    if length % 4:
        value = (value ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _WORD
    value = (value ^ value >> 13) * _MULTIPLIER & _WORD
    return value ^ value >> 15
