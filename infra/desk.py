"""The way of a command: load the ticket, decide, append; on a conflict decide again (semantics §2).

The decision is pure and made outside the log's lock. The log takes it only if the ticket still
stands where the decision saw it, and remembers the outcome under the command's id, so that the
same command sent again gets the first outcome and appends nothing.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
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
from domain.event import Environment, is_ticket_id
from domain.policy import Policy
from domain.refusal import CommandReused, FollowedUnknown, Refusal
from domain.ticket import decide, fold
from infra.store.log.request import Append, Conflict, Known, Outcome

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

_FIELDS: Mapping[type[Command | Environment], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (*NAMES, Environment)
}

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

    def known(self, commands: Mapping[str, bytes], tickets: Collection[str]) -> Known:
        """Return what decisions stand on, of one state of the log.

        `commands` are the digests of their contents by their ids, `tickets` are ids of tickets.
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
        [considered] = Desk(self._log, self._clock)._considered([request])
        if isinstance(considered, Refusal) and not isinstance(considered, CommandReused):
            raise considered

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
        for index, considered in enumerate(self._considered(requests)):
            if isinstance(considered, Append):
                appends[index] = considered
            else:
                answers[index] = considered
        if appends:
            results = self._log.append(list(appends.values()))
            for (index, append), result in zip(appends.items(), results, strict=True):
                answers[index] = self._answered(requests[index], append, result)
        return answers

    def _considered(self, requests: Sequence[Request]) -> list[Append | Outcome | Refusal]:
        """Return of each command what to append, its outcome if it is known, or why it is refused.

        All are considered on one state of the log, which is read once.
        """
        digests: dict[str, bytes] = {}
        considered: dict[int, Append | Outcome | Refusal] = {}
        for index, request in enumerate(requests):
            try:
                _check(request)
            except Refusal as refusal:
                considered[index] = refusal
            else:
                digests[request.command_id] = digest_of(request.command, request.actor)
        known, numbers = self._known(digests, requests)
        # A clock that was set back must not put a decision before what it is made on.
        now = max(self._clock(), known.recorded_at)
        policy = known.policies.in_force(now)
        for index, request in enumerate(requests):
            if index not in considered:
                try:
                    digest = digests[request.command_id]
                    considered[index] = self._decided(request, digest, known, numbers, now, policy)
                except Refusal as refusal:
                    considered[index] = refusal
        return [considered[index] for index in range(len(requests))]

    def _known(
        self, digests: Mapping[str, bytes], requests: Sequence[Request]
    ) -> tuple[Known, deque[int]]:
        """Return what the log knows of commands and of their tickets, and unused numbers.

        Of these there are as many as commands may need, the next ones where numbers were given in
        order.
        """
        named = {
            ticket
            for request in requests
            for ticket in _tickets_of(request.command)
            if is_ticket_id(ticket)
        }
        unnamed = sum(request.command.ticket == UNNAMED for request in requests)
        unused: deque[int] = deque()
        last = self._last_number
        while True:
            numbers = range(last + 1, last + 1 + unnamed - len(unused))
            known = self._log.known(digests, named.union(map(_numbered, numbers)))
            used = [number for number in numbers if _numbered(number) in known.tickets]
            unused += [number for number in numbers if number not in used]
            if not used:
                return known, unused
            last = self._last_used(used[-1])

    def _decided(
        self,
        request: Request,
        digest: bytes,
        known: Known,
        numbers: deque[int],
        now: int,
        policy: Policy,
    ) -> Append | Outcome:
        outcome = known.outcomes.get(request.command_id)
        if isinstance(outcome, CommandReused):
            raise outcome
        if outcome is not None:
            return outcome
        command = request.command
        unnamed = isinstance(command, Open) and command.ticket == UNNAMED
        if unnamed:
            command = replace(command, ticket=_numbered(numbers[0]))
        check_identifier("ticket", command.ticket)
        history = known.tickets.get(command.ticket, ())
        if history and request.versions is not None and len(history) not in request.versions:
            raise VersionMismatch(command.ticket, len(history))
        decided = decide(fold(history), command, now=now, policy=policy)
        if isinstance(command, Open) and command.follows and command.follows not in known.tickets:
            raise FollowedUnknown(command.follows)
        if unnamed:
            self._last_number = numbers.popleft()
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
                known = self._log.known({append.command_id: append.digest}, ())
                return known.outcomes[append.command_id]

    def _last_used(self, used: int) -> int:
        """Return a number from `used` on that a ticket has and the next one has not.

        Doubles its steps and then halves them, so a log of millions is asked a few times only.
        """
        step = 1
        while self._exists(used + step):
            used, step = used + step, step * 2
        free = used + step
        while free - used > 1:
            between = (used + free) // 2
            if self._exists(between):
                used = between
            else:
                free = between
        return used

    def _exists(self, number: int) -> bool:
        return bool(self._log.known({}, (_numbered(number),)).tickets)


def _numbered(number: int) -> str:
    return f"T-{number}"


def check_actor(actor: str) -> None:
    """Raise ActorMalformed unless a text names an actor (contracts, Events on Kafka)."""
    if not _ACTOR.fullmatch(actor):
        raise ActorMalformed(actor)


def digest_of(command: Command, actor: str) -> bytes:
    """Return the SHA-256 of a command's content: what it says, and who says it.

    Fields that say nothing are left out, so a field added later does not change it. It could
    confirm guessed words, so it never leaves the process: the log keeps it under a salt.
    """
    content = {"command": NAMES[type(command)], "actor": actor, **_said(command)}
    return sha256(_content(content).encode()).digest()


# Escaped to ASCII, so that what is no text at all has a digest too and is refused by name.
_content = json.JSONEncoder(sort_keys=True).encode


def _said(spoken: Command | Environment) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in _FIELDS[type(spoken)]:
        value = getattr(spoken, name)
        if isinstance(value, Environment):
            value = _said(value) or None
        if value is not None:
            said[name] = value
    return said


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
