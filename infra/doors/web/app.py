"""The application: routes, what goes wrong, and the guard before them."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from infra.doors.web import (
    alerts,
    board,
    clocks,
    commands,
    docs,
    events,
    policies,
    status,
    tickets,
)
from infra.doors.web.access import Callers
from infra.doors.web.body import meaning
from infra.doors.web.commands import wrong_headers
from infra.doors.web.described import described
from infra.doors.web.failure import FAILURES, of_failure
from infra.doors.web.fresh_id import FreshIds
from infra.doors.web.guard import Guard, request_id_of
from infra.doors.web.landing import Landing
from infra.doors.web.limits import Limits, Rates
from infra.doors.web.metrics import Metrics
from infra.doors.web.pages import routes as pages
from infra.doors.web.pages.page import unframed
from infra.doors.web.pages.session import is_page
from infra.doors.web.problem import Problem, fault_of, invalid, unreadable
from infra.doors.web.service import Service
from infra.engine.log_lines import note

TITLE = "Lhůta"
ABOUT = (
    "Support tickets and the SLA clocks of a published policy. Every operation but /health needs a "
    "token (`lhuta token add`). docs/api.md tells the conventions."
)
_ROUTERS = (
    commands.router,
    tickets.router,
    clocks.router,
    # Before anything that takes the rest of a path for a name.
    events.router,
    alerts.router,
    board.router,
    policies.router,
    status.router,
    status.public,
    docs.router,
    pages.router,
)


def create(service: Service, limits: Limits | None = None) -> FastAPI:
    """Make an application on what is handed in; it has no state of its own beyond one process."""
    keep_to = limits or Limits()
    metrics = Metrics()
    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # What is counted stands in /metrics; nobody else is told of requests.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.state.metrics = metrics
    app.state.fresh_id = FreshIds()
    app.state.landing = Landing()
    app.state.streams = events.Streams(service, keep_to, metrics)
    app.state.callers = Callers(service.tokens, service.clock)
    for router in _ROUTERS:
        # In the table itself: what is included in it is looked through twice for each request.
        app.router.routes.extend(router.routes)
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _wrong)
    for failure in FAILURES:
        app.add_exception_handler(failure, _failed)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(
        Guard,
        callers=app.state.callers,
        rates=Rates(keep_to.rate, keep_to.burst, service.clock),
        limits=keep_to,
        metrics=metrics,
        fresh_id=app.state.fresh_id,
    )
    description: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not description:
            description.update(described(app))
        return description

    app.openapi = openapi  # type: ignore[method-assign]
    return app


async def _told(request: Request, error: Exception) -> Response:
    """Tell a problem, also one that the framework raises by itself."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return _answered(request, error)
    match error.status_code:
        case 404:
            problem = Problem(404, "RouteUnknown", "nothing is here; /docs lists what there is")
        case 405:
            problem = Problem(
                405,
                "MethodNotAllowed",
                "this cannot be done here; /docs lists what can",
                headers={"Allow": _allowed(request)},
            )
        case 400:
            problem = unreadable()
        case other:
            problem = Problem(other, "RequestFailed", str(error.detail))
    return _answered(request, problem)


def _allowed(request: Request) -> str:
    """Return all that can be done at an address; the framework names one route's part of it."""
    routes = [one for router in _ROUTERS for one in router.routes if isinstance(one, Route)]
    here = [one for one in routes if one.matches(request.scope)[0] is not Match.NONE]
    methods = {method for one in here for method in one.methods or ()}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


async def _wrong(request: Request, error: Exception) -> Response:
    """Name every wrong field, those included whose value means nothing by the policy."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    faults = wrong_headers(request) if request.method == "POST" else []
    faults += list({(fault := fault_of(one)).field: fault for one in found}.values())
    if isinstance(error.body, dict):
        service: Service = request.app.state.service
        named = {fault.field for fault in faults}
        policy = service.log.policies().in_force(service.present())
        faults += [one for one in meaning(error.body, policy) if one.field not in named]
    return invalid(faults).response()


async def _failed(request: Request, error: Exception) -> Response:
    return _answered(request, of_failure(error, request.url.path))


async def _broken(request: Request, error: Exception) -> Response:
    """Tell that the fault is ours; what it was stands in the log of the server."""
    note(
        "http.failed",
        request.url.path,
        cause=type(error).__name__,
        request_id=request_id_of(request.scope),
    )
    response = _answered(
        request,
        Problem(
            500,
            "ServerFault",
            "the server failed at this request; tell the operator its id, X-Request-Id",
        ),
    )
    response.raw_headers += request.scope["lhuta.beside"]
    return response


def _answered(request: Request, problem: Problem) -> Response:
    """Tell a problem as what was asked for: a page to people, else the document of the API."""
    return unframed(request, problem) if is_page(request.scope["path"]) else problem.response()
