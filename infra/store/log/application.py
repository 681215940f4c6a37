"""The ticket log as an application of the `eventsourcing` library.

Configuration is handed in and never taken from the environment of the process. Type names are
those of the contract: no name in the log makes anything be imported.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent
from eventsourcing.utils import Environment, EnvType

from domain.event import NO_WORDS, RecordedEvent
from domain.ticket import NOT_OPENED, Ticket, fold
from infra.store.log import codec, text
from infra.store.log.backend import Told


@dataclass(frozen=True)
class LogEvent(StoredEvent):
    """A stored event with the columns that the library does not know."""

    position: int
    recorded_at: int
    hash: bytes
    document: bytes | None

    @classmethod
    def of(cls, told: Told) -> "LogEvent":
        """Return the row of an event as the library handles it."""
        row = told.event
        return cls(
            originator_id=row.originator_id,
            originator_version=row.originator_version,
            topic=row.topic,
            state=row.state,
            position=row.position,
            recorded_at=row.recorded_at,
            hash=row.hash,
            document=told.document,
        )


class TicketEvent(NamedTuple):
    """A recorded event under the names by which the library knows its place."""

    originator_id: str
    originator_version: int
    recorded: RecordedEvent


class LogMapper(Mapper[str]):
    """Maps stored events by the contract's registry of types."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Return an event as it is stored."""
        recorded = cast(TicketEvent, domain_event).recorded
        topic, data = codec.data_of(recorded.event)
        unsealed = codec.unsealed(
            event_id=recorded.event_id,
            actor=recorded.actor,
            data=data,
            text=recorded.text,
            command_id=recorded.command_id,
            correlation_id=recorded.correlation_id,
            causation_id=recorded.causation_id,
        )
        return StoredEvent(
            originator_id=recorded.ticket,
            originator_version=recorded.version,
            topic=topic,
            state=codec.sealed(unsealed, recorded.occurred_at),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """Return the event of a row, with the words that still stand beside it."""
        assert isinstance(stored_event, LogEvent)
        assert isinstance(stored_event.originator_id, str)
        recorded = codec.event_of(
            stored_event.originator_id,
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
            stored_event.recorded_at,
            NO_WORDS if stored_event.document is None else text.opened(stored_event.document),
        )
        event = TicketEvent(recorded.ticket, recorded.version, recorded)
        return cast(DomainEventProtocol[str], event)


class TicketLog(Application[str]):
    """Loads tickets by folding their stored events."""

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return the configuration that was handed in, and nothing else."""
        return Environment(name, env)

    def ticket(self, ticket: str) -> Ticket:
        """Return a ticket with its words, NOT_OPENED where the log has none of that id."""
        projected = cast(Any, _projected)
        try:
            return cast(Ticket, self.repository.get(ticket, projector_func=projected))
        except AggregateNotFoundError:
            return NOT_OPENED


def _projected(_: None, events: Iterable[TicketEvent]) -> Ticket | None:
    history = [event.recorded for event in events]
    return fold(history) if history else None
