"""The way of a command: known, decided, appended, and decided again after a conflict."""

import dataclasses
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given as for_all

from domain import identifier, instant
from domain.command import Command, OfferWorkaround, Open, Reply, Resolve, Respond, Triage, Verify
from domain.event import CustomerReplied, Environment, Opened, RecordedEvent
from domain.policy import Policies, Policy
from domain.refusal import (
    CommandReused,
    FollowedUnknown,
    FollowsItself,
    IdentifierMalformed,
    NotResolved,
    PlanUnknown,
    Refusal,
    TicketExists,
    TicketUnknown,
    TicketVerified,
    WordsUnreadable,
)
from domain.ticket import NOT_OPENED, Decided, Ticket, decide, fold
from infra.desk import (
    ATTEMPTS,
    NAMES,
    UNNAMED,
    ActorMalformed,
    CauseMalformed,
    CommandIdMalformed,
    Contended,
    Desk,
    Request,
    digest_of,
)
from infra.store.log import Outcome
from tests import strategies
from tests.spec.given import POLICY, START, TICKET, record
from tests.spec.memory_log import MemoryLog, Watch

AGENT = "agent:a-1"
OPEN = Open(TICKET, "c-1", "premium", "email", "The board stays empty")
UNNAMED_OPEN = dataclasses.replace(OPEN, ticket=UNNAMED)
TRIAGE = Triage(TICKET, 1, "operations-halted", "defect")
REPLY = Reply(TICKET, "Any news?")
RESPOND = Respond(TICKET, "customer", "Which browser do you use?")
RESOLVE = Resolve(TICKET, "Fixed in 4.2", "defect")
VERIFY = Verify(TICKET, "retest", "The board fills again")


def command_id(number: int) -> str:
    """A UUID for every number."""
    return identifier.of("test", str(number))


class Office:
    """A desk with its log and clock; every command comes a minute after the one before."""

    def __init__(self, policies: Policies | None = None) -> None:
        self.clock = Watch()
        self.log = MemoryLog(self.clock, policies)
        self.desk = Desk(self.log, self.clock)
        self.sent = 0

    def send(self, command: Command, number: int | None = None, **sending: Any) -> Outcome:
        """Send a command, under the id of a number or a new one."""
        self.sent += 1
        self.clock.at += instant.MINUTE
        sending = {"actor": AGENT, **sending}
        return self.desk.handle(
            command, command_id=command_id(self.sent if number is None else number), **sending
        )

    def send_all(self, *commands: Command) -> list[Outcome | Refusal]:
        """Send commands together."""
        self.clock.at += instant.MINUTE
        first = self.sent + 1
        self.sent += len(commands)
        return self.desk.handle_all(
            [
                Request(command, command_id(number), AGENT)
                for number, command in enumerate(commands, start=first)
            ]
        )

    def story(self, ticket: str = TICKET) -> list[RecordedEvent]:
        """Return what the log holds of a ticket."""
        return self.log.tickets.get(ticket, [])


@pytest.fixture
def office() -> Office:
    """An empty desk."""
    return Office()


def outcomes(answers: Iterable[Outcome | Refusal]) -> list[str]:
    """Say of each answer which ticket it went to, or by which rule it was refused."""
    return [one.name if isinstance(one, Refusal) else one.ticket for one in answers]


