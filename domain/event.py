"""The seven events of a ticket, and how each is recorded (semantics §2).

An event says a fact; what people wrote stands beside it as `words`, so that a text can be
erased and the fact remains (contracts, Events on Kafka).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Literal, NamedTuple

Awaiting = Literal["support", "customer"]
Words = Mapping[str, str]

NO_WORDS: Words = {}


@dataclass(frozen=True, slots=True)
class Environment:
    """What the customer runs; parts that nobody told are None."""

    browser: str | None = None
    android: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A customer asked for support. Words: subject, body, recent changes, attempts, steps."""

    customer_id: str
    plan: str
    channel: str
    environment: Environment = Environment()
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class SeverityAssigned:
    """The specialist triaged the request. Words: rationale."""

    severity: int
    impact: str
    topic: str
    supported: bool


@dataclass(frozen=True, slots=True)
class CustomerReplied:
    """The customer wrote again. Words: message."""


@dataclass(frozen=True, slots=True)
class AgentResponded:
    """An agent answered in public; `awaiting` owes the next step. Words: message."""

    awaiting: Awaiting


@dataclass(frozen=True, slots=True)
class WorkaroundFound:
    """The customer got a way around the problem. Words: description."""

    awaiting: Awaiting


@dataclass(frozen=True, slots=True)
class Resolved:
    """The problem is solved. Words: resolution."""

    root_cause: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """Somebody made sure that it is solved. Words: evidence."""

    method: str


Event = (
    Opened
    | SeverityAssigned
    | CustomerReplied
    | AgentResponded
    | WorkaroundFound
    | Resolved
    | Verified
)


class Text(NamedTuple):
    """The digest that stands in an event for its words: salted SHA-256 in hex, and length."""

    sha256: str
    length: int


class RecordedEvent(NamedTuple):
    """One event in its place in the history of one ticket.

    `version` counts from 1 inside the ticket; `occurred_at` is when it happened and
    `recorded_at` when it was stored, both instants in microseconds (semantics §2). `words` are
    empty where they were erased or never told; `text` is their digest where one is kept.
    """

    ticket: str
    version: int
    event_id: str
    occurred_at: int
    recorded_at: int
    actor: str
    event: Event
    words: Words = NO_WORDS
    text: Text | None = None
    command_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


_TICKET_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@lru_cache(4096)
def is_ticket_id(text: str) -> bool:
    """Tell whether a text can name a ticket: 1 to 64 of A-Z a-z 0-9 . _ - (contracts, subject)."""
    return _TICKET_ID.fullmatch(text) is not None


story_order: Callable[[RecordedEvent], tuple[int, int]] = attrgetter("occurred_at", "version")
"""Returns the key of the one order of a ticket's events: semantics §2, at its end."""
