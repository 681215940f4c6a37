"""The published policy, by which everything is judged."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from infra.doors.answers.policy import head, row
from infra.doors.web import documents
from infra.doors.web.access import Route
from infra.doors.web.problem import Problem
from infra.doors.web.service import service_of

router = APIRouter(tags=["policies"], route_class=Route)


@router.get(
    "/policies",
    operation_id="list_policies",
    response_model=documents.Policies,
    responses=documents.problems(403),
)
def list_policies(
    request: Request,
) -> Response:
    """List the published versions of the policy, the oldest first."""
    service = service_of(request)
    in_force = service.log.policies().in_force(service.present())
    items = [
        {**head(policy), "in_force": policy.version == in_force.version}
        for policy in service.log.policies().versions
    ]
    return Response(orjson.dumps({"items": items}), media_type="application/json")


@router.get(
    "/policies/{version}",
    operation_id="get_policy",
    response_model=documents.Policy,
    responses=documents.READ_PROBLEMS,
)
def get_policy(
    request: Request,
    version: Annotated[int, Path(ge=1, le=1_000_000, description="Its number")],
    year: Annotated[
        int | None, Query(ge=1, le=9_999, description="List the public holidays of this year only")
    ] = None,
) -> Response:
    """Return a version of the policy with everything that it decides."""
    service = service_of(request)
    for file in service.log.policy_files():
        if file.policy.version == version:
            return Response(orjson.dumps(row(file, year)), media_type="application/json")
    known = ", ".join(str(file.policy.version) for file in service.log.policy_files())
    raise Problem(
        404, "PolicyVersionUnknown", f"there is no version {version}; choose one of: {known}"
    )