class TestOneCommand:
    def test_the_decided_event_is_appended_with_who_and_why(self, office: Office) -> None:
        """An event names its actor, its command, what it belongs to and what caused it."""
        outcome = office.send(OPEN, 7, actor="customer:c-1", correlation_id="mail-9")

        assert outcome == Outcome(command_id(7), TICKET, 1, 1, 1, 1, office.clock.at, False)
        assert office.story() == [
            RecordedEvent(
                ticket=TICKET,
                version=1,
                event_id=identifier.of_event(TICKET, command_id(7), 0),
                occurred_at=office.clock.at,
                recorded_at=office.clock.at,
                actor="customer:c-1",
                event=Opened("c-1", "premium", "email"),
                words={"subject": "The board stays empty"},
                command_id=command_id(7),
                correlation_id="mail-9",
            )
        ]

    def test_a_command_begins_a_correlation_unless_it_names_one(self, office: Office) -> None:
        """What belongs to nothing else can be traced by the id of its command."""
        office.send(OPEN, 1)
        office.send(REPLY, 2, correlation_id="call-3", causation_id=command_id(1))

        assert [(e.correlation_id, e.causation_id) for e in office.story()] == [
            (command_id(1), None),
            ("call-3", command_id(1)),
        ]

    def test_a_command_that_says_nothing_new_succeeds_and_is_remembered(
        self, office: Office
    ) -> None:
        """The same triage appends no event, and its outcome is known under its id."""
        office.send(OPEN)
        office.send(TRIAGE)

        outcome = office.send(TRIAGE, 9)

        assert (outcome.first_version, outcome.first_position) == (None, None)
        assert len(office.story()) == 2
        assert office.send(TRIAGE, 9) == outcome._replace(repeated=True)

    def test_the_words_are_read_where_sameness_needs_them(self, office: Office) -> None:
        """The same resolution says nothing; another one, only by its words, is refused."""
        office.send_all(OPEN, TRIAGE, RESOLVE)

        assert office.send(RESOLVE).first_version is None
        with pytest.raises(Refusal) as refused:
            office.send(dataclasses.replace(RESOLVE, resolution="Fixed in 4.3"))
        assert refused.value.name == "AlreadyResolved"

    def test_a_refused_command_leaves_nothing_behind(self, office: Office) -> None:
        """After the cause is removed the same command goes through under the same id."""
        office.send(OPEN)

        with pytest.raises(NotResolved):
            office.send(VERIFY, 5)
        assert len(office.story()) == 1

        office.send_all(TRIAGE, RESOLVE)
        assert office.send(VERIFY, 5).first_version == 4

    def test_a_ticket_nobody_opened_is_refused(self, office: Office) -> None:
        """There is no ticket to go on with."""
        with pytest.raises(TicketUnknown):
            office.send(REPLY)

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"actor": "jana@example.com"}, ActorMalformed),
            ({"actor": "agent:"}, ActorMalformed),
            ({"correlation_id": ""}, CauseMalformed),
            ({"correlation_id": "two words"}, CauseMalformed),
            ({"causation_id": "x" * 129}, CauseMalformed),
        ],
    )
    def test_who_and_why_are_identifiers(
        self, office: Office, changes: dict[str, Any], rule: type[Refusal]
    ) -> None:
        """No address and no blank comes into the log as an actor or a cause."""
        with pytest.raises(rule):
            office.send(OPEN, **changes)
        assert office.log.appended == []

    @pytest.mark.parametrize("identifier", ["", "1", command_id(1).upper(), command_id(1) + "0"])
    def test_a_command_is_known_by_a_uuid(self, office: Office, identifier: str) -> None:
        """Every other id is refused, also the same UUID in another spelling."""
        with pytest.raises(CommandIdMalformed):
            office.desk.handle(OPEN, command_id=identifier, actor=AGENT)

    def test_no_other_stream_is_reached_by_a_ticket_id(self, office: Office) -> None:
        """An id that is none is refused before the log is asked for it."""
        with pytest.raises(IdentifierMalformed):
            office.send(Reply("policy:managry", "Any news?"))
        assert office.log.asked == []


class TestRehearsals:
    def test_a_command_that_would_be_refused_is_refused(self, office: Office) -> None:
        """By the rule that it breaks, before its text is written."""
        with pytest.raises(TicketUnknown):
            office.desk.rehearse(Request(REPLY, command_id(1), AGENT))

    def test_nothing_is_appended_and_no_number_is_given(self, office: Office) -> None:
        """A rehearsed `open` leaves the next number to the next one."""
        office.desk.rehearse(Request(UNNAMED_OPEN, command_id(1), AGENT))

        assert office.log.tickets == {}
        assert office.send(UNNAMED_OPEN).ticket == "T-1"

    def test_a_command_that_is_known_is_not_judged(self, office: Office) -> None:
        """Its text alone tells whether it is the same, and then it has its outcome."""
        office.send(OPEN, 1)

        office.desk.rehearse(Request(OPEN, command_id(1), AGENT))
        office.desk.rehearse(Request(REPLY, command_id(1), AGENT))
        with pytest.raises(TicketExists):
            office.desk.rehearse(Request(OPEN, command_id(2), AGENT))


