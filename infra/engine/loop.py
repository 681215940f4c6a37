"""The embedded engine: the log followed, its alerts told, the read models kept up.

A step is whole: its transactions are committed when it returns, so the engine can end after any of
them, and one that was killed inside a step does it again. Time enters only through the clock that
is handed in.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from domain import instant
from infra.engine import delivery
from infra.engine.delivery import Notifier
from infra.engine.follower import Step
from infra.engine.hearing import heard
from infra.engine.log_lines import note
from projections.models import Announcement, Place
from projections.projector import Applied, Terms
from projections.rows import PROJECTOR_VERSION

REFOLDED = 500
"""How many tickets of another projector version are folded again in one step."""

_UPKEEP_TURN = 16
"""While events keep coming, every so many steps one is left to the upkeep."""


class Follower(Protocol):
    """What the engine needs of what follows the log."""

    def terms(self) -> Terms:
        """Return by what is judged now."""

    def step(self) -> Step | None:
        """Apply the next events and let time come; None where there was nothing to do."""


class Projector(Protocol):
    """What the engine needs of a partition's projector."""

    @property
    def place(self) -> Place:
        """Return how far the partition has come."""

    def refold(self, limit: int, terms: Terms) -> Applied | None:
        """Fold some tickets of another projector version again, None without any."""


Audit = Callable[[], Iterator[object]]
"""Begins an audit; each `next` is a piece of it."""


class Engine:
    """The loop over one log and its read models."""

    def __init__(
        self,
        follower: Follower,
        projector: Projector,
        notifier: Notifier,
        audit: Audit,
        *,
        clock: Callable[[], int],
        audit_every: int,
        next_audit: int,
        tell: Callable[[Announcement], object],
    ) -> None:
        """Put the parts together.

        `audit_every` is in microseconds, 0 for never; `next_audit` is an instant. `tell` hears of
        every announcement.
        """
        self._follower = follower
        self._projector = projector
        self._notifier = notifier
        self._audit = audit
        self._clock = clock
        self._audit_every = audit_every
        self._tell = tell
        self._steps = 0
        self._auditing: Iterator[object] | None = None
        self._next_audit = next_audit

    def run(self, wait: Callable[[float], bool], poll_every: int) -> None:
        """Step until `wait`, given seconds to rest, says that somebody asked to stop.

        `poll_every` is how long to rest when there is nothing to do, in microseconds.
        """
        rest = poll_every / instant.SECOND
        while not wait(0.0 if self.step() else rest):
            pass

    def work_off(self, wait: Callable[[float], bool]) -> None:
        """Step until nothing is left to do and all that was sent has come back; `wait` may stop it.

        What failed is tried again by another engine, when its time has come.
        """
        delivery.work_off(self.step, self._notifier, wait)

    def step(self) -> bool:
        """Do the next piece of work; return False when there is nothing to do for now.

        Raises the StoreError of a store, and the fault of a projector that cannot go on.
        """
        self._steps += 1
        worked = self._follow()
        worked = self._notifier.step(self._clock()) or worked
        if not worked or self._steps % _UPKEEP_TURN == 0:
            worked = self._refold() or self._audit_a_little() or worked
        return worked

    def close(self, rest: Callable[[float], object]) -> None:
        """Wait a few seconds for deliveries on their way, then end them: they are sent again."""
        delivery.wind_up(self._notifier, self._clock, rest)

    def _follow(self) -> bool:
        step = self._follower.step()
        if step is None:
            return False
        self._hear(step.applied, step.position)
        return step.applied.events > 0

    def _refold(self) -> bool:
        if self._projector.place.projector_version == PROJECTOR_VERSION:
            return False
        refolded = self._projector.refold(REFOLDED, self._follower.terms())
        if refolded is None:
            return False
        note("tickets.refolded", str(PROJECTOR_VERSION), tickets=refolded.folded)
        self._hear(refolded, self._projector.place.position)
        return True

    def _audit_a_little(self) -> bool:
        if not self._audit_every:
            return False
        now = self._clock()
        # A clock that was set back must not put the next audit off.
        if now < self._next_audit - self._audit_every:
            self._next_audit = now + self._audit_every
        if self._auditing is None and now >= self._next_audit:
            self._auditing = self._audit()
        if self._auditing is None:
            return False
        try:
            next(self._auditing)
        except StopIteration:
            self._auditing = None
            self._next_audit = now + self._audit_every
        return True

    def _hear(self, applied: Applied, position: int) -> None:
        heard(applied, str(position))
        for one in applied.announced:
            self._tell(one)
