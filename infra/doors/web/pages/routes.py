"""All pages, and what answers where there is none."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from infra.doors.web.pages import (
    alerts,
    board,
    changes,
    policy,
    promises,
    saved,
    session,
    sign_in,
    static_files,
    ticket,
    tickets,
)
from infra.doors.web.pages.page import public
from infra.doors.web.problem import Problem

router = APIRouter(include_in_schema=False)
_nowhere = public()


@_nowhere.get(f"{session.HOME}/{{path:path}}", name="get_nowhere")
def get_nowhere(request: Request) -> Response:
    """Say that there is no such page."""
    raise Problem(404, "PageUnknown", "there is no such page; go back to the first one")


for _pages in (
    sign_in.router,
    static_files.router,
    changes.router,
    board.router,
    saved.router,
    tickets.router,
    ticket.router,
    alerts.router,
    policy.router,
    promises.router,
    _nowhere,
):
    # The routes of each keep their own class: what stands before them depends on it.
    router.routes.extend(_pages.routes)
