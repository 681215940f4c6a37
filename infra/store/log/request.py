"""What callers ask of the log, and what they get."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.event import RecordedEvent
from domain.policy import Policies
from domain.refusal import CommandReused
from domain.ticket import Decided as Draft

__all__ = [
    "Append",
    "Conflict",
    "Cursor",
    "Different",
    "Draft",
    "Erasure",
    "Head",
    "Imported",
    "Known",
    "Outcome",
    "Raw",
    "Skipped",
    "Stored",
    "Untimely",
]


class Head(NamedTuple):
    """Where the log stands; as a watermark: everything recorded up to then is at or before it."""

    position: int
    recorded_at: int
    hash: bytes


class Cursor(NamedTuple):
    """How far somebody has read; the hash tells this log from a restored or another one."""

    position: int
    hash: bytes


class Append(NamedTuple):
    """What a command decided about one ticket; without drafts it had nothing new to say.

    `digest` is that of the command's content, which the log keeps salted only; `expected_version`
    the version of the ticket that the decision was made on (0 before it is opened).
    """

    command_id: str
    digest: bytes
    ticket: str
    expected_version: int
    drafts: tuple[Draft, ...]
    actor: str
    correlation_id: str
    causation_id: str | None = None


class Outcome(NamedTuple):
    """What came of a command, the first time and every later time it is sent."""

    command_id: str
    ticket: str
    first_version: int | None
    last_version: int | None
    first_position: int | None
    last_position: int | None
    recorded_at: int
    repeated: bool


class Known(NamedTuple):
    """What decisions about some commands stand on, of one state of the log.

    `recorded_at` is the instant at which the log stands. `outcomes` are those of the commands that
    were carried out before, or that they said something else; where what they said is erased, the
    id alone decides. `tickets` are the events of the tickets that are there, with their words, in
    the order of their versions.
    """

    recorded_at: int
    policies: Policies
    outcomes: Mapping[str, Outcome | CommandReused]
    tickets: Mapping[str, Sequence[RecordedEvent]]


class Conflict(Exception):
    """The ticket went on since the decision was made; decide again on its fresh history."""

    def __init__(self, ticket: str, expected: int, actual: int) -> None:
        super().__init__(
            f"ticket {ticket} is at version {actual}, not at {expected}; "
            "read it again and decide on what it says now"
        )
        self.ticket = ticket
        self.expected = expected
        self.actual = actual


class Untimely(NamedTuple):
    """What can only be recorded at another time than now; `recorded_at` is what now would be."""

    stream: str
    recorded_at: int


class Imported(NamedTuple):
    """A ticket that came into the log whole."""

    ticket: str
    first_position: int
    last_position: int
    recorded_at: int


class Skipped(NamedTuple):
    """A ticket that is in the log already, with just these events; nothing was done."""

    ticket: str


class Different(NamedTuple):
    """A ticket that was not imported, since `version`, and why in words."""

    ticket: str
    version: int
    reason: str


class Erasure(NamedTuple):
    """The words of an event are gone: since when, by whose request, and why."""

    version: int
    at: int
    by: str
    reason: str


class Stored(NamedTuple):
    """An event at its position; `previous` is the one before it in its partition, 0 for none."""

    position: int
    previous: int
    hash: bytes
    recorded: RecordedEvent


class Raw(NamedTuple):
    """The stored bytes of an event, and what its hash is made of (see `chain`)."""

    position: int
    previous_hash: bytes
    recorded_at: int
    stream: str
    version: int
    topic: str
    state: bytes
    hash: bytes
