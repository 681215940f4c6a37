"""A desk in a database of its own, with topics of its own, for measuring what works on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from domain import instant
from infra.broker import LHUTA_KAFKA
from infra.doors.simulate import simulate
from infra.settings import LHUTA_DATABASE
from infra.store.log import EventLog, wall_clock
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.policies import find
from streams import topic
from streams.broker import Broker
from streams.producer import Producer
from streams.record import of_event, source_header
from streams.topic import EVENTS
from tests.benchmarks.engine import FEW, POLICY, recording

PARTITIONS = 12
TICKETS = 12_000
DAYS = 10
"""A very busy desk: 56,000 events, and a third of the tickets open at any time."""

PATIENCE = 180.0
LOOK_SECONDS = 0.002


class World(NamedTuple):
    """A log in a database, and topics for it."""

    url: str
    broker: Broker
    events: int
    lasts: dict[int, int]

    @property
    def environment(self) -> dict[str, str]:
        """Return what `lhuta` needs to know."""
        prefix = f"{LHUTA_KAFKA}_TOPIC_PREFIX"
        told = {LHUTA_DATABASE: self.url, LHUTA_KAFKA: str(self.broker)}
        return {**os.environ, **told, prefix: self.broker.topic_prefix}


@contextmanager
def world(address: str, url: str, policy: bytes = POLICY) -> Iterator[World]:
    """Give a desk that was busy, and topics to which nothing was sent."""
    name = f"lhuta_benchmark_{uuid4().hex}"
    own = urlsplit(url)._replace(path=f"/{name}").geturl()
    broker = Broker((address,), topic_prefix=f"{name}-")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield _furnished(own, broker, policy)
        finally:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _furnished(url: str, broker: Broker, policy: bytes) -> World:
    end = wall_clock() - instant.DAY
    start = end - DAYS * instant.DAY
    told = list(simulate(TICKETS, "workers", start, end, find("managry")))
    now = start
    EventLog.create(
        url, policy_bytes=policy, partitions=PARTITIONS, live_from=start, now=start - 1
    ).close()
    with EventLog.open(url, clock=lambda: now) as log:
        for first in range(0, len(told), FEW):
            few = told[first : first + FEW]
            now = max(now, few[-1].recorded_at)
            log.append([recording(one) for one in few])
        with topic.opened(broker) as topics:
            topics.create(PARTITIONS)
        return World(url, broker, len(told), log.lasts())


def send(made: World) -> None:
    """Send all events to their topic."""
    broker = made.broker
    with EventLog.open(made.url) as log, Producer[Any](broker, "fill") as producer:
        source = source_header(log.source)
        for row in log.rows(0, 10_000_000):
            partition = log.partition_of(row.originator_id)
            producer.send(broker.topic(EVENTS.name), partition, of_event(row, source), row)
        producer.finish()


def position(models: PostgreSQLModels, partition: int) -> int:
    """Return how far a partition is applied."""
    place = models.place(partition)
    return 0 if place is None else place.position