class TestTheSameCommandAgain:
    def test_it_gets_the_first_outcome_and_appends_nothing(self, office: Office) -> None:
        """Whoever lost the answer may send again, as often as needed."""
        office.send(OPEN)
        first = office.send(REPLY, 5)

        assert office.send(REPLY, 5) == first._replace(repeated=True)
        assert office.send(REPLY, 5) == first._replace(repeated=True)
        assert len(office.story()) == 2

    def test_it_is_known_before_it_is_decided(self, office: Office) -> None:
        """The ticket may be closed since then: the first outcome stands."""
        office.send(OPEN)
        first = office.send(REPLY, 5)
        office.send_all(TRIAGE, RESOLVE, VERIFY)
        before = len(office.log.appended)

        assert office.send(REPLY, 5) == first._replace(repeated=True)
        assert len(office.log.appended) == before

    def test_another_content_under_the_id_is_refused(self, office: Office) -> None:
        """Other words, another ticket, another time or another actor are another command."""
        office.send(OPEN)
        office.send(REPLY, 5)

        for other in (
            dataclasses.replace(REPLY, message="Any news today?"),
            dataclasses.replace(REPLY, ticket="T-2"),
            dataclasses.replace(REPLY, occurred_at=START),
            RESPOND,
        ):
            with pytest.raises(CommandReused):
                office.send(other, 5)
        with pytest.raises(CommandReused):
            office.send(REPLY, 5, actor="agent:a-2")
        assert len(office.story()) == 2

    def test_an_unnamed_ticket_is_opened_once(self, office: Office) -> None:
        """Sent again, the command gets the number that it got first."""
        first = office.send(UNNAMED_OPEN, 5)

        assert office.send(UNNAMED_OPEN, 5) == first._replace(repeated=True)
        assert list(office.log.tickets) == ["T-1"]

    def test_two_senders_at_once_open_one_ticket(self, office: Office) -> None:
        """Also where the second had taken another number when the first was stored."""
        other = Desk(office.log, office.clock)

        def comes_first() -> None:
            office.log.meanwhile = []
            office.send(dataclasses.replace(OPEN, ticket="T-1"))
            other.handle(UNNAMED_OPEN, command_id=command_id(5), actor=AGENT)

        office.log.meanwhile = [comes_first]
        outcome = office.send(UNNAMED_OPEN, 5)

        assert (outcome.ticket, outcome.repeated) == ("T-2", True)
        assert list(office.log.tickets) == ["T-1", "T-2"]


class TestConflicts:
    def test_the_command_is_decided_again_on_the_fresh_history(self, office: Office) -> None:
        """What somebody else did in between is taken into account."""
        office.send_all(OPEN, TRIAGE, RESOLVE)
        office.log.meanwhile = [lambda: office.send(REPLY), lambda: None]

        outcome = office.send(RESOLVE)

        assert outcome.first_version == 5
        assert isinstance(office.story()[3].event, CustomerReplied)

    def test_the_fresh_history_may_refuse_it(self, office: Office) -> None:
        """A reply that comes just after the verification is refused."""
        office.send_all(OPEN, TRIAGE, RESOLVE)
        office.log.meanwhile = [lambda: office.send(VERIFY)]

        with pytest.raises(TicketVerified):
            office.send(REPLY)
        assert len(office.story()) == 4

    def test_others_who_are_always_faster_are_named(self, office: Office) -> None:
        """After a bounded number of attempts the caller learns that nothing was done."""
        office.send(OPEN)
        faster = Desk(office.log, office.clock)
        sent = iter(range(1_000, 10_000))

        def intrude() -> None:
            kept, office.log.meanwhile = office.log.meanwhile, []
            faster.handle(REPLY, command_id=command_id(next(sent)), actor=AGENT)
            office.log.meanwhile = kept

        office.log.meanwhile = [intrude] * ATTEMPTS

        with pytest.raises(Contended, match=f"ticket {TICKET} was changed"):
            office.send(RESPOND, 5)
        assert len(office.story()) == 1 + ATTEMPTS
        assert office.send(RESPOND, 5).first_version == 2 + ATTEMPTS


