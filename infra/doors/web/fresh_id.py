"""Identifiers that nobody can guess, many at a time: asking the system for each costs a switch."""

import secrets
from uuid import UUID

_TOGETHER = 256
_LENGTH = 16


class FreshIds:
    """Makes UUIDs of version 4; belongs to one thread."""

    def __init__(self) -> None:
        self._random = b""
        self._used = 0

    def __call__(self) -> str:
        """Return one that was never returned before."""
        if self._used == len(self._random):
            self._random = secrets.token_bytes(_TOGETHER * _LENGTH)
            self._used = 0
        start, self._used = self._used, self._used + _LENGTH
        return str(UUID(bytes=self._random[start : self._used], version=4))
