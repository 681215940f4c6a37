"""The way of a command: load the ticket, decide, append; on a conflict decide again (semantics §2).

The decision is pure and made outside the log's lock. The log takes it only if the ticket still
stands where the decision saw it, and remembers the outcome under the command's id, so that the
same command sent again gets the first outcome and appends nothing.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from domain.command import (
    Command,
    OfferWorkaround,
    Open,
    Reply,
    Resolve,
    Respond,
    Triage,
    Verify,
    check_identifier,
)
from domain.event import RecordedEvent
from domain.policy import Policies, Policy
from domain.refusal import CommandReused, FollowedUnknown, Refusal
from domain.ticket import decide, fold
from infra.store.log.request import Append, Conflict, Head, Outcome

UNNAMED = ""
"""The ticket id of an `Open` whose caller names none: it gets the next `T-<number>`."""

ATTEMPTS = 100
"""How often a command is decided anew on a fresh history before its caller is told to wait."""

NAMES: Mapping[type[Command], str] = {
    Open: "open",
    Triage: "triage",
    Reply: "reply",
    Respond: "respond",
    OfferWorkaround: "workaround",
    Resolve: "resolve",
    Verify: "verify",
}
"""What people and files call the commands; part of a command's digest, so never changed."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_ACTOR = re.compile(r"(?:customer|agent|system):[A-Za-z0-9._-]{1,64}", re.ASCII)
_CAUSE = re.compile(r"[!-~]{1,128}", re.ASCII)


class CommandIdMalformed(Refusal):
    """A command is known by a UUID."""

    says = (
        "the command id '{command_id}' is not a UUID; "
        "give one such as 0b7c1d52-6a0e-4c1f-9c55-7f0a3a5d2e11, or none to have one made"
    )

    def __init__(self, command_id: str) -> None:
        super().__init__(command_id=command_id[:64])


class ActorMalformed(Refusal):
    """Who acts is a customer, an agent or a system with an opaque id, never an address."""

    says = (
        "'{actor}' names no actor; write customer:<id>, agent:<id> or system:<name>, "
        "with an id of 1 to 64 of the characters A-Z a-z 0-9 . _ -"
    )

    def __init__(self, actor: str) -> None:
        super().__init__(actor=actor[:80])


class CauseMalformed(Refusal):
    """What a command belongs to is told by identifiers without blanks."""

    says = "{field} is no identifier; use 1 to 128 ASCII characters, no blanks"

    def __init__(self, field: str) -> None:
        super().__init__(field=field)


class VersionMismatch(Refusal):
    """Who acts on what was read before is told that the ticket went on since."""

    says = (
        "ticket {ticket} is at version {actual} by now; "
        "read it again and decide on what it says now"
    )

    def __init__(self, ticket: str, actual: int) -> None:
        super().__init__(ticket=ticket, actual=actual)


class Contended(Exception):
    """A ticket changed under a command again and again; nothing was appended."""

    def __init__(self, ticket: str) -> None:
        where = f"ticket {ticket}" if ticket else "the next ticket number"
        super().__init__(
            f"{where} was changed by others {ATTEMPTS} times while this command was decided; "
            "nothing was appended, so send the same command again in a moment"
        )


class Request(NamedTuple):
    """A command with what is known of its sending.

    `correlation_id` names what it belongs to (default: its own id), `causation_id` the event,
    command or request that caused it. It is only carried out on a ticket that stands at one of the
    `versions` (None: at any).
    """

    command: Command
    command_id: str
    actor: str
    correlation_id: str | None = None
    causation_id: str | None = None
    versions: frozenset[int] | None = None


class Log(Protocol):
    """What the desk needs of an event log."""

    def head(self) -> Head:
        """Return where the log stands."""

    def policies(self) -> Policies:
        """Return the published policies."""

    def ticket(self, ticket: str, *, words: bool = False) -> list[RecordedEvent]:
        """Return the events of a ticket in the order of their versions; none if it is unknown."""

    def outcome(self, command_id: str, digest: bytes) -> Outcome | None:
        """Return what came of a command before; raises CommandReused for another content.

        Where what it said is erased, the id alone decides.
        """

    def append(self, requests: Sequence[Append]) -> list[Outcome | Conflict | CommandReused]:
        """Append what was decided, all in one transaction, each for itself."""


