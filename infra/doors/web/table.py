"""Rows as JSON, JSON Lines or CSV, a page at a time."""

import csv
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from infra.doors.web.limits import LONGEST_PAGE, PAGE
from infra.doors.web.problem import Fault, Problem, invalid

Format = Literal["json", "jsonl", "csv"]
Row = Mapping[str, Any]

MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv",
}

CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            MEDIA_TYPES["jsonl"]: {"schema": {"type": "string"}},
            MEDIA_TYPES["csv"]: {"schema": {"type": "string"}},
        }
    }
}
"""The other forms of a table, for the description of a route."""

WantedFormat = Annotated[
    Format | None,
    Query(alias="format", description="The form; default: what `Accept` prefers, else JSON"),
]
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="How many rows a page has")]
DEFAULT_LIMIT = PAGE

NO_CURSOR = "it is no cursor of this list; take `next` of a page as it stands, or leave it out"


def _checked(*kinds: type) -> AfterValidator:
    def check(cursor: str | None) -> str | None:
        if cursor is not None:
            try:
                read_cursor(cursor, kinds)
            except Problem as error:
                # So that it is named beside whatever else is wrong.
                raise PydanticCustomError("CursorInvalid", NO_CURSOR) from error
        return cursor

    return AfterValidator(check)


_Place = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
TicketCursor = Annotated[_Place, _checked(int, str)]
"""A place in the order of opening."""

AlertCursor = Annotated[_Place, _checked(int, str, int)]
"""A place in the order of deciding."""

# A spreadsheet takes what begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answer(
    request: Request,
    rows: Sequence[Row],
    following: str | None,
    wanted: Format | None,
    line: type[BaseModel],
    flat: Callable[[Row], Iterable[Row]] = lambda row: (row,),
) -> Response:
    """Answer with a page of rows in the form that is asked for.

    `following` is the cursor of the next page, also told by a Link header; `line` names the columns
    of CSV, and `flat` makes lines of a row that holds lists.
    """
    form = wanted or _preferred(request)
    match form:
        case "json":
            body = orjson.dumps({"items": rows, "next": following})
        case "jsonl":
            body = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        case "csv":
            columns = list(line.model_fields)
            body = written_csv(columns, [one for row in rows for one in flat(row)])
    # Charset only where the type has that parameter.
    kind = f"{MEDIA_TYPES[form]}; charset=utf-8" if form == "csv" else MEDIA_TYPES[form]
    response = Response(body, headers={"Content-Type": kind, "Vary": "Accept"})
    if following is not None:
        address = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
    return response


def written_cursor(place: Sequence[str | int]) -> str:
    """Write a place in a list as an opaque cursor."""
    return urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def read_cursor(cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """Read a place whose parts have these types; raises Problem for what is no cursor of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = orjson.loads(urlsafe_b64decode(padded))
    except (UnicodeEncodeError, NotBase64, orjson.JSONDecodeError) as error:
        raise _no_cursor() from error
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise _no_cursor()
    if any(type(part) is int and not -(2**63) <= part < 2**63 for part in parts):
        raise _no_cursor()
    return tuple(parts)


def _no_cursor() -> Problem:
    return invalid([Fault("cursor", "CursorInvalid", NO_CURSOR)])


def _preferred(request: Request) -> Format:
    """Return the first form that the caller accepts, in the caller's order of preference."""
    by_type = {media_type: form for form, media_type in MEDIA_TYPES.items()}
    for accepted in weighed(request.headers.get("accept", "")):
        if accepted in by_type:
            return by_type[accepted]
        if accepted in ("*/*", "application/*"):
            return "json"
        if accepted in ("application/x-ndjson", "application/ndjson"):
            return "jsonl"
    return "json"


def weighed(header: str) -> list[str]:
    """Return what a header such as Accept lists, the most wanted first, without what is refused."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                digits = parameter[2:]
                known = digits.replace(".", "", 1).isdecimal() and digits.isascii()
                weight = float(digits) if known else 0.0
        if name and weight > 0:
            found.append((-weight, place, name))
    return [name for _, _, name in sorted(found)]


def written_csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Write rows as CSV (RFC 4180) in which no cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return orjson.dumps(value).decode()
