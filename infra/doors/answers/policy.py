"""A published policy as one JSON object, with everything that it decides."""

from datetime import date
from typing import Any

from domain import instant
from domain.hours import MINUTES_PER_DAY
from domain.policy import Phrase, Policy
from infra.store.policies import PolicyFile
from infra.store.policies.opening import WEEKDAYS


def row(file: PolicyFile, year: int | None = None) -> dict[str, Any]:
    """Write a policy: durations in seconds, words in every language, holidays of a year or all."""
    policy = file.policy
    return {
        **head(policy),
        "title": policy.title,
        "zone": policy.zone_name,
        "zone_data": policy.zone_data,
        "business_day_seconds": _seconds(policy.business_day),
        "settle_seconds": _seconds(policy.settle),
        "max_backdate_seconds": _seconds(policy.max_backdate),
        "thresholds": {
            "warnings": [step.text for step in policy.warning_steps],
            "overdue": [step.text for step in policy.overdue_steps],
        },
        "hours": {
            name: {
                "openings": [
                    {
                        "weekday": WEEKDAYS[opening.weekday],
                        "opens": clock_time(opening.opens),
                        "closes": clock_time(opening.closes),
                    }
                    for opening in schedule.openings
                ],
                "holidays": schedule.holidays,
                "digest": schedule.hours.digest,
            }
            for name, schedule in file.schedules.items()
        },
        "plans": {
            plan.name: {
                "title": plan.title,
                "hours": plan.hours_name,
                "targets": [
                    {
                        "clock": clock,
                        "severity": severity,
                        "business_seconds": _seconds(target.business),
                        "off_hours_seconds": _seconds(target.off_hours),
                    }
                    for (clock, severity), target in plan.targets.items()
                ],
            }
            for plan in policy.plans.values()
        },
        "severities": [
            {"severity": severity.level, "title": severity.title, "impacts": severity.impacts}
            for severity in policy.severities.values()
        ],
        "impacts": policy.impacts,
        "topics": {
            topic.name: {"supported": topic.supported, "title": topic.title}
            for topic in policy.topics.values()
        },
        "audiences": {
            name: {"title": audience.title, "kinds": sorted(audience.kinds)}
            for name, audience in policy.audiences.items()
        },
        "root_causes": policy.root_causes,
        "calendar": {
            "name": file.calendar.name,
            "years": [file.calendar.first_year, file.calendar.last_year],
            "holidays": [
                {"date": when.isoformat(), "name": name} for when, name in days_of(file, year)
            ],
        },
    }


def head(policy: Policy) -> dict[str, Any]:
    """Write which version of which policy it is, and since when it is in force."""
    since = policy.effective_from
    return {
        "policy": policy.label,
        "name": policy.name,
        "version": policy.version,
        "effective_from": None if since is None else instant.text(since),
        "digest": policy.digest,
    }


def days_of(file: PolicyFile, year: int | None) -> list[tuple[date, Phrase]]:
    """Return the public holidays of a year, or all, in their order."""
    return [
        (when, name)
        for when, name in sorted(file.calendar.holidays.items(), key=lambda item: item[0])
        if year is None or when.year == year
    ]


def clock_time(minutes: int) -> str:
    """Return minutes after midnight as `08:00`, up to `24:00`."""
    hour, minute = divmod(minutes if minutes <= MINUTES_PER_DAY else minutes - MINUTES_PER_DAY, 60)
    return f"{hour:02}:{minute:02}"


def _seconds(microseconds: int | None) -> int | float | None:
    return None if microseconds is None else instant.seconds(microseconds)
