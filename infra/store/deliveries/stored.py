"""What every database of the deliveries does in the same way, by the statements they share."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any, ClassVar

from domain.alert import AlertKind
from infra.closing import Closing
from infra.outlets.deliveries import Backlog, Due, Failure, Record, Taken, Trouble
from infra.outlets.subscription import Subscription, UnknownSubscriber, Way
from projections.models import Announcement

NOTHING: Mapping[str, object] = MappingProxyType({})

_SUBSCRIPTIONS = "SELECT name, way, target, kinds, since FROM subscriptions ORDER BY number"
_UNSUBSCRIBE = "DELETE FROM subscriptions WHERE name = :name"
_TAKEN = "SELECT sequence, alert_id, settled_to FROM taken WHERE partition = :partition"
_BEGIN = """
    INSERT INTO taken (partition, sequence, alert_id, settled_to)
    VALUES (:partition, :sequence, :alert_id, :settled_to)
    ON CONFLICT (partition) DO NOTHING
"""
_MOVE = """
    UPDATE taken
    SET sequence = :sequence, alert_id = :alert_id, settled_to = :settled_to
    WHERE partition = :partition
        AND sequence = :was_sequence
        AND alert_id = :was_alert_id
        AND settled_to = :was_settled_to
"""
_OWE = """
    INSERT INTO deliveries
        (subscriber, alert_id, ticket, kind, decided_at, alert, attempts, next_try_at)
    VALUES (:subscriber, :alert_id, :ticket, :kind, :decided_at, :alert, 0, :now)
    ON CONFLICT (subscriber, alert_id) DO NOTHING
"""
_DUE = """
    SELECT alert_id, ticket, decided_at, alert, attempts
    FROM deliveries
    WHERE subscriber = :subscriber
        AND next_try_at <= :now
        AND NOT EXISTS (
            SELECT 1
            FROM deliveries AS earlier
            WHERE earlier.subscriber = deliveries.subscriber
                AND earlier.ticket = deliveries.ticket
                AND earlier.number < deliveries.number
                AND earlier.next_try_at > :now
        )
    ORDER BY number
    LIMIT :limit
"""
_FREE = """
    SELECT name
    FROM subscriptions
    WHERE name = :subscriber
        AND (claimed_by IS NULL OR claimed_by = :notifier OR claimed_until <= :now OR {gone})
"""
_CLAIM = """
    UPDATE subscriptions
    SET claimed_by = :notifier, claimed_until = :until
    WHERE name = :subscriber
"""
_RELEASE = """
    UPDATE subscriptions
    SET claimed_by = NULL, claimed_until = NULL
    WHERE name = :subscriber AND claimed_by = :notifier
"""
_DELIVERED = """
    UPDATE deliveries
    SET attempts = attempts + 1, next_try_at = NULL, delivered_at = :now, last_error = NULL,
        alert = NULL
    WHERE subscriber = :subscriber AND alert_id = :alert_id
"""
_TRY_AGAIN = """
    UPDATE deliveries
    SET attempts = :attempts, next_try_at = :next_try_at, last_error = :error
    WHERE subscriber = :subscriber AND alert_id = :alert_id
"""
_GIVE_UP = """
    UPDATE deliveries
    SET attempts = :attempts, next_try_at = NULL, given_up_at = :given_up_at, last_error = :error,
        alert = NULL
    WHERE subscriber = :subscriber AND alert_id = :alert_id
"""
_BACKLOGS = """
    SELECT
        name,
        COUNT(delivered_at),
        COUNT(next_try_at),
        COUNT(CASE WHEN attempts > 0 THEN next_try_at END),
        COUNT(given_up_at)
    FROM subscriptions
    LEFT JOIN deliveries ON deliveries.subscriber = subscriptions.name
    GROUP BY subscriptions.number
    ORDER BY subscriptions.number
"""
_RECORDS = """
    SELECT subscriber, way, alert_id, attempts, next_try_at, delivered_at, given_up_at
    FROM subscriptions
    JOIN deliveries ON deliveries.subscriber = subscriptions.name
    WHERE alert_id IN ({alert_ids})
    ORDER BY subscriptions.number, deliveries.number
"""
_TROUBLES = """
    SELECT subscriber, alert_id, ticket, attempts, next_try_at, given_up_at, last_error
    FROM deliveries
    JOIN subscriptions ON subscriptions.name = deliveries.subscriber
    WHERE delivered_at IS NULL AND attempts > 0
    ORDER BY subscriptions.number, deliveries.number
    LIMIT :limit
