"""Forms: what can be done to a ticket, and how what was written becomes a command's body."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import tzinfo
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from domain import instant
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Event,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.standing import Standing
from infra.doors.web import commands
from infra.doors.web.body import (
    Body,
    OpenBody,
    ReplyBody,
    ResolutionBody,
    ResponseBody,
    TriageBody,
    VerificationBody,
    WorkaroundBody,
)
from infra.doors.web.pages import session
from infra.doors.web.pages.page import moment_of
from infra.doors.web.problem import Problem, fault_of, invalid

COMMAND_ID = "command_id"
_ENVIRONMENT = ("browser", "android", "other")


class Action(NamedTuple):
    """Something that can be done to a ticket.

    `operation` is the right that it needs; `example` is an event of the kind that comes of it.
    """

    name: str
    operation: str
    example: Event
    body: type[Body]
    carry_out: Callable[[Request, str, Any], Awaitable[Response]]


ACTIONS: Sequence[Action] = (
    Action(
        "triage",
        "triage_ticket",
        SeverityAssigned(1, "", "", supported=True),
        TriageBody,
        commands.triage_ticket,
    ),
    Action(
        "responses",
        "respond_to_ticket",
        AgentResponded("customer"),
        ResponseBody,
        commands.respond_to_ticket,
    ),
    Action(
        "workarounds",
        "offer_workaround",
        WorkaroundFound("customer"),
        WorkaroundBody,
        commands.offer_workaround,
    ),
    Action("resolution", "resolve_ticket", Resolved(), ResolutionBody, commands.resolve_ticket),
    Action("replies", "reply_to_ticket", CustomerReplied(), ReplyBody, commands.reply_to_ticket),
    Action("verification", "verify_ticket", Verified(""), VerificationBody, commands.verify_ticket),
)


def legal(standing: Standing, may: Callable[[str], bool]) -> list[str]:
    """Return the names of what the lifecycle allows now, and the caller may do."""
    return [
        action.name
        for action in ACTIONS
        if may(action.operation) and standing.refusal(action.example) is None
    ]


def body_of(fields: Mapping[str, str], kind: type[Body], zone: tzinfo) -> Any:
    """Return the body that a program would have sent; raises Problem with every wrong field."""
    given = {
        name: _value(name, text, zone)
        for name, text in fields.items()
        if name not in (session.FIELD, COMMAND_ID, *_ENVIRONMENT)
    }
    # An impact backs some severities only, so the two are chosen as one.
    severity, chosen, impact = str(given.pop("grounds", "")).partition(":")
    if chosen:
        given |= {"severity": _value("severity", severity, zone), "impact": impact}
    told = {name: fields[name] for name in _ENVIRONMENT if name in fields}
    if kind is OpenBody and told:
        given["environment"] = told
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        found = [fault_of({**one, "loc": ("body", *one["loc"])}) for one in error.errors()]
        raise invalid(found) from error


def as_sent(request: Request, fields: Mapping[str, str]) -> Request:
    """Return the request under the id that its form was given, so that it counts once."""
    key = fields.get(COMMAND_ID)
    headers = [(b"idempotency-key", key.encode("utf-8", "replace"))] if key else []
    return Request({**request.scope, "headers": headers})


def to_send_again(problem: Problem, fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields for a form that is shown again.

    Whether it counted may be unknown; only then it keeps its id, so that it still counts once.
    """
    is_open = problem.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {name: text for name, text in fields.items() if is_open or name != COMMAND_ID}


def _value(name: str, text: str, zone: tzinfo) -> object:
    match name:
        case "severity" if text.isascii() and text.isdigit() and len(text) < 5:
            return int(text)
        case "supported":
            return {"yes": True, "no": False}.get(text, text)
        case "occurred_at":
            return instant.text(moment_of(name, text, zone))
        case _:
            return text
