"""How the server and the engine are, for monitors."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from infra.doors.answers.status import row
from infra.doors.web import documents, metrics
from infra.doors.web.access import Route
from infra.doors.web.problem import unavailable
from infra.doors.web.service import service_of
from infra.engine.health import problems
from infra.store.failure import StoreError

router = APIRouter(tags=["status"], route_class=Route)
public = APIRouter(tags=["status"])

_OK = b'{"status":"ok"}'


@router.get(
    "/status",
    operation_id="get_status",
    response_model=documents.EngineStatus,
    responses=documents.problems(403),
)
def get_status(
    request: Request,
) -> Response:
    """Say how the engine is, as `lhuta status --json`."""
    service = service_of(request)
    found = service.vitals()
    return Response(orjson.dumps(row(found, problems(found))), media_type="application/json")


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={
        **documents.problems(403),
        200: {"content": {metrics.CONTENT_TYPE: {"schema": {"type": "string"}}}},
    },
)
def get_metrics(
    request: Request,
) -> Response:
    """Return what the server counts, as Prometheus reads it."""
    service = service_of(request)
    text = request.app.state.metrics.text(service.vitals())
    return Response(text, headers={"Content-Type": metrics.CONTENT_TYPE})


@public.get(
    "/health/live",
    operation_id="get_live",
    response_model=documents.Health,
    responses=documents.PUBLIC_PROBLEMS,
)
async def get_live() -> Response:
    """Say that the server answers."""
    return Response(_OK, media_type="application/json")


@public.get(
    "/health/ready",
    operation_id="get_ready",
    response_model=documents.Health,
    responses=documents.PUBLIC_PROBLEMS,
)
def get_ready(
    request: Request,
) -> Response:
    """Say that the event log and the read models can be read."""
    service = service_of(request)
    try:
        service.log.head()
        with service.reading() as reading:
            reading.alerts.decided_to()
    except StoreError as error:
        raise unavailable(
            "NotReady", f"{type(error).__name__}; the log of the server says more"
        ) from error
    return Response(_OK, media_type="application/json")
