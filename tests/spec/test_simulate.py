"""The simulated desk: always the same, legal, well formed, and plausible for any policy."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import get_args

import pytest

from domain import identifier, instant
from domain.clock import fold
from domain.event import (
    CustomerReplied,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    story_order,
)
from domain.hours import OutsideCalendar
from domain.instant import DAY, HOUR, MINUTE, SECOND
from domain.policy import Policies, Policy
from domain.standing import BEGINNING
from infra.doors.simulate import MOST_TICKETS, simulate
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.phrasebook import Phrasebook
from infra.doors.simulate.texts import LANGUAGES
from infra.doors.simulate.theme import GENERAL, THEMES
from infra.store.policies import find as found
from streams.envelope import encode
from streams.history import read

# Three weeks in which Prague (29 March) and Santiago (5 April) change their clocks.
START = instant.parse("2026-03-22T23:00:00Z")
END = START + 21 * DAY
NAMES = ("managry", "ficticia")

Stories = dict[str, list[RecordedEvent]]


# Reading a policy is slow beside judging a ticket by it.
find = cache(found)


@cache
def log(name: str, tickets: int = 800, seed: str = "spec") -> tuple[RecordedEvent, ...]:
    """Simulate once what several tests look at."""
    return tuple(simulate(tickets, seed, START, END, find(name)))


@cache
def stories(name: str) -> Stories:
    """Sort the log by ticket."""
    told: Stories = {}
    for recorded in log(name):
        told.setdefault(recorded.ticket, []).append(recorded)
    return told


def in_story_order(name: str) -> Iterator[list[RecordedEvent]]:
    """Yield each ticket's events in the order in which they happened."""
    return (sorted(story, key=story_order) for story in stories(name).values())


def share(name: str, holds: Callable[[RecordedEvent], bool]) -> float:
    """The share of the events for which something holds."""
    return sum(map(holds, log(name))) / len(log(name))


class TestDeterminism:
    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        """Nothing but the arguments decides: neither the clock nor the order of a hash table."""
        once, again = (simulate(60, 7, START, END, find("managry")) for _ in range(2))
        assert list(map(encode, once)) == list(map(encode, again))

    def test_another_seed_gives_another_desk(self) -> None:
        """The seed reaches every part, ids included."""
        one, other = (
            {recorded.event_id for recorded in log("managry", 60, seed)} for seed in ("a", "b")
        )
        assert one & other == set()

    def test_a_seed_may_be_a_number_or_its_text(self) -> None:
        """The command line knows texts only."""
        number, text = ([*simulate(20, seed, START, END, find("managry"))] for seed in (12, "12"))
        assert number == text

    def test_the_golden_desk_stays_as_it_is(self) -> None:
        """These bytes change only with the simulation, the policy's words, or the envelope.

        Then the digest is replaced knowingly, with a line in the changelog: whoever kept a
        number made from a seed must learn that it means another desk now. A new version of Python
        or of a library is no reason.
        """
        written = b"\n".join(map(encode, log("managry", 200, "golden")))
        assert (
            sha256(written).hexdigest()
            == "05966386081f545476e17f7d89d287e9a03a4861a1361cbe104a60c848725f7c"
        )

    def test_chance_draws_random_numbers_only(self) -> None:
        """The sequence of `random()` is the only one that Python promises to keep."""
        chance = Chance("spec")
        draws = iter((0.0, 0.4999999, 0.5, 0.9999999) * 4)
        chance.random = lambda: next(draws)
        assert [chance.below(10) for _ in range(4)] == [0, 4, 5, 9]
        assert [chance.pick("abcd") for _ in range(4)] == ["a", "b", "c", "d"]
        assert [chance.weighted("xy", (1, 1)) for _ in range(4)] == ["x", "x", "y", "y"]
        lengths = [chance.around(MINUTE, HOUR, DAY) for _ in range(4)]
        assert lengths == sorted(lengths)
        assert lengths[0] == MINUTE
        assert lengths[2] == HOUR
        assert lengths[3] == DAY - SECOND


