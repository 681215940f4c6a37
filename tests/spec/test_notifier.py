"""The notifier: what reaches which subscriber, when, in which order, and what is written down."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest

from domain import instant
from domain.alert import AlertKind
from infra.outlets import notifier as module
from infra.outlets.deliveries import Taken
from infra.outlets.intake import SETTLE_EVERY, TOGETHER, Intake
from infra.outlets.notifier import ATTEMPTS, BATCH, LEASE, LONGEST_PAUSE, Notifier, pause
from infra.outlets.outlet import DELIVERED, Failed, Result
from infra.outlets.subscription import KINDS
from infra.store.deliveries import SQLiteDeliveries
from infra.store.models import SQLiteModels
from projections.models import START, Announcement
from projections.rows import PARKED, ParkedRow

NOW = instant.parse("2026-03-09T09:00:00Z")
SECRET = "token=12345"


class Way:
    """An outlet that answers as a test says; `got` are the alert ids that arrived, in order."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.sent: list[list[str]] = []
        self.refuses: set[str] = set()
        self.answers = True
        self.abandoned = 0

    def send(self, lines: Sequence[bytes], now: int) -> "Way":
        """Take lines."""
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
        self.sent.append([orjson.loads(line)["id"] for line in lines])
        return self

    def result(self, now: int) -> Result | None:
        """Answer for the last lines sent."""
        if not self.answers:
            return None
        if self.refuses.intersection(self.sent[-1]):
            return Failed(f"refused with {SECRET}")
        self.got += self.sent[-1]
        return DELIVERED

    def abandon(self) -> None:
        """Count it."""
        self.abandoned += 1


