"""The seven commands to a ticket, as requests."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import Response

from domain.command import Command, OfferWorkaround, Open, Reply, Resolve, Respond, Triage, Verify
from domain.event import Awaiting
from domain.refusal import CommandReused, Refusal
from infra.desk import UNNAMED
from infra.desk import Request as Asked
from infra.doors.outcome import written
from infra.doors.web import documents
from infra.doors.web.access import Admitted, Caller
from infra.doors.web.body import (
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
from infra.doors.web.problem import Fault, Problem, invalid, of_refusal, unknown_ticket
from infra.doors.web.service import Served, Service
from infra.store.log import Outcome

router = APIRouter(tags=["commands"])

_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[!#-~]*)"\s*')
_VERSION = re.compile(r"[1-9]\d{0,9}", re.ASCII)

TicketId = Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,64}$", description="The ticket")]


class Sending(NamedTuple):
    """How a command is sent: under which id, by whom, on which versions of its ticket, and why."""

    caller: Caller
    command_id: str
    versions: frozenset[int] | None
    correlation_id: str | None
    causation_id: str | None


async def _sending(
    request: Request,
    caller: Admitted,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=_UUID,
            description="The id of the command, a UUID: sent again it gets the first outcome. "
            "Default: a new one",
        ),
    ] = None,
    if_match: Annotated[
        str | None,
        Header(
            max_length=1_000,
            pattern=r"^(\*|\s*(W/)?\"[!#-~]*\"\s*(,\s*(W/)?\"[!#-~]*\"\s*)*)$",
            description="Carry it out only where the ticket has one of these ETags",
        ),
    ] = None,
) -> Sending:
    return Sending(
        caller,
        (idempotency_key or str(uuid4())).lower(),
        None if if_match in (None, "*") else _versions(if_match or ""),
        request.scope["lhuta.request_id"],
        # A span names the request that caused the event (contracts, `causationid`).
        request.scope["lhuta.traceparent"],
    )


Sent = Annotated[Sending, Depends(_sending)]


@router.post(
    "/tickets",
    operation_id="open_ticket",
    status_code=201,
    response_model=documents.Outcome,
    responses=documents.problems(403, 408, 413, 415, 409),
)
async def open_ticket(body: OpenBody, sent: Sent, service: Served) -> Response:
    """Open a ticket for a customer."""
    missing = _missing(body, sent.caller)
    if missing:
        raise invalid([*missing, *await asyncio.to_thread(_faults, service, vars(body))])
    customer_id, plan = _customer_and_plan(body, sent.caller)
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
        body.environment.environment(),
        body.follows,
        body.occurred_at,
    )
    outcome = await _carried_out(service, sent, command, body)
    if sent.caller.customer is not None and outcome.repeated:
        # After an erasure the id of a command alone decides: it may be another customer's.
        await _check_own(service, sent.caller, outcome.ticket)
    response = _answer(outcome, 201)
    response.headers["Location"] = f"/tickets/{outcome.ticket}"
    return response


@router.post(
    "/tickets/{ticket}/triage",
    operation_id="triage_ticket",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def triage_ticket(
    ticket: TicketId, body: TriageBody, sent: Sent, service: Served
) -> Response:
    """Assign a severity."""
    command = Triage(ticket, body.severity, body.impact, body.topic, body.supported, body.rationale)
    return _answer(await _on(service, sent, command, body))


@router.post(
    "/tickets/{ticket}/replies",
    operation_id="reply_to_ticket",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def reply_to_ticket(
    ticket: TicketId, body: ReplyBody, sent: Sent, service: Served
) -> Response:
    """Add what the customer wrote; a reply to a resolved ticket reopens it."""
    _check_not_backdated(body.occurred_at, sent.caller)
    return _answer(await _on(service, sent, Reply(ticket, body.message, body.occurred_at), body))


@router.post(
    "/tickets/{ticket}/responses",
    operation_id="respond_to_ticket",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def respond_to_ticket(
    ticket: TicketId, body: ResponseBody, sent: Sent, service: Served
) -> Response:
    """Answer the customer, which stops the clock."""
    command = Respond(ticket, _side(body.awaiting), body.message, body.occurred_at)
    return _answer(await _on(service, sent, command, body))


@router.post(
    "/tickets/{ticket}/workarounds",
    operation_id="offer_workaround",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def offer_workaround(
    ticket: TicketId, body: WorkaroundBody, sent: Sent, service: Served
) -> Response:
    """Send the customer a way around the problem."""
    command = OfferWorkaround(ticket, _side(body.awaiting), body.description, body.occurred_at)
    return _answer(await _on(service, sent, command, body))


@router.post(
    "/tickets/{ticket}/resolution",
    operation_id="resolve_ticket",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def resolve_ticket(
    ticket: TicketId, body: ResolutionBody, sent: Sent, service: Served
) -> Response:
    """Declare the problem solved; only a ticket with a severity can be."""
    command = Resolve(ticket, body.resolution, body.root_cause, body.occurred_at)
    return _answer(await _on(service, sent, command, body))


@router.post(
    "/tickets/{ticket}/verification",
    operation_id="verify_ticket",
    response_model=documents.Outcome,
    responses=documents.COMMAND_PROBLEMS,
)
async def verify_ticket(
    ticket: TicketId, body: VerificationBody, sent: Sent, service: Served
) -> Response:
    """Confirm that the resolution holds."""
    return _answer(await _on(service, sent, Verify(ticket, body.method, body.evidence), body))


async def _on(service: Service, sent: Sending, command: Command, body: Body) -> Outcome:
    """Carry out a command on a ticket that is there; of a customer only on an own one."""
    await _check_own(service, sent.caller, command.ticket)
    outcome = await _carried_out(service, sent, command, body)
    if outcome.ticket != command.ticket:
        raise of_refusal(CommandReused(sent.command_id))
    return outcome


async def _carried_out(service: Service, sent: Sending, command: Command, body: Body) -> Outcome:
    asked = Asked(
        command,
        sent.command_id,
        sent.caller.actor,
        sent.correlation_id,
        sent.causation_id,
        sent.versions,
    )
    try:
        return await asyncio.wrap_future(service.submit(asked))
    except Refusal as refusal:
        problem = of_refusal(refusal)
        if problem.status_code == 422 and not problem.faults:
            values = {**vars(body), **_named(command)}
            faults = await asyncio.to_thread(_faults, service, values)
            problem = of_refusal(refusal, about(refusal, faults))
        raise problem from refusal


def _named(command: Command) -> Mapping[str, Any]:
    if isinstance(command, Open):
        return {"customer_id": command.customer_id, "plan": command.plan}
    return {}


def _faults(service: Service, values: Mapping[str, Any]) -> list[Fault]:
    policy = service.log.policies().in_force(service.present())
    return meaning(values, policy)


async def _check_own(service: Service, caller: Caller, ticket: str) -> None:
    if caller.customer is None:
        return
    owner = service.owners.remembered(ticket)
    if owner is None:
        owner = await asyncio.to_thread(service.owners.of, ticket)
    if owner != caller.customer:
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


def _answer(outcome: Outcome, status: int = 200) -> Response:
    response = Response(orjson.dumps(written(outcome)), status, media_type="application/json")
    if outcome.last_version is not None:
        response.headers["ETag"] = f'"{outcome.last_version}"'
    return response
