"""A session: somebody who is signed in on the board with a token."""

import secrets
from typing import NamedTuple

from domain import instant
from infra.store.access.token import Token

LASTS = 12 * instant.HOUR
"""How long a session lasts at most: a working day."""

MOST = 100
"""How many sessions a token has at once; the oldest gives way."""

_SECRET_BYTES = 32


class Session(NamedTuple):
    """A session as it is kept; `expires_at` is the first microsecond at which it is over."""

    token: Token
    expires_at: int


def session_secret() -> str:
    """Return 256 random bits for a browser to keep; they are not the token, nor made of it."""
    return secrets.token_urlsafe(_SECRET_BYTES)