"""


class StoredDeliveries(Closing):
    """Deliveries in a database; a context manager. Parameters in statements are `:name`."""

    held: ClassVar[str] = ""
    """What makes a query hold the rows that nobody else holds, and pass over the others."""

    gone: ClassVar[str] = "FALSE"
    """What tells of a claim whether its notifier is gone."""

    @abstractmethod
    def close(self) -> None:
        """Let the database go."""

    @abstractmethod
    def now(self) -> int:
        """Return the time by which every notifier that works here counts its claims."""

    def subscribe(
        self, way: Way, target: str, kinds: Sequence[AlertKind], since: Callable[[], int]
    ) -> Subscription:
        """Add a subscriber and return it with its name; `since` is asked while nobody takes."""
        with self._alone():
            begin = since()
            name = self._add(way, target, ",".join(kinds), begin)
        return Subscription(name, way, target, tuple(kinds), begin)

    def unsubscribe(self, name: str) -> Subscription:
        """Remove a subscriber and its deliveries and return it; raises UnknownSubscriber."""
        with self._alone():
            known = {one.name: one for one in self.subscriptions()}
            if name not in known:
                raise UnknownSubscriber(name, list(known))
            self._change(_UNSUBSCRIBE, {"name": name})
        return known[name]

    def subscriptions(self) -> list[Subscription]:
        """Return the present subscriptions, the oldest first."""
        return [
            Subscription(name, way, target, tuple(kinds.split(",")), since)
            for name, way, target, kinds, since in self._rows(_SUBSCRIPTIONS)
        ]

    def taken(self, partition: int) -> Taken | None:
        """Return how far the outbox of a partition was taken, None before the first time."""
        found = self._rows(_TAKEN, {"partition": partition})
        return Taken._make(found[0]) if found else None

    def take(
        self,
        partition: int,
        before: Taken | None,
        after: Taken,
        announcements: Sequence[Announcement],
        now: int,
    ) -> bool:
        """Owe announcements to all who want them, in this order, if `before` is still true."""
        with self._among_takers():
            # First: whoever takes the same partition waits here, and then finds another place.
            if not self._move(partition, before, after):
                return False
            present = self.subscriptions()
            owed = [
                {**one._asdict(), "subscriber": to.name, "now": now}
                for one in announcements
                for to in present
                if to.wants(one)
            ]
            self._many(_OWE, owed)
        return True

    def claim(
        self, subscriber: str, notifier: str, now: int, until: int, limit: int
    ) -> Sequence[Due]:
        """Return what is to be sent now, in order, for this notifier alone until an instant."""
        # Asked first, so that a desk at rest writes nothing.
        if not self._due(subscriber, now, 1):
            return []
        claim = {"subscriber": subscriber, "notifier": notifier}
        self._be_known(notifier)
        free = _FREE.format(gone=self.gone)
        with self._transaction():
            if not self._rows(f"{free} {self.held}", {**claim, "now": now}):
                return []
            due = self._due(subscriber, now, limit)
            if due:
                self._change(_CLAIM, {**claim, "until": until})
        return due

    def release(self, subscriber: str, notifier: str) -> None:
        """Give back what a notifier claimed, with nothing recorded of it."""
        self._released(subscriber, notifier)

    def delivered(self, subscriber: str, notifier: str, alert_ids: Sequence[str], now: int) -> bool:
        """Record that claimed alerts have arrived, and end the claim; False if it was lost."""
        with self._transaction():
            if not self._released(subscriber, notifier):
                return False
            self._many(
                _DELIVERED,
                [{"subscriber": subscriber, "alert_id": one, "now": now} for one in alert_ids],
            )
        return True

    def failed(self, subscriber: str, notifier: str, failures: Sequence[Failure]) -> bool:
        """Record attempts that failed, and end the claim; False if it was lost."""
        with self._transaction():
            if not self._released(subscriber, notifier):
                return False
            for one in failures:
                statement = _GIVE_UP if one.next_try_at is None else _TRY_AGAIN
                self._change(statement, {**one._asdict(), "subscriber": subscriber})
        return True

    def records(self, alert_ids: Sequence[str]) -> list[Record]:
        """Return what became of alerts, by subscriber, the oldest first."""
        if not alert_ids:
            return []
        wanted = {f"alert_{number}": one for number, one in enumerate(alert_ids)}
        statement = _RECORDS.format(alert_ids=", ".join(f":{name}" for name in wanted))
        return [Record._make(row) for row in self._rows(statement, wanted)]

    def backlogs(self) -> list[Backlog]:
        """Return how the deliveries of each subscriber stand, the oldest subscriber first."""
        return [Backlog._make(row) for row in self._rows(_BACKLOGS)]

    def troubles(self, limit: int) -> list[Trouble]:
        """Return deliveries that failed and have not arrived since, by subscriber, in order."""
        return [Trouble._make(row) for row in self._rows(_TROUBLES, {"limit": limit})]

    def _move(self, partition: int, before: Taken | None, after: Taken) -> bool:
        new = {"partition": partition, **after._asdict()}
        if before is None:
            return self._change(_BEGIN, new) == 1
        was = {f"was_{name}": value for name, value in before._asdict().items()}
        return self._change(_MOVE, {**new, **was}) == 1

    def _released(self, subscriber: str, notifier: str) -> bool:
        return self._change(_RELEASE, {"subscriber": subscriber, "notifier": notifier}) == 1

    def _due(self, subscriber: str, now: int, limit: int) -> list[Due]:
        asked = {"subscriber": subscriber, "now": now, "limit": limit}
        return [Due._make(row) for row in self._rows(_DUE, asked)]

    @abstractmethod
    def _be_known(self, notifier: str) -> None:
        """Let others know of a notifier as long as it is there."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[None]:
        """Begin a transaction: kept as a whole, undone on any exception."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Begin a transaction in which nobody else takes, nor changes the subscribers."""
        with self._transaction():
            yield

    @contextmanager
    def _among_takers(self) -> Iterator[None]:
        """Begin a transaction in which nobody changes the subscribers."""
        with self._transaction():
            yield

    @abstractmethod
    def _add(self, way: Way, target: str, kinds: str, since: int) -> str:
        """Store a subscription; return its name."""

    @abstractmethod
    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        """Return the rows of a statement."""

    @abstractmethod
    def _change(self, statement: str, parameters: Mapping[str, object]) -> int:
        """Carry a statement out; return how many rows it changed."""

    @abstractmethod
    def _many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Carry a statement out for each row of parameters."""
