"""The seven commands to a ticket, as requests."""

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from domain.command import (
    NOT_TOLD,
    Command,
    OfferWorkaround,
    Open,
    Reply,
    Resolve,
    Respond,
    Triage,
    Verify,
)
from domain.event import Awaiting
from domain.refusal import CommandReused, FollowedUnknown, Refusal
from infra.desk import UNNAMED, CommandIdMalformed
from infra.desk import Request as Asked
from infra.doors.outcome import written
from infra.doors.web import documents
from infra.doors.web.access import Caller, caller_of
from infra.doors.web.body import (
    TICKET,
    Body,
    OpenBody,
    ReplyBody,
    ResolutionBody,
    ResponseBody,
    TriageBody,
    VerificationBody,
    WorkaroundBody,
    about,
    meaning,
)
from infra.doors.web.command_route import CommandRoute
from infra.doors.web.landing import Landing
from infra.doors.web.problem import (
    Fault,
    Problem,
    invalid,
    of_refusal,
    refused,
    unknown_ticket,
)
from infra.doors.web.service import Service
from infra.store.log import Outcome

router = APIRouter(tags=["commands"], route_class=CommandRoute)

_UUID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_IF_MATCH = re.compile(r'\s*(\*|(W/)?"[!#-~]*"(\s*,\s*(W/)?"[!#-~]*"){0,99})\s*')
_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[!#-~]*)"\s*')
_VERSION = re.compile(r"[1-9]\d{0,9}", re.ASCII)

TicketId = Annotated[str, Path(pattern=TICKET, description="The ticket")]


HEADERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            # No `format`: generated clients would send a UUID that is no text.
            "schema": {"type": "string", "pattern": f"^{_UUID.pattern}$"},
            "description": "The id of the command: sent again it gets the first outcome. "
            "Default: a new one",
        },
        {
            "name": "X-Request-Id",
            "in": "header",
            "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
            "description": "The correlation id of the events. Default: that of the command",
        },
        {
            "name": "traceparent",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The span that causes the events, as W3C Trace Context writes it",
        },
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string", "maxLength": 1_000},
            "description": "Carry it out only where the ticket has one of these ETags",
        },
    ]
}
"""The headers of every command, as OpenAPI describes them."""

OPENING_HEADERS: dict[str, Any] = {"parameters": HEADERS["parameters"][:-1]}
"""A ticket that is opened has no version yet."""

_on_ticket = partial(
    router.post,
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
    openapi_extra=HEADERS,
)


class Sending(NamedTuple):
    """How a command is sent: under which id, by whom, on which versions of its ticket, and why."""

    service: Service
    landing: Landing
    caller: Caller
    command_id: str
    versions: frozenset[int] | None
    correlation_id: str | None
    causation_id: str | None


def wrong_headers(request: Request) -> list[Fault]:
    """Return every header of a command that cannot be used."""
    faults = []
    key = request.headers.get("idempotency-key")
    if key is not None and not _UUID.fullmatch(key):
        faults.append(refused("Idempotency-Key", CommandIdMalformed(key)))
    if_match = request.headers.get("if-match")
    if if_match is not None and not _IF_MATCH.fullmatch(if_match):
        message = 'it names no version; send an ETag as you got it, such as "3", or *'
        faults.append(Fault("If-Match", "VersionMalformed", message))
    return faults


async def _sending(request: Request, body: Body) -> Sending:
    """Read how a command is sent; where a header is wrong, raises Problem with all that is."""
    state = request.app.state
    faults = wrong_headers(request)
    if faults:
        if isinstance(body, OpenBody):
            faults += _missing(body, caller_of(request))
        raise invalid([*faults, *await asyncio.to_thread(_faults, state.service, vars(body))])
    if_match = request.headers.get("if-match", "*")
    return Sending(
        state.service,
        state.landing,
        caller_of(request),
        request.headers.get("idempotency-key", "").lower() or state.fresh_id(),
        None if if_match.strip() == "*" else _versions(if_match),
        request.scope["lhuta.request_id"],
        # A span names the request that caused the event (contracts, `causationid`).
        request.scope["lhuta.traceparent"],
    )


