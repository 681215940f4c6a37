"""The desk at an instant, and how promises were kept."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain.hours import OutsideCalendar
from infra.doors.answers.board import row as board_row
from infra.doors.answers.report import row as report_row
from infra.doors.past_desk import PastDesk
from infra.doors.web import documents
from infra.doors.web.access import Route, caller_of
from infra.doors.web.all_tickets import Stories, judged
from infra.doors.web.asked import AsOf, At, one_at_a_time
from infra.doors.web.limits import LONGEST_PAGE
from infra.doors.web.problem import Fault, invalid
from infra.doors.web.service import Service, service_of
from infra.store.listed import Wanted
from projections.board import EVERYTHING, Board, board
from projections.board import Wanted as Lines
from projections.report import report

router = APIRouter(tags=["desk"], route_class=Route)

_LISTED = 20

Most = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="At most so many of each list")]


@router.get(
    "/board",
    operation_id="get_board",
    response_model=documents.Board,
    responses=documents.problems(403),
)
def get_board(
    request: Request,
    limit: Most = _LISTED,
    as_of: AsOf = None,
    at: At = None,
) -> Response:
    """Return what is due next, broken, not triaged, and waiting for the customer."""
    made = read_board(service_of(request), as_of, at, limit)
    return Response(orjson.dumps(board_row(made)), media_type="application/json")


def read_board(
    service: Service,
    as_of: int | None,
    at: int | None,
    limit: int,
    lines: Lines = EVERYTHING,
) -> Board:
    """Return the desk now, or as of an instant; raises Problem outside the calendar."""
    known_by, judged_at, policies = service.moments(as_of, at)
    try:
        if as_of is None and at is None:
            with service.reading() as reading:
                return board(reading.models, policies, judged_at, limit, lines)
        with one_at_a_time(service.turn), service.reading() as reading:
            stories = Stories(reading, Wanted(), frozenset())
            desk = PastDesk(stories.values(), policies, known_by, judged_at)
        return board(desk, policies, judged_at, limit, lines)
    except OutsideCalendar as error:
        raise invalid([Fault("at", "OutsideCalendar", str(error))]) from error


@router.get(
    "/report",
    operation_id="get_report",
    response_model=documents.Report,
    responses=documents.problems(403),
)
def get_report(
    request: Request,
    broken: Annotated[int, Query(ge=0, le=10_000, description="At most so many broken")] = 100,
    review: Annotated[int, Query(ge=0, le=10_000, description="At most so many to review")] = 100,
    as_of: AsOf = None,
    at: At = None,
) -> Response:
    """Sum up how promises were kept, of all tickets, or of a customer's own.

    `broken` and `review` are cut; `broken_count` and `review_count` are whole.
    """
    caller = caller_of(request)
    service = service_of(request)
    known_by, judged_at, policies = service.moments(as_of, at)
    asked = Wanted(caller.customer)
    with one_at_a_time(service.turn), service.reading() as reading:
        made = judged(
            reading, asked, lambda tickets: report(tickets, policies, known_by, judged_at)
        )
    body = dict(report_row(made, broken, review))
    if caller.reach("see_staff") is None:
        # What somebody should look at again, and why a problem came about, is for staff.
        for internal in ("review", "review_count", "root_causes", "channels"):
            del body[internal]
    return Response(orjson.dumps(body), media_type="application/json")
