"""Promises: kept and broken, by plan, severity and month; each figure leads to its tickets."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from domain.policy import CLOCK_NAMES
from infra.doors.web.all_tickets import judged
from infra.doors.web.asked import one_at_a_time
from infra.doors.web.pages import session
from infra.doors.web.pages.page import View, protected, view
from infra.doors.web.pages.tickets import ANY, DECIDED, NOT_TOLD, SUPPORTED
from infra.store.listed import Wanted
from projections.report import Counts, Group, Report, report, summed

router = protected()

_SHOWN = 50
_VERDICTS = (
    ("met", "met"),
    ("breached", "breached"),
    ("running", "running"),
    ("no_target", "no-target"),
)
_PERCENTILES = {"p50": "50 %", "p90": "90 %", "p95": "95 %", "max": "max"}


class Bar(NamedTuple):
    """A month of the chart: its parts as lengths of 600."""

    month: str
    kept: float
    lost: float
    percent: str


class Counted(NamedTuple):
    """A figure with what it counts, the way to its tickets, and whether there are any.

    `filled` is how much of a bar of 100 a share fills.
    """

    name: str
    text: str
    href: str
    is_any: bool
    filled: float = 0.0


Row = tuple[str, str, str, Sequence[Counted]]
"""Three names, and figures."""


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
    whole = summed(found.cells, lambda cell: None).get(None, Counts())
    groups = list(_groups(made, found))
    months = sorted(summed(found.cells, lambda cell: cell.month).items())
    internal = made.may("see_staff")
    return made.show(
        "promises.html",
        report=found,
        figures=_figures(made, whole),
        promised=[group for group, is_promise in groups if is_promise],
        measured=[group for group, is_promise in groups if not is_promise],
        months=[(month, _figures(made, counts, month=month)) for month, counts in months],
        bars=[_bar(made, month, counts) for month, counts in months],
        times=list(_times(made, found)),
        causes=list(_causes(made, found)) if internal else [],
        review=[
            (one.ticket, made.ticket(one.ticket), [made.said[reason] for reason in one.reasons])
            for one in found.review[:_SHOWN]
        ]
        if internal
        else [],
        reviewed=_counted(made, made.said["review"], str(len(found.review)), review=ANY),
        linked=made.may("list_tickets"),
    )


def _groups(made: View, found: Report) -> Iterator[tuple[Row, bool]]:
    """Yield the lines of plan, severity and clock, and whether a target stood behind any."""
    promises = summed(found.cells, lambda cell: (cell.group, cell.clock))
    for (group, clock), counts in promises.items():
        figures = _figures(made, counts, **_asked(group), clock=clock)
        is_promise = counts.met + counts.breached + counts.running > 0
        yield (*_named(made, group), _clock(made, clock), figures), is_promise


def _times(made: View, found: Report) -> Iterator[Row]:
    """Tell how long answers took; a percentile leads to the answers that took as long or longer."""
    for row in found.times:
        if row.measure not in CLOCK_NAMES or row.business is None:
            continue
        asked = {**_asked(row.group), "clock": row.measure}
        figures = [_counted(made, made.said["answered"], str(row.reached), **asked, took=0)]
        figures += [
            _counted(made, _PERCENTILES[name], made.length(value), **asked, took=value)
            for name, value in row.business._asdict().items()
        ]
        yield (_clock(made, row.measure), *_named(made, row.group), figures)


def _causes(made: View, found: Report) -> Iterator[tuple[str, Counted]]:
    for cause, count in found.root_causes.items():
        name = _cause(made, cause)
        yield name, _counted(made, name, str(count), root_cause=cause or NOT_TOLD)


def _asked(group: Group) -> dict[str, object]:
    return {
        "plan": group.plan,
        "severity": group.severity,
        "supported": SUPPORTED[group.supported],
    }


def _figures(made: View, counts: Counts, **query: object) -> Sequence[Counted]:
    figures = [
        _counted(made, made.said[verdict], str(getattr(counts, field)), **query, verdict=verdict)
        for field, verdict in _VERDICTS
    ]
    share = _percent(made, counts)
    kept = _counted(made, made.said["kept_percent"], share, **query, verdict=DECIDED)
    # A share of nothing kept is one of something.
    is_any, filled = counts.kept_permille is not None, (counts.kept_permille or 0) / 10
    return [*figures, kept._replace(is_any=is_any, filled=filled)]


def _counted(made: View, name: str, text: str, **query: object) -> Counted:
    return Counted(
        name, text, made.link(f"{session.HOME}/tickets", **query), text not in ("0", "-")
    )


def _named(made: View, group: Group) -> tuple[str, str]:
    plan = made.policy.plans[group.plan].title
    severity = made.said["severity_none"] if group.severity is None else str(group.severity)
    note = f", {made.said['unsupported']}" if group.supported is False else ""
    return made.phrase(plan), severity + note


def _clock(made: View, name: str) -> str:
    return made.said[name].format(instance="").strip()


def _percent(made: View, counts: Counts) -> str:
    permille = counts.kept_permille
    return "-" if permille is None else made.percent(permille)


def _bar(made: View, month: str, counts: Counts) -> Bar:
    decided = counts.met + counts.breached
    kept = 600 * counts.met / decided if decided else 0.0
    lost = 600 - kept if decided else 0.0
    return Bar(month, round(kept, 1), round(lost, 1), _percent(made, counts))


def _cause(made: View, cause: str | None) -> str:
    causes = made.policy.root_causes
    if cause is None:
        return made.said["unknown"]
    return made.phrase(causes[cause]) if cause in causes else cause