@router.post(
    "/tickets",
    operation_id="open_ticket",
    status_code=201,
    response_model=documents.Outcome,
    responses=documents.problems(403, 404, 408, 409, 413, 415),
    openapi_extra=OPENING_HEADERS,
)
async def open_ticket(request: Request, body: OpenBody) -> Response:
    """Open a ticket for a customer."""
    sent = await _sending(request, body)
    missing = _missing(body, sent.caller)
    if missing:
        raise invalid([*missing, *await asyncio.to_thread(_faults, sent.service, vars(body))])
    customer_id, plan = _customer_and_plan(body, sent.caller)
    if sent.caller.customer is not None and body.follows is not None:
        await _check_follows(sent, body.follows)
    command = Open(
        UNNAMED if body.ticket is None else body.ticket or " ",
        customer_id,
        plan,
        body.channel,
        body.subject,
        body.body,
        body.recent_changes,
        body.workarounds_tried,
        body.steps_taken,
        NOT_TOLD if body.environment is None else body.environment.environment(),
        body.follows,
        body.occurred_at,
    )
    outcome = await _carried_out(sent, command, body)
    if sent.caller.customer is not None and outcome.repeated:
        # After an erasure the id of a command alone decides: it may be another customer's.
        await _check_own(sent, outcome.ticket)
    return _answer(outcome, 201, Location=f"/tickets/{outcome.ticket}")


@_on_ticket("/tickets/{ticket}/triage", operation_id="triage_ticket")
async def triage_ticket(request: Request, ticket: TicketId, body: TriageBody) -> Response:
    """Assign a severity."""
    sent = await _sending(request, body)
    command = Triage(ticket, body.severity, body.impact, body.topic, body.supported, body.rationale)
    return _answer(await _on(sent, command, body))


@_on_ticket("/tickets/{ticket}/replies", operation_id="reply_to_ticket")
async def reply_to_ticket(request: Request, ticket: TicketId, body: ReplyBody) -> Response:
    """Add what the customer wrote; a reply to a resolved ticket reopens it."""
    sent = await _sending(request, body)
    _check_not_backdated(body.occurred_at, sent.caller)
    return _answer(await _on(sent, Reply(ticket, body.message, body.occurred_at), body))


@_on_ticket("/tickets/{ticket}/responses", operation_id="respond_to_ticket")
async def respond_to_ticket(request: Request, ticket: TicketId, body: ResponseBody) -> Response:
    """Answer the customer, which stops the clock."""
    sent = await _sending(request, body)
    command = Respond(ticket, _side(body.awaiting), body.message, body.occurred_at)
    return _answer(await _on(sent, command, body))


@_on_ticket("/tickets/{ticket}/workarounds", operation_id="offer_workaround")
async def offer_workaround(request: Request, ticket: TicketId, body: WorkaroundBody) -> Response:
    """Send the customer a way around the problem."""
    sent = await _sending(request, body)
    command = OfferWorkaround(ticket, _side(body.awaiting), body.description, body.occurred_at)
    return _answer(await _on(sent, command, body))


@_on_ticket("/tickets/{ticket}/resolution", operation_id="resolve_ticket")
async def resolve_ticket(request: Request, ticket: TicketId, body: ResolutionBody) -> Response:
    """Declare the problem solved; only a ticket with a severity can be."""
    sent = await _sending(request, body)
    command = Resolve(ticket, body.resolution, body.root_cause, body.occurred_at)
    return _answer(await _on(sent, command, body))


@_on_ticket("/tickets/{ticket}/verification", operation_id="verify_ticket")
async def verify_ticket(request: Request, ticket: TicketId, body: VerificationBody) -> Response:
    """Confirm that the resolution holds."""
    sent = await _sending(request, body)
    return _answer(await _on(sent, Verify(ticket, body.method, body.evidence), body))