class Desk:
    """An outbox with subscribers: S-1, S-2 ... in the order in which they are added."""

    def __init__(self, models: SQLiteModels, deliveries: SQLiteDeliveries) -> None:
        self.models = models
        self.deliveries = deliveries
        self.ways: dict[str, Way] = {}
        self.now = NOW
        self.notifier = self.another()
        self._sequence = 0
        self.models.move(0, None, START)

    def another(self, name: str = "engine") -> Notifier:
        """Make a notifier as a process that starts does."""
        return Notifier(
            Intake(self.models, self.deliveries),
            self.deliveries,
            lambda subscription: self.ways[subscription.name],
            name,
        )

    def subscribe(self, *kinds: AlertKind, since: int = 0) -> Way:
        """Add a subscriber of all kinds, or of some."""
        added = self.deliveries.subscribe(
            "command", f"send {SECRET}", kinds or KINDS, lambda: since
        )
        self.ways[added.name] = Way()
        return self.ways[added.name]

    def announce(self, *ids: str, ticket: str = "T-1", kind: AlertKind = "breach") -> None:
        """Put alerts of a ticket into the outbox, decided now."""
        rows = []
        for id in ids:
            self._sequence += 1
            alert = orjson.dumps({"id": id, "kind": kind, "ticket": ticket}).decode()
            rows.append(Announcement(0, self._sequence, id, ticket, kind, self.now, alert))
        with self.models.transaction():
            self.models.announce(rows)

    def pass_time(self, microseconds: int) -> None:
        """Let time pass, and the notifier do all that can be done then."""
        self.now += microseconds
        while self.notifier.step(self.now):
            pass


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty outbox."""
    with (
        SQLiteModels.open(tmp_path / "models.db") as models,
        SQLiteDeliveries.open(tmp_path / "deliveries.db") as deliveries,
    ):
        yield Desk(models, deliveries)


def test_every_subscriber_gets_every_alert_once_in_order(desk: Desk) -> None:
    """As one line of JSON each, and never again."""
    one, two = desk.subscribe(), desk.subscribe()
    desk.announce("a", "b")
    desk.pass_time(0)
    desk.announce("c", ticket="T-2")
    desk.pass_time(instant.MINUTE)
    desk.pass_time(instant.DAY)
    assert one.got == two.got == ["a", "b", "c"]


def test_a_subscriber_gets_only_the_kinds_that_it_asked_for(desk: Desk) -> None:
    """Others hear of them."""
    some, all_kinds = desk.subscribe("breach", "withdrawn"), desk.subscribe()
    desk.announce("w", kind="warning")
    desk.announce("b", kind="breach")
    desk.pass_time(0)
    assert (some.got, all_kinds.got) == (["b"], ["w", "b"])


def test_a_subscriber_is_not_told_of_the_past(desk: Desk) -> None:
    """What was decided before it subscribed is not for it; what was decided just then is."""
    desk.announce("before")
    desk.now += 1
    late = desk.subscribe(since=desk.now)
    desk.announce("since")
    desk.pass_time(0)
    assert late.got == ["since"]


def test_a_failing_subscriber_holds_nobody_up(desk: Desk) -> None:
    """The others get theirs in the same step."""
    failing, well = desk.subscribe(), desk.subscribe()
    failing.refuses = {"a"}
    desk.announce("a")
    desk.notifier.step(desk.now)
    assert (failing.got, well.got) == ([], ["a"])


def test_a_slow_subscriber_holds_nobody_up_and_gets_one_batch_at_a_time(desk: Desk) -> None:
    """While a batch is on its way nothing else is sent there."""
    slow, well = desk.subscribe(), desk.subscribe()
    slow.answers = False
    desk.announce("a")
    desk.pass_time(0)
    desk.announce("b")
    desk.pass_time(instant.SECOND)
    assert (slow.sent, well.got) == ([["a"]], ["a", "b"])
    slow.answers = True
    desk.pass_time(instant.SECOND)
    assert slow.got == ["a", "b"]


def test_a_failure_is_tried_again_after_longer_and_longer_pauses() -> None:
    """One second, then twice as long each time, an hour at most."""
    assert [pause(attempts) // instant.SECOND for attempts in (1, 2, 3, 4, 12, 13, 35)] == [
        1,
        2,
        4,
        8,
        2048,
        3600,
        3600,
    ]
    whole = sum(pause(attempts) for attempts in range(1, ATTEMPTS))
    assert instant.DAY < whole < 2 * instant.DAY


def test_a_retry_comes_at_its_time_and_not_before(desk: Desk) -> None:
    """A microsecond decides."""
    way = desk.subscribe()
    way.refuses = {"a"}
    desk.announce("a")
    desk.pass_time(0)
    desk.pass_time(pause(1) - 1)
    assert len(way.sent) == 1
    desk.pass_time(1)
    assert len(way.sent) == 2
    way.refuses = set()
    desk.pass_time(pause(2))
    assert way.got == ["a"]


def test_what_never_arrives_is_given_up_and_no_longer_in_the_way(desk: Desk) -> None:
    """The record says how often it was tried, since when nobody tries, and what was wrong."""
    way = desk.subscribe()
    way.refuses = {"bad"}
    desk.announce("bad", "good")
    for _ in range(ATTEMPTS):
        desk.pass_time(LONGEST_PAUSE)
    assert way.got == ["good"]
    assert [sent for sent in way.sent if sent == ["bad"]] == [["bad"]] * (ATTEMPTS - 1)
    [backlog] = desk.deliveries.backlogs()
    assert (backlog.delivered, backlog.given_up, backlog.open) == (1, 1, 0)


def test_the_alerts_of_a_ticket_keep_their_order_and_other_tickets_go_on(desk: Desk) -> None:
    """A later alert waits for the earlier one of its ticket, and for no other."""
    way = desk.subscribe()
    way.refuses = {"breach"}
    desk.announce("breach")
    desk.pass_time(0)
    desk.announce("cleared")
    desk.announce("other", ticket="T-2")
    desk.pass_time(0)
    assert way.got == ["other"]
    way.refuses = set()
    desk.pass_time(pause(1))
    assert way.got == ["other", "breach", "cleared"]


def test_after_a_failure_each_alert_is_sent_alone(desk: Desk) -> None:
    """So one that a subscriber cannot take does not take the others with it."""
    way = desk.subscribe()
    way.refuses = {"b"}
    for id in "abc":
        desk.announce(id, ticket=f"T-{id}")
    desk.pass_time(0)
    assert way.sent == [["a", "b", "c"]]
    desk.pass_time(pause(1))
    assert way.got == ["a", "c"]


def test_what_was_not_written_down_is_sent_again_with_the_same_id(desk: Desk) -> None:
    """At least once: a process that dies after sending leaves the delivery open."""
    way = desk.subscribe()
    way.answers = False
    desk.announce("a")
    desk.notifier.step(desk.now)
    desk.notifier = desk.another()
    way.answers = True
    desk.pass_time(0)
    assert way.sent == [["a"], ["a"]]
    assert way.got == ["a"]


def test_a_new_process_sends_nothing_that_was_delivered(desk: Desk) -> None:
    """The record is on disk, kinds that were passed over included."""
    way = desk.subscribe("breach")
    desk.announce("a")
    desk.announce("w", kind="warning")
    desk.pass_time(0)
    desk.notifier = desk.another()
    desk.announce("b")
    desk.pass_time(0)
    assert way.sent == [["a"], ["b"]]


def test_a_removed_subscriber_is_told_nothing_more(desk: Desk) -> None:
    """What is on its way to it is ended."""
    way = desk.subscribe()
    way.answers = False
    desk.announce("a")
    desk.pass_time(0)
    desk.deliveries.unsubscribe("S-1")
    desk.announce("b")
    desk.pass_time(0)
    assert (way.sent, way.abandoned) == ([["a"]], 1)


def test_a_long_queue_goes_in_batches_and_nobody_waits_for_all_of_it(desk: Desk) -> None:
    """Each step takes one batch to every subscriber, and says that there is more."""
    one, two = desk.subscribe(), desk.subscribe()
    desk.announce(*(str(number) for number in range(2 * BATCH + 1)))
    assert desk.notifier.step(desk.now)
    assert [len(sent) for sent in one.sent] == [len(sent) for sent in two.sent] == [BATCH]
    desk.pass_time(0)
    assert one.got == two.got == [str(number) for number in range(2 * BATCH + 1)]


def test_stopping_takes_what_comes_back_and_ends_the_rest(desk: Desk) -> None:
    """Nothing more is sent, and what is ended is sent again by the next process."""
    way = desk.subscribe()
    way.answers = False
    desk.announce("a")
    desk.notifier.step(desk.now)
    assert not desk.notifier.finish(desk.now)
    desk.notifier.abandon()
    assert desk.notifier.finish(desk.now)
    assert way.abandoned == 1
    way.answers = True
    desk.notifier = desk.another("somebody else")
    desk.pass_time(0)
    assert way.got == ["a"]


def test_the_log_has_an_action_and_an_id_and_no_secret(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is the subscriber's and stays in the record; its command may hold a password."""
    way = desk.subscribe()
    way.refuses = {"a"}
    desk.announce("a")
    with caplog.at_level(logging.INFO, logger="lhuta"):
        desk.pass_time(0)
        way.refuses = set()
        desk.pass_time(pause(1))
    noted = [(record.__dict__["action"], record.__dict__["about"]) for record in caplog.records]
    assert noted == [("delivery.failed", "a"), ("alert.delivered", "a")]
    assert SECRET not in " ".join(str(record.__dict__) for record in caplog.records)


