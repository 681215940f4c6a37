"""An explanation as a JSON object: the row of `lhuta clocks`, and everything behind it.

Every instant stands twice, in UTC as `..._at`, and with the offset of the policy's zone as
`..._local`. Durations are seconds, whole where whole (contracts, The same history from a file).
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from domain import instant
from domain.event import Event, RecordedEvent
from domain.explanation import DueTime, Explanation, Given, Stretch, Triage
from domain.policy import Target

TypeOf = Callable[[Event], str]
"""How an event's type is called in the contract."""


def row(explanation: Explanation, as_of: int, type_of: TypeOf) -> Mapping[str, Any]:
    """Write an explanation of what was recorded by `as_of` as JSON data, ready for any encoder."""
    clock, used, left = explanation.clock, explanation.used, explanation.left
    zone = clock.hours.zone
    breached_at = clock.due_at if explanation.verdict == "breached" else None
    return {
        "ticket": explanation.ticket,
        "clock": clock.name,
        "instance": clock.instance,
        "plan": clock.plan,
        "verdict": explanation.verdict,
        "no_target": explanation.no_target,
        **_instant("judged", explanation.at, zone),
        **_instant("recorded_by", as_of, zone),
        **_instant("started", clock.started_at, zone),
        **_instant("due", clock.due_at, zone),
        **_instant("satisfied", clock.satisfied_at, zone),
        **_instant("breached", breached_at, zone),
        "business_seconds": instant.seconds(used.business),
        "off_hours_seconds": instant.seconds(used.off_hours),
        "left": None
        if left is None
        else {
            "business_seconds": instant.seconds(left[0]),
            "off_hours_seconds": instant.seconds(left[1]),
        },
        "policy": clock.policy.label,
        "policy_digest": clock.policy.digest,
        **_instant("policy_effective", clock.policy.effective_from, zone),
        "calendar": {
            "name": clock.policy.calendar_name,
            "hours": clock.policy.plans[clock.plan].hours_name,
            "openings_sha256": clock.hours.digest,
            "zone": clock.policy.zone_name,
            "zone_data": clock.policy.zone_data,
        },
        "severities": [_triage(triage, zone) for triage in explanation.triages],
        "events": [
            {
                "part": turn.part,
                "type": type_of(turn.recorded.event),
                **_event(turn.recorded, zone),
                "backdated": turn.backdated,
            }
            for turn in explanation.turns
        ],
        "targets": [_given(given, zone) for given in explanation.targets],
        "due": None if explanation.due is None else _due(explanation.due, zone),
        "used": _stretch(used, zone),
        "warnings": [
            {
                "kind": deadline.kind,
                "step": deadline.step,
                **_instant("deadline", deadline.at, zone),
            }
            for deadline in explanation.warnings
        ],
    }


def _instant(name: str, at: int | None, zone: tzinfo) -> Mapping[str, str | None]:
    if at is None:
        return {f"{name}_at": None, f"{name}_local": None}
    local = instant.to_datetime(at).astimezone(zone).isoformat()
    if at % instant.SECOND:
        # The offset is the last six characters; the fraction before it keeps the digits it needs.
        local = local[:-6].rstrip("0") + local[-6:]
    return {f"{name}_at": instant.text(at), f"{name}_local": local}


def _event(recorded: RecordedEvent, zone: tzinfo) -> Mapping[str, Any]:
    return {
        "event_id": recorded.event_id,
        "actor": recorded.actor,
        **_instant("occurred", recorded.occurred_at, zone),
        **_instant("recorded", recorded.recorded_at, zone),
    }


def _triage(triage: Triage, zone: tzinfo) -> Mapping[str, Any]:
    return {
        "severity": triage.assigned.severity,
        "supported": triage.assigned.supported,
        "effect": triage.effect,
        **_event(triage.recorded, zone),
    }


def _given(given: Given, zone: tzinfo) -> Mapping[str, Any]:
    promise, taken_from = given.promise, given.taken_from
    return {
        "rule": promise.rule,
        "severity": given.assigned.severity,
        "supported": given.assigned.supported,
        "given_by": promise.given_by,
        **_instant("given", promise.given_at, zone),
        "target": _target(promise.target),
        **_instant("due", promise.due_at, zone),
        **_instant("anchor", promise.anchor, zone),
        "budget": _target(promise.budget),
        "compared": {
            **_instant("from_start", given.from_start, zone),
            **_instant("former_from_start", given.former_from_start, zone),
            **_instant("full", given.full, zone),
        },
        "taken_from": None if taken_from is None else taken_from.given_by,
    }


def _target(target: Target | None) -> Mapping[str, Any] | None:
    if target is None:
        return None
    return {
        "business_seconds": _seconds(target.business),
        "off_hours_seconds": _seconds(target.off_hours),
    }


def _seconds(duration: int | None) -> int | float | None:
    return None if duration is None else instant.seconds(duration)


def _due(due: DueTime, zone: tzinfo) -> Mapping[str, Any]:
    return {
        "budget": _target(due.budget),
        "used_up": list(due.used_up),
        **_stretch(due.stretch, zone),
    }


def _stretch(stretch: Stretch, zone: tzinfo) -> Mapping[str, Any]:
    return {
        **_instant("start", stretch.start, zone),
        **_instant("end", stretch.end, zone),
        "business_seconds": instant.seconds(stretch.business),
        "off_hours_seconds": instant.seconds(stretch.off_hours),
        "segments": [
            {
                "kind": segment.kind,
                **_instant("start", segment.start, zone),
                **_instant("end", segment.end, zone),
                "seconds": instant.seconds(segment.duration),
                "business_seconds": instant.seconds(segment.business),
                "off_hours_seconds": instant.seconds(segment.off_hours),
                "clock_change_seconds": instant.seconds(segment.clock_change),
            }
            for segment in stretch.segments
        ],
        "holidays": [
            {
                "date": skipped.holiday.date.isoformat(),
                "name": dict(skipped.holiday.name),
                "seconds": instant.seconds(skipped.cost),
            }
            for skipped in stretch.skipped
        ],
    }
