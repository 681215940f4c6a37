"""Gives commands to tickets and keeps what comes of it, as the log would record it."""

from domain import identifier
from domain.command import Command
from domain.event import RecordedEvent
from domain.policy import Policies
from domain.ticket import decide, evolve
from infra.doors.simulate.case import Case


class Journal:
    """Records the events of commands; every id follows from seed, ticket and command."""

    __slots__ = ("_policies", "_recorded", "_seed")

    def __init__(self, seed: str, policies: Policies) -> None:
        self._seed = seed
        self._policies = policies
        self._recorded: list[RecordedEvent] = []

    def give(self, case: Case, command: Command, now: int, actor: str) -> None:
        """Give a command now, because of the last event of the ticket.

        A command that the lifecycle refuses would be a fault of the simulation: its Refusal is not
        caught.
        """
        command_id = identifier.of("simulate", self._seed, case.id, str(case.commands))
        case.commands += 1
        if not case.correlation_id:
            case.correlation_id = command_id
        policy = self._policies.in_force(now)
        for index, decided in enumerate(decide(case.ticket, command, now=now, policy=policy)):
            event, _, words = decided
            # In the order of the fields: naming them all costs more than deciding.
            recorded = RecordedEvent(
                case.id,
                len(case.ticket.history) + 1,
                identifier.of_event(case.id, command_id, index),
                decided.happened_at(now),
                now,
                actor,
                event,
                words,
                None,
                command_id,
                case.correlation_id,
                case.last_event_id,
            )
            case.ticket = evolve(case.ticket, recorded)
            case.last_event_id = recorded.event_id
            self._recorded.append(recorded)

    def taken(self) -> list[RecordedEvent]:
        """Return and forget what was recorded since the last time, by ticket."""
        recorded = self._recorded
        if recorded:
            self._recorded = []
            if len(recorded) > 1:
                recorded.sort(key=_ticket)
        return recorded


def _ticket(recorded: RecordedEvent) -> str:
    return recorded.ticket
