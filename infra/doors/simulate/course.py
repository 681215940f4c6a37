"""The course of a case: triage, answers, and what the customer does about them."""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

from domain.command import Reply, Respond, Triage, Verify
from domain.event import Awaiting, WorkaroundFound
from domain.instant import HOUR, MINUTE, SECOND
from domain.policy import Policy, Target
from infra.doors.simulate.agent import AGAIN, SCRIPTS, Agent
from infra.doors.simulate.case import Case, Step
from infra.doors.simulate.floor import Floor, target_of
from infra.doors.simulate.phrasebook import Phrasebook, Phrases
from infra.doors.simulate.setting import Setting
from infra.doors.simulate.specialist import Specialist
from infra.doors.simulate.team import Team
from infra.doors.simulate.texts import Writer
from infra.doors.simulate.theme import Gravity

# How often happens what does not happen always.
ANSWERED_BEFORE_TRIAGE = 0.04
BY_PHONE = 0.06
FORGOTTEN = 0.13
CUSTOMER_ANSWERS = 0.88
GETS_WORSE = 0.04
LOWERED_BY_WORKAROUND = 0.35
REOPENED, VERIFIED = 0.07, 0.5
COURTESY = 0.06
CHASED: Mapping[Gravity, float] = {0: 0.3, 1: 0.2, 2: 0.06, 3: 0.03}

METHODS = ("customer-confirmed", "retest", "monitoring", "other")
METHOD_WEIGHTS = (60, 25, 10, 5)

REMEMBERED = 40
"""How many verified tickets may still get a follow-up."""


