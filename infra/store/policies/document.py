"""One policy file, read and validated whole: every problem at once, or a policy to judge by."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from pathlib import Path

from domain.hours import Hours, Opening, compile_hours
from domain.policy import ClockName, Plan, Policy, Target, Topic
from infra.store.policies import check, section, source, zone
from infra.store.policies.duration import Budget, Duration
from infra.store.policies.section import Calendar, Week
from infra.store.policies.table import Findings, Table

Cell = tuple[str, ClockName, int]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly openings as the policy wrote them, and what they compile to."""

    openings: tuple[Opening, ...]
    holidays: bool
    hours: Hours


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as its author wrote it, beside the policy that clocks are judged by.

    `budgets` holds the cells that have a target, by plan, clock and severity;
    `content` is what the file holds.
    """

    policy: Policy
    schedules: Mapping[str, Schedule]
    budgets: Mapping[Cell, Budget]
    business_day: Duration
    settle: Duration
    max_backdate: Duration
    calendar: Calendar
    content: bytes


def load(path: str | PathLike[str]) -> Policy:
    """Load a policy from its file.

    Raises PolicyUnreadable, or PolicyInvalid with every problem of the file.
    """
    return read(path).policy


def read(path: str | PathLike[str]) -> PolicyFile:
    """Read a policy with what its author wrote; raises as `load` does."""
    return parse(source.content_of(Path(path)), str(path))


def parse(content: bytes, file: str) -> PolicyFile:
    """Validate and compile the content of a policy file; `file` is how problems call it.

    The digest of the policy is that of these bytes. Raises PolicyInvalid.
    """
    document, text = source.toml(content, file)
    findings = Findings(file, text)
    root = Table(findings, (), document)

    name = section.name(root)
    version = root.integer("version", 1, 999_999)
    title = root.table("title").phrase()
    zone_name = section.zone_name(root)
    calendar = section.calendar(root)
    effective_from = section.effective_from(root, version, calendar)
    warnings, overdue = section.thresholds(root)
    audiences = section.audiences(root)
    business_day = section.business_day(root)
    settle = section.settle(root)
    max_backdate = section.max_backdate(root)
    weeks = {key: section.week(table) for key, table in root.table("hours").named()}
    impacts = {key: table.phrase() for key, table in root.table("impacts").named()}
    severities = section.severities(root)
    topics = {
        key: Topic(key, table.phrase(), table.boolean("supported"))
        for key, table in root.table("topics").named()
    }
    root_causes = {key: table.phrase() for key, table in root.table("root_causes").named()}
    plans = {key: section.plan(table, severities) for key, table in root.table("plans").named()}

    findings.report_unknown_keys()
    check.impacts(findings, severities, impacts)
    check.hours(findings, plans, weeks)
    check.business_day(findings, business_day, plans, weeks)
    check.off_hours(findings, plans, weeks, calendar)
    findings.refuse()

    schedules = {key: _compiled(week, zone_name, calendar) for key, week in weeks.items()}
    day = business_day.microseconds(0)
    policy = Policy(
        name=name,
        version=version,
        effective_from=effective_from,
        title=title,
        zone_name=zone_name,
        zone_data=zone.ZONE_DATA,
        calendar_name=calendar.name,
        business_day=day,
        severities=severities,
        impacts=impacts,
        topics=topics,
        root_causes=root_causes,
        plans={
            key: Plan(
                name=key,
                title=plan.title,
                hours_name=plan.hours_name,
                hours=schedules[plan.hours_name].hours,
                targets={cell: _target(budget, day) for cell, budget in plan.budgets.items()},
            )
            for key, plan in plans.items()
        },
        warning_steps=warnings,
        overdue_steps=overdue,
        settle=settle.microseconds(day),
        max_backdate=max_backdate.microseconds(day),
        digest=sha256(content).hexdigest(),
        audiences=audiences,
    )
    budgets = {
        (key, clock, level): budget
        for key, plan in plans.items()
        for (clock, level), budget in plan.budgets.items()
    }
    return PolicyFile(
        policy, schedules, budgets, business_day, settle, max_backdate, calendar, content
    )


def _compiled(week: Week, zone_name: str, calendar: Calendar) -> Schedule:
    hours = compile_hours(
        week.openings,
        calendar.holidays if week.holidays else {},
        zone.load(zone_name),
        calendar.first_year,
        calendar.last_year,
    )
    return Schedule(week.openings, week.holidays, hours)


def _target(budget: Budget, business_day: int) -> Target:
    return Target(
        None if budget.business is None else budget.business.microseconds(business_day),
        None if budget.off_hours is None else budget.off_hours.microseconds(business_day),
    )
