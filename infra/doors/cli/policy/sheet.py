"""A policy on one sheet: for people with rich, for machines as plain data."""

from datetime import date
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from domain import instant
from domain.policy import CLOCK_NAMES, Phrase
from infra.doors.cli.policy.words import (
    KINDS,
    LABELS,
    Language,
    budget,
    clock_time,
    day,
    duration,
    multiples,
    seconds,
    shares,
    week,
    words,
)
from infra.store.policies import PolicyFile
from infra.store.policies.opening import WEEKDAYS


def show(console: Console, file: PolicyFile, language: Language, year: int | None) -> None:
    """Print the policy as its customers may read it, and the holidays of a year if one is named."""
    console.print(
        _heading(file, language),
        _facts(file, language),
        _hours(file, language),
        _targets(file, language),
        _severities(file, language),
        _topics(file, language),
        sep="\n",
    )
    if year is not None:
        console.print(_holidays(file, language, year))


def data(file: PolicyFile, year: int | None) -> dict[str, Any]:
    """Return the policy for machines: durations in seconds, words in every language."""
    policy = file.policy
    return {
        "policy": policy.label,
        "name": policy.name,
        "version": policy.version,
        "effective_from": None
        if policy.effective_from is None
        else instant.text(policy.effective_from),
        "digest": policy.digest,
        "title": policy.title,
        "zone": policy.zone_name,
        "zone_data": policy.zone_data,
        "business_day_seconds": seconds(policy.business_day),
        "settle_seconds": seconds(policy.settle),
        "max_backdate_seconds": seconds(policy.max_backdate),
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
                        "business_seconds": seconds(target.business),
                        "off_hours_seconds": seconds(target.off_hours),
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
                {"date": when.isoformat(), "name": name} for when, name in _days_of(file, year)
            ],
        },
    }


def _heading(file: PolicyFile, language: Language) -> Text:
    policy = file.policy
    force = LABELS[language]["since_ever"]
    if policy.effective_from is not None:
        zone = next(iter(file.schedules.values())).hours.zone
        local = instant.to_datetime(policy.effective_from).astimezone(zone)
        force = LABELS[language]["from"].format(
            moment=f"{day(local.date(), language)} {local:%H:%M:%S}".removesuffix(":00"),
            zone=policy.zone_name,
        )
    return Text.assemble((words(policy.title, language), "bold"), f"\n{policy.label}, {force}\n")


def _facts(file: PolicyFile, language: Language) -> RenderableType:
    label, policy, calendar = LABELS[language], file.policy, file.calendar
    grid = Table.grid(padding=(0, 2))
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
    ]
    for key, text in rows:
        grid.add_row(Text(label[key], style="dim"), text)
    for number, audience in enumerate(policy.audiences.values()):
        told = ", ".join(
            KINDS[language][kind] for kind in KINDS[language] if kind in audience.kinds
        )
        text = f"{words(audience.title, language)}: {told}"
        grid.add_row(Text("" if number else label["told"], style="dim"), text)
    return _spaced(grid)


def _hours(file: PolicyFile, language: Language) -> RenderableType:
    label = LABELS[language]
    table = _table(label["hours"], "", label["days"], label["open"], label["public_holidays"])
    digests = Table.grid(padding=(0, 1))
    digests.add_column()
    digests.add_column(overflow="fold")
    for name, schedule in file.schedules.items():
        lines = week(schedule.openings, language)
        table.add_row(
            name,
            "\n".join(days for days, _ in lines),
            "\n".join(hours for _, hours in lines),
            label["closed"] if schedule.holidays else label["all_year"],
        )
        digests.add_row(Text(f"{label['digest']} {name}", style="dim"), schedule.hours.digest)
    return Group(table, _spaced(digests))


def _targets(file: PolicyFile, language: Language) -> RenderableType:
    label, policy = LABELS[language], file.policy
    table = _table(
        label["targets"],
        label["plan"],
        label["severity"],
        *(label[clock] for clock in CLOCK_NAMES),
    )
    for plan in policy.plans.values():
        for severity in policy.severities.values():
            first = severity.level == min(policy.severities)
            table.add_row(
                f"{words(plan.title, language)}\n({plan.hours_name})" if first else "",
                f"{severity.level} {words(severity.title, language)}",
                *(
                    budget(file.budgets.get((plan.name, clock, severity.level)), language)
                    for clock in CLOCK_NAMES
                ),
            )
        table.add_section()
    return _spaced(table)


def _severities(file: PolicyFile, language: Language) -> RenderableType:
    label, policy = LABELS[language], file.policy
    table = _table(label["severities"], label["severity"], label["impacts"])
    for severity in policy.severities.values():
        impacts = [words(policy.impacts[impact], language) for impact in severity.impacts]
        table.add_row(f"{severity.level} {words(severity.title, language)}", "; ".join(impacts))
    return _spaced(table)


def _topics(file: PolicyFile, language: Language) -> RenderableType:
    label, policy = LABELS[language], file.policy
    grid = Table.grid(padding=(0, 2))
    for key, supported in (("supported", True), ("not_supported", False)):
        titles = [
            words(topic.title, language)
            for topic in policy.topics.values()
            if topic.supported is supported
        ]
        if titles:
            grid.add_row(Text(label[key], style="dim"), "; ".join(titles))
    causes = "; ".join(words(cause, language) for cause in policy.root_causes.values())
    grid.add_row(Text(label["root_causes"], style="dim"), causes)
    return _spaced(grid)


def _holidays(file: PolicyFile, language: Language, year: int) -> RenderableType:
    label = LABELS[language]
    days = _days_of(file, year)
    if not days:
        return Text(label["no_holidays"].format(year=year))
    grid = Table.grid(padding=(0, 2))
    grid.title = label["public_holidays_of"].format(year=year)
    grid.title_justify = "left"
    grid.title_style = "bold"
    for when, name in days:
        grid.add_row(day(when, language), words(name, language))
    return grid


def _days_of(file: PolicyFile, year: int | None) -> list[tuple[date, Phrase]]:
    return [
        (when, name)
        for when, name in sorted(file.calendar.holidays.items(), key=lambda item: item[0])
        if year is None or when.year == year
    ]


def _spaced(part: RenderableType) -> RenderableType:
    return Group(part, Text())


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, title_justify="left", title_style="bold")
    table.columns[0].no_wrap = True
    return table
