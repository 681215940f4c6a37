"""A report as tables that fit the terminal; colour says nothing that words do not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from domain import instant
from domain.policy import CLOCK_NAMES, Phrase, Policy
from infra.doors.cli.judging.report.sheet import Cell, Column, Sheet
from infra.doors.cli.judging.report.words import (
    CHANNELS,
    NOTHING,
    WORDS,
    Language,
    business_time,
    counted,
    moment,
    month_of,
    number,
    off_hours_time,
    percent,
    real_time,
)
from infra.doors.cli.judging.unbroken import held, released, tied
from infra.doors.cli.output import harmless
from projections.report import (
    MEASURES,
    REASONS,
    Broken,
    Counts,
    Group,
    Percentiles,
    Report,
    Review,
    Times,
    summed,
)

_DIGEST = 16
"""How many digits of a digest are enough to tell one text from another."""
_COUNTS = ("met", "breached", "running", "no-target", "share")
_PERCENTILES = (Percentiles._fields, ("p50", "p90", "max"), ("p50", "max"))
_NAMES = frozenset({"group", "clock", "month", "plan", "ticket"})
_FIGURES = frozenset(
    {
        *_COUNTS,
        *Percentiles._fields,
        "answered",
        "waiting",
        "reached",
        "not reached",
        "late business",
        "late off-hours",
        "backdated events",
        "delay",
    }
)
_STYLES: Mapping[str, str] = {"ticket": "cyan", "late business": "red", "late off-hours": "red"}


def write(
    report: Report, policy: Policy, language: Language, width: int, broken: int, review: int
) -> None:
    """Write a report to standard output, `width` columns wide.

    `policy` gives the words; at most `broken` promises and `review` tickets are listed. A narrow
    terminal wraps names and leaves percentiles out; where that is not enough, the figures of a row
    stand below its name.
    """
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        for part in _Tables(report, policy, language, width).parts(broken, review):
            console.print(part)
    # Colours are there only where they were wanted, so all that is there stays.
    click.echo(released(capture.get()), nl=False, color=True)


class _Tables:
    """The parts of a report in one language, made for one width."""

    def __init__(self, report: Report, policy: Policy, language: Language, width: int) -> None:
        self._report = report
        self._policy = policy
        self._language = language
        self._width = width
        self._words = WORDS[language]
        self._zone = next(iter(policy.plans.values())).hours.zone

    def parts(self, broken: int, review: int) -> Iterator[RenderableType]:
        """Yield everything from top to bottom."""
        yield from self._head()
        if not self._report.tickets:
            return
        yield self._heading("promises")
        yield self._promises()
        yield self._key("key of shares")
        yield self._heading("months")
        yield self._months()
        for measure in MEASURES:
            rows = [row for row in self._report.times if row.measure == measure]
            if rows:
                yield self._heading(f"time to {measure}")
                yield self._times(rows)
        yield self._key(
            "key of times",
            business_day=off_hours_time(self._policy.business_day, self._language),
        )
        yield self._heading("tickets")
        yield self._tickets()
        yield from self._broken(self._report.broken, broken)
        yield from self._review(self._report.review, review)

    def _head(self) -> Iterator[RenderableType]:
        report, words = self._report, self._words
        yield Text(f"{words['report']}: {self._phrase(self._policy.title)}", "bold")
        tickets = counted(report.tickets, "ticket", self._language)
        events = counted(report.events, "event", self._language)
        yield Text(held(f"{tickets}, {events}"))
        recorded_by = words["recorded by"].format(
            as_of=self._local(report.as_of),
            at=self._local(report.at),
            zone=self._policy.zone_name,
        )
        yield Text(held(recorded_by))
        if report.policies:
            versions = (f"{label} ({digest[:_DIGEST]})" for label, digest in report.policies)
            yield Text(words["policy"].format(policies=", ".join(versions)))

    def _promises(self) -> RenderableType:
        table = self._sheet("group", "clock", *_COUNTS)
        rows = summed(self._report.cells, lambda cell: (cell.group, cell.clock))
        for (group, clock), counts in rows.items():
            table.add(self._group(group), self._words[clock], *self._counted(counts))
        table.end_section()
        for clock, counts in summed(self._report.cells, lambda cell: cell.clock).items():
            table.add(self._words["all"], self._words[clock], *self._counted(counts))
        return table.laid_out(self._width)

    def _months(self) -> RenderableType:
        table = self._sheet("month", "plan", "clock", *_COUNTS)
        plans = list(self._policy.plans)
        cells = sorted(
            self._report.cells,
            key=lambda cell: (cell.month, plans.index(cell.group.plan), cell.clock),
        )
        rows = summed(cells, lambda cell: (cell.month, cell.group.plan, cell.clock))
        for (month, plan, clock), counts in rows.items():
            named = (month_of(month, self._language), self._plan(plan), self._words[clock])
            table.add(*named, *self._counted(counts))
        return table.laid_out(self._width)

    def _times(self, rows: Sequence[Times]) -> RenderableType:
        """Make the table with the most percentiles that fits; the last one wraps where it must."""
        for shown in _PERCENTILES:
            table = self._times_with(rows, shown)
            if table.is_roomy(self._width):
                break
        return table.laid_out(self._width)

    def _times_with(self, rows: Sequence[Times], shown: Sequence[str]) -> Sheet:
        clocks = rows[0].measure in CLOCK_NAMES
        counts = ("answered", "waiting") if clocks else ("reached", "not reached")
        table = self._sheet("group", *counts, *shown)
        for row in rows:
            business = {} if row.business is None else row.business._asdict()
            table.add(
                self._group(row.group),
                self._number(row.reached),
                self._number(row.waiting),
                *(self._business(business[name]) if business else NOTHING for name in shown),
            )
            if clocks and row.off_hours is not None:
                off_hours = row.off_hours._asdict()
                table.add(
                    self._words["off-hours"],
                    "",
                    "",
                    *(off_hours_time(off_hours[name], self._language) for name in shown),
                )
        return table

    def _tickets(self) -> Table:
        report, words = self._report, self._words
        table = Table.grid(padding=(0, 2))
        statuses = ((words[status], count) for status, count in report.statuses.items())
        causes = ((self._cause(cause), count) for cause, count in report.root_causes.items())
        channels = (
            (CHANNELS[self._language].get(channel, channel), count)
            for channel, count in report.channels.items()
        )
        table.add_row(words["status"], self._listed(statuses))
        table.add_row(words["channel"], self._listed(channels))
        table.add_row(words["root cause"], self._listed(causes))
        return table

    def _broken(self, found: Sequence[Broken], most: int) -> Iterator[RenderableType]:
        if not found:
            yield self._heading("no broken")
            return
        yield self._heading("broken", shown=min(most, len(found)), count=len(found))
        if not most:
            return
        table = self._sheet("ticket", "group", "due", "answer", "late business", "late off-hours")
        for promise in found[:most]:
            clock = self._words[promise.clock]
            if promise.clock == "ongoing":
                clock = f"{clock}/{promise.instance}"
            answered = promise.satisfied_at
            table.add(
                f"{promise.ticket} {clock}",
                self._group(promise.group),
                self._local(promise.due_at),
                self._words["no answer"] if answered is None else self._local(answered),
                self._business(promise.late_business),
                off_hours_time(promise.late_off_hours, self._language),
            )
        yield table.laid_out(self._width)

    def _review(self, found: Sequence[Review], most: int) -> Iterator[RenderableType]:
        if not found:
            yield self._heading("no review")
            return
        yield self._heading("review", shown=min(most, len(found)), count=len(found))
        yield self._listed(
            (self._words[reason], sum(reason in ticket.reasons for ticket in found))
            for reason in REASONS
        )
        if not most:
            return
        table = self._sheet("ticket", "severities", "why", "backdated events", "delay")
        for ticket in found[:most]:
            table.add(
                ticket.ticket,
                ", ".join(map(str, ticket.severities)) or NOTHING,
                "; ".join(self._words[reason] for reason in ticket.reasons),
                self._number(ticket.backdated),
                real_time(ticket.largest_delay, self._language) if ticket.backdated else NOTHING,
            )
        yield table.laid_out(self._width)
        settle = off_hours_time(self._policy.settle, self._language)
        yield self._key("key of late records", settle=settle)

    def _sheet(self, *columns: str) -> Sheet:
        return Sheet(
            [
                Column(
                    self._words.get(column, column),
                    figures=column in _FIGURES,
                    names=column in _NAMES,
                    style=_STYLES.get(column, ""),
                )
                for column in columns
            ]
        )

    def _heading(self, name: str, **counts: int) -> Text:
        shown = {key: self._number(count) for key, count in counts.items()}
        return Text(held("\n" + self._words[name].format(**shown)), "bold")

    def _key(self, name: str, **values: str) -> Text:
        return Text(held(self._words[name].format(**values)), "dim")

    def _counted(self, counts: Counts) -> Iterable[Cell]:
        permille = counts.kept_permille
        return (
            self._number(counts.met),
            (self._number(counts.breached), "bold red" if counts.breached else ""),
            self._number(counts.running),
            self._number(counts.no_target),
            (percent(permille, self._language), "green" if permille == 1000 else ""),
        )

    def _listed(self, counted: Iterable[tuple[str, int]]) -> str:
        space = tied(" ")
        found = (
            f"{harmless(name)}{space}{self._number(count)}" for name, count in counted if count
        )
        return ", ".join(found) or NOTHING

    def _group(self, group: Group) -> str:
        """Name a group: plan, severity, and what sets it apart."""
        plan = self._plan(group.plan)
        if group.severity is None:
            return f"{plan}, {self._words['untriaged']}"
        title = self._phrase(self._policy.severities[group.severity].title)
        supported = "" if group.supported else f", {self._words['unsupported']}"
        return f"{plan}, {group.severity} {title}{supported}"

    def _plan(self, name: str) -> str:
        return self._phrase(self._policy.plans[name].title)

    def _cause(self, name: str | None) -> str:
        if name is None:
            return self._words["no cause"]
        title = self._policy.root_causes.get(name)
        # A policy may know fewer causes than the tickets name; what they say stands.
        return name if title is None else self._phrase(title)

    def _phrase(self, phrase: Phrase) -> str:
        return phrase.get(self._language) or phrase["en"]

    def _local(self, at: int) -> str:
        return moment(instant.to_datetime(at).astimezone(self._zone), self._language)

    def _business(self, duration: int) -> str:
        return business_time(duration, self._policy.business_day, self._language)

    def _number(self, count: int) -> str:
        return number(count, self._language)
