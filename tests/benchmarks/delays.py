"""How long it takes until something is seen, with relay, workers and publisher as processes.

All of it on one machine: what is seen late because the machine does other work, is in the figures.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import orjson
import psycopg
from kafka import KafkaConsumer, TopicPartition

from domain import instant
from domain.command import Open, Reply
from infra.desk import Desk
from infra.servers.server import LOOPBACK, free_port
from infra.store.log import EventLog, wall_clock
from infra.store.models.postgresql import PostgreSQLModels
from infra.supervisor import Part, Supervisor
from streams.topic import ALERTS
from tests.benchmarks import round_the_clock
from tests.benchmarks.engine import WATCHED, bring_urgent
from tests.benchmarks.measure import Row
from tests.benchmarks.world import (
    LOOK_SECONDS,
    PARTITIONS,
    TICKETS,
    World,
    world,
)
from tests.eventually import eventually

COMMANDS_A_SECOND = 100
SECONDS = 30
BUSY_TICKETS = 300
TAKEOVERS = 3

WORKERS = ("worker-1", "worker-2")

_PLACES = "SELECT partition, position, decided_to FROM lhuta.positions"


class _Alive(NamedTuple):
    """The parts, and the ports on which the workers tell how they are."""

    supervisor: Supervisor
    doors: Mapping[str, int]


def delays(address: str, url: str) -> Iterator[Row]:
    """Measure on one living desk, with two workers, until what is done there can be seen."""
    with world(address, url, round_the_clock.policy()) as made, _alive(made) as alive:
        yield from _of_commands(made)
        yield from _of_alerts(made)
        yield _of_takeover(made, alive)


def _of_commands(made: World) -> Iterator[Row]:
    late, pace = _seen(made)
    cuts = quantiles(late, n=100)
    # A disk that others use may not let them be acknowledged as fast as was meant.
    name = f"command acknowledged until in the read models, {len(late):,} at {pace:.0f} a second"
    yield Row(f"{name}, p50", cuts[49] * 1_000, None, "ms", "-")
    yield Row(f"{name}, p99", cuts[98] * 1_000, None, "ms", "< 250")


def _seen(made: World) -> tuple[list[float], float]:
    """Carry commands out; return after how many seconds each was in the read models, and the pace.

    The pace is how many were acknowledged in a second.
    """
    waiting: dict[int, list[tuple[int, float]]] = {number: [] for number in range(PARTITIONS)}
    late: list[float] = []
    done = threading.Event()
    looking = threading.Thread(target=_look, args=(made, waiting, late, done))
    with EventLog.open(made.url) as log:
        desk, chance = Desk(log, wall_clock), Random("delays")
        tickets = [_opened(desk) for _ in range(BUSY_TICKETS)]
        looking.start()
        begun = turn = time.perf_counter()
        for _ in range(COMMANDS_A_SECOND * SECONDS):
            turn += 1 / COMMANDS_A_SECOND
            # Whoever sends keeps to a pace, and is not slowed down by what answers slowly.
            # `done` is set after the last command only, so this is a rest.
            done.wait(max(0.0, turn - time.perf_counter()))
            command = Reply(chance.choice(tickets), "Any news?")
            outcome = desk.handle(command, command_id=str(uuid4()), actor="customer:c-1")
            assert outcome.last_position is not None
            acknowledged = outcome.last_position, time.perf_counter()
            waiting[log.partition_of(outcome.ticket)].append(acknowledged)
        pace = COMMANDS_A_SECOND * SECONDS / (time.perf_counter() - begun)
    eventually(lambda: not any(waiting.values()), "what was acknowledged is in the read models")
    done.set()
    looking.join()
    return late, pace


def _opened(desk: Desk) -> str:
    command = Open(uuid4().hex, "c-1", "premium", "email", "The board stays empty")
    return desk.handle(command, command_id=str(uuid4()), actor="customer:c-1").ticket


def _look(
    made: World,
    waiting: Mapping[int, list[tuple[int, float]]],
    late: list[float],
    done: threading.Event,
) -> None:
    with psycopg.connect(made.url, autocommit=True) as server:
        while not done.wait(LOOK_SECONDS):
            for partition, position, _ in server.execute(_PLACES).fetchall():
                now = time.perf_counter()
                mine = waiting[partition]
                while mine and mine[0][0] <= position:
                    # It may be seen before whoever commanded it hears of it.
                    late.append(max(0.0, now - mine.pop(0)[1]))


def _of_alerts(made: World) -> Iterator[Row]:
    """Measure from the instant at which an alert is to be told until it is there."""
    with EventLog.open(made.url) as log, PostgreSQLModels.open(made.url) as models:
        settle = log.policies().in_force(wall_clock()).settle
        with _alerts_from_now(made) as alerts:
            begun = wall_clock()
            bring_urgent(log, 10 * TICKETS)
            in_outbox = _outbox_from(models, begun)
            seen: dict[str, tuple[int, int]] = {}
            published: dict[str, int] = {}
            until = time.monotonic() + WATCHED
            while time.monotonic() < until:
                for one, deadline in in_outbox():
                    seen[one] = deadline + settle, wall_clock()
                for one in alerts():
                    published[one] = wall_clock()
    after = begun + 2 * instant.SECOND
    due = {one: at for one, (at, _) in seen.items() if at > after}
    for where, late in (
        ("in the outbox", [seen[one][1] - at for one, at in due.items()]),
        ("on Kafka", [published[one] - at for one, at in due.items() if one in published]),
    ):
        cuts = quantiles(late, n=100)
        name = f"alert {where} after D + settle, {len(late)} alerts"
        yield Row(f"{name}, p50", cuts[49] / instant.SECOND, None, "s", "-")
        yield Row(f"{name}, p99", cuts[98] / instant.SECOND, None, "s", "< 2.5")


def _outbox_from(models: PostgreSQLModels, begun: int) -> Callable[[], Iterator[tuple[str, int]]]:
    """Return what gives the breaches that are new in the outbox, with their deadlines."""
    ends = {number: models.outbox_end(number) for number in range(PARTITIONS)}

    def new() -> Iterator[tuple[str, int]]:
        for number, end in ends.items():
            for one in models.outbox(number, end, 1_000):
                ends[number] = one.sequence
                if one.kind == "breach":
                    yield one.alert_id, instant.parse(orjson.loads(one.alert)["deadline"])

    return new


@contextmanager
def _alerts_from_now(made: World) -> Iterator[Callable[[], list[str]]]:
    """Give what returns the ids of alerts that are new on Kafka."""
    consumer = KafkaConsumer(
        **made.broker.options(), group_id=None, enable_auto_commit=False, fetch_max_wait_ms=20
    )
    name = made.broker.topic(ALERTS.name)
    partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
    consumer.assign(partitions)
    consumer.seek_to_end(*partitions)
    for one in partitions:
        consumer.position(one)

    def new() -> list[str]:
        found: Any = consumer.poll(timeout_ms=10)
        return [
            dict(record.headers)["ce_id"].decode()
            for records in found.values()
            for record in records
        ]

    try:
        yield new
    finally:
        consumer.close()


def _of_takeover(made: World, alive: _Alive) -> Row:
    """Kill a worker, and measure until time goes on in every partition."""
    took = []
    for number in range(TAKEOVERS):
        _wait_for(alive.doors)
        eventually(lambda: _oldest(made) < 3, "time goes on in all partitions")
        name = WORKERS[number % len(WORKERS)]
        os.kill(alive.supervisor.processes[name], signal.SIGKILL)
        took.append(_until_all_go_on(made))
        alive.supervisor.pause(name)
        alive.supervisor.resume(name)
    name = f"takeover after kill -9 of one of two workers, the longest of {TAKEOVERS}"
    return Row(name, max(took), None, "s", "session of 10 s, and a rebalance")


def _until_all_go_on(made: World) -> float:
    """Return after how many seconds all partitions have decided what is due now."""
    now = wall_clock()
    eventually(lambda: _decided(made) > now, "the other worker has taken all partitions over")
    return (wall_clock() - now) / instant.SECOND


@contextmanager
def _alive(made: World) -> Iterator[_Alive]:
    """Run relay, workers and publisher until all that is in the log is applied."""
    lhuta = (sys.executable, "-m", "infra.doors.cli")
    doors = {name: free_port() for name in WORKERS}
    parts = [
        Part("relay", (*lhuta, "relay")),
        *(Part(name, (*lhuta, "worker", "--web-port", str(doors[name]))) for name in WORKERS),
        Part("publisher", (*lhuta, "publish")),
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Supervisor(parts, logs=Path(folder), environment=made.environment) as supervisor,
    ):
        eventually(lambda: _oldest(made) < 3, "all that is in the log is applied")
        eventually(lambda: _published(made), "all clocks are published")
        yield _Alive(supervisor, doors)


def _wait_for(doors: Mapping[str, int]) -> None:
    """Wait until every worker has partitions: one that has none is missed by nobody."""
    for name, port in doors.items():
        eventually(partial(_ready, port), f"{name} has partitions")


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{LOOPBACK}:{port}/health/ready").is_success
    except httpx.TransportError:
        return False


def _oldest(made: World) -> float:
    """Return how many seconds ago the time of the last partition is."""
    return (wall_clock() - _decided(made)) / instant.SECOND


def _decided(made: World) -> int:
    """Return the instant up to which all partitions have decided."""
    with psycopg.connect(made.url, autocommit=True) as server:
        try:
            places = server.execute(_PLACES).fetchall()
        except psycopg.errors.UndefinedTable:
            return 0
    return min(place[2] for place in places) if len(places) == PARTITIONS else 0


def _published(made: World) -> bool:
    with psycopg.connect(made.url, autocommit=True) as server:
        found = server.execute("SELECT FROM lhuta.unpublished_clocks LIMIT 1")
        return found.fetchone() is None
