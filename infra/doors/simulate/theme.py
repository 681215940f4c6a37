"""What requests are about: each theme with the topic, impact and cause that it suggests.

A suggestion counts where the policy knows the name; what it does not know, the policy's own names
replace. Themes without a topic fit every topic.
"""

from typing import Literal, NamedTuple

Gravity = Literal[0, 1, 2, 3]
"""How grave a request is: 0 a standstill, 1 a serious problem, 2 an annoyance, 3 a question."""


class Theme(NamedTuple):
    """A recurring subject of requests; phrasebooks hold its words under `name`.

    A `gravity` of None fits every gravity. An `old_android` is part of the story itself.
    """

    name: str
    gravity: Gravity | None
    topic: str | None
    impact: str | None
    cause: str | None
    old_android: bool = False


THEMES = (
    Theme("login-outage", 0, "defect", "service-unavailable", "defect"),
    Theme("sync-stopped", 0, "diagnosis", "critical-functionality-unavailable", "capacity"),
    Theme("stock-overwritten", 0, "defect", "data-at-risk", "defect"),
    Theme("upgrade-outage", 0, "installation", "operations-halted", "change"),
    Theme("slow-screens", 1, "diagnosis", "serious-performance", "capacity"),
    Theme(
        "label-printing", 1, "configuration", "critical-functionality-unavailable", "environment"
    ),
    Theme("scanner-freeze", 1, "defect", "critical-functionality-unavailable", "defect"),
    Theme("upgrade-stuck", 1, "installation", "critical-functionality-unavailable", "change"),
    Theme("export-columns", 2, "defect", "non-critical-loss", "defect"),
    Theme("notices-missing", 2, "configuration", "non-critical-loss", "configuration"),
    Theme("report-totals", 2, "defect", "non-critical-loss", "defect"),
    Theme("photo-upload", 2, "diagnosis", "non-critical-loss", "environment"),
    Theme("tablet-setup", 2, "installation", "non-critical-loss", "configuration"),
    Theme("how-to-export", 3, "usage", "usage-question", "usage"),
    Theme("how-to-rights", 3, "usage", "usage-question", "usage"),
    Theme("how-to-archive", 3, "usage", "usage-question", "usage"),
    Theme("wish-filter", 3, "usage", "enhancement", "usage"),
    Theme("label-cut-off", 3, "defect", "minor-loss", "defect"),
    Theme("date-format", 3, "configuration", "minor-loss", "configuration"),
    Theme("modified-form", None, "modified-software", None, "change"),
    Theme("old-tablet", None, "unverified-environment", None, "environment", old_android=True),
    Theme("payroll-link", None, "third-party", None, "third-party"),
)

GENERAL: tuple[Theme, Theme, Theme, Theme] = (
    Theme("general-standstill", 0, None, None, None),
    Theme("general-problem", 1, None, None, None),
    Theme("general-annoyance", 2, None, None, None),
    Theme("general-question", 3, None, None, None),
)


def gravity(level: int, levels: tuple[int, ...]) -> Gravity:
    """Return how grave a severity is among the levels of its policy, the gravest first."""
    rank, last = levels.index(level), len(levels) - 1
    grades: tuple[Gravity, ...] = (0, 1, 2, 3)
    return grades[rank * 3 // last] if last else 2