class TestNumbers:
    def test_tickets_without_a_name_are_numbered(self, office: Office) -> None:
        """The first is T-1, and so on."""
        assert [office.send(UNNAMED_OPEN).ticket for _ in range(3)] == ["T-1", "T-2", "T-3"]

    def test_a_number_that_is_taken_is_passed_over(self, office: Office) -> None:
        """A caller may name a ticket as it likes, also with a number."""
        office.send(dataclasses.replace(OPEN, ticket="T-2"))

        assert [office.send(UNNAMED_OPEN).ticket for _ in range(2)] == ["T-1", "T-3"]

    def test_tickets_that_come_together_share_out_what_is_free(self, office: Office) -> None:
        """Numbers that are taken lie anywhere between those that are given."""
        for taken in (2, 4, 5, 7):
            office.send(dataclasses.replace(OPEN, ticket=f"T-{taken}"))

        answers = office.send_all(*[UNNAMED_OPEN] * 5)

        assert outcomes(answers) == ["T-1", "T-3", "T-6", "T-8", "T-9"]

    def test_a_refused_ticket_takes_no_number(self, office: Office) -> None:
        """The number goes to the next one."""
        with pytest.raises(PlanUnknown):
            office.send(dataclasses.replace(UNNAMED_OPEN, plan="gold"))

        assert office.send(UNNAMED_OPEN).ticket == "T-1"

    def test_a_number_taken_meanwhile_is_passed_over(self, office: Office) -> None:
        """Two desks at once never give the same number."""
        other = Desk(office.log, office.clock)
        office.log.meanwhile = [
            lambda: other.handle(UNNAMED_OPEN, command_id=command_id(99), actor=AGENT)
        ]

        assert office.send(UNNAMED_OPEN).ticket == "T-2"

    def test_a_new_desk_goes_on_after_few_looks(self, office: Office) -> None:
        """The next number of a log of a thousand tickets is found by asking for twenty."""
        office.send_all(*[UNNAMED_OPEN] * 1_000)
        office.log.asked.clear()

        fresh = Desk(office.log, office.clock)
        outcome = fresh.handle(UNNAMED_OPEN, command_id=command_id(2_000), actor=AGENT)

        assert outcome.ticket == "T-1001"
        assert len(office.log.asked) <= 21


class TestFollowUps:
    def test_a_ticket_that_is_there_can_be_followed(self, office: Office) -> None:
        """Whatever became of it."""
        office.send(OPEN)

        office.send(dataclasses.replace(UNNAMED_OPEN, follows=TICKET))

        [event] = office.story("T-2")
        assert isinstance(event.event, Opened)
        assert event.event.follows == TICKET

    @pytest.mark.parametrize("ticket", ["T-1", UNNAMED])
    def test_a_ticket_that_is_not_there_cannot_be_followed(
        self, office: Office, ticket: str
    ) -> None:
        """A mistyped id would link to nothing; no number is lost either."""
        astray = dataclasses.replace(OPEN, ticket=ticket, follows="T-404")

        with pytest.raises(FollowedUnknown, match="no ticket T-404 to follow up; correct the id"):
            office.send(astray)

        assert office.send(UNNAMED_OPEN).ticket == "T-1"

    def test_an_id_that_is_none_is_told_as_such(self, office: Office) -> None:
        """The rules of the command come first."""
        for follows, refusal in (("a b", IdentifierMalformed), (TICKET, FollowsItself)):
            with pytest.raises(refusal):
                office.send(dataclasses.replace(OPEN, follows=follows))


