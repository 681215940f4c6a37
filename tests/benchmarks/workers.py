"""How much workers do on a real broker and a real database, beside an agent that does nothing.

Processes take turns; beside the time that passes stands the time that is computed, by the process
and by the database for it, which other load on the machine disturbs less.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import orjson
import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from infra.servers.server import LOOPBACK
from infra.store.log import wall_clock
from infra.store.models.postgresql import PostgreSQLModels
from streams.producer import Producer
from streams.record import Watermark, of_watermark
from streams.share import GROUP
from streams.topic import EVENTS, WATERMARKS
from tests.benchmarks.faust_process import PLAIN_GROUP
from tests.benchmarks.measure import Row
from tests.benchmarks.world import PARTITIONS, PATIENCE, World, position, send, world
from tests.eventually import eventually

ROUNDS = 3
_TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What an event costs in microseconds: those that pass, and those that are computed."""

    passing: float
    computing: float


def worker(address: str, url: str) -> Iterator[Row]:
    """Measure what goes through Faust, and what is read in bulk, beside an agent that does nothing.

    The topic is full, so everything goes as fast as it can.
    """
    nothing, streamed, bulk, two = [], [], [], []
    with world(address, url) as made:
        send(made)
        for _ in range(ROUNDS):
            nothing.append(_through_faust(made, "nothing", PLAIN_GROUP))
            streamed.append(_through_faust(made, "stream", made.broker.topic(GROUP)))
            bulk.append(_in_bulk(made, 1))
            two.append(_in_bulk(made, 2))
    plain = _typical(nothing)
    of = f"of {made.events:,}"
    for what, costs, goal in (
        (f"worker: event {of} over Kafka, a no-op Faust agent as baseline", streamed, ">= 0.6"),
        (f"worker: event {of} from the log in bulk, the same baseline", bulk, ">= 3"),
    ):
        ours = _typical(costs)
        yield Row(what, ours.passing, plain.passing, "us per event", f"ratio {goal}")
        name = "  of it: computed, the database's part as well"
        yield Row(name, ours.computing, plain.computing, "us per event", "-")
    one, other = _typical(two), _typical(bulk)
    name = "two workers, from the log in bulk, one as baseline"
    yield Row(name, one.passing, other.passing, "us per event", "-")


def _typical(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(one) for one in zip(*costs, strict=True)))


def _through_faust(made: World, way: str, group: str) -> Cost:
    """Let a process take everything from the beginning of the topic."""
    _forget(made)
    _rewind(made, group)
    with _process(made, way) as process:
        while "events" not in (told := _said(process)):
            pass
        cost = 1e6 / told["events"]
        computed = told["computing"] + _computed_by_server(made) * told["events"] / made.events
        process.wait(PATIENCE)
    return Cost(told["passing"] * cost, computed * cost)


def _in_bulk(made: World, workers: int) -> Cost:
    """Let workers that are at the head of the log find that it went on by everything."""
    _forget(made)
    _go_to_end(made, made.broker.topic(GROUP))
    processes = [_start(made, "log") for _ in range(workers)]
    try:
        said = _listening(processes)
        with PostgreSQLModels.open(made.url) as models, _marking(made):
            share = PARTITIONS // workers
            eventually(
                lambda: all(len(one.marked) == share == one.partitions for one in said),
                "each process has its share of the partitions",
            )
            before = sum(_computed(process.pid) for process in processes)
            for process in processes:
                _pipe(process.stdin).write(b"\n")
                _pipe(process.stdin).flush()
            eventually(
                lambda: all(position(models, n) == end for n, end in made.lasts.items()),
                "all events are applied",
            )
            passed = time.perf_counter() - min(one.began for one in said)
            computed = sum(_computed(process.pid) for process in processes) - before
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
    finally:
        for process in processes:
            _end(process)
    computed += _computed_by_server(made)
    return Cost(passed * 1e6 / made.events, computed * 1e6 / made.events)


