"""Who calls: a token becomes a caller, and the table of rights says what a caller may do."""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, NamedTuple, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from domain import instant
from infra.doors.web.problem import Problem
from infra.doors.web.rights import RIGHTS, Reach
from infra.store.access import Holder, Role, Token, digest_of

TRUSTED_FOR = 1 * instant.SECOND
"""How long a token that was looked up is not looked up again: as long may a revoked one live."""

_REMEMBERED = 10_000
_SCHEME = "bearer "

bearer = HTTPBearer(
    scheme_name="token",
    description="A token of `lhuta token add`: `Authorization: Bearer lhuta_...`",
    auto_error=False,
)


class Tokens(Protocol):
    """What is needed of the store of tokens."""

    def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest, also one that is over; None where there is none."""


class Caller(NamedTuple):
    """Who calls, and by which token."""

    token: str
    holder: Holder

    @property
    def role(self) -> Role:
        """Return what the caller is."""
        return self.holder.role

    @property
    def actor(self) -> str:
        """Return who acts, as events name them: never what a request says (contracts, `actor`)."""
        kind = "customer" if self.holder.role == "customer" else "agent"
        return f"{kind}:{self.holder.id}"

    def reach(self, right: str) -> Reach | None:
        """Return how far a right of the caller goes, None where there is none."""
        return RIGHTS.get(right, {}).get(self.holder.role)

    @property
    def customer(self) -> str | None:
        """Return the one customer whose tickets the caller has to do with, None for all."""
        return self.holder.id if self.holder.role == "customer" else None


class Callers:
    """Looks tokens up, and remembers them for a moment."""

    def __init__(self, tokens: Tokens, clock: Callable[[], int]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Token, int]] = OrderedDict()

    def remembered(self, digest: bytes) -> Token | None:
        """Return a token that was looked up a moment ago."""
        token, since = self._known.get(digest, (None, 0))
        fresh = 0 <= self._clock() - since < TRUSTED_FOR
        return token if fresh else None

    def find(self, digest: bytes) -> Token | None:
        """Look a token up; raises StoreError."""
        found = self._tokens.find(digest)
        self._known.pop(digest, None)
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        self._known[digest] = (found, self._clock())
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    def caller(self, token: Token | None) -> Caller:
        """Return whom a token lets in; raises Problem where it lets nobody in."""
        if token is None:
            raise _not_let_in("TokenUnknown", "nobody holds this token; ask for one that is known")
        if token.revoked_at is not None:
            raise _not_let_in("TokenRevoked", f"{token.name} was revoked; ask for a new token")
        if not token.holds(self._clock()):
            ended = instant.text(token.expires_at)
            raise _not_let_in(
                "TokenExpired", f"{token.name} expired at {ended}; ask for a new token"
            )
        return Caller(token.name, token.holder)


def presented(authorization: bytes | None) -> bytes:
    """Return the digest of the token that a request presents; raises Problem without one."""
    text = (authorization or b"").decode("latin-1")
    if not text[: len(_SCHEME)].lower() == _SCHEME or not text[len(_SCHEME) :].strip():
        raise _not_let_in(
            "TokenMissing",
            "the request presents no token; send `Authorization: Bearer` and a token",
        )
    return digest_of(text[len(_SCHEME) :].strip())


def _not_let_in(name: str, message: str) -> Problem:
    challenge = 'Bearer realm="lhuta"'
    if name != "TokenMissing":
        challenge += ', error="invalid_token"'
    return Problem(401, name, message, headers={"WWW-Authenticate": challenge})


async def admit(request: Request, _: Annotated[object, Security(bearer)]) -> Caller:
    """Return the caller where the table lets them do this; else raise Problem."""
    found: Caller | Problem = request.scope["lhuta.caller"]
    if isinstance(found, Problem):
        raise found
    operation = request.scope["route"].name
    if found.reach(operation) is None:
        may = RIGHTS.get(operation, {})
        raise Problem(
            403,
            "RoleForbids",
            f"the role {found.role} may not do this; "
            f"a token of another role may: {', '.join(may) or 'none'}",
        )
    return found


Admitted = Annotated[Caller, Depends(admit)]
"""A caller whom the table of rights lets do what the route does."""
