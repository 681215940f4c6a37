"""The OpenAPI description: what the framework derives from the routes, and what it cannot know."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from infra.doors.web import access, documents
from infra.doors.web.rights import PUBLIC

_REQUEST_ID = {
    "schema": {"type": "string"},
    "description": "The X-Request-Id of the request, or one that was made for it",
    "required": True,
}
_ETAG = {"schema": {"type": "string"}, "description": "The version of the ticket, for If-Match"}
_LOCATION = {"schema": {"type": "string"}, "description": "Where the ticket is", "required": True}
_LINK = {
    "schema": {"type": "string"},
    "description": 'The next page, with rel="next"; none on the last one',
}
_RETRY_AFTER = {
    "schema": {"type": "integer", "minimum": 1},
    "description": "After how many seconds to ask again",
    "required": True,
}
_PAGED = frozenset({"list_tickets", "list_clocks", "list_alerts"})


def described(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application, of which a generator makes clients."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    schemas = made["components"]["schemas"]
    for document in (documents.Problem, documents.Fault):
        schema = document.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[document.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    made["components"]["securitySchemes"] = {"token": access.SCHEME}
    for operations in made["paths"].values():
        for method, operation in operations.items():
            _complete(operation, is_command=method == "post")
    return made


def _complete(operation: dict[str, Any], *, is_command: bool) -> None:
    name = operation["operationId"]
    if name not in PUBLIC:
        operation["security"] = [{"token": []}]
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _given(parameter["schema"])
    for status, response in operation["responses"].items():
        response["headers"] = dict(_headers(name, status, is_command=is_command))


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that is left out, and never null, where there is none."""
    others = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(others) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **others[0]}


def _headers(operation: str, status: str, *, is_command: bool) -> Iterator[tuple[str, Any]]:
    yield "X-Request-Id", _REQUEST_ID
    match status:
        case "201":
            yield "Location", _LOCATION
            yield "ETag", _ETAG
        case "200" if is_command or operation == "get_ticket":
            yield "ETag", _ETAG
        case "200" if operation in _PAGED:
            yield "Link", _LINK
        case "429" | "503":
            yield "Retry-After", _RETRY_AFTER
