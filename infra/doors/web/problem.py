"""What goes wrong, as RFC 9457 tells it: one stable type a name, with the cure."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.refusal import (
    CommandReused,
    LifecycleRefusal,
    OutOfPlace,
    Refusal,
    TicketUnknown,
)
from infra.desk import VersionMismatch

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:lhuta:problem:{name}"

NOTHING: Mapping[str, object] = MappingProxyType({})

_NAME_SHOWN = 100

_SHAPES = {
    "string_type": "it is no text; send one",
    "string_too_short": "it is empty; give it a value",
    "string_too_long": "it is too long; shorten it to {max_length:,} characters at most",
    "string_pattern_mismatch": "it is not written as it must be; let {pattern} match it",
    "int_type": "it is no whole number; send one",
    "int_parsing": "it is no whole number; give one",
    "greater_than_equal": "it is too small; give {ge} at least",
    "less_than_equal": "it is too large; give {le:,} at most",
    "bool_type": "it is neither true nor false; send one of them",
    "bool_parsing": "it is neither true nor false; give one of them",
    "literal_error": "it is none of what is known here; give {expected}",
    "model_attributes_type": "it is no object; send one",
}
"""What is wrong with a field's shape, by what pydantic calls it."""

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Fault(NamedTuple):
    """What is wrong with one field of a request; what is `told` is for saying it in other words."""

    field: str
    name: str
    message: str
    told: Mapping[str, object] = NOTHING


class Problem(HTTPException):
    """Why a request is not answered; its name never changes, its words may.

    A message says the cause and then, behind a semicolon, the cure; what is `told` is for saying it
    in other words.
    """

    def __init__(
        self,
        status: int,
        name: str,
        message: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        told: Mapping[str, object] = NOTHING,
    ) -> None:
        super().__init__(status, message, headers)
        self.name = name
        self.faults = faults
        self.told = told

    def document(self) -> dict[str, Any]:
        """Return the problem as it is written."""
        _, _, cure = self.detail.partition("; ")
        told: dict[str, Any] = {
            "type": TYPE.format(name=self.name),
            "title": _WORD.sub(" ", self.name).capitalize(),
            "status": self.status_code,
            "name": self.name,
            "detail": _readable(self.detail),
        }
        if cure:
            told["cure"] = _readable(cure)
        if self.faults:
            told["errors"] = [
                {
                    "field": _readable(fault.field),
                    "name": fault.name,
                    "message": _readable(fault.message),
                }
                for fault in self.faults
            ]
        return told

    def response(self) -> Response:
        """Return the response that tells it."""
        return Response(
            orjson.dumps(self.document()),
            self.status_code,
            dict(self.headers or {}),
            MEDIA_TYPE,
        )


def _readable(text: str) -> str:
    """Return a text that can be written: what was sent may hold halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def invalid(faults: Sequence[Fault]) -> Problem:
    """Return the problem of a request with wrong fields, all of them named."""
    if len(faults) == 1:
        message = f"{faults[0].field}: {faults[0].message}"
    else:
        names = ", ".join(fault.field for fault in faults)
        message = f"{len(faults)} fields are wrong: {names}; `errors` says why and what to do"
    return Problem(422, "FieldsInvalid", message, faults=faults)


def fault_of(error: Mapping[str, Any]) -> Fault:
    """Return what is wrong with a field, as pydantic found it."""
    where, *path = error["loc"]
    field = ".".join(str(part) for part in path) or str(where)
    if where == "header":
        field = field.title().replace("Id", "ID") if field == "last-event-id" else field.title()
    if error["type"] == "missing":
        return Fault(field, "FieldMissing", "it is missing; give it a value")
    if error["type"] == "extra_forbidden":
        shown = field if len(field) <= _NAME_SHOWN else f"{field[:_NAME_SHOWN]}..."
        return Fault(shown, "FieldUnknown", "there is no such field here; leave it out")
    if error["type"][:1].isupper():
        # One of our own, by its name.
        return Fault(field, error["type"], error["msg"])
    told = {"type": error["type"], **error.get("ctx", {})}
    text = _SHAPES.get(error["type"], "").format(**told)
    message = text or str(error["msg"]).removeprefix("Value error, ")
    cured = message if "; " in message else f"{message}; correct it"
    return Fault(field, "FieldInvalid", cured, told)


def refused(field: str, refusal: Refusal) -> Fault:
    """Return what is wrong with a field that a command is refused for."""
    return Fault(field, refusal.name, str(refusal), refusal.told)


def of_refusal(refusal: Refusal, faults: Sequence[Fault] = ()) -> Problem:
    """Return the problem of a refused command; `faults` name the fields that it is about."""
    match refusal:
        case TicketUnknown():
            status = 404
        case LifecycleRefusal() | OutOfPlace():
            status = 409
        case VersionMismatch():
            status = 412
        case CommandReused():
            status = 422
            faults = [refused("Idempotency-Key", refusal)]
        case _:
            status = 422
    wrong = faults if status == 422 else ()
    return Problem(status, refusal.name, str(refusal), faults=wrong, told=refusal.told)


def unreadable() -> Problem:
    """Return the problem of a body that nobody can read."""
    return Problem(400, "BodyUnreadable", "the body is not JSON in UTF-8; send one JSON object")


def unknown_ticket(ticket: str) -> Problem:
    """Return the problem of a ticket that is not there, or that is none of the caller's."""
    return of_refusal(TicketUnknown(ticket))


def unavailable(name: str, message: str) -> Problem:
    """Return the problem of what cannot be had now, and may be in a moment."""
    return Problem(503, name, message, headers={"Retry-After": "1"})
