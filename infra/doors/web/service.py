"""What the API stands on: the stores as it needs them, handed in by the wiring."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import Semaphore
from typing import NamedTuple, Protocol, cast

from fastapi import Request

from domain import instant
from domain.event import RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.desk import Request as Command
from infra.doors.web.access import Tokens
from infra.doors.web.problem import Fault, invalid
from infra.doors.web.sight import Owners
from infra.engine.health import Vitals
from infra.outlets.deliveries import Record
from infra.store.listed import Place, Wanted
from infra.store.log import Erasure, Head, Outcome, Raw, Stored
from infra.store.policies import PolicyFile
from infra.store.told import Cursor, Decided, OfTicket
from infra.store.told import Wanted as WantedAlerts
from projections.board import Desk
from projections.models import History
from projections.rows import TicketRow


class Log(Protocol):
    """What the API reads of the event log; used by several threads."""

    @property
    def source(self) -> str:
        """Return the `source` of its events."""

    @property
    def live_from(self) -> int:
        """Return the instant from which deadlines are announced."""

    def head(self) -> Head:
        """Return where the log stands."""

    def policies(self) -> Policies:
        """Return the published policies."""

    def policy_files(self) -> tuple[PolicyFile, ...]:
        """Return the published policies as their author wrote them, the oldest first."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of tickets after a position, in order; none at the end."""

    def ticket(self, ticket: str, *, words: bool = False) -> list[RecordedEvent]:
        """Return the events of a ticket in the order of their versions; none if it is unknown."""

    def tickets(
        self, tickets: Sequence[str], *, words: bool = False
    ) -> dict[str, list[RecordedEvent]]:
        """Return the events of tickets; those that are unknown are left out."""

    def raw(self, stream: str) -> list[Raw]:
        """Return the stored bytes of a ticket, with their hashes."""

    def erasures(self, ticket: str) -> list[Erasure]:
        """Return which events of a ticket have lost their words, and since when."""


class Histories(Desk, Protocol):
    """The read models as the board and the reports need them."""

    def histories(self, tickets: Sequence[str]) -> Mapping[str, History]:
        """Return what is kept of the tickets; those of which nothing is kept are left out."""


class Lists(Protocol):
    """Tickets, a page at a time."""

    def tickets(self, wanted: Wanted, after: Place, limit: int) -> list[TicketRow]:
        """Return the next tickets that match, the newest first."""


class Alerts(Protocol):
    """What was decided."""

    def alerts(self, after: Cursor, limit: int) -> list[Decided]:
        """Return the next alerts in the order in which they were decided."""

    def newest(self, wanted: WantedAlerts, before: Cursor, limit: int) -> list[OfTicket]:
        """Return the alerts that match before a place, the newest first."""

    def decided_to(self) -> int:
        """Return up to which instant every partition has decided, 0 before the first."""

    def end(self) -> Cursor:
        """Return the place before everything that is not decided yet."""


class Reading(NamedTuple):
    """The read models as of one moment, for one request."""

    models: Histories
    lists: Lists
    alerts: Alerts


class Service(NamedTuple):
    """Everything that the API stands on.

    `submit` queues a command; `reading` opens the read models for one request; `clock` returns an
    instant in microseconds; who works on all tickets takes a `turn`; `deliveries` returns what
    became of alerts.
    """

    log: Log
    reading: Callable[[], AbstractContextManager[Reading]]
    tokens: Tokens
    owners: Owners
    submit: Callable[[Command], Future[Outcome]]
    vitals: Callable[[], Vitals]
    clock: Callable[[], int]
    turn: Semaphore
    deliveries: Callable[[Sequence[str]], Sequence[Record]]

    def present(self) -> int:
        """Return the present in whole seconds, and never before what was recorded last."""
        now = self.clock()
        return max(now - now % instant.SECOND, self.log.head().recorded_at)

    def moments(self, as_of: int | None, at: int | None) -> tuple[int, int, Policies]:
        """Return (R, T) of semantics §4 and the policies; raises Problem outside their calendar."""
        policies = self.log.policies()
        known_by = self.present() if as_of is None else as_of
        judged_at = known_by if at is None else at
        faults = [
            Fault(field, "OutsideCalendar", f"{_cause(error)}; name an instant within it")
            for field, moment in (("as_of", known_by), ("at", at))
            if moment is not None and (error := _outside(policies, moment)) is not None
        ]
        if faults:
            raise invalid(faults)
        return known_by, judged_at, policies


def _cause(error: OutsideCalendar) -> str:
    # Who asks a question does not publish policies: that cure is another's.
    return str(error).partition("; ")[0]


def _outside(policies: Policies, moment: int) -> OutsideCalendar | None:
    """Return why a policy says nothing about an instant, None where it does."""
    policy = policies.in_force(moment)
    try:
        for plan in policy.plans:
            policy.check(plan, moment)
    except OutsideCalendar as error:
        return error
    return None


def service_of(request: Request) -> Service:
    """Return what the API of this request stands on."""
    return cast(Service, request.app.state.service)
