"""The lifecycle: what a command gets, and what facts make of a ticket (semantics §2)."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import clock, instant
from domain.command import (
    CHANNELS,
    LINE_LIMIT,
    METHODS,
    TEXT_LIMIT,
    Command,
    Observation,
    OfferWorkaround,
    Open,
    Reply,
    Resolve,
    Respond,
    Triage,
    Verify,
)
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
    story_order,
)
from domain.policy import Policies
from domain.refusal import (
    AlreadyResolved,
    AlreadyVerified,
    AwaitingUnknown,
    ChannelUnknown,
    FollowsItself,
    IdentifierMalformed,
    ImpactUnknown,
    MethodUnknown,
    NotResolved,
    OccurredAhead,
    OccurredBeforeOpened,
    OccurredTooFarBack,
    OutOfPlace,
    PlanUnknown,
    RationaleMissing,
    Refusal,
    RootCauseUnknown,
    SeverityMissing,
    SeverityNotBacked,
    SeverityUnknown,
    TicketExists,
    TicketUnknown,
    TicketVerified,
    TopicUnknown,
    WordsMissing,
    WordsNotOneLine,
    WordsTooLong,
    WordsUnreadable,
)
from domain.ticket import NOT_OPENED, Decided, Ticket, decide, evolve, fold
from tests import strategies
from tests.spec.given import (
    ANSWERED,
    ASKED,
    NOW,
    OPENED,
    POLICY,
    REPLIED,
    RESOLVED,
    START,
    TICKET,
    TRIAGED,
    VERIFIED,
    Fact,
    decided,
    given,
    happened,
    history,
    hours,
    record,
)

OPEN = Open(TICKET, "c-1", "premium", "email", subject="The board stays empty")
TRIAGE = Triage(TICKET, 1, "service-unavailable", "usage")
REPLY = Reply(TICKET, "Is there any progress?")
RESPOND = Respond(TICKET, "support", "We found the cause")
WORKAROUND = OfferWorkaround(TICKET, "customer", "Use the list instead of the board")
RESOLVE = Resolve(TICKET, "Fixed in 4.3", root_cause="usage")
VERIFY = Verify(TICKET, "monitoring", "No error for a day")

TRIAGE_EVENT = SeverityAssigned(1, "service-unavailable", "usage", supported=True)

COMMANDS: dict[str, tuple[Command, Decided]] = {
    "severity": (TRIAGE, decided(TRIAGE_EVENT)),
    "reply": (REPLY, decided(CustomerReplied(), message=REPLY.message)),
    "response": (RESPOND, decided(AgentResponded("support"), message=RESPOND.message)),
    "workaround": (
        WORKAROUND,
        decided(WorkaroundFound("customer"), description=WORKAROUND.description),
    ),
    "resolve": (RESOLVE, decided(Resolved("usage"), resolution=RESOLVE.resolution)),
    "verify": (VERIFY, decided(Verified("monitoring"), evidence=VERIFY.evidence)),
}

REOPENED = happened(CustomerReplied(), message="It is back")
ROWS: dict[str, tuple[Fact, ...]] = {
    "new": (OPENED,),
    "answered before triage": (OPENED, ANSWERED),
    "pending before triage": (OPENED, ASKED),
    "open": (OPENED, TRIAGED),
    "open again after the customer's reply": (OPENED, TRIAGED, ASKED, REPLIED),
    "pending": (OPENED, TRIAGED, ASKED),
    "resolved": (OPENED, TRIAGED, RESOLVED),
    "reopened": (OPENED, TRIAGED, RESOLVED, REOPENED),
    "resolved anew": (OPENED, TRIAGED, RESOLVED, REOPENED, RESOLVED),
    "verified": (OPENED, TRIAGED, RESOLVED, VERIFIED),
    "verified after a courtesy": (OPENED, TRIAGED, RESOLVED, VERIFIED, ASKED),
}

UNTRIAGED: dict[str, type[Refusal]] = {"resolve": SeverityMissing, "verify": NotResolved}
TRIAGED_ONLY: dict[str, type[Refusal]] = {"verify": NotResolved}
CLOSED: dict[str, type[Refusal]] = {"resolve": AlreadyResolved}
FINAL: dict[str, type[Refusal]] = {
    "severity": TicketVerified,
    "reply": TicketVerified,
    "resolve": TicketVerified,
    "verify": AlreadyVerified,
}
REFUSED: dict[str, dict[str, type[Refusal]]] = {
    "new": UNTRIAGED,
    "answered before triage": UNTRIAGED,
    "pending before triage": UNTRIAGED,
    "open": TRIAGED_ONLY,
    "open again after the customer's reply": TRIAGED_ONLY,
    "pending": TRIAGED_ONLY,
    "resolved": CLOSED,
    "reopened": TRIAGED_ONLY,
    "resolved anew": CLOSED,
    "verified": FINAL,
    "verified after a courtesy": FINAL,
}

CELLS = [(row, column) for row in ROWS for column in COMMANDS]


class TestTheTable:
    """What a command gets in every row of the table; the commands say something new."""

    @pytest.mark.parametrize(
        ("row", "column"), [cell for cell in CELLS if cell[1] not in REFUSED[cell[0]]]
    )
    def test_an_allowed_cell_brings_exactly_its_event(self, row: str, column: str) -> None:
        """Where the table says ok, one event is appended, with its words, as of its recording."""
        command, expected = COMMANDS[column]
        given(*ROWS[row]).when(command).then(expected)

    @pytest.mark.parametrize(
        ("row", "column"), [cell for cell in CELLS if cell[1] in REFUSED[cell[0]]]
    )
    def test_a_refused_cell_names_its_rule_and_the_ticket(self, row: str, column: str) -> None:
        """Where the table says refused, it is refused by that name and nothing is appended."""
        command, _ = COMMANDS[column]
        given(*ROWS[row]).when(command).then_refused(REFUSED[row][column], f"ticket {TICKET}")

    @pytest.mark.parametrize("column", COMMANDS)
    def test_a_ticket_never_opened_is_unknown_to_every_command(self, column: str) -> None:
        """Only a ticket that was opened can go on."""
        command, _ = COMMANDS[column]
        given().when(command).then_refused(TicketUnknown, TICKET, "open it first")

    def test_a_ticket_whose_opening_did_not_arrive_yet_is_unknown(self) -> None:
        """The fold is total, but a command needs a ticket that was opened."""
        given(REPLIED).when(RESPOND).then_refused(TicketUnknown)

    def test_a_ticket_is_opened_once(self) -> None:
        """A second opening is refused, also when it says the same."""
        given(OPENED).when(OPEN).then_refused(TicketExists, TICKET, "another id")


class TestNothing:
    """The same decision again appends no event and succeeds."""

    SAME_TRIAGE = Triage(TICKET, 1, "operations-halted", "defect")
    SAME_RESOLVE = Resolve(TICKET, "Fixed in 4.2", root_cause="defect")
    SAME_VERIFY = Verify(TICKET, "retest", "The board fills again")

    @pytest.mark.parametrize(
        "row", ["open", "open again after the customer's reply", "pending", "resolved", "reopened"]
    )
    def test_the_same_triage_is_nothing(self, row: str) -> None:
        """Severity, impact, topic and supported are those in force."""
        given(*ROWS[row]).when(self.SAME_TRIAGE).then_nothing()

    def test_the_same_triage_with_another_rationale_is_nothing(self) -> None:
        """A rationale alone decides nothing new."""
        command = dataclasses.replace(self.SAME_TRIAGE, rationale="It got worse")
        given(OPENED, TRIAGED).when(command).then_nothing()

    def test_the_same_unsupported_triage_needs_its_rationale_only_once(self) -> None:
        """The rationale stands with the first of the two."""
        triaged = happened(SeverityAssigned(1, "operations-halted", "defect", supported=False))
        command = dataclasses.replace(self.SAME_TRIAGE, supported=False)
        given(OPENED, triaged).when(command).then_nothing()

    @pytest.mark.parametrize(
        "other",
        [
            Triage(TICKET, 2, "serious-performance", "defect"),
            Triage(TICKET, 1, "service-unavailable", "defect"),
            Triage(TICKET, 1, "operations-halted", "usage"),
            Triage(TICKET, 1, "operations-halted", "defect", supported=False, rationale="A fork"),
        ],
    )
    def test_a_triage_that_differs_in_one_thing_is_recorded(self, other: Triage) -> None:
        """Another severity, impact, topic or supported is a new decision."""
        words = {} if other.rationale is None else {"rationale": other.rationale}
        supported = other.supported is None
        event = SeverityAssigned(other.severity, other.impact, other.topic, supported)
        given(OPENED, TRIAGED).when(other).then(decided(event, None, **words))

    def test_the_triage_before_the_last_is_not_the_same(self) -> None:
        """Only the severity in force counts: going back to an earlier one is a decision."""
        lowered = happened(SeverityAssigned(4, "usage-question", "defect", supported=True))
        event = SeverityAssigned(1, "operations-halted", "defect", supported=True)
        given(OPENED, TRIAGED, lowered).when(self.SAME_TRIAGE).then(decided(event))

    def test_the_same_triage_of_a_verified_ticket_is_refused(self) -> None:
        """A verified ticket takes no triage at all."""
        given(*ROWS["verified"]).when(self.SAME_TRIAGE).then_refused(TicketVerified)

    def test_the_same_resolution_is_nothing(self) -> None:
        """The root cause and the resolution are those that closed it."""
        given(*ROWS["resolved"]).when(self.SAME_RESOLVE).then_nothing()

    def test_the_same_resolution_is_nothing_after_a_courtesy(self) -> None:
        """An answer to a resolved ticket leaves it resolved as it was."""
        given(*ROWS["resolved"], ASKED).when(self.SAME_RESOLVE).then_nothing()

    @pytest.mark.parametrize(
        "other",
        [
            Resolve(TICKET, "Fixed in 4.2", root_cause="usage"),
            Resolve(TICKET, "Fixed in 4.2"),
            Resolve(TICKET, "Fixed in 4.3", root_cause="defect"),
        ],
    )
    def test_another_resolution_of_a_resolved_ticket_is_refused(self, other: Resolve) -> None:
        """Another root cause, none, or another text is another resolution."""
        given(*ROWS["resolved"]).when(other).then_refused(AlreadyResolved, "after the customer")

    def test_an_erased_resolution_is_compared_by_its_root_cause_alone(self) -> None:
        """Words that are no longer known cannot differ."""
        erased = happened(Resolved("defect"))
        given(OPENED, TRIAGED, erased).when(self.SAME_RESOLVE).then_nothing()
        given(OPENED, TRIAGED, erased).when(RESOLVE).then_refused(AlreadyResolved)

    def test_the_same_resolution_of_a_reopened_ticket_is_recorded(self) -> None:
        """The reply ended the first resolution, so the second is an event."""
        expected = decided(Resolved("defect"), resolution="Fixed in 4.2")
        given(*ROWS["reopened"]).when(self.SAME_RESOLVE).then(expected)

    def test_the_same_resolution_of_a_verified_ticket_is_refused(self) -> None:
        """A verified ticket takes no resolution, also not the one it had."""
        given(*ROWS["verified"]).when(self.SAME_RESOLVE).then_refused(TicketVerified)

    def test_the_same_verification_is_nothing(self) -> None:
        """The method and the evidence are those recorded."""
        given(*ROWS["verified"]).when(self.SAME_VERIFY).then_nothing()

    @pytest.mark.parametrize(
        "other",
        [
            Verify(TICKET, "monitoring", "The board fills again"),
            Verify(TICKET, "retest", "No error for a day"),
        ],
    )
    def test_another_verification_of_a_verified_ticket_is_refused(self, other: Verify) -> None:
        """A verification stands; a new finding belongs to a follow-up."""
        given(*ROWS["verified"]).when(other).then_refused(AlreadyVerified, "follows = T-1")

    def test_an_erased_verification_is_compared_by_its_method_alone(self) -> None:
        """Words that are no longer known cannot differ."""
        erased = happened(Verified("retest"))
        given(OPENED, TRIAGED, RESOLVED, erased).when(self.SAME_VERIFY).then_nothing()
        given(OPENED, TRIAGED, RESOLVED, erased).when(VERIFY).then_refused(AlreadyVerified)

    def test_the_same_reply_is_recorded_again(self) -> None:
        """Messages are observations: only decisions can be the same."""
        said = decided(CustomerReplied(), message="Any news?")
        given(OPENED, REPLIED).when(Reply(TICKET, "Any news?")).then(said)


class TestStatus:
    """Status is derived, the first that holds: verified, resolved, pending, new, open."""

    @pytest.mark.parametrize(
        ("row", "status"),
        [
            ("new", "new"),
            ("answered before triage", "new"),
            ("pending before triage", "pending"),
            ("open", "open"),
            ("open again after the customer's reply", "open"),
            ("pending", "pending"),
            ("resolved", "resolved"),
            ("reopened", "open"),
            ("resolved anew", "resolved"),
            ("verified", "verified"),
            ("verified after a courtesy", "verified"),
        ],
    )
    def test_each_row_of_the_table_has_its_status(self, row: str, status: str) -> None:
        """What the events say decides, and nothing stored does."""
        assert given(*ROWS[row]).ticket.status == status

    @pytest.mark.parametrize(
        ("row", "command", "status"),
        [
            ("resolved", TRIAGE, "resolved"),
            ("resolved", REPLY, "open"),
            ("resolved", RESPOND, "resolved"),
            ("resolved", WORKAROUND, "resolved"),
            ("resolved", VERIFY, "verified"),
            ("verified", RESPOND, "verified"),
            ("verified", WORKAROUND, "verified"),
            ("pending", TRIAGE, "pending"),
            ("pending", REPLY, "open"),
            ("pending", RESPOND, "open"),
            ("open", WORKAROUND, "pending"),
            ("new", REPLY, "new"),
            ("new", RESPOND, "new"),
            ("new", TRIAGE, "open"),
            ("pending before triage", REPLY, "new"),
        ],
    )
    def test_a_command_moves_the_status_as_the_table_says(
        self, row: str, command: Command, status: str
    ) -> None:
        """A reply reopens; a courtesy leaves a closed ticket as it is."""
        ticket = given(*ROWS[row]).ticket
        events = decide(ticket, command, now=NOW, policy=POLICY)
        assert record(ticket, events, NOW).status == status

    def test_a_courtesy_that_asks_does_not_outlive_the_reply(self) -> None:
        """Who owed the next step before a resolution does not matter after the reopening."""
        assert given(OPENED, TRIAGED, ASKED, RESOLVED, REPLIED).ticket.status == "open"

    def test_a_workaround_can_leave_the_next_step_to_support(self) -> None:
        """`awaiting` of a workaround decides as that of a response does."""
        assert given(
            OPENED, TRIAGED, ASKED, happened(WorkaroundFound("support"))
        ).ticket.status == ("open")


class TestFacts:
    """Facts are folded whatever they say; the last closing or reply decides."""

    def test_a_reply_after_verification_reopens(self) -> None:
        """An imported history may go on where a command would be refused."""
        assert given(*ROWS["verified"], REPLIED).ticket.status == "open"

    def test_a_resolution_after_verification_is_the_last_word(self) -> None:
        """The last of resolution, verification and reply decides."""
        assert given(*ROWS["verified"], RESOLVED).ticket.status == "resolved"

    def test_a_verification_without_resolution_counts(self) -> None:
        """A verified ticket need not have been resolved when it comes from elsewhere."""
        assert given(OPENED, VERIFIED).ticket.status == "verified"

    def test_a_resolution_before_triage_counts(self) -> None:
        """A resolved ticket need not have a severity when it comes from elsewhere."""
        ticket = given(OPENED, RESOLVED).ticket
        assert ticket.status == "resolved"
        assert ticket.triage is None

    def test_an_untriaged_resolved_ticket_is_judged_as_resolved(self) -> None:
        """The first row that holds is the ticket's row."""
        given(OPENED, RESOLVED).when(RESOLVE).then_refused(AlreadyResolved)
        given(OPENED, RESOLVED).when(VERIFY).then(COMMANDS["verify"][1])

    @pytest.mark.parametrize(
        "between",
        [
            happened(AgentResponded("support"), message="Gladly"),
            happened(AgentResponded("customer"), message="Write if it comes back"),
            happened(SeverityAssigned(2, "serious-performance", "defect", supported=True)),
        ],
        ids=["promise", "courtesy", "triage"],
    )
    def test_the_words_of_a_resolution_are_remembered_after_it(self, between: Fact) -> None:
        """What comes after the end does not make another resolution the same one."""
        given(OPENED, TRIAGED, RESOLVED, between).when(
            Resolve(TICKET, "Something else", root_cause="defect")
        ).then_refused(AlreadyResolved)

    def test_severity_survives_closing_and_reopening(self) -> None:
        """Triage is of the ticket, not of one round with the customer."""
        assert given(*ROWS["reopened"]).ticket.triage == TRIAGED.event

    def test_an_unknown_side_owes_nothing_to_the_status(self) -> None:
        """Readers expect values that they do not know: only `customer` makes a ticket pending."""
        event = AgentResponded("partner")  # type: ignore[arg-type]
        assert given(OPENED, TRIAGED, happened(event)).ticket.status == "open"

    def test_an_event_that_arrives_late_takes_its_right_place(self) -> None:
        """A reply of before the resolution, written down after it, does not reopen."""
        late = happened(CustomerReplied(), 1.5)
        ticket = given(OPENED, TRIAGED, RESOLVED, late).ticket
        assert ticket.status == "resolved"
        assert [recorded.version for recorded in ticket.history] == [1, 2, 4, 3]

    def test_at_one_instant_the_version_decides(self) -> None:
        """The one order is (occurred_at, version)."""
        resolved, replied = happened(Resolved("defect"), 2), happened(CustomerReplied(), 2)
        assert given(OPENED, TRIAGED, resolved, replied).ticket.status == "open"
        assert given(OPENED, TRIAGED, replied, resolved).ticket.status == "resolved"

    def test_a_ticket_that_was_never_opened_is_new(self) -> None:
        """Nothing has happened, so nothing is owed to anybody but a first look."""
        assert NOT_OPENED.status == "new"
        assert NOT_OPENED.opened is None