class Course:
    """Moves cases on, from their opening until nothing more will happen to them."""

    __slots__ = ("_agent", "_setting", "_specialist", "_writers", "floor", "verified")

    def __init__(
        self,
        setting: Setting,
        teams: Sequence[Team],
        writers: Mapping[str, Writer],
        start: int,
    ) -> None:
        self._setting = setting
        self._writers = writers
        self._specialist = Specialist(writers, setting.chance)
        self._agent = Agent(writers, setting.chance)
        self.floor = Floor(setting, teams, start, self._finished)
        self.verified: deque[Case] = deque(maxlen=REMEMBERED)

    def begin(self, case: Case, grave: Gravity, now: int) -> None:
        """Let a case that was just opened take its course."""
        setting = self._setting
        chance, agenda, office = setting.chance, setting.agenda, setting.office
        case.steps = self._agent.script(SCRIPTS[grave])
        agenda.plan(self.floor.triaged_at(case, now), partial(self._triage, case))
        if not case.answered and chance.happens(ANSWERED_BEFORE_TRIAGE):
            self.floor.queue(case, now)
        if chance.happens(CHASED[grave]):
            if grave < 2:
                later = now + chance.around(30 * MINUTE, 2 * HOUR, 10 * HOUR)
            else:
                later = office.after(now, chance.around(4 * HOUR, 10 * HOUR, 30 * HOUR))
            agenda.plan(later, partial(self._chase, case))
        if grave > 0 and chance.happens(GETS_WORSE):
            later = office.after(now, chance.around(HOUR, 6 * HOUR, 20 * HOUR))
            agenda.plan(later, partial(self._worsen, case))

    def answer_call(self, case: Case, called_at: int, now: int) -> None:
        """Record what the customer was told on the phone, together with the request itself."""
        writer = self._writers[case.customer.language]
        told = writer.after_call(
            self._setting.chance.pick(writer.book.acknowledgements), case.about
        )
        actor = self.floor.anybody(case)
        self._setting.journal.give(case, Respond(case.id, "support", told, called_at), now, actor)
        self._answered(case, called_at, "support", now)

    def _triage(self, case: Case, now: int) -> None:
        policy = self._setting.policies.in_force(now)
        self._give_triage(case, self._specialist.first(case, policy), now)
        if not self._specialist.is_right(case, policy):
            later = self._setting.chance.around(20 * MINUTE, 3 * HOUR, 16 * HOUR)
            self._setting.agenda.plan(
                self._setting.office.after(now, later), partial(self._correct, case)
            )
        if case.place == "queued" or not (case.answered or self._setting.chance.happens(FORGOTTEN)):
            self.floor.queue(case, now)
        elif not case.answered and case.owed_since is not None:
            later = self._forgotten_until(case, case.owed_since, now)
            self._setting.agenda.plan(later, partial(self._resume, case, case.turn))

    def _correct(self, case: Case, now: int) -> None:
        policy = self._setting.policies.in_force(now)
        before = case.ticket.triage
        if case.closed or before is None or self._specialist.is_right(case, policy):
            return
        self._give_triage(case, self._specialist.corrected(case, policy), now)
        # What became graver cannot wait for the time that was promised before.
        if case.place == "queued" or (
            case.owed_since is not None and case.severity < before.severity
        ):
            self.floor.queue(case, now)

    def _give_triage(self, case: Case, triage: Triage, now: int) -> None:
        self._setting.journal.give(case, triage, now, self.floor.specialist(case))

    def _worsen(self, case: Case, now: int) -> None:
        """Let the customer report that it got worse, and the specialist see it."""
        policy = self._setting.policies.in_force(now)
        graver = [level for level in policy.severities if level < case.severity]
        if case.closed or case.ticket.triage is None or not graver:
            return
        case.severity = max(graver)
        self._reply(case, self._book(case).worse, now)
        later = self._setting.chance.around(4 * MINUTE, 12 * MINUTE, 50 * MINUTE)
        self._setting.agenda.plan(
            self._setting.office.after(now, later), partial(self._correct, case)
        )

    def _finished(self, case: Case, actor: str, now: int) -> None:
        """Answer at the end of the work, or call and write that down later."""
        step: Step = case.steps[-1]
        if case.ticket.triage is None and step in ("workaround", "resolve", "give-up"):
            step = "acknowledge"
        else:
            case.steps.pop()
        if self._setting.chance.happens(BY_PHONE):
            later = self._written_down(now)
            self._setting.agenda.plan(later, partial(self._answer, case, actor, step, now))
        else:
            self._answer(case, actor, step, None, now)

    def _written_down(self, called_at: int) -> int:
        """Return when a call is written down: soon after it, or else on the next day."""
        setting = self._setting
        later = called_at + setting.chance.around(5 * MINUTE, 30 * MINUTE, 30 * HOUR)
        opening = setting.office.opening(later)
        if opening.start > later:
            later = opening.start + setting.chance.around(MINUTE, 20 * MINUTE, 2 * HOUR)
        latest = called_at + setting.policies.in_force(called_at).max_backdate
        return min(later, latest)

    def _answer(self, case: Case, actor: str, step: Step, called_at: int | None, now: int) -> None:
        policy = self._setting.policies.in_force(now)
        command, awaiting = self._agent.command(case, step, policy, called_at)
        self._setting.journal.give(case, command, now, actor)
        if step == "workaround" and self._setting.chance.happens(LOWERED_BY_WORKAROUND):
            self._lower(case, policy, now)
        self._answered(case, now if called_at is None else called_at, awaiting, now)

    def _lower(self, case: Case, policy: Policy, now: int) -> None:
        """Let the specialist see that the workaround took the edge off the problem."""
        milder = [level for level in policy.severities if level > case.severity]
        if milder:
            case.severity = min(milder)
            later = self._setting.chance.around(3 * MINUTE, 20 * MINUTE, 3 * HOUR)
            self._setting.agenda.plan(
                self._setting.office.after(now, later), partial(self._correct, case)
            )

    def _answered(self, case: Case, at: int, awaiting: Awaiting | None, now: int) -> None:
        """Plan what follows an answer that was given at `at` and recorded now."""
        case.answer(at, awaiting)
        turn = case.move("idle")
        if not case.steps:
            case.steps.append("resolve")
        if case.closed:
            self._end(case, turn, now)
        elif awaiting == "support":
            self._setting.agenda.plan(
                self._resumed_at(case, at, now), partial(self._resume, case, turn)
            )
        elif case.ticket.standing.awaiting == "support":
            # The customer wrote before the call was written down, so it goes on.
            case.owed_since = now
            self.floor.queue(case, now)
        elif self._setting.chance.happens(CUSTOMER_ANSWERS):
            replies = self._book(case).replies
            if isinstance(case.ticket.history[-1].event, WorkaroundFound):
                replies = self._book(case).replies_after_workaround
            self._setting.agenda.plan(
                self._replied_at(case, now), partial(self._reply, case, replies)
            )
        else:
            days = 3 * self._setting.policies.in_force(now).business_day
            self._setting.agenda.plan(
                self._setting.office.after(now, days), partial(self._give_up, case, turn)
            )

    def _resumed_at(self, case: Case, at: int, now: int) -> int:
        """Return when the desk means to come back, in good time unless somebody forgets."""
        chance = self._setting.chance
        if chance.happens(FORGOTTEN):
            return self._forgotten_until(case, at, now)
        return self._part_way(case, at, 200 + chance.below(600), now)

    def _forgotten_until(self, case: Case, since: int, now: int) -> int:
        """Return when somebody notices that a customer still waits: often too late."""
        return self._part_way(case, since, 850 + self._setting.chance.below(1000), now)

    def _part_way(self, case: Case, since: int, thousandths: int, now: int) -> int:
        """Return when so much of the target will have passed, or some time where there is none."""
        setting = self._setting
        policy = setting.policies.in_force(now)
        target = target_of(case, policy, since)
        if target is None:
            return setting.office.after(now, setting.chance.around(HOUR, 6 * HOUR, 20 * HOUR))
        business, off_hours = target
        part = Target(
            None if business is None else business * thousandths // 1000,
            None if off_hours is None else off_hours * thousandths // 1000,
        )
        later = policy.plans[case.customer.plan].hours.due(since, *part)
        return max(later - later % SECOND, now + SECOND)

    def _resume(self, case: Case, turn: int, now: int) -> None:
        if case.turn == turn:
            self.floor.queue(case, now)

    def _give_up(self, case: Case, turn: int, now: int) -> None:
        if case.turn == turn:
            case.silent = True
            case.steps.append("give-up")
            self.floor.queue(case, now)

    def _replied_at(self, case: Case, now: int) -> int:
        chance = self._setting.chance
        if case.about.theme.gravity in (0, 1):
            return now + chance.around(3 * MINUTE, 20 * MINUTE, 6 * HOUR)
        return self._setting.office.after(now, chance.around(5 * MINUTE, 3 * HOUR, 20 * HOUR))

    def _chase(self, case: Case, now: int) -> None:
        if case.owed_since is not None:
            self._reply(case, self._book(case).chases, now)

    def _reply(self, case: Case, phrases: Phrases, now: int) -> None:
        """Let the customer write, or call somebody who writes it down later."""
        if case.closed:
            return
        writer = self._writers[case.customer.language]
        if self._setting.chance.happens(BY_PHONE):
            told = writer.after_call(self._setting.chance.pick(phrases), case.about)
            later = self._written_down(now)
            self._setting.agenda.plan(later, partial(self._replied, case, told, now))
        else:
            self._replied(case, writer.from_customer(phrases, case.about), None, now)

    def _replied(self, case: Case, message: str, called_at: int | None, now: int) -> None:
        if case.ticket.standing.stage == "verified":
            # Nobody writes a call down for a ticket that was verified in the meantime.
            return
        actor = f"customer:{case.customer.id}" if called_at is None else self.floor.anybody(case)
        self._setting.journal.give(case, Reply(case.id, message, called_at), now, actor)
        if case.closed:
            return
        case.silent = False
        if case.owed_since is None:
            case.owed_since = now if called_at is None else called_at
        if not case.steps:
            case.steps.append("resolve")
        # An untriaged request is taken up with its triage, whatever else the customer says.
        if case.ticket.triage is not None:
            self.floor.queue(case, now)

    def _end(self, case: Case, turn: int, now: int) -> None:
        """Plan what comes after a resolution: the problem again, its confirmation, or nothing."""
        setting = self._setting
        draw = setting.chance.random()
        if draw < REOPENED:
            later = setting.chance.around(20 * MINUTE, 5 * HOUR, 30 * HOUR)
            setting.agenda.plan(setting.office.after(now, later), partial(self._reopen, case, turn))
        elif draw < REOPENED + VERIFIED and not case.silent:
            later = setting.chance.around(15 * MINUTE, 7 * HOUR, 50 * HOUR)
            setting.agenda.plan(setting.office.after(now, later), partial(self._verify, case, turn))
        elif draw > 1 - COURTESY:
            self._plan_courtesy(case, turn, now)

    def _reopen(self, case: Case, turn: int, now: int) -> None:
        if case.turn != turn:
            return
        writer = self._writers[case.customer.language]
        message = writer.from_customer(writer.book.reopenings, case.about)
        case.steps = self._agent.script(AGAIN)
        self._replied(case, message, None, now)

    def _verify(self, case: Case, turn: int, now: int) -> None:
        if case.turn != turn:
            return
        book, about = self._book(case), case.about
        writer = self._writers[case.customer.language]
        method = self._setting.chance.weighted(METHODS, METHOD_WEIGHTS)
        match method:
            case "customer-confirmed":
                evidence, actor = book.confirmations, f"customer:{case.customer.id}"
            case "retest":
                evidence, actor = book.retests, self.floor.specialist(case)
            case "monitoring":
                evidence, actor = book.watched, "system:monitoring"
            case _:
                evidence, actor = book.other_evidence, self.floor.specialist(case)
        verify = Verify(case.id, method, writer.note(evidence, about))
        self._setting.journal.give(case, verify, now, actor)
        self.verified.append(case)
        if self._setting.chance.happens(COURTESY):
            self._plan_courtesy(case, turn, now)

    def _plan_courtesy(self, case: Case, turn: int, now: int) -> None:
        later = self._setting.chance.around(5 * MINUTE, HOUR, 9 * HOUR)
        self._setting.agenda.plan(
            self._setting.office.after(now, later), partial(self._be_courteous, case, turn)
        )

    def _be_courteous(self, case: Case, turn: int, now: int) -> None:
        if case.turn != turn:
            return
        writer = self._writers[case.customer.language]
        told = writer.from_agent(self._setting.chance.pick(writer.book.courtesies), case.about)
        actor = self.floor.anybody(case)
        self._setting.journal.give(case, Respond(case.id, "customer", told), now, actor)

    def _book(self, case: Case) -> Phrasebook:
        return self._writers[case.customer.language].book
