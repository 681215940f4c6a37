"""Group commit: many callers, one transaction, one wait for the disk.

One thread writes: appends to the log, or whole commands at a desk. While it waits for the disk the
next callers queue up, and go into the next transaction together.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

from infra.closing import Closing
from infra.store.failure import Damaged, StoreError
from infra.store.log.request import Outcome

MOST_IN_A_GROUP = 256

Q = TypeVar("Q")
"""What is asked: an append, or a command."""

Writing = Callable[[Sequence[Q]], Sequence[Outcome | Exception]]
"""Writes what is asked, all together; returns for each its outcome, or why there is none."""

_Waiting = tuple[Q, Future[Outcome]]


class Stopped(Exception):
    """The writer has ended; nothing more is appended through it."""

    def __init__(self) -> None:
        super().__init__("the writer of the log has stopped; start the program again")


class GroupCommit(Closing, Generic[Q]):
    """Writes for many callers at once; a context manager, which ends when all is written."""

    def __init__(self, write: Writing[Q]) -> None:
        self._carry_out = write
        self._queue: SimpleQueue[_Waiting[Q] | None] = SimpleQueue()
        self._closing = Lock()
        self._stopped = False
        self._thread = Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, request: Q) -> Future[Outcome]:
        """Queue a request.

        The future is done when the outcome is on disk; it raises what came instead of one, or the
        StoreError that stopped it. Raises Stopped.
        """
        waiting = (request, Future[Outcome]())
        with self._closing:
            if self._stopped:
                raise Stopped
            self._queue.put(waiting)
        return waiting[1]

    def append(self, request: Q) -> Outcome:
        """Write and wait for the outcome; raises as the future of `submit` does."""
        return self.submit(request).result()

    def close(self) -> None:
        """Write what is queued, and end."""
        with self._closing:
            if not self._stopped:
                self._stopped = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        group: list[_Waiting[Q]] = []
        try:
            while group := self._next_group():
                self._write(group)
        finally:
            # Nobody may wait for ever for a thread that has died.
            with self._closing:
                self._stopped = True
            for _, future in [*group, *self._drained()]:
                if not future.done():
                    future.set_exception(Stopped())

    def _next_group(self) -> list[_Waiting[Q]]:
        """Wait for the first caller and take who else is there; nobody at the end."""
        first = self._queue.get()
        if first is None:
            return []
        return [first, *self._drained(MOST_IN_A_GROUP - 1)]

    def _drained(self, most: int | None = None) -> list[_Waiting[Q]]:
        taken: list[_Waiting[Q]] = []
        while most is None or len(taken) < most:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is None:
                self._queue.put(None)
                break
            taken.append(waiting)
        return taken

    def _write(self, group: Sequence[_Waiting[Q]]) -> None:
        try:
            results = self._carry_out([request for request, _ in group])
        except Damaged as error:
            # One ticket may be at odds with the log; the others shall not suffer. Appending again
            # is safe, because every command is known by its id.
            if len(group) == 1:
                group[0][1].set_exception(error)
            for waiting in group if len(group) > 1 else ():
                self._write([waiting])
        except StoreError as error:
            for _, future in group:
                future.set_exception(error)
        else:
            for (_, future), result in zip(group, results, strict=True):
                if isinstance(result, Outcome):
                    future.set_result(result)
                else:
                    future.set_exception(result)