class Desk:
    """Takes commands, one by one or many at once; `clock` returns an instant in microseconds."""

    def __init__(self, log: Log, clock: Callable[[], int]) -> None:
        self._log = log
        self._clock = clock
        self._last_number = 0

    def handle(
        self,
        command: Command,
        *,
        command_id: str,
        actor: str,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> Outcome:
        """Carry out one command and return what came of it.

        Raises a Refusal named after the rule that it breaks, Contended when others are always
        faster, and the store's StoreError; nothing was appended then.
        """
        [answer] = self.handle_all(
            [Request(command, command_id, actor, correlation_id, causation_id)]
        )
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def rehearse(self, request: Request) -> None:
        """Raise the Refusal that a command would get now; nothing is appended.

        It is for who has still to write the text, with a stand-in for it. What became of a command
        whose id is known already is for the text to tell. Raises the store's StoreError.
        """
        # Numbers that a rehearsal gives are given again, so it happens at a desk of its own.
        desk = Desk(self._log, self._clock)
        now, policy = desk._moment()
        with suppress(CommandReused):
            desk._considered(request, now, policy)

    def handle_all(self, requests: Sequence[Request]) -> list[Outcome | Refusal]:
        """Carry out many commands, and return in their order what came of each.

        What goes to different tickets is appended together, in rounds of one command a ticket: so
        commands to one ticket keep their order, and none comes before the unnamed `Open` that may
        make its ticket. Raises Contended and StoreError: then every command can be sent again under
        its id.
        """
        answers: list[Outcome | Refusal | None] = [None] * len(requests)
        waiting = list(range(len(requests)))
        lost = 0
        while waiting:
            turn = _next_turn(waiting, requests)
            settled = self._settle([requests[index] for index in turn])
            for index, answer in zip(turn, settled, strict=True):
                answers[index] = answer
            waiting = [index for index in waiting if answers[index] is None]
            lost = lost + 1 if all(answer is None for answer in settled) else 0
            if lost == ATTEMPTS:
                raise Contended(requests[turn[0]].command.ticket)
        return [answer for answer in answers if answer is not None]

    def _settle(self, requests: Sequence[Request]) -> list[Outcome | Refusal | None]:
        """Carry out commands to different tickets; None where the ticket changed meanwhile."""
        answers: list[Outcome | Refusal | None] = [None] * len(requests)
        appends: dict[int, Append] = {}
        now, policy = self._moment()
        for index, request in enumerate(requests):
            try:
                considered = self._considered(request, now, policy)
            except Refusal as refusal:
                answers[index] = refusal
                continue
            if isinstance(considered, Outcome):
                answers[index] = considered
            else:
                appends[index] = considered
        if appends:
            results = self._log.append(list(appends.values()))
            for (index, append), result in zip(appends.items(), results, strict=True):
                answers[index] = self._answered(requests[index], append, result)
        return answers

    def _moment(self) -> tuple[int, Policy]:
        """Return the instant at which to decide, and the policy in force then."""
        # A clock that was set back must not put a decision before what it is made on.
        now = max(self._clock(), self._log.head().recorded_at)
        return now, self._log.policies().in_force(now)

    def _considered(self, request: Request, now: int, policy: Policy) -> Outcome | Append:
        """Return the outcome of a command known before, or what to append for a new one."""
        _check(request)
        digest = digest_of(request.command, request.actor)
        known = self._log.outcome(request.command_id, digest)
        if known is not None:
            return known
        command = request.command
        number = None
        if isinstance(command, Open) and command.ticket == UNNAMED:
            number = self._unused_number()
            command = replace(command, ticket=f"T-{number}")
        check_identifier("ticket", command.ticket)
        history = self._log.ticket(command.ticket, words=isinstance(command, Resolve | Verify))
        if history and request.versions is not None and len(history) not in request.versions:
            raise VersionMismatch(command.ticket, len(history))
        decided = decide(fold(history), command, now=now, policy=policy)
        if isinstance(command, Open) and command.follows and not self._log.ticket(command.follows):
            raise FollowedUnknown(command.follows)
        if number is not None:
            self._last_number = number
        return Append(
            command_id=request.command_id,
            digest=digest,
            ticket=command.ticket,
            expected_version=len(history),
            drafts=decided,
            actor=request.actor,
            correlation_id=request.correlation_id or request.command_id,
            causation_id=request.causation_id,
        )

    def _answered(
        self, request: Request, append: Append, result: Outcome | Conflict | CommandReused
    ) -> Outcome | Refusal | None:
        match result:
            case Outcome():
                return result
            case Conflict():
                return None
            case CommandReused():
                # Two senders of the same unnamed `open` may have taken two numbers for it.
                try:
                    return self._log.outcome(request.command_id, append.digest)
                except CommandReused as reused:
                    return reused

    def _unused_number(self) -> int:
        """Return a number that no ticket has, the next one where numbers were given in order.

        Doubles its steps and then halves them, so a log of millions is asked a few times only.
        """
        used, step = self._last_number, 1
        while self._exists(used + step):
            used, step = used + step, step * 2
        free = used + step
        while free - used > 1:
            between = (used + free) // 2
            if self._exists(between):
                used = between
            else:
                free = between
        return free

    def _exists(self, number: int) -> bool:
        return bool(self._log.ticket(f"T-{number}"))


def check_actor(actor: str) -> None:
    """Raise ActorMalformed unless a text names an actor (contracts, Events on Kafka)."""
    if not _ACTOR.fullmatch(actor):
        raise ActorMalformed(actor)


def digest_of(command: Command, actor: str) -> bytes:
    """Return the SHA-256 of a command's content: what it says, and who says it.

    Fields that say nothing are left out, so a field added later does not change it. It could
    confirm guessed words, so it never leaves the process: the log keeps it under a salt.
    """
    content = {"command": NAMES[type(command)], "actor": actor, **_said(asdict(command))}
    # Escaped to ASCII, so that what is no text at all has a digest too and is refused by name.
    return sha256(json.dumps(content, sort_keys=True).encode()).digest()


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        name: _said(value) if isinstance(value, dict) else value for name, value in fields.items()
    }
    return {name: value for name, value in said.items() if value not in (None, {})}


