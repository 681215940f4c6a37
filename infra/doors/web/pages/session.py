"""Who is signed in: what a browser keeps of a session where no script and no other site reads it.

It is not the token, but random bits of which the store knows the digest. The cookie is sent to the
pages alone, so no other site can make a browser command the API.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request, cookie_parser
from starlette.responses import Response

from infra.doors.web.problem import Problem
from infra.store.access import digest_of

HOME = "/desk"
SIGN_IN = f"{HOME}/sign-in"
COOKIE = "lhuta_session"
FIELD = "csrf"

LONGEST_SIGN_IN = 4 * 1024
"""How many bytes are read of somebody whom nobody knows yet."""

_PURPOSE = b"lhuta form"


def is_page(path: str) -> bool:
    """Tell whether a path is one of a page."""
    return path == HOME or path.startswith(f"{HOME}/")


def presented(cookies: bytes | None) -> bytes:
    """Return the digest of the session that a browser keeps; raises Problem without one."""
    secret = cookie_parser((cookies or b"").decode("latin-1")).get(COOKIE, "")
    if not secret:
        raise not_signed_in()
    return digest_of(secret)


def not_signed_in() -> Problem:
    """Return the problem of a browser without a session."""
    return Problem(401, "NotSignedIn", "nobody is signed in; sign in with a token")


def expired() -> Problem:
    """Return the problem of a session that has lasted as long as it may."""
    return Problem(401, "SessionExpired", "the session has ended; sign in again")


def keep(response: Response, request: Request, secret: str) -> None:
    """Let the browser keep a session until it is closed."""
    response.set_cookie(
        COOKIE,
        secret,
        path=HOME,
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )


def forget(response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(COOKIE, path=HOME, httponly=True, samesite="strict")


def form_token(request: Request) -> str:
    """Return what a form must send back: only a page of this session can know it."""
    secret = request.cookies.get(COOKIE, "")
    return hmac.new(secret.encode("utf-8", "surrogateescape"), _PURPOSE, sha256).hexdigest()


def check_form(request: Request, fields: Mapping[str, str]) -> None:
    """Raise Problem unless a form comes from a page of this session."""
    sent = fields.get(FIELD, "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(sent, form_token(request).encode()):
        raise _foreign()


def check_origin(request: Request) -> None:
    """Raise Problem where another site sends a form that no session stands behind yet."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise _foreign()


def _foreign() -> Problem:
    return Problem(
        403, "FormForeign", "the form is not of this session; send it from a page that you open now"
    )


def _is_encrypted(request: Request) -> bool:
    # Whoever says so wrongly only loses an own session.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return "https" in (request.url.scheme, forwarded)
