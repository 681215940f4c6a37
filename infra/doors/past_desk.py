"""The desk at a past instant, as the board asks for it: folded from the log."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from domain.clock import known
from domain.event import RecordedEvent
from domain.policy import Policies
from projections.board import Counts, Standing, Waiting, Wanted
from projections.projector import FOLD_FAULTS
from projections.rows import ClockRow, ParkedRow, TicketRow, rows


class PastDesk:
    """What was recorded by `as_of` and happened by `at`, as of `at` (semantics §4, Two times).

    Tickets that cannot be folded count as parked.
    """

    def __init__(
        self, stories: Iterable[Sequence[RecordedEvent]], policies: Policies, as_of: int, at: int
    ) -> None:
        self._at = at
        self._running: list[Standing] = []
        self._guarded: list[Standing] = []
        self._waiting: list[Waiting] = []
        self._parked: list[ParkedRow] = []
        for story in stories:
            told = known(story, as_of, at)
            if not told:
                continue
            try:
                folded = rows(sorted(told, key=lambda one: one.version), policies, at)
            except FOLD_FAULTS as error:
                why = (type(error).__name__, str(error))
                self._parked.append(ParkedRow(told[0].ticket, 0, 0, *why, 0))
                continue
            self._take(folded.tickets[0], folded.clocks)

    def due_next(self, at: int, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks due at or after an instant, the next one first."""
        return _first((one for one in self._running if one.due_at >= at), _by_due, limit, wanted)

    def broken(self, at: int, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks that were due before an instant, the oldest first."""
        return _first((one for one in self._running if one.due_at < at), _by_due, limit, wanted)

    def untriaged(self, limit: int, wanted: Wanted) -> Sequence[Standing]:
        """Return running clocks of tickets without a severity, the most urgent first."""
        return _first(self._guarded, _by_due, limit, wanted)

    def waiting(self, limit: int, wanted: Wanted) -> Sequence[Waiting]:
        """Return tickets that wait for the customer, the longest first."""
        return _first(self._waiting, lambda one: (one.since or 0, one.ticket), limit, wanted)

    def parked(self) -> Sequence[ParkedRow]:
        """Return the tickets that cannot be folded, by their names."""
        return sorted(self._parked)

    def board_counts(self, at: int) -> Counts:
        """Return how many there are of each."""
        broken = sum(one.due_at < at for one in self._running)
        return Counts(
            len(self._running) - broken,
            broken,
            len(self._guarded),
            len(self._waiting),
            len(self._parked),
            self._at,
        )

    def _take(self, ticket: TicketRow, clocks: Sequence[ClockRow]) -> None:
        for clock in clocks:
            if clock.satisfied_at is None:
                if clock.due_at is not None:
                    self._running.append(_standing(ticket, clock, clock.due_at))
                if clock.guard_at is not None:
                    self._guarded.append(_standing(ticket, clock, clock.guard_at))
        if ticket.status == "pending":
            self._waiting.append(
                Waiting(ticket.ticket, ticket.severity, ticket.plan, ticket.answered_at)
            )


def _standing(ticket: TicketRow, clock: ClockRow, due_at: int) -> Standing:
    return Standing(
        ticket.ticket,
        ticket.severity,
        clock.clock,
        clock.instance,
        clock.policy,
        clock.plan,
        clock.started_at,
        due_at,
    )


def _by_due(one: Standing) -> tuple[int, str]:
    return one.due_at, one.ticket


def _first(
    found: Iterable[Any], key: Callable[[Any], Any], limit: int, wanted: Wanted
) -> list[Any]:
    return [one for one in sorted(found, key=key)[:limit] if wanted.has(one)]
