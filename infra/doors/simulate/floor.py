"""The floor: who is there, which case is taken next, and how long it takes."""

from collections.abc import Callable, Sequence
from functools import partial

from domain.hours import Interval
from domain.instant import HOUR, MINUTE, SECOND
from domain.policy import ClockName, Policy, Target
from infra.doors.simulate.agent import work
from infra.doors.simulate.case import Case
from infra.doors.simulate.setting import Setting
from infra.doors.simulate.team import CAN_WAIT, Team

Finished = Callable[[Case, str, int], None]
"""What is called with the case, the actor and the instant when hands are done with a case."""

TRIAGED_LATE = 0.04
LEAST_WORK = 3 * MINUTE


class Floor:
    """Hands cases to the agents of their team and to its specialist."""

    __slots__ = ("_finished", "_opening", "_opening_holds_until", "_setting", "_teams")

    def __init__(
        self, setting: Setting, teams: Sequence[Team], start: int, finished: Finished
    ) -> None:
        self._setting = setting
        self._finished = finished
        self._teams = teams
        self._opening = Interval(0, 0)
        self._opening_holds_until = 0
        for number, shift in enumerate(setting.office.shifts(start, setting.end)):
            setting.agenda.plan(shift.start, partial(self._begin_shift, number))
            setting.agenda.plan(shift.end, partial(self._end_shift, number))

    def team_of(self, customer: int) -> int:
        """Return the number of the team that a customer belongs to."""
        return customer % len(self._teams)

    def anybody(self, case: Case) -> str:
        """Return the actor of an agent who is there."""
        return f"agent:{self._teams[case.team].anybody(self._setting.chance)}"

    def specialist(self, case: Case) -> str:
        """Return the actor of the specialist who is responsible."""
        return f"agent:{self._teams[case.team].specialist}"

    def triaged_at(self, case: Case, now: int) -> int:
        """Return when the specialist will have triaged a new request.

        One after the other while the office is open; at night only what cannot wait for it.
        """
        chance, office = self._setting.chance, self._setting.office
        opening = self._opening_at(now)
        if opening.start > now and self._due(case, now)[0] < opening.start + CAN_WAIT:
            return now + chance.around(3 * MINUTE, 12 * MINUTE, 45 * MINUTE)
        team = self._teams[case.team]
        took = chance.around(MINUTE, 4 * MINUTE, 15 * MINUTE)
        done = office.after(max(now, team.specialist_free_at), took)
        team.specialist_free_at = done
        if chance.happens(TRIAGED_LATE):
            return office.after(done, chance.around(30 * MINUTE, 90 * MINUTE, 6 * HOUR))
        return done

    def queue(self, case: Case, now: int) -> None:
        """Put a case in the queue, or in its new place there; leave it be if it is in work."""
        if case.place == "taken":
            return
        due, around_the_clock = self._due(case, now)
        policy = self._setting.policies.in_force(now)
        # No job may be longer than an opening, or nobody would ever begin it.
        takes = min(work(case.steps[-1], self._setting.chance), policy.business_day // 2)
        team = self._teams[case.team]
        team.put(case, due, takes, around_the_clock=around_the_clock)
        self._dispatch(team, now)

    def _dispatch(self, team: Team, now: int) -> None:
        chance = self._setting.chance
        opening = self._opening_at(now)
        while (taken := team.take(now, opening)) is not None:
            job, agent = taken
            left = max(job.due - now, 0)
            # The closer the deadline, the shorter the answer; and a pager is faster then, too.
            takes = max(min(job.work, left // 2), LEAST_WORK) if left else job.work
            if opening.start > now:
                takes += min(
                    chance.around(3 * MINUTE, 12 * MINUTE, 45 * MINUTE), max(left // 4, MINUTE)
                )
            done = now + takes - takes % SECOND
            self._setting.agenda.plan(done, partial(self._finish, team, job.case, agent))

    def _finish(self, team: Team, case: Case, agent: str, now: int) -> None:
        team.release(agent)
        self._finished(case, f"agent:{agent}", now)
        self._dispatch(team, now)

    def _begin_shift(self, number: int, now: int) -> None:
        for team in self._teams:
            team.be_on_shift(number, self._setting.chance)
            self._dispatch(team, now)

    def _end_shift(self, number: int, now: int) -> None:
        for team in self._teams:
            team.be_on_call(number)
            self._dispatch(team, now)

    def _opening_at(self, now: int) -> Interval:
        """Return the opening that lasts now or comes next; asked far too often to look it up."""
        if now >= self._opening_holds_until:
            self._opening = opening = self._setting.office.opening(now)
            self._opening_holds_until = opening.end if opening.start <= now else opening.start
        return self._opening

    def _due(self, case: Case, now: int) -> tuple[int, bool]:
        """Return when an answer is due, and whether its time also runs at night.

        Where nothing is promised the desk means to answer in a day and a half of the office.
        """
        policy = self._setting.policies.in_force(now)
        since = now if case.owed_since is None else case.owed_since
        target = target_of(case, policy, since)
        plan = policy.plans[case.customer.plan]
        if target is None:
            return self._setting.office.after(since, policy.business_day * 3 // 2), False
        other_hours = self._setting.office.keeps_other_hours(plan)
        return plan.hours.due(since, *target), other_hours or target.off_hours is not None


def target_of(case: Case, policy: Policy, since: int) -> Target | None:
    """Return the target that the desk has before its eyes, before triage the most urgent one."""
    triage, plan = case.ticket.triage, case.customer.plan
    clock: ClockName = "ongoing" if case.answered else "initial"
    if triage is None:
        return policy.untriaged_target(plan, clock, since)
    return policy.target(plan, triage.severity, triage.supported, clock)
