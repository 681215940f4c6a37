"""What subscribers are told of one clock, and when (semantics §5, §6).

A clock's life says how the fold saw it from which recorded instant on. No clock's alerts depend
on another's: a ticket's are those of all its clocks, in one order.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from domain import identifier
from domain.alert import (
    BREACH,
    UNTRIAGED,
    WARNING,
    Alert,
    AlertKind,
    Deadline,
    Reason,
    breach,
    guards,
    holds,
    in_time,
    promised,
)
from domain.clock import Clock

Moment = tuple[int, Clock | None]
"""A recorded instant, and the clock as folded from then on: None where the fold has lost it."""

Life = Sequence[Moment]
"""A clock's moments, the first one its first appearance, each with another look of it."""

Order = tuple[Any, ...]
"""The place of an alert among those of its ticket: when it is decided, step of §6, place in it."""

_IN_TURN, _WITHDRAWN, _LATE, _CLEARED = 1, 2, 3, 4


def told(ticket: str, life: Life, until: int) -> list[tuple[Order, Alert]]:
    """Return the alerts of one clock decided by an instant, in order, each with its place.

    The last moment of its life is not after `until`. Raises OutsideCalendar.
    """
    telling = _Telling(ticket)
    for (since, clock), (end, _) in pairwise((*life, (until + 1, None))):
        telling.follow(clock, since, end)
    return telling.alerts


class _Told:
    """An alert of a deadline that was told, and whether it was cleared."""

    __slots__ = ("alert", "cleared")

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.cleared = False


