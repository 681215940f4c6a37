"""Alerts: those that were decided, a page at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, get_args

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain.alert import AlertKind
from infra.doors.web import documents, table
from infra.doors.web.access import Route
from infra.doors.web.asked import Since, Until
from infra.doors.web.body import TICKET
from infra.doors.web.service import Service, service_of
from infra.store.told import Cursor, Decided
from projections.alerts import alert_of, row

router = APIRouter(tags=["alerts"], route_class=Route)

KINDS: frozenset[str] = frozenset(get_args(AlertKind))

_TOGETHER = 500
_MOST_LOOKED_AT = 10_000
"""A page of rare alerts ends after so many that were not asked for, and its cursor goes on."""

Kinds = Annotated[
    list[AlertKind] | None, Query(description="Only of these kinds; may be given again")
]


@router.get(
    "/alerts",
    operation_id="list_alerts",
    response_model=documents.AlertPage,
    responses={**documents.problems(403), **table.CONTENT},
)
def list_alerts(
    request: Request,
    since: Since = None,
    as_of: Until = None,
    kind: Kinds = None,
    ticket: Annotated[str | None, Query(pattern=TICKET, description="Only of this one")] = None,
    announced: Annotated[bool, Query(description="Only what subscribers were told of")] = False,
    cursor: table.AlertCursor = None,
    limit: table.Limit = table.DEFAULT_LIMIT,
    wanted: table.WantedFormat = None,
) -> Response:
    """List alerts in the order in which the engine decided them.

    What was decided never changes, so those decided by `as_of` are just what was told then.
    """
    service = service_of(request)
    # No ticket has an empty name, so this is just before everything decided since then.
    after: Cursor = (0 if since is None else since, "", 0)
    if cursor is not None:
        decided_at, name, number = table.read_cursor(cursor, (int, str, int))
        after = max(after, (decided_at, name, number))
    kinds = KINDS if kind is None else frozenset(kind)

    def asked_for(one: Decided) -> bool:
        return (
            one.alert.kind in kinds
            and ticket in (None, one.alert.ticket)
            and (one.announced or not announced)
        )

    found, place = _page(service, after, as_of, asked_for, limit)
    shown = [{**row(alert_of(one.alert)), "announced": one.announced} for one in found]
    following = None if place is None else table.written_cursor(place)
    return table.answer(request, shown, following, wanted, documents.AlertLine)


def _page(
    service: Service,
    after: Cursor,
    until: int | None,
    asked_for: Callable[[Decided], bool],
    limit: int,
) -> tuple[Sequence[Decided], Cursor | None]:
    """Return alerts that are asked for, and the place behind the last one looked at."""
    shown: list[Decided] = []
    for number, (place, one) in enumerate(_following(service, after), start=1):
        if until is not None and one.alert.decided_at > until:
            break
        if asked_for(one):
            shown.append(one)
        if len(shown) == limit or number == _MOST_LOOKED_AT:
            return shown, place
    return shown, None


def _following(service: Service, after: Cursor) -> Iterator[tuple[Cursor, Decided]]:
    with service.reading() as reading:
        while found := reading.alerts.alerts(after, _TOGETHER):
            for one in found:
                after = (one.alert.decided_at, one.alert.ticket, one.alert.number)
                yield after, one
