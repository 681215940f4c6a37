"""The guard at the door: who comes, how often, and with how much; everything else comes after it.

It reads a body whole before anything is done with it, within limits of size and time, and puts on
every response what makes it safe to show.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.doors.web.access import Caller, Callers
from infra.doors.web.limits import Limits, Rates
from infra.doors.web.metrics import Metrics
from infra.doors.web.pages import session
from infra.doors.web.problem import Problem, unavailable
from infra.engine.log_lines import note
from infra.store.failure import StoreError

SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
)

_REQUEST_ID = re.compile(rb"[!-~]{1,128}")
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_CLOSE = {"Connection": "close"}


class Guard:
    """Stands before an application and lets in what keeps to the limits."""

    def __init__(
        self,
        app: ASGIApp,
        callers: Callers,
        rates: Rates,
        limits: Limits,
        metrics: Metrics,
        fresh_id: Callable[[], str],
    ) -> None:
        self._app = app
        self._callers = callers
        self._rates = rates
        self._limits = limits
        self._metrics = metrics
        self._fresh_id = fresh_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what must not go further, and pass on the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        beside = list(SAFE)
        known = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
        scope["lhuta.traceparent"] = known[0].decode() if known else None
        if known:
            beside.append((b"traceparent", known[0]))
        request_id = headers.get(b"x-request-id")
        named = request_id is not None and _REQUEST_ID.fullmatch(request_id) is not None
        scope["lhuta.request_id"] = request_id.decode() if request_id and named else None
        shown = request_id if request_id and named else self._fresh_id().encode()
        beside.append((b"x-request-id", shown))
        # What fails behind the guard is told without it, and needs them too.
        scope["lhuta.beside"] = beside

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *beside]
                self._metrics.answered(scope, message["status"])
            await send(message)

        try:
            _check(scope, headers, self._limits.headers, named=named)
            scope["lhuta.caller"], body = await self._let_in(scope, headers, receive)
        except Problem as problem:
            await problem.response()(scope, receive, sending)
            return
        self._metrics.begun(scope)
        await self._app(scope, receive if body is None else _replayed(body, receive), sending)

    async def _let_in(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> tuple[Caller | Problem, bytes | None]:
        """Return who calls, or why nobody is let in, and the body; raises Problem.

        A page tells by itself, in its language, why it is not shown; no body comes with that.
        """
        path = scope["path"]
        try:
            found = await self._caller(scope)
            return found, await self._body(path, headers, receive, found)
        except Problem as problem:
            if path == session.SIGN_IN or not session.is_page(path):
                raise
            return problem, b""

    async def _caller(self, scope: Scope) -> Caller | Problem:
        """Return who calls, or why nobody is known to: some routes need nobody."""
        try:
            found = await self._callers.of(scope)
        except Problem as problem:
            return problem
        except StoreError as error:
            note("http.store-failed", "access", cause=type(error).__name__)
            return unavailable("StoreUnavailable", "tokens cannot be read now; try again")
        wait = self._rates.wait(found.token)
        if wait:
            raise Problem(
                429,
                "RateExceeded",
                f"more than {self._limits.rate:g} requests a second came with this token; "
                f"wait {wait} s",
                headers={"Retry-After": str(wait)},
            )
        return found

    async def _body(
        self,
        path: str,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        caller: Caller | Problem,
    ) -> bytes | None:
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return None
        most = self._limits.body
        if isinstance(caller, Problem):
            # Nothing of a stranger is kept, not even for a moment, but for a token to sign in.
            if path == session.SIGN_IN:
                most = session.LONGEST_SIGN_IN
            elif session.is_page(path):
                return None
            else:
                raise _closing(caller)
        if not length.isdigit() or int(length) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await _read(receive, most)
        except TimeoutError as error:
            raise Problem(
                408,
                "BodyTooSlow",
                f"the body did not come within {self._limits.body_seconds:g} s; send it again",
                headers=_CLOSE,
            ) from error


def request_id_of(scope: Scope) -> str:
    """Return the id that the answer to a request bears."""
    beside: dict[bytes, bytes] = dict(scope["lhuta.beside"])
    return beside[b"x-request-id"].decode()


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(
        413,
        "BodyTooLarge",
        f"the body is longer than {most:,} bytes; shorten it",
        headers=_CLOSE,
    )


def _check(scope: Scope, headers: Mapping[bytes, bytes], most: int, *, named: bool) -> None:
    # The server below ends what has no end by then; what came whole at once, it lets pass.
    length = sum(len(name) + len(value) for name, value in scope["headers"])
    if length + len(scope.get("raw_path") or b"") + len(scope["query_string"]) > most:
        raise Problem(
            400,
            "HeadersTooLong",
            f"address and headers are longer than {most:,} bytes; shorten them",
            headers=_CLOSE,
        )
    for place in ("raw_path", "query_string"):
        raw: bytes = scope.get(place) or b""
        try:
            unquote_to_bytes(raw).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Problem(
                400, "EncodingInvalid", "the address is not UTF-8; encode it as UTF-8, then in %"
            ) from error
    if b"x-request-id" in headers and not named:
        raise Problem(
            400,
            "HeaderInvalid",
            "X-Request-Id is no identifier; use 1 to 128 ASCII characters, no blanks",
        )


def _closing(problem: Problem) -> Problem:
    return Problem(
        problem.status_code,
        problem.name,
        problem.detail,
        headers={**(problem.headers or {}), **_CLOSE},
    )


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> dict[str, Any]:
        nonlocal told
        if told:
            return dict(await receive())
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
