"""Who is owed which alert, and what became of it: the store that notifiers work on.

It stands apart from the read models, which may be thrown away, and needs nothing of them: an alert
is in it, word for word, as long as somebody is owed it. A back end implements `Deliveries`;
tests/contract holds every one of them to what is said here.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from domain.alert import AlertKind
from infra.outlets.subscription import Subscription, Way
from projections.models import Announcement


class Taken(NamedTuple):
    """How far the outbox of a partition was taken.

    `sequence` and `alert_id` are those of the last announcement, 0 and an empty text before the
    first; an outbox that has another alert there was begun anew. Of what was decided up to
    `settled_to` (microseconds) everything that is ever announced was taken.
    """

    sequence: int
    alert_id: str
    settled_to: int


NOTHING_TAKEN = Taken(0, "", 0)


class Due(NamedTuple):
    """An alert that is to be sent now; `attempts` have failed before."""

    alert_id: str
    ticket: str
    decided_at: int
    alert: str
    attempts: int


class Failure(NamedTuple):
    """An attempt that failed: when the next one is due, or since when there is none any more."""

    alert_id: str
    attempts: int
    next_try_at: int | None
    given_up_at: int | None
    error: str


class Backlog(NamedTuple):
    """The deliveries of one subscriber: arrived, still open, of these failed before, given up."""

    subscriber: str
    delivered: int
    open: int
    failing: int
    given_up: int


class Trouble(NamedTuple):
    """A delivery that failed: when it is tried again, or since when it is given up."""

    subscriber: str
    alert_id: str
    ticket: str
    attempts: int
    next_try_at: int | None
    given_up_at: int | None
    last_error: str | None


class Record(NamedTuple):
    """What became of an alert on its way to one subscriber: arrived, given up, or tried again."""

    subscriber: str
    way: Way
    alert_id: str
    attempts: int
    next_try_at: int | None
    delivered_at: int | None
    given_up_at: int | None


class Deliveries(Protocol):
    """The subscriptions, and the record of each delivery; instants are microseconds.

    What a method has recorded when it returns survives a power cut. Several notifiers may work at
    once, each under a name of its own. Every method raises the StoreError that stopped it.
    """

    def subscribe(
        self, way: Way, target: str, kinds: Sequence[AlertKind], since: Callable[[], int]
    ) -> Subscription:
        """Add a subscriber and return it with its name.

        `since` is asked at a moment from which on nothing is taken before the subscriber is there.
        """

    def unsubscribe(self, name: str) -> Subscription:
        """Remove a subscriber and its deliveries and return it; raises UnknownSubscriber."""

    def subscriptions(self) -> list[Subscription]:
        """Return the present subscriptions, the oldest first."""

    def taken(self, partition: int) -> Taken | None:
        """Return how far the outbox of a partition was taken, None before the first time."""

    def take(
        self,
        partition: int,
        before: Taken | None,
        after: Taken,
        announcements: Sequence[Announcement],
        now: int,
    ) -> bool:
        """Owe announcements to all who want them, in this order, if `before` is still true.

        Whoever has a record of an alert already is not owed it again, whatever became of it.
        """

    def claim(
        self, subscriber: str, notifier: str, now: int, until: int, limit: int
    ) -> Sequence[Due]:
        """Return what is to be sent now, in order, for this notifier alone until an instant.

        Nothing of a ticket comes while an earlier alert of it waits for its next try, and nothing
        at all while another notifier has claimed the subscriber: so the order within a ticket
        holds however many there are. A notifier that claims again has forgotten what it claimed
        before.
        """

    def release(self, subscriber: str, notifier: str) -> None:
        """Give back what a notifier claimed, with nothing recorded of it."""

    def delivered(self, subscriber: str, notifier: str, alert_ids: Sequence[str], now: int) -> bool:
        """Record that claimed alerts have arrived, and end the claim; False if it was lost.

        A claim is lost with the subscriber, and to whoever claimed after its end. What is not
        recorded for it is sent again.
        """

    def failed(self, subscriber: str, notifier: str, failures: Sequence[Failure]) -> bool:
        """Record attempts that failed, and end the claim; False if it was lost."""

    def records(self, alert_ids: Sequence[str]) -> list[Record]:
        """Return what became of alerts, by subscriber, the oldest first."""

    def backlogs(self) -> list[Backlog]:
        """Return how the deliveries of each subscriber stand, the oldest subscriber first."""

    def troubles(self, limit: int) -> list[Trouble]:
        """Return deliveries that failed and have not arrived since, by subscriber, in order."""