class TestOpening:
    """A ticket is opened with what the policy and the contract know."""

    def test_opening_says_who_what_and_how(self) -> None:
        """Facts go into the event, words beside it, what nobody said nowhere."""
        command = Open(
            "T-2",
            "c-7",
            "standard",
            "web",
            subject="Prázdná nástěnka",
            body="Od rána",
            recent_changes=None,
            workarounds_tried="  ",
            steps_taken="Restart",
            environment=Environment(browser="Firefox 136"),
            follows="T-1",
        )
        event = Opened("c-7", "standard", "web", Environment(browser="Firefox 136"), "T-1")
        words = {"subject": "Prázdná nástěnka", "body": "Od rána", "steps_taken": "Restart"}
        given().when(command).then(decided(event, None, **words))

    def test_every_word_of_an_opening_is_kept_under_its_own_name(self) -> None:
        """Recent changes, workarounds tried and steps taken are told apart."""
        command = dataclasses.replace(
            OPEN, body="b", recent_changes="r", workarounds_tried="w", steps_taken="s"
        )
        (event,) = decide(NOT_OPENED, command, now=NOW, policy=POLICY)
        assert event.words == {
            "subject": OPEN.subject,
            "body": "b",
            "recent_changes": "r",
            "workarounds_tried": "w",
            "steps_taken": "s",
        }

    def test_a_poorly_written_request_is_never_refused(self) -> None:
        """The engine shows what is missing; a subject is enough (semantics §1)."""
        expected = decided(Opened("c-1", "premium", "email"), subject="The board stays empty")
        given().when(OPEN).then(expected)

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_a_ticket_comes_by_any_channel_of_the_contract(self, channel: str) -> None:
        """The contract names the channels."""
        (event,) = decide(
            NOT_OPENED, dataclasses.replace(OPEN, channel=channel), now=NOW, policy=POLICY
        )
        assert event.event == Opened("c-1", "premium", channel)

    def test_an_unknown_channel_is_refused_with_the_choices(self) -> None:
        """A channel outside the contract is refused."""
        command = dataclasses.replace(OPEN, channel="fax")
        given().when(command).then_refused(ChannelUnknown, "'fax'", "email, web, phone, api")

    def test_an_unknown_plan_is_refused_with_the_choices(self) -> None:
        """The policy in force defines the plans."""
        command = dataclasses.replace(OPEN, plan="gold")
        given().when(command).then_refused(PlanUnknown, "'gold'", "managry@1", "standard, premium")

    @pytest.mark.parametrize("value", ["", "a b", "a/b", "x" * 65, "č", "me@example.com", "T-1\n"])
    @pytest.mark.parametrize("field", ["ticket", "customer_id", "follows"])
    def test_identifiers_are_checked(self, field: str, value: str) -> None:
        """Ids are 1 to 64 plain characters; an address is none of them."""
        command = dataclasses.replace(OPEN, **{field: value})  # type: ignore[arg-type]
        given().when(command).then_refused(IdentifierMalformed, f"{field} '", "1 to 64")

    def test_an_identifier_may_use_its_whole_alphabet_and_length(self) -> None:
        """Letters, digits, dot, underscore and hyphen, 64 of them."""
        ticket = "Az09._-" + "x" * 57
        (event,) = decide(
            NOT_OPENED, dataclasses.replace(OPEN, ticket=ticket), now=NOW, policy=POLICY
        )
        assert event.event == Opened("c-1", "premium", "email")

    def test_a_refusal_shows_a_huge_value_only_in_part(self) -> None:
        """A message stays readable whatever was sent."""
        for length in (65, 10_000):
            long = dataclasses.replace(OPEN, ticket="x" * length)
            given().when(long).then_refused(IdentifierMalformed, f"'{'x' * 64}...'")
        whole = dataclasses.replace(REPLY, ticket="x" * 64)
        given().when(whole).then_refused(TicketUnknown, f"ticket {'x' * 64};")

    def test_a_ticket_cannot_follow_itself(self) -> None:
        """A follow-up is a ticket of its own."""
        command = dataclasses.replace(OPEN, follows=TICKET)
        given().when(command).then_refused(FollowsItself, "T-1 cannot follow itself")

    @pytest.mark.parametrize("part", ["browser", "android", "other"])
    def test_the_environment_has_a_limit_too(self, part: str) -> None:
        """Each part is one line."""
        long = dataclasses.replace(OPEN, environment=Environment(**{part: "x" * (LINE_LIMIT + 1)}))
        given().when(long).then_refused(WordsTooLong, f"environment.{part}", str(LINE_LIMIT))
        full = dataclasses.replace(OPEN, environment=Environment(**{part: "x" * LINE_LIMIT}))
        given().when(full).then(
            decided(Opened("c-1", "premium", "email", full.environment), subject=str(OPEN.subject))
        )


