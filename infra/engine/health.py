"""How the engine is: what a monitor should know, as a function of what was looked up."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from domain import instant
from infra.counted import counted
from infra.engine.lock import Holder
from infra.outlets.deliveries import Backlog
from infra.store.small_file import DamagedFile, replace

OLDEST_TIME = 30 * instant.SECOND
"""Health is bad when the time of a partition is older (architecture, Sizes to plan for)."""

CLOCKS_AGREE = 5 * instant.SECOND
"""How far the log's time may run ahead of this machine's clock before somebody should look."""


class Audited(NamedTuple):
    """The last audit: when it ended, how many tickets it compared, how many differences it found.

    `at` is an instant in microseconds.
    """

    at: int
    tickets: int
    differences: int


class Oldest(NamedTuple):
    """The partition whose time is the oldest, in microseconds; None before its first step."""

    partition: int
    decided_to: int | None


class Vitals(NamedTuple):
    """What was looked up; instants in microseconds.

    `behind` is how many positions of the log are not applied in the partition that is furthest
    behind. `next_turn` is when time decides something next, `due_next` the ticket whose running
    clock is due next, and when. `engine` holds this data folder; where the stores are `shared`,
    others may work on them, and `relayed` is how far the log was sent to Kafka, if it ever was.
    """

    now: int
    engine: Holder | None
    position: int
    behind: int
    recorded_at: int
    audited: Audited | None
    oldest: Oldest = Oldest(0, None)
    tickets: int = 0
    running: int = 0
    next_turn: int | None = None
    due_next: tuple[str, int] | None = None
    parked: int = 0
    stale: bool = False
    backlogs: tuple[Backlog, ...] = ()
    shared: bool = False
    partitions: int = 1
    relayed: int | None = None

    @property
    def decided_to(self) -> int | None:
        """Return up to when everything is decided, None before the first step."""
        return self.oldest.decided_to

    @property
    def age(self) -> int | None:
        """Return how old the time of the read models is, in microseconds."""
        return None if self.decided_to is None else max(0, self.now - self.decided_to)


class Problem(NamedTuple):
    """Something that somebody should look at, with the cure."""

    name: str
    message: str


def problems(vitals: Vitals) -> list[Problem]:
    """Return what is wrong, the gravest first; nothing where all is well."""
    return list(_problems(vitals))


def _problems(vitals: Vitals) -> Iterator[Problem]:
    if vitals.engine is None and not vitals.shared:
        yield Problem("not-running", "no engine runs on this data: start it with `lhuta run`")
    ahead = max(vitals.recorded_at, vitals.decided_to or 0) - vitals.now
    if ahead > CLOCKS_AGREE:
        yield Problem(
            "clock-behind",
            f"this machine's clock is {ahead // instant.SECOND} s behind the log's time, and "
            "deadlines wait until it has caught up: correct the clock",
        )
    if _runs(vitals) and (vitals.age is None or vitals.age > OLDEST_TIME):
        age = "unknown" if vitals.age is None else f"{vitals.age // instant.SECOND} s"
        yield Problem(
            "time-old",
            f"the age of time is {age}{_where(vitals)}, {counted(vitals.behind, 'position')} "
            f"behind: {_suspects(vitals)}",
        )
    if vitals.audited is not None and vitals.audited.differences:
        yield Problem(
            "audit-differs",
            f"the last audit found {counted(vitals.audited.differences, 'difference')} between "
            "the read models and the log: `lhuta audit` names them, `lhuta rebuild` mends them",
        )
    if vitals.parked:
        yield Problem(
            "parked",
            f"{counted(vitals.parked, 'ticket is', 'tickets are')} parked without clocks: "
            "`lhuta parked` says why, `lhuta retry TICKET` folds one again",
        )
    for backlog in vitals.backlogs:
        if backlog.given_up:
            yield Problem(
                "given-up",
                f"{counted(backlog.given_up, 'alert')} never reached {backlog.subscriber}: "
                "`lhuta subscribe list` says why",
            )
        if backlog.failing:
            yield Problem(
                "failing",
                f"{counted(backlog.failing, 'alert')} to {backlog.subscriber} failed, to be tried "
                "again: `lhuta subscribe list` says why",
            )


def _runs(vitals: Vitals) -> bool:
    return vitals.engine is not None or vitals.shared


def _where(vitals: Vitals) -> str:
    return f" in partition {vitals.oldest.partition}" if vitals.partitions > 1 else ""


def _suspects(vitals: Vitals) -> str:
    if vitals.engine is not None:
        return "the engine is catching up, or hangs; its log on standard error tells which"
    return (
        "no worker has it, or it is catching up, or `lhuta relay` does not run; their logs on "
        "standard error tell which"
    )


class LastAudit(NamedTuple):
    """Where the result of the last audit is kept, and of which log.

    A data folder serves as many logs as there are databases that somebody names beside it.
    """

    path: Path
    log_id: str

    def read(self) -> Audited | None:
        """Return the result, None where the log was not audited last; raises DamagedFile."""
        try:
            told = orjson.loads(self.path.read_bytes())
            return Audited(**told) if told.pop("log", None) == self.log_id else None
        except FileNotFoundError:
            return None
        except (OSError, AttributeError, TypeError, orjson.JSONDecodeError) as error:
            raise DamagedFile(str(self.path), f"not the result of an audit: {error}") from error

    def write(self, audited: Audited) -> None:
        """Keep a result; raises StoreError."""
        replace(self.path, orjson.dumps({"log": self.log_id, **audited._asdict()}))
