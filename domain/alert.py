"""What subscribers are told, and when: decided from the log alone (semantics §5, §6).

A `Watch` follows one ticket. It is told what was recorded (`record`, all events of one recorded
instant together) and how far time has come (`advance`, a watermark), and answers with the alerts
that follow. However the same history is cut into calls, the alerts are the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

from domain import identifier
from domain.clock import Clock, Folded, Folding
from domain.event import RecordedEvent, story_order
from domain.policy import WHOLE, ClockName, Policies, Policy, Step, Target

DeadlineKind = Literal["warning", "breach", "overdue", "untriaged"]
AlertKind = Literal["warning", "breach", "overdue", "untriaged", "cleared", "withdrawn"]
Reason = Literal["disproved", "superseded"]
ClockKey = tuple[ClockName, str]
"""A clock's identity inside its ticket: its name and the id of the event that started it."""

_OCCURRED_AT = attrgetter("occurred_at")
_RECORDED_AT = attrgetter("recorded_at")
_ARRIVAL = attrgetter("recorded_at", "version")

# The order of the kinds in one step (semantics §6, the table).
_KINDS: tuple[DeadlineKind, ...] = ("warning", "breach", "overdue", "untriaged")
WARNING, BREACH, OVERDUE, UNTRIAGED = range(4)
# No deadline: all of a clock's are found out when the first of them may come.
_FIRST = -1


class Alert(NamedTuple):
    """One thing told, as the contract writes it (contracts, `lhuta alerts`).

    `deadline`, `due_at` and `decided_at` are instants in microseconds; `refers` names the alerts
    that this one ends.
    """

    id: str
    kind: AlertKind
    ticket: str
    clock: ClockName
    instance: int
    started_by: str
    step: str | None
    deadline: int | None
    due_at: int | None
    decided_at: int
    refers: tuple[str, ...]
    reason: Reason | None


class Deadline(NamedTuple):
    """An instant at which a clock has something to tell unless it was answered (semantics §6).

    Deadlines compare in the order of one step: by instant, kind in the order of the table, step.
    `step` is the number as the policy writes it, `size` its value (zero for a breach).
    """

    at: int
    rank: int
    size: float
    step: str | None

    @property
    def kind(self) -> DeadlineKind:
        """Return the kind that its alert has."""
        return _KINDS[self.rank]


# What the constructors of these named tuples do, in a third of the time.
_deadline: Callable[[tuple[int, int, float, str | None]], Deadline] = partial(
    tuple.__new__, Deadline
)


def deadlines(clock: Clock) -> list[Deadline]:
    """Return every deadline that the folded history has for a clock (semantics §6, the table)."""
    guards = _guards(clock) if clock.untriaged else []
    told = sorted([*_around(clock), *breach(clock)], key=lambda deadline: deadline.rank)
    return [*told, *guards]


def breach(clock: Clock) -> list[Deadline]:
    """Return the deadline at a clock's due time, nothing where it has none."""
    due_at = clock.due_at
    return [] if due_at is None else [_deadline((due_at, BREACH, 0.0, None))]


def _around(clock: Clock) -> list[Deadline]:
    """Return the warnings before the due time, and the times at which it is overdue."""
    promise = clock.promises[-1] if clock.promises else None
    if promise is None or promise.target is None:
        return []
    assert promise.due_at is not None
    assert promise.budget is not None
    due = clock.hours.due
    policy = clock.policy
    return [
        _deadline((due(promise.anchor, business, off_hours), WARNING, size, text))
        for text, size, business, off_hours in _portions(promise.budget, policy.warning_steps)
    ] + [
        _deadline((due(promise.due_at, business, off_hours), OVERDUE, size, text))
        for text, size, business, off_hours in _portions(promise.target, policy.overdue_steps)
    ]


def _guards(clock: Clock) -> list[Deadline]:
    """Return the guards that a clock has if it started before the first severity."""
    policy, start = clock.policy, clock.started_at
    urgent = policy.untriaged_target(clock.plan, clock.name, start)
    if urgent is None:
        return []
    due = clock.hours.due
    return [
        _deadline((due(start, business, off_hours), UNTRIAGED, size, text))
        for text, size, business, off_hours in _portions(urgent, (*policy.warning_steps, WHOLE))
    ]


def in_time(clock: Clock) -> bool:
    """Tell whether a clock was answered in time: if nothing was told of it, nothing will be."""
    satisfied_at, due_at = clock.satisfied_at, clock.due_at
    return satisfied_at is not None and (due_at is None or satisfied_at <= due_at)