@pytest.mark.parametrize("name", NAMES)
class TestTheLog:
    def test_exactly_so_many_tickets_are_opened(self, name: str) -> None:
        """They are numbered in the order in which they were recorded."""
        opened = [recorded.ticket for recorded in log(name) if recorded.version == 1]
        assert sorted(opened) == sorted(f"T-{number}" for number in range(1, 801))
        recorded_at = {recorded.ticket: recorded.recorded_at for recorded in log(name)[::-1]}
        numbered = [recorded_at[f"T-{number}"] for number in range(1, 801)]
        assert numbered == sorted(numbered)

    def test_it_comes_in_the_order_of_recording(self, name: str) -> None:
        """Events of the same instant come by ticket, those of one ticket by version."""
        order = [
            (recorded.recorded_at, recorded.ticket, recorded.version) for recorded in log(name)
        ]
        assert order == sorted(order)

    def test_it_is_well_formed(self, name: str) -> None:
        """What is written can be read, and comes back as it was."""
        history = read(map(encode, log(name)), find(name))
        assert history.tickets == stories(name)

    def test_nothing_happens_outside_the_range(self, name: str) -> None:
        """The first event is not before the start, the last is recorded before the end."""
        assert min(recorded.occurred_at for recorded in log(name)) >= START
        assert log(name)[-1].recorded_at < END

    def test_every_event_of_the_lifecycle_occurs(self, name: str) -> None:
        """A reader of the log sees all seven types, and both sides awaited."""
        assert {type(recorded.event) for recorded in log(name)} == set(get_args(Event))
        awaited = {getattr(recorded.event, "awaiting", None) for recorded in log(name)}
        assert awaited == {None, "support", "customer"}

    def test_every_history_is_legal_at_every_step(self, name: str) -> None:
        """No event stands where the lifecycle would refuse its command (semantics §2)."""
        for story in in_story_order(name):
            standing = BEGINNING
            for recorded in story:
                assert standing.refusal(recorded.event) is None
                standing = standing.after(recorded.event, recorded.words)

    def test_it_names_only_what_the_policy_knows(self, name: str) -> None:
        """Plans, impacts that back their severity, topics and root causes are the policy's."""
        [policy] = find(name).versions
        for recorded in log(name):
            match recorded.event:
                case Opened(plan=plan):
                    assert plan in policy.plans
                case SeverityAssigned(severity, impact, topic, _):
                    assert impact in policy.severities[severity].impacts
                    assert topic in policy.topics
                case Resolved(root_cause):
                    assert root_cause is None or root_cause in policy.root_causes
                case _:
                    pass

    def test_ids_can_be_computed_again(self, name: str) -> None:
        """Event ids follow from ticket and command (contracts, Identifiers); all are different."""
        for recorded in log(name):
            assert recorded.command_id is not None
            expected = identifier.of_event(recorded.ticket, recorded.command_id, 0)
            assert recorded.event_id == expected
        assert len({recorded.event_id for recorded in log(name)}) == len(log(name))

    def test_a_cause_was_recorded_before_its_effect(self, name: str) -> None:
        """Only the opening of a ticket that follows no other one has no cause."""
        known: dict[str, RecordedEvent] = {}
        for recorded in log(name):
            if recorded.causation_id is None:
                assert isinstance(recorded.event, Opened)
                assert recorded.event.follows is None
                assert recorded.correlation_id == recorded.command_id
            else:
                assert known[recorded.causation_id].correlation_id == recorded.correlation_id
            known[recorded.event_id] = recorded

    def test_actors_have_opaque_ids(self, name: str) -> None:
        """A customer, an agent, or a system; never an address (contracts, `actor`)."""
        actor = re.compile(r"(customer:C|agent:[AS])-\d+|system:monitoring")
        assert [recorded for recorded in log(name) if not actor.fullmatch(recorded.actor)] == []

    def test_nothing_is_backdated_further_than_the_policy_allows(self, name: str) -> None:
        """A call is written down within `max_backdate`."""
        [policy] = find(name).versions
        furthest = max(recorded.recorded_at - recorded.occurred_at for recorded in log(name))
        assert HOUR < furthest <= policy.max_backdate

    def test_every_text_is_complete(self, name: str) -> None:
        """No placeholder is left over, and no text is empty."""
        for recorded in log(name):
            for text in recorded.words.values():
                assert text.strip()
                assert not re.search(r"[{}]", text)

    def test_customers_write_czech_and_english(self, name: str) -> None:
        """Each in one language; most write Czech where the policy speaks it."""
        czech = re.compile(r"[ěščřžůďťň]", re.IGNORECASE)
        bodies = [recorded.words["body"] for recorded in log(name) if "body" in recorded.words]
        share_of_czech = sum(czech.search(body) is not None for body in bodies) / len(bodies)
        assert 0.5 < share_of_czech < 0.85