class _Said:
    """What a worker that reads in bulk said: how many partitions it has, and when it began."""

    def __init__(self) -> None:
        self.partitions = 0
        self.marked: set[int] = set()
        self.began = float("inf")

    def listen(self, process: "Process") -> None:
        """Listen to the end."""
        with suppress(orjson.JSONDecodeError):
            while told := _said(process):
                match told:
                    case {"partitions": partitions}:
                        self.partitions = partitions
                        self.marked.clear()
                    case {"marked": partition}:
                        self.marked.add(partition)
                    case {"began": _}:
                        self.began = min(self.began, time.perf_counter())


def _listening(processes: Sequence["Process"]) -> list[_Said]:
    said = [_Said() for _ in processes]
    for one, process in zip(said, processes, strict=True):
        threading.Thread(target=one.listen, args=(process,), daemon=True).start()
    return said


@contextmanager
def _marking(made: World) -> Iterator[None]:
    """Tell all partitions how far the log is, again and again, as a relay does."""
    name = made.broker.topic(WATERMARKS.name)
    done = threading.Event()

    def mark() -> None:
        with Producer[Any](made.broker, "mark") as producer:
            while not done.wait(0.1):
                now = wall_clock()
                for partition, last in made.lasts.items():
                    told = of_watermark(Watermark(partition, last, now))
                    producer.send(name, partition, told, None)
                producer.finish()

    marking = threading.Thread(target=mark)
    marking.start()
    try:
        yield
    finally:
        done.set()
        marking.join()


Process = subprocess.Popen[bytes]


def _start(made: World, way: str) -> Process:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.benchmarks.faust_process", way, made.url),
            *(str(made.broker), made.broker.topic_prefix, str(made.events)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _process(made: World, way: str) -> Iterator[Process]:
    process = _start(made, way)
    try:
        yield process
    finally:
        _end(process)


def _end(process: Process) -> None:
    process.kill()
    process.wait()


def _said(process: Process) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(_pipe(process.stdout).readline())
    if "failed" in told:
        raise RuntimeError(told["failed"])
    return told


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _forget(made: World) -> None:
    """Begin the read models anew."""
    with psycopg.connect(made.url, autocommit=True) as server:
        server.execute("DROP SCHEMA IF EXISTS lhuta CASCADE")
        # What was written before is not to be written while something is measured.
        server.execute("CHECKPOINT")
    PostgreSQLModels.open(made.url).close()
    _server_before[made.url] = _of_server(made)


_server_before: dict[str, float] = {}
"""What a server had computed when the read models were begun anew."""


def _computed_by_server(made: World) -> float:
    return _of_server(made) - _server_before[made.url]


def _of_server(made: World) -> float:
    """Return for how many seconds the server has computed so far; 0 for one elsewhere."""
    if urlsplit(made.url).hostname != LOOPBACK:
        return 0.0
    with psycopg.connect(made.url) as server:
        parent = _stat(server.info.backend_pid)[1]
    children = [_stat(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdigit()]
    ended = _stat(int(parent))
    running = sum(int(one[11]) + int(one[12]) for one in children if one and one[1] == parent)
    return (running + int(ended[13]) + int(ended[14])) / _TICKS


def _computed(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[11]) + int(stat[12])) / _TICKS


def _stat(pid: int) -> list[str]:
    """Return what the system tells of a process, from its state on; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _rewind(made: World, group: str) -> None:
    """Let a group begin with the first record."""
    _commit(made, group, lambda consumer, partitions: dict.fromkeys(partitions, 0))


def _go_to_end(made: World, group: str) -> None:
    """Let a group begin after the last record."""
    _commit(made, group, lambda consumer, partitions: consumer.end_offsets(partitions))


def _commit(made: World, group: str, offsets: Callable[[Any, Any], dict[Any, int]]) -> None:
    consumer = KafkaConsumer(**made.broker.options(), group_id=group, enable_auto_commit=False)
    name = made.broker.topic(EVENTS.name)
    partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    found = offsets(consumer, partitions)
    consumer.commit({one: OffsetAndMetadata(at, "", -1) for one, at in found.items()})
    consumer.close(autocommit=False)
