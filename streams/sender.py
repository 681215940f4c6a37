"""Sending alone and without end: one sender of a kind works, and starts again when Kafka fails."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from streams.producer import NotSent

PAUSE_SECONDS = 1.0
"""How long to rest before a lease is asked for again, or Kafka is tried again."""

P = TypeVar("P")

Wait = Callable[[float], bool]
"""Rests for so many seconds, and returns True as soon as somebody asked to stop."""


class Lease(Protocol):
    """The right to be the one sender; it ends with its holder, however that ends."""

    def take(self) -> bool:
        """Take the lease, or see that it is still held; return False while another has it.

        Raises where it was held and is lost.
        """


class Note(Protocol):
    """Hears what is done to what, as a line of a program's log."""

    def __call__(self, action: str, id: str, *, level: int = logging.INFO, **facts: object) -> None:
        """Hear it."""


def send_alone(
    name: str,
    lease: Lease,
    connected: Callable[[], AbstractContextManager[P]],
    work: Callable[[P], object],
    wait: Wait,
    note: Note,
) -> None:
    """Work with a producer until somebody asks to stop; again with another one after NotSent.

    Raises what the lease and the work raise otherwise.
    """
    waiting = False
    while not lease.take():
        if not waiting:
            note(f"{name}.waiting", name, message="another one is at work")
            waiting = True
        if wait(PAUSE_SECONDS):
            return
    while not wait(0.0):
        try:
            with connected() as producer:
                work(producer)
        except NotSent as error:
            note(f"{name}.interrupted", name, level=logging.WARNING, message=str(error))
            wait(PAUSE_SECONDS)
    note(f"{name}.stopped", name)