@pytest.mark.parametrize("name", NAMES)
class TestPlausibility:
    def test_a_well_run_desk_keeps_most_promises(self, name: str) -> None:
        """Nine in ten, as reports of such desks show; queues and forgetting do the rest."""
        verdicts = Counter(
            clock.verdict(END)
            for story in in_story_order(name)
            for clock in fold(story, find(name)).clocks
        )
        assert 0.85 <= verdicts["met"] / (verdicts["met"] + verdicts["breached"]) <= 0.95
        assert verdicts["no-target"] > verdicts["breached"]
        assert verdicts["running"] < verdicts["met"] / 10

    def test_some_events_are_written_down_later(self, name: str) -> None:
        """Phone calls: some of them only after other things had been recorded."""
        assert 0.03 < share(name, lambda event: event.occurred_at < event.recorded_at) < 0.1
        assert any(story != sorted(story, key=story_order) for story in stories(name).values())

    def test_some_tickets_are_reopened(self, name: str) -> None:
        """A reply after a resolution brings the ticket back."""
        reopened = 0
        for story in in_story_order(name):
            kinds = [type(recorded.event) for recorded in story]
            reopened += Resolved in kinds and CustomerReplied in kinds[kinds.index(Resolved) :]
        assert 0.03 < reopened / 800 < 0.12

    def test_the_gravest_severity_is_rare(self, name: str) -> None:
        """The milder, the more frequent."""
        [policy] = find(name).versions
        levels = Counter(fold(story, find(name)).severity for story in in_story_order(name))
        counts = [levels[level] for level in sorted(policy.severities)]
        assert counts == sorted(counts)
        assert 0 < counts[0] < 80

    def test_the_specialist_errs_and_corrects_it(self, name: str) -> None:
        """Severities are raised and lowered, and what seemed supported turns out not to be."""
        raised = lowered = other_support = 0
        for story in stories(name).values():
            triages = [e.event for e in story if isinstance(e.event, SeverityAssigned)]
            for before, after in pairwise(triages):
                raised += after.severity < before.severity
                lowered += after.severity > before.severity
                other_support += after.supported != before.supported
        assert min(raised, lowered, other_support) > 0
        assert raised + lowered < 160

    def test_some_requests_are_unsupported(self, name: str) -> None:
        """They are few, and get best effort."""
        triages = [e.event for e in log(name) if isinstance(e.event, SeverityAssigned)]
        assert 0.02 < sum(not triage.supported for triage in triages) / len(triages) < 0.1

    def test_every_way_and_every_plan_brings_requests(self, name: str) -> None:
        """By mail most of all; some follow an earlier ticket."""
        [policy] = find(name).versions
        opened = [recorded.event for recorded in log(name) if isinstance(recorded.event, Opened)]
        channels = Counter(event.channel for event in opened)
        assert channels.most_common(1)[0][0] == "email"
        assert set(channels) == {"email", "web", "phone", "api"}
        assert {event.plan for event in opened} == set(policy.plans)
        assert any(event.follows for event in opened)

    def test_a_customer_has_one_plan(self, name: str) -> None:
        """What a customer bought does not change from ticket to ticket."""
        plans = {
            (recorded.event.customer_id, recorded.event.plan)
            for recorded in log(name)
            if isinstance(recorded.event, Opened)
        }
        assert len(plans) == len({customer for customer, _ in plans})

    def test_an_agent_works_on_one_ticket_at_a_time(self, name: str) -> None:
        """Hands are limited: no two tickets get a written answer of one agent at one instant."""
        answered = Counter(
            (recorded.actor, recorded.recorded_at)
            for recorded in log(name)
            if recorded.actor.startswith("agent:A") and recorded.occurred_at == recorded.recorded_at
        )
        assert max(answered.values()) == 1