class TestTriage:
    """A severity is backed by an impact; a topic proposes whether it is supported."""

    @pytest.mark.parametrize(("topic", "supported"), [("defect", True), ("third-party", False)])
    def test_the_topic_proposes_supported(self, topic: str, supported: bool) -> None:
        """Who says nothing about support takes the proposal."""
        event = SeverityAssigned(1, "service-unavailable", topic, supported)
        given(OPENED).when(dataclasses.replace(TRIAGE, topic=topic)).then(decided(event))

    @pytest.mark.parametrize(("topic", "supported"), [("defect", False), ("third-party", True)])
    def test_deciding_otherwise_needs_a_rationale(self, topic: str, supported: bool) -> None:
        """The specialist may say otherwise, and says why."""
        otherwise = dataclasses.replace(TRIAGE, topic=topic, supported=supported)
        given(OPENED).when(otherwise).then_refused(RationaleMissing, topic, "rationale")
        blank = dataclasses.replace(otherwise, rationale=" \n")
        given(OPENED).when(blank).then_refused(RationaleMissing)
        told = dataclasses.replace(otherwise, rationale="By contract")
        event = SeverityAssigned(1, "service-unavailable", topic, supported)
        given(OPENED).when(told).then(decided(event, None, rationale="By contract"))

    def test_the_refused_otherwise_says_what_the_policy_proposes(self) -> None:
        """The message tells which way the topic points."""
        fork = dataclasses.replace(TRIAGE, supported=False)
        given(OPENED).when(fork).then_refused(RationaleMissing, "'usage' is supported")
        helped = dataclasses.replace(TRIAGE, topic="third-party", supported=True)
        given(OPENED).when(helped).then_refused(RationaleMissing, "is not supported")

    @pytest.mark.parametrize(("topic", "supported"), [("defect", True), ("third-party", False)])
    def test_agreeing_with_the_topic_needs_no_rationale(self, topic: str, supported: bool) -> None:
        """To say aloud what the topic proposes is not to say otherwise."""
        agreed = dataclasses.replace(TRIAGE, topic=topic, supported=supported)
        event = SeverityAssigned(1, "service-unavailable", topic, supported)
        given(OPENED).when(agreed).then(decided(event))

    def test_an_impact_that_does_not_back_the_severity_is_refused(self) -> None:
        """The message names the impacts that do."""
        command = Triage(TICKET, 1, "usage-question", "usage")
        given(OPENED).when(command).then_refused(
            SeverityNotBacked,
            "'usage-question'",
            "severity 1",
            "service-unavailable, operations-halted",
        )

    @pytest.mark.parametrize(
        ("command", "rule", "choices"),
        [
            (Triage(TICKET, 5, "usage-question", "usage"), SeverityUnknown, "1, 2, 3, 4"),
            (Triage(TICKET, 1, "boredom", "usage"), ImpactUnknown, "usage-question, minor-loss"),
            (
                Triage(TICKET, 1, "operations-halted", "poetry"),
                TopicUnknown,
                "usage, defect, third-party",
            ),
        ],
    )
    def test_what_the_policy_does_not_define_is_refused_with_the_choices(
        self, command: Triage, rule: type[Refusal], choices: str
    ) -> None:
        """Severities, impacts and topics are those of the policy in force."""
        given(OPENED).when(command).then_refused(rule, "managry@1", choices)

    def test_another_policy_defines_other_words(self) -> None:
        """Nothing of the vendor is built in: the policy handed in decides."""
        narrow = dataclasses.replace(POLICY, topics={"defect": POLICY.topics["defect"]})
        given(OPENED).when(TRIAGE, policy=narrow).then_refused(
            TopicUnknown, "choose one of: defect"
        )

    @pytest.mark.parametrize("command", [Triage, Verify])
    def test_a_decision_takes_no_time(self, command: type[Command]) -> None:
        """Nobody lowers a severity, or verifies, in the past."""
        names = {field.name for field in dataclasses.fields(command)}
        assert "occurred_at" not in names


