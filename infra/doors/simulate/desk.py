"""A support desk at work: requests arrive, and the desk takes them on."""

from collections.abc import Iterator
from functools import partial

from domain.command import Open
from domain.event import RecordedEvent
from domain.instant import MINUTE, SECOND
from domain.policy import Policies, Policy
from infra.doors.simulate.agenda import Agenda
from infra.doors.simulate.arrivals import Arrival, arrivals, slots
from infra.doors.simulate.case import Case
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.course import Course
from infra.doors.simulate.journal import Journal
from infra.doors.simulate.office import Office
from infra.doors.simulate.people import People
from infra.doors.simulate.problem import Problems
from infra.doors.simulate.setting import Setting
from infra.doors.simulate.staff import hire
from infra.doors.simulate.texts import LANGUAGES, About, Writer
from infra.doors.simulate.theme import gravity

CHANNELS = ("email", "web", "phone", "api")
CHANNEL_WEIGHTS = (62, 20, 13, 5)

ANSWERED_ON_THE_PHONE = 0.5
FOLLOWS_ANOTHER = 0.02


class Desk:
    """The whole desk, from the first arrival to the end of the range."""

    __slots__ = ("_arrivals", "_course", "_opened", "_people", "_problems", "_setting", "_writers")

    def __init__(self, tickets: int, seed: str, start: int, end: int, policies: Policies) -> None:
        policy = policies.in_force(start)
        chance = Chance(f"lhuta simulate {seed}")
        office = Office(policy)
        self._setting = Setting(policies, office, chance, Agenda(end), Journal(seed, policies), end)
        self._people = People(tickets, policy, chance)
        self._writers = {language: Writer(language, chance) for language in LANGUAGES}
        cut = slots(start, end, policy, office)
        self._arrivals = arrivals(tickets, cut, tuple(policy.plans), chance)
        self._course = Course(self._setting, hire(tickets, cut, office), self._writers, start)
        self._problems: dict[str, Problems] = {}
        self._opened = 0
        self._expect_arrival()

    def run(self) -> Iterator[RecordedEvent]:
        """Yield every event in the order in which the log would have it."""
        for _ in self._setting.agenda.run():
            yield from self._setting.journal.taken()

    def _expect_arrival(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is not None:
            self._setting.agenda.plan(arrival.at, partial(self._arrive, arrival))

    def _arrive(self, arrival: Arrival, now: int) -> None:
        chance = self._setting.chance
        channel = chance.weighted(CHANNELS, CHANNEL_WEIGHTS)
        if channel == "phone":
            later = now + chance.around(2 * MINUTE, 9 * MINUTE, 90 * MINUTE)
            latest = max(now, self._setting.end - SECOND)
            self._setting.agenda.plan(
                min(later, latest), partial(self._open, arrival, channel, now)
            )
        else:
            self._open(arrival, channel, None, now)
        self._expect_arrival()

    def _open(self, arrival: Arrival, channel: str, called_at: int | None, now: int) -> None:
        case = self._new_case(arrival, now if called_at is None else called_at, now)
        chance, about = self._setting.chance, case.about
        request = self._writers[case.customer.language].request(about)
        environment = self._people.environment(case.customer, old_android=about.theme.old_android)
        command = Open(
            ticket=case.id,
            customer_id=case.customer.id,
            plan=case.customer.plan,
            channel=channel,
            subject=request.subject,
            body=request.body,
            recent_changes=request.recent_changes,
            workarounds_tried=request.workarounds_tried,
            steps_taken=request.steps_taken,
            environment=environment,
            follows=about.follows,
            occurred_at=called_at,
        )
        self._setting.journal.give(case, command, now, self._opener(case, channel))
        if called_at is not None and chance.happens(ANSWERED_ON_THE_PHONE):
            answered_at = called_at + chance.around(MINUTE, 4 * MINUTE, 15 * MINUTE)
            self._course.answer_call(case, min(answered_at, now), now)
        levels = tuple(sorted(self._setting.policies.in_force(now).severities))
        self._course.begin(case, gravity(case.severity, levels), now)

    def _new_case(self, arrival: Arrival, owed_since: int, now: int) -> Case:
        chance = self._setting.chance
        policy = self._setting.policies.in_force(now)
        matter = self._problems_of(policy).draw()
        former = None
        if self._course.verified and chance.happens(FOLLOWS_ANOTHER):
            former = self._course.verified.popleft()
        customer = self._people.caller(arrival.plan) if former is None else former.customer
        self._opened += 1
        return Case(
            id=f"T-{self._opened}",
            customer=customer,
            team=self._course.floor.team_of(customer.number),
            about=About(
                theme=matter.theme,
                topic=policy.topics[matter.topic].title,
                number=chance.number(),
                follows=None if former is None else former.id,
            ),
            topic=matter.topic,
            severity=matter.severity,
            lifted=matter.lifted,
            steps=[],
            owed_since=owed_since,
            correlation_id=None if former is None else former.correlation_id,
            last_event_id=None if former is None else former.last_event_id,
        )

    def _problems_of(self, policy: Policy) -> Problems:
        if policy.label not in self._problems:
            self._problems[policy.label] = Problems(policy, self._setting.chance)
        return self._problems[policy.label]

    def _opener(self, case: Case, channel: str) -> str:
        match channel:
            case "phone":
                return self._course.floor.anybody(case)
            case "api":
                return "system:monitoring"
            case _:
                return f"customer:{case.customer.id}"
