"""A policy on one sheet, for people."""

from rich.console import Console, Group, RenderableType
from rich.text import Text

from domain import instant
from domain.policy import CLOCK_NAMES
from infra.doors.answers.policy import days_of
from infra.doors.cli.policy.fitted import fitted, grid
from infra.doors.cli.policy.words import (
    KINDS,
    LABELS,
    Language,
    budget,
    day,
    duration,
    multiples,
    shares,
    since,
    week,
    words,
)
from infra.store.policies import PolicyFile


def show(console: Console, file: PolicyFile, language: Language, year: int | None) -> None:
    """Print the policy as its customers may read it, and the holidays of a year if one is named."""
    console.print(
        _heading(file, language),
        _facts(file, language),
        _hours(file, language, console.width),
        _targets(file, language, console.width),
        _severities(file, language, console.width),
        _topics(file, language),
        sep="\n",
    )
    if year is not None:
        console.print(_holidays(file, language, year))


def _heading(file: PolicyFile, language: Language) -> Text:
    policy = file.policy
    force = LABELS[language]["since_ever"]
    if policy.effective_from is not None:
        zone = next(iter(file.schedules.values())).hours.zone
        local = instant.to_datetime(policy.effective_from).astimezone(zone)
        force = LABELS[language]["from"].format(
            moment=f"{since(local.date(), language)} {local:%H:%M:%S}".removesuffix(":00"),
            zone=policy.zone_name,
        )
    return Text.assemble((words(policy.title, language), "bold"), f"\n{policy.label}, {force}\n")


def _facts(file: PolicyFile, language: Language) -> RenderableType:
    label, policy, calendar = LABELS[language], file.policy, file.calendar
    facts = grid()
    years = f"{calendar.first_year}–{calendar.last_year}"
    warnings = shares(policy.warning_steps, language)
    overdue = multiples(policy.overdue_steps, language)
    rows = [
        ("zone", f"{policy.zone_name} ({policy.zone_data})"),
        ("calendar", f"{calendar.name} ({years})"),
        ("business_day", duration(file.business_day, language)),
        ("warnings", label["at_share"].format(shares=warnings) if warnings else label["never"]),
        ("after_breach", label["later"].format(times=overdue) if overdue else label["never"]),
        ("settle", label["settles"].format(duration=duration(file.settle, language))),
        ("backdating", label["past"].format(duration=duration(file.max_backdate, language))),
        ("digest", policy.digest[:16]),
    ]
    for key, text in rows:
        facts.add_row(Text(label[key], style="dim"), text)
    for number, audience in enumerate(policy.audiences.values()):
        told = ", ".join(
            KINDS[language][kind] for kind in KINDS[language] if kind in audience.kinds
        )
        text = f"{words(audience.title, language)}: {told}"
        facts.add_row(Text("" if number else label["told"], style="dim"), text)
    return _spaced(facts)


def _hours(file: PolicyFile, language: Language, width: int) -> RenderableType:
    label = LABELS[language]
    rows: list[tuple[str, ...]] = []
    digests = grid()
    for name, schedule in file.schedules.items():
        holidays = label["closed"] if schedule.holidays else label["all_year"]
        for number, (days, hours) in enumerate(week(schedule.openings, language)):
            rows.append(("", days, hours, "") if number else (name, days, hours, holidays))
        title = Text(f"{label['openings_digest']} {name}", style="dim")
        digests.add_row(title, schedule.hours.digest)
    head = (label["name"], label["days"], label["open"], label["public_holidays"])
    return Group(fitted(label["hours"], head, [rows], width), _spaced(digests))


def _targets(file: PolicyFile, language: Language, width: int) -> RenderableType:
    label, policy = LABELS[language], file.policy
    groups: list[list[tuple[str, ...]]] = []
    for plan in policy.plans.values():
        name = f"{words(plan.title, language)}\n({plan.hours_name})"
        groups.append(
            [
                (
                    "" if number else name,
                    f"{severity.level} {words(severity.title, language)}",
                    *(
                        budget(file.budgets.get((plan.name, clock, severity.level)), language)
                        for clock in CLOCK_NAMES
                    ),
                )
                for number, severity in enumerate(policy.severities.values())
            ]
        )
    head = (label["plan"], label["severity"], *(label[clock] for clock in CLOCK_NAMES))
    table = fitted(label["targets"], head, groups, width)
    two = any(budget.business and budget.off_hours for budget in file.budgets.values())
    return _spaced(Group(table, Text(label["both"])) if two else table)


def _severities(file: PolicyFile, language: Language, width: int) -> RenderableType:
    label, policy = LABELS[language], file.policy
    rows = [
        (
            f"{severity.level} {words(severity.title, language)}",
            "; ".join(words(policy.impacts[impact], language) for impact in severity.impacts),
        )
        for severity in policy.severities.values()
    ]
    return _spaced(
        fitted(label["severities"], (label["severity"], label["impacts"]), [rows], width)
    )


def _topics(file: PolicyFile, language: Language) -> RenderableType:
    label, policy = LABELS[language], file.policy
    lists = grid()
    for key, supported in (("supported", True), ("not_supported", False)):
        titles = [
            words(topic.title, language)
            for topic in policy.topics.values()
            if topic.supported is supported
        ]
        if titles:
            lists.add_row(Text(label[key], style="dim"), "; ".join(titles))
    causes = "; ".join(words(cause, language) for cause in policy.root_causes.values())
    lists.add_row(Text(label["root_causes"], style="dim"), causes)
    return _spaced(lists)


def _holidays(file: PolicyFile, language: Language, year: int) -> RenderableType:
    label = LABELS[language]
    days = days_of(file, year)
    if not days:
        return Text(label["no_holidays"].format(year=year))
    listed = grid()
    listed.title = label["public_holidays_of"].format(year=year)
    listed.title_justify = "left"
    listed.title_style = "bold"
    for when, name in days:
        listed.add_row(day(when, language), words(name, language))
    return listed


def _spaced(part: RenderableType) -> RenderableType:
    return Group(part, Text())
