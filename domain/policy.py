"""The support policy as data: plans, severities, topics, targets, hours, thresholds (semantics §1).

Nothing of a vendor is built in: what a plan, severity, impact, topic or root cause is, the
policy defines. A policy is published in versions and never edited; a clock is judged by the
version in force when it started (semantics §4).
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from domain import instant
from domain.hours import Hours

ClockName = Literal["initial", "ongoing"]
CLOCK_NAMES: tuple[ClockName, ...] = ("initial", "ongoing")

Phrase = Mapping[str, str]
"""Words for people by language; `en` is always there, `cs` where a Czech customer reads."""


class Target(NamedTuple):
    """The budgets of one cell, in microseconds; None is no budget on that meter."""

    business: int | None
    off_hours: int | None

    def within(self, other: "Target") -> bool:
        """Tell whether this target is due when the other one is or before, whatever the start."""
        return _within(self.business, other.business) and _within(self.off_hours, other.off_hours)

    def part(self, share: Fraction) -> "Target":
        """Return a share of both budgets, rounded down to whole microseconds (semantics §6)."""
        numerator, denominator = share.numerator, share.denominator
        return Target(
            None if self.business is None else self.business * numerator // denominator,
            None if self.off_hours is None else self.off_hours * numerator // denominator,
        )


def _within(budget: int | None, other: int | None) -> bool:
    return other is None or (budget is not None and budget <= other)


class Step(NamedTuple):
    """A threshold: the number as the policy writes it, and its exact value."""

    text: str
    value: Fraction

    def __hash__(self) -> int:
        """Return the hash of the text; that of a fraction costs a modular inverse."""
        return hash(self.text)


WHOLE = Step("1", Fraction(1))


@dataclass(frozen=True, slots=True)
class Severity:
    """One severity, 1 the gravest, and the impacts that justify it."""

    level: int
    title: Phrase
    impacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a request may be about, and whether the policy supports it."""

    name: str
    title: Phrase
    supported: bool


@dataclass(frozen=True, slots=True)
class Audience:
    """People who are told of some kinds of deadlines, and of what ends those alerts."""

    name: str
    title: Phrase
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a customer bought: its hours, and a target for every cell that has one."""

    name: str
    title: Phrase
    hours_name: str
    hours: Hours
    targets: Mapping[tuple[ClockName, int], Target]


@lru_cache(128)
def _urgent(plan: Plan, clock: ClockName) -> tuple[Target, ...]:
    """Return the targets of a clock of which one is due first, the gravest severity's first.

    One that is never due before that of a graver severity is left out.
    """
    urgent: list[Target] = []
    for (name, _), target in sorted(plan.targets.items(), key=lambda cell: cell[0][1]):
        if name == clock and not any(graver.within(target) for graver in urgent):
            urgent.append(target)
    return tuple(urgent)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One published version of a support policy.

    `effective_from` is an instant, None for the first version (in force since ever); `settle` and
    `max_backdate` are microseconds; `business_day` is one full opening, in microseconds;
    `digest` is the SHA-256 of the published text, in hex.
    """

    name: str
    version: int
    effective_from: int | None
    title: Phrase
    zone_name: str
    zone_data: str
    calendar_name: str
    business_day: int
    severities: Mapping[int, Severity]
    impacts: Mapping[str, Phrase]
    topics: Mapping[str, Topic]
    root_causes: Mapping[str, Phrase]
    plans: Mapping[str, Plan]
    warning_steps: tuple[Step, ...]
    overdue_steps: tuple[Step, ...]
    settle: int
    max_backdate: int
    digest: str
    audiences: Mapping[str, Audience] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the name and version as outputs write it, such as `managry@1`."""
        return f"{self.name}@{self.version}"

    def target(
        self, plan: str, severity: int | None, supported: bool, clock: ClockName
    ) -> Target | None:
        """Return the budgets of a cell; None where no target is published (semantics §1).

        A request that is unsupported, or not triaged yet, has no target.
        """
        if severity is None or not supported:
            return None
        return self.plans[plan].targets.get((clock, severity))

    def untriaged_target(self, plan: str, clock: ClockName, start: int) -> Target | None:
        """Return the target of this plan and clock that is due first from `start`.

        On a tie the gravest severity's (semantics §6, `untriaged`); None where the plan publishes
        no target for the clock.
        """
        targets = _urgent(self.plans[plan], clock)
        if len(targets) < 2:
            return targets[0] if targets else None
        due = self.plans[plan].hours.due
        return min(targets, key=lambda target: due(start, *target))

    def told(self, kinds: Collection[str]) -> tuple[str, ...]:
        """Return the names of those who are told of at least one of these kinds of alerts."""
        return tuple(
            audience.name for audience in self.audiences.values() if audience.kinds & set(kinds)
        )

    def covers(self, plan: str, first: int, last: int) -> bool:
        """Tell whether the plan's calendar covers everything from one instant to another."""
        hours = self.plans[plan].hours
        return hours.start <= first and last < hours.end

    def check(self, plan: str, at: int) -> None:
        """Raise OutsideCalendar unless the plan's calendar covers the instant."""
        self.plans[plan].hours.check(at)


class PoliciesDisagree(ValueError):
    """Versions that cannot stand together as one policy; the message says which and why."""


class Policies:
    """All published versions of one policy, in the order in which they came into force."""

    __slots__ = ("_from", "_versions")

    def __init__(self, versions: tuple[Policy, ...]) -> None:
        """Put the versions in order; raise PoliciesDisagree where they make none."""
        ordered = sorted(versions, key=lambda policy: policy.version)
        if not ordered:
            raise PoliciesDisagree("a policy needs at least one version")
        for earlier, later in pairwise(ordered):
            _check_succession(earlier, later)
        self._versions = tuple(ordered)
        # A version given alone judges everything: it is the first that this reader knows.
        self._from = [policy.effective_from or 0 for policy in ordered[1:]]

    @property
    def versions(self) -> tuple[Policy, ...]:
        """Return the versions, the oldest first."""
        return self._versions

    def in_force(self, at: int) -> Policy:
        """Return the version in force at an instant; the first is in force since ever."""
        return self._versions[bisect_right(self._from, at)]


def _check_succession(earlier: Policy, later: Policy) -> None:
    if earlier.name != later.name:
        raise PoliciesDisagree(
            f"{earlier.label} and {later.label} are different policies; give versions of one"
        )
    if earlier.version == later.version:
        raise PoliciesDisagree(
            f"{later.label} is given twice; a published version is never edited, "
            "publish the change as a new version"
        )
    if later.effective_from is None:
        raise PoliciesDisagree(
            f"{later.label} follows {earlier.label} but has no effective_from; "
            "only the first version is in force since ever"
        )
    if earlier.effective_from is not None and later.effective_from <= earlier.effective_from:
        raise PoliciesDisagree(
            f"{later.label} would come into force at {instant.text(later.effective_from)}, "
            f"not after {earlier.label} at {instant.text(earlier.effective_from)}; "
            "effective_from must rise with the version"
        )
    # Tickets that name them live on, and every cell they ask for must be there to answer.
    lost = [f"plan '{name}'" for name in earlier.plans if name not in later.plans]
    lost += [f"severity {level}" for level in earlier.severities if level not in later.severities]
    if lost:
        raise PoliciesDisagree(
            f"{later.label} no longer has {', '.join(lost)} of {earlier.label}; "
            "keep what tickets may still name"
        )