async def _on(sent: Sending, command: Command, body: Body) -> Outcome:
    """Carry out a command on a ticket that is there; of a customer only on an own one."""
    await _check_own(sent, command.ticket)
    outcome = await _carried_out(sent, command, body)
    if outcome.ticket != command.ticket:
        raise of_refusal(CommandReused(sent.command_id))
    return outcome


async def _carried_out(sent: Sending, command: Command, body: Body) -> Outcome:
    asked = Asked(
        command,
        sent.command_id,
        sent.caller.actor,
        sent.correlation_id,
        sent.causation_id,
        sent.versions,
    )
    try:
        return await sent.landing.of(sent.service.submit(asked))
    except Refusal as refusal:
        problem = of_refusal(refusal)
        if problem.status_code == 422 and not problem.faults:
            values = {**vars(body), **_named(command)}
            faults = await asyncio.to_thread(_faults, sent.service, values)
            problem = of_refusal(refusal, about(refusal, faults))
        raise problem from refusal


def _named(command: Command) -> Mapping[str, Any]:
    if isinstance(command, Open):
        return {"customer_id": command.customer_id, "plan": command.plan}
    return {}


def _faults(service: Service, values: Mapping[str, Any]) -> list[Fault]:
    policy = service.log.policies().in_force(service.present())
    return meaning(values, policy)


async def _check_follows(sent: Sending, ticket: str) -> None:
    """Refuse a customer who follows up another's ticket, as one that is not there."""
    try:
        await _check_own(sent, ticket)
    except Problem as problem:
        refusal = FollowedUnknown(ticket)
        raise of_refusal(refusal, about(refusal, ())) from problem


async def _check_own(sent: Sending, ticket: str) -> None:
    if sent.caller.customer is None:
        return
    owners = sent.service.owners
    owner = owners.remembered(ticket) or await asyncio.to_thread(owners.of, ticket)
    if owner != sent.caller.customer:
        raise unknown_ticket(ticket)


def _customer_and_plan(body: OpenBody, caller: Caller) -> tuple[str, str]:
    """Return for whom a ticket is opened: a customer's token leaves nothing to choose."""
    holder = caller.holder
    if caller.customer is None:
        return body.customer_id or "", body.plan or ""
    _check_not_backdated(body.occurred_at, caller)
    if body.ticket is not None:
        raise _staff_only("ticket", "its number is given when it is opened")
    if body.customer_id not in (None, holder.id):
        raise _staff_only("customer_id", "a customer opens own tickets only")
    if body.plan not in (None, holder.plan):
        raise _staff_only("plan", f"by this token the plan is {holder.plan}")
    return holder.id, holder.plan or ""


def _missing(body: OpenBody, caller: Caller) -> list[Fault]:
    if caller.customer is not None:
        return []
    return [
        Fault(name, "FieldMissing", "it is missing; staff say for whom the ticket is")
        for name in ("customer_id", "plan")
        if getattr(body, name) is None
    ]


def _check_not_backdated(occurred_at: int | None, caller: Caller) -> None:
    # Else a customer could break a promise by saying so.
    if occurred_at is not None and caller.customer is not None:
        raise _staff_only("occurred_at", "what a customer writes happens when it comes in")


def _staff_only(field: str, why: str) -> Problem:
    return Problem(403, "StaffOnly", f"{field} is for staff: {why}; leave it out")


def _side(text: str) -> Awaiting:
    # The desk refuses by name whatever else stands there.
    return text  # type: ignore[return-value]


def _versions(if_match: str) -> frozenset[int]:
    """Return the versions that a header names; a weak tag matches nothing (RFC 9110, 13.1.1)."""
    return frozenset(
        int(found["tag"])
        for found in _TAG.finditer(if_match)
        if not found["weak"] and _VERSION.fullmatch(found["tag"])
    )


def _answer(outcome: Outcome, status: int = 200, **headers: str) -> Response:
    if outcome.last_version is not None:
        headers["ETag"] = f'"{outcome.last_version}"'
    return Response(orjson.dumps(written(outcome)), status, headers, "application/json")
