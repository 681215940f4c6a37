"""The people who bring a made-up desk to life: they read its log, and do what is next.

Nothing of what they mean to do is kept: whoever begins again reads the log and makes new plans, so
a crowd that was killed goes on with the next one. Tickets that anybody else has touched, by opening
or by answering them, are left to him.
"""

from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple, assert_never

from domain import identifier
from domain.clock import fold as clocks_of
from domain.event import Opened, RecordedEvent
from domain.instant import HOUR, MINUTE, SECOND
from domain.policy import Policy
from domain.refusal import LifecycleRefusal
from domain.ticket import Ticket, fold
from infra.desk import Desk
from infra.doors.living.scene import AIMS, Scene, aimed, answered_at
from infra.doors.living.staff import Staff, Turn, made_up
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.problem import Problem
from infra.store.log import Clock, EventLog

_READ = 1_000


class Pace(NamedTuple):
    """How long something takes: at least, typically, and at most."""

    shortest: int
    typical: int
    longest: int


ARRIVAL = Pace(20 * SECOND, 80 * SECOND, 4 * MINUTE)
SCENE = Pace(2 * MINUTE, 3 * MINUTE, 6 * MINUTE)
TRIAGE = Pace(15 * SECOND, MINUTE, 4 * MINUTE)
ANSWER = Pace(40 * SECOND, 6 * MINUTE, HOUR)
BACKLOG = Pace(MINUTE, 40 * MINUTE, 5 * HOUR)
"""What lay there when the crowd came: it is worked off in its own time."""
REPLY = Pace(MINUTE, 8 * MINUTE, 90 * MINUTE)
SILENCE = Pace(30 * MINUTE, HOUR, 4 * HOUR)
VERIFICATION = Pace(2 * MINUTE, 15 * MINUTE, 2 * HOUR)
LATE = Pace(2 * MINUTE, 6 * MINUTE, 40 * MINUTE)

FORGOTTEN, REPLIES, REOPENED, VERIFIED = 0.12, 0.85, 0.07, 0.5

Act = Callable[[int], None]
Say = Callable[[Ticket, Policy], Turn]


