"""What the sections of a policy must say together."""

from collections.abc import Mapping

from domain import instant
from domain.policy import Phrase, Severity
from infra.store.policies import opening
from infra.store.policies.duration import BUSINESS_DAY, Duration
from infra.store.policies.section import Calendar, PlanText, Week
from infra.store.policies.table import Findings, one_of, shown


def impacts(
    findings: Findings, severities: Mapping[int, Severity], impacts: Mapping[str, Phrase]
) -> None:
    """Hold the impacts that severities name against those that the policy defines."""
    if not findings.clean(("impacts",)):
        return
    used: set[str] = set()
    for severity in severities.values():
        for index, impact in enumerate(severity.impacts):
            used.add(impact)
            if impact not in impacts:
                findings.add(
                    ("severities", str(severity.level), "impacts", index),
                    one_of(impacts, impact, "an impact of this policy"),
                    shown(impact),
                )
    if findings.clean(("severities",)):
        for impact in sorted(impacts.keys() - used):
            findings.add(
                ("impacts", impact), "an impact that some severity names", "none that does"
            )


def hours(findings: Findings, plans: Mapping[str, PlanText], weeks: Mapping[str, Week]) -> None:
    """Hold the hours that plans keep against those that the policy defines."""
    if not findings.clean(("hours",)):
        return
    for name, plan in plans.items():
        path = ("plans", name, "hours")
        if plan.hours_name not in weeks and findings.clean(path):
            expected = one_of(weeks, plan.hours_name, "hours of this policy")
            findings.add(path, expected, shown(plan.hours_name))
    if findings.clean(("plans",)):
        for name in sorted(weeks.keys() - {plan.hours_name for plan in plans.values()}):
            findings.add(("hours", name), "hours that some plan keeps", "none that does")


def business_day(
    findings: Findings,
    business_day: Duration,
    plans: Mapping[str, PlanText],
    weeks: Mapping[str, Week],
) -> None:
    """Hold a business day against the openings: it is one full opening (semantics §1)."""
    if not findings.clean(("hours",), ("business_day",)) or not weeks:
        return
    minutes, rest = divmod(business_day.microseconds(0), instant.MINUTE)
    fitting = {
        name
        for name, week in weeks.items()
        if not rest and minutes in opening.business_days(week.openings)
    }
    business_day_text = f"{business_day.amount} {business_day.unit}s"
    if not fitting:
        lengths = sorted(set().union(*(opening.business_days(w.openings) for w in weeks.values())))
        known = ", ".join(f"{length / 60:g} hours" for length in lengths)
        findings.add(("business_day",), f"the length of an opening ({known})", business_day_text)
        return
    for name, plan in plans.items():
        if plan.hours_name not in weeks or plan.hours_name in fitting:
            continue
        for (clock, level), budget in plan.budgets.items():
            if budget.business is not None and budget.business.unit == BUSINESS_DAY:
                findings.add(
                    ("plans", name, "targets", clock, str(level), "business"),
                    f"hours or minutes, because no opening of hours.{plan.hours_name} lasts "
                    f"a business day of {business_day_text}",
                    shown(f"{budget.business.amount} business days"),
                )


def off_hours(
    findings: Findings,
    plans: Mapping[str, PlanText],
    weeks: Mapping[str, Week],
    calendar: Calendar,
) -> None:
    """Refuse a budget of time that never comes: it could not become due."""
    for name, plan in plans.items():
        week = weeks.get(plan.hours_name)
        if week is None or not week.never_closes(calendar):
            continue
        for (clock, level), budget in plan.budgets.items():
            if budget.off_hours is not None:
                findings.add(
                    ("plans", name, "targets", clock, str(level), "off_hours"),
                    f"no such budget, because hours.{plan.hours_name} never close",
                    shown(f"{budget.off_hours.amount} {budget.off_hours.unit}s"),
                )
