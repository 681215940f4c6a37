"""The clocks and the alerts of a history, as contracts.md prints them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .deadlines import Deadline, deadlines, holds
from .fold import Clock, Ticket, fold
from .history import CloudEvent, Event, read_tickets, written
from .policy import Policy

NAMESPACE = uuid5(NAMESPACE_URL, "urn:lhuta")
Json = dict[str, Any]


def clocks(
    events: Iterable[CloudEvent],
    policy: Policy,
    as_of: int | None = None,
    at: int | None = None,
) -> list[Json]:
    """Judge every ticket: what was recorded by `as_of`, at the instant `at`.

    Instants are microseconds since the epoch. Without `as_of` everything known is used; without
    `at` the instant is `as_of` (semantics §4, "Two times").
    """
    tickets = read_tickets(events)
    known_by = _latest(tickets) if as_of is None else as_of
    judged_at = known_by if at is None else at
    answer = []
    for name, story in tickets.items():
        known = [e for e in story if e.recorded <= known_by and e.occurred <= judged_at]
        if known:
            ticket = fold(known, policy)
            answer.append(
                {
                    "ticket": name,
                    "status": ticket.status,
                    "severity": ticket.severity,
                    "clocks": [_clock(clock, judged_at, policy) for clock in ticket.clocks],
                }
            )
    return answer


def _latest(tickets: dict[str, list[Event]]) -> int:
    return max((event.recorded for story in tickets.values() for event in story), default=0)


def _clock(clock: Clock, at: int, policy: Policy) -> Json:
    until = at if clock.satisfied_at is None else clock.satisfied_at
    business, off_hours = policy.time.elapsed(clock.start, until)
    verdict = _verdict(clock, at)
    return {
        "clock": clock.name,
        "instance": clock.instance,
        "started_at": written(clock.start),
        "due_at": _written_or_null(clock.due_at),
        "satisfied_at": _written_or_null(clock.satisfied_at),
        "verdict": verdict,
        "breached_at": _written_or_null(clock.due_at) if verdict == "breached" else None,
        "business_seconds": _seconds(business),
        "off_hours_seconds": _seconds(off_hours),
    }


def _verdict(clock: Clock, at: int) -> str:
    if clock.due_at is None:
        return "no-target"
    if clock.satisfied_at is not None and clock.satisfied_at <= clock.due_at:
        return "met"
    return "breached" if clock.due_at < at else "running"


def _written_or_null(at: int | None) -> str | None:
    return None if at is None else written(at)


def _seconds(microseconds: int) -> int | float:
    whole, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else whole


def alerts(events: Iterable[CloudEvent], policy: Policy, as_of: int | None = None) -> list[Json]:
    """Decide everything up to `as_of`, tickets merged by `decided_at`, then ticket id."""
    tickets = read_tickets(events)
    until = _latest(tickets) if as_of is None else as_of
    told = [
        (alert.decided_at, name, alert.json)
        for name, story in tickets.items()
        for alert in _Watch(name, policy).decide(story, until)
    ]
    return [json for _, _, json in sorted(told, key=lambda entry: entry[:2])]


@dataclass
class _Alert:
    json: Json
    decided_at: int
    clock: tuple[str, str]
    deadline: Deadline | None = None
    cleared: bool = False
    withdrawn: bool = False

    @property
    def kind(self) -> str:
        return str(self.json["kind"])


class _Watch:
    """Watch one ticket through everything that is recorded of it (semantics §5 and §6)."""

    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self.policy = policy
        self.told: list[_Alert] = []
        self.ticket: Ticket
        self.present: set[Deadline] = set()
        self.made: dict[Deadline, int] = {}
        self.last_seen: dict[tuple[str, str], Clock] = {}
        self.applied: int

    def decide(self, story: list[Event], until: int) -> list[_Alert]:
        """Return the ticket's alerts decided up to an instant, in their order."""
        known: list[Event] = []
        for recorded in sorted({e.recorded for e in story if e.recorded <= until}):
            self._decide_turns(recorded - 1)
            known += [event for event in story if event.recorded == recorded]
            self._apply(known, recorded)
            self._tell_in_turn(recorded)
            self._withdraw(recorded)
            self._tell_late(recorded)
            self._clear(recorded)
        self._decide_turns(until)
        return self.told

    def _apply(self, known: list[Event], recorded: int) -> None:
        self.applied = recorded
        self.ticket = fold(known, self.policy)
        self.present = deadlines(self.ticket, self.policy)
        self.made = {deadline: self.made.get(deadline, recorded) for deadline in self.present}
        for clock in self.ticket.clocks:
            self.last_seen[clock.identity] = clock

    def _decide_turns(self, until: int) -> None:
        turns = {deadline.at + self.policy.settle for deadline in self.present}
        for turn in sorted(turn for turn in turns if self.applied < turn <= until):
            self._tell_in_turn(turn)
            self._clear(turn)

    def _tell_in_turn(self, now: int) -> None:
        turn = [d for d in self.present if d.at + self.policy.settle == now]
        for deadline in sorted(turn, key=lambda d: d.order):
            if self._holds(deadline) and self._tells(deadline):
                self._tell(deadline, now)

    def _tells(self, deadline: Deadline) -> bool:
        if deadline.kind == "breach":
            return True
        if self.last_seen[deadline.clock].satisfied_at is not None:
            return False
        if deadline.kind == "untriaged" and self.ticket.triaged_at is not None:
            return False
        return deadline.at >= self.made[deadline]

    def _withdraw(self, now: int) -> None:
        gone = [
            (self._start_of(alert), alert.deadline.order, alert, alert.deadline)
            for alert in self.told
            if alert.deadline and not alert.withdrawn and not self._holds(alert.deadline)
        ]
        for _, _, alert, deadline in sorted(gone, key=lambda entry: entry[:2]):
            alert.withdrawn = True
            self._add(
                f"withdrawn/{alert.json['id']}",
                "withdrawn",
                now,
                self.last_seen[alert.clock],
                deadline=deadline,
                refers=[alert],
                reason="disproved" if deadline in self.present else "superseded",
            )

    def _tell_late(self, now: int) -> None:
        late = [
            d
            for d in self.present
            if d.kind == "breach"
            and d.at + self.policy.settle < now
            and self._holds(d)
            and not self._stands(d)
        ]
        running = self.ticket.running
        if running is not None and running.due_at is not None and running.due_at > now:
            late += self._late_warning(running, now)
        for deadline in sorted(late, key=lambda d: (self.last_seen[d.clock].start, d.order)):
            self._tell(deadline, now)

    def _late_warning(self, clock: Clock, now: int) -> list[Deadline]:
        warnings = [d for d in self.present if d.clock == clock.identity and d.kind == "warning"]
        made_now = [d for d in warnings if d.at < now and self.made[d] == now]
        if not made_now:
            return []
        highest = max(made_now, key=lambda d: Fraction(d.step))
        standing = [d for d in warnings if Fraction(d.step) >= Fraction(highest.step)]
        return [] if any(self._stands(d) for d in standing) else [highest]

    def _clear(self, now: int) -> None:
        for clock in sorted(self.ticket.clocks, key=lambda clock: clock.start):
            uncleared = [
                alert
                for alert in self.told
                if alert.deadline
                and alert.clock == clock.identity
                and not alert.cleared
                and not alert.withdrawn
            ]
            ended_at = clock.satisfied_at
            if ended_at is None:
                ended_at = self.ticket.triaged_at
                uncleared = [alert for alert in uncleared if alert.kind == "untriaged"]
            if ended_at is None or not uncleared:
                continue
            before = sum(a.kind == "cleared" and a.clock == clock.identity for a in self.told)
            for alert in uncleared:
                alert.cleared = True
            self._add(
                f"cleared/{self.name}/{'/'.join(clock.identity)}/{written(ended_at)}/{before}",
                "cleared",
                now,
                clock,
                refers=uncleared,
            )

    def _holds(self, deadline: Deadline) -> bool:
        return holds(deadline, self.ticket, self.present)

    def _stands(self, deadline: Deadline) -> bool:
        return any(a.deadline == deadline and not a.withdrawn for a in self.told)

    def _start_of(self, alert: _Alert) -> int:
        return self.last_seen[alert.clock].start

    def _tell(self, deadline: Deadline, now: int) -> None:
        assert not self._stands(deadline), "one decision is one alert (semantics §6)"
        before = sum(a.deadline == deadline and a.withdrawn for a in self.told)
        self._add(
            f"alert/{self.name}/{'/'.join(deadline.clock)}/{deadline.kind}/{deadline.step}"
            f"/{written(deadline.at)}/{before}",
            deadline.kind,
            now,
            self.last_seen[deadline.clock],
            deadline=deadline,
            watched=True,
        )

    def _add(
        self,
        name: str,
        kind: str,
        now: int,
        clock: Clock,
        *,
        deadline: Deadline | None = None,
        refers: Iterable[_Alert] = (),
        reason: str | None = None,
        watched: bool = False,
    ) -> None:
        json: Json = {
            "id": str(uuid5(NAMESPACE, name)),
            "kind": kind,
            "ticket": self.name,
            "clock": clock.name,
            "instance": clock.instance,
            "started_by": clock.started_by,
            "step": (deadline.step or None) if deadline else None,
            "deadline": written(deadline.at) if deadline else None,
            "due_at": _written_or_null(clock.due_at),
            "decided_at": written(now),
            "refers": [alert.json["id"] for alert in refers],
            "reason": reason,
        }
        self.told.append(_Alert(json, now, clock.identity, deadline if watched else None))
