"""kill -9 at random points of whatever the distributed engine is made of."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

import psycopg

from tests.survival.distributed.desk import GO, PARTS, STOP, Desk
from tests.survival.distributed.proof import proved, settle

ROUNDS = int(os.environ.get("LHUTA_KILL_ROUNDS", "4"))
SEED = os.environ.get("LHUTA_KILL_SEED", "1")
FILES = 4

SESSION = 10.0
"""How long Kafka waits for a worker that says nothing, in seconds."""


class Round(NamedTuple):
    """One round: its number, and its chance."""

    number: int
    chance: Random


Done = Sequence[str]
"""What was done to whom, for the table."""


def parts_die(desk: Desk, this: Round) -> Done:
    """Kill one process after the other, those that send commands too."""
    victims = [*PARTS, "apply"]
    this.chance.shuffle(victims)
    return [died(desk, victim, this) for victim in victims]


def the_database_dies(desk: Desk, this: Round) -> Done:
    """Let the machine of the database crash."""
    desk.go_on(this.chance.uniform(0, 3))
    desk.servers.database.kill()
    desk.go_on(this.chance.uniform(0, 2))
    desk.servers.database.start()
    return ["database"]


def the_broker_dies(desk: Desk, this: Round) -> Done:
    """Let the machine of the broker crash."""
    desk.go_on(this.chance.uniform(0, 3))
    desk.servers.broker.kill()
    desk.go_on(this.chance.uniform(0, 2))
    desk.servers.broker.start()
    return ["broker"]


def a_worker_freezes(desk: Desk, this: Round) -> Done:
    """Stop a worker for longer than its session lasts; then it goes on as if nothing had been."""
    return frozen(desk, this.chance.choice(["worker-1", "worker-2"]), SESSION + 2, this)


def sessions_end(desk: Desk, this: Round) -> Done:
    """End sessions of the database, whoever has them."""
    ended = 0
    for _ in range(this.chance.randint(3, 8)):
        desk.go_on(this.chance.uniform(0, 0.8))
        with psycopg.connect(desk.url, autocommit=True, application_name="tests") as connection:
            sessions = connection.execute(
                "SELECT pid FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
            ).fetchall()
            count = this.chance.randint(0, len(sessions))
            for session in this.chance.sample(sessions, count):
                connection.execute("SELECT pg_terminate_backend(%s)", session)
            ended += count
    return [f"{ended} sessions"]


def workers_come_and_go(desk: Desk, this: Round) -> Done:
    """Let more workers join, and leave again as they are told to."""
    for number in range(3, 3 + this.chance.randint(1, 3)):
        with desk.parts(f"worker-{number}"):
            desk.go_on(this.chance.uniform(1, 6))
    return [f"{number - 2} workers joined and left"]


SCENES: Sequence[Callable[[Desk, Round], Done]] = (
    parts_die,
    the_database_dies,
    a_worker_freezes,
    the_broker_dies,
    sessions_end,
    workers_come_and_go,
)


def died(desk: Desk, victim: str, this: Round) -> str:
    """Kill a part at a random point."""
    desk.go_on(this.chance.uniform(0, 1))
    return victim if desk.send_signal(victim, signal.SIGKILL) else f"{victim} (was dead)"


def frozen(desk: Desk, part: str, seconds: float, this: Round) -> Done:
    """Stop a part at a random point, for so long."""
    desk.go_on(this.chance.uniform(0, 2))
    desk.send_signal(part, STOP)
    try:
        desk.go_on(seconds)
    finally:
        desk.send_signal(part, GO)
    return [f"{part} stood still for {seconds:.0f} s"]


HEAD = """\
                          found after it: acknowledged commands, each in the log once; alerts
       got over in        demanded, each published with one id, and so many of them again
round  seconds    events  commands  clocks  alerts  again  what was done"""
ROW = "{:5}  {:7.1f}    {:6}  {:8}  {:6}  {:6}  {:5}  {}"


def test_whatever_is_killed_nothing_is_lost_and_time_goes_on(desk: Desk) -> None:
    """Each command is there once; rows, alerts and clocks are those that the log demands."""
    print(f"\nseed {SEED}\n{HEAD}")
    for number in range(ROUNDS):
        this = Round(number, Random(f"{SEED}/{number}"))
        desk.load(f"K{number}-", FILES, this.chance)
        done = SCENES[number % len(SCENES)](desk, this)
        begun = time.monotonic()
        settle(desk)
        took = time.monotonic() - begun
        print(ROW.format(number + 1, took, *proved(desk), ", ".join(done)), flush=True)