def test_what_is_wrong_can_be_asked_for(desk: Desk) -> None:
    """Each open failure with its reason and its next try."""
    way = desk.subscribe()
    way.refuses = {"a"}
    desk.announce("a")
    desk.pass_time(0)
    [trouble] = desk.deliveries.troubles(9)
    assert [backlog.failing for backlog in desk.deliveries.backlogs()] == [1]
    assert (trouble.subscriber, trouble.ticket, trouble.attempts) == ("S-1", "T-1", 1)
    assert trouble.next_try_at == NOW + pause(1)
    assert trouble.last_error == f"refused with {SECRET}"


def test_how_late_an_alert_was_is_told_with_its_delivery(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """In seconds since it was decided."""
    desk.subscribe()
    desk.announce("a")
    with caplog.at_level(logging.INFO, logger="lhuta"):
        desk.pass_time(1_500_000)
    assert [record.__dict__["facts"]["late_seconds"] for record in caplog.records] == [1.5]


def test_the_pauses_fit_the_promise_of_the_help() -> None:
    """`lhuta subscribe --help` says a second at first, an hour at most."""
    assert module.FIRST_PAUSE == instant.SECOND
    assert module.LONGEST_PAUSE == instant.HOUR


class TestSeveralNotifiers:
    def test_what_one_has_on_its_way_another_does_not_send(self, desk: Desk) -> None:
        """Nor anything else to that subscriber, so that the order of a ticket holds."""
        slow, well = desk.subscribe(), desk.subscribe()
        slow.answers = False
        desk.announce("a")
        desk.pass_time(0)
        another = desk.another("another")
        desk.announce("b")
        another.step(desk.now)
        assert (slow.sent, well.got) == ([["a"]], ["a", "b"])
        slow.answers = True
        desk.pass_time(0)
        assert slow.got == ["a", "b"]

    def test_what_a_dead_one_had_claimed_is_sent_by_another_after_a_while(self, desk: Desk) -> None:
        """Not before the end of its claim, to the microsecond."""
        way = desk.subscribe()
        way.answers = False
        desk.announce("a")
        desk.pass_time(0)
        way.answers = True
        desk.notifier = desk.another("another")
        desk.pass_time(LEASE - 1)
        assert way.got == []
        desk.pass_time(1)
        assert way.got == ["a"]

    def test_one_that_was_away_for_too_long_records_nothing(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its failure does not put off what another has delivered or is delivering."""
        way = desk.subscribe()
        way.answers = False
        desk.announce("a")
        desk.pass_time(0)
        stale = desk.notifier
        desk.notifier = desk.another("another")
        desk.pass_time(LEASE)
        way.refuses = {"a"}
        way.answers = True
        with caplog.at_level(logging.INFO, logger="lhuta"):
            assert stale.finish(desk.now)
        assert caplog.records == []
        way.refuses = set()
        desk.pass_time(0)
        assert [backlog[1:] for backlog in desk.deliveries.backlogs()] == [(1, 0, 0, 0)]


class TestReadModelsBegunAnew:
    def test_another_outbox_is_taken_from_its_beginning(self, desk: Desk, tmp_path: Path) -> None:
        """However many announcements the old one had; nobody gets an alert again."""
        way = desk.subscribe()
        desk.announce("a", "b")
        desk.pass_time(0)
        with SQLiteModels.open(tmp_path / "anew.db") as models:
            anew = Desk(models, desk.deliveries)
            anew.ways = desk.ways
            anew.announce("b", "c", "d")
            anew.pass_time(0)
        assert way.got == ["a", "b", "c", "d"]

    def test_what_is_owed_needs_no_outbox(self, desk: Desk, tmp_path: Path) -> None:
        """A subscriber that fails gets everything later, word for word."""
        way = desk.subscribe()
        way.refuses = {"a"}
        desk.announce("a", "b")
        desk.pass_time(0)
        with SQLiteModels.open(tmp_path / "anew.db") as models:
            anew = Desk(models, desk.deliveries)
            anew.ways = desk.ways
            way.refuses = set()
            anew.pass_time(pause(1))
        assert way.got == ["a", "b"]

    def test_a_parked_ticket_keeps_the_time_of_its_debts(self, desk: Desk) -> None:
        """What it announces after a retry lies in the past: a new outbox has to have it too."""
        desk.models.move(0, START, START._replace(decided_to=500))
        desk.models.write(PARKED, [ParkedRow("T-9", 0, 7, "ValueError", "bad", 300)])
        desk.pass_time(0)
        assert desk.deliveries.taken(0) == Taken(0, "", 300)
        desk.models.delete(PARKED, [("T-9",)])
        desk.pass_time(SETTLE_EVERY)
        assert desk.deliveries.taken(0) == Taken(0, "", 500)

    def test_nothing_is_settled_before_the_whole_outbox_is_taken(self, desk: Desk) -> None:
        """Else what was not taken of it would not be announced again."""
        desk.models.move(0, START, START._replace(decided_to=NOW))
        desk.announce(*(str(number) for number in range(TOGETHER + 1)))
        desk.notifier.step(desk.now)
        assert desk.deliveries.taken(0) == Taken(TOGETHER, str(TOGETHER - 1), 0)
        desk.notifier.step(desk.now)
        assert desk.deliveries.taken(0) == Taken(TOGETHER + 1, str(TOGETHER), NOW)
