"""What became of every row: counted, so that nothing is dropped in silence."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """The outcome of a conversion. Every row is mapped, silent or rejected.

    `silent` counts the rows that tell no event, `rejected` those that cannot be used, both by
    reason. `notes` counts by what was noticed or had to be assumed about rows that were used.
    """

    rows: int = 0
    mapped: int = 0
    tickets: int = 0
    events: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def balanced(self) -> bool:
        """Tell whether every row is accounted for exactly once."""
        return self.rows == self.mapped + self.silent.total() + self.rejected.total()

    def as_data(self) -> dict[str, object]:
        """Return everything as plain data, for a machine."""
        return {
            "rows": self.rows,
            "mapped": self.mapped,
            "without_event": {"total": self.silent.total(), "reasons": dict(self.silent)},
            "rejected": {"total": self.rejected.total(), "reasons": dict(self.rejected)},
            "tickets": self.tickets,
            "events": {"total": self.events.total(), "types": dict(self.events)},
            "notes": {note: count for note, count in self.notes.items() if count},
        }