class TestArrivals:
    def test_most_requests_come_while_the_office_is_open(self) -> None:
        """Some come at night, at the weekend and on a holiday, more of them by a plan for that."""
        opened = [e for e in log("managry", 3000, "arrivals") if isinstance(e.event, Opened)]
        hours = find("managry").in_force(START).plans["standard"].hours
        closed: Counter[str] = Counter()
        plans: Counter[str] = Counter()
        for recorded in opened:
            assert isinstance(recorded.event, Opened)
            plans[recorded.event.plan] += 1
            closed[recorded.event.plan] += not hours.is_open(recorded.occurred_at)
        shares = {plan: closed[plan] / plans[plan] for plan in plans}
        assert 0.02 < shares["standard"] < 0.15
        assert shares["standard"] < shares["premium"] < 0.4

    def test_a_monday_brings_more_than_a_friday(self) -> None:
        """What piled up over the weekend comes on Monday."""
        zone = find("managry").in_force(START).plans["standard"].hours.zone
        days = Counter(
            instant.to_datetime(recorded.occurred_at).astimezone(zone).weekday()
            for recorded in log("managry", 3000, "arrivals")
            if isinstance(recorded.event, Opened)
        )
        # 6 April 2026 is Easter Monday, so two Mondays stand against two Fridays.
        assert days[0] > 1.2 * days[4] > 5 * days[6]


class TestAnyRange:
    @pytest.mark.parametrize(
        ("start", "length"),
        [
            ("2026-03-07T00:00:00Z", 2 * DAY),  # a weekend
            ("2026-03-09T10:00:00.123457Z", SECOND),
            ("2026-03-09T10:00:00.123457Z", 1),
            ("2026-03-09T10:17:21.5Z", 3 * HOUR),
            ("2026-10-24T22:00:00Z", DAY),  # the 25 hours of a Sunday, and no office
        ],
    )
    @pytest.mark.parametrize("name", NAMES)
    def test_a_short_range_gets_all_its_tickets(self, name: str, start: str, length: int) -> None:
        """However little time there is, so many tickets are opened in it."""
        begins = instant.parse(start)
        told = list(simulate(30, 1, begins, begins + length, find(name)))
        assert sum(isinstance(recorded.event, Opened) for recorded in told) == 30
        assert all(begins <= e.occurred_at <= e.recorded_at < begins + length for e in told)

    def test_a_whole_year_is_as_plausible(self) -> None:
        """Few tickets over a long time: every one of them but the last is taken care of."""
        begins = instant.parse("2025-12-31T23:00:00Z")
        told = list(simulate(300, 1, begins, begins + 365 * DAY, find("managry")))
        assert sum(isinstance(recorded.event, Resolved) for recorded in told) > 280

    def test_one_ticket_is_enough(self) -> None:
        """The smallest desk has one customer who asks once."""
        told = list(simulate(1, 1, START, END, find("managry")))
        assert {recorded.ticket for recorded in told} == {"T-1"}

    @pytest.mark.parametrize("tickets", [0, -1, MOST_TICKETS + 1])
    def test_a_senseless_number_of_tickets_is_refused(self, tickets: int) -> None:
        """The limit is part of the message."""
        with pytest.raises(ValueError, match="between 1 and 1,000,000"):
            simulate(tickets, 1, START, END, find("managry"))

    def test_an_empty_range_is_refused(self) -> None:
        """Nothing can happen between an instant and itself."""
        with pytest.raises(ValueError, match="empty"):
            simulate(1, 1, START, START, find("managry"))

    @pytest.mark.parametrize("start", ["2009-12-30T00:00:00Z", "2040-12-25T00:00:00Z"])
    def test_a_range_that_leaves_the_calendar_is_refused_at_once(self, start: str) -> None:
        """Also when only what is due after the range lies outside; before the first event."""
        begins = instant.parse(start)
        with pytest.raises(OutsideCalendar):
            simulate(5, 1, begins, begins + 6 * DAY + 22 * HOUR, find("managry"))


