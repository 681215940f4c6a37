"""What of the read models in a PostgreSQL database is still to be published."""

from collections.abc import Sequence
from typing import Any

from infra.closing import Closing
from infra.store.models.postgresql import array
from infra.store.models.postgresql.database import Database
from projections.models import Announcement
from projections.publication import ChangedClock
from projections.rows import CLOCKS, ClockRow

_ALERTS = f"""
    SELECT {", ".join(Announcement._fields)}
    FROM unpublished_alerts
    JOIN outbox USING (partition, sequence)
    WHERE partition = %(partition)s
    ORDER BY sequence
    LIMIT %(limit)s
"""
_ALERTS_PUBLISHED = """
    DELETE FROM unpublished_alerts
    WHERE partition = %(partition)s AND sequence = ANY (%(sequences)s::bigint[])
"""
_CLOCKS = f"""
    SELECT
        queued.version,
        queued.ticket,
        queued.clock,
        queued.started_by,
        histories.position,
        {", ".join(f"clocks.{column}" for column in CLOCKS.columns)}
    FROM unpublished_clocks AS queued
    JOIN histories ON histories.ticket = queued.ticket
    LEFT JOIN clocks
        ON clocks.ticket = queued.ticket
        AND clocks.clock = queued.clock
        AND clocks.started_by = queued.started_by
    WHERE queued.partition = %(partition)s
    ORDER BY queued.version
    LIMIT %(limit)s
"""
# What a projector is just changing is passed over: waiting for it, while it waits for this, would
# be a deadlock, and it gets another version anyway. What is not queued any more was struck off by
# another publisher, which may have sent a newer state before ours.
_CLOCKS_PUBLISHED = """
    WITH published AS (
        SELECT *
        FROM unnest(%(tickets)s::text[], %(clocks)s::text[], %(started_by)s::text[],
            %(versions)s::bigint[]) AS published (ticket, clock, started_by, version)
    ),
    struck_off AS (
        DELETE FROM unpublished_clocks
        WHERE ctid = ANY (ARRAY(
            SELECT queued.ctid
            FROM unpublished_clocks AS queued
            JOIN published USING (ticket, clock, started_by, version)
            WHERE queued.partition = %(partition)s
            FOR UPDATE OF queued SKIP LOCKED
        ))
    )
    INSERT INTO unpublished_clocks (partition, ticket, clock, started_by)
    SELECT %(partition)s, ticket, clock, started_by
    FROM published
    WHERE NOT EXISTS (
        SELECT
        FROM unpublished_clocks AS queued
        WHERE queued.partition = %(partition)s
            AND (queued.ticket, queued.clock, queued.started_by)
                = (published.ticket, published.clock, published.started_by)
    )
    ON CONFLICT (partition, ticket, clock, started_by) DO UPDATE SET version = excluded.version
"""
_ALL_ALERTS = """
    INSERT INTO unpublished_alerts (partition, sequence)
    SELECT partition, sequence FROM outbox
    ON CONFLICT (partition, sequence) DO NOTHING
"""
_ALL_CLOCKS = """
    INSERT INTO unpublished_clocks (partition, ticket, clock, started_by)
    SELECT histories.partition, ticket, clock, started_by
    FROM clocks JOIN histories USING (ticket)
    ON CONFLICT (partition, ticket, clock, started_by) DO UPDATE SET version = excluded.version
"""
_QUEUED = len(ChangedClock._fields) - 1


class PostgreSQLPublications(Closing):
    """What is still to be published; a context manager.

    Every method is a transaction of its own and raises the StoreError that stopped it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> "PostgreSQLPublications":
        """Open the queues of a database; make empty read models in it where there are none."""
        return cls(Database.open(url))

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def alerts(self, partition: int, limit: int) -> list[Announcement]:
        """Return the first announcements that were not published, in their order."""
        found = self._database.rows(_ALERTS, {"partition": partition, "limit": limit})
        return [Announcement._make(row) for row in found]

    def alerts_published(self, partition: int, sequences: Sequence[int]) -> None:
        """Strike announcements off, by their sequences."""
        self._database.change(
            _ALERTS_PUBLISHED, {"partition": partition, "sequences": array.numbers(sequences)}
        )

    def clocks(self, partition: int, limit: int) -> list[ChangedClock]:
        """Return clocks that changed since they were published, those that wait longest first.

        Those of a ticket that a rebuild has yet to reach are left out.
        """
        return [
            ChangedClock._make((*row[:_QUEUED], _standing(row[_QUEUED:])))
            for row in self._database.rows(_CLOCKS, {"partition": partition, "limit": limit})
        ]

    def clocks_published(self, partition: int, clocks: Sequence[ChangedClock]) -> None:
        """Strike clocks off as they were returned; one that has changed again stays.

        One that somebody else struck off meanwhile is to be published again, as it is then.
        """
        self._database.change(
            _CLOCKS_PUBLISHED,
            {
                "partition": partition,
                "tickets": array.texts([one.ticket for one in clocks]),
                "clocks": array.texts([one.clock for one in clocks]),
                "started_by": array.texts([one.started_by for one in clocks]),
                "versions": array.numbers([one.version for one in clocks]),
            },
        )

    def publish_again(self) -> None:
        """Let everything be published again: the topics were made anew."""
        with self._database.transaction():
            self._database.change(_ALL_ALERTS)
            self._database.change(_ALL_CLOCKS)


def _standing(row: Sequence[Any]) -> ClockRow | None:
    """Return the row that was found for a clock: empty where the clock is gone."""
    return None if row[0] is None else CLOCKS.make(row)
