"""The deliveries in a SQLite file of their own, for one engine and the commands beside it."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

from domain.alert import AlertKind
from infra.outlets.deliveries import Backlog, Due, Failure, Taken, Trouble
from infra.outlets.subscription import Subscription, UnknownSubscriber, Way
from infra.store import small_file
from infra.store.failure import Damaged, Missing, OlderSchema
from infra.store.log import ddl
from infra.store.models.schema import DIALECT
from infra.store.sqlite import BUSY_SECONDS, connect, name_of, translated
from projections.models import Announcement

SCHEMA = files("infra.store.deliveries") / "schema" / "sqlite"

_SUBSCRIPTION = "name, way, target, kinds, since"
# The sequence remembers the highest number that ever was, also of subscribers who are no more.
_SUBSCRIBE = f"""
    INSERT INTO subscriptions ({_SUBSCRIPTION})
    SELECT 'S-' || (1 + COALESCE(MAX(seq), 0)), ?, ?, ?, ?
    FROM sqlite_sequence WHERE name = 'subscriptions'
    RETURNING name
"""
_TAKEN = "SELECT sequence, alert_id, settled_to FROM taken WHERE partition = ?"
_TAKE = """
    INSERT INTO taken (partition, sequence, alert_id, settled_to) VALUES (?, ?, ?, ?)
    ON CONFLICT (partition) DO UPDATE SET
        sequence = excluded.sequence,
        alert_id = excluded.alert_id,
        settled_to = excluded.settled_to
"""
_OWE = """
    INSERT INTO deliveries
        (subscriber, alert_id, ticket, kind, decided_at, alert, attempts, next_try_at)
    VALUES (?, ?, ?, ?, ?, ?, 0, ?)
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
_CLAIM = """
    UPDATE subscriptions
    SET claimed_by = :notifier, claimed_until = :until
    WHERE name = :subscriber
        AND (claimed_by IS NULL OR claimed_by = :notifier OR claimed_until <= :now)
"""
_RELEASE = """
    UPDATE subscriptions
    SET claimed_by = NULL, claimed_until = NULL
    WHERE name = ? AND claimed_by = ?
"""
_DELIVERED = """
    UPDATE deliveries
    SET attempts = attempts + 1, next_try_at = NULL, delivered_at = ?, last_error = NULL,
        alert = NULL
    WHERE subscriber = ? AND alert_id = ?
"""
_FAILED = """
    UPDATE deliveries
    SET attempts = ?, next_try_at = ?, given_up_at = ?, last_error = ?,
        alert = CASE WHEN ? IS NULL THEN NULL ELSE alert END
    WHERE subscriber = ? AND alert_id = ?
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
_TROUBLES = """
    SELECT subscriber, alert_id, ticket, attempts, next_try_at, given_up_at, last_error
    FROM deliveries
    JOIN subscriptions ON subscriptions.name = deliveries.subscriber
    WHERE delivered_at IS NULL AND attempts > 0
    ORDER BY subscriptions.number, deliveries.number
    LIMIT ?
