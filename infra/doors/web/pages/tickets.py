"""Lists of tickets: by what they are now, or behind a figure of the promises."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from infra.doors.web.sight import story
from infra.doors.web.tickets import page
from infra.store.listed import Wanted
from projections.judging import judging
from projections.report import Cell, report
from projections.rows import TicketRow, rows

router = protected()

LISTED = 50
STATUSES: Sequence[str] = get_args(Status)
VERDICTS: Sequence[str] = get_args(Verdict)


class Promised(NamedTuple):
    """Which promises a figure counts; blank is any, and `supported` is `none` before triage."""

    plan: str
    severity: int | None
    supported: str
    clock: str
    month: str
    verdict: str

    def counted_in(self, cells: Iterable[Cell]) -> bool:
        """Tell whether a report counts one of them."""
        return any(
            self._has(cell) and getattr(cell.counts, self.verdict.replace("-", "_"))
            for cell in cells
        )

    def _has(self, cell: Cell) -> bool:
        group = cell.group
        supported = {True: "yes", False: "no", None: "none"}[group.supported]
        return (
            self.plan in ("", group.plan)
            and self.severity in (None, group.severity)
            and self.supported in ("", supported)
            and self.clock in ("", cell.clock)
            and self.month in ("", cell.month)
        )


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
    promised = Promised(
        wanted.plan or "",
        wanted.severity,
        one_of(request, "supported", ("yes", "no", "none")),
        one_of(request, "clock", CLOCK_NAMES),
        chosen(request, "month"),
        one_of(request, "verdict", VERDICTS),
    )
    following = None
    if made.as_of is None and not promised.verdict:
        cursor = chosen(request, "cursor") or None
        found, following = page(made.service, wanted, cursor, LISTED)
    else:
        found = _looked_through(made, wanted, promised)
    return made.show(
        "tickets.html",
        lines=[(row, _subject(made, row.ticket)) for row in found],
        wanted=wanted,
        promised=promised,
        statuses=STATUSES,
        plans=made.policy.plans,
        following=None if following is None else made.here(cursor=following),
    )


def _looked_through(made: View, wanted: Wanted, promised: Promised) -> list[TicketRow]:
    """Return the first tickets that match, folded from the log as they were then."""
    customers = Wanted(wanted.customer_id)
    with one_at_a_time(made.service.turn), made.service.reading() as reading:
        return judged(
            reading, customers, lambda found: list(_matching(made, found, wanted, promised))
        )


def _matching(
    made: View, found: Mapping[str, Sequence[RecordedEvent]], wanted: Wanted, promised: Promised
) -> Iterator[TicketRow]:
    shown = 0
    for ticket in found:
        told = known(found[ticket], made.at, made.at)
        if not told:
            continue
        with judging(ticket):
            row = rows(_recorded(told), made.policies, made.at).tickets[0]
        if promised.verdict:
            counted = report({ticket: told}, made.policies, made.at, made.at)
            if not promised.counted_in(counted.cells):
                continue
        elif not _fits(row, wanted):
            continue
        yield row
        shown += 1
        if shown == LISTED:
            return


def _recorded(told: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    return sorted(told, key=lambda one: one.version)


def _fits(row: TicketRow, wanted: Wanted) -> bool:
    return (
        wanted.status in (None, row.status)
        and wanted.severity in (None, row.severity)
        and wanted.plan in (None, row.plan)
    )


def _subject(made: View, ticket: str) -> str:
    if made.caller is None or not made.may("read_words"):
        return ""
    told = story(made.service.log, made.caller, ticket, words=True)
    return told[0].words.get("subject", "")
