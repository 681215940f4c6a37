"""What several questions share: instants, a language, and how long work may be waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import BeforeValidator, WithJsonSchema

from infra.doors.web.body import parsed
from infra.doors.web.problem import unavailable
from infra.doors.web.table import weighed

Language = Literal["en", "cs"]


def _optional(text: object) -> int | None:
    return None if text is None else parsed(text)


Moment = Annotated[
    int | None,
    BeforeValidator(_optional),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
AsOf = Annotated[Moment, Query(description="Use only what was recorded by then. Default: now")]
At = Annotated[
    Moment,
    Query(description="Judge then, and leave out what happened later. Default: the time of as_of"),
]
Since = Annotated[Moment, Query(description="Only what was decided then or later")]
Until = Annotated[Moment, Query(description="Only what was decided by then")]
Lang = Annotated[
    Language | None, Query(description="The language; default: what `Accept-Language` prefers")
]

_PATIENCE = 10.0


def language(request: Request, wanted: Language | None) -> Language:
    """Return the language to answer in."""
    if wanted is not None:
        return wanted
    for accepted in weighed(request.headers.get("accept-language", "")):
        match accepted.partition("-")[0]:
            case "en":
                return "en"
            case "cs":
                return "cs"
            case _:
                continue
    return "en"


@contextmanager
def one_at_a_time(turn: Semaphore) -> Iterator[None]:
    """Let one at a time work on all tickets: many would take the commands' turns.

    Raises Problem where the wait is too long.
    """
    if not turn.acquire(timeout=_PATIENCE):
        raise unavailable("Busy", "others ask for all tickets just now; try again in a moment")
    try:
        yield
    finally:
        turn.release()