def changed(policy: Policy) -> Policy:
    """A second version in which a topic, an impact and root causes are new, and old ones gone."""
    severities = {
        level: replace(severity, impacts=(*severity.impacts[1:], f"new-{level}"))
        for level, severity in policy.severities.items()
    }
    names = {impact for severity in severities.values() for impact in severity.impacts}
    return replace(
        policy,
        version=2,
        effective_from=START + 10 * DAY,
        severities=severities,
        impacts={name: policy.impacts.get(name, {"en": name}) for name in names},
        topics={name: topic for name, topic in policy.topics.items() if name != "defect"},
        root_causes={"magic": {"en": "magic"}},
    )


def only(policy: Policy, levels: Sequence[int], topics: Sequence[str]) -> Policy:
    """The policy with fewer severities and topics."""
    return replace(
        policy,
        severities={level: policy.severities[level] for level in levels},
        topics={name: policy.topics[name] for name in topics},
    )


class TestAnyPolicy:
    def test_a_new_version_is_followed_from_its_first_instant(self) -> None:
        """Tickets that were opened before go on by the names that are known now."""
        [first] = find("managry").versions
        policies = Policies((first, changed(first)))
        told = list(simulate(300, 1, START, END, policies))
        later = [e.event for e in told if e.recorded_at >= START + 10 * DAY]
        causes = {event.root_cause for event in later if isinstance(event, Resolved)}
        assert causes <= {None, "magic"}
        assert read(map(encode, told), policies).tickets.keys() == {e.ticket for e in told}

    @pytest.mark.parametrize(
        ("levels", "topics"),
        [((1,), ("usage",)), ((2, 4), ("third-party",)), ((1, 2, 3, 4), ("defect", "usage"))],
    )
    def test_a_small_policy_is_enough(self, levels: Sequence[int], topics: Sequence[str]) -> None:
        """One severity, one topic, no supported topic: the desk works all the same."""
        [first] = find("managry").versions
        told = list(simulate(80, 1, START, END, Policies((only(first, levels, topics),))))
        triages = [e.event for e in told if isinstance(e.event, SeverityAssigned)]
        assert {triage.severity for triage in triages} <= set(levels)
        assert {triage.topic for triage in triages} == set(topics)

    def test_a_desk_that_never_closes_works_in_shifts(self) -> None:
        """Where every plan is open around the clock, so is the office."""
        [policy] = find("ficticia").versions
        always = replace(policy, plans={"ocean": policy.plans["ocean"]})
        told = list(simulate(400, 1, START, END, Policies((always,))))
        answering = {e.actor for e in told if e.actor.startswith("agent:A")}
        assert len(answering) >= 6

    def test_a_policy_in_english_only_gets_english_texts(self) -> None:
        """Nobody writes Czech to a vendor whose policy does not."""
        [policy] = find("managry").versions
        told = simulate(50, 1, START, END, Policies((replace(policy, title={"en": "Ours"}),)))
        text = " ".join(recorded.words.get("subject", "") for recorded in told)
        assert re.search(r"[ěščřžů]", text) is None


class TestPhrasebooks:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_theme_is_told(self, language: str) -> None:
        """A theme without words, or words without a theme, would be found by chance only."""
        themes = {theme.name for theme in (*THEMES, *GENERAL)}
        assert LANGUAGES[language].themes.keys() == themes

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_kind_of_phrase_has_words(self, language: str) -> None:
        """No list of phrases is empty, and no subject is longer than a line may be."""
        book = LANGUAGES[language]
        for field in fields(Phrasebook):
            assert field.type is bool or getattr(book, field.name)
        for wording in book.themes.values():
            assert wording.subjects
            assert wording.bodies
            assert all(len(subject) < 120 for subject in wording.subjects)
