"""Alerts: what was decided, the newest first, and what was delivered to whom and when."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from domain import instant
from domain.clock import fold, known
from infra.doors.web.pages import session
from infra.doors.web.pages.page import (
    View,
    chosen,
    moment_of,
    number,
    one_of,
    protected,
    view,
)
from infra.doors.web.sight import stories
from infra.doors.web.table import read_cursor, written_cursor
from infra.outlets.deliveries import Record
from infra.store.told import OfTicket, Wanted
from projections.judging import CannotJudge, judging
from projections.rows import AlertRow

router = protected()

LISTED = 50
_ORDER = ("breach", "overdue", "warning", "untriaged", "cleared", "withdrawn")


class Delivery(NamedTuple):
    """What became of an alert for one subscriber; `state` is a key of what pages say."""

    subscriber: str
    way: str
    state: str
    at: str
    attempts: int


class Line(NamedTuple):
    """An alert on the page."""

    ticket: str
    number: int
    href: str | None
    kind: str
    clock: str
    step: str
    severity: int | None
    customer: str
    plan: str
    decided: str
    due: str
    announced: bool
    deliveries: Sequence[Delivery]


@router.get(f"{session.HOME}/alerts", name="list_alerts")
def list_alerts(request: Request) -> Response:
    """Show alerts."""
    made = view(request)
    since = chosen(request, "since")
    wanted = Wanted(
        moment_of("since", since, made.zone) if since else 0,
        one_of(request, "kind", _ORDER) or None,
        chosen(request, "ticket") or None,
        number(request, "severity"),
        chosen(request, "plan") or None,
        chosen(request, "customer") or None,
    )
    found, following = _page(made, wanted, chosen(request, "cursor"))
    records = made.service.deliveries([one.alert.id for one in found])
    backlogs = made.service.vitals().backlogs if made.may("get_status") else ()
    return made.show(
        "alerts.html",
        lines=[_line(made, one, records) for one in found],
        following=None if following is None else made.here(cursor=following),
        wanted=wanted,
        since=since,
        kinds=_ORDER,
        backlogs=backlogs if made.as_of is None else (),
        again=_next_try(records) if made.as_of is None else None,
        now=made.at // instant.SECOND,
    )


def _page(made: View, wanted: Wanted, cursor: str) -> tuple[Sequence[OfTicket], str | None]:
    """Return alerts, the newest first, and the cursor of the next page if there is one.

    In the past a ticket has the severity that it had then.
    """
    place = (made.at + 1, "", 0)
    if cursor:
        decided_at, ticket, order = read_cursor(cursor, (int, str, int))
        place = min(place, (decided_at, ticket, order))
    asked = wanted if made.as_of is None else wanted._replace(severity=None)
    with made.service.reading() as reading:
        found = reading.alerts.newest(asked, place, LISTED + 1)
    shown = found[:LISTED]
    following = None
    if len(found) > LISTED:
        last = shown[-1].alert
        following = written_cursor((last.decided_at, last.ticket, last.number))
    if made.as_of is not None:
        shown = [one for one in _then(made, shown) if wanted.severity in (None, one.severity)]
    return shown, following


def _then(made: View, found: Sequence[OfTicket]) -> Iterator[OfTicket]:
    assert made.caller is not None
    tickets = [one.alert.ticket for one in found]
    histories = stories(made.service.log, made.caller, tickets, words=False)
    for one in found:
        told = known(histories[one.alert.ticket], made.at, made.at)
        try:
            with judging(one.alert.ticket):
                severity = fold(told, made.policies).severity if told else None
        except CannotJudge:
            continue
        yield one._replace(severity=severity)


def _line(made: View, one: OfTicket, records: Sequence[Record]) -> Line:
    alert = one.alert
    return Line(
        alert.ticket,
        alert.number,
        made.ticket(alert.ticket) if made.may("get_ticket") else None,
        alert.kind,
        made.said[alert.clock].format(instance=alert.instance),
        _step(made, alert),
        one.severity,
        one.customer_id,
        made.plan(one.plan),
        made.exact(alert.decided_at),
        "" if alert.due_at is None else made.near(alert.due_at),
        one.announced,
        [_delivery(made, record) for record in records if record.alert_id == alert.id],
    )


def _step(made: View, alert: AlertRow) -> str:
    """Say of which step of the policy an alert is, if of any."""
    if alert.step is None:
        return ""
    if alert.kind == "overdue":
        return made.said["overdue_mark"].format(times=alert.step)
    # What is withdrawn has the step alone, and from 1 on that may be of either kind.
    if alert.kind == "withdrawn" and float(alert.step) >= 1:
        return ""
    return made.used(alert.step)


def _delivery(made: View, record: Record) -> Delivery:
    """Tell how a delivery stands at the time shown; attempts of the past are not kept."""
    to = (record.subscriber, record.way)
    if record.delivered_at is not None and record.delivered_at <= made.at:
        return Delivery(*to, "arrived", made.exact(record.delivered_at), record.attempts)
    if record.given_up_at is not None and record.given_up_at <= made.at:
        return Delivery(*to, "gave_up", made.exact(record.given_up_at), record.attempts)
    if made.as_of is None and record.attempts and record.next_try_at is not None:
        return Delivery(*to, "tried", made.exact(record.next_try_at), record.attempts)
    return Delivery(*to, "on_its_way", "", 0)


def _next_try(records: Sequence[Record]) -> int | None:
    """Return when a delivery that is shown will have gone on, in seconds, for the script."""
    tries = [one.next_try_at for one in records if one.next_try_at is not None]
    return min(tries) // instant.SECOND if tries else None
