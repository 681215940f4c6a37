"""What a relay keeps in the database of the log: how far it came, and who may relay."""

from contextlib import closing

import psycopg

from infra.closing import Closing
from infra.store.failure import Missing, StoreError
from infra.store.layout import Layout
from infra.store.log import Cursor, EventLog
from infra.store.postgresql import Connection, connect, name_of, translated
from infra.store.tables import Tables
from streams.relay import Place

SCHEMA = "lhuta_relay"

_TABLE = """
    CREATE TABLE place (
        singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
        position BIGINT NOT NULL,
        hash BYTEA NOT NULL
    )
"""
_LOAD = "SELECT position, hash FROM place"
_SAVE = """
    INSERT INTO place VALUES (1, %(position)s, %(hash)s)
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


class NeverRelayed(Missing):
    """Nobody has relayed the log yet."""

    says = "nothing was relayed from {place} yet; `lhuta relay` begins it"


class RelayTables(Tables):
    """The table of the one place, in a schema of its own."""

    name = SCHEMA
    layout = Layout(1, lambda _: (_TABLE,))
    missing = NeverRelayed
    # A place that is lost with the server is sent from once more, which harms nobody.
    settings = ""


class PostgreSQLPlaces(Closing):
    """How far the log is relayed, beside the log; a context manager."""

    def __init__(self, url: str, log: EventLog) -> None:
        """Open the place of a log; raises StoreError."""
        self._name = name_of(url)
        self._log = log
        self._tables = RelayTables.open(url)

    def close(self) -> None:
        """Let the database go."""
        self._tables.close()

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
        self._tables.change(_SAVE, place._asdict())

    def begin_anew(self, place: Place) -> None:
        """Keep a place where the one that is kept is none of this log; raises StoreError."""
        kept = self._stored()
        if kept is not None and not self._log.holds(Cursor(*kept)):
            self.save(place)

    def _stored(self) -> Place | None:
        return next((Place(*row) for row in self._tables.rows(_LOAD)), None)


def relayed(url: str) -> int | None:
    """Return the position up to which the log is relayed, None where it never was.

    Raises StoreError.
    """
    try:
        tables = RelayTables.open(url, read_only=True)
    except NeverRelayed:
        return None
    with closing(tables):
        return next((position for position, _ in tables.rows(_LOAD)), None)


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
