"""An audit of the living read models, a portion at a time, and its result kept for the health."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from infra.engine.health import Audited, LastAudit
from infra.engine.log_lines import note
from infra.store.failure import ReadOnly
from projections.audit import Difference

_NOTED = 20


class Audit(Protocol):
    """An audit in steps."""

    @property
    def tickets(self) -> int:
        """Return how many tickets were looked at."""

    def step(self, limit: int = 200) -> list[Difference] | None:
        """Look at some more tickets; None when everything was seen."""


class Audits:
    """The audits of all partitions as one."""

    def __init__(self, audits: Iterable[Audit]) -> None:
        self._audits = list(audits)
        self._ended = 0

    @property
    def tickets(self) -> int:
        """Return how many tickets were looked at."""
        return sum(one.tickets for one in self._audits)

    def step(self, limit: int = 200) -> list[Difference] | None:
        """Look at some more tickets; None when everything was seen."""
        for audit in self._audits[self._ended :]:
            if (found := audit.step(limit)) is not None:
                return found
            self._ended += 1
        return None


def audited(
    audit: Audit, last: LastAudit, clock: Callable[[], int], *, see: Callable[[Difference], object]
) -> Iterator[Sequence[Difference]]:
    """Make an audit in pieces; keep its result at the end, unless the folder is only to be read.

    `see` hears of every difference. Raises StoreError.
    """
    differences = 0
    while (found := audit.step()) is not None:
        for difference in found:
            see(difference)
        differences += len(found)
        yield found
    try:
        last.write(Audited(clock(), audit.tickets, differences))
        kept = True
    except ReadOnly:
        kept = False
    note(
        "audit.ended",
        str(audit.tickets),
        level=logging.ERROR if differences else logging.INFO,
        tickets=audit.tickets,
        differences=differences,
        kept=kept,
    )


def noted() -> Callable[[Difference], None]:
    """Return what notes the first differences; `lhuta audit` lists all."""
    left = _NOTED

    def see(difference: Difference) -> None:
        nonlocal left
        if left:
            left -= 1
            note(
                "audit.differs",
                difference.ticket,
                level=logging.ERROR,
                table=difference.table,
                row=difference.row,
                column=difference.column,
            )

    return see
