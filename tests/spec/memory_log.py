"""An event log in memory: the least that a desk needs, with a way to come in between."""

from collections.abc import Callable, Collection, Mapping, Sequence

from domain import identifier
from domain.event import RecordedEvent
from domain.policy import Policies
from domain.refusal import CommandReused
from infra.store.log import Append, Conflict, Known, Outcome
from tests.spec.given import POLICY, START


class Watch:
    """A clock that shows what it is set to."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def __call__(self) -> int:
        """Return the instant that it shows."""
        return self.at


class MemoryLog:
    """Keeps what is appended, as a log does.

    `meanwhile` holds what others do just before the next appends are stored, one thing an append;
    `appended` how many commands came with each append, `asked` every ticket that was read.
    """

    def __init__(self, clock: Watch, policies: Policies | None = None) -> None:
        self.clock = clock
        self.published = Policies((POLICY,)) if policies is None else policies
        self.tickets: dict[str, list[RecordedEvent]] = {}
        self.commands: dict[str, tuple[bytes, Outcome]] = {}
        self.position = 0
        self.recorded_at = START - 1
        self.meanwhile: list[Callable[[], object]] = []
        self.appended: list[int] = []
        self.asked: list[str] = []

    def known(self, commands: Mapping[str, bytes], tickets: Collection[str]) -> Known:
        """Return what decisions stand on."""
        self.asked += tickets
        return Known(
            self.recorded_at,
            self.published,
            {
                command_id: outcome._replace(repeated=True)
                if known == commands[command_id]
                else CommandReused(command_id)
                for command_id, (known, outcome) in self.commands.items()
                if command_id in commands
            },
            {ticket: self.tickets[ticket] for ticket in tickets if ticket in self.tickets},
        )

    def append(self, requests: Sequence[Append]) -> list[Outcome | Conflict | CommandReused]:
        """Append what still fits."""
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.appended.append(len(requests))
        return [self._append(request) for request in requests]

    def _append(self, request: Append) -> Outcome | Conflict | CommandReused:
        if request.command_id in self.commands:
            known, outcome = self.commands[request.command_id]
            if (known, outcome.ticket) != (request.digest, request.ticket):
                return CommandReused(request.command_id)
            return outcome._replace(repeated=True)
        story = self.tickets.get(request.ticket, [])
        if len(story) != request.expected_version:
            return Conflict(request.ticket, request.expected_version, len(story))
        self.recorded_at = max(self.clock(), self.recorded_at + 1)
        drafts = request.drafts
        for index, draft in enumerate(drafts):
            self.position += 1
            story = [
                *story,
                RecordedEvent(
                    ticket=request.ticket,
                    version=len(story) + 1,
                    event_id=identifier.of_event(request.ticket, request.command_id, index),
                    occurred_at=draft.happened_at(self.recorded_at),
                    recorded_at=self.recorded_at,
                    actor=request.actor,
                    event=draft.event,
                    words=draft.words,
                    command_id=request.command_id,
                    correlation_id=request.correlation_id,
                    causation_id=request.causation_id,
                ),
            ]
        if drafts:
            self.tickets[request.ticket] = story
        outcome = Outcome(
            request.command_id,
            request.ticket,
            len(story) - len(drafts) + 1 if drafts else None,
            len(story) if drafts else None,
            self.position - len(drafts) + 1 if drafts else None,
            self.position if drafts else None,
            self.recorded_at,
            False,
        )
        self.commands[request.command_id] = (request.digest, outcome)
        return outcome