"""


class DamagedDeliveries(Damaged):
    """The database of the deliveries is not what was written."""

    says = (
        "{place} is damaged: {detail}; it holds who is told of alerts and what they are still "
        "owed: go on with a backup of it, or move it away, subscribe again, and see with "
        "`lhuta alerts --since` what was decided meanwhile"
    )


class SQLiteDeliveries:
    """The deliveries in a file; a context manager."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self._where = place

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> "SQLiteDeliveries":
        """Open the deliveries; make empty ones where there are none, unless `read_only`.

        Raises Missing, DamagedDeliveries and other StoreErrors.
        """
        where = str(path)
        if not read_only:
            _make(Path(path))
        elif not Path(path).exists():
            raise Missing(where)
        with _told(where), ExitStack() as undoing:
            connection = connect(name_of(path, "read" if read_only else "create"), busy_seconds)
            undoing.callback(connection.close)
            opened = cls(connection, where)
            opened._prepare(read_only=read_only)
            undoing.pop_all()
        return opened

    def close(self) -> None:
        """Let the database go."""
        with _told(self._where):
            self._connection.close()

    def __enter__(self) -> "SQLiteDeliveries":
        """Return the open deliveries."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        self.close()

    def subscribe(
        self, way: Way, target: str, kinds: Sequence[AlertKind], since: Callable[[], int]
    ) -> Subscription:
        """Add a subscriber and return it with its name; `since` is asked while nobody takes."""
        with self._transaction():
            begin = since()
            [(name,)] = self._rows(_SUBSCRIBE, way, target, ",".join(kinds), begin)
        return Subscription(name, way, target, tuple(kinds), begin)

    def unsubscribe(self, name: str) -> Subscription:
        """Remove a subscriber and its deliveries and return it; raises UnknownSubscriber."""
        with self._transaction():
            known = {one.name: one for one in self.subscriptions()}
            if name not in known:
                raise UnknownSubscriber(name, list(known))
            self._rows("DELETE FROM subscriptions WHERE name = ?", name)
        return known[name]

    def subscriptions(self) -> list[Subscription]:
        """Return the present subscriptions, the oldest first."""
        found = self._rows(f"SELECT {_SUBSCRIPTION} FROM subscriptions ORDER BY number")
        return [
            Subscription(name, way, target, tuple(kinds.split(",")), since)
            for name, way, target, kinds, since in found
        ]

    def taken(self, partition: int) -> Taken | None:
        """Return how far the outbox of a partition was taken, None before the first time."""
        found = self._rows(_TAKEN, partition)
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
        with self._transaction():
            if self.taken(partition) != before:
                return False
            present = self.subscriptions()
            owed = [
                (to.name, one.alert_id, one.ticket, one.kind, one.decided_at, one.alert, now)
                for one in announcements
                for to in present
                if to.wants(one)
            ]
            self._many(_OWE, owed)
            self._rows(_TAKE, partition, *after)
        return True

    def claim(
        self, subscriber: str, notifier: str, now: int, until: int, limit: int
    ) -> Sequence[Due]:
        """Return what is to be sent now, in order, for this notifier alone until an instant."""
        # Asked first, so that a desk at rest writes nothing.
        if not self._due(subscriber, now, 1):
            return []
        with self._transaction():
            due = self._due(subscriber, now, limit)
            claim = {"subscriber": subscriber, "notifier": notifier, "now": now, "until": until}
            return due if due and self._changed(_CLAIM, claim) else []

    def release(self, subscriber: str, notifier: str) -> None:
        """Give back what a notifier claimed, with nothing recorded of it."""
        self._changed(_RELEASE, (subscriber, notifier))

    def delivered(self, subscriber: str, notifier: str, alert_ids: Sequence[str], now: int) -> bool:
        """Record that claimed alerts have arrived, and end the claim; False if it was lost."""
        with self._transaction():
            if not self._changed(_RELEASE, (subscriber, notifier)):
                return False
            self._many(_DELIVERED, [(now, subscriber, alert_id) for alert_id in alert_ids])
        return True

    def failed(self, subscriber: str, notifier: str, failures: Sequence[Failure]) -> bool:
        """Record attempts that failed, and end the claim; False if it was lost."""
        with self._transaction():
            if not self._changed(_RELEASE, (subscriber, notifier)):
                return False
            attempts = [
                (
                    one.attempts,
                    one.next_try_at,
                    one.given_up_at,
                    one.error,
                    one.next_try_at,
                    subscriber,
                    one.alert_id,
                )
                for one in failures
            ]
            self._many(_FAILED, attempts)
        return True

    def backlogs(self) -> list[Backlog]:
        """Return how the deliveries of each subscriber stand, the oldest subscriber first."""
        return [Backlog._make(row) for row in self._rows(_BACKLOGS)]

    def troubles(self, limit: int) -> list[Trouble]:
        """Return deliveries that failed and have not arrived since, by subscriber, in order."""
        return [Trouble._make(row) for row in self._rows(_TROUBLES, limit)]

    def _due(self, subscriber: str, now: int, limit: int) -> list[Due]:
        with _told(self._where):
            found = self._connection.execute(
                _DUE, {"subscriber": subscriber, "now": now, "limit": limit}
            )
            return [Due._make(row) for row in found]

    def _rows(self, statement: str, *parameters: object) -> list[Any]:
        with _told(self._where):
            return self._connection.execute(statement, parameters).fetchall()

    def _changed(self, statement: str, parameters: Sequence[object] | Mapping[str, object]) -> bool:
        with _told(self._where):
            return self._connection.execute(statement, parameters).rowcount > 0

    def _many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        with _told(self._where):
            self._connection.executemany(statement, rows)

    def _prepare(self, *, read_only: bool) -> None:
        latest = ddl.latest(SCHEMA)
        if self._version() < latest:
            if read_only:
                raise OlderSchema(self._where, f"schema {self._version()}, here {latest}")
            with self._transaction():
                for statement in ddl.statements(SCHEMA, self._version()):
                    self._connection.execute(DIALECT.view(statement))
                self._connection.execute(f"PRAGMA user_version = {max(latest, self._version())}")
        ddl.check(self._where, self._version(), SCHEMA)

    def _version(self) -> int:
        number: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return number

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _told(self._where):
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            with _told(self._where):
                self._connection.execute("COMMIT")
        finally:
            # Not after a commit, nor where SQLite has ended it itself, as on a full disk.
            if self._connection.in_transaction:
                with _told(self._where):
                    self._connection.execute("ROLLBACK")


def _make(path: Path) -> None:
    """Make an empty file for this user only: a command of a subscriber may hold a secret."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise small_file.failure(error, path) from error


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise what SQLite reports as the StoreError that it means for deliveries."""
    try:
        with translated(place):
            yield
    except Damaged as error:
        if isinstance(error, DamagedDeliveries):
            raise
        raise DamagedDeliveries(error.place, error.detail) from error