class TestAnswersAndClosing:
    """What responses, workarounds, resolutions and verifications may say."""

    @pytest.mark.parametrize(
        "command",
        [
            Respond(TICKET, "nobody", "Hello"),  # type: ignore[arg-type]
            OfferWorkaround(TICKET, "nobody", "Hello"),  # type: ignore[arg-type]
        ],
    )
    def test_support_or_the_customer_owes_the_next_step(self, command: Command) -> None:
        """Anybody else is refused."""
        given(OPENED).when(command).then_refused(AwaitingUnknown, "'nobody'", "support, customer")

    def test_an_unknown_root_cause_is_refused_with_the_choices(self) -> None:
        """The policy in force defines the root causes."""
        command = dataclasses.replace(RESOLVE, root_cause="magic")
        given(OPENED, TRIAGED).when(command).then_refused(
            RootCauseUnknown, "'magic'", "managry@1", "defect, usage, unknown"
        )

    def test_a_root_cause_may_be_left_out(self) -> None:
        """Not every cause is found."""
        command = dataclasses.replace(RESOLVE, root_cause=None)
        expected = decided(Resolved(None), resolution=RESOLVE.resolution)
        given(OPENED, TRIAGED).when(command).then(expected)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_resolution_is_verified_by_any_method_of_the_contract(self, method: str) -> None:
        """The contract names the methods."""
        command = dataclasses.replace(VERIFY, method=method)
        expected = decided(Verified(method), evidence=VERIFY.evidence)
        given(*ROWS["resolved"]).when(command).then(expected)

    def test_an_unknown_method_is_refused_with_the_choices(self) -> None:
        """A method outside the contract is refused."""
        command = dataclasses.replace(VERIFY, method="prayer")
        given(*ROWS["resolved"]).when(command).then_refused(
            MethodUnknown, "'prayer'", "retest, customer-confirmed, monitoring, other"
        )

    def test_a_reply_to_a_verified_ticket_names_the_way_to_a_follow_up(self) -> None:
        """A verified ticket stays closed, and the customer is not left in the rain."""
        given(*ROWS["verified"]).when(REPLY).then_refused(
            TicketVerified, "open a new ticket", "follows = T-1"
        )

    def test_the_follow_up_is_a_ticket_of_its_own(self) -> None:
        """What the refusal advises works."""
        follow_up = dataclasses.replace(OPEN, ticket="T-2", follows=TICKET)
        expected = decided(
            Opened("c-1", "premium", "email", follows=TICKET), subject="The board stays empty"
        )
        given().when(follow_up).then(expected)


