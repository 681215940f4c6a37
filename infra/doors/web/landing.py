"""Outcomes on their way from the thread that writes to the event loop.

The loop is woken once for many: a wake-up is a system call, and gives the processor away.
"""

import asyncio
from collections import deque
from concurrent.futures import Future

from infra.store.log import Outcome

_Arrived = tuple[Future[Outcome], asyncio.Future[Outcome]]


class Landing:
    """Where outcomes arrive; belongs to the event loop that first waits for one."""

    def __init__(self) -> None:
        self._arrived: deque[_Arrived] = deque()

    async def of(self, future: Future[Outcome]) -> Outcome:
        """Wait for an outcome; raises what came instead of it."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Outcome] = loop.create_future()

        def arrive(done: Future[Outcome]) -> None:
            self._arrived.append((done, waiting))
            # Whoever finds it empty wakes the loop: what is added until it wakes lands with it.
            if len(self._arrived) == 1:
                loop.call_soon_threadsafe(self._land)

        future.add_done_callback(arrive)
        return await waiting

    def _land(self) -> None:
        while self._arrived:
            done, waiting = self._arrived[0]
            if not waiting.done():
                error = done.exception()
                if error is None:
                    waiting.set_result(done.result())
                else:
                    waiting.set_exception(error)
            self._arrived.popleft()
