"""The deliveries in a PostgreSQL database, for notifiers and commands on many machines.

They have a schema of their own, so that whoever drops the read models leaves them whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from typing import Any

from infra.outlets.subscription import Way
from infra.store.deliveries.stored import NOTHING, StoredDeliveries
from infra.store.failure import Missing
from infra.store.layout import numbered
from infra.store.postgresql import IDLE_SECONDS, LOCK_SECONDS
from infra.store.tables import ON_DISK, Tables, written

NAME = "lhuta_deliveries"
"""The schema in which everything lies."""

_SUBSCRIBE = """
    INSERT INTO subscriptions (way, target, kinds, since)
    VALUES (:way, :target, :kinds, :since)
    RETURNING name
"""
# Those who take hold it together, and whoever changes the subscribers alone.
_SUBSCRIBERS = f"hashtext('{NAME}')"
_ALONE = f"SELECT pg_advisory_xact_lock({_SUBSCRIBERS})"
_TOGETHER = f"SELECT pg_advisory_xact_lock_shared({_SUBSCRIBERS})"
# Held by the session of a notifier; whoever can have it alone sees that there is none any more.
_LIFE = "hashtextextended('lhuta notifier ' || {}, 0)"
_LIVE = f"SELECT pg_advisory_lock_shared({_LIFE.format(':notifier')})"
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class NoDeliveries(Missing):
    """The database has no deliveries."""

    says = (
        "there are no deliveries in {place} yet; `lhuta subscribe` or `lhuta notify` makes their "
        "tables"
    )


class DeliveriesTables(Tables):
    """The tables of deliveries."""

    name = NAME
    layout = numbered(files("infra.store.deliveries") / "schema" / "postgresql")
    missing = NoDeliveries
    # The next rows are looked up by an index, always: a plan that was made while little was owed
    # would read all of it for every batch once it is much.
    settings = f"""
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        SET enable_bitmapscan = off;
        {ON_DISK}
    """


class PostgreSQLDeliveries(StoredDeliveries):
    """The deliveries in a schema of a database."""

    # Nobody else's claim is waited for; who owes an alert to the subscriber goes on meanwhile.
    held = "FOR NO KEY UPDATE SKIP LOCKED"
    gone = f"pg_try_advisory_xact_lock({_LIFE.format('claimed_by')})"

    def __init__(self, tables: DeliveriesTables) -> None:
        self._tables = tables
        self._known: set[str] = set()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_only: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
    ) -> "PostgreSQLDeliveries":
        """Open the deliveries of a database; make empty ones in it, unless `read_only`.

        Raises StoreError.
        """
        return cls(
            DeliveriesTables.open(
                url, read_only=read_only, idle_seconds=idle_seconds, lock_seconds=lock_seconds
            )
        )

    @classmethod
    @contextmanager
    def shared(
        cls, url: str
    ) -> Iterator[Callable[[], AbstractContextManager["PostgreSQLDeliveries"]]]:
        """Let many threads read, over connections that are used again."""
        with DeliveriesTables.shared(url, read_only=True) as lent:

            @contextmanager
            def reading() -> Iterator[PostgreSQLDeliveries]:
                with lent() as tables:
                    yield cls(tables)

            yield reading

    def close(self) -> None:
        """Let the database go."""
        self._tables.close()

    def now(self) -> int:
        """Return the time of the server, which is the same for all."""
        now: int = self._rows(_NOW)[0][0]
        return now

    def _be_known(self, notifier: str) -> None:
        if notifier not in self._known:
            self._rows(_LIVE, {"notifier": notifier})
            self._known.add(notifier)

    def _transaction(self) -> AbstractContextManager[None]:
        return self._tables.transaction()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._transaction():
            self._rows(_ALONE)
            yield

    @contextmanager
    def _among_takers(self) -> Iterator[None]:
        with self._transaction():
            self._rows(_TOGETHER)
            yield

    def _add(self, way: Way, target: str, kinds: str, since: int) -> str:
        added = {"way": way, "target": target, "kinds": kinds, "since": since}
        name: str = self._rows(_SUBSCRIBE, added)[0][0]
        return name

    def _rows(self, statement: str, parameters: Mapping[str, object] = NOTHING) -> list[Any]:
        return self._tables.rows(written(statement), _storable(parameters))

    def _change(self, statement: str, parameters: Mapping[str, object]) -> int:
        return self._tables.change(written(statement), _storable(parameters))

    def _many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        self._tables.many(written(statement), [_storable(row) for row in rows])


def _storable(parameters: Mapping[str, object]) -> Mapping[str, object]:
    """Replace the character that PostgreSQL cannot store; a command may say it when it fails."""
    return {
        name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
        for name, value in parameters.items()
    }