WORDY: dict[str, tuple[Command, tuple[Fact, ...], int]] = {
    "subject": (OPEN, (), LINE_LIMIT),
    "body": (OPEN, (), TEXT_LIMIT),
    "recent_changes": (OPEN, (), TEXT_LIMIT),
    "workarounds_tried": (OPEN, (), TEXT_LIMIT),
    "steps_taken": (OPEN, (), TEXT_LIMIT),
    "rationale": (TRIAGE, (OPENED,), TEXT_LIMIT),
    "message": (REPLY, (OPENED,), TEXT_LIMIT),
    "description": (WORKAROUND, (OPENED,), TEXT_LIMIT),
    "resolution": (RESOLVE, (OPENED, TRIAGED), TEXT_LIMIT),
    "evidence": (VERIFY, (OPENED, TRIAGED, RESOLVED), TEXT_LIMIT),
}


def saying(field: str, text: str) -> tuple[Command, tuple[Fact, ...]]:
    """A command that says a text in one of its fields, and a history that allows it."""
    command, facts, _ = WORDY[field]
    changed: Command = dataclasses.replace(command, **{field: text})  # type: ignore[arg-type]
    return changed, facts


class TestWords:
    """What people write is kept as it is, or refused by name; never cut."""

    @pytest.mark.parametrize(
        "field", ["subject", "message", "description", "resolution", "evidence"]
    )
    @pytest.mark.parametrize("blank", ["", " \t\n"])
    def test_what_a_command_has_to_say_is_not_blank(self, field: str, blank: str) -> None:
        """Required words are refused by the name of the field."""
        command, facts = saying(field, blank)
        given(*facts).when(command).then_refused(WordsMissing, f"{field} is blank")

    def test_a_response_needs_its_message_too(self) -> None:
        """An agent's message is required as a customer's is."""
        given(OPENED).when(dataclasses.replace(RESPOND, message="")).then_refused(
            WordsMissing, "message"
        )

    @pytest.mark.parametrize(
        "field", ["body", "recent_changes", "workarounds_tried", "steps_taken", "rationale"]
    )
    def test_blank_optional_words_were_not_said(self, field: str) -> None:
        """They leave no trace beside the event."""
        command, facts = saying(field, " ")
        (event,) = decide(given(*facts).ticket, command, now=NOW, policy=POLICY)
        assert field not in event.words

    @pytest.mark.parametrize("field", WORDY)
    def test_words_up_to_the_limit_are_kept_and_longer_ones_refused(self, field: str) -> None:
        """The limit is counted in characters, and the refusal names it."""
        limit = WORDY[field][2]
        command, facts = saying(field, "ř" * limit)
        (event,) = decide(given(*facts).ticket, command, now=NOW, policy=POLICY)
        assert event.words[field] == "ř" * limit
        longer, facts = saying(field, "ř" * (limit + 1))
        given(*facts).when(longer).then_refused(
            WordsTooLong, f"{field} has {limit + 1} characters", f"at most {limit}"
        )

    @pytest.mark.parametrize("code", [0, 0xD800, 0xDFFF])
    def test_what_is_no_text_is_refused_where_it_stands(self, code: int) -> None:
        """No store keeps NUL characters or halves of surrogate pairs."""
        command = Reply(TICKET, f"ab{chr(code)}cd")
        given(OPENED).when(command).then_refused(WordsUnreadable, "message", "position 3")

    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\u2029"])
    def test_a_subject_is_one_line(self, line_break: str) -> None:
        """It stands in lists, one ticket a line."""
        command = dataclasses.replace(OPEN, subject=f"Empty{line_break}board")
        given().when(command).then_refused(WordsNotOneLine, "subject", "position 6", "body")

    def test_words_are_kept_to_the_letter(self) -> None:
        """Blanks around, line ends and any script stay as they were written."""
        text = "  Žluťoučký kůň\r\n\t🙂 "
        given(OPENED).when(Reply(TICKET, text)).then(decided(CustomerReplied(), message=text))


