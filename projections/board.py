"""The desk at an instant: what is due next, broken, untriaged, and waiting for the customer.

Pure data from the read models and an instant; who shows it writes the times for people.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain.policy import ClockName, Policies, Policy, Target
from projections.rows import ParkedRow


class Running(NamedTuple):
    """A running clock on the board.

    `due_at` is its due time; for an untriaged ticket it is the instant at which the plan's most
    urgent target would be due (semantics §4, Triage). `business_left` is the business time from
    now until then, negative where it is over, `off_hours_left` the time outside business hours,
    None where its target does not count that; all in microseconds. `zone_name` is the policy's.
    """

    ticket: str
    severity: int | None
    clock: str
    instance: int
    plan: str
    policy: str
    zone_name: str
    started_at: int
    due_at: int
    business_left: int
    off_hours_left: int | None


class Waiting(NamedTuple):
    """A ticket whose customer owes the next step, since support's last answer."""

    ticket: str
    severity: int | None
    plan: str
    since: int | None


class Standing(NamedTuple):
    """A running clock as the read models have it; `due_at` may be its guard."""

    ticket: str
    severity: int | None
    clock: ClockName
    instance: int
    policy: str
    plan: str
    started_at: int
    due_at: int


class Wanted(NamedTuple):
    """Which lines are wanted; blank and None are all."""

    plan: str
    severity: int | None

    def has(self, one: Standing | Waiting) -> bool:
        """Tell whether a line is wanted."""
        return self.plan in ("", one.plan) and self.severity in (None, one.severity)


EVERYTHING = Wanted("", None)


class Counts(NamedTuple):
    """How many there are of each kind; `decided_to` is None before the first event."""

    due_next: int
    broken: int
    untriaged: int
    waiting: int
    parked: int
    decided_to: int | None


class Board(NamedTuple):
    """The desk at an instant `at`; lists may be cut, `counts` are whole.

    `age` is how far time in the read models lies behind `at`, in microseconds; None before the
    first event.
    """

    at: int
    age: int | None
    counts: Counts
    due_next: tuple[Running, ...]
    broken: tuple[Running, ...]
    untriaged: tuple[Running, ...]
    waiting: tuple[Waiting, ...]
    parked: tuple[ParkedRow, ...]


class Desk(Protocol):
    """The read models as the board needs them: of the first `limit` those that are wanted."""

    def due_next(self, at: int, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks due at or after an instant, the next one first."""

    def broken(self, at: int, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks that were due before an instant, the oldest first."""

    def untriaged(self, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks of tickets without a severity, the most urgent first."""

    def waiting(self, limit: int, wanted: Wanted) -> Sequence[Waiting]:
        """Return tickets that wait for the customer, the longest first."""

    def parked(self) -> Sequence[ParkedRow]:
        """Return the tickets that cannot be folded, by their names."""

    def board_counts(self, at: int) -> Counts:
        """Return how many there are of each."""


def board(
    desk: Desk, policies: Policies, at: int, limit: int = 20, wanted: Wanted = EVERYTHING
) -> Board:
    """Return the desk at an instant, with those of the first `limit` of each list that are wanted.

    Raises OutsideCalendar.
    """
    versions = {version.label: version for version in policies.versions}
    counts = desk.board_counts(at)

    def shown(clocks: Sequence[Standing]) -> tuple[Running, ...]:
        return tuple(
            _running(clock, versions[clock.policy], at) for clock in clocks if wanted.has(clock)
        )

    return Board(
        at,
        None if counts.decided_to is None else max(0, at - counts.decided_to),
        counts,
        shown(desk.due_next(at, limit, wanted)),
        shown(desk.broken(at, limit, wanted)),
        shown(desk.untriaged(limit, wanted)),
        tuple(desk.waiting(limit, wanted)),
        tuple(desk.parked()[:limit]) if counts.parked else (),
    )


def _running(clock: Standing, policy: Policy, at: int) -> Running:
    business, off_hours = policy.plans[clock.plan].hours.elapsed(at, clock.due_at)
    target = _target(clock, policy)
    return Running(
        clock.ticket,
        clock.severity,
        clock.clock,
        clock.instance,
        clock.plan,
        clock.policy,
        policy.zone_name,
        clock.started_at,
        clock.due_at,
        business,
        None if target is None or target.off_hours is None else off_hours,
    )


def _target(clock: Standing, policy: Policy) -> Target | None:
    """Return the target in force; before triage the one that would be due first."""
    if clock.severity is None:
        return policy.untriaged_target(clock.plan, clock.clock, clock.started_at)
    # Only what is supported has a due time.
    return policy.target(clock.plan, clock.severity, supported=True, clock=clock.clock)
