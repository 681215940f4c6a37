"""The notifier: what reaches which subscriber, when, in which order, and what is written down."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest

from domain import instant
from domain.alert import AlertKind
from infra.outlets import notifier as module
from infra.outlets.notifier import ATTEMPTS, BATCH, LONGEST_PAUSE, Notifier, pause
from infra.outlets.outlet import DELIVERED, Failed, Result
from infra.outlets.subscription import KINDS, Subscription
from infra.store.models import SQLiteModels
from infra.store.told import Told
from projections.models import Announcement

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

    def __init__(self, models: SQLiteModels) -> None:
        self.models = models
        self.ways: dict[str, Way] = {}
        self.subscriptions: list[Subscription] = []
        self.now = NOW
        self.notifier = self.another()
        self._sequence = 0

    def another(self) -> Notifier:
        """Make a notifier as a process that starts does."""
        return Notifier(
            self.models.deliveries,
            lambda: tuple(self.subscriptions),
            lambda subscription: self.ways[subscription.name],
        )

    def subscribe(self, *kinds: AlertKind, since: int = 0) -> Way:
        """Add a subscriber of all kinds, or of some."""
        name = f"S-{len(self.subscriptions) + 1}"
        self.subscriptions.append(
            Subscription(name, "command", f"send {SECRET}", kinds or KINDS, since)
        )
        self.ways[name] = Way()
        return self.ways[name]

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
    with SQLiteModels.open(tmp_path / "models.db") as models:
        yield Desk(models)


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
    [counts] = desk.models.deliveries.counts()
    assert (counts.delivered, counts.given_up, counts.open) == (1, 1, 0)


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
    desk.subscriptions.clear()
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
    assert [due.announcement.alert_id for due in desk.models.deliveries.due("S-1", NOW, 9)] == ["a"]


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


def test_what_is_wrong_can_be_asked_for(desk: Desk, tmp_path: Path) -> None:
    """Each open failure with its reason and its next try."""
    way = desk.subscribe()
    way.refuses = {"a"}
    desk.announce("a")
    desk.pass_time(0)
    with Told.opened(tmp_path / "models.db") as told:
        [trouble] = told.troubles(9)
        assert told.failing() == {"S-1": 1}
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
