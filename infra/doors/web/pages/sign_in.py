"""Signing in with a token, and out again; choosing a language."""

import asyncio

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from infra.doors.web.access import Caller, Callers
from infra.doors.web.pages import session
from infra.doors.web.pages.page import (
    A_YEAR,
    LANGUAGE_COOKIE,
    fields_of,
    local_path,
    public,
    view,
)
from infra.doors.web.problem import Problem

router = public()


@router.get("/", name="get_start")
def get_start() -> Response:
    """Lead people to the pages."""
    return RedirectResponse(f"{session.HOME}/home", 303)


@router.get(f"{session.HOME}/home", name="get_home")
def get_home(request: Request) -> Response:
    """Lead to the first page that the caller may see."""
    found = request.scope["lhuta.caller"]
    if isinstance(found, Problem):
        raise found
    first = session.HOME if found.reach("get_board") else f"{session.HOME}/tickets"
    return RedirectResponse(first, 303)


@router.get(session.SIGN_IN, name="get_sign_in")
def get_sign_in(request: Request) -> Response:
    """Show the form for a token."""
    made = view(request)
    why = made.said.get(request.query_params.get("why", ""))
    to = local_path(request.query_params.get("to", f"{session.HOME}/home"))
    return made.show("sign-in.html", why=why, to=to)


@router.post(session.SIGN_IN, name="sign_in")
async def sign_in(request: Request) -> Response:
    """Begin a session with a token that lets somebody in."""
    session.check_origin(request)
    fields = fields_of(await request.body())
    secret = fields.get("token", "").strip()
    to = local_path(fields.get("to", f"{session.HOME}/home"))
    callers: Callers = request.app.state.callers
    try:
        kept = await callers.sign_in(secret)
    except Problem as problem:
        return await asyncio.to_thread(_again, request, problem, to)
    if isinstance(request.scope["lhuta.caller"], Caller):
        # Whoever signs in anew leaves no session behind that nobody knows of.
        await callers.sign_out(request.scope)
    response = RedirectResponse(to, 303)
    session.keep(response, request, kept)
    return response


def _again(request: Request, problem: Problem, to: str) -> Response:
    made = view(request)
    return made.show("sign-in.html", 401, why=made.said[problem.name], to=to)


@router.post(f"{session.HOME}/sign-out", name="sign_out")
async def sign_out(request: Request) -> Response:
    """End the session, here and wherever else its cookie may be."""
    caller: Caller | Problem = request.scope["lhuta.caller"]
    if isinstance(caller, Caller):
        session.check_form(request, fields_of(await request.body()))
        callers: Callers = request.app.state.callers
        await callers.sign_out(request.scope)
    elif caller.status_code != 401:
        # The session goes on: nobody is told otherwise.
        raise caller
    response = RedirectResponse(session.SIGN_IN, 303)
    session.forget(response)
    return response


@router.get(f"{session.HOME}/language", name="choose_language")
def choose_language(request: Request) -> Response:
    """Keep the language that was chosen, and go back."""
    response = RedirectResponse(local_path(request.query_params.get("to", session.HOME)), 303)
    wanted = request.query_params.get("lang")
    if wanted in ("en", "cs"):
        response.set_cookie(
            LANGUAGE_COOKIE,
            wanted,
            max_age=A_YEAR,
            path=session.HOME,
            httponly=True,
            samesite="strict",
        )
    return response
