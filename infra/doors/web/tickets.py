"""Tickets: lists of them, one whole, its history, and the calculation behind its verdicts."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from domain import instant
from domain.clock import Clock, fold, known
from domain.conclusion import alerts
from domain.event import Opened, RecordedEvent
from domain.explanation import explain
from infra.doors.answers.history import row as history_row
from infra.doors.answers.ticket import Ticket, lacking
from infra.doors.answers.ticket import row as ticket_row
from infra.doors.web import documents, table
from infra.doors.web.access import Route, caller_of
from infra.doors.web.asked import AsOf, At, Lang, language
from infra.doors.web.commands import TicketId
from infra.doors.web.problem import Fault, Problem, invalid, unknown_ticket
from infra.doors.web.service import Service, service_of
from infra.doors.web.sight import story
from infra.store.listed import NEWEST, Wanted
from projections.explanation import row as explanation_row
from projections.judging import judging
from projections.narrative import Narrative, narrate
from projections.rows import TicketRow
from projections.wording import LANGUAGES
from streams.envelope import type_of

router = APIRouter(tags=["tickets"], route_class=Route)

_INSTANTS = ("opened_at", "triaged_at", "answered_at", "resolved_at", "changed_at")

WithWords = Annotated[
    bool, Query(description="With what people wrote, where the token lets it be read")
]


@router.get(
    "/tickets",
    operation_id="list_tickets",
    response_model=documents.TicketPage,
    responses={**documents.problems(403), **table.CONTENT},
)
def list_tickets(
    request: Request,
    status: Annotated[documents.Status | None, Query(description="Only of this status")] = None,
    severity: Annotated[int | None, Query(ge=1, le=1_000, description="Only of this one")] = None,
    customer: Annotated[str | None, Query(max_length=200, description="Only of this one")] = None,
    plan: Annotated[str | None, Query(max_length=200, description="Only under this one")] = None,
    cursor: table.TicketCursor = None,
    limit: table.Limit = table.DEFAULT_LIMIT,
    wanted: table.WantedFormat = None,
) -> Response:
    """List tickets, the newest first, as far as the engine has applied the log."""
    caller = caller_of(request)
    service = service_of(request)
    if caller.customer is not None:
        customer = caller.customer if customer in (None, caller.customer) else ""
    asked = Wanted(customer, status, severity, plan)
    found, following = page(service, asked, cursor, limit)
    return table.answer(
        request, [line(one) for one in found], following, wanted, documents.TicketLine
    )


def page(
    service: Service, asked: Wanted, cursor: str | None, limit: int
) -> tuple[Sequence[TicketRow], str | None]:
    """Return a page of tickets, and the cursor of the next one if there is one."""
    after = NEWEST if cursor is None else table.read_cursor(cursor, (int, str))
    with service.reading() as reading:
        found = reading.lists.tickets(asked, (after[0], after[1]), limit + 1)
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    following = None if last is None else table.written_cursor((last.opened_at, last.ticket))
    return shown, following


def line(row: TicketRow) -> dict[str, Any]:
    """Write a ticket of a list."""
    told = row._asdict()
    for name in _INSTANTS:
        told[name] = None if told[name] is None else instant.text(told[name])
    told["supported"] = None if row.supported is None else bool(row.supported)
    told["version"] = told.pop("events")
    del told["partition"], told["recorded_at"]
    return told


@router.get(
    "/tickets/{ticket}",
    operation_id="get_ticket",
    response_model=documents.Ticket,
    responses=documents.READ_PROBLEMS,
)
def get_ticket(
    request: Request,
    ticket: TicketId,
    as_of: AsOf = None,
    at: At = None,
    words: WithWords = True,
) -> Response:
    """Return one ticket whole: its story, what the request lacks, its clocks and its alerts.

    It is folded from the event log, so it does not wait for the engine.
    """
    caller = caller_of(request)
    service = service_of(request)
    told = story(service.log, caller, ticket, words=True)
    known_by, judged_at, policies = service.moments(as_of, at)
    shown = known_then(told, known_by, judged_at)
    opened = shown[0].event
    assert isinstance(opened, Opened)
    lacks = lacking(shown[0], shown[0].words) if caller.reach("read_words") else None
    if not words:
        shown = [one._replace(words={}) for one in shown]
    internal = caller.reach("see_staff") is not None
    with judging(ticket):
        folded = fold(shown, policies)
        decided = alerts(shown, policies, min(known_by, judged_at)) if internal else ()
    whole = Ticket(shown, folded, decided, lacks, policies, known_by, judged_at, service.log.source)
    body = {
        **ticket_row(whole),
        "customer_id": opened.customer_id,
        "plan": opened.plan,
        "channel": opened.channel,
        "version": len(told),
    }
    if not internal:
        body["alerts"] = None
    response = Response(orjson.dumps(body), media_type="application/json")
    response.headers["ETag"] = f'"{len(told)}"'
    return response


def known_then(told: Sequence[RecordedEvent], as_of: int, at: int) -> list[RecordedEvent]:
    """Return the part of a story that was known then; raises Problem where there is none."""
    shown = known(told, as_of, at)
    if not shown:
        raise Problem(
            404,
            "TicketNotKnownThen",
            f"ticket {told[0].ticket} was not known then; it was opened at "
            f"{instant.text(told[0].occurred_at)} and recorded at "
            f"{instant.text(told[0].recorded_at)}",
        )
    return shown


@router.get(
    "/tickets/{ticket}/history",
    operation_id="get_history",
    response_model=documents.HistoryPage,
    responses={**documents.READ_PROBLEMS, **table.CONTENT},
)
def get_history(
    request: Request,
    ticket: TicketId,
    wanted: table.WantedFormat = None,
) -> Response:
    """Return every event of a ticket as auditors want it: digests, positions, hashes, erasures.

    What people wrote is not in it.
    """
    service = service_of(request)
    log = service.log
    events = log.ticket(ticket)
    if not events:
        raise unknown_ticket(ticket)
    erasures = {one.version: one for one in log.erasures(ticket)}
    rows = [
        history_row(event, raw, erasures.get(event.version), log.source)
        for event, raw in zip(events, log.raw(ticket), strict=False)
    ]
    return table.answer(request, rows, None, wanted, documents.HistoryLine)


@router.get(
    "/tickets/{ticket}/explanation",
    operation_id="get_explanation",
    response_model=documents.Explanation,
    responses=documents.READ_PROBLEMS,
)
def get_explanation(
    request: Request,
    ticket: TicketId,
    clock: Annotated[
        str | None,
        Query(
            pattern=r"^(initial|ongoing/[1-9][0-9]{0,5})$",
            description="`initial` or `ongoing/N`; default: every clock of the ticket",
        ),
    ] = None,
    as_of: AsOf = None,
    at: At = None,
    lang: Lang = None,
) -> Response:
    """Return the calculation behind every verdict, as data and in words."""
    caller = caller_of(request)
    service = service_of(request)
    told = story(service.log, caller, ticket, words=False)
    known_by, judged_at, policies = service.moments(as_of, at)
    shown = known_then(told, known_by, judged_at)
    spoken = language(request, lang)
    with judging(ticket):
        chosen = _chosen(fold(shown, policies).clocks, clock, ticket)
        explained = [explain(one, shown, judged_at) for one in chosen]
    body = {
        "ticket": ticket,
        "language": spoken,
        "clocks": [
            {
                **explanation_row(one, known_by, type_of),
                "words": _words(narrate(one, known_by, LANGUAGES[spoken], None)),
            }
            for one in explained
        ],
    }
    headers = {"Content-Language": spoken, "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), headers=headers, media_type="application/json")


def _chosen(clocks: Sequence[Clock], wanted: str | None, ticket: str) -> Sequence[Clock]:
    if wanted is None:
        return clocks
    names = {
        one.name if one.name == "initial" else f"{one.name}/{one.instance}": one for one in clocks
    }
    if wanted not in names:
        message = f"ticket {ticket} has no clock {wanted} then; it has {', '.join(names)}"
        raise invalid([Fault("clock", "ClockUnknown", message)])
    return [names[wanted]]


def _words(told: Narrative) -> dict[str, Any]:
    return {
        "title": told.title,
        "sentence": told.sentence,
        "sections": [
            {**section._asdict(), "table": [list(row) for row in section.table]}
            for section in told.sections
        ],
    }
