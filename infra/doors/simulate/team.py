"""A team: agents on shift with limited hands, a specialist, and the queue in front of them."""

from collections import deque
from heapq import heappop, heappush
from typing import NamedTuple

from domain.hours import Interval
from domain.instant import MINUTE
from infra.doors.simulate.case import Case
from infra.doors.simulate.chance import Chance

HANDS = 6
"""How many agents of a team sit there at a time, about."""

ABSENT = 0.07
OVERTIME = 20 * MINUTE
CAN_WAIT = 30 * MINUTE
"""What is due later than this after the next opening is nothing for those on call."""


class Job(NamedTuple):
    """A case that waits for a hand; the earliest `due` is the head of its queue."""

    due: int
    number: int
    turn: int
    work: int
    case: Case


class Team:
    """One team of the desk. Its agents are A-..., its specialist is S-..."""

    __slots__ = (
        "_agents",
        "_around_the_clock",
        "_busy",
        "_by_day",
        "_crew",
        "_free",
        "_hands",
        "_jobs",
        "_on_call",
        "specialist",
        "specialist_free_at",
    )

    def __init__(self, number: int, hands: int, on_call: int, shifts_a_day: int) -> None:
        """Hire agents for so many hands in each shift; some of them are on call afterwards."""
        size = max(hands * shifts_a_day, on_call)
        self._agents = tuple(f"A-{number * size + agent + 1:03d}" for agent in range(size))
        self._hands = hands
        self._on_call = on_call
        self._crew: tuple[str, ...] = ()
        self._free: deque[str] = deque()
        self._busy: set[str] = set()
        self._by_day: list[Job] = []
        self._around_the_clock: list[Job] = []
        self._jobs = 0
        self.specialist = f"S-{number + 1:02d}"
        self.specialist_free_at = 0
        self.be_on_call(0)

    def be_on_shift(self, shift: int, chance: Chance) -> None:
        """Let the crew of a shift come in, except who is absent that day."""
        crew = self._rota(shift * self._hands, self._hands)
        present = tuple(agent for agent in crew if not chance.happens(ABSENT))
        self._change(present or crew[:1])

    def be_on_call(self, shift: int) -> None:
        """Leave the desk to those on call after a shift."""
        self._change(self._rota(shift * self._on_call, self._on_call))

    def put(self, case: Case, due: int, work: int, *, around_the_clock: bool) -> None:
        """Queue a case; `around_the_clock` when its time also runs while the office is closed."""
        self._jobs += 1
        queue = self._around_the_clock if around_the_clock else self._by_day
        heappush(queue, Job(due, self._jobs, case.move("queued"), work, case))

    def take(self, now: int, opening: Interval) -> tuple[Job, str] | None:
        """Give the most urgent job that can be begun now to a free agent.

        Nobody begins by day what does not end by closing time, and who is on call only begins
        what cannot wait for the next opening.
        """
        if not self._free:
            return None
        by_day, around = _head(self._by_day), _head(self._around_the_clock)
        if opening.start > now:
            if around is None or around.due >= opening.start + CAN_WAIT:
                return None
            queue = self._around_the_clock
        elif (
            by_day is not None
            and (around is None or by_day.due <= around.due)
            and now + by_day.work <= opening.end + OVERTIME
        ):
            queue = self._by_day
        elif around is not None:
            queue = self._around_the_clock
        else:
            return None
        job, agent = heappop(queue), self._free.popleft()
        self._busy.add(agent)
        job.case.move("taken")
        return job, agent

    def release(self, agent: str) -> None:
        """Take an agent back from a finished job."""
        self._busy.remove(agent)
        if agent in self._crew:
            self._free.append(agent)

    def anybody(self, chance: Chance) -> str:
        """Return one of those who are there, busy or not."""
        return chance.pick(self._crew)

    def _rota(self, first: int, count: int) -> tuple[str, ...]:
        agents = self._agents
        return tuple(agents[(first + place) % len(agents)] for place in range(count))

    def _change(self, crew: tuple[str, ...]) -> None:
        self._crew = crew
        self._free = deque(agent for agent in crew if agent not in self._busy)


def _head(queue: list[Job]) -> Job | None:
    """Return the first job whose case has not moved on since it was queued."""
    while queue and queue[0].turn != queue[0].case.turn:
        heappop(queue)
    return queue[0] if queue else None
