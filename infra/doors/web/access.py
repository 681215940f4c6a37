"""Who calls: a token or a session becomes a caller, who may do what the table of rights says."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Scope

from domain import instant
from infra.doors.web.pages import session
from infra.doors.web.problem import Problem
from infra.doors.web.rights import RIGHTS, Reach
from infra.store.access import Holder, Role, Session, Token, digest_of, session_secret
from infra.store.failure import StoreError

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

T = TypeVar("T")


class Tokens(Protocol):
    """What is needed of the store of tokens and sessions; used by several threads."""

    def find(self, digest: bytes) -> Token | None:
        """Return the token of a digest, also one that is over; None where there is none."""

    def session(self, digest: bytes) -> Session | None:
        """Return the session of a digest, also one that is over; None where there is none."""

    def begin(self, digest: bytes, token: Token, now: int) -> None:
        """Begin a session with a token, under a digest of its own."""

    def end(self, digest: bytes) -> None:
        """End a session, if there is one."""


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


class Lookups(Generic[T]):
    """What a store has under digests, remembered for a moment; belongs to one event loop."""

    def __init__(self, look_up: Callable[[bytes], T | None], clock: Callable[[], int]) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[T, int]] = OrderedDict()

    async def find(self, digest: bytes, *, anew: bool = False) -> T | None:
        """Return what was looked up a moment ago, or look it up; raises StoreError."""
        now = self._clock()
        known = self._known.get(digest)
        if known is not None and not anew:
            if 0 <= now - known[1] < TRUSTED_FOR:
                return known[0]
            # One looks it up, the others go on with it meanwhile: a thousand streams may ask.
            self._known[digest] = (known[0], now)
        try:
            found = await asyncio.to_thread(self._look_up, digest)
        finally:
            self.forget(digest)
        if found is not None:
            self._known[digest] = (found, self._clock())
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    def forget(self, digest: bytes) -> None:
        """Look it up anew the next time."""
        self._known.pop(digest, None)


class Callers:
    """Tells who calls: the API by a token, the pages by a session."""

    def __init__(self, store: Tokens, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._tokens = Lookups(store.find, clock)
        self._sessions = Lookups(store.session, clock)

    async def of(self, scope: Scope) -> Caller:
        """Return who calls; raises Problem where nobody is let in, and StoreError."""
        headers = dict(scope["headers"])
        if session.is_page(scope["path"]):
            begun = await self._sessions.find(session.presented(headers.get(b"cookie")))
            if begun is None:
                raise session.not_signed_in()
            if self._clock() >= begun.expires_at and begun.token.holds(self._clock()):
                raise session.expired()
            token = self._good(begun.token)
        else:
            digest = presented(headers.get(b"authorization"))
            token = self._good(await self._tokens.find(digest))
        return Caller(token.name, token.holder)

    async def sign_in(self, secret: str) -> str:
        """Begin a session with a token; return what the browser keeps of it.

        Raises Problem where the token lets nobody in, and StoreError.
        """
        # Looked up anew: what was known a moment ago may have ended.
        token = self._good(await self._tokens.find(digest_of(secret), anew=True))
        kept = session_secret()
        await asyncio.to_thread(self._store.begin, digest_of(kept), token, self._clock())
        return kept

    async def sign_out(self, scope: Scope) -> None:
        """End the session that a browser keeps, for all who may have got hold of it."""
        digest = session.presented(dict(scope["headers"]).get(b"cookie"))
        await asyncio.to_thread(self._store.end, digest)
        self._sessions.forget(digest)

    def _good(self, token: Token | None) -> Token:
        """Return a token that lets somebody in; raises Problem."""
        if token is None:
            raise _not_let_in("TokenUnknown", "nobody holds this token; ask for one that is known")
        if token.revoked_at is not None:
            raise _not_let_in("TokenRevoked", f"{token.name} was revoked; ask for a new token")
        if not token.holds(self._clock()):
            ended = instant.text(token.expires_at)
            raise _not_let_in(
                "TokenExpired", f"{token.name} expired at {ended}; ask for a new token"
            )
        return token


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


async def is_still_let_in(request: Request, *, telling: bool) -> bool:
    """Tell whether who was let in would be let in now: a stream outlives many a token.

    While the store is away nobody knows; then nobody is told anything, nor sent away for it.
    """
    callers: Callers = request.app.state.callers
    try:
        await callers.of(request.scope)
    except Problem:
        return False
    except StoreError:
        return not telling
    return True


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
