"""Announced alerts on their way to every subscriber, with a record of each delivery.

At least once: an alert counts as delivered when its outlet said so and that was written down, so
one that is sent twice has the same id. The alerts of one ticket arrive in the order in which they
were announced. No subscriber waits for another.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import takewhile
from typing import NamedTuple, Protocol

from domain import instant
from infra.engine.log_lines import note
from infra.outlets.outlet import Delivered, Failed, Outlet, Result, Sending
from infra.outlets.subscription import Subscription
from projections.models import Announcement

BATCH = 200
"""How many alerts are sent to a subscriber together at most."""

FIRST_PAUSE = 1 * instant.SECOND
LONGEST_PAUSE = 1 * instant.HOUR
ATTEMPTS = 36
"""After the first failure a second, then twice as long, up to an hour: a day and a bit in all."""


class Due(NamedTuple):
    """An announcement that is to be sent now; `attempts` have failed before."""

    announcement: Announcement
    attempts: int


class Failure(NamedTuple):
    """An attempt that failed: when the next one is due, or since when there is none any more."""

    alert_id: str
    attempts: int
    next_try_at: int | None
    given_up_at: int | None
    error: str


class Deliveries(Protocol):
    """The outbox and the record of deliveries, as the notifier needs them."""

    def transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction: kept as a whole at the end, undone on any exception."""

    def outbox(self, partition: int, after: int, limit: int) -> list[Announcement]:
        """Return the announcements of a partition after a sequence, in order."""

    def enrolled_to(self, subscriber: str, partition: int) -> int:
        """Return the last sequence of which a subscriber has a delivery, 0 for none."""

    def enrol(self, subscriber: str, announcements: Sequence[Announcement], now: int) -> None:
        """Record that announcements are to be delivered, from now on; those known stay."""

    def due(self, subscriber: str, now: int, limit: int) -> list[Due]:
        """Return what is to be sent now, in order; nothing of a ticket that waits for a retry."""

    def delivered(self, subscriber: str, alert_ids: Sequence[str], now: int) -> None:
        """Record that announcements have arrived."""

    def failed(self, subscriber: str, failures: Sequence[Failure]) -> None:
        """Record attempts that failed."""


class _UnderWay(NamedTuple):
    sending: Sending
    batch: Sequence[Due]


class Notifier:
    """Delivers what is announced; every call does what can be done now, and waits for nobody.

    `outlet` makes the way to a subscriber.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        subscriptions: Callable[[], Sequence[Subscription]],
        outlet: Callable[[Subscription], Outlet],
        partitions: Iterable[int] = (0,),
    ) -> None:
        self._deliveries = deliveries
        self._subscriptions = subscriptions
        self._outlet = outlet
        self._partitions = tuple(partitions)
        self._enrolled: dict[tuple[str, int], int] = {}
        self._under_way: dict[str, _UnderWay] = {}

    @property
    def busy(self) -> bool:
        """Tell whether something is on its way."""
        return bool(self._under_way)

    def step(self, now: int) -> bool:
        """Take the next steps for every subscriber; return True where there is more to do at once.

        Raises the StoreError that keeps a delivery from being recorded.
        """
        present = self._subscriptions()
        for name in self._under_way.keys() - {one.name for one in present}:
            self._under_way.pop(name).sending.abandon()
        # All of them, even when the first has more: nobody waits for a long queue of another.
        more = [self._serve(one, now) for one in present]
        return any(more)

    def finish(self, now: int) -> bool:
        """Take the results of what is on its way and send nothing more; True when all is back."""
        for name in list(self._under_way):
            self._settle(name, now)
        return not self._under_way

    def abandon(self) -> None:
        """End what is on its way; it is sent again when the next notifier starts."""
        for under_way in self._under_way.values():
            under_way.sending.abandon()
        self._under_way.clear()

    def _serve(self, subscription: Subscription, now: int) -> bool:
        name = subscription.name
        more = self._enrol(subscription, now)
        if not self._settle(name, now):
            return more
        batch = _together(self._deliveries.due(name, now, BATCH))
        if not batch:
            return more
        lines = [f"{due.announcement.alert}\n".encode() for due in batch]
        sending = self._outlet(subscription).send(lines, now)
        self._under_way[name] = _UnderWay(sending, batch)
        return self._settle(name, now) or more

    def _enrol(self, subscription: Subscription, now: int) -> bool:
        """Note what the subscriber is to get; return True where not all could be looked at."""
        name = subscription.name
        more = False
        for partition in self._partitions:
            key = (name, partition)
            if key not in self._enrolled:
                self._enrolled[key] = self._deliveries.enrolled_to(name, partition)
            announced = self._deliveries.outbox(partition, self._enrolled[key], BATCH)
            if not announced:
                continue
            wanted = [
                one
                for one in announced
                if one.kind in subscription.kinds and one.decided_at >= subscription.since
            ]
            if wanted:
                with self._deliveries.transaction():
                    self._deliveries.enrol(name, wanted, now)
            self._enrolled[key] = announced[-1].sequence
            more = more or len(announced) == BATCH
        return more

    def _settle(self, name: str, now: int) -> bool:
        """Record what became of what is on its way; return False where that is still open."""
        if name not in self._under_way:
            return True
        sending, batch = self._under_way[name]
        result = sending.result(now)
        if result is None:
            return False
        del self._under_way[name]
        self._record(name, batch, result, now)
        return True

    def _record(self, name: str, batch: Sequence[Due], result: Result, now: int) -> None:
        match result:
            case Delivered():
                with self._deliveries.transaction():
                    ids = [due.announcement.alert_id for due in batch]
                    self._deliveries.delivered(name, ids, now)
                for due in batch:
                    late = instant.seconds(now - due.announcement.decided_at)
                    note(
                        "alert.delivered",
                        due.announcement.alert_id,
                        subscriber=name,
                        attempts=due.attempts + 1,
                        late_seconds=late,
                    )
            case Failed(reason):
                failures = [_failure(due, reason, now) for due in batch]
                with self._deliveries.transaction():
                    self._deliveries.failed(name, failures)
                for failure in failures:
                    _note(name, failure)


def pause(attempts: int) -> int:
    """Return how long to wait after so many failures, in microseconds."""
    return min(FIRST_PAUSE << (attempts - 1), LONGEST_PAUSE)


def _together(due: Sequence[Due]) -> Sequence[Due]:
    """Return what to send in one go: after a failure each alone, so that one bad one is found."""
    if not due or due[0].attempts:
        return due[:1]
    return list(takewhile(lambda one: not one.attempts, due))


def _failure(due: Due, reason: str, now: int) -> Failure:
    attempts = due.attempts + 1
    alert_id = due.announcement.alert_id
    if attempts >= ATTEMPTS:
        return Failure(alert_id, attempts, None, now, reason)
    return Failure(alert_id, attempts, now + pause(attempts), None, reason)


def _note(name: str, failure: Failure) -> None:
    # The reason stands in the record only: it comes from the subscriber, who may tell secrets.
    if failure.next_try_at is None:
        note(
            "delivery.given-up",
            failure.alert_id,
            level=logging.ERROR,
            subscriber=name,
            attempts=failure.attempts,
        )
    else:
        note(
            "delivery.failed",
            failure.alert_id,
            level=logging.WARNING,
            subscriber=name,
            attempts=failure.attempts,
            next_try=instant.text(failure.next_try_at),
        )