class Crowd:
    """Made-up customers, agents and a specialist at one log."""

    def __init__(self, log: EventLog, clock: Clock, seed: str) -> None:
        """Come to a log; `seed` decides all that is left to chance, and must not come again."""
        self._log = log
        self._clock = clock
        self._seed = seed
        self._desk = Desk(log, clock)
        self._chance = Chance(f"lhuta living {seed}")
        self._staff = Staff(self._chance)
        self._commands = 0
        self._position = 0
        self._planned: list[tuple[int, int, Act]] = []
        self._plans = 0
        # The version of each ticket that a plan was made for: a later one has its own.
        self._versions: dict[str, int] = {}
        # The last ticket of every customer, by plan.
        self._customers: dict[str, dict[str, str]] = {}
        self._matters: dict[str, Problem] = {}
        self._answers: dict[str, int] = {}
        self._came = False

    def step(self) -> bool:
        """Do what is next if its time has come; return False when nothing is to be done yet.

        Raises StoreError and Contended.
        """
        now = self._clock()
        self._read()
        if not self._came:
            self._came = True
            for scene in AIMS:
                self._plan(now, partial(self._play, scene))
            self._later(ARRIVAL, self._ask)
            self._later(SCENE, self._play_any)
        if not self._planned or self._planned[0][0] > now:
            return False
        heappop(self._planned)[2](now)
        return True

    def _plan(self, at: int, act: Act) -> None:
        self._plans += 1
        heappush(self._planned, (at, self._plans, act))

    def _later(self, pace: Pace, act: Act) -> None:
        self._plan(self._clock() + self._chance.around(*pace), act)

    def _read(self) -> None:
        changed: dict[str, None] = {}
        while batch := self._log.read(self._position, _READ):
            changed.update((stored.recorded.ticket, None) for stored in batch)
            self._position = batch[-1].position
        for ticket in changed:
            self._look_at(self._log.ticket(ticket))

    def _look_at(self, history: Sequence[RecordedEvent]) -> None:
        """Plan what comes next of a ticket."""
        ticket = history[0].ticket
        self._versions[ticket] = len(history)
        if not made_up(history):
            return
        opened = fold(history).opened
        if opened is not None and isinstance(opened.event, Opened):
            told = opened.event
            self._customers.setdefault(told.plan, {})[told.customer_id] = ticket
        planned = self._next(history)
        if planned is not None:
            at, say = planned
            self._plan(at, partial(self._go_on, ticket, len(history), say))

    def _next(self, history: Sequence[RecordedEvent]) -> tuple[int, Say] | None:
        """Return when somebody says something about a ticket next, and what."""
        now, chance = self._clock(), self._chance
        ticket = fold(history)
        match ticket.standing.stage:
            case "untriaged":
                return now + chance.around(*TRIAGE), self._triage
            case "triaged" if ticket.standing.awaiting == "support":
                return self._answered_at(history), self._staff.answer
            case "triaged":
                if chance.happens(REPLIES):
                    return now + chance.around(*REPLY), self._staff.reply
                return now + chance.around(*SILENCE), self._staff.give_up
            case "resolved" if self._came:
                draw = chance.random()
                if draw < REOPENED:
                    return now + chance.around(*VERIFICATION), self._staff.reopen
                if draw < REOPENED + VERIFIED:
                    return now + chance.around(*VERIFICATION), self._staff.verify
                return None
            case "resolved" | "verified":
                return None
            case _ as unknown:
                assert_never(unknown)

    def _answered_at(self, history: Sequence[RecordedEvent]) -> int:
        """Return when support answers: in good time, but now and then somebody forgets it."""
        now, chance = self._clock(), self._chance
        meant = self._answers.pop(history[0].ticket, None)
        if meant is not None:
            return meant
        ordered = sorted(history, key=lambda recorded: (recorded.occurred_at, recorded.version))
        due = clocks_of(ordered, self._log.policies()).clocks[-1].due_at
        at = now + chance.around(*(ANSWER if self._came else BACKLOG))
        if due is None or due < now + 2 * MINUTE:
            return at
        if chance.happens(FORGOTTEN):
            return due + chance.around(*LATE)
        return min(at, due - MINUTE)

    def _go_on(self, ticket: str, version: int, say: Say, now: int) -> None:
        """Carry out what was planned for a ticket, unless somebody was faster."""
        if self._versions[ticket] != version:
            return
        told = fold(self._log.ticket(ticket, words=True))
        try:
            self._give(say(told, self._log.policies().in_force(now)), told.history)
        except LifecycleRefusal:
            # Somebody closed the ticket between the look and the command: it is his now.
            return

    def _give(self, turn: Turn, because_of: Sequence[RecordedEvent] = ()) -> str:
        """Give a command and return its ticket."""
        self._commands += 1
        return self._desk.handle(
            turn.command,
            command_id=identifier.of("living", self._seed, str(self._commands)),
            actor=turn.actor,
            correlation_id=because_of[0].correlation_id if because_of else None,
            causation_id=because_of[-1].event_id if because_of else None,
        ).ticket

    def _ask(self, now: int) -> None:
        """Let a customer ask for something."""
        self._later(ARRIVAL, self._ask)
        policy = self._log.policies().in_force(now)
        matter = self._staff.matter(policy)
        former = self._former(self._chance.pick(tuple(policy.plans)))
        if former is not None:
            ticket = self._give(self._staff.request(former, matter, policy, None))
            self._matters[ticket] = matter

    def _play_any(self, now: int) -> None:
        self._later(SCENE, self._play_any)
        self._play(self._chance.pick(tuple(AIMS)), now)

    def _play(self, scene: Scene, now: int) -> None:
        """Write a call down whose deadline is about to come."""
        policy = self._log.policies().in_force(now)
        aims = [aim for aim in aimed(policy, scene, now) if self._customers.get(aim.plan)]
        if not aims:
            return
        aim = self._chance.pick(aims)
        former = self._former(aim.plan)
        assert former is not None
        matter = self._staff.matter(policy, aim.severity)
        ticket = self._give(self._staff.request(former, matter, policy, aim.received_at))
        self._answers[ticket] = answered_at(policy, scene, aim, now)
        self._give(self._staff.triage(ticket, matter, policy), self._log.ticket(ticket))

    def _former(self, plan: str) -> Ticket | None:
        """Return the last ticket of some customer with a plan."""
        customers = self._customers.get(plan)
        if not customers:
            return None
        return fold(self._log.ticket(self._chance.pick(tuple(customers.values())), words=True))

    def _triage(self, ticket: Ticket, policy: Policy) -> Turn:
        told = ticket.history[0].ticket
        matter = self._matters.pop(told, None) or self._staff.matter(policy)
        return self._staff.triage(told, matter, policy)