OBSERVED: dict[str, tuple[Observation, Event]] = {
    "reply": (REPLY, CustomerReplied()),
    "response": (RESPOND, AgentResponded("support")),
    "workaround": (WORKAROUND, WorkaroundFound("customer")),
    "resolve": (RESOLVE, Resolved("usage")),
}


def at(command: Observation, occurred_at: int) -> Observation:
    """The same command, said to have happened at an instant."""
    return dataclasses.replace(command, occurred_at=occurred_at)


class TestTime:
    """A named time lies in the past, within bounds, and not before the opening."""

    @pytest.mark.parametrize("column", OBSERVED)
    def test_every_observation_may_be_backdated(self, column: str) -> None:
        """A phone call is written down later, with the time when it happened."""
        command, event = OBSERVED[column]
        (brought,) = decide(
            given(OPENED, TRIAGED).ticket, at(command, hours(2)), now=NOW, policy=POLICY
        )
        assert (brought.event, brought.occurred_at) == (event, hours(2))

    def test_an_opening_may_be_backdated(self) -> None:
        """A request by phone was made when the customer called."""
        expected = decided(Opened("c-1", "premium", "email"), START, subject=OPEN.subject)
        given().when(at(OPEN, START)).then(expected)

    @pytest.mark.parametrize(
        ("ahead", "occurred_at"),
        [(-1, NOW - 1), (0, NOW), (1, None), (60 * instant.SECOND, None)],
    )
    def test_up_to_a_minute_ahead_is_taken_as_now(
        self, ahead: int, occurred_at: int | None
    ) -> None:
        """Clocks disagree a little; what seems to come happened when it is recorded."""
        command = at(REPLY, NOW + ahead)
        expected = decided(CustomerReplied(), occurred_at, message=REPLY.message)
        given(OPENED).when(command).then(expected)

    @pytest.mark.parametrize("column", OBSERVED)
    def test_more_than_a_minute_ahead_is_refused(self, column: str) -> None:
        """What has not happened yet cannot be told."""
        command = at(OBSERVED[column][0], NOW + 60 * instant.SECOND + 1)
        given(OPENED, TRIAGED).when(command).then_refused(
            OccurredAhead, "2026-03-10T09:01:00.000001Z", "it is 2026-03-10T09:00:00Z"
        )

    def test_an_opening_more_than_a_minute_ahead_is_refused(self) -> None:
        """The bound holds for the opening as well."""
        given().when(at(OPEN, NOW + 60 * instant.SECOND + 1)).then_refused(OccurredAhead)

    def test_backdating_ends_where_the_policy_says(self) -> None:
        """Exactly max_backdate ago is accepted, a microsecond more is refused."""
        now = START + 8 * instant.DAY
        bound = now - POLICY.max_backdate
        expected = decided(CustomerReplied(), bound, message=REPLY.message)
        given(OPENED).when(at(REPLY, bound), now=now).then(expected)
        given(OPENED).when(at(REPLY, bound - 1), now=now).then_refused(
            OccurredTooFarBack, instant.text(bound), "max_backdate"
        )

    def test_another_policy_bounds_backdating_otherwise(self) -> None:
        """The bound is data."""
        strict = dataclasses.replace(POLICY, max_backdate=0)
        given(OPENED).when(at(REPLY, NOW - 1), policy=strict).then_refused(OccurredTooFarBack)

    def test_an_opening_is_bounded_too(self) -> None:
        """Nobody opens a ticket last month."""
        bound = NOW - POLICY.max_backdate
        given().when(at(OPEN, bound - 1)).then_refused(OccurredTooFarBack)

    def test_nothing_happens_before_the_opening(self) -> None:
        """At the opening is accepted, a microsecond before it is refused."""
        expected = decided(CustomerReplied(), START, message=REPLY.message)
        given(OPENED).when(at(REPLY, START)).then(expected)
        given(OPENED).when(at(REPLY, START - 1)).then_refused(
            OccurredBeforeOpened, "opened at 2026-03-09T09:00:00Z"
        )

    def test_an_event_without_a_time_happened_when_it_is_recorded(self) -> None:
        """Only the log knows that instant, since it stamps it under its lock."""
        assert decided(CustomerReplied()).happened_at(NOW) == NOW

    def test_an_event_with_a_time_keeps_it(self) -> None:
        """What was told later still happened when it did."""
        assert decided(CustomerReplied(), NOW - 1).happened_at(NOW) == NOW - 1

    def test_no_event_happens_after_its_recording(self) -> None:
        """Also not when the clock of the log is behind the one of the desk."""
        assert decided(CustomerReplied(), NOW + 1).happened_at(NOW) == NOW

    def test_a_command_without_a_time_comes_last_whatever_the_clock_says(self) -> None:
        """A clock set back does not move a command before what is recorded already."""
        given(*ROWS["verified"]).when(REPLY, now=START - instant.DAY).then_refused(TicketVerified)


