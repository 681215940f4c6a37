"""What happens, to many followers: one tail of the source, and a place for each follower.

A follower has no queue. What is new stands in one ring for all of them; who is slower than the ring
reads on from the source. So the memory is that of the ring, however many follow and however slowly.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from infra.engine.log_lines import note
from infra.store.failure import StoreError

TOGETHER = 200
"""How much the tail reads of the source at once."""

GIVEN = 50
"""How much a follower is given at once: all that is kept for one who does not read."""

RING = 2_000
_TRY_AGAIN = 2.0

P = TypeVar("P", bound=Hashable)
"""A place in the source."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
"""What stands there."""


class Source(Protocol[P, T_co]):
    """A log of things that only grows; used by several threads."""

    def end(self) -> P:
        """Return the place behind everything."""

    def after(self, place: P, limit: int) -> Sequence[tuple[P, T_co]]:
        """Return what comes next, each with the place behind it; none at the end."""


class Feed(Generic[P, T]):
    """Tells followers what is new in a source; belongs to one event loop."""

    def __init__(self, source: Source[P, T], *, poll_seconds: float) -> None:
        self._source = source
        self._poll_seconds = poll_seconds
        self._ring: OrderedDict[P, tuple[P, T]] = OrderedDict()
        self._end: P | None = None
        self._news = asyncio.Event()
        self._tail: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._followers = 0
        self._closed = False

    async def follow(
        self, place: P | None, heartbeat: float
    ) -> AsyncIterator[Sequence[tuple[P, T]]]:
        """Yield what comes after a place, None for what is new; nothing as a sign of life.

        Raises StoreError; whoever follows can begin again behind the last place that it got.
        """
        self._followers += 1
        try:
            end = await self._start()
            here = end if place is None else place
            while not self._closed:
                news = self._news
                batches = [self._remembered(here)]
                if not batches[0] and here != self._end:
                    batches = [await asyncio.to_thread(self._source.after, here, GIVEN)]
                if batches[0]:
                    here = batches[0][-1][0]
                    # Given away: nothing stays here while a slow follower takes what it became.
                    yield batches.pop()
                elif not await comes(news, heartbeat):
                    yield ()
        finally:
            self._followers -= 1
            if not self._followers and self._tail is not None:
                self._tail.cancel()
                self._tail = None
                self._ring.clear()

    def close(self) -> None:
        """Let every follower go."""
        self._closed = True
        self._tell()

    async def _start(self) -> P:
        """Begin to follow the source, if nobody has yet, and return how far it is followed."""
        async with self._starting:
            if self._tail is None or self._end is None:
                self._end = await asyncio.to_thread(self._source.end)
                self._tail = asyncio.create_task(self._follow_source(self._end))
            return self._end

    async def _follow_source(self, end: P) -> None:
        while True:
            try:
                found = await asyncio.to_thread(self._source.after, end, TOGETHER)
            except StoreError as error:
                note("http.store-failed", "feed", cause=type(error).__name__)
                await asyncio.sleep(_TRY_AGAIN)
                continue
            for place, item in found:
                self._ring[end] = (place, item)
                self._end = end = place
            while len(self._ring) > RING:
                self._ring.popitem(last=False)
            if found:
                self._tell()
            else:
                await asyncio.sleep(self._poll_seconds)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _remembered(self, place: P) -> Sequence[tuple[P, T]]:
        found: list[tuple[P, T]] = []
        while len(found) < GIVEN and (entry := self._ring.get(place)) is not None:
            found.append(entry)
            place = entry[0]
        return found


async def comes(news: asyncio.Event, seconds: float) -> bool:
    """Wait for news, for so many seconds at most; tell whether there are any."""
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True