class TestTime:
    def test_a_clock_that_was_set_back_does_not_turn_time_back(self, office: Office) -> None:
        """What the log has is not still to come: its time is the least that now can be."""
        office.send(OPEN)
        opened_at = office.clock.at
        office.clock.at -= instant.HOUR

        outcome = office.send(dataclasses.replace(REPLY, occurred_at=opened_at))

        assert outcome.recorded_at == opened_at + 1
        assert office.story()[1].occurred_at == opened_at

    def test_the_policy_in_force_now_decides(self) -> None:
        """A plan of the next version is unknown until that is in force."""
        changes = START + instant.HOUR
        gold = dataclasses.replace(POLICY.plans["premium"], name="gold")
        later = dataclasses.replace(
            POLICY, version=2, effective_from=changes, plans={**POLICY.plans, "gold": gold}
        )
        office = Office(Policies((POLICY, later)))
        golden = dataclasses.replace(OPEN, plan="gold")

        with pytest.raises(PlanUnknown):
            office.send(golden)
        office.clock.at = changes
        assert office.send(golden).first_version == 1


class TestManyCommands:
    def test_answers_come_in_the_order_of_the_commands(self, office: Office) -> None:
        """A refusal stops no other command."""
        second = dataclasses.replace(OPEN, ticket="T-2")

        answers = office.send_all(OPEN, VERIFY, second, REPLY, Reply("T-2", "Any news?"))

        assert outcomes(answers) == ["T-1", "NotResolved", "T-2", "T-1", "T-2"]
        assert [len(office.story("T-1")), len(office.story("T-2"))] == [2, 2]

    def test_a_ticket_is_told_its_commands_in_order(self, office: Office) -> None:
        """The whole life of a ticket can be sent at once."""
        office.send_all(OPEN, TRIAGE, RESPOND, RESOLVE, VERIFY)

        assert fold(office.story()).status == "verified"

    def test_different_tickets_are_stored_together(self, office: Office) -> None:
        """A hundred tickets of two commands are two appends."""
        opens = [dataclasses.replace(OPEN, ticket=f"X-{number}") for number in range(100)]
        replies = [Reply(f"X-{number}", "Any news?") for number in range(100)]
        both = [command for pair in zip(opens, replies, strict=True) for command in pair]

        answers = office.send_all(*both)

        assert outcomes(answers) == [command.ticket for command in both]
        assert office.log.appended == [100, 100]

    def test_what_follows_an_unnamed_ticket_may_be_meant_for_it(self, office: Office) -> None:
        """As if the commands were sent one by one."""
        again = dataclasses.replace(OPEN, ticket="T-2")

        answers = office.send_all(UNNAMED_OPEN, REPLY, again, UNNAMED_OPEN)

        assert outcomes(answers) == ["T-1", "T-1", "T-2", "T-3"]

    def test_a_follow_up_waits_for_the_ticket_that_it_follows(self, office: Office) -> None:
        """In one file both can be opened, whatever is named; in the other order it is refused."""
        second = dataclasses.replace(OPEN, ticket="X-2", follows=TICKET)
        third = dataclasses.replace(UNNAMED_OPEN, follows="X-2")

        answers = office.send_all(
            dataclasses.replace(second, ticket="X-1"), OPEN, second, third, UNNAMED_OPEN
        )

        assert outcomes(answers) == ["FollowedUnknown", "T-1", "X-2", "T-2", "T-3"]
        [opened] = [event.event for event in office.story("T-2")]
        assert isinstance(opened, Opened)
        assert opened.follows == "X-2"

    def test_an_id_that_comes_twice_is_one_command(self, office: Office) -> None:
        """The second gets the outcome of the first, or is refused if it is another command."""
        office.send(OPEN)
        request = Request(REPLY, command_id(50), AGENT)
        other = Request(RESPOND, command_id(50), AGENT)

        first, second, third = office.desk.handle_all([request, request, other])

        assert isinstance(first, Outcome)
        assert second == first._replace(repeated=True)
        assert isinstance(third, CommandReused)

    def test_a_conflict_of_one_ticket_does_not_disturb_the_others(self, office: Office) -> None:
        """Only the ticket that changed is decided again."""
        second = dataclasses.replace(OPEN, ticket="T-2")
        office.send_all(OPEN, second)
        office.log.appended.clear()
        office.log.meanwhile = [lambda: office.send(REPLY)]

        answers = office.send_all(REPLY, Reply("T-2", "Any news?"))

        assert outcomes(answers) == ["T-1", "T-2"]
        assert [len(office.story("T-1")), len(office.story("T-2"))] == [3, 2]
        assert office.log.appended == [1, 2, 1]

    def test_no_commands_are_no_work(self, office: Office) -> None:
        """An empty list is answered with an empty list."""
        assert office.desk.handle_all([]) == []
        assert office.log.appended == []


