"""Filters of the board that somebody keeps under a name, in the own browser: links, no more."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from infra.doors.web.pages import session
from infra.doors.web.pages.page import A_YEAR, View, fields_of, protected
from infra.doors.web.problem import Problem

router = protected()

COOKIE = "lhuta_filters"
MOST = 12
LONGEST_NAME = 40
_LONGEST = 3_500
"""A browser keeps 4,096 bytes of a cookie."""

_FILTERS = ("plan", "severity", "customer", "clock", "meter", "text")


class Saved(NamedTuple):
    """A filter with its name."""

    name: str
    href: str
    is_here: bool


def links(made: View, here: str) -> Sequence[Saved]:
    """Return the filters that this browser keeps; `here` is the one that is shown."""
    return [
        Saved(name, made.link(session.HOME, **dict(parse_qsl(query))), query == here)
        for name, query in _kept(made.request).items()
    ]


@router.get(f"{session.HOME}/filters", name="get_board")
@router.get(f"{session.HOME}/filters/forget", name="get_board")
def go_back() -> Response:
    """Lead from the address of a form, where a refusal is shown, to the board."""
    return RedirectResponse(session.HOME, 303)


@router.post(f"{session.HOME}/filters", name="get_board")
async def keep(request: Request) -> Response:
    """Keep a filter under a name, in place of one of the same name."""
    fields = fields_of(await request.body())
    session.check_form(request, fields)
    name = " ".join(fields.get("name", "").split())[:LONGEST_NAME]
    query = _filters(fields.get("query", ""))
    kept = dict(_kept(request))
    if name and query:
        kept[name] = query
    return _keeping(request, kept, query)


@router.post(f"{session.HOME}/filters/forget", name="get_board")
async def forget(request: Request) -> Response:
    """Keep a filter no longer."""
    fields = fields_of(await request.body())
    session.check_form(request, fields)
    kept = dict(_kept(request))
    kept.pop(fields.get("name", ""), None)
    return _keeping(request, kept, "")


def _keeping(request: Request, kept: Mapping[str, str], query: str) -> Response:
    text = urlsafe_b64encode(orjson.dumps(list(kept.items()))).decode()
    if len(kept) > MOST or len(text) > _LONGEST:
        raise Problem(
            422, "FiltersTooMany", "so many filters are not kept; forget one of them first"
        )
    response = RedirectResponse(f"{session.HOME}?{query}" if query else session.HOME, 303)
    response.set_cookie(
        COOKIE, text, max_age=A_YEAR, path=session.HOME, httponly=True, samesite="strict"
    )
    return response


def _kept(request: Request) -> Mapping[str, str]:
    """Return the filters by their names; none where the cookie is not as it was written."""
    try:
        found = orjson.loads(urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        return {str(name): _filters(str(query)) for name, query in found}
    except (ValueError, TypeError):
        return {}


def _filters(query: str) -> str:
    """Return what of a query are filters of the board."""
    return urlencode([(name, one) for name, one in parse_qsl(query) if name in _FILTERS])
