"""The event log, whatever back end it stands on (event log, contracts; semantics §5)."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from domain import identifier, instant
from domain.event import AgentResponded, Opened, RecordedEvent, Resolved, Text, Words
from domain.policy import PoliciesDisagree
from domain.refusal import CommandReused, Refusal, WordsMissing, WordsTooLong, WordsUnreadable
from domain.ticket import NOT_OPENED, fold
from infra.store.failure import Damaged, Exists, Missing, NewerSchema, OpeningsChanged, ReadOnly
from infra.store.log import (
    Append,
    Conflict,
    Cursor,
    Different,
    Draft,
    Erasure,
    EventLog,
    GroupCommit,
    Head,
    Imported,
    Outcome,
    Skipped,
    Stopped,
    Stored,
    chain,
)
from infra.store.log.application import TicketEvent
from infra.store.policies import PolicyInvalid, zone
from tests.contract.conftest import BackEnd
from tests.contract.given import (
    CREATED,
    EVERY_EVENT,
    LIVE_FROM,
    NOW,
    OPENED,
    POLICY,
    REPLIED,
    HandClock,
    append,
    digest,
    known,
    second_policy,
    story,
)


def outcome(log: EventLog, request: Append) -> Outcome:
    """Append one command that is expected to get an outcome."""
    [result] = log.append([request])
    assert isinstance(result, Outcome)
    return result


class TestCreation:
    def test_a_new_log_holds_its_policy_and_nothing_else(self, log: EventLog) -> None:
        """The policy is the first event, recorded when the log was created, for no ticket."""
        assert log.head()[:2] == (1, CREATED)
        assert [policy.label for policy in log.policies().versions] == ["managry@1"]
        assert log.policies().in_force(0).label == "managry@1"
        assert log.policy_files()[0].policy.digest == sha256(POLICY).hexdigest()
        assert log.read(0, 10) == []
        assert log.lasts() == {}
        assert log.verify() == []

    def test_a_log_remembers_what_it_was_created_as(
        self, back_end: BackEnd, clock: HandClock
    ) -> None:
        """Source, partitions and live_from stand in the log; the next opener finds them."""
        with back_end.create(clock, partitions=12) as log:
            log_id = log.log_id
        with back_end.open(clock) as log:
            assert (log.source, log.partitions, log.live_from) == ("/tickets", 12, LIVE_FROM)
            assert log.log_id == log_id

    def test_every_move_of_live_from_is_remembered(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """Each is an event of the log's own; the last one holds, and the same again is none."""
        assert log.live_from == LIVE_FROM
        for at in (NOW, NOW, 0, LIVE_FROM):
            log.set_live_from(at)
            assert log.live_from == at
        with back_end.open(clock, read_only=True) as other:
            assert other.live_from == LIVE_FROM
            moves = [orjson.loads(row.state) for row in other.raw("log:live-from")]
            assert [move["data"] for move in moves] == [
                {"live_from": at} for at in (NOW, 0, LIVE_FROM)
            ]
            assert other.head().position == 4
            assert (other.read(0, 10), other.lasts()) == ([], {})
            assert other.verify() == []

    def test_an_existing_log_is_not_created_again(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """What is there is never overwritten."""
        outcome(log, append("c", "T-1", 0, OPENED))
        with pytest.raises(Exists, match="exists already"):
            back_end.create(clock)
        assert len(log.ticket("T-1")) == 1

    def test_an_invalid_policy_creates_nothing(self, back_end: BackEnd, clock: HandClock) -> None:
        """A log without a policy could judge nothing."""
        with pytest.raises(PolicyInvalid):
            back_end.create(clock, policy=b"name = 1")
        with pytest.raises(Missing, match="lhuta init"):
            back_end.open(clock)

    def test_an_older_program_refuses_a_newer_log(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """Tables that it does not know could mean what it would break."""
        log.close()
        back_end.execute("UPDATE log_settings SET schema = 7")
        with pytest.raises(NewerSchema, match="schema 7"):
            back_end.open(clock)

    def test_a_log_opened_to_read_takes_nothing(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """Reading it is possible beside a writer, writing is refused by name."""
        outcome(log, append("c", "T-1", 0, OPENED))
        with back_end.open(clock, read_only=True) as reader:
            assert len(reader.ticket("T-1")) == 1
            with pytest.raises(ReadOnly):
                reader.append([append("d", "T-1", 1, REPLIED)])
        assert len(log.ticket("T-1")) == 1


class TestAppending:
    def test_every_event_comes_back_as_it_was_decided(self, log: EventLog) -> None:
        """Each of the seven types survives the way into the log and out again."""
        outcome(log, append("c", "T-1", 0, *EVERY_EVENT))
        assert [stored.recorded.event for stored in log.read(0, 10)] == list(EVERY_EVENT)
        recorded = log.ticket("T-1")
        assert [one.event for one in recorded] == list(EVERY_EVENT)
        assert [one.version for one in recorded] == [1, 2, 3, 4, 5, 6, 7]
        assert recorded[2] == RecordedEvent(
            ticket="T-1",
            version=3,
            event_id=identifier.of_event("T-1", "c", 2),
            occurred_at=NOW,
            recorded_at=NOW,
            actor="agent:a-1",
            event=REPLIED,
            command_id="c",
            correlation_id="correlation of c",
        )

    def test_positions_have_no_gaps_and_chain_the_partition(self, log: EventLog) -> None:
        """Each event names the one before it in its partition, and the first one none."""
        log.append([append("a", "T-1", 0, OPENED), append("b", "T-2", 0, OPENED, REPLIED)])
        outcome(log, append("c", "T-1", 1, REPLIED))
        assert [(s.position, s.previous) for s in log.read(0, 10)] == [
            (2, 0),
            (3, 2),
            (4, 3),
            (5, 4),
        ]
        assert log.lasts() == {0: 5}

    def test_each_partition_has_a_chain_of_its_own(
        self, back_end: BackEnd, clock: HandClock
    ) -> None:
        """Previous positions lead through one partition, and policies are in none."""
        with back_end.create(clock, partitions=3) as log:
            # By Kafka's murmur2, T-1 and T-4 share a partition that T-2 is not in.
            log.append([append(t, t, 0, OPENED) for t in ("T-1", "T-2")])
            log.publish(second_policy(NOW + instant.DAY))
            log.append([append(f"{t}!", t, 1, REPLIED) for t in ("T-2", "T-1")])
            places = [(s.recorded.ticket, s.position, s.previous) for s in log.read(0, 10)]
            assert places == [("T-1", 2, 0), ("T-2", 3, 0), ("T-2", 5, 3), ("T-1", 6, 2)]
            assert sorted(log.lasts().values()) == [5, 6]
            assert log.verify() == []

    def test_what_names_no_time_happened_when_it_was_recorded(
        self, log: EventLog, clock: HandClock
    ) -> None:
        """The log alone knows when it records; a named time is kept, and never lies ahead."""
        clock.now = NOW + 5
        earlier, ahead = NOW - instant.DAY, NOW + instant.DAY
        log.append(
            [
                append("a", "T-1", 0, OPENED),
                append("b", "T-2", 0, OPENED, at=earlier),
                append("c", "T-3", 0, OPENED, at=ahead),
            ]
        )
        times = [(s.recorded.occurred_at, s.recorded.recorded_at) for s in log.read(0, 10)]
        assert times == [(NOW + 5, NOW + 5), (earlier, NOW + 6), (NOW + 7, NOW + 7)]

    def test_a_command_gets_an_instant_of_its_own(self, log: EventLog) -> None:
        """Events of one command share an instant, and no other command has it."""
        log.append([append("a", "T-1", 0, OPENED, REPLIED), append("b", "T-1", 2, REPLIED)])
        assert [one.recorded_at for one in log.ticket("T-1")] == [NOW, NOW, NOW + 1]

    def test_the_outcome_says_where_the_events_are(self, log: EventLog) -> None:
        """Versions in the ticket and positions in the log, first and last."""
        outcome(log, append("a", "T-1", 0, OPENED))
        assert outcome(log, append("b", "T-1", 1, REPLIED, REPLIED)) == Outcome(
            "b", "T-1", 2, 3, 3, 4, NOW + 1, repeated=False
        )

    def test_the_same_command_again_repeats_its_first_outcome(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """Also when the ticket has gone on, and for another process; nothing is appended."""
        request = append("a", "T-1", 0, OPENED)
        first = outcome(log, request)
        outcome(log, append("b", "T-1", 1, REPLIED))
        clock.now += instant.HOUR
        with back_end.open(clock) as other:
            assert outcome(other, request) == first._replace(repeated=True)
            assert known(other, "a", "a") == first._replace(repeated=True)
        assert len(log.ticket("T-1")) == 2

    def test_a_command_sent_twice_at_once_happens_once(self, log: EventLog) -> None:
        """The second one in the same group repeats the first one's outcome."""
        request = append("a", "T-1", 0, OPENED)
        first, second = log.append([request, request])
        assert isinstance(first, Outcome)
        assert second == first._replace(repeated=True)
        assert len(log.ticket("T-1")) == 1

    def test_a_command_that_said_nothing_new_is_remembered_too(self, log: EventLog) -> None:
        """Its outcome names no events, and its id is taken."""
        outcome(log, append("a", "T-1", 0, OPENED))
        nothing = outcome(log, append("b", "T-1", 1))
        assert nothing == Outcome("b", "T-1", None, None, None, None, NOW + 1, repeated=False)
        assert outcome(log, append("b", "T-1", 1)) == nothing._replace(repeated=True)
        assert log.verify() == []

    def test_a_command_id_is_not_used_for_another_content(self, log: EventLog) -> None:
        """`CommandReused` names the id, and nothing is appended."""
        outcome(log, append("a", "T-1", 0, OPENED))
        [reused] = log.append([append("a", "T-1", 1, REPLIED, content="other")])
        assert isinstance(reused, CommandReused)
        assert reused.command_id == "a"
        assert "id a was used" in str(reused)
        assert isinstance(known(log, "a", "other"), CommandReused)
        assert known(log, "b", "b") is None
        assert len(log.ticket("T-1")) == 1

    @pytest.mark.parametrize("expected", [0, 1, 3])
    def test_a_ticket_that_went_on_is_a_conflict(self, log: EventLog, expected: int) -> None:
        """It carries the version at which the ticket really is; the command is not remembered."""
        outcome(log, append("a", "T-1", 0, OPENED, REPLIED))
        [conflict] = log.append([append("b", "T-1", expected, REPLIED)])
        assert isinstance(conflict, Conflict)
        assert (conflict.ticket, conflict.expected, conflict.actual) == ("T-1", expected, 2)
        assert outcome(log, append("b", "T-1", 2, REPLIED)).last_version == 3

    def test_a_conflict_is_for_its_caller_only(self, log: EventLog) -> None:
        """The others of the same transaction are stored, and everybody is told in order."""
        results = log.append(
            [
                append("a", "T-1", 0, OPENED),
                append("b", "T-1", 0, OPENED),
                append("c", "T-1", 1, REPLIED),
                append("a", "T-1", 2, REPLIED, content="other"),
                append("d", "T-2", 0, OPENED),
            ]
        )
        assert [type(result) for result in results] == [
            Outcome,
            Conflict,
            Outcome,
            CommandReused,
            Outcome,
        ]
        assert [stored.recorded.ticket for stored in log.read(0, 9)] == ["T-1", "T-1", "T-2"]
        assert log.verify() == []

    def test_an_append_that_fails_leaves_nothing(self, log: EventLog) -> None:
        """A group with something that cannot be stored is refused whole."""
        unreadable = append("b", "T-2", 0, OPENED, subject="\ud800")
        with pytest.raises(TypeError):
            log.append([append("a", "T-1", 0, OPENED), unreadable])
        assert log.ticket("T-1") == []
        assert outcome(log, append("a", "T-1", 0, OPENED)).repeated is False


class TestTime:
    def test_recorded_time_never_falls(self, back_end: BackEnd, clock: HandClock) -> None:
        """A clock set back an hour moves the log on by a microsecond at a time."""
        with back_end.create(clock) as log:
            outcome(log, append("a", "T-1", 0, OPENED))
            clock.now = NOW - instant.HOUR
            outcome(log, append("b", "T-1", 1, REPLIED))
        with back_end.open(clock) as log:
            outcome(log, append("c", "T-1", 2, REPLIED))
            assert [one.recorded_at for one in log.ticket("T-1")] == [NOW, NOW + 1, NOW + 2]
            assert log.head().recorded_at == NOW + 2
            assert log.verify() == []

    def test_an_idle_log_moves_on_with_the_clock(self, log: EventLog, clock: HandClock) -> None:
        """A tick moves the time of the head and nothing else."""
        before = log.head()
        assert log.tick() == before._replace(recorded_at=NOW)
        clock.now = NOW + instant.HOUR
        assert log.tick() == log.head() == before._replace(recorded_at=NOW + instant.HOUR)
        assert log.verify() == []

    def test_a_tick_never_goes_back(self, log: EventLog, clock: HandClock) -> None:
        """A clock set back leaves the head where it is."""
        head = log.tick()
        clock.now = NOW - instant.HOUR
        assert log.tick() == head

    def test_nothing_is_recorded_at_or_before_a_watermark(
        self, log: EventLog, clock: HandClock
    ) -> None:
        """What is told as the time of the log is over, whatever the clock does then."""
        for step in (0, -instant.HOUR, 1, 0, instant.HOUR, -1):
            clock.now += step
            watermark = log.tick()
            stored = outcome(
                log, append(f"{step} {watermark}", "T-1", len(log.ticket("T-1")), REPLIED)
            )
            assert stored.recorded_at > watermark.recorded_at
            assert stored.first_position is not None
            assert stored.first_position > watermark.position


class TestReading:
    def test_events_are_read_in_order_from_a_position(self, log: EventLog) -> None:
        """A reader goes on after what it has, until there is no more."""
        for number in range(5):
            outcome(log, append(f"c{number}", f"T-{number}", 0, OPENED))
        assert [s.recorded.ticket for s in log.read(0, 2)] == ["T-0", "T-1"]
        assert [s.position for s in log.read(3, 2)] == [4, 5]
        assert [s.position for s in log.read(5, 10)] == [6]
        assert log.read(6, 10) == []

    def test_a_partition_is_read_by_itself(self, back_end: BackEnd, clock: HandClock) -> None:
        """Its events and no others, each naming the one before it; instants stay whole."""
        with back_end.create(clock, partitions=3) as log:
            # By Kafka's murmur2, T-1 and T-4 share a partition that T-2 is not in.
            log.append([append(t, t, 0, OPENED) for t in ("T-1", "T-2", "T-4")])
            log.publish(second_policy(NOW + instant.DAY))
            log.append([append(f"{t}!", t, 1, REPLIED, REPLIED) for t in ("T-2", "T-1")])
            parts = [log.read(0, 10, partition) for partition in range(3)]
            [shared] = [part for part in parts if part and part[0].recorded.ticket == "T-1"]
            assert [(s.recorded.ticket, s.position, s.previous) for s in shared] == [
                ("T-1", 2, 0),
                ("T-4", 4, 2),
                ("T-1", 8, 4),
                ("T-1", 9, 8),
            ]
            here = parts.index(shared)
            assert [s.position for s in log.read(2, 2, here)] == [4, 8, 9]
            assert log.read(9, 10, here) == log.read(0, 10, 3) == []
            assert sorted(s.position for part in parts for s in part) == [
                s.position for s in log.read(0, 10)
            ]

    def test_an_instant_is_never_cut_in_two(self, log: EventLog) -> None:
        """Events of a ticket recorded at the same instant are applied together (semantics §5)."""
        log.import_([story("T-1", *[OPENED] + [REPLIED] * 70), story("T-2", OPENED, REPLIED)])
        assert len(log.read(0, 1)) == 71
        assert len(log.read(0, 71)) == 71
        assert len(log.read(0, 72)) == 73
        assert [s.recorded.ticket for s in log.read(72, 1)] == ["T-2", "T-2"]

    def test_policies_are_not_read_among_tickets(self, log: EventLog) -> None:
        """They take positions, which readers of tickets pass over."""
        outcome(log, append("a", "T-1", 0, OPENED))
        log.publish(second_policy(NOW + instant.DAY))
        outcome(log, append("b", "T-1", 1, REPLIED))
        assert [(s.position, s.previous) for s in log.read(0, 1)] == [(2, 0)]
        assert [(s.position, s.previous) for s in log.read(2, 9)] == [(4, 2)]

    def test_a_cursor_knows_its_log(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """Position and hash tell the log that was read from a restored or another one."""
        assert log.holds(log.origin())
        outcome(log, append("a", "T-1", 0, OPENED))
        [stored] = log.read(0, 1)
        assert log.holds(Cursor(stored.position, stored.hash))
        assert not log.holds(Cursor(stored.position + 1, stored.hash))
        assert not log.holds(Cursor(1, stored.hash))
        assert not log.holds(Cursor(0, bytes(32)))

    def test_a_ticket_is_loaded_as_the_fold_of_its_events(self, log: EventLog) -> None:
        """What a command acts on has its words and stands where its history brought it."""
        outcome(log, append("a", "T-1", 0, OPENED, subject="Nejde to"))
        outcome(log, append("b", "T-1", 1, *EVERY_EVENT[1:6], message="Už jde"))
        assert log.load("T-1") == fold(log.ticket("T-1", words=True))
        assert log.load("T-1").status == "resolved"
        assert log.load("T-2") == NOT_OPENED
        assert log.ticket("T-2") == []

    def test_tickets_are_read_together_as_each_is_read_alone(self, log: EventLog) -> None:
        """Each has its events in order and its words; what is no ticket is left out."""
        outcome(log, append("a", "T-1", 0, OPENED, subject="Nejde to"))
        outcome(log, append("b", "T-2", 0, OPENED, subject="Ani to"))
        outcome(log, append("c", "T-1", 1, *EVERY_EVENT[1:6], message="Už jde"))
        log.erase(["T-2"], by="agent:a-9", reason="asked for")
        asked = ["T-2", "T-9", "T-1", "erasure:T-2", "T-2"]
        for words in (False, True):
            assert log.tickets(asked, words=words) == {
                ticket: log.ticket(ticket, words=words) for ticket in ("T-1", "T-2")
            }
        assert log.tickets([]) == {}

    def test_what_decisions_stand_on_is_read_at_once(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """The log's time and policies, what came of each command, and the tickets whole."""
        first = outcome(log, append("a", "T-1", 0, OPENED, content="Nejde to", subject="Ano"))
        second = outcome(log, append("b", "T-2", 0, OPENED, content="Ani to"))
        commands = {"a": digest("Nejde to"), "b": digest("Jde to"), "c": digest("Nejde to")}
        with back_end.open(clock) as other:
            log.publish(second_policy(NOW + instant.DAY))
            stand = other.known(commands, ["T-2", "T-1", "T-9"])
        assert stand.recorded_at == log.head().recorded_at > second.recorded_at
        assert stand.policies.in_force(NOW + instant.DAY).version == 2
        assert stand.outcomes.keys() == {"a", "b"}
        assert stand.outcomes["a"] == first._replace(repeated=True)
        assert isinstance(stand.outcomes["b"], CommandReused)
        assert stand.tickets == log.tickets(["T-1", "T-2"], words=True)
        nothing = log.known({}, ())
        assert (nothing.outcomes, nothing.tickets) == ({}, {})

    def test_a_correlation_is_traced_through_all_tickets(self, log: EventLog) -> None:
        """By the whole name and nothing that only contains it."""
        a = append("a", "T-1", 0, OPENED)._replace(correlation_id='mail "1"')
        b = append("b", "T-2", 0, OPENED)._replace(correlation_id='mail "11"')
        c = append("c", "T-1", 1, REPLIED, message='mail "1"')._replace(correlation_id="x")
        log.append([a, b, c, append("d", "T-3", 0, OPENED)._replace(correlation_id='mail "1"')])
        assert [s.recorded.ticket for s in log.trace('mail "1"')] == ["T-1", "T-3"]
        assert log.trace("mail") == []

    def test_the_tickets_of_a_customer_are_found(self, log: EventLog) -> None:
        """Those that the customer opened, not those that mention it."""
        other = Opened("c-11", "premium", "email")
        log.append(
            [
                append("a", "T-1", 0, OPENED),
                append("b", "T-2", 0, other),
                append("c", "c-1", 0, other),
                append("d", "T-4", 0, OPENED, REPLIED),
            ]
        )
        assert log.tickets_of("c-1") == ["T-1", "T-4"]

    def test_the_stored_bytes_are_there_for_auditors(self, log: EventLog) -> None:
        """Canonical JSON under the contract's names, and all that the hash is made of."""
        outcome(log, append("a", "T-1", 0, OPENED, subject="Nejde to"))
        [row] = log.raw("T-1")
        text = log.ticket("T-1")[0].text
        assert text is not None
        assert row.topic == "ticket.opened.v1"
        assert row.state == orjson.dumps(
            {
                "id": identifier.of_event("T-1", "a", 0),
                "actor": "agent:a-1",
                "time": NOW,
                "commandid": "a",
                "correlationid": "correlation of a",
                "data": {
                    "customer_id": "c-1",
                    "plan": "premium",
                    "channel": "email",
                    "environment": {"browser": "Firefox 137"},
                },
                "text": {"sha256": text.sha256, "length": text.length},
            },
            option=orjson.OPT_SORT_KEYS,
        )
        [policy] = log.raw("policy:managry")
        assert policy.previous_hash == log.origin().hash
        assert row.previous_hash == policy.hash
        assert row.hash == chain.hashed(
            row.previous_hash, 2, NOW, "T-1", 1, "ticket.opened.v1", row.state
        )
        assert row.hash == log.head().hash


class TestWords:
    def test_words_stand_beside_the_event(self, log: EventLog) -> None:
        """The event holds their digest and length; they are joined on demand."""
        outcome(log, append("a", "T-1", 0, OPENED, subject="Nejde to", body="Včera ještě šlo."))
        [without] = log.ticket("T-1")
        [with_words] = log.ticket("T-1", words=True)
        assert without.words == {}
        assert with_words.words == {"subject": "Nejde to", "body": "Včera ještě šlo."}
        assert with_words._replace(words={}) == without
        assert without.text is not None
        assert without.text.length == len(orjson.dumps(with_words.words))
        assert b"Nejde" not in log.raw("T-1")[0].state

    def test_equal_words_have_different_digests(self, log: EventLog) -> None:
        """The salt is random, so nobody can tell from digests that two people wrote the same."""
        outcome(log, append("a", "T-1", 0, OPENED, REPLIED, message="Ano"))
        one, other = (recorded.text for recorded in log.ticket("T-1"))
        assert one is not None
        assert one != other

    def test_an_event_without_words_has_no_digest(self, log: EventLog) -> None:
        """Nothing said is not an empty document."""
        outcome(log, append("a", "T-1", 0, OPENED))
        assert log.ticket("T-1", words=True)[0].text is None

    def test_erased_words_leave_who_asked_when_and_why(
        self, log: EventLog, clock: HandClock
    ) -> None:
        """The event and its digest stay, the log still verifies, other tickets keep theirs."""
        log.append(
            [
                append("a", "T-1", 0, OPENED, REPLIED, message="Ano"),
                append("b", "T-2", 0, OPENED, message="Ne"),
            ]
        )
        before = log.ticket("T-1")
        clock.now = NOW + instant.DAY
        erased = log.erase(["T-1"], by="agent:a-9", reason="asked for")
        assert (erased.events, erased.at, erased.gone) == (2, NOW + instant.DAY, True)
        assert log.ticket("T-1", words=True) == before
        assert before[0].text is not None
        assert log.ticket("T-2", words=True)[0].words == {"message": "Ne"}
        assert log.erasures("T-1") == [
            Erasure(1, NOW + instant.DAY, "agent:a-9", "asked for"),
            Erasure(2, NOW + instant.DAY, "agent:a-9", "asked for"),
        ]
        assert log.erasures("T-2") == []
        assert log.verify() == []

    def test_an_erasure_leaves_nothing_that_confirms_a_guess(
        self, log: EventLog, back_end: BackEnd
    ) -> None:
        """A command says words: its digest stands nowhere bare, and its salt goes with them."""
        said = append("a", "T-1", 0, OPENED, content="Nejde to", subject="Nejde to")
        outcome(log, said)
        outcome(log, append("n", "T-1", 1, content="Nejde to"))
        outcome(log, append("b", "T-2", 0, OPENED, content="Taky ne"))
        kept = "SELECT digest, salt FROM commands WHERE ticket = ? ORDER BY ordinal"
        (one, salt), (other, other_salt) = back_end.execute(kept, "T-1")
        untouched = back_end.execute(kept, "T-2")
        assert one == sha256(salt + said.digest).digest()
        assert one != other
        assert salt in back_end.stored()
        assert said.digest not in back_end.stored()

        assert log.erase(["T-1"], by="agent:a-9", reason="asked for").gone
        assert back_end.execute(kept, "T-1") == [(one, None), (other, None)]
        assert back_end.execute(kept, "T-2") == untouched
        for secret in (said.digest, salt, other_salt, said.digest.hex().encode()):
            assert secret not in back_end.stored()
        assert log.verify() == []

    def test_a_command_whose_words_are_erased_is_known_by_its_id(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """With any words it gets its first outcome; before, they had to be the same."""
        first = outcome(log, append("a", "T-1", 0, OPENED, content="Nejde to"))
        guess = append("a", "T-1", 1, REPLIED, content="Nejde nic")
        elsewhere = outcome(log, append("b", "T-2", 0, OPENED, content="Taky ne"))
        [reused] = log.append([guess])
        assert isinstance(reused, CommandReused)

        log.erase(["T-1"], by="agent:a-9", reason="asked for")
        with back_end.open(clock) as other:
            for desk in (log, other):
                assert outcome(desk, guess) == first._replace(repeated=True)
                for content in ("Nejde to", "Nejde nic"):
                    assert known(desk, "a", content) == first._replace(repeated=True)
                assert isinstance(known(desk, "b", "Nejde nic"), CommandReused)
                assert known(desk, "b", "Taky ne") == elsewhere._replace(repeated=True)
        assert len(log.ticket("T-1")) == 1

    def test_what_is_said_after_an_erasure_is_compared_again(self, log: EventLog) -> None:
        """Until that is erased, too, also where the first erasure left no words."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        log.erase(["T-1"], by="agent:a-9", reason="first")
        later = outcome(log, append("b", "T-1", 1, content="Pořád"))
        assert isinstance(known(log, "b", "Ne"), CommandReused)
        assert log.erase(["T-1"], by="agent:a-9", reason="second").events == 0
        assert known(log, "b", "Ne") == later._replace(repeated=True)
        assert log.verify() == []

    def test_an_erasure_is_an_event_of_its_ticket(self, log: EventLog, clock: HandClock) -> None:
        """In a stream of the log's own, which no reader of tickets meets."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        outcome(log, append("b", "T-2", 0, OPENED, message="Ne"))
        before, lasts = log.read(0, 10), log.lasts()
        reason = "c-1, correlation of a"
        erased = log.erase(["T-2", "T-1", "T-2", "T-9"], by="agent:a-9", reason=reason)
        assert log.head()[:2] == (5, erased.at)
        assert [
            (row.position, orjson.loads(row.state)["actor"], orjson.loads(row.state)["data"])
            for ticket in ("T-2", "T-1")
            for row in log.raw(f"erasure:{ticket}")
        ] == [(n, "agent:a-9", {"reason": reason}) for n in (4, 5)]
        assert (log.read(0, 10), log.lasts()) == (before, lasts)
        assert [stored.position for stored in log.trace("correlation of a")] == [2]
        assert log.tickets_of("c-1") == ["T-1", "T-2"]
        assert log.ticket("erasure:T-1") == []
        outcome(log, append("c", "T-1", 1, REPLIED))
        assert [(s.position, s.previous) for s in log.read(3, 10)] == [(6, 3)]
        assert log.verify() == []

    def test_where_nothing_is_left_nothing_is_recorded(self, log: EventLog) -> None:
        """Nor of a ticket that is not there: an erasure says that something went."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        log.erase(["T-1"], by="agent:a-1", reason="first")
        head = log.head()
        assert log.erase(["T-1", "T-9"], by="agent:a-1", reason="second") == (0, None, True)
        assert log.head() == head

    @pytest.mark.parametrize(
        ("reason", "refusal"),
        [(" ", WordsMissing), ("x" * 501, WordsTooLong), ("\ud800", WordsUnreadable)],
    )
    def test_a_reason_that_cannot_be_kept_erases_nothing(
        self, log: EventLog, reason: str, refusal: type[Refusal]
    ) -> None:
        """It is kept for ever, so it is a short text."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        with pytest.raises(refusal):
            log.erase(["T-1"], by="agent:a-1", reason=reason)
        assert log.ticket("T-1", words=True)[0].words == {"message": "Ano"}
        log.erase(["T-1"], by="agent:a-1", reason="x" * 500)
        assert log.verify() == []

    def test_an_erasure_that_fails_erases_nothing(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """What is recorded and what goes are one transaction."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        head = log.head()
        with pytest.raises(TypeError):
            log.erase(["T-1"], by="agent:\ud800", reason="asked for")
        assert log.head() == head
        assert log.ticket("T-1", words=True)[0].words == {"message": "Ano"}
        assert log.verify() == []

    def test_words_are_erased_once(self, log: EventLog, clock: HandClock) -> None:
        """A second request finds nothing, and the first one's name stays."""
        outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
        log.erase(["T-1"], by="agent:a-1", reason="first")
        assert log.erase(["T-1"], by="agent:a-2", reason="second").events == 0
        assert [erasure.reason for erasure in log.erasures("T-1")] == ["first"]


class TestPolicies:
    def test_a_later_version_takes_force_when_it_says(self, log: EventLog) -> None:
        """Until then the earlier one judges."""
        later = NOW + instant.DAY
        assert log.publish(second_policy(later)).first_version == 2
        assert log.policies().in_force(later - 1).version == 1
        assert log.policies().in_force(later).version == 2

    def test_a_version_published_elsewhere_is_noticed(
        self, back_end: BackEnd, log: EventLog, clock: HandClock
    ) -> None:
        """A running program judges by what others publish."""
        with back_end.open(clock) as other:
            other.publish(second_policy(NOW + instant.DAY))
        assert len(log.policies().versions) == 2

    def test_the_past_is_not_judged_anew(self, log: EventLog) -> None:
        """A version must take force after it is recorded, or it would change old verdicts."""
        with pytest.raises(PoliciesDisagree, match="still to come"):
            log.publish(second_policy(NOW))
        assert log.publish(second_policy(NOW + instant.SECOND)).repeated is False

    def test_a_version_published_again_changes_nothing(
        self, log: EventLog, clock: HandClock
    ) -> None:
        """Also when its time has come; so `init` can be repeated."""
        second = second_policy(NOW + instant.DAY)
        first = log.publish(second)
        clock.now = NOW + 2 * instant.DAY
        assert log.publish(second) == first._replace(repeated=True)
        assert log.publish(POLICY).repeated is True
        assert len(log.policies().versions) == 2

    def test_a_published_version_is_not_edited(self, log: EventLog) -> None:
        """The same number with another text is refused."""
        log.publish(second_policy(NOW + instant.DAY))
        with pytest.raises(PoliciesDisagree, match="given twice"):
            log.publish(second_policy(NOW + 2 * instant.DAY))

    def test_openings_that_changed_stop_the_log(
        self,
        back_end: BackEnd,
        log: EventLog,
        clock: HandClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """New time-zone data would change verdicts: the log is not opened with it."""
        log.close()
        monkeypatch.setattr(zone, "load", lambda name: ZoneInfo("Europe/London"))
        monkeypatch.setattr(zone, "ZONE_DATA", "tzdata 2099z")
        with pytest.raises(OpeningsChanged, match=r"tzdata 2099z.*hours\.office differ"):
            back_end.open(clock)


class TestImport:
    def test_a_ticket_comes_in_whole(self, log: EventLog) -> None:
        """Ids, times, actors and causes stay; the log says when it was recorded, at one instant."""
        told = story("T-1", *EVERY_EVENT, message="Ano")
        assert log.import_([told]) == [Imported("T-1", 2, 8, NOW)]
        there = log.ticket("T-1", words=True)
        assert [one._replace(text=None) for one in there] == [
            one._replace(recorded_at=NOW) for one in told
        ]
        assert log.verify() == []

    def test_every_ticket_has_its_own_instant(self, log: EventLog, clock: HandClock) -> None:
        """So a reader never gets part of what was recorded at once."""
        clock.now = CREATED - instant.DAY
        stories = [story(f"T-{number}", OPENED, at=CREATED - 1) for number in range(3)]
        results = log.import_(stories)
        assert [r.recorded_at for r in results if isinstance(r, Imported)] == [
            CREATED + 1,
            CREATED + 2,
            CREATED + 3,
        ]

    def test_an_import_again_skips_what_is_there(self, log: EventLog) -> None:
        """Also a ticket that has gone on since; so an import can be started again."""
        stories = [story("T-1", OPENED, REPLIED, message="Ano"), story("T-2", OPENED)]
        log.import_(stories[:1])
        outcome(log, append("a", "T-1", 2, REPLIED))
        results = log.import_(stories)
        assert results[0] == Skipped("T-1")
        assert isinstance(results[1], Imported)
        assert log.import_(stories) == [Skipped("T-1"), Skipped("T-2")]
        assert len(log.ticket("T-1")) == 3
        assert log.verify() == []

    @pytest.mark.parametrize(
        ("change", "version", "reason"),
        [
            (
                lambda told: [told[0], told[1]._replace(event_id="x")],
                2,
                "another id at its event 2",
            ),
            (
                lambda told: [told[0]._replace(occurred_at=1), *told[1:]],
                1,
                "another time at its event 1",
            ),
            (lambda told: [told[0], told[1]._replace(event=Resolved())], 2, "another type or data"),
            (lambda told: [told[0], told[1]._replace(words={"message": "Ne"})], 2, "text"),
            (lambda told: [*told, told[1]], 3, "only 2 events of it"),
        ],
    )
    def test_a_ticket_that_is_there_otherwise_is_told(
        self,
        log: EventLog,
        change: Callable[[list[RecordedEvent]], list[RecordedEvent]],
        version: int,
        reason: str,
    ) -> None:
        """With the first version that differs and how; the others come in."""
        told = story("T-1", OPENED, REPLIED, message="Ano")
        log.import_([told])
        different, other = log.import_([change(told), story("T-2", OPENED)])
        assert isinstance(different, Different)
        assert (different.ticket, different.version) == ("T-1", version)
        assert reason in different.reason
        assert isinstance(other, Imported)
        assert len(log.ticket("T-1")) == 2

    def test_a_ticket_from_the_future_is_not_taken(self, log: EventLog) -> None:
        """Nothing happens after it was recorded; its time is not bent either."""
        future = story("T-1", OPENED, REPLIED, at=NOW + instant.SECOND)
        [different] = log.import_([future])
        assert isinstance(different, Different)
        assert different.version == 2
        assert "2026-03-09T09:00:01Z" in different.reason
        assert log.ticket("T-1") == []

    def test_one_ticket_twice_in_an_import_is_told(self, log: EventLog) -> None:
        """The second one cannot be a ticket of its own."""
        told = story("T-1", OPENED)
        _, second = log.import_([told, told])
        assert second == Different("T-1", 1, "it is in this import twice")

    def test_words_that_did_not_come_are_known_to_be_missing(self, log: EventLog) -> None:
        """The digest of another log stays, and the log says that nobody here erased them."""
        told = [story("T-1", OPENED)[0]._replace(text=Text("ab" * 32, 77))]
        log.import_([told])
        assert log.ticket("T-1", words=True)[0].text == Text("ab" * 32, 77)
        [erasure] = log.erasures("T-1")
        assert (erasure.by, erasure.at) == ("system:import", NOW)
        assert log.import_([told]) == [Skipped("T-1")]
        assert log.verify() == []


class TestGroupCommit:
    def test_every_caller_gets_its_own_outcome(self, log: EventLog) -> None:
        """Many threads append at once; each is told where its events are, and all are there."""
        with GroupCommit(log.append) as group, ThreadPoolExecutor(16) as callers:

            def story_of(number: int) -> list[Outcome]:
                ticket = f"T-{number}"
                return [
                    group.append(append(f"{ticket}/{v}", ticket, v, REPLIED if v else OPENED))
                    for v in range(10)
                ]

            told = [outcome for each in callers.map(story_of, range(16)) for outcome in each]
        assert sorted(o.first_position or 0 for o in told) == list(range(2, 162))
        for one in told:
            assert one.first_version is not None
            recorded = log.ticket(one.ticket)[one.first_version - 1]
            assert (recorded.command_id, recorded.recorded_at) == (one.command_id, one.recorded_at)
        assert log.verify() == []

    def test_a_conflict_is_raised_to_its_caller(self, log: EventLog) -> None:
        """And a reused id too; the callers beside them do not notice."""
        with GroupCommit(log.append) as group:
            group.append(append("a", "T-1", 0, OPENED))
            lost = group.submit(append("b", "T-1", 0, OPENED))
            reused = group.submit(append("a", "T-1", 1, REPLIED, content="other"))
            fine = group.submit(append("c", "T-1", 1, REPLIED))
            with pytest.raises(Conflict):
                lost.result()
            with pytest.raises(CommandReused):
                reused.result()
            assert fine.result().last_version == 2

    def test_closing_writes_what_is_queued(self, log: EventLog) -> None:
        """And nothing is taken afterwards."""
        with GroupCommit(log.append) as group:
            queued = [group.submit(append(f"{n}", f"T-{n}", 0, OPENED)) for n in range(50)]
        assert all(future.done() for future in queued)
        assert log.head().position == 51
        with pytest.raises(Stopped):
            group.append(append("x", "T-x", 0, OPENED))


Answers = list[Outcome | Conflict | CommandReused]


class TestGroupCommitInTrouble:
    def test_a_ticket_at_odds_with_the_log_harms_no_other(self, log: EventLog) -> None:
        """A group that the log refuses is appended again one by one."""

        def refusing(requests: Sequence[Append]) -> Answers:
            if any(request.ticket == "T-bad" for request in requests):
                raise Damaged("the log", "constraint failed")
            return log.append(requests)

        with GroupCommit(refusing) as group:
            futures = [
                group.submit(append(ticket, ticket, 0, OPENED))
                for ticket in ("T-1", "T-bad", "T-2", "T-3")
            ]
            with pytest.raises(Damaged):
                futures[1].result()
            assert [futures[n].result().ticket for n in (0, 2, 3)] == ["T-1", "T-2", "T-3"]

    def test_a_store_that_cannot_write_tells_everybody(self) -> None:
        """Each caller gets the cause, and the writer goes on for the next."""

        def unwritable(requests: Sequence[Append]) -> Answers:
            raise ReadOnly("the log", "attempt to write")

        with GroupCommit(unwritable) as group:
            for ticket in ("T-1", "T-2"):
                with pytest.raises(ReadOnly):
                    group.append(append(ticket, ticket, 0, OPENED))

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_nobody_waits_for_a_writer_that_died(self) -> None:
        """A fault in the program ends the writer; its callers are told instead of left waiting."""

        def faulty(requests: Sequence[Append]) -> Answers:
            raise AssertionError("a fault")

        group = GroupCommit(faulty)
        with pytest.raises(Stopped):
            group.append(append("a", "T-1", 0, OPENED))
        group.close()


@pytest.fixture
def told(log: EventLog, back_end: BackEnd) -> EventLog:
    """Give a log with a policy at 1, tickets at 2 to 7, and a second policy at 8."""
    outcome(log, append("a", "T-1", 0, OPENED, message="Nejde to"))
    outcome(log, append("b", "T-2", 0, OPENED, message="Taky ne"))
    outcome(log, append("c", "T-1", 1, REPLIED, REPLIED, message="Pořád"))
    outcome(log, append("d", "T-1", 3))
    log.import_([story("T-3", OPENED, AgentResponded("support"))])
    log.publish(second_policy(NOW + instant.DAY))
    assert log.verify() == []
    return log


def found(log: EventLog) -> set[tuple[int | None, str]]:
    """Verify, and return what was found without its words."""
    return {(finding.position, finding.what) for finding in log.verify()}


class TestVerification:
    @pytest.mark.parametrize(
        "column",
        ["state", "hash", "recorded_at", "originator_id", "originator_version", "topic"],
    )
    def test_one_changed_bit_is_found(self, told: EventLog, back_end: BackEnd, column: str) -> None:
        """In whatever column of whatever event, its position is the first that does not hold."""
        select = f"SELECT {column} FROM events WHERE position = ?"
        update = f"UPDATE events SET {column} = ? WHERE position = ?"
        for position in range(2, 8):
            [(value,)] = back_end.execute(select, position)
            for changed in _one_bit_changed(value):
                back_end.execute(update, changed, position)
                assert told.verify()[0].position == position
            back_end.execute(update, value, position)
        assert told.verify() == []

    @pytest.mark.parametrize(
        ("statement", "first"),
        [
            ("DELETE FROM events WHERE position = 4", (4, "gap")),
            ("DELETE FROM events WHERE position = 1", (1, "gap")),
            ("DELETE FROM events WHERE position >= 7", (7, "tail")),
            ("UPDATE events SET position = 99 WHERE position = 3", (3, "gap")),
            ("UPDATE events SET previous = 0 WHERE position = 6", (6, "partition")),
            ("UPDATE events SET partition = 1 WHERE position = 6", (6, "partition")),
            ("UPDATE events SET partition = NULL WHERE position = 6", (6, "partition")),
            ("UPDATE log_head SET position = 9", (9, "tail")),
            ("UPDATE log_head SET position = 7", (8, "head")),
            ("UPDATE log_head SET hash = x'00'", (8, "head")),
            ("UPDATE log_head SET recorded_at = 1", (8, "head")),
            ("UPDATE log_settings SET source = '/others'", (1, "hash")),
            ("UPDATE log_settings SET created_at = 1", (1, "hash")),
            ("UPDATE log_settings SET live_from = 1", (1, "hash")),
            ("UPDATE partitions SET position = 3", (None, "partition")),
            ("UPDATE texts SET document = x'7b7d' WHERE position = 3", (3, "words")),
            ("UPDATE texts SET salt = x'00' WHERE position = 3", (3, "words")),
            ("DELETE FROM texts WHERE position = 4", (4, "words")),
            ("INSERT INTO texts VALUES (6, x'00', x'7b7d')", (6, "words")),
            ("UPDATE commands SET salt = NULL WHERE command_id = 'b'", (3, "command")),
            ("UPDATE texts SET position = 6 WHERE position = 4", (4, "words")),
            ("UPDATE texts SET position = 99 WHERE position = 4", (4, "words")),
            ("UPDATE commands SET digest = x'00' WHERE command_id = 'c'", (4, "command")),
            ("UPDATE commands SET ticket = 'T-9' WHERE command_id = 'a'", (2, "command")),
            ("UPDATE commands SET last_version = 2 WHERE command_id = 'c'", (4, "command")),
            ("UPDATE commands SET recorded_at = 1 WHERE command_id = 'd'", (None, "command")),
            ("DELETE FROM commands WHERE command_id = 'b'", (4, "command")),
            ("DELETE FROM commands WHERE ordinal = 6", (None, "command")),
        ],
    )
    def test_every_change_is_found_at_its_place(
        self, told: EventLog, back_end: BackEnd, statement: str, first: tuple[int | None, str]
    ) -> None:
        """A row that is missing, changed or moved is named with its position."""
        back_end.execute(statement)
        assert first in found(told)
        assert told.verify()[0][:2] == first

    @pytest.mark.parametrize(
        ("positions", "message"),
        [("= 4", "position 4 is missing"), ("IN (4, 5)", "positions 4 to 5 are missing")],
    )
    def test_rows_that_are_missing_are_named(
        self, told: EventLog, back_end: BackEnd, positions: str, message: str
    ) -> None:
        """One, or the first and the last."""
        back_end.execute(f"DELETE FROM events WHERE position {positions}")
        assert told.verify()[0].message == message

    @pytest.fixture
    def moved(self, told: EventLog) -> EventLog:
        """Give a log in which T-1 was erased at 9 and wrote again at 10; live_from moved at 11."""
        told.erase(["T-1"], by="agent:a-9", reason="asked for")
        outcome(told, append("e", "T-1", 3, REPLIED, message="Znovu"))
        told.set_live_from(NOW)
        assert told.verify() == []
        return told

    @pytest.mark.parametrize("position", [9, 11])
    @pytest.mark.parametrize(
        "column",
        ["state", "hash", "recorded_at", "originator_id", "originator_version", "topic"],
    )
    def test_one_changed_bit_of_what_the_log_did_is_found(
        self, moved: EventLog, back_end: BackEnd, column: str, position: int
    ) -> None:
        """Who erased what, when and why, and from when on is announced, is under the chain."""
        [(value,)] = back_end.execute(f"SELECT {column} FROM events WHERE position = ?", position)
        for changed in _one_bit_changed(value):
            back_end.execute(
                f"UPDATE events SET {column} = ? WHERE position = ?", changed, position
            )
            assert (position, "hash") in found(moved)

    @pytest.mark.parametrize(
        ("statement", "findings"),
        [
            ("DELETE FROM events WHERE position = 9", {(2, "words"), (9, "gap")}),
            ("DELETE FROM events WHERE position = 11", {(11, "tail")}),
            ("UPDATE events SET originator_id = 'erasure:T-2' WHERE position = 9", {(3, "words")}),
            ("UPDATE events SET previous = 5 WHERE position = 9", {(9, "partition")}),
            ("DELETE FROM texts WHERE position = 10", {(10, "words")}),
            ("UPDATE commands SET salt = NULL WHERE command_id = 'e'", {(10, "command")}),
            ("UPDATE commands SET salt = x'00' WHERE command_id = 'a'", {(2, "command")}),
            ("UPDATE commands SET salt = x'00' WHERE command_id = 'd'", {(None, "command")}),
        ],
    )
    def test_words_are_missing_just_where_the_log_says_so(
        self,
        moved: EventLog,
        back_end: BackEnd,
        statement: str,
        findings: set[tuple[int | None, str]],
    ) -> None:
        """An erasure that is taken away, moved or pretended is found where words are or are not."""
        back_end.execute(statement)
        assert found(moved) >= findings

    def test_words_that_outlive_their_erasure_are_found(
        self, told: EventLog, back_end: BackEnd
    ) -> None:
        """Though they are the very words that were recorded."""
        kept = back_end.execute("SELECT position, salt, document FROM texts WHERE position = 4")
        told.erase(["T-1"], by="agent:a-9", reason="asked for")
        for row in kept:
            back_end.execute("INSERT INTO texts VALUES (?, ?, ?)", *row)
        assert found(told) == {(4, "words")}

    def test_words_that_never_came_cannot_be_made_up(
        self, log: EventLog, back_end: BackEnd
    ) -> None:
        """The event says that the import did not bring them, so not even where they fit it."""
        fitting = Text(sha256(b"\0{}").hexdigest(), 2)
        log.import_([[story("T-1", OPENED)[0]._replace(text=fitting)]])
        back_end.execute("INSERT INTO texts VALUES (2, x'00', x'7b7d')")
        assert found(log) == {(2, "words")}

    def test_two_swapped_rows_are_found(self, told: EventLog, back_end: BackEnd) -> None:
        """Each is whole, and neither is where it was."""
        for old, new in ((3, 99), (4, 3), (99, 4)):
            back_end.execute("UPDATE events SET position = ? WHERE position = ?", new, old)
        assert {(3, "hash"), (4, "hash")} <= found(told)

    def test_a_changed_policy_is_found(self, told: EventLog, back_end: BackEnd) -> None:
        """Even where whoever changed it made the hashes of the log fit again."""
        [(state, recorded_at)] = back_end.execute(
            "SELECT state, recorded_at FROM events WHERE position = 8"
        )
        changed = state.replace(b"08:00-17:00", b"09:00-17:00")
        assert changed != state
        [(before,)] = back_end.execute("SELECT hash FROM events WHERE position = 7")
        proof = chain.of_event(
            before, 8, recorded_at, "policy:managry", 2, "policy.published.v1", changed
        )
        back_end.execute("UPDATE events SET state = ?, hash = ? WHERE position = 8", changed, proof)
        back_end.execute("UPDATE log_head SET hash = ?", proof)
        assert found(told) == {(8, "policy")}

    def test_a_command_cannot_claim_the_events_of_another(
        self, told: EventLog, back_end: BackEnd
    ) -> None:
        """Even where its own chain fits: the events name what caused them."""
        told.close()
        back_end.execute("UPDATE commands SET command_id = 'e' WHERE command_id = 'a'")
        with EventLog.examine(back_end.place) as log:
            assert (2, "command") in found(log)

    def test_a_cut_tail_is_found_by_a_head_kept_elsewhere(
        self, told: EventLog, back_end: BackEnd
    ) -> None:
        """Whoever cuts the head as well cannot take back the head that others have seen."""
        kept = told.head()
        earlier = back_end.execute("SELECT position, recorded_at, hash FROM events")[-2]
        back_end.execute("DELETE FROM events WHERE position = 8")
        back_end.execute("UPDATE log_head SET position = ?, recorded_at = ?, hash = ?", *earlier)
        assert told.head() == Head(*earlier)
        assert not told.holds(Cursor(kept.position, kept.hash))

    def test_a_log_that_cannot_be_opened_can_be_examined(
        self, told: EventLog, back_end: BackEnd, clock: HandClock
    ) -> None:
        """A damaged policy stops every other use, but not the search for the damage."""
        told.close()
        [(state,)] = back_end.execute("SELECT state FROM events WHERE position = 8")
        back_end.execute("UPDATE events SET state = ? WHERE position = 8", state[:-9])
        with pytest.raises(Damaged, match="policy at position 8"):
            back_end.open(clock)
        with EventLog.examine(back_end.place) as log:
            assert found(log) >= {(8, "hash"), (8, "policy")}

    @pytest.mark.parametrize("table", ["log_head", "log_settings"])
    def test_a_log_without_its_head_or_settings_is_damaged(
        self, told: EventLog, back_end: BackEnd, clock: HandClock, table: str
    ) -> None:
        """It is not taken for an empty or an old one."""
        told.close()
        back_end.execute(f"DELETE FROM {table}")
        with pytest.raises(Damaged, match="missing"), back_end.open(clock) as log:
            log.head()

    def test_progress_is_told_to_the_end(self, told: EventLog) -> None:
        """Whoever waits sees how far it is."""
        seen: list[tuple[int, int]] = []
        told.verify(lambda read, of: seen.append((read, of)))
        assert seen[-1] == (8, 8)

    def test_findings_are_named_in_order(self, told: EventLog, back_end: BackEnd) -> None:
        """The first position that does not hold comes first, what has none comes last."""
        back_end.execute("UPDATE texts SET salt = x'00' WHERE position IN (2, 5)")
        back_end.execute("UPDATE commands SET digest = x'00' WHERE command_id = 'c'")
        back_end.execute("UPDATE partitions SET position = 3")
        assert [finding.position for finding in told.verify()] == [2, 4, 5, None]
        assert all(finding.message for finding in told.verify())


class TestFooting:
    """Nothing is added on top of damage that touches it."""

    @pytest.mark.parametrize("position", [2, 4, 5])
    @pytest.mark.parametrize("column", ["state", "hash", "recorded_at", "topic"])
    def test_a_damaged_ticket_takes_no_command(
        self, told: EventLog, back_end: BackEnd, column: str, position: int
    ) -> None:
        """Whichever of its events is not what was recorded, it is named; other tickets go on."""
        [(value,)] = back_end.execute(f"SELECT {column} FROM events WHERE position = ?", position)
        for changed in _one_bit_changed(value):
            back_end.execute(
                f"UPDATE events SET {column} = ? WHERE position = ?", changed, position
            )
            with pytest.raises(Damaged, match=f"at position {position} .* of T-1 is not what"):
                told.append([append("e", "T-1", 3, REPLIED)])
        assert told.head().position == 8
        if column != "hash":
            outcome(told, append("f", "T-2", 1, REPLIED))

    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            ("DELETE FROM events WHERE position = 2", "at position 4 version 2 of T-1"),
            ("DELETE FROM events WHERE position = 4", "at position 5 version 3 of T-1"),
            ("DELETE FROM events WHERE position = 3", "at position 3 an event is missing"),
            (
                "UPDATE events SET originator_version = 4 WHERE position = 5",
                "at position 5 version 4 of T-1",
            ),
        ],
    )
    def test_a_ticket_with_a_hole_takes_no_command(
        self, told: EventLog, back_end: BackEnd, statement: str, message: str
    ) -> None:
        """Versions have no gap, and something stands in front of every event."""
        back_end.execute(statement)
        with pytest.raises(Damaged, match=message):
            told.append([append("e", "T-1", 3, REPLIED)])

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE log_head SET hash = x'00'",
            "UPDATE log_head SET position = 7",
            "UPDATE log_head SET position = 9",
            "UPDATE log_head SET recorded_at = 1",
            "UPDATE log_head SET commands = 5",
            "UPDATE log_head SET commands_hash = x'00'",
            "DELETE FROM events WHERE position = 8",
            "DELETE FROM events WHERE position = 7",
            "DELETE FROM events",
            "UPDATE events SET recorded_at = 1 WHERE position = 8",
            "UPDATE events SET hash = x'00' WHERE position = 7",
            "DELETE FROM commands WHERE ordinal = 6",
            "DELETE FROM commands WHERE ordinal = 5",
            "DELETE FROM commands",
            "UPDATE commands SET digest = x'00' WHERE ordinal = 6",
        ],
    )
    def test_a_log_that_does_not_end_as_its_head_says_takes_nothing(
        self, told: EventLog, back_end: BackEnd, clock: HandClock, statement: str
    ) -> None:
        """No command, import, policy, erasure or move, and it cannot be opened to write."""
        before = told.head()
        third = second_policy(NOW + 2 * instant.DAY).replace(b"version = 2", b"version = 3")
        back_end.execute(statement)
        for change in (
            lambda: told.append([append("e", "T-2", 1, REPLIED)]),
            lambda: told.import_([story("T-9", OPENED)]),
            lambda: told.publish(third),
            lambda: told.erase(["T-1"], by="agent:a-1", reason="asked for"),
            lambda: told.set_live_from(0),
            lambda: back_end.open(clock),
        ):
            with pytest.raises(Damaged, match="lhuta log verify"):
                change()
        assert told.ticket("T-9") == []
        if "log_head" not in statement:
            assert told.head() == before

    def test_a_damaged_ticket_stops_nobody_else_in_its_group(
        self, told: EventLog, back_end: BackEnd
    ) -> None:
        """The others of a group are written, and its own caller is told."""
        back_end.execute("UPDATE events SET recorded_at = 1 WHERE position = 4")
        with GroupCommit(told.append) as group:
            bad = group.submit(append("e", "T-1", 3, REPLIED))
            good = [group.submit(append(f"n{n}", f"N-{n}", 0, OPENED)) for n in range(3)]
            with pytest.raises(Damaged, match="at position 4"):
                bad.result()
            assert [future.result().last_version for future in good] == [1, 1, 1]

    def test_a_damaged_log_can_be_read(
        self, told: EventLog, back_end: BackEnd, clock: HandClock
    ) -> None:
        """Whoever only reads may save what is there."""
        back_end.execute("UPDATE log_head SET hash = x'00'")
        with back_end.open(clock, read_only=True) as log:
            assert len(log.read(0, 10)) == 6


def _one_bit_changed(value: Any) -> list[Any]:
    """Return a value with one bit changed, at several places of it."""
    match value:
        case bytes():
            return [
                value[:at] + bytes([value[at] ^ 1 << at % 8]) + value[at + 1 :]
                for at in range(0, len(value), max(1, len(value) // 8))
            ]
        case str():
            return [value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :] for at in (0, -2)]
        case _:
            return [value ^ 8, value ^ 1 << 40]


def words_of(stored: Sequence[Stored]) -> list[Words]:
    """Return the words of read events."""
    return [one.recorded.words for one in stored]


def test_readers_of_the_log_get_no_words(log: EventLog) -> None:
    """What goes to read models, files and topics carries digests only."""
    outcome(log, append("a", "T-1", 0, OPENED, message="Ano"))
    assert words_of(log.read(0, 10)) == [{}]


def test_a_draft_is_what_a_ticket_decides(log: EventLog) -> None:
    """The desk hands on what the domain decided, without translating it."""
    [result] = log.append(
        [append("a", "T-1", 0)._replace(drafts=(Draft(OPENED, None, {"subject": "Ano"}),))]
    )
    assert isinstance(result, Outcome)
    assert log.ticket("T-1", words=True)[0].words == {"subject": "Ano"}


class TestTheLibrary:
    def test_it_sees_the_log_as_its_own(self, back_end: BackEnd, clock: HandClock) -> None:
        """Its notifications and its event store have what we append; what it appends is refused."""
        with back_end.create(clock) as log:
            log.append([append("a", "T-1", 0, OPENED, message="tajemství")])
        application, recorder = back_end.application()
        with application:
            notifications = application.notification_log.select(1, 10)
            assert [(n.id, n.originator_id, n.originator_version) for n in notifications] == [
                (1, "policy:managry", 1),
                (2, "T-1", 1),
            ]
            opened = recorder.select_notifications(
                0, 10, stop=2, topics=["ticket.opened.v1"], inclusive_of_start=False
            )
            assert [n.id for n in opened] == [2]
            assert recorder.max_notification_id() == 2
            [event] = application.events.get("T-1", desc=True, limit=1, gt=0, lte=1)
            assert isinstance(event, TicketEvent)
            assert event.recorded.words == {"message": "tajemství"}
            with pytest.raises(TypeError, match=r"EventLog\.append"):
                recorder.insert_events([])
