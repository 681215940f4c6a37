"""The pages of a desk as a browser without a script asks for them."""

import re
from html import unescape
from typing import Any

import httpx

from infra.doors.web.pages.session import COOKIE, FIELD
from tests.web.desk import Desk


def cookie(desk: Desk, who: str) -> dict[str, str]:
    """Return the header by which somebody is signed in."""
    return {"Cookie": f"{COOKIE}={desk.session(who)}"}


def page(desk: Desk, who: str | None, path: str, lang: str = "en", **given: Any) -> httpx.Response:
    """Open a page."""
    headers = {"Accept-Language": lang, **(cookie(desk, who) if who else {})}
    return desk.ask(None, "GET", path, headers=headers, **given)


def text(response: httpx.Response) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.text)).split())


def hidden(response: httpx.Response, form: str = "") -> dict[str, str]:
    """Return the hidden fields of a form, by a part of its address."""
    start = response.text.index(f'action="/desk{form}"')
    part = response.text[start : response.text.index("</form>", start)]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part))


def send(
    desk: Desk,
    who: str,
    path: str,
    fields: dict[str, str],
    *,
    token: str | None = None,
    lang: str = "en",
) -> httpx.Response:
    """Send a form as somebody who was shown it; `token` stands in for its own."""
    home = page(desk, who, "/desk/policy")
    own = hidden(home, "/sign-out")[FIELD]
    data = {FIELD: own if token is None else token, **fields}
    headers = {"Accept-Language": lang, **cookie(desk, who)}
    return desk.ask(None, "POST", path, headers=headers, data=data)