class TestBackdating:
    """The history with the event in its place must be legal at every step."""

    def test_a_backdated_reply_may_come_before_the_resolution(self) -> None:
        """The resolution answers it."""
        command = at(REPLY, hours(1.5))
        expected = decided(CustomerReplied(), hours(1.5), message=REPLY.message)
        given(*ROWS["resolved"]).when(command).then(expected)

    def test_it_is_judged_in_its_place_and_not_by_todays_status(self) -> None:
        """A verified ticket takes a reply that came before its resolution."""
        command = at(REPLY, hours(1.5))
        expected = decided(CustomerReplied(), hours(1.5), message=REPLY.message)
        given(*ROWS["verified"]).when(command).then(expected)

    def test_a_reply_between_resolution_and_verification_is_refused(self) -> None:
        """It would reopen the ticket, and a ticket that is not resolved cannot be verified."""
        command = at(REPLY, hours(2.5))
        given(*ROWS["verified"]).when(command).then_refused(
            OutOfPlace, "Verified of 2026-03-09T12:00:00Z", "(NotResolved)", "really happened"
        )

    def test_a_reply_at_the_instant_of_the_resolution_comes_after_it(self) -> None:
        """At one instant the newest version is the last, so the reply reopens."""
        given(*ROWS["verified"]).when(at(REPLY, hours(2))).then_refused(OutOfPlace)
        expected = decided(CustomerReplied(), hours(2) - 1, message=REPLY.message)
        given(*ROWS["verified"]).when(at(REPLY, hours(2) - 1)).then(expected)

    def test_a_reply_at_the_instant_of_the_verification_comes_after_it(self) -> None:
        """A verified ticket takes no reply."""
        given(*ROWS["verified"]).when(at(REPLY, hours(3))).then_refused(TicketVerified)

    def test_a_backdated_reply_after_the_verification_is_refused(self) -> None:
        """In its place the ticket was verified already."""
        given(*ROWS["verified"]).when(at(REPLY, hours(4))).then_refused(TicketVerified)

    def test_a_resolution_before_the_triage_is_refused(self) -> None:
        """In its place the ticket had no severity, and triage cannot be backdated."""
        facts = (OPENED, ANSWERED, TRIAGED)
        given(*facts).when(at(RESOLVE, hours(1.5))).then_refused(SeverityMissing, "at that time")
        expected = decided(Resolved("usage"), hours(2), resolution=RESOLVE.resolution)
        given(*facts).when(at(RESOLVE, hours(2))).then(expected)

    @pytest.mark.parametrize("command", [RESOLVE, TestNothing.SAME_RESOLVE])
    def test_a_resolution_before_another_is_refused(self, command: Resolve) -> None:
        """The later one would resolve a resolved ticket, which no command does."""
        given(*ROWS["resolved"]).when(at(command, hours(1.5))).then_refused(
            OutOfPlace, "Resolved of 2026-03-09T11:00:00Z", "(AlreadyResolved)"
        )

    def test_a_resolution_before_a_reply_and_another_is_accepted(self) -> None:
        """The reply between the two reopened the ticket."""
        command = at(RESOLVE, hours(2))
        expected = decided(Resolved("usage"), hours(2), resolution=RESOLVE.resolution)
        replied, resolved = happened(CustomerReplied(), 3), happened(Resolved("defect"), 4)
        given(OPENED, TRIAGED, replied, resolved).when(command).then(expected)

    def test_the_same_resolution_in_its_place_is_nothing(self) -> None:
        """Told again with a time after the first, it still says nothing new."""
        command = at(TestNothing.SAME_RESOLVE, hours(2.5))
        given(*ROWS["resolved"]).when(command).then_nothing()
        given(*ROWS["reopened"]).when(command).then_nothing()

    def test_another_resolution_in_the_place_of_a_resolved_ticket_is_refused(self) -> None:
        """The table holds in the past as it holds now."""
        given(*ROWS["reopened"]).when(at(RESOLVE, hours(2.5))).then_refused(AlreadyResolved)

    @pytest.mark.parametrize("command", [RESPOND, WORKAROUND])
    @pytest.mark.parametrize("hour", [0.5, 1.5, 2.5, 3.5])
    def test_a_backdated_answer_is_always_welcome(self, command: Observation, hour: float) -> None:
        """Answers are legal in every row, so they break no later step."""
        (brought,) = decide(
            given(*ROWS["verified"]).ticket, at(command, hours(hour)), now=NOW, policy=POLICY
        )
        assert brought.occurred_at == hours(hour)

    def test_an_event_already_illegal_is_not_held_against_the_command(self) -> None:
        """An imported verification of an open ticket does not forbid a backdated reply."""
        imported = (OPENED, TRIAGED, happened(Verified("retest"), 3))
        expected = decided(CustomerReplied(), hours(2), message=REPLY.message)
        given(*imported).when(at(REPLY, hours(2))).then(expected)

    def test_an_event_that_turns_illegal_after_an_illegal_one_still_counts(self) -> None:
        """Whether a later event was legal is asked of the history as it stands."""
        imported = (
            OPENED,
            happened(Resolved("defect"), 1),
            happened(Verified("retest"), 4),
        )
        given(*imported).when(at(REPLY, hours(2))).then_refused(OutOfPlace, "Verified")

    def test_a_step_that_became_illegal_by_itself_is_not_held_against_the_command(self) -> None:
        """An imported verification of a reopened ticket was illegal before the late answer."""
        replied, verified = happened(CustomerReplied(), 4), happened(Verified("retest"), 5)
        imported = (OPENED, TRIAGED, RESOLVED, replied, verified)
        expected = decided(AgentResponded("support"), hours(3), message=RESPOND.message)
        given(*imported).when(at(RESPOND, hours(3))).then(expected)

    def test_every_later_event_is_judged_and_not_only_the_next(self) -> None:
        """The verification breaks, though an answer stands between."""
        facts = (OPENED, TRIAGED, RESOLVED, ANSWERED, VERIFIED)
        given(*facts).when(at(REPLY, hours(2.5))).then_refused(OutOfPlace, "Verified")

    def test_events_after_the_ticket_came_back_to_its_course_are_legal(self) -> None:
        """A reply before a resolution changes nothing of what comes after it."""
        facts = (OPENED, TRIAGED, RESOLVED, REOPENED, RESOLVED, VERIFIED)
        expected = decided(CustomerReplied(), hours(2.5), message=REPLY.message)
        given(*facts).when(at(REPLY, hours(2.5))).then(expected)

    def test_a_second_backdated_event_is_judged_by_the_first(self) -> None:
        """What was told late has its right place when the next command comes."""
        late = happened(CustomerReplied(), 2.5)
        facts = (OPENED, TRIAGED, RESOLVED, happened(AgentResponded("support"), 5), late)
        command = at(RESOLVE, hours(3))
        expected = decided(Resolved("usage"), hours(3), resolution=RESOLVE.resolution)
        given(*facts).when(command).then(expected)