class TestDigests:
    def test_the_digest_of_a_command_never_changes(self) -> None:
        """It stands in logs for ever: a program that made others would refuse every repeat."""
        opened = dataclasses.replace(OPEN, environment=Environment(browser="Firefox 148"))

        assert digest_of(opened, AGENT) == sha256(OPEN_CONTENT).digest()
        assert digest_of(TRIAGE, AGENT) == sha256(TRIAGE_CONTENT).digest()

    @pytest.mark.parametrize(
        "command",
        [
            OPEN,
            TRIAGE,
            REPLY,
            RESPOND,
            OfferWorkaround(TICKET, "support", "Reload"),
            RESOLVE,
            VERIFY,
        ],
        ids=lambda command: NAMES[type(command)],
    )
    def test_every_field_counts(self, command: Command) -> None:
        """Whatever a command says differently makes it another command."""
        digests = {digest_of(command, AGENT)}
        for field in dataclasses.fields(command):
            changed = {field.name: something_else(command, field.name)}
            digests.add(digest_of(dataclasses.replace(command, **changed), AGENT))

        assert len(digests) == 1 + len(dataclasses.fields(command))

    def test_what_is_no_text_is_refused_by_name(self, office: Office) -> None:
        """Half a surrogate pair can be compared, and is then refused as unreadable."""
        with pytest.raises(WordsUnreadable):
            office.send(dataclasses.replace(OPEN, subject="\ud800"))


def something_else(command: Command, name: str) -> Any:
    """Return what could have been said in a field, in place of what is or is not said there."""
    match getattr(command, name):
        case bool() as said:
            return not said
        case int() as said:
            return said + 1
        case Environment():
            return Environment(other="x")
        case None if name == "supported":
            return True
        case None if name == "occurred_at":
            return 77
        case _:
            return "something else"


OPEN_CONTENT = (
    b'{"actor": "agent:a-1", "channel": "email", "command": "open", "customer_id": "c-1", '
    b'"environment": {"browser": "Firefox 148"}, "plan": "premium", '
    b'"subject": "The board stays empty", "ticket": "T-1"}'
)
TRIAGE_CONTENT = (
    b'{"actor": "agent:a-1", "command": "triage", "impact": "operations-halted", "severity": 1, '
    b'"ticket": "T-1", "topic": "defect"}'
)


@for_all(strategies.command_courses())
def test_the_desk_makes_the_ticket_that_the_rules_make(
    course: list[tuple[int, Command]],
) -> None:
    """Commands through the desk give the same ticket, and the same refusals, as the bare rules."""
    clock = Watch()
    log = MemoryLog(clock)
    desk = Desk(log, clock)
    ticket = NOT_OPENED
    for number, (now, command) in enumerate(course):
        clock.at = now
        [answer] = desk.handle_all([Request(command, command_id(number), AGENT)])
        expected = judged(ticket, command, now, POLICY)
        if isinstance(expected, Refusal):
            assert type(answer) is type(expected)
        else:
            assert isinstance(answer, Outcome)
            ticket = record(ticket, expected, now)

    assert facts(fold(log.tickets[TICKET])) == facts(ticket)


def judged(
    ticket: Ticket, command: Command, now: int, policy: Policy
) -> tuple[Decided, ...] | Refusal:
    """Return what the bare rules say of a command."""
    try:
        return decide(ticket, command, now=now, policy=policy)
    except Refusal as refusal:
        return refusal


def facts(ticket: Ticket) -> tuple[list[tuple[object, ...]], object]:
    """Return what a ticket says, without the names of its events."""
    return [
        (one.version, one.occurred_at, one.recorded_at, one.event, one.words)
        for one in ticket.history
    ], ticket.standing
