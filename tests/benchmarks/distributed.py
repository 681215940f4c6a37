"""How fast the distributed engine is: what each piece costs beside the bare library's work.

Everything runs against one real broker in one process each; parts take turns, so that other load
on the machine hits both sides of a ratio.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import uuid4

from domain import instant
from infra.distributed import rare_collections
from infra.servers.kafka import Kafka
from infra.servers.postgresql import PostgreSQL
from infra.store.log import EventLog, wall_clock
from streams import topic
from streams.broker import Broker
from streams.producer import Producer
from streams.record import Record, of_event, source_header
from streams.relay import Place, Sent, Tail
from streams.topic import EVENTS
from tests.benchmarks import stories
from tests.benchmarks.delays import delays
from tests.benchmarks.engine import POLICY, brought
from tests.benchmarks.measure import Row
from tests.benchmarks.workers import worker
from tests.benchmarks.world import PARTITIONS

TICKETS = 12_000
"""They make about 60,000 events: two to three seconds of sending."""

ROUNDS = 5


def rows(parts: Sequence[str]) -> Iterator[Row]:
    """Measure the parts that are asked for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The user who serves the database must be able to pass through.
        folder.chmod(0o711)
        with Kafka(folder / "kafka") as kafka, PostgreSQL(folder / "postgresql") as server:
            for part in parts:
                yield from PARTS[part](kafka.address, server.url)


def relay(address: str, url: str) -> Iterator[Row]:
    """Measure the relay beside a bare idempotent producer that sends the same records."""
    now = wall_clock()
    with EventLog.create(
        url,
        policy_bytes=POLICY,
        partitions=PARTITIONS,
        live_from=now,
        now=now - 2 * instant.DAY,
    ) as log:
        brought(log, stories.finished(TICKETS, now - 300 * instant.DAY, now - instant.DAY))
        records = _records(log)
        bare, relayed = [], []
        for _ in range(ROUNDS):
            bare.append(_timed(partial(_send, _broker(address), records)))
            relayed.append(_timed(partial(_relay, _broker(address), log)))
        name = f"relay of {len(records):,} events, a bare producer as baseline"
        each = 1e6 / len(records)
        yield Row(name, min(relayed) * each, min(bare) * each, "us per event", "ratio >= 0.9")


def _records(log: EventLog) -> list[Record]:
    source = source_header(log.source)
    return [of_event(row, source) for row in log.rows(0, 10_000_000)]


def _broker(address: str) -> Broker:
    """Return a broker with topics that nobody has sent to."""
    broker = Broker((address,), topic_prefix=f"{uuid4().hex}-")
    with topic.opened(broker) as topics:
        topics.create(PARTITIONS)
    return broker


def _send(broker: Broker, records: list[Record]) -> None:
    """Send as one writes it with the library alone: all by their keys, then look at each future.

    The settings are those of the relay, so that only what is around the library is measured.
    """
    with Producer[Sent](broker, "bare") as ours:
        bare = ours._producer
        name = broker.topic(EVENTS.name)
        sent = [bare.send(name, key=key, value=value, headers=told) for key, value, told in records]
        bare.flush()
        if not all(one.succeeded() for one in sent):
            raise RuntimeError("a record was not acknowledged")


def _relay(broker: Broker, log: EventLog) -> None:
    with rare_collections(), Producer[Sent](broker, "relay") as producer:
        place = Place(0, log.origin().hash)
        tail = Tail(log, producer, place, broker.topic, wall_clock)
        while tail.step():
            pass
        tail.finish()


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    # The records that stand ready would cost the one that sends them, and no sender has them so.
    gc.freeze()
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    gc.unfreeze()
    return seconds


PARTS: dict[str, Callable[[str, str], Iterator[Row]]] = {
    "relay": relay,
    "worker": worker,
    "delays": delays,
}
