"""A partition's log that grows under its readers."""

from collections.abc import Sequence

from domain.policy import Policies
from tests.spec.partition import Entry, Mark


class GrowingLog:
    """Has the first `grown` entries; its time is that of `mark`, and `reads` counts the reads."""

    def __init__(self, entries: Sequence[Entry], under: Policies, live_from: int = 0) -> None:
        self.entries = entries
        self.grown = 0
        self.time = 0
        self.reads = 0
        self.looks = 0
        self.live_from = live_from
        self._under = under

    def grow(self, grown: int, time: int = 0) -> Mark:
        """Let more be recorded, or time come; return what the relay would tell of it.

        What is recorded at one instant is recorded in one transaction.
        """
        self.grown = max(grown, self.grown)
        while 0 < self.grown < len(self.entries) and _together(*self.entries[self.grown - 1 :][:2]):
            self.grown += 1
        last = self.entries[self.grown - 1].recorded.recorded_at if self.grown else 0
        self.time = max(self.time, last, time)
        return self.head()

    def head(self) -> Mark:
        """Where the log stands."""
        return Mark(self.entries[self.grown - 1].position if self.grown else 0, self.time)

    def policies(self) -> Policies:
        """The policies."""
        self.looks += 1
        return self._under

    def read(self, after: int, limit: int) -> Sequence[Entry]:
        """The next entries; what was recorded at one instant comes together."""
        self.reads += 1
        there = [entry for entry in self.entries[: self.grown] if entry.position > after]
        return there[:limit] + [
            entry
            for entry in there[limit:]
            if entry.recorded.recorded_at == there[limit - 1].recorded.recorded_at
        ]

    def holds(self, position: int, hash: bytes) -> bool:
        """Whether an entry has this hash."""
        return any(entry[:3:2] == (position, hash) for entry in self.entries[: self.grown])


def _together(one: Entry, next: Entry) -> bool:
    return one.recorded.recorded_at == next.recorded.recorded_at
