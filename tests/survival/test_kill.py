"""kill -9 at random points of whatever works on a desk; `make soak` kills for longer."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from domain.event import RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.engine.follower import Mark
from infra.store.log import EventLog
from infra.store.models import SQLiteModels
from projections.projector import Projector, Terms
from projections.rows import Rows
from tests.survival.desk import Desk, Kill, kill, living_desk, settle, stop
from tests.survival.proof import proved

ROUNDS = int(os.environ.get("LHUTA_KILL_ROUNDS", "6"))
SEED = os.environ.get("LHUTA_KILL_SEED", "1")

TICKETS = 200
IMPORTED = 1_000
PARKED = 6


class Round(NamedTuple):
    """One round: its number, chance, and the span of random points, in seconds from a start."""

    number: int
    chance: Random
    within: tuple[float, float]

    def named(self, kind: str) -> str:
        """Return a name for tickets and files of this round."""
        return f"{kind}{self.number}"


Killed = Sequence[tuple[str, Kill]]


def commands_die(desk: Desk, this: Round) -> Killed:
    """Kill a process that applies commands, while an engine follows."""
    engine = desk.engine()
    applying = desk.apply(desk.write_commands(this.named("A"), TICKETS, this.chance))
    killed = kill(applying, this.within, this.chance)
    stop(engine)
    return [("apply", killed)]


def engines_die(desk: Desk, this: Round) -> Killed:
    """Kill one engine after the other, while commands come."""
    path = desk.write_commands(this.named("E"), TICKETS, this.chance)
    applying = desk.apply(path)
    killed = [("run", kill(desk.engine(), this.within, this.chance)) for _ in range(2)]
    assert applying.wait() == 0
    return killed


def an_import_dies(desk: Desk, this: Round) -> Killed:
    """Kill an import, and then the engine that follows it."""
    engine = desk.engine()
    importing = desk.start(
        "import", desk.write_history(this.named("X"), IMPORTED, this.chance).name
    )
    killed = kill(importing, this.within, this.chance)
    return [("import", killed), ("run", kill(engine, (0, 0.1), this.chance))]


def a_rebuild_dies(desk: Desk, this: Round) -> Killed:
    """Kill a rebuild while commands come; sometimes another one finishes it."""
    applying = desk.apply(desk.write_commands(this.named("R"), TICKETS, this.chance))
    killed = kill(desk.start("rebuild"), this.within, this.chance)
    if this.chance.random() < 0.5:
        desk.done("rebuild")
    assert applying.wait() == 0
    return [("rebuild", killed)]


def retries_die(desk: Desk, this: Round) -> Killed:
    """Kill what folds parked tickets again, and the engine beside it."""
    parked = park(desk, this)
    engine = desk.engine()
    killed = [
        ("retry", kill(desk.start("retry", ticket), this.within, this.chance))
        for ticket in parked[: PARKED // 2]
    ]
    return [*killed, ("run", kill(engine, (0, 0.1), this.chance))]


def read_models_are_lost(desk: Desk, this: Round) -> Killed:
    """Kill an engine while a subscriber fails, and lose the read models; sometimes once more."""
    path = desk.write_commands(this.named("L"), TICKETS, this.chance)
    assert desk.apply(path).wait() == 0
    killed = []
    with desk.failing():
        for _ in range(this.chance.randint(1, 2)):
            killed.append(("run", kill(desk.engine(), this.within, this.chance)))
            desk.lose_read_models()
    return killed


SCENES: Sequence[Callable[[Desk, Round], Killed]] = (
    commands_die,
    engines_die,
    an_import_dies,
    a_rebuild_dies,
    retries_die,
    read_models_are_lost,
)


def test_whatever_is_killed_nothing_is_lost_and_nothing_told_twice(tmp_path: Path) -> None:
    """Each command is there once, the log holds, every row and alert is what the log demands."""
    chance = Random(SEED)
    with living_desk(tmp_path) as desk:
        desk.subscribe()
        pace = _seconds_of_a_start(desk)
        print(f"\nseed {SEED}; a start and an end take {pace:.2f} s\n{HEAD}")
        for number in range(ROUNDS):
            this = Round(number, chance, (0.5 * pace, 1.5 * pace))
            killed = SCENES[number % len(SCENES)](desk, this)
            desk.end()
            left = _left(desk)
            settle(desk)
            found = proved(desk)
            victims = ", ".join(f"{name} {point}" for name, point in killed)
            print(ROW.format(number + 1, *left, *found, victims), flush=True)


HEAD = """\
       left by the kill   found after it, each once
round  stored   applied   events  commands  alerts  came again  killed"""
ROW = "{:5}  {:6}   {:7}   {:6}  {:8}  {:6}  {:10}  {}"


def _left(desk: Desk) -> tuple[int, int]:
    """Return how far the log and the read models are: after a kill somewhere in between."""
    with (
        EventLog.open(desk.settings.log) as log,
        SQLiteModels.open(desk.settings.models) as models,
    ):
        place = models.place(0)
        return log.head().position - 1, 0 if place is None else max(0, place.position - 1)


def park(desk: Desk, this: Round) -> Sequence[str]:
    """Park some new tickets, by a fold that fails."""
    path = desk.write_commands(this.named("P"), PARKED, this.chance)
    assert desk.apply(path).wait() == 0
    with (
        EventLog.open(desk.settings.log) as log,
        SQLiteModels.open(desk.settings.models) as models,
    ):
        projector = Projector(models, 0, fold=_no_fold)
        head, events = log.head(), log.read(projector.place.position, 10_000)
        mark = Mark(events[-1].position, head.recorded_at)
        projector.apply(events, Terms(log.policies(), log.live_from), mark)
        return [row.ticket for row in models.parked()]


def _no_fold(
    history: Sequence[RecordedEvent], policies: Policies, decided_to: int, partition: int
) -> Rows:
    raise OutsideCalendar(2099, 2010, 2040)


def _seconds_of_a_start(desk: Desk) -> float:
    """Return how long a process takes that has hardly anything to do, on this machine, now."""
    started = time.perf_counter()
    desk.done("run", "--once")
    return time.perf_counter() - started
