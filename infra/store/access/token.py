"""A token: a secret that is shown once, and what its digest stands for."""

import secrets
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

Role = Literal["customer", "agent", "specialist", "auditor", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

_SECRET_BYTES = 32
_PREFIX = "lhuta_"


class Holder(NamedTuple):
    """Who holds a token: a role, an opaque id, and of a customer the plan that they bought."""

    role: Role
    id: str
    plan: str | None = None


class Token(NamedTuple):
    """A token as it is kept; instants in microseconds.

    `name` is given once and never again; `expires_at` is the first instant at which it is over.
    """

    name: str
    digest: bytes
    holder: Holder
    created_at: int
    expires_at: int
    revoked_at: int | None

    def holds(self, at: int) -> bool:
        """Tell whether the token lets somebody in at an instant."""
        return self.revoked_at is None and at < self.expires_at


class TokenUnknown(LookupError):
    """There is no token of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no token is called {name!r}; `lhuta token list` shows them")


def secret() -> str:
    """Return a secret of 256 random bits, marked so that scanners of leaked secrets know it."""
    return f"{_PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 of a secret: nobody can guess 256 bits, so it needs no salt."""
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()
