"""A line that moves while something long is done; only for people who watch a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

Sign = Callable[[int, int | None], None]
"""Told now and then how many were done, and of how many where that is known."""


@contextmanager
def progress(noun: str, *, output_shown: bool = False) -> Iterator[Sign]:
    """Show how many were done, and how many a second.

    `output_shown` tells that the results go to standard output: on a terminal they are progress
    enough.
    """
    if not sys.stderr.isatty() or (output_shown and sys.stdout.isatty()):
        yield lambda done, of: None
        return
    from rich.console import Console

    started = monotonic()
    with Console(stderr=True).status(f"0 {noun}") as status:

        def sign(done: int, of: int | None) -> None:
            share = "" if of is None else f" of {of:,}"
            status.update(f"{done:,}{share} {noun}, {per_second(done, started):,.0f} a second")

        yield sign


def per_second(done: int, started: float) -> float:
    """Return how many were done a second since a reading of the monotonic clock."""
    return done / max(monotonic() - started, 0.001)
