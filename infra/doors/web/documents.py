"""What the API answers, described for programs; what is written follows `infra/doors/answers`.

A reader ignores fields that it does not know, so an object may have more than is described.
"""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, WithJsonSchema

from infra.doors.web import problem

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Seconds = int | float
Status = Literal["new", "open", "pending", "resolved", "verified"]
ClockName = Literal["initial", "ongoing"]
Verdict = Literal["running", "met", "breached", "no-target"]


class Document(BaseModel):
    """An object of an answer."""

    model_config = ConfigDict(extra="allow")


class Fault(Document):
    """What is wrong with one field."""

    field: str
    name: str
    message: str


class Problem(Document):
    """Why a request was not answered (RFC 9457)."""

    type: str
    title: str
    status: int
    name: str
    detail: str
    cure: str | None = None
    errors: list[Fault] = []


class Outcome(Document):
    """What came of a command; versions and positions are null where nothing was appended."""

    outcome: Literal["ok", "nothing", "repeated"]
    command_id: str
    ticket: str
    first_version: int | None
    last_version: int | None
    first_position: int | None
    last_position: int | None
    recorded_at: Instant


class TicketLine(Document):
    """A ticket in a list."""

    ticket: str
    status: Status
    severity: int | None
    impact: str | None
    topic: str | None
    supported: bool | None
    customer_id: str
    plan: str
    channel: str
    opened_at: Instant
    triaged_at: Instant | None
    answered_at: Instant | None
    resolved_at: Instant | None
    changed_at: Instant
    version: int


class Clock(Document):
    """A clock of a ticket, as `lhuta clocks` writes it."""

    clock: ClockName
    instance: int
    started_at: Instant
    due_at: Instant | None
    satisfied_at: Instant | None
    verdict: Verdict
    breached_at: Instant | None
    business_seconds: Seconds
    off_hours_seconds: Seconds
    policy: str


class ClocksLine(Document):
    """A ticket with its clocks, as `lhuta clocks` writes it."""

    ticket: str
    status: Status
    severity: int | None
    clocks: list[Clock]


class ClockLine(Clock):
    """A clock with its ticket: a line of CSV."""

    ticket: str
    status: Status
    severity: int | None


class AlertLine(Document):
    """An alert, as `lhuta alerts` writes it."""

    id: str
    kind: Literal["warning", "breach", "overdue", "untriaged", "cleared", "withdrawn"]
    ticket: str
    clock: ClockName
    instance: int
    started_by: str
    step: str | None
    deadline: Instant | None
    due_at: Instant | None
    decided_at: Instant
    refers: list[str]
    reason: Literal["disproved", "superseded"] | None
    announced: bool


class Event(Document):
    """A structured CloudEvent (docs/history.md)."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: Instant
    recordedtime: Instant
    sequence: str
    actor: str
    commandid: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    datacontenttype: str
    dataschema: str
    data: dict[str, Any]


class Erasure(Document):
    """When somebody erased the words of an event, and why."""

    at: Instant
    by: str
    reason: str


class HistoryLine(Event):
    """An event with its place in the log, and what became of its words."""

    logposition: int
    loghash: str
    erased: Erasure | None = None


class Page(Document):
    """A page of a list; `next` is the cursor of the page after it."""

    next: str | None


class TicketPage(Page):
    """Tickets, the newest first."""

    items: list[TicketLine]


class ClocksPage(Page):
    """Tickets with their clocks, the newest first."""

    items: list[ClocksLine]


class AlertPage(Page):
    """Alerts in the order in which they were decided."""

    items: list[AlertLine]


class HistoryPage(Page):
    """The events of a ticket in the order of their versions."""

    items: list[HistoryLine]


class Ticket(ClocksLine):
    """One ticket whole."""

    customer_id: str
    plan: str
    channel: str
    version: int
    as_of: Instant
    at: Instant
    lacks: list[str] | None
    events: list[Event]
    alerts: list[dict[str, Any]] | None


class Section(Document):
    """A part of an explanation in words."""

    heading: str
    facts: list[list[str]]
    before: list[str]
    table: list[list[str]]
    after: list[str]


class Words(Document):
    """An explanation in words, in one language."""

    title: str
    sentence: str
    sections: list[Section]


class ClockExplanation(Document):
    """The calculation behind one clock: docs/explain.md describes every field."""

    ticket: str
    clock: ClockName
    instance: int
    verdict: Verdict
    words: Words


class Explanation(Document):
    """The calculation behind every verdict of a ticket."""

    ticket: str
    language: Literal["en", "cs"]
    clocks: list[ClockExplanation]


class Board(Document):
    """The desk at an instant."""

    at: Instant
    age_seconds: Seconds | None
    decided_to: Instant | None
    counts: dict[str, int]
    due_next: list[dict[str, Any]]
    broken: list[dict[str, Any]]
    untriaged: list[dict[str, Any]]
    waiting: list[dict[str, Any]]


class Report(Document):
    """Promises kept and broken: docs/report.md describes every field."""

    as_of: Instant
    at: Instant
    tickets: int
    events: int
    promises: list[dict[str, Any]]
    months: list[dict[str, Any]]
    responses: list[dict[str, Any]]
    milestones: list[dict[str, Any]]
    broken_count: int
    broken: list[dict[str, Any]]


class PolicyLine(Document):
    """A published version of the policy; `in_force` tells the one that judges now."""

    policy: str
    name: str
    version: int
    effective_from: Instant | None
    digest: str
    in_force: bool


class Policies(Document):
    """The published versions, the oldest first."""

    items: list[PolicyLine]


class Policy(Document):
    """A version of the policy with everything that it decides: docs/policies.md."""

    policy: str
    version: int
    digest: str
    zone: str
    plans: dict[str, Any]


class EngineStatus(Document):
    """How the engine is: docs/engine.md."""

    at: Instant
    healthy: bool
    problems: list[dict[str, str]]
    log_position: int
    positions_behind: int
    tickets: int


class Health(Document):
    """That the server is there."""

    status: Literal["ok"]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems with which a route may answer, those included that every route may."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {problem.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({400, 401, 422, 429, 500, 503, *statuses})
    }


COMMAND_PROBLEMS = problems(403, 404, 408, 409, 412, 413, 415)
READ_PROBLEMS = problems(403, 404)
PUBLIC_PROBLEMS = problems()
