"""Promises: kept and broken, by plan, severity and month; each figure leads to its tickets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import Request
from starlette.responses import Response

from infra.doors.web.all_tickets import judged
from infra.doors.web.asked import one_at_a_time
from infra.doors.web.pages import session
from infra.doors.web.pages.page import View, protected, view
from infra.store.listed import Wanted
from projections.report import Counts, Group, Percentiles, Report, report, summed

router = protected()

_SHOWN = 50
_VERDICTS = (
    ("met", "met"),
    ("breached", "breached"),
    ("running", "running"),
    ("no_target", "no-target"),
)


class Bar(NamedTuple):
    """A month of the chart: its parts as lengths of 600."""

    month: str
    kept: float
    lost: float
    percent: str


@router.get(f"{session.HOME}/promises", name="get_report")
def get_report(request: Request) -> Response:
    """Show how promises were kept."""
    made = view(request)
    assert made.caller is not None
    wanted = Wanted(made.caller.customer)
    with one_at_a_time(made.service.turn), made.service.reading() as reading:
        found = judged(
            reading, wanted, lambda tickets: report(tickets, made.policies, made.at, made.at)
        )
    months = summed(found.cells, lambda cell: cell.month)
    internal = made.may("see_staff")
    return made.show(
        "promises.html",
        report=found,
        groups=list(_groups(made, found)),
        months=[
            (month, _figures(made, counts, month=month), _percent(counts))
            for month, counts in sorted(months.items())
        ],
        bars=[_bar(month, counts) for month, counts in sorted(months.items())],
        times=[
            (
                _clock(made, row.measure),
                *_named(made, row.group),
                row.reached,
                _percentiles(made, row.business),
            )
            for row in found.times
            if row.measure in ("initial", "ongoing")
        ],
        causes=[(_cause(made, cause), count) for cause, count in found.root_causes.items()]
        if internal
        else [],
        review=[
            (one.ticket, made.ticket(one.ticket), [made.said[reason] for reason in one.reasons])
            for one in found.review[:_SHOWN]
        ]
        if internal
        else [],
        linked=made.may("list_tickets"),
    )


def _groups(made: View, found: Report) -> Iterator[tuple[str, str, str, Any, str]]:
    promises = summed(found.cells, lambda cell: (cell.group, cell.clock))
    for (group, clock), counts in promises.items():
        figures = _figures(
            made,
            counts,
            plan=group.plan,
            severity=group.severity,
            supported={True: "yes", False: "no", None: "none"}[group.supported],
            clock=clock,
        )
        yield (*_named(made, group), _clock(made, clock), figures, _percent(counts))


def _figures(made: View, counts: Counts, **query: object) -> Sequence[tuple[str, int, str]]:
    return [
        (
            made.said[verdict],
            getattr(counts, field),
            made.link(f"{session.HOME}/tickets", **query, verdict=verdict),
        )
        for field, verdict in _VERDICTS
    ]


def _named(made: View, group: Group) -> tuple[str, str]:
    plan = made.policy.plans[group.plan].title
    severity = made.said["severity_none"] if group.severity is None else str(group.severity)
    note = f", {made.said['unsupported']}" if group.supported is False else ""
    return made.phrase(plan), severity + note


def _clock(made: View, name: str) -> str:
    return made.said[name].format(instance="").strip()


def _percent(counts: Counts) -> str:
    permille = counts.kept_permille
    return "-" if permille is None else f"{permille / 10:g}"


def _bar(month: str, counts: Counts) -> Bar:
    decided = counts.met + counts.breached
    kept = 600 * counts.met / decided if decided else 0.0
    lost = 600 - kept if decided else 0.0
    return Bar(month, round(kept, 1), round(lost, 1), _percent(counts))


def _percentiles(made: View, found: Percentiles | None) -> Mapping[str, str]:
    if found is None:
        return {}
    return {name: made.length(value) for name, value in found._asdict().items()}


def _cause(made: View, cause: str | None) -> str:
    causes = made.policy.root_causes
    if cause is None:
        return made.said["unknown"]
    return made.phrase(causes[cause]) if cause in causes else cause
