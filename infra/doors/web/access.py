"""Who calls: a token becomes a caller, and the table of rights says what a caller may do."""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol, cast

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from domain import instant
from infra.doors.web.problem import Problem
from infra.doors.web.rights import RIGHTS, Reach
from infra.store.access import Holder, Role, Token, digest_of

TRUSTED_FOR = 1 * instant.SECOND
"""How long a token that was looked up is not looked up again: as long may a revoked one live."""

_REMEMBERED = 10_000
_SCHEME = "bearer "

SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of `lhuta token add`: `Authorization: Bearer lhuta_...`",
}
"""How a token is presented, as OpenAPI describes it."""


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


class Route(APIRoute):
    """A route behind the table of rights: nobody comes in who may not, whatever the route does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers, with the table before it."""
        handle = super().get_route_handler()
        operation = self.name

        async def admitting(request: Request) -> Response:
            _admit(request, operation)
            return await handle(request)

        return admitting


def caller_of(request: Request) -> Caller:
    """Return who was let in."""
    return cast(Caller, request.scope["lhuta.caller"])


def _admit(request: Request, operation: str) -> None:
    found: Caller | Problem = request.scope["lhuta.caller"]
    if isinstance(found, Problem):
        raise found
    if found.reach(operation) is None:
        may = ", ".join(RIGHTS.get(operation, {})) or "none"
        raise Problem(
            403,
            "RoleForbids",
            f"the role {found.role} may not do this; a token of another role may: {may}",
        )
