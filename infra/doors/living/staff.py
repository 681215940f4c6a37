"""What made-up staff and customers say next about a ticket, as the log tells it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.command import Command, Open, Reply, Triage, Verify
from domain.event import AgentResponded, Opened, RecordedEvent, Resolved, WorkaroundFound
from domain.policy import Policy
from domain.ticket import Ticket
from infra.doors.simulate.agent import Agent
from infra.doors.simulate.case import Case, Step
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.people import Customer
from infra.doors.simulate.phrasebook import Phrasebook, Phrases
from infra.doors.simulate.problem import Problem, Problems, supported_topics
from infra.doors.simulate.texts import LANGUAGES, About, Writer
from infra.doors.simulate.theme import GENERAL, gravity

_MADE_UP = re.compile(r"customer:C-\d{4,}|agent:[AS]-\d+|system:monitoring", re.ASCII)
_CZECH = re.compile("[ěščřžýáíéúůďťňó]", re.IGNORECASE)

AGENTS = tuple(f"agent:A-{number:03d}" for number in range(1, 7))
SPECIALIST = "agent:S-01"

FIRST: tuple[tuple[Step, int], ...] = (
    ("acknowledge", 35),
    ("ask", 25),
    ("workaround", 15),
    ("resolve", 25),
)
LATER: tuple[tuple[Step, int], ...] = (
    ("update", 25),
    ("ask", 10),
    ("workaround", 20),
    ("resolve", 45),
)


class Turn(NamedTuple):
    """A command, and who gives it."""

    command: Command
    actor: str


def made_up(history: Sequence[RecordedEvent]) -> bool:
    """Tell whether only made-up people have had to do with a ticket so far."""
    return all(_MADE_UP.fullmatch(recorded.actor) for recorded in history)


class Staff:
    """The people of the desk and its customers, without a memory: the log has it."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._writers: Mapping[str, Writer] = {
            language: Writer(language, chance) for language in LANGUAGES
        }
        self._agent = Agent(self._writers, chance)

    def matter(self, policy: Policy, severity: int | None = None) -> Problem:
        """Think up what is the matter with a request; a severity that is named is supported."""
        if severity is None:
            return Problems(policy, self._chance).draw()
        levels = tuple(sorted(policy.severities))
        topic = self._chance.pick(supported_topics(policy) or list(policy.topics))
        return Problem(severity, topic, GENERAL[gravity(severity, levels)], False)

    def request(
        self, former: Ticket, matter: Problem, policy: Policy, called_at: int | None
    ) -> Turn:
        """Let the customer of a former ticket ask for something else, or call at an instant."""
        case = self._case(former, policy, matter)
        words = self._writers[case.customer.language].request(case.about)
        channel = self._chance.pick(("email", "email", "web")) if called_at is None else "phone"
        return Turn(
            Open(
                ticket="",
                customer_id=case.customer.id,
                plan=case.customer.plan,
                channel=channel,
                environment=case.customer.environment,
                occurred_at=called_at,
                **words._asdict(),
            ),
            f"customer:{case.customer.id}" if called_at is None else self._chance.pick(AGENTS),
        )

    def triage(self, ticket: str, matter: Problem, policy: Policy) -> Turn:
        """Let the specialist say how grave it is."""
        impacts = policy.severities[matter.severity].impacts
        hinted = matter.theme.impact
        impact = hinted if hinted in impacts else self._chance.pick(impacts)
        return Turn(Triage(ticket, matter.severity, impact, matter.topic), SPECIALIST)

    def answer(self, ticket: Ticket, policy: Policy) -> Turn:
        """Let an agent do the next step."""
        answered = any(
            isinstance(recorded.event, AgentResponded | WorkaroundFound | Resolved)
            for recorded in ticket.history
        )
        steps = LATER if answered else FIRST
        step = self._chance.weighted([name for name, _ in steps], [often for _, often in steps])
        return self._step(ticket, step, policy)

    def give_up(self, ticket: Ticket, policy: Policy) -> Turn:
        """Let an agent close what the customer says nothing more about."""
        return self._step(ticket, "give-up", policy)

    def reply(self, ticket: Ticket, policy: Policy) -> Turn:
        """Let the customer answer."""
        book = self._book(ticket)
        after_workaround = isinstance(ticket.history[-1].event, WorkaroundFound)
        return self._reply(
            ticket, book.replies_after_workaround if after_workaround else book.replies, policy
        )

    def reopen(self, ticket: Ticket, policy: Policy) -> Turn:
        """Let the customer find that the problem is there again."""
        return self._reply(ticket, self._book(ticket).reopenings, policy)

    def verify(self, ticket: Ticket, policy: Policy) -> Turn:
        """Let the customer confirm that the problem is gone."""
        case = self._case(ticket, policy)
        writer = self._writers[case.customer.language]
        evidence = writer.note(writer.book.confirmations, case.about)
        return Turn(Verify(case.id, "customer-confirmed", evidence), f"customer:{case.customer.id}")

    def _step(self, ticket: Ticket, step: Step, policy: Policy) -> Turn:
        command, _ = self._agent.command(self._case(ticket, policy), step, policy, None)
        return Turn(command, self._chance.pick(AGENTS))

    def _reply(self, ticket: Ticket, phrases: Phrases, policy: Policy) -> Turn:
        case = self._case(ticket, policy)
        message = self._writers[case.customer.language].from_customer(phrases, case.about)
        return Turn(Reply(case.id, message), f"customer:{case.customer.id}")

    def _book(self, ticket: Ticket) -> Phrasebook:
        return self._writers[_language(ticket)].book

    def _case(self, ticket: Ticket, policy: Policy, matter: Problem | None = None) -> Case:
        """Return a ticket as the simulated desk sees it; what it is about is told in general."""
        opened = ticket.opened
        assert opened is not None
        assert isinstance(opened.event, Opened)
        triage = ticket.triage
        if matter is None:
            severity = max(policy.severities) if triage is None else triage.severity
            matter = self.matter(policy, severity)
            if triage is not None and triage.topic in policy.topics:
                matter = matter._replace(topic=triage.topic)
            number = int(opened.event_id[:8], 16)
        else:
            number = self._chance.number()
        event = opened.event
        return Case(
            id=opened.ticket,
            customer=Customer(
                0, event.customer_id, event.plan, _language(ticket), event.environment
            ),
            team=0,
            about=About(matter.theme, policy.topics[matter.topic].title, number, None),
            topic=matter.topic,
            severity=matter.severity,
            lifted=False,
            steps=[],
            owed_since=None,
            correlation_id=None,
            last_event_id=None,
            ticket=ticket,
        )


def _language(ticket: Ticket) -> str:
    """Return the language in which the customer wrote: Czech is known by its letters."""
    assert ticket.opened is not None
    return "cs" if _CZECH.search(" ".join(ticket.opened.words.values())) else "en"
