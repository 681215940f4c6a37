"""Lists of tickets: by what they are now, or behind a figure of the promises."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, get_args

from fastapi import Request
from starlette.responses import Response

from domain.clock import Verdict, known
from domain.event import RecordedEvent
from domain.policy import CLOCK_NAMES
from domain.standing import Status
from infra.doors.web.all_tickets import judged
from infra.doors.web.asked import one_at_a_time
from infra.doors.web.pages import session
from infra.doors.web.pages.page import View, chosen, number, one_of, protected, view
from infra.doors.web.sight import stories
from infra.doors.web.table import read_cursor, written_cursor
from infra.doors.web.tickets import page
from infra.store.listed import NEWEST, Wanted
from projections.judging import judging
from projections.report import REASONS, Cell, Group, Report, Review, Times, report
from projections.rows import TicketRow, rows

router = protected()

LISTED = 50
STATUSES: Sequence[str] = get_args(Status)
VERDICTS: Sequence[str] = get_args(Verdict)
DECIDED = "decided"
"""Stands for kept or broken, in place of a verdict."""

ANY = "any"
NOT_TOLD = "none"


class Figure(NamedTuple):
    """Which tickets a figure of the promises counts; blank is any.

    `supported` is `none` before triage; `took` is how much business time an answer took at least,
    in microseconds; `root_cause` is `none` where it was not told, `review` is a reason or `any`.
    """

    plan: str
    severity: int | None
    supported: str
    clock: str
    month: str
    verdict: str
    took: int | None
    root_cause: str
    review: str

    @property
    def is_asked(self) -> bool:
        """Tell whether there is a figure at all: what a ticket is now, the lists know."""
        return bool(self.verdict or self.root_cause or self.review) or self.took is not None

    def counts(self, found: Report) -> bool:
        """Tell whether the report of one ticket has something of the figure."""
        return (
            (not self.verdict or any(map(self._counts_cell, found.cells)))
            and (self.took is None or any(map(self._counts_times, found.times)))
            and (not self.root_cause or self._cause in found.root_causes)
            and (not self.review or any(self._counts_review(one) for one in found.review))
        )

    @property
    def _cause(self) -> str | None:
        return None if self.root_cause == NOT_TOLD else self.root_cause

    def _counts_cell(self, cell: Cell) -> bool:
        counts = cell.counts
        if self.verdict == DECIDED:
            counted = counts.met + counts.breached
        else:
            counted = getattr(counts, self.verdict.replace("-", "_"))
        return (
            counted > 0
            and self._has(cell.group)
            and self.clock in ("", cell.clock)
            and self.month in ("", cell.month)
        )

    def _counts_times(self, times: Times) -> bool:
        return (
            times.business is not None
            and self.took is not None
            and times.business.max >= self.took
            and self._has(times.group)
            and times.measure == self.clock
        )

    def _counts_review(self, review: Review) -> bool:
        return self.review == ANY or self.review in review.reasons

    def _has(self, group: Group) -> bool:
        return (
            self.plan in ("", group.plan)
            and self.severity in (None, group.severity)
            and self.supported in ("", SUPPORTED[group.supported])
        )


SUPPORTED: Mapping[bool | None, str] = {True: "yes", False: "no", None: "none"}


@router.get(f"{session.HOME}/tickets", name="list_tickets")
def list_tickets(request: Request) -> Response:
    """Show tickets, the newest first."""
    made = view(request)
    assert made.caller is not None
    wanted = Wanted(
        made.caller.customer or chosen(request, "customer") or None,
        one_of(request, "status", STATUSES) or None,
        number(request, "severity"),
        chosen(request, "plan") or None,
    )
    figure = _figure(made, wanted)
    cursor = chosen(request, "cursor") or None
    if made.as_of is None and not figure.is_asked:
        found, following = page(made.service, wanted, cursor, LISTED)
    else:
        found, following = _looked_through(made, wanted, figure, cursor)
    subjects = _subjects(made, found)
    return made.show(
        "tickets.html",
        lines=[(row, subjects.get(row.ticket, "")) for row in found],
        wanted=wanted,
        figure=figure,
        statuses=STATUSES,
        following=None if following is None else made.here(cursor=following),
    )


def _figure(made: View, wanted: Wanted) -> Figure:
    """Read the figure of the address; what staff alone see is none for others."""
    request, internal = made.request, made.may("see_staff")
    return Figure(
        wanted.plan or "",
        wanted.severity,
        one_of(request, "supported", tuple(SUPPORTED.values())),
        one_of(request, "clock", CLOCK_NAMES),
        chosen(request, "month"),
        one_of(request, "verdict", (*VERDICTS, DECIDED)),
        number(request, "took", digits=18),
        chosen(request, "root_cause") if internal else "",
        one_of(request, "review", (*REASONS, ANY)) if internal else "",
    )


def _looked_through(
    made: View, wanted: Wanted, figure: Figure, cursor: str | None
) -> tuple[Sequence[TicketRow], str | None]:
    """Return a page of tickets that match, folded from the log as they were then."""
    customers = Wanted(wanted.customer_id)
    after = NEWEST if cursor is None else read_cursor(cursor, (int, str))
    with one_at_a_time(made.service.turn), made.service.reading() as reading:
        found = judged(
            reading,
            customers,
            lambda tickets: list(islice(_matching(made, tickets, wanted, figure), LISTED + 1)),
            (after[0], after[1]),
        )
    shown = found[:LISTED]
    if len(found) == len(shown):
        return shown, None
    return shown, written_cursor((shown[-1].opened_at, shown[-1].ticket))


def _matching(
    made: View, found: Mapping[str, Sequence[RecordedEvent]], wanted: Wanted, figure: Figure
) -> Iterator[TicketRow]:
    for ticket in found:
        told = known(found[ticket], made.at, made.at)
        if not told:
            continue
        with judging(ticket):
            row = rows(_recorded(told), made.policies, made.at).tickets[0]
        if figure.is_asked:
            counted = figure.counts(report({ticket: told}, made.policies, made.at, made.at))
            # What the ticket is now may be another than what was promised.
            matches = counted and wanted.status in (None, row.status)
        else:
            matches = _fits(row, wanted)
        if matches:
            yield row


def _recorded(told: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    return sorted(told, key=lambda one: one.version)


def _fits(row: TicketRow, wanted: Wanted) -> bool:
    return (
        wanted.status in (None, row.status)
        and wanted.severity in (None, row.severity)
        and wanted.plan in (None, row.plan)
    )


def _subjects(made: View, found: Sequence[TicketRow]) -> Mapping[str, str]:
    if made.caller is None or not made.may("read_words"):
        return {}
    told = stories(made.service.log, made.caller, [row.ticket for row in found], words=True)
    return {ticket: events[0].words.get("subject", "") for ticket, events in told.items()}
