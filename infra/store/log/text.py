"""Words beside the log: the document of them, and the salted digest that stands in the event.

The salt goes with the words when they are erased: with it, a short text could be guessed from its
digest.
"""

import secrets
from hashlib import sha256
from typing import NamedTuple

import orjson

from domain.event import Text, Words

SALT_BYTES = 16


def fresh_salt() -> bytes:
    """Return a salt that nobody can guess."""
    return secrets.token_bytes(SALT_BYTES)


class Letter(NamedTuple):
    """Words as they are stored: a random salt, and the canonical JSON of the words."""

    salt: bytes
    document: bytes


def sealed(words: Words) -> Letter:
    """Return words with a fresh salt, ready to be stored."""
    return Letter(fresh_salt(), orjson.dumps(words, option=orjson.OPT_SORT_KEYS))


def opened(document: bytes) -> Words:
    """Return the words of a stored document."""
    words: Words = orjson.loads(document)
    return words


def described(letter: Letter) -> Text:
    """Return what the event says of its words: their digest, and their length in bytes."""
    return Text(sha256(letter.salt + letter.document).hexdigest(), len(letter.document))
