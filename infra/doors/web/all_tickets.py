"""The stories of all tickets, read from the read models a few at a time: memory stays bounded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from domain.event import RecordedEvent
from infra.doors.web.service import Reading
from infra.store.listed import NEWEST, Place, Wanted
from projections.fault import UnreadableHistories, UnreadableHistory
from projections.judging import CannotJudge

T = TypeVar("T")

_TOGETHER = 500


class Stories(Mapping[str, Sequence[RecordedEvent]]):
    """The histories of tickets, without those that were left out; only what a fold needs of them.

    A history that cannot be read is passed over: its ticket is parked.
    """

    def __init__(
        self,
        reading: Reading,
        wanted: Wanted,
        left_out: frozenset[str],
        after: Place = NEWEST,
    ) -> None:
        self._reading = reading
        self._wanted = wanted
        self._left_out = left_out
        self._after = after
        self._at_hand: Mapping[str, Sequence[RecordedEvent]] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the tickets after a place, the newest first."""
        place = self._after
        while found := self._reading.lists.tickets(self._wanted, place, _TOGETHER):
            place = (found[-1].opened_at, found[-1].ticket)
            names = [one.ticket for one in found if one.ticket not in self._left_out]
            # Whoever walks over the tickets asks for each of them next.
            self._at_hand = histories(self._reading, names)
            yield from self._at_hand

    def __getitem__(self, ticket: str) -> Sequence[RecordedEvent]:
        """Return the history of one ticket."""
        return (self._at_hand if ticket in self._at_hand else histories(self._reading, [ticket]))[
            ticket
        ]

    def __len__(self) -> int:
        """Count the tickets."""
        return sum(1 for _ in self)


def judged(
    reading: Reading,
    wanted: Wanted,
    judge: Callable[[Mapping[str, Sequence[RecordedEvent]]], T],
    after: Place = NEWEST,
) -> T:
    """Judge tickets; one that cannot be judged is left out, because a desk goes on."""
    left_out: frozenset[str] = frozenset()
    while True:
        try:
            return judge(Stories(reading, wanted, left_out, after))
        except CannotJudge as error:
            left_out |= {error.ticket}


def histories(reading: Reading, tickets: Sequence[str]) -> dict[str, Sequence[RecordedEvent]]:
    """Return the histories of tickets in their order, without those that cannot be read."""
    try:
        found = dict(reading.models.histories(tickets))
    except UnreadableHistories as error:
        found = {
            name: one
            for name, one in error.histories.items()
            if not isinstance(one, UnreadableHistory)
        }
    return {name: found[name].events for name in tickets if name in found}
