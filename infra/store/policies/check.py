"""What the sections of a policy must say together.

A mistake in one section hides no other: whatever could be read is compared all the same.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

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
    used: set[str] = set()
    for severity in severities.values():
        for index, impact in enumerate(severity.impacts):
            used.add(impact)
            if _undefined(findings, impact, "impacts", impacts):
                findings.add(
                    ("severities", str(severity.level), "impacts", index),
                    one_of(impacts, impact, "an impact of this policy"),
                    shown(impact),
                )
    lists = [("severities", str(level), "impacts") for level in severities]
    if findings.names_clean(("severities",)) and findings.clean(*lists):
        for impact in sorted(impacts.keys() - used):
            findings.add(
                ("impacts", impact), "an impact that some severity names", "none that does"
            )


def hours(findings: Findings, plans: Mapping[str, PlanText], weeks: Mapping[str, Week]) -> None:
    """Hold the hours that plans keep against those that the policy defines."""
    paths = {name: ("plans", name, "hours") for name in plans}
    for name, plan in plans.items():
        path = paths[name]
        if findings.clean(path) and _undefined(findings, plan.hours_name, "hours", weeks):
            expected = one_of(weeks, plan.hours_name, "hours of this policy")
            findings.add(path, expected, shown(plan.hours_name))
    if findings.names_clean(("plans",)) and findings.clean(*paths.values()):
        for name in sorted(weeks.keys() - {plan.hours_name for plan in plans.values()}):
            findings.add(("hours", name), "hours that some plan keeps", "none that does")


def business_day(
    findings: Findings,
    business_day: Duration,
    plans: Mapping[str, PlanText],
    weeks: Mapping[str, Week],
) -> None:
    """Hold a business day against the openings: it is one full opening (semantics §1)."""
    lengths = sorted(set().union(*(opening.business_days(w.openings) for w in weeks.values())))
    if not lengths or not findings.clean(("business_day",)):
        return
    minutes, rest = divmod(business_day.microseconds(0), instant.MINUTE)
    fitting = {
        name
        for name, week in weeks.items()
        if not rest and minutes in opening.business_days(week.openings)
    }
    business_day_text = _text(business_day)
    if not fitting:
        known = ", ".join(f"{length / 60:g} hour{'s' * (length != 60)}" for length in lengths)
        if not findings.clean(("hours",)):
            known += ", as far as the hours could be read"
        findings.add(("business_day",), f"the length of an opening ({known})", business_day_text)
        return
    for name, plan in plans.items():
        if plan.hours_name not in weeks or plan.hours_name in fitting:
            continue
        # The opening that could not be read may be the one of that length.
        if not findings.clean(("hours", plan.hours_name)):
            continue
        for (clock, level), budget in plan.budgets.items():
            if budget.business is not None and budget.business.unit == BUSINESS_DAY:
                findings.add(
                    ("plans", name, "targets", clock, str(level), "business"),
                    f"hours or minutes, because no opening of hours.{plan.hours_name} lasts "
                    f"a business day of {business_day_text}",
                    shown(_text(budget.business)),
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
                    shown(_text(budget.off_hours)),
                )


def _undefined(findings: Findings, name: str, section: str, defined: Collection[str]) -> bool:
    """Tell whether a name is to blame for having no definition.

    It is not where the section is missing, or where the definition that it means is misnamed.
    """
    if name in defined or not defined:
        return False
    misnamed = {wrong.casefold() for wrong in findings.misnamed((section,))}
    near = get_close_matches(name.casefold(), [*misnamed, *defined], n=1)
    return not misnamed.intersection(near)


def _text(length: Duration) -> str:
    return f"{length.amount} {length.unit}{'s' * (length.amount != 1)}"
