"""What will happen next: the acts that are planned, in order of time."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

Act = Callable[[int], None]


class Agenda:
    """Plans acts up to an end, and has them done one after the other.

    Acts of the same instant are done in the order in which they were planned.
    """

    __slots__ = ("_end", "_planned", "_planned_so_far")

    def __init__(self, end: int) -> None:
        self._end = end
        self._planned: list[tuple[int, int, Act]] = []
        self._planned_so_far = 0

    def plan(self, at: int, act: Act) -> None:
        """Plan an act; what would come at the end or later never happens."""
        if at < self._end:
            self._planned_so_far += 1
            heappush(self._planned, (at, self._planned_so_far, act))

    def run(self) -> Iterator[int]:
        """Do everything planned, and yield each instant once all of it is done."""
        while self._planned:
            at = self._planned[0][0]
            while self._planned and self._planned[0][0] == at:
                heappop(self._planned)[2](at)
            yield at
