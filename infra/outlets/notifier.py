"""Announced alerts on their way to every subscriber, with a record of each delivery.

At least once: an alert counts as delivered when its outlet said so and that was written down, so
one that is sent twice has the same id. The alerts of one ticket arrive in the order in which they
were announced. No subscriber waits for another. What is owed stands in the deliveries, so nothing
of it depends on the read models once it was taken.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple, Protocol, assert_never

from domain import instant
from infra.engine.log_lines import note
from infra.outlets.deliveries import Deliveries, Due, Failure
from infra.outlets.outlet import PATIENCE, Delivered, Failed, Outlet, Result, Sending
from infra.outlets.subscription import Subscription

BATCH = 200
"""How many alerts are sent to a subscriber together at most."""

FIRST_PAUSE = 1 * instant.SECOND
LONGEST_PAUSE = 1 * instant.HOUR
ATTEMPTS = 36
"""After the first failure a second, then twice as long, up to an hour: a day and a bit in all."""

LEASE = 2 * PATIENCE
"""How long a subscriber is claimed for one batch: longer than any sending takes."""


class Intake(Protocol):
    """What takes announcements into the deliveries."""

    def step(self, now: int) -> bool:
        """Take the next ones; return True where there are more."""


class _UnderWay(NamedTuple):
    sending: Sending
    batch: Sequence[Due]


class Notifier:
    """Delivers what is announced; every call does what can be done now, and waits for nobody."""

    def __init__(
        self,
        intake: Intake,
        deliveries: Deliveries,
        outlet: Callable[[Subscription], Outlet],
        name: str,
    ) -> None:
        """Work under a name that no other notifier has while this one works.

        `outlet` makes the way to a subscriber.
        """
        self._intake = intake
        self._deliveries = deliveries
        self._outlet = outlet
        self._name = name
        self._under_way: dict[str, _UnderWay] = {}

    @property
    def busy(self) -> bool:
        """Tell whether something is on its way."""
        return bool(self._under_way)

    def step(self, now: int) -> bool:
        """Take the next steps for every subscriber; return True where there is more to do at once.

        Raises the StoreError that keeps a delivery from being recorded.
        """
        more = self._intake.step(now)
        present = self._deliveries.subscriptions()
        for name in self._under_way.keys() - {one.name for one in present}:
            self._under_way.pop(name).sending.abandon()
        # All of them, even when the first has more: nobody waits for a long queue of another.
        return any([more, *(self._serve(one, now) for one in present)])

    def finish(self, now: int) -> bool:
        """Take the results of what is on its way and send nothing more; True when all is back."""
        for name in list(self._under_way):
            self._settle(name, now)
        return not self._under_way

    def abandon(self) -> None:
        """End what is on its way; whoever claims it next sends it again."""
        names = list(self._under_way)
        while self._under_way:
            self._under_way.popitem()[1].sending.abandon()
        # After all of them: what cannot be given back must not leave one running.
        for name in names:
            self._deliveries.release(name, self._name)

    def _serve(self, subscription: Subscription, now: int) -> bool:
        name = subscription.name
        if not self._settle(name, now):
            return False
        batch = _together(self._deliveries.claim(name, self._name, now, now + LEASE, BATCH))
        if not batch:
            return False
        lines = [f"{due.alert}\n".encode() for due in batch]
        sending = self._outlet(subscription).send(lines, now)
        self._under_way[name] = _UnderWay(sending, batch)
        return self._settle(name, now)

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
                ids = [due.alert_id for due in batch]
                if self._deliveries.delivered(name, self._name, ids, now):
                    for due in batch:
                        _note_arrival(name, due, now)
            case Failed(reason):
                failures = [_failure(due, reason, now) for due in batch]
                if self._deliveries.failed(name, self._name, failures):
                    for failure in failures:
                        _note_failure(name, failure)
            case _:
                assert_never(result)


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
    if attempts >= ATTEMPTS:
        return Failure(due.alert_id, attempts, None, now, reason)
    return Failure(due.alert_id, attempts, now + pause(attempts), None, reason)


def _note_arrival(name: str, due: Due, now: int) -> None:
    note(
        "alert.delivered",
        due.alert_id,
        subscriber=name,
        attempts=due.attempts + 1,
        late_seconds=instant.seconds(now - due.decided_at),
    )


def _note_failure(name: str, failure: Failure) -> None:
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
