"""Alerts: what was decided, the newest first, and who is told."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response

from domain import instant
from infra.doors.web.alerts import KINDS, between
from infra.doors.web.pages import session
from infra.doors.web.pages.page import View, chosen, protected, view
from infra.doors.web.problem import Fault, invalid
from infra.store.told import Decided

router = protected()

LISTED = 200
_WINDOWS: Mapping[str, int] = {
    "last_day": instant.DAY,
    "last_week": 7 * instant.DAY,
    "last_month": 31 * instant.DAY,
}
_ORDER = ("breach", "overdue", "warning", "untriaged", "cleared", "withdrawn")


@router.get(f"{session.HOME}/alerts", name="list_alerts")
def list_alerts(request: Request) -> Response:
    """Show alerts."""
    made = view(request)
    kind, window = chosen(request, "kind"), chosen(request, "window") or "last_day"
    if kind and kind not in KINDS:
        raise invalid([Fault("kind", "FieldInvalid", f"choose one of {', '.join(_ORDER)}")])
    if window not in _WINDOWS:
        raise invalid([Fault("window", "FieldInvalid", f"choose one of {', '.join(_WINDOWS)}")])
    since = made.at - _WINDOWS[window]
    kinds = frozenset({kind}) if kind else KINDS
    found = [one for one in between(made.service, since, made.at) if one.alert.kind in kinds]
    backlogs = made.service.vitals().backlogs if made.may("get_status") else ()
    return made.show(
        "alerts.html",
        lines=[_line(made, one) for one in found[: -LISTED - 1 : -1]],
        cut=LISTED if len(found) > LISTED else 0,
        kind=kind,
        kinds=_ORDER,
        window=window,
        windows=tuple(_WINDOWS),
        backlogs=backlogs,
        now=made.at // instant.SECOND,
    )


def _line(made: View, one: Decided) -> Mapping[str, Any]:
    alert = one.alert
    return {
        "ticket": alert.ticket,
        "number": alert.number,
        "href": made.ticket(alert.ticket) if made.may("get_ticket") else None,
        "kind": alert.kind,
        "clock": made.said[alert.clock].format(instance=alert.instance),
        "step": alert.step or "",
        "decided": made.exact(alert.decided_at),
        "due": "" if alert.due_at is None else made.exact(alert.due_at),
        "announced": one.announced,
    }
