"""The projector on the read models of a server, beside those in a file.

What this process does not compute itself it waits for: the server's work on the rows, and the
server's disk at the end of every batch.
"""

import gc
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from domain import instant
from domain.policy import Policies
from infra.doors.simulate import simulate
from infra.engine.follower import Mark
from infra.servers.postgresql import PostgreSQL
from infra.store.log import Stored
from infra.store.models import ReadModels, SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.policies import find
from projections.projector import Projector, Terms
from tests.benchmarks.measure import Row
from tests.servers.postgresql import NAMED

TICKETS = 5_000
DAYS = 50
START = instant.parse("2026-03-02T08:00:00Z")
ROUNDS = 3


class Cost(NamedTuple):
    """What an event costs: microseconds that pass, and those that this process computes."""

    passing: float
    computing: float


def rows() -> Iterator[Row]:
    """Measure batches of two sizes, the two databases in turns."""
    policies = find("managry")
    log = desk(policies)
    for size in (1_000, 250):
        costs: dict[str, list[Cost]] = {"server": [], "file": []}
        for _ in range(ROUNDS):
            with on_server() as models:
                costs["server"].append(cost(models, log, size, policies))
            with in_file() as models:
                costs["file"].append(cost(models, log, size, policies))
        server, file = (typical(one) for one in costs.values())
        name = f"event of {len(log):,} in batches of {size:,} into PostgreSQL, SQLite as baseline"
        yield Row(name, server.passing, file.passing, "us per event", "<= 50 for 1,000")
        yield Row("  of it: this process", server.computing, file.computing, "us per event", "-")


def desk(policies: Policies) -> list[Stored]:
    """Return what a simulated desk does, each event recorded at an instant of its own."""
    log: list[Stored] = []
    recorded_at = 0
    end = START + DAYS * instant.DAY
    for position, told in enumerate(simulate(TICKETS, "models", START, end, policies), start=1):
        recorded_at = max(recorded_at + 1, told.recorded_at)
        one = told._replace(recorded_at=recorded_at)
        log.append(Stored(position, position - 1, b"\0" * 32, one))
    return log


def cost(models: ReadModels, log: Sequence[Stored], size: int, policies: Policies) -> Cost:
    """Apply a log in batches, as a worker does that is behind."""
    projector = Projector(models)
    terms = Terms(policies, START)
    gc.collect()
    gc.disable()
    passing, computing = time.perf_counter(), time.process_time()
    for first in range(0, len(log), size):
        batch = log[first : first + size]
        last = batch[-1]
        projector.apply(batch, terms, Mark(last.position, last.recorded.recorded_at))
    passing, computing = time.perf_counter() - passing, time.process_time() - computing
    gc.enable()
    return Cost(passing * 1e6 / len(log), computing * 1e6 / len(log))


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the median of each."""
    return Cost(*(median(one) for one in zip(*costs, strict=True)))


@contextmanager
def in_file() -> Iterator[ReadModels]:
    """Give empty read models in a file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SQLiteModels.open(Path(folder) / "models.db") as models,
    ):
        yield models


@contextmanager
def on_server() -> Iterator[ReadModels]:
    """Give empty read models on the server that the environment names, or on one of our own."""
    name = f"lhuta_benchmark_{uuid4().hex}"
    with ExitStack() as stack:
        url = os.environ.get(NAMED)
        if url is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            # The user that serves must be able to pass through.
            folder.chmod(0o711)
            url = stack.enter_context(PostgreSQL(folder / "server")).url
        server = stack.enter_context(psycopg.connect(url, autocommit=True))
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        dropped = SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name))
        stack.callback(server.execute, dropped)
        models = PostgreSQLModels.open(urlsplit(url)._replace(path=f"/{name}").geturl())
        yield stack.enter_context(models)
