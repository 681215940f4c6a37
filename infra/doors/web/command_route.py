"""The route of a command: who may not send it is not heard, and what cannot be read is refused."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from infra.doors.web.access import Route
from infra.doors.web.problem import Problem, unreadable

_NOTHING = object()


class _Reading(APIRoute):
    """Reads a path and a body of JSON, which is all that the operations behind it take.

    The framework does the same on a way that is made for dependencies, forms and files as well;
    it takes three times as long, for every command.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what reads a command and carries it out; raises RequestValidationError."""
        carry_out, path, shape = self.endpoint, self.dependant.path_params, self.body_field
        assert shape is not None

        async def reading(request: Request) -> Response:
            sent = _read(request.headers.get("content-type", ""), await request.body())
            named, faults = request_params_to_args(path, request.path_params)
            if sent is _NOTHING:
                body, wrong = None, [{"type": "missing", "loc": ("body",)}]
            else:
                body, wrong = shape.validate(sent, loc=("body",))
            if faults or wrong:
                raise RequestValidationError([*faults, *wrong], body=sent)
            response: Response = await carry_out(request, **named, body=body)
            return response

        return reading


class CommandRoute(Route, _Reading):
    """A route of a command: the table of rights stands before it."""


def _read(content_type: str, body: bytes) -> object:
    """Return what a body of JSON says, _NOTHING where there is none; raises Problem."""
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        message = "the body must be application/json, in UTF-8; say so in Content-Type"
        raise Problem(415, "MediaTypeUnsupported", message)
    if not body:
        return _NOTHING
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unreadable() from error