def _first(clock: Clock) -> int | None:
    """Return the instant of the first deadline of which a clock may tell, None without any.

    Nothing was told of the clock before: so once it is answered, only a breach is left.
    """
    if in_time(clock):
        return None
    if clock.satisfied_at is not None:
        return clock.due_at
    if clock.promises:
        promise = clock.promises[-1]
        anchor, budget = promise.anchor, promise.budget
    else:
        anchor = clock.started_at
        budget = clock.policy.untriaged_target(clock.plan, clock.name, anchor)
    return None if budget is None else clock.hours.due(anchor, *first_part(clock.policy, budget))


@lru_cache(1024)
def first_part(policy: Policy, budget: Target) -> Target:
    """Return the part of a budget after which its first deadline comes; a policy has few."""
    return budget.part((*policy.warning_steps, WHOLE)[0].value)


@lru_cache(1024)
def _portions(
    target: Target, steps: tuple[Step, ...]
) -> tuple[tuple[str, float, int | None, int | None], ...]:
    """Return the text, size and budgets of each step of a target; a policy has few of them."""
    return tuple((text, float(share), *target.part(share)) for text, share in steps)


def holds(clock: Clock, deadline: Deadline) -> bool:
    """Tell whether a clock that has the deadline was not answered in time for it."""
    if clock.satisfied_at is not None and clock.satisfied_at <= deadline.at:
        return False
    return not (
        deadline.rank == UNTRIAGED
        and clock.triaged_at is not None
        and clock.triaged_at <= deadline.at
    )


class _Told:
    """An alert of a deadline that was told, and what became of it."""

    __slots__ = ("alert", "cleared")

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.cleared = False


class _Watched:
    """What a watch knows of one clock identity, also after the clock is gone from the fold."""

    __slots__ = (
        "clearings",
        "clock",
        "deadlines",
        "first",
        "guards",
        "key",
        "placed",
        "standing",
        "withdrawals",
    )

    def __init__(self, clock: Clock) -> None:
        self.key: ClockKey = (clock.name, clock.started_by)
        self.clock = clock
        # A triage that is learnt of late may take a clock's guards away, never give it new ones;
        # and those of a clock that was triaged when it became known have nothing to tell.
        guarded = clock.untriaged and clock.triaged_at is None
        self.guards: Sequence[Deadline] | None = None if guarded else ()
        # False as long as the fold does not have the clock.
        self.placed = False
        # Most clocks are answered before the first of their deadlines: until it comes, only its
        # instant is known. None once all of them are worked out, or where there is none.
        self.first: int | None = None
        # Since when (recorded) the folded history has each deadline.
        self.deadlines: dict[Deadline, int] = {}
        # Told and not withdrawn, in the order in which they were told.
        self.standing: dict[Deadline, _Told] = {}
        self.withdrawals: dict[Deadline, int] = {}
        self.clearings = 0

    def all_deadlines(self) -> Iterator[Deadline]:
        """Yield those that can still tell something, or are held against what was told."""
        clock = self.clock
        if clock.satisfied_at is None or self.standing:
            yield from _around(clock)
        yield from breach(clock)
        if clock.untriaged and (clock.triaged_at is None or self.standing):
            if self.guards is None:
                self.guards = _guards(clock)
            yield from self.guards


_START = attrgetter("clock.started_at", "clock.started_version")
"""Returns the key of the order of watched clocks."""


