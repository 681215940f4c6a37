"""Alerts as a read model: one object per alert, over many tickets (contracts, `lhuta alerts`)."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import orjson

from domain import instant
from domain.alert import Alert, AlertKind, Reason
from domain.conclusion import alerts
from domain.event import RecordedEvent
from domain.policy import ClockName, Policies
from projections import rows
from projections.judging import judging


class AlertRow(TypedDict):
    """One alert, with instants in RFC 3339."""

    id: str
    kind: AlertKind
    ticket: str
    clock: ClockName
    instance: int
    started_by: str
    step: str | None
    deadline: str | None
    due_at: str | None
    decided_at: str
    refers: list[str]
    reason: Reason | None


def told(
    tickets: Mapping[str, Sequence[RecordedEvent]], policies: Policies, until: int
) -> list[Alert]:
    """Return the alerts of all tickets decided by `until`: by `decided_at`, then ticket id.

    Inside one ticket they keep the order of semantics §6. Raises CannotJudge.
    """
    all_told: list[Alert] = []
    for ticket, history in tickets.items():
        with judging(ticket):
            all_told += alerts(history, policies, until)
    return sorted(all_told, key=lambda alert: (alert.decided_at, alert.ticket))


def row(alert: Alert) -> AlertRow:
    """Write an alert as the contract does."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "ticket": alert.ticket,
        "clock": alert.clock,
        "instance": alert.instance,
        "started_by": alert.started_by,
        "step": alert.step,
        "deadline": _text(alert.deadline),
        "due_at": _text(alert.due_at),
        "decided_at": instant.text(alert.decided_at),
        "refers": list(alert.refers),
        "reason": alert.reason,
    }


def alert_of(stored: rows.AlertRow) -> Alert:
    """Return the alert of a row in the read models."""
    fields = {name: value for name, value in stored._asdict().items() if name in Alert._fields}
    return Alert(**{**fields, "refers": tuple(orjson.loads(stored.refers))})


def _text(at: int | None) -> str | None:
    return None if at is None else instant.text(at)
