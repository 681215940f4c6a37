"""A report as one JSON object."""

from collections.abc import Mapping
from typing import Any

from domain import instant
from domain.policy import CLOCK_NAMES
from projections.report import (
    Broken,
    Cell,
    Counts,
    Group,
    Percentiles,
    Report,
    Review,
    Times,
    summed,
)


def row(
    report: Report, most_broken: int | None = None, most_review: int | None = None
) -> Mapping[str, Any]:
    """Write a report, its lists cut where a number is given; the counts beside them are whole."""
    promises = summed(report.cells, lambda cell: (cell.group, cell.clock))
    return {
        "as_of": instant.text(report.as_of),
        "at": instant.text(report.at),
        "policies": [
            {"policy": version.label, "policy_digest": version.digest}
            for version in report.policies
        ],
        "tickets": report.tickets,
        "events": report.events,
        "statuses": report.statuses,
        "channels": report.channels,
        "root_causes": [
            {"root_cause": cause, "tickets": tickets}
            for cause, tickets in report.root_causes.items()
        ],
        "promises": [
            {**_group(group), "clock": clock, **_counts(counts)}
            for (group, clock), counts in promises.items()
        ],
        "months": [_month(cell) for cell in sorted(report.cells, key=lambda cell: cell.month)],
        "responses": [
            {
                **_group(row.group),
                "clock": row.measure,
                "answered": row.reached,
                "waiting": row.waiting,
                **_times(row),
            }
            for row in report.times
            if row.measure in CLOCK_NAMES
        ],
        "milestones": [
            {
                **_group(row.group),
                "milestone": row.measure,
                "reached": row.reached,
                "not_reached": row.waiting,
                **_times(row),
            }
            for row in report.times
            if row.measure not in CLOCK_NAMES
        ],
        "broken_count": len(report.broken),
        "broken": [_broken(promise) for promise in report.broken[:most_broken]],
        "review_count": len(report.review),
        "review": [_review(ticket) for ticket in report.review[:most_review]],
    }


def _group(group: Group) -> Mapping[str, Any]:
    return {"plan": group.plan, "severity": group.severity, "supported": group.supported}


def _month(cell: Cell) -> Mapping[str, Any]:
    return {
        "month": cell.month,
        **_group(cell.group),
        "clock": cell.clock,
        **_counts(cell.counts),
    }


def _counts(counts: Counts) -> Mapping[str, Any]:
    permille = counts.kept_permille
    return {
        "met": counts.met,
        "breached": counts.breached,
        "running": counts.running,
        "no_target": counts.no_target,
        "kept_percent": None if permille is None else permille / 10,
    }


def _times(row: Times) -> Mapping[str, Any]:
    return {
        "business_seconds": _seconds(row.business),
        "off_hours_seconds": _seconds(row.off_hours),
    }


def _seconds(found: Percentiles | None) -> Mapping[str, int | float] | None:
    if found is None:
        return None
    return {name: instant.seconds(duration) for name, duration in found._asdict().items()}


def _broken(promise: Broken) -> Mapping[str, Any]:
    answered = promise.satisfied_at
    return {
        "ticket": promise.ticket,
        "clock": promise.clock,
        "instance": promise.instance,
        **_group(promise.group),
        "policy": promise.policy,
        "started_at": instant.text(promise.started_at),
        "due_at": instant.text(promise.due_at),
        "satisfied_at": None if answered is None else instant.text(answered),
        "late_business_seconds": instant.seconds(promise.late_business),
        "late_off_hours_seconds": instant.seconds(promise.late_off_hours),
    }


def _review(ticket: Review) -> Mapping[str, Any]:
    return {
        "ticket": ticket.ticket,
        "reasons": ticket.reasons,
        "severities": ticket.severities,
        "backdated_events": ticket.backdated,
        "largest_delay_seconds": instant.seconds(ticket.largest_delay),
    }