class Watch:
    """The alerts of one ticket, from what was recorded and how far time has come."""

    __slots__ = (
        "_clocks",
        "_folded_to",
        "_folding",
        "_history",
        "_policies",
        "_ticket",
        "_turns",
        "alerts",
    )

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._ticket = ""
        self._history: list[RecordedEvent] = []
        self._folding = Folding(policies)
        self._folded_to: int | None = None
        self._clocks: dict[ClockKey, _Watched] = {}
        # Deadlines whose turn is to come, the next one first: (D + settle, deadline, clock).
        self._turns: list[tuple[int, Deadline, ClockKey]] = []
        self.alerts: list[Alert] = []

    @property
    def story(self) -> Sequence[RecordedEvent]:
        """Return everything recorded so far, in story order."""
        return self._history

    @property
    def folded(self) -> Folded:
        """Return the fold of everything recorded so far."""
        return self._folding.folded

    def record(self, events: Sequence[RecordedEvent]) -> None:
        """Take the ticket's events of one recorded instant, by their versions (semantics §5)."""
        now = events[0].recorded_at
        self._ticket = events[0].ticket
        self._decide_until(now - 1)
        self._follow(now, anew=self._fold(events))

    def begin(self, story: Sequence[RecordedEvent], folding: Folding) -> None:
        """Take the first events, all of one recorded instant, in story order and folded already."""
        self._ticket = story[0].ticket
        self._history.extend(story)
        self._folding = folding
        self._folded_to = story[-1].occurred_at
        self._follow(story[0].recorded_at, anew=False)

    def _follow(self, now: int, *, anew: bool) -> None:
        """Bring what is told to the new fold; `anew` says that it may have lost clocks."""
        changed = self._refresh(now)
        if anew:
            changed = sorted([*changed, *self._vanished()], key=_START)
        in_turn = self._take_turns(now)
        if not changed and not in_turn:
            return
        self._withdraw(changed, now)
        self._tell_late(changed, now)
        if in_turn:
            changed = sorted({*changed, *in_turn}, key=_START)
        for watched in changed:
            self._clear(watched, now)

    def advance(self, watermark: int) -> None:
        """Decide what is due by a watermark: everything with D + settle up to it."""
        self._decide_until(watermark)

    @property
    def next_turn(self) -> int | None:
        """Return the next instant at which time alone decides something, None if none is left.

        It may come to nothing: an answered clock keeps its deadlines.
        """
        return self._turns[0][0] if self._turns else None

    def _decide_until(self, last: int) -> None:
        while self._turns and self._turns[0][0] <= last:
            turn = self._turns[0][0]
            for watched in self._take_turns(turn):
                # A breach told of a clock that is answered by now is cleared at once.
                self._clear(watched, turn)

    def _take_turns(self, turn: int) -> list[_Watched]:
        """Decide the deadlines whose turn is this very instant; return the clocks that told."""
        told: list[_Watched] = []
        while self._turns and self._turns[0][0] == turn:
            _, deadline, key = heappop(self._turns)
            watched = self._clocks[key]
            if deadline.rank == _FIRST:
                if watched.first == deadline.at:
                    self._work_out(watched, deadline.at)
            elif self._tells(watched, deadline):
                self._tell(watched, deadline, turn)
                told.append(watched)
        return told

    @staticmethod
    def _tells(watched: _Watched, deadline: Deadline) -> bool:
        """Tell whether a deadline becomes an alert now that its turn has come (semantics §6)."""
        made_at = watched.deadlines.get(deadline)
        clock = watched.clock
        if made_at is None or deadline in watched.standing or not holds(clock, deadline):
            return False
        if deadline.rank == BREACH:
            return True
        if clock.satisfied_at is not None or deadline.at < made_at:
            return False
        return deadline.rank != UNTRIAGED or clock.triaged_at is None

    def _fold(self, events: Sequence[RecordedEvent]) -> bool:
        """Fold what was recorded; tell whether everything was folded anew for it."""
        # Sorting leaves those of one instant in the order of their versions, in which they come.
        in_order = sorted(events, key=_OCCURRED_AT) if len(events) > 1 else events
        self._history.extend(in_order)
        # A late fact: the one order of events is not that of their arrival (semantics §2). What
        # happened at the same instant comes in that order by its version.
        late = self._folded_to is not None and in_order[0].occurred_at < self._folded_to
        if late:
            self._history.sort(key=story_order)
            self._folding = Folding(self._policies)
            in_order = self._history
        for recorded in in_order:
            self._folding.apply(recorded)
        self._folded_to = in_order[-1].occurred_at
        return late

    def _refresh(self, now: int) -> list[_Watched]:
        """Bring the watched clocks to the new fold; return those that differ, by their start.

        One whose first deadline is still to come has nothing to tell, and is left out.
        """
        clocks = self._folding.clocks
        touched_from = self._folding.touched_from
        self._folding.touched_from = len(clocks)
        changed: list[_Watched] = []
        for clock in clocks[touched_from:]:
            watched = self._clocks.get((clock.name, clock.started_by))
            if watched is None:
                if in_time(clock):
                    continue
                watched = _Watched(clock)
                self._clocks[watched.key] = watched
            elif watched.placed and watched.clock == clock:
                continue
            self._schedule(watched, clock, now)
            if watched.deadlines or watched.standing:
                changed.append(watched)
        if len(changed) > 1:
            changed.sort(key=_START)
        return changed

    def _vanished(self) -> Iterator[_Watched]:
        """Yield the watched clocks that the fold no longer has."""
        present = {(clock.name, clock.started_by) for clock in self._folding.clocks}
        for key, watched in self._clocks.items():
            if watched.placed and key not in present:
                watched.placed = False
                watched.first = None
                watched.deadlines = {}
                yield watched

    def _schedule(self, watched: _Watched, clock: Clock, now: int) -> None:
        if watched.placed and watched.clock.promises is clock.promises:
            watched.clock = clock
            if watched.first is not None and in_time(clock):
                watched.first = None
            return
        if watched.first is not None and watched.first < now:
            # It settles: what the clock still has of it is not new.
            self._work_out(watched, watched.first)
        watched.clock = clock
        watched.placed = True
        first = None if watched.standing else _first(clock)
        if watched.standing or (first is not None and first < now):
            self._work_out(watched, now)
            return
        watched.deadlines = {}
        watched.first = first
        if first is not None:
            turn = first + clock.policy.settle
            heappush(self._turns, (turn, _deadline((first, _FIRST, 0.0, None)), watched.key))

    def _work_out(self, watched: _Watched, since: int) -> None:
        """Work out the deadlines that the folded history has, the new ones since an instant.

        For those of which none was over when they became known, any instant before them will do.
        """
        before = watched.deadlines
        settle = watched.clock.policy.settle
        watched.first = None
        watched.deadlines = {}
        for deadline in watched.all_deadlines():
            made_at = before.get(deadline)
            if made_at is None:
                made_at = since
                if deadline.at + settle >= since:
                    heappush(self._turns, (deadline.at + settle, deadline, watched.key))
            watched.deadlines[deadline] = made_at

    def _withdraw(self, changed: Sequence[_Watched], now: int) -> None:
        for watched in changed:
            if not watched.standing:
                continue
            ended = [
                deadline
                for deadline in watched.standing
                if deadline not in watched.deadlines or not holds(watched.clock, deadline)
            ]
            for deadline in sorted(ended):
                told = watched.standing.pop(deadline)
                watched.withdrawals[deadline] = watched.withdrawals.get(deadline, 0) + 1
                self._append(
                    watched.clock,
                    identifier.of_withdrawal(told.alert.id),
                    "withdrawn",
                    told.alert.step,
                    deadline.at,
                    now,
                    (told.alert.id,),
                    "disproved" if deadline in watched.deadlines else "superseded",
                )

    def _tell_late(self, changed: Sequence[_Watched], now: int) -> None:
        """Tell what the new facts made a deadline when its turn was already over."""
        for watched in changed:
            for deadline in sorted(self._late(watched, now)):
                self._tell(watched, deadline, now)

    @staticmethod
    def _late(watched: _Watched, now: int) -> Iterator[Deadline]:
        clock = watched.clock
        highest: Deadline | None = None
        for deadline, made_at in watched.deadlines.items():
            if deadline.rank == BREACH:
                if (
                    deadline.at + clock.policy.settle < now
                    and deadline not in watched.standing
                    and holds(clock, deadline)
                ):
                    yield deadline
            elif (
                deadline.rank == WARNING
                and made_at == now
                and deadline.at < now
                and (highest is None or deadline.size > highest.size)
            ):
                highest = deadline
        if highest is None or clock.satisfied_at is not None:
            return
        if clock.due_at is None or clock.due_at <= now:
            return
        told = (other.size for other in watched.standing if other.rank == WARNING)
        if all(size < highest.size for size in told):
            yield highest

    def _clear(self, watched: _Watched, now: int) -> None:
        """Tell that the alerts of an answered clock, or the guard of a triaged one, are over."""
        clock = watched.clock
        if not watched.standing:
            return
        over = clock.satisfied_at if clock.satisfied_at is not None else clock.triaged_at
        if over is None:
            return
        ended = [
            told
            for deadline, told in watched.standing.items()
            if not told.cleared and (clock.satisfied_at is not None or deadline.rank == UNTRIAGED)
        ]
        if not ended:
            return
        for told in ended:
            told.cleared = True
        alert_id = identifier.of_clearing(
            self._ticket, clock.name, clock.started_by, over, watched.clearings
        )
        refers = tuple([told.alert.id for told in ended])
        self._append(clock, alert_id, "cleared", None, None, now, refers, None)
        watched.clearings += 1

    def _tell(self, watched: _Watched, deadline: Deadline, now: int) -> None:
        clock = watched.clock
        alert_id = identifier.of_alert(
            self._ticket,
            clock.name,
            clock.started_by,
            deadline.kind,
            deadline.step,
            deadline.at,
            watched.withdrawals.get(deadline, 0),
        )
        alert = self._append(
            clock, alert_id, deadline.kind, deadline.step, deadline.at, now, (), None
        )
        watched.standing[deadline] = _Told(alert)

    def _append(
        self,
        clock: Clock,
        alert_id: str,
        kind: AlertKind,
        step: str | None,
        deadline: int | None,
        now: int,
        refers: tuple[str, ...],
        reason: Reason | None,
    ) -> Alert:
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
                step,
                deadline,
                clock.due_at,
                now,
                refers,
                reason,
            ),
        )
        self.alerts.append(alert)
        return alert


def watched(history: Sequence[RecordedEvent], policies: Policies) -> Watch:
    """Return a watch of one ticket that has taken its whole history.

    It comes in the order of versions, in which it was recorded.
    """
    watch = Watch(policies)
    for _, group in groupby(history, key=_RECORDED_AT):
        watch.record(list(group))
    return watch


def alerts(history: Iterable[RecordedEvent], policies: Policies, until: int) -> list[Alert]:
    """Return every alert of a ticket decided by `until`, in the order of semantics §6."""
    known = (event for event in history if event.recorded_at <= until)
    watch = watched(sorted(known, key=_ARRIVAL), policies)
    watch.advance(until)
    return watch.alerts