def illegal_steps(events: Sequence[RecordedEvent]) -> list[int]:
    """The versions that the table of semantics §2 refuses; written apart from the engine."""
    illegal = []
    story = sorted(events, key=story_order)
    for index, recorded in enumerate(story):
        kinds = [type(earlier.event) for earlier in story[:index]]
        closing = [kind for kind in kinds if kind in (Resolved, Verified, CustomerReplied)]
        if closing and closing[-1] is Verified:
            row = "verified"
        elif closing and closing[-1] is Resolved:
            row = "resolved"
        else:
            row = "open" if SeverityAssigned in kinds else "new"
        column = {
            SeverityAssigned: "severity",
            CustomerReplied: "reply",
            Resolved: "resolve",
            Verified: "verify",
        }.get(type(recorded.event))
        if column in REFUSED[row]:
            illegal.append(recorded.version)
    return illegal


class TestProperties:
    """What holds for every history and every command."""

    @for_all(st.data())
    def test_folding_in_any_arrival_order_is_folding_in_story_order(
        self, data: st.DataObject
    ) -> None:
        """There is one order of a ticket's events, however they arrive."""
        events = data.draw(strategies.histories())
        arrival = data.draw(st.permutations(events))
        arrived = NOT_OPENED
        for recorded in arrival:
            arrived = evolve(arrived, recorded)
        in_order = NOT_OPENED
        for recorded in sorted(events, key=story_order):
            in_order = evolve(in_order, recorded)
        assert arrived == in_order == fold(arrival)

    @for_all(strategies.histories())
    def test_status_is_the_first_that_holds(self, events: tuple[RecordedEvent, ...]) -> None:
        """Said again in other words: by the last event of each kind that matters."""
        story = [recorded.event for recorded in sorted(events, key=story_order)]
        closing = [e for e in story if isinstance(e, Resolved | Verified | CustomerReplied)]
        turns = [
            e.awaiting if isinstance(e, AgentResponded | WorkaroundFound) else "support"
            for e in story
            if isinstance(e, AgentResponded | WorkaroundFound | CustomerReplied)
        ]
        if closing and isinstance(closing[-1], Verified):
            expected = "verified"
        elif closing and isinstance(closing[-1], Resolved):
            expected = "resolved"
        elif turns and turns[-1] == "customer":
            expected = "pending"
        elif not any(isinstance(e, SeverityAssigned) for e in story):
            expected = "new"
        else:
            expected = "open"
        assert fold(events).status == expected

    @for_all(strategies.histories())
    def test_the_clocks_see_the_status_and_severity_that_commands_are_judged_by(
        self, events: tuple[RecordedEvent, ...]
    ) -> None:
        """Both folds go by one order and one rule, whatever the facts say."""
        folded = clock.fold(sorted(events, key=story_order), Policies((POLICY,)))
        ticket = fold(events)
        severity = None if ticket.triage is None else ticket.triage.severity
        assert (ticket.status, severity) == (folded.status, folded.severity)

    @for_all(strategies.legal_histories())
    def test_what_is_decided_keeps_the_history_legal(
        self, events: tuple[RecordedEvent, ...]
    ) -> None:
        """However commands are backdated, every step of the story is one of the table."""
        assert illegal_steps(events) == []

    @for_all(st.data())
    def test_a_command_never_makes_a_legal_step_illegal(self, data: st.DataObject) -> None:
        """Also an imported history has no more illegal steps after a command than before."""
        ticket = fold(data.draw(strategies.histories()))
        command = data.draw(strategies.later_commands(NOW))
        try:
            events = decide(ticket, command, now=NOW, policy=POLICY)
        except Refusal:
            return
        after = record(ticket, events, NOW)
        assert set(illegal_steps(after.history)) <= set(illegal_steps(ticket.history))

    @for_all(st.data())
    def test_a_refused_backdating_would_have_broken_a_step(self, data: st.DataObject) -> None:
        """No command is refused for its place unless the table refuses some step for it."""
        ticket = data.draw(strategies.legal_tickets())
        now = ticket.history[-1].recorded_at
        reply = at(REPLY, data.draw(st.integers(START, now)))
        try:
            decide(ticket, reply, now=now, policy=POLICY)
        except (OutOfPlace, TicketVerified):
            forced = record(ticket, [decided(CustomerReplied(), reply.occurred_at)], now)
            assert illegal_steps(forced.history) != []
        except OccurredTooFarBack:
            pass

    @for_all(st.data())
    def test_a_decision_made_again_is_nothing(self, data: st.DataObject) -> None:
        """Triage, resolution and verification told twice append once."""
        ticket = data.draw(strategies.legal_tickets())
        now = ticket.history[-1].recorded_at
        command = data.draw(strategies.later_commands(now))
        if not isinstance(command, Triage | Resolve | Verify):
            return
        try:
            events = decide(ticket, command, now=now, policy=POLICY)
        except Refusal:
            return
        again = record(ticket, events, now)
        assert decide(again, command, now=now, policy=POLICY) == ()

    @for_all(st.data())
    def test_a_decision_depends_on_its_arguments_alone(self, data: st.DataObject) -> None:
        """Asked twice, of the ticket and of its equal, the answer is the same."""
        ticket = data.draw(strategies.legal_tickets())
        command = data.draw(strategies.later_commands(NOW))

        def outcome(of: Ticket) -> tuple[Decided, ...] | str:
            try:
                return decide(of, command, now=NOW, policy=POLICY)
            except Refusal as refusal:
                return f"{refusal.name}: {refusal}"

        assert outcome(ticket) == outcome(ticket) == outcome(fold(reversed(ticket.history)))

    @for_all(strategies.histories())
    def test_an_older_state_is_untouched_by_what_comes_later(
        self, events: tuple[RecordedEvent, ...]
    ) -> None:
        """States are values: folding on makes a new one."""
        before = fold(events[:-1])
        copy = fold(events[:-1])
        evolve(before, events[-1])
        assert before == copy


@pytest.mark.parametrize(
    "value",
    [OPEN, *(command for command, _ in COMMANDS.values()), NOT_OPENED],
    ids=lambda value: type(value).__name__,
)
def test_commands_and_tickets_are_values(value: Command | Ticket) -> None:
    """Nobody changes one in another's hands, and equal ones are equal."""
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
    assert dataclasses.replace(value) == value
    assert not hasattr(value, "__dict__")


def test_the_given_history_is_well_formed() -> None:
    """The specs start from facts that a reader would accept."""
    for facts in ROWS.values():
        events = history(*facts)
        assert [recorded.version for recorded in events] == list(range(1, len(events) + 1))
        assert all(START <= recorded.occurred_at <= recorded.recorded_at for recorded in events)