def _next_turn(waiting: Sequence[int], requests: Sequence[Request]) -> list[int]:
    """Return the first waiting command of every ticket, up to the first unnamed ones.

    What comes after an unnamed `Open` may be meant for the ticket that it makes. A follow-up waits
    for what comes before it to the ticket that it follows, and a command id that comes twice takes
    its turns one after the other, too.
    """
    seen: set[str] = set()
    turn = []
    unnamed = False
    for index in waiting:
        command = requests[index].command
        if unnamed and command.ticket != UNNAMED:
            break
        unnamed = command.ticket == UNNAMED
        names = {requests[index].command_id, *_tickets_of(command)}
        if seen.isdisjoint(names):
            turn.append(index)
        elif unnamed:
            # Numbers are given in the order of the commands.
            break
        seen |= names
    return turn


def _tickets_of(command: Command) -> Iterator[str]:
    if command.ticket != UNNAMED:
        yield command.ticket
    if isinstance(command, Open) and command.follows is not None:
        yield command.follows


def _check(request: Request) -> None:
    if not _UUID.fullmatch(request.command_id):
        raise CommandIdMalformed(request.command_id)
    check_actor(request.actor)
    for field in ("correlation_id", "causation_id"):
        value = getattr(request, field)
        if value is not None and not _CAUSE.fullmatch(value):
            raise CauseMalformed(field)
