"""The seven commands: what people ask for, and how much they may say (semantics §2).

A command carries its words; the event that comes of it keeps them beside itself. Only commands
that observe take `occurred_at`, an instant in microseconds (None: when it is recorded). Triage
and verification are decisions and happen when they are recorded, so nobody lowers a severity in
the past.
"""

import re
from dataclasses import dataclass

from domain.event import Awaiting, Environment, Words, is_ticket_id
from domain.refusal import (
    IdentifierMalformed,
    WordsMissing,
    WordsNotOneLine,
    WordsTooLong,
    WordsUnreadable,
)

CHANNELS = ("email", "web", "phone", "api", "import")
METHODS = ("retest", "customer-confirmed", "monitoring", "other")
NOT_TOLD = Environment()

LINE_LIMIT = 200
"""The greatest length of what is written on one line, in characters."""

TEXT_LIMIT = 100_000
"""The greatest length of every other text, in characters."""

_REQUIRED = frozenset({"subject", "message", "description", "resolution", "evidence"})
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\n\r\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Open:
    """Open a ticket for a customer; `follows` names the ticket that it is a follow-up of."""

    ticket: str
    customer_id: str
    plan: str
    channel: str
    subject: str
    body: str | None = None
    recent_changes: str | None = None
    workarounds_tried: str | None = None
    steps_taken: str | None = None
    environment: Environment = NOT_TOLD
    follows: str | None = None
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Triage:
    """Assign a severity; `supported` is None where the topic's proposal is taken."""

    ticket: str
    severity: int
    impact: str
    topic: str
    supported: bool | None = None
    rationale: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Add what the customer wrote."""

    ticket: str
    message: str
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer the customer in public; `awaiting` owes the next step."""

    ticket: str
    awaiting: Awaiting
    message: str
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class OfferWorkaround:
    """Send the customer a way around the problem; `awaiting` owes the next step."""

    ticket: str
    awaiting: Awaiting
    description: str
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    """Declare the problem solved."""

    ticket: str
    resolution: str
    root_cause: str | None = None
    occurred_at: int | None = None


@dataclass(frozen=True, slots=True)
class Verify:
    """Confirm that the resolution holds."""

    ticket: str
    method: str
    evidence: str


Observation = Open | Reply | Respond | OfferWorkaround | Resolve
Decision = Triage | Verify
Command = Observation | Decision


def said(**words: str | None) -> Words:
    """Return the words that were really said, by their names in the contract.

    A blank optional text was not said. Raises WordsMissing, WordsNotOneLine, WordsTooLong,
    WordsUnreadable.
    """
    spoken: dict[str, str] = {}
    for name, text in words.items():
        if text is not None and text.strip():
            if name == "subject":
                _check_line(name, text)
            else:
                check_text(name, text, TEXT_LIMIT)
            spoken[name] = text
        elif name in _REQUIRED:
            raise WordsMissing(name)
    return spoken


def _check_line(field: str, text: str) -> None:
    check_text(field, text, LINE_LIMIT)
    line_break = _LINE_BREAK.search(text)
    if line_break is not None:
        raise WordsNotOneLine(field, line_break.start() + 1)


def check_text(field: str, text: str, limit: int) -> None:
    """Raise WordsTooLong or WordsUnreadable unless the text can be kept as it is."""
    if len(text) > limit:
        raise WordsTooLong(field, len(text), limit)
    unreadable = _UNREADABLE.search(text)
    if unreadable is not None:
        raise WordsUnreadable(field, unreadable.start() + 1)


def check_identifier(field: str, value: str) -> None:
    """Raise IdentifierMalformed unless the value is an identifier (contracts, `subject`)."""
    # A ticket's alphabet has no @ and no blank, so no address passes for a customer id either.
    if not is_ticket_id(value):
        raise IdentifierMalformed(field, value)
