"""Who is signed in: the token that a browser keeps where no script and no other site reads it.

The cookie is sent to the pages alone, so no other site can make a browser command the API.
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


def presented(headers: Mapping[bytes, bytes]) -> bytes:
    """Return the digest of the token that a browser keeps; raises Problem without one."""
    secret = _kept(headers.get(b"cookie", b"").decode("latin-1"))
    if not secret:
        raise Problem(401, "NotSignedIn", "nobody is signed in; sign in with a token")
    return digest_of(secret)


def begin(response: Response, request: Request, secret: str) -> None:
    """Let the browser keep a token until it is closed."""
    response.set_cookie(
        COOKIE,
        secret,
        path=HOME,
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )


def end(response: Response) -> None:
    """Let the browser forget its token."""
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
        403, "FormForeign", "the form is not of this session; open the page again and repeat"
    )


def _kept(cookies: str) -> str:
    return cookie_parser(cookies).get(COOKIE, "")


def _is_encrypted(request: Request) -> bool:
    # Whoever says so wrongly only loses an own session.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return "https" in (request.url.scheme, forwarded)
