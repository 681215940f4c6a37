"""kill -9 at random points of whatever the distributed engine is made of."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random
from typing import NamedTuple

import psycopg

from infra.counted import counted
from tests.servers.kafka import TESTED
from tests.survival.distributed.desk import COMMANDS, GO, PARTS, STOP, Desk
from tests.survival.distributed.proof import proved, settle, told, until_time_goes_on

ROUNDS = int(os.environ.get("LHUTA_KILL_ROUNDS", "3"))
SEED = os.environ.get("LHUTA_KILL_SEED", "1")
FILES = 3

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


def servers_die(desk: Desk, this: Round) -> Done:
    """Let sessions of the database end, and the servers crash, in any order."""
    scenes = [sessions_end, the_database_dies, the_broker_dies]
    this.chance.shuffle(scenes)
    return [done for scene in scenes for done in scene(desk, this)]


def the_database_dies(desk: Desk, this: Round) -> Done:
    """Let the database crash, and come back."""
    desk.go_on(this.chance.uniform(0, 2))
    desk.servers.database.kill()
    desk.go_on(this.chance.uniform(0, 2))
    desk.servers.database.start()
    return ["database"]


def the_broker_dies(desk: Desk, this: Round) -> Done:
    """Let the broker crash, and come back."""
    desk.go_on(this.chance.uniform(0, 2))
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
    for _ in range(this.chance.randint(2, 6)):
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
    return [counted(ended, "session")]


def everything_dies(desk: Desk, this: Round) -> Done:
    """Let the power fail."""
    desk.go_on(this.chance.uniform(0, 4))
    for part in (*PARTS, "apply"):
        desk.send_signal(part, signal.SIGKILL)
    desk.servers.broker.kill()
    desk.servers.database.kill()
    desk.servers.database.start()
    desk.servers.broker.start()
    return ["all parts and both servers"]


def a_sender_freezes(desk: Desk, this: Round) -> Done:
    """Stop one who holds a lease, and let another have it; then two of them are at work."""
    part = this.chance.choice(["relay-1", "relay-2", "publisher-1"])
    with desk.parts("publisher-2"):
        desk.go_on(this.chance.uniform(0, 3))
        desk.send_signal(part, STOP)
        try:
            with psycopg.connect(desk.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                )
            desk.go_on(this.chance.uniform(2, 6))
        finally:
            desk.send_signal(part, GO)
    return [f"the leases, while {part} stood still"]


def others_take_over(desk: Desk, this: Round) -> Done:
    """Kill one of each kind, for longer than its session lasts; another one is there."""
    victims = [f"{kind}-1" for kind in COMMANDS]
    with desk.parts("publisher-2", "notifier-2"):
        desk.go_on(this.chance.uniform(1, 3))
        for victim in victims:
            desk.send_signal(victim, signal.SIGKILL)
        with desk.without(*victims):
            desk.go_on(this.chance.uniform(0, 2))
            took = until_time_goes_on(desk)
    return [f"{', '.join(victims)}; without them time went on after {took:.1f} s"]


def the_network_is_cut(desk: Desk, this: Round) -> Done:
    """Let nothing through to the broker and back, for up to a minute."""
    desk.go_on(this.chance.uniform(0, 2))
    seconds = this.chance.choice([5, SESSION + 2, 60])
    desk.servers.door.shut()
    desk.go_on(seconds)
    desk.servers.door.open()
    return [f"network to the broker, for {seconds:.0f} s"]


def workers_come_and_go(desk: Desk, this: Round) -> Done:
    """Let more workers join one after the other, and leave together as they are told to."""
    names = [f"worker-{number}" for number in range(3, 3 + this.chance.randint(1, 4))]
    with ExitStack() as joined:
        for name in names:
            joined.enter_context(desk.parts(name))
            desk.go_on(this.chance.uniform(1, 6))
        for name in names:
            desk.send_signal(name, signal.SIGTERM)
    return [f"{counted(len(names), 'more worker')} came one by one, and left together"]


SCENES: Sequence[Callable[[Desk, Round], Done]] = (
    parts_die,
    servers_die,
    a_worker_freezes,
    others_take_over,
    workers_come_and_go,
    the_network_is_cut,
    a_sender_freezes,
    everything_dies,
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
       time of all        found after it: acknowledged commands, each in the log once; alerts that
       partitions         the log demands, each published with one id, and how many came again
round  went on after      events  commands  clocks  alerts  again  what was done"""
ROW = "{:5}  {:10.1f} s      {:6}  {:8}  {:6}  {:6}  {:5}  {}"


def test_whatever_is_killed_nothing_is_lost_and_time_goes_on(desk: Desk) -> None:
    """Each command is there once; rows, alerts and clocks are those that the log demands."""
    print(f"\n{counted(ROUNDS, 'round')} on Kafka {TESTED}, seed {SEED}\n{HEAD}")
    for number in range(ROUNDS):
        this = Round(number, Random(f"{SEED}/{number}"))
        desk.load(f"K{number}-", FILES, this.chance)
        done = SCENES[number % len(SCENES)](desk, this)
        took = until_time_goes_on(desk)
        settle(desk)
        print(ROW.format(number + 1, took, *proved(desk), ", ".join(done)), flush=True)
    print(f"subscribers were told of all alerts; of {told(desk)} of them again")
