"""A process that takes what a topic has: a plain Faust agent, or the worker in one of its two ways.

    python -m tests.benchmarks.faust_process WAY LOG BROKER PREFIX EVENTS

`nothing` is an agent that does nothing, with the library's settings; `stream` is the worker held to
what comes over Kafka, `log` the one that reads the log in bulk once it is told to, by a line on its
standard input. The first two write what they measured when all events were through, the last when
it begins to read.
"""

import asyncio
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import faust
import orjson

from infra.distributed import rare_collections
from infra.partition_log import PartitionLog
from infra.store.log import EventLog, Stored
from infra.store.models.postgresql import PostgreSQLModels
from projections.projector import Applied, Projector, Watermark
from streams.broker import Broker
from streams.partition import Mark, Partition
from streams.share import LANES, Share, Way
from streams.terms import LogTerms
from streams.topic import EVENTS
from streams.worker import Worker

PLAIN_GROUP = "lhuta-benchmark-plain"


class Count:
    """Counts events; the first batch, which was on its way before, starts the time."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0
        self._first = 0
        self._began = (0.0, 0.0)

    def add(self, events: int) -> None:
        """Count what is done; at the end tell, and ask the process to stop."""
        if not events or self._seen >= self._total:
            return
        if not self._seen:
            self._first, self._began = events, (time.perf_counter(), time.process_time())
        self._seen += events
        if self._seen >= self._total:
            passing = time.perf_counter() - self._began[0]
            computing = time.process_time() - self._began[1]
            say({"events": self._seen - self._first, "passing": passing, "computing": computing})
            os.kill(os.getpid(), signal.SIGTERM)


class Counting:
    """Counts what a worker does."""

    def __init__(self, count: Callable[[int], None]) -> None:
        self._count = count

    def assigned(self, partitions: Sequence[int]) -> None:
        """Say how many there are."""
        say({"partitions": len(partitions)})

    def marked(self, partition: int, watermark: Watermark) -> None:
        """Say that watermarks come."""
        say({"marked": partition})

    def begins(self, partition: int) -> None:
        """Hear that something will be applied."""

    def applied(self, partition: int, way: Way, applied: Applied, held: Watermark) -> None:
        """Count the events."""
        self._count(applied.events)

    def left_to_the_log(self, partition: int, reason: str) -> None:
        """Hear that a partition goes on from the log."""


class GatedLog(PartitionLog):
    """The log as one partition sees it, empty until a gate is open."""

    def __init__(self, log: EventLog, number: int, gate: threading.Event) -> None:
        super().__init__(log, number)
        self._gate = gate

    def head(self) -> Any:
        """Return where the log stands."""
        return super().head() if self._gate.is_set() else Mark(0, 0)

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of the partition, and say that it begins."""
        if not self._gate.is_set():
            return ()
        if not after:
            say({"began": self._number})
        return super().read(after, limit)


def main() -> None:
    """Take what the arguments name."""
    way, place, address, prefix, total = sys.argv[1:]
    broker, count = Broker((address,), topic_prefix=prefix), Count(int(total))
    with tempfile.TemporaryDirectory() as folder:
        if way == "nothing":
            asyncio.run(_nothing(broker, Path(folder), count))
            return
        gate = threading.Event()
        counted = count.add
        if way == "log":
            threading.Thread(target=_open, args=(gate,), daemon=True).start()
            counted = _ignore
        with ExitStack() as opened:
            log = opened.enter_context(EventLog.open(place))
            models = [opened.enter_context(PostgreSQLModels.open(place)) for _ in range(LANES)]
            opened.enter_context(rare_collections())
            terms = LogTerms(log)

            def follow(number: int, lane: int) -> Partition:
                own = GatedLog(log, number, gate)
                return Partition(number, Projector(models[lane], number), own, terms)

            share = Share(follow, Counting(counted))
            Worker(broker, share, Path(folder), _failed).run()


class _Worker(faust.Worker):
    def install_signal_handlers(self) -> None:
        """Leave the signals to the benchmark."""


async def _nothing(broker: Broker, folder: Path, count: Count) -> None:
    app = faust.App(
        PLAIN_GROUP,
        broker=f"kafka://{broker}",
        datadir=str(folder),
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    events = app.topic(
        broker.topic(EVENTS.name), key_type=bytes, value_type=bytes, allow_empty=True
    )

    async def agent(stream: Any) -> None:
        async for values in stream.take(1_000, within=0.02):
            count.add(len(values))

    app.agent(events)(agent)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    worker = _Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    working = asyncio.ensure_future(worker.start())
    await stop.wait()
    await worker.stop()
    working.cancel()


def say(told: Any) -> None:
    """Tell whoever measures."""
    sys.stdout.buffer.write(orjson.dumps(told) + b"\n")
    sys.stdout.buffer.flush()


def _open(gate: threading.Event) -> None:
    sys.stdin.readline()
    gate.set()


def _ignore(events: int) -> None:
    """Let whoever opens the gate look for the end."""


def _failed(error: Exception) -> None:
    say({"failed": repr(error)})


if __name__ == "__main__":
    main()
