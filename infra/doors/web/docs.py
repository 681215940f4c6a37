"""The description of the API, for programs and for people; it loads nothing from elsewhere."""

import re
from importlib.resources import files
from typing import Any

import orjson
from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

_HERE = "infra.doors.web"
_CODE = re.compile(r"`([^`]*)`")
_PAGES = Environment(
    loader=PackageLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def _with_code(text: str) -> Markup:
    """Show what stands between backquotes as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


_PAGES.filters["with_code"] = _with_code


@router.get("/openapi.json")
def get_openapi(request: Request) -> Response:
    """Return the OpenAPI 3.1 description."""
    return Response(orjson.dumps(request.app.openapi()), media_type="application/json")


@router.get("/docs")
def get_docs(request: Request) -> Response:
    """Show the description to people."""
    described: dict[str, Any] = request.app.openapi()
    page = _PAGES.get_template("docs.html").render(api=described, operations=_operations(described))
    return Response(page, media_type="text/html")


@router.get("/docs/style.css")
def get_docs_style() -> Response:
    """Return the style of that page."""
    return Response((files(_HERE) / "static" / "docs.css").read_bytes(), media_type="text/css")


def _operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), "body": _body(operation), **operation}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def _body(operation: dict[str, Any]) -> str | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else content["schema"]["$ref"].rpartition("/")[2]
