"""The bodies of commands: their shape here, what their words mean by the policy.

The shape is checked before a command goes its way; what it means, the desk judges. Where either is
wrong, every wrong field is named and not only the first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from domain import instant
from domain.command import CHANNELS, LINE_LIMIT, METHODS, TEXT_LIMIT, check_identifier, said
from domain.event import Environment
from domain.policy import Policy
from domain.refusal import (
    FollowedUnknown,
    FollowsItself,
    OccurredAhead,
    OccurredBeforeOpened,
    OccurredTooFarBack,
    RationaleMissing,
    Refusal,
    SeverityNotBacked,
)
from domain.vocabulary import (
    check_awaiting,
    check_channel,
    check_impact,
    check_method,
    check_plan,
    check_root_cause,
    check_severity,
    check_topic,
)
from infra.doors.web.problem import Fault, refused

TICKET = "^[A-Za-z0-9._-]{1,64}$"
"""What a ticket may be called."""

_IDENTIFIER = {"type": "string", "pattern": TICKET}
_NAME_LIMIT = 200
_SEVERITY_LIMIT = 1_000


def parsed(text: object) -> int:
    """Return the instant that a text names; raises NotAnInstant, which pydantic reports."""
    if not isinstance(text, str):
        raise instant.NotAnInstant("an instant is a text such as 2026-03-06T16:30:00Z")
    return instant.parse(text)


Identifier = Annotated[str, Field(max_length=_NAME_LIMIT), WithJsonSchema(_IDENTIFIER)]
Name = Annotated[str, Field(min_length=1, max_length=_NAME_LIMIT)]
Line = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LINE_LIMIT,
        json_schema_extra={"pattern": r"^[^\n\r\u2028\u2029]*$"},
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT)]
Said = Annotated[str, Field(max_length=TEXT_LIMIT)]
"""What need not be said: a blank text says nothing."""

Happened = Annotated[
    int,
    BeforeValidator(parsed),
    WithJsonSchema({"type": "string", "format": "date-time"}),
    Field(description="When it happened, if that was earlier; staff only"),
]
Channel = Annotated[str, Field(max_length=_NAME_LIMIT, json_schema_extra={"enum": [*CHANNELS]})]
Method = Annotated[str, Field(max_length=_NAME_LIMIT, json_schema_extra={"enum": [*METHODS]})]
Side = Annotated[
    str, Field(max_length=_NAME_LIMIT, json_schema_extra={"enum": ["support", "customer"]})
]


class Body(BaseModel):
    """A body has just the fields that it should have, of just their types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class EnvironmentBody(Body):
    """What the customer runs."""

    browser: Annotated[str, Field(max_length=LINE_LIMIT)] | None = None
    android: Annotated[str, Field(max_length=LINE_LIMIT)] | None = None
    other: Annotated[str, Field(max_length=LINE_LIMIT)] | None = None

    def environment(self) -> Environment:
        """Return it as events hold it."""
        return Environment(self.browser, self.android, self.other)


class OpenBody(Body):
    """A customer asks for support; staff name the customer and the plan, a customer's token does it
    for customers.
    """

    ticket: (
        Annotated[
            Identifier, Field(description="Its id; staff only. Default: the next `T-<number>`")
        ]
        | None
    ) = None
    customer_id: Identifier | None = None
    plan: Name | None = None
    channel: Channel = "api"
    subject: Line
    body: Said | None = None
    recent_changes: Said | None = None
    workarounds_tried: Said | None = None
    steps_taken: Said | None = None
    environment: EnvironmentBody | None = None
    follows: Identifier | None = None
    occurred_at: Happened | None = None


class TriageBody(Body):
    """A specialist decides how grave it is; `supported` only where it is not what the topic says,
    with a rationale.
    """

    severity: Annotated[int, Field(ge=1, le=_SEVERITY_LIMIT)]
    impact: Name
    topic: Name
    supported: bool | None = None
    rationale: Said | None = None


class ReplyBody(Body):
    """The customer wrote again."""

    message: Text
    occurred_at: Happened | None = None


class ResponseBody(Body):
    """An answer to the customer, in public; `awaiting` owes the next step."""

    awaiting: Side
    message: Text
    occurred_at: Happened | None = None


class WorkaroundBody(Body):
    """A way around the problem, as the customer gets it; `awaiting` owes the next step."""

    awaiting: Side
    description: Text
    occurred_at: Happened | None = None


class ResolutionBody(Body):
    """The problem is solved."""

    resolution: Text
    root_cause: Name | None = None
    occurred_at: Happened | None = None


class VerificationBody(Body):
    """Somebody made sure that it is solved."""

    method: Method
    evidence: Text


_BY_POLICY: Mapping[str, tuple[type, Callable[[Any, Policy], None]]] = {
    "plan": (str, check_plan),
    "severity": (int, check_severity),
    "impact": (str, check_impact),
    "topic": (str, check_topic),
    "root_cause": (str, check_root_cause),
}
_BY_CONTRACT: Mapping[str, Callable[[str], None]] = {
    "channel": check_channel,
    "method": check_method,
    "awaiting": check_awaiting,
}
_IDENTIFIERS = ("ticket", "customer_id", "follows")
_WORDS = (
    "subject",
    "body",
    "recent_changes",
    "workarounds_tried",
    "steps_taken",
    "rationale",
    "message",
    "description",
    "resolution",
    "evidence",
)
_ABOUT: Mapping[type[Refusal], str] = {
    SeverityNotBacked: "impact",
    RationaleMissing: "rationale",
    FollowsItself: "follows",
    FollowedUnknown: "follows",
    OccurredAhead: "occurred_at",
    OccurredTooFarBack: "occurred_at",
    OccurredBeforeOpened: "occurred_at",
}
"""The field that a refusal is about which needs more than that field to be found."""


def meaning(values: Mapping[str, Any], policy: Policy) -> list[Fault]:
    """Return every field whose value means nothing by the policy and the contract.

    `values` are as they were sent; what has not even the right type is passed over here.
    """
    return list(_meaning(values, policy))


def about(refusal: Refusal, faults: Sequence[Fault]) -> list[Fault]:
    """Return the wrong fields of a refused command, with the one that it was refused for."""
    field = _ABOUT.get(type(refusal))
    if field is None or any(fault.name == refusal.name for fault in faults):
        return list(faults)
    return [*faults, refused(field, refusal)]


def _meaning(values: Mapping[str, Any], policy: Policy) -> Iterator[Fault]:
    for field, value in values.items():
        try:
            _check(field, value, policy)
        except Refusal as refusal:
            yield refused(field, refusal)


def _check(field: str, value: object, policy: Policy) -> None:
    if field in _BY_POLICY:
        kind, check = _BY_POLICY[field]
        if type(value) is kind:
            check(value, policy)
    elif isinstance(value, str):
        if field in _BY_CONTRACT:
            _BY_CONTRACT[field](value)
        elif field in _IDENTIFIERS:
            check_identifier(field, value)
        elif field in _WORDS:
            said(**{field: value})
