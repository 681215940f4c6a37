"""What a relay keeps in the database of the log: how far it came, and who may relay."""

import psycopg

from infra.closing import Closing
from infra.store.failure import StoreError
from infra.store.log import Cursor, EventLog
from infra.store.postgresql import Connection, connect, name_of, translated
from streams.relay import Place

SCHEMA = "lhuta_relay"

_TABLE = f"""
    CREATE SCHEMA IF NOT EXISTS {SCHEMA};
    CREATE TABLE IF NOT EXISTS {SCHEMA}.place (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        position BIGINT NOT NULL,
        hash BYTEA NOT NULL
    )
"""
_LOAD = f"SELECT position, hash FROM {SCHEMA}.place"
_THERE = f"SELECT to_regclass('{SCHEMA}.place')"
_SAVE = f"""
    INSERT INTO {SCHEMA}.place VALUES (1, %s, %s)
    ON CONFLICT (singleton) DO UPDATE SET position = excluded.position, hash = excluded.hash
"""

# A holder that is gone without a word, with its machine or its network, is noticed by the server.
_LEASE_SESSION = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    "SET idle_session_timeout = 0"
)
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class OtherTopics(StoreError):
    """The topics were filled from another history than this log has."""

    says = (
        "{place} has not what was relayed at position {detail}: it was restored from a backup, or "
        "is another log. Delete the topics, make them again by `lhuta topics create`, and fill "
        "them by `lhuta republish --from 0`; the read models have to be made anew, too"
    )


class LeaseLost(StoreError):
    """The lease was held, and may be somebody else's by now."""

    says = "the lease in {place} is lost ({detail}); start again, and wait for it"


class PostgreSQLPlaces(Closing):
    """How far the log is relayed, beside the log; a context manager."""

    def __init__(self, url: str, log: EventLog) -> None:
        """Open the place of a log; raises StoreError."""
        self._name = name_of(url)
        self._log = log
        self._connection = connect(url)
        with translated(self._name):
            self._connection.execute(_TABLE)

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def load(self) -> Place:
        """Return the place, the log's origin at first; raises OtherTopics and StoreError."""
        place = self._stored()
        if place is None:
            return Place(*self._log.origin())
        if not self._log.holds(Cursor(*place)):
            raise OtherTopics(self._name, str(place.position))
        return place

    def save(self, place: Place) -> None:
        """Keep the place; raises StoreError."""
        with translated(self._name):
            self._connection.execute(_SAVE, place)

    def begin_anew(self, place: Place) -> None:
        """Keep a place where the one that is kept is none of this log; raises StoreError."""
        kept = self._stored()
        if kept is not None and not self._log.holds(Cursor(*kept)):
            self.save(place)

    def _stored(self) -> Place | None:
        with translated(self._name):
            row = self._connection.execute(_LOAD).fetchone()
        if row is None:
            return None
        position, proof = row
        assert isinstance(position, int)
        assert isinstance(proof, bytes)
        return Place(position, proof)


def relayed(url: str) -> int | None:
    """Return the position up to which the log is relayed, None where it never was.

    Raises StoreError.
    """
    with connect(url, read_only=True) as connection, translated(name_of(url)):
        if connection.execute(_THERE).fetchone() == (None,):
            return None
        row = connection.execute(_LOAD).fetchone()
    if row is None:
        return None
    position = row[0]
    assert isinstance(position, int)
    return position


class PostgreSQLLease(Closing):
    """A lease by an advisory lock on a connection of its own; a context manager.

    The lock ends with the connection, and that with the process. A pooler that shares connections
    between sessions must not stand in between.
    """

    def __init__(self, url: str, name: str) -> None:
        """Ask for the lease of a name, one for each database; raises StoreError."""
        self._place = name_of(url)
        self._name = f"lhuta {name}"
        self._held = False
        self._connection: Connection = connect(url)
        with translated(self._place):
            self._connection.execute(_LEASE_SESSION)

    def close(self) -> None:
        """Let the lease go."""
        self._connection.close()

    def take(self) -> bool:
        """Take the lease or see that it is held; raises LeaseLost, and StoreError before that."""
        if self._held:
            try:
                self._connection.execute("SELECT")
            except psycopg.Error as error:
                raise LeaseLost(self._place, str(error).strip()) from error
            return True
        with translated(self._place):
            self._held = self._connection.execute(_TAKE, (self._name,)).fetchone() == (True,)
        return self._held
