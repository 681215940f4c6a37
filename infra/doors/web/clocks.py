"""The clocks of tickets, a page at a time."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from infra.doors.web import documents, table
from infra.doors.web.access import Route, caller_of
from infra.doors.web.all_tickets import histories
from infra.doors.web.asked import AsOf, At
from infra.doors.web.service import service_of
from infra.doors.web.tickets import page
from infra.store.listed import Wanted
from projections.clocks import TicketRow, judged
from projections.judging import CannotJudge

router = APIRouter(tags=["clocks"], route_class=Route)


@router.get(
    "/clocks",
    operation_id="list_clocks",
    response_model=documents.ClocksPage,
    responses={**documents.problems(403), **table.CONTENT},
)
def list_clocks(
    request: Request,
    status: Annotated[
        documents.Status | None, Query(description="Only tickets that are in this status now")
    ] = None,
    severity: Annotated[int | None, Query(ge=1, le=1_000, description="Only of this one")] = None,
    customer: Annotated[str | None, Query(max_length=200, description="Only of this one")] = None,
    plan: Annotated[str | None, Query(max_length=200, description="Only under this one")] = None,
    as_of: AsOf = None,
    at: At = None,
    cursor: table.TicketCursor = None,
    limit: table.Limit = table.DEFAULT_LIMIT,
    wanted: table.WantedFormat = None,
) -> Response:
    """Judge tickets, the newest first; those that were not known then are left out of their page.

    As `lhuta clocks --format json`; as CSV a line is a clock.
    """
    caller = caller_of(request)
    service = service_of(request)
    if caller.customer is not None:
        customer = caller.customer if customer in (None, caller.customer) else ""
    known_by, judged_at, policies = service.moments(as_of, at)
    found, following = page(service, Wanted(customer, status, severity, plan), cursor, limit)
    with service.reading() as reading:
        stories = histories(reading, [one.ticket for one in found])
    rows: list[TicketRow] = []
    for story in stories.values():
        try:
            row = judged(story, policies, known_by, judged_at)
        except CannotJudge:
            # It is parked, and the others go on.
            continue
        if row is not None:
            rows.append(row)
    return table.answer(request, rows, following, wanted, documents.ClockLine, _lines)


def _lines(row: table.Row) -> Iterable[table.Row]:
    of_ticket = {name: row[name] for name in ("ticket", "status", "severity")}
    return [{**of_ticket, **clock} for clock in row["clocks"]]
