"""What an append will write, decided by a pure function from what was read under the lock.

Each accepted request gets an instant of its own, later than any before it in the log: so what is
recorded at one instant belongs to one ticket.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import orjson

from domain.refusal import CommandReused
from infra.store.log import chain
from infra.store.log.codec import sealed
from infra.store.log.request import Conflict, Head, Outcome, Untimely
from infra.store.log.text import Letter


class Entry(NamedTuple):
    """An event to store, complete but for its place.

    `occurred_at` is None for what happens when it is recorded.
    """

    topic: str
    unsealed: bytes
    occurred_at: int | None
    words: Letter | None = None


class Command(NamedTuple):
    """What identifies a command: its id, and the digest of its content.

    `salt` is a fresh one, under which the digest is stored.
    """

    command_id: str
    digest: bytes
    salt: bytes


class Request(NamedTuple):
    """Entries for one stream, to be stored together or not at all.

    `partition` is None for a stream that is in none; `after` and `before` bound the instant at
    which the request may be recorded (`after` included, `before` not).
    """

    stream: str
    expected_version: int
    entries: tuple[Entry, ...]
    partition: int | None
    command: Command | None = None
    after: int | None = None
    before: int | None = None


class EventRow(NamedTuple):
    """A row of `events`; `partition` is None in the streams of the log itself."""

    position: int
    originator_id: str
    originator_version: int
    topic: str
    state: bytes
    recorded_at: int
    hash: bytes
    previous: int
    partition: int | None


class TextRow(NamedTuple):
    """A row of `texts`."""

    position: int
    salt: bytes
    document: bytes


class CommandRow(NamedTuple):
    """A row of `commands`; its digest is salted, and without a salt its words were erased."""

    ordinal: int
    command_id: str
    digest: bytes
    ticket: str
    first_version: int | None
    last_version: int | None
    first_position: int | None
    last_position: int | None
    recorded_at: int
    hash: bytes
    salt: bytes | None

    def first_outcome(self, digest: bytes) -> Outcome | CommandReused:
        """Return what a later sender of the command's id gets, by the digest of what it says.

        Once the words are erased nobody may learn whether others are the same: then the id alone
        decides.
        """
        if self.salt is None or self.digest == salted(self.salt, digest):
            return self.outcome(repeated=True)
        return CommandReused(self.command_id)

    def outcome(self, *, repeated: bool) -> Outcome:
        """Return what the caller of the command gets."""
        return Outcome(
            self.command_id,
            self.ticket,
            self.first_version,
            self.last_version,
            self.first_position,
            self.last_position,
            self.recorded_at,
            repeated,
        )


class Ledger(NamedTuple):
    """The row of `log_head`: the heads of both chains."""

    position: int
    recorded_at: int
    hash: bytes
    commands: int
    commands_hash: bytes

    @property
    def head(self) -> Head:
        """Return the head of the chain of events."""
        return Head(self.position, self.recorded_at, self.hash)


class Written(NamedTuple):
    """Where a request without a command was stored."""

    stream: str
    first_position: int
    last_position: int
    recorded_at: int


Result = Outcome | Written | Conflict | CommandReused | Untimely


class Plan(NamedTuple):
    """What to write in one transaction, and what each caller gets, in the order of requests.

    `lasts` are the last positions of the partitions that got events.
    """

    events: list[EventRow]
    texts: list[TextRow]
    commands: list[CommandRow]
    results: list[Result]
    ledger: Ledger
    lasts: dict[int, int]


def plan(
    ledger: Ledger,
    now: int,
    known: Mapping[str, CommandRow],
    tails: Mapping[str, int],
    lasts: Mapping[int, int],
    requests: Sequence[Request],
) -> Plan:
    """Decide what requests come to.

    `known` are the commands carried out before, `tails` the last version of every stream and
    `lasts` the last position of every partition that has one. A known command repeats its
    outcome; a wrong version is a conflict for that caller only. The command is looked at first,
    or a retry would look like a conflict.
    """
    draft = _Draft(ledger, known, tails, lasts)
    results = [draft.result(request, now) for request in requests]
    moved = {part: at for part, at in draft.lasts.items() if lasts.get(part) != at}
    return Plan(draft.events, draft.texts, draft.commands, results, draft.ledger, moved)


class _Draft:
    """A plan in the making."""

    def __init__(
        self,
        ledger: Ledger,
        known: Mapping[str, CommandRow],
        tails: Mapping[str, int],
        lasts: Mapping[int, int],
    ) -> None:
        self.ledger = ledger
        self.known = dict(known)
        self.tails = dict(tails)
        self.lasts = dict(lasts)
        self.events: list[EventRow] = []
        self.texts: list[TextRow] = []
        self.commands: list[CommandRow] = []

    def result(self, request: Request, now: int) -> Result:
        """Return what a request comes to, and remember what it writes."""
        command = request.command
        earlier = None if command is None else self.known.get(command.command_id)
        if command is not None and earlier is not None:
            return earlier.first_outcome(command.digest)
        tail = self.tails.get(request.stream, 0)
        if tail != request.expected_version:
            return Conflict(request.stream, request.expected_version, tail)
        stamp = max(now, self.ledger.recorded_at + 1)
        if not _timely(request, stamp):
            return Untimely(request.stream, stamp)
        self._store(request, stamp, tail)
        self.tails[request.stream] = tail + len(request.entries)
        if command is None:
            last = self.ledger.position
            return Written(request.stream, last - len(request.entries) + 1, last, stamp)
        return self._remember(request, command, stamp, tail).outcome(repeated=False)

    def _store(self, request: Request, stamp: int, tail: int) -> None:
        position, _, head, commands, commands_hash = self.ledger
        stream, partition = request.stream, request.partition
        previous = 0 if partition is None else self.lasts.get(partition, 0)
        for version, entry in enumerate(request.entries, start=tail + 1):
            position += 1
            topic = entry.topic
            happened_at = stamp if entry.occurred_at is None else min(entry.occurred_at, stamp)
            state = sealed(entry.unsealed, happened_at)
            head = chain.of_event(head, position, stamp, stream, version, topic, state)
            place = (position, stream, version, topic, state, stamp, head, previous, partition)
            self.events.append(EventRow(*place))
            if partition is not None:
                previous = self.lasts[partition] = position
            if entry.words is not None:
                self.texts.append(TextRow(position, *entry.words))
        self.ledger = Ledger(position, stamp, head, commands, commands_hash)

    def _remember(self, request: Request, command: Command, stamp: int, tail: int) -> CommandRow:
        position, _, _, ordinal, previous = self.ledger
        count = len(request.entries)
        versions = (tail + 1, tail + count) if count else (None, None)
        positions = (position - count + 1, position) if count else (None, None)
        digest = salted(command.salt, command.digest)
        identity = (ordinal + 1, command.command_id, digest)
        unproven = (*identity, request.stream, *versions, *positions, stamp)
        row = CommandRow._make((*unproven, command_hash(previous, *unproven), command.salt))
        self.commands.append(row)
        self.known[command.command_id] = row
        self.ledger = Ledger(*self.ledger[:3], row.ordinal, row.hash)
        return row


def salted(salt: bytes, digest: bytes) -> bytes:
    """Return what the log keeps of the digest of a command's content."""
    return sha256(salt + digest).digest()


def command_hash(
    previous: bytes, ordinal: int, command_id: str, digest: bytes, *rest: str | int | None
) -> bytes:
    """Return the hash of a command's row in the chain of commands: of its fields as JSON.

    All of them but the salt, which an erasure takes away.
    """
    fields = orjson.dumps((ordinal, command_id, digest.hex(), *rest))
    return chain.hashed(previous, fields)


def _timely(request: Request, stamp: int) -> bool:
    return (request.after is None or request.after <= stamp) and (
        request.before is None or stamp < request.before
    )