class _Telling:
    """Decides what is told of one clock."""

    __slots__ = (
        "_clearings",
        "_clock",
        "_deadlines",
        "_standing",
        "_ticket",
        "_withdrawals",
        "alerts",
    )

    _clock: Clock

    def __init__(self, ticket: str) -> None:
        self.alerts: list[tuple[Order, Alert]] = []
        self._ticket = ticket
        # Since when (recorded) the folded history has each deadline. It matters for those that were
        # over when they became known; for the others any instant before them will do.
        self._deadlines: dict[Deadline, int] = {}
        # Told and not withdrawn, in the order in which they were told.
        self._standing: dict[Deadline, _Told] = {}
        self._withdrawals: dict[Deadline, int] = {}
        self._clearings = 0

    def follow(self, clock: Clock | None, now: int, end: int) -> None:
        """Take what was recorded at an instant, and decide up to just before another.

        The steps are those of semantics §6; what is decided by time alone comes after them.
        """
        self._look(clock, now, end)
        if not (self._deadlines or self._standing):
            return
        settle = self._clock.policy.settle
        turns = sorted(
            [deadline for deadline in self._deadlines if now <= deadline.at + settle < end]
        )
        for deadline in turns:
            if deadline.at + settle == now and self._tells(deadline):
                self._tell(deadline, now, _IN_TURN)
        self._withdraw(now)
        self._tell_late(now)
        self._clear(now)
        for deadline in turns:
            turn = deadline.at + settle
            if turn > now and self._tells(deadline):
                self._tell(deadline, turn, _IN_TURN)
                if self._clock.satisfied_at is not None:
                    # It is a breach, and cleared at once.
                    self._clear(turn)

    def _look(self, clock: Clock | None, now: int, end: int) -> None:
        """Find those of the clock's deadlines that come before an instant.

        Only those are worked out that can still tell something, or are held against what was told.
        """
        before = self._deadlines
        self._deadlines = {}
        if clock is None:
            return
        running = clock.satisfied_at is None
        if before:
            same = clock.promises == self._clock.promises
            for deadline, since in before.items():
                if clock.untriaged if deadline.rank == UNTRIAGED else same:
                    self._deadlines[deadline] = since
        elif not running and in_time(clock):
            return
        else:
            same = not self._standing
        self._clock = clock
        self._find(promised(clock) if running or not same else breach(clock), before, now, end)
        if running and clock.triaged_at is None:
            self._find(guards(clock), before, now, end)

    def _find(
        self, found: Iterable[Deadline], before: Mapping[Deadline, int], now: int, end: int
    ) -> None:
        for deadline in found:
            if deadline.at >= end:
                return
            self._deadlines[deadline] = before.get(deadline, now)

    def _tells(self, deadline: Deadline) -> bool:
        """Tell whether a deadline becomes an alert now that its turn has come (semantics §6)."""
        clock = self._clock
        if deadline in self._standing or not holds(clock, deadline):
            return False
        if deadline.rank == BREACH:
            return True
        if clock.satisfied_at is not None or deadline.at < self._deadlines[deadline]:
            return False
        return deadline.rank != UNTRIAGED or clock.triaged_at is None

    def _withdraw(self, now: int) -> None:
        ended = [
            deadline
            for deadline in self._standing
            if deadline not in self._deadlines or not holds(self._clock, deadline)
        ]
        for deadline in sorted(ended):
            alert = self._standing.pop(deadline).alert
            self._withdrawals[deadline] = self._withdrawals.get(deadline, 0) + 1
            self._append(
                _WITHDRAWN,
                deadline,
                now,
                identifier.of_withdrawal(alert.id),
                "withdrawn",
                (alert.id,),
                "disproved" if deadline in self._deadlines else "superseded",
                alert.turn,
            )

    def _tell_late(self, now: int) -> None:
        """Tell what the new facts made a deadline when its turn was already over."""
        clock = self._clock
        settle = clock.policy.settle
        late = [
            deadline
            for deadline in self._deadlines
            if deadline.rank == BREACH
            and deadline.at + settle < now
            and deadline not in self._standing
            and holds(clock, deadline)
        ]
        if clock.satisfied_at is None and clock.due_at is not None and clock.due_at > now:
            late += self._late_warning(now)
        for deadline in late:
            self._tell(deadline, now, _LATE)

    def _late_warning(self, now: int) -> list[Deadline]:
        """Return the highest warning that is over and new, unless it or a higher one stands."""
        new = [
            deadline
            for deadline, since in self._deadlines.items()
            if deadline.rank == WARNING and deadline.at < now and since == now
        ]
        if not new:
            return []
        highest = max(new, key=lambda deadline: deadline.size)
        stand = [other.size for other in self._standing if other.rank == WARNING]
        return [] if max(stand, default=0) >= highest.size else [highest]

    def _clear(self, now: int) -> None:
        """Tell that the alerts of an answered clock, or the guards of a triaged one, are over."""
        clock = self._clock
        answered = clock.satisfied_at
        over = clock.triaged_at if answered is None else answered
        if over is None:
            return
        ended = [
            told
            for deadline, told in self._standing.items()
            if not told.cleared and (answered is not None or deadline.rank == UNTRIAGED)
        ]
        if not ended:
            return
        for told in ended:
            told.cleared = True
        alert_id = identifier.of_clearing(
            self._ticket, clock.name, clock.started_by, over, self._clearings
        )
        refers = tuple([told.alert.id for told in ended])
        turn = max([told.alert.turn for told in ended])
        self._append(_CLEARED, None, now, alert_id, "cleared", refers, None, turn)
        self._clearings += 1

    def _tell(self, deadline: Deadline, now: int, step: int) -> None:
        clock = self._clock
        alert_id = identifier.of_alert(
            self._ticket,
            clock.name,
            clock.started_by,
            deadline.kind,
            deadline.step,
            deadline.at,
            self._withdrawals.get(deadline, 0),
        )
        turn = deadline.at + clock.policy.settle
        alert = self._append(step, deadline, now, alert_id, deadline.kind, (), None, turn)
        self._standing[deadline] = _Told(alert)

    def _append(
        self,
        step: int,
        deadline: Deadline | None,
        now: int,
        alert_id: str,
        kind: AlertKind,
        refers: tuple[str, ...],
        reason: Reason | None,
        turn: int,
    ) -> Alert:
        clock = self._clock
        # What the constructor does, in a third of the time.
        alert = tuple.__new__(
            Alert,
            (
                alert_id,
                kind,
                self._ticket,
                clock.name,
                clock.instance,
                clock.started_by,
                None if deadline is None else deadline.step,
                None if deadline is None else deadline.at,
                clock.due_at,
                now,
                refers,
                reason,
                turn,
            ),
        )
        start = (clock.started_at, clock.started_version)
        # In its turn by the deadline first, else by the clock's start (semantics §6).
        place = (deadline, start) if step == _IN_TURN else (start, deadline)
        self.alerts.append(((now, step, *place), alert))
        return alert
