"""The style, the script and the icon of the pages: files of our own, that anybody may have."""

from importlib.resources import files

from starlette.responses import Response

from infra.doors.web.pages import session
from infra.doors.web.pages.page import public
from infra.doors.web.problem import Problem

router = public()

_TYPES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_FILES = {name: (files("infra.doors.web.pages") / "static" / name).read_bytes() for name in _TYPES}


@router.get(f"{session.HOME}/static/{{name}}", name="get_static")
async def get_static(name: str) -> Response:
    """Return a file by its name."""
    if name not in _FILES:
        raise Problem(404, "RouteUnknown", "there is no such file; go to the first page")
    return Response(_FILES[name], media_type=_TYPES[name])
