"""A support desk for the specification: a ticket's story told in local time, and what came of it.

    story = ticket("T-1").opened("2026-03-06 16:00").triaged("2026-03-06 16:10", 1)
    assert clocks(story, "2026-03-06 16:30") == [
        ("initial", "2026-03-06 16:00", "2026-03-06 17:00", None, "running")
    ]

Times are Prague wall clock; a text that ends in `Z` is read as it stands, for the hour that comes
twice a year. Nothing is recorded before it happened, and recording never goes back: what `ticket`
tells is always well formed (contracts, The same history from a file).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from domain import instant
from domain.alert import Alert
from domain.clock import Folded, fold, known
from domain.conclusion import alerts
from domain.event import (
    AgentResponded,
    Awaiting,
    CustomerReplied,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    WorkaroundFound,
)
from domain.hours import Hours, Opening, compile_hours
from domain.policy import ClockName, Plan, Policies, Policy, Severity, Step, Target
from infra.store.policies import find

PRAGUE = ZoneInfo("Europe/Prague")
MANAGRY = find("managry")

HOUR = instant.HOUR
DAY = 9 * instant.HOUR
"""A business day of the published policy."""

ClockLine = tuple[str, str, str | None, str | None, str]
Targets = Mapping[tuple[ClockName, int], Target]


def at(text: str) -> int:
    """The instant of a Prague wall clock such as `2026-03-06 16:00`, or of a text ending in Z."""
    if text.endswith("Z"):
        return instant.parse(text)
    return instant.from_datetime(datetime.fromisoformat(text).replace(tzinfo=PRAGUE))


def shown(moment: int) -> str:
    """An instant on the Prague wall clock, without seconds where they are zero."""
    local = instant.to_datetime(moment).astimezone(PRAGUE).replace(tzinfo=None)
    text = local.isoformat(" ").rstrip("0") if local.microsecond else local.isoformat(" ")
    return text.removesuffix(":00") if not (local.second or local.microsecond) else text


@dataclass(frozen=True)
class Story:
    """A ticket's history, told one event after the other in the order of recording.

    `recorded` says when an event was stored; without it, when it happened, but not before what
    was stored already.
    """

    name: str
    history: tuple[RecordedEvent, ...] = ()

    def opened(self, time: str, plan: str = "premium", recorded: str | None = None) -> "Story":
        """The customer asks for support."""
        return self._with(Opened("C-1", plan, "email"), time, recorded)

    def triaged(
        self, time: str, severity: int, recorded: str | None = None, *, supported: bool = True
    ) -> "Story":
        """The specialist assigns a severity."""
        triage = SeverityAssigned(severity, "service-unavailable", "defect", supported)
        return self._with(triage, time, recorded)

    def replied(self, time: str, recorded: str | None = None) -> "Story":
        """The customer writes again."""
        return self._with(CustomerReplied(), time, recorded)

    def answered(
        self, time: str, recorded: str | None = None, *, awaiting: Awaiting = "customer"
    ) -> "Story":
        """An agent answers; the customer owes the next step unless `awaiting` says otherwise."""
        return self._with(AgentResponded(awaiting), time, recorded)

    def promised(self, time: str, recorded: str | None = None) -> "Story":
        """An agent answers and promises to come back."""
        return self._with(AgentResponded("support"), time, recorded)

    def worked_around(
        self, time: str, recorded: str | None = None, *, awaiting: Awaiting = "customer"
    ) -> "Story":
        """An agent sends a workaround."""
        return self._with(WorkaroundFound(awaiting), time, recorded)

    def resolved(self, time: str, recorded: str | None = None) -> "Story":
        """An agent resolves the ticket."""
        return self._with(Resolved("defect"), time, recorded)

    def verified(self, time: str, recorded: str | None = None) -> "Story":
        """Somebody verifies the resolution."""
        return self._with(Verified("retest"), time, recorded)

    def imported(self, recorded: str) -> "Story":
        """The whole history as an import stores it: at one instant."""
        instant_of_import = at(recorded)
        return Story(
            self.name,
            tuple(event._replace(recorded_at=instant_of_import) for event in self.history),
        )

    def _with(self, event: Event, time: str, recorded: str | None) -> "Story":
        occurred_at = at(time)
        last = self.history[-1].recorded_at if self.history else occurred_at
        recorded_at = max(occurred_at, last) if recorded is None else at(recorded)
        assert occurred_at <= recorded_at, "nothing is recorded before it happened"
        assert last <= recorded_at, "recording never goes back"
        version = len(self.history) + 1
        told = RecordedEvent(
            ticket=self.name,
            version=version,
            event_id=f"{self.name}/{version}",
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor="agent:A-1",
            event=event,
        )
        return Story(self.name, (*self.history, told))


def ticket(name: str = "T-1") -> Story:
    """A ticket of which nothing is told yet."""
    return Story(name)


def folded(
    story: Story, time: str, *, as_of: str | None = None, policies: Policies = MANAGRY
) -> Folded:
    """What the history comes to at a time, of what was recorded by `as_of` (else by then)."""
    judged_at = at(time)
    recorded_by = judged_at if as_of is None else at(as_of)
    return fold(known(story.history, recorded_by, judged_at), policies)


def clocks(
    story: Story, time: str, *, as_of: str | None = None, policies: Policies = MANAGRY
) -> list[ClockLine]:
    """Every clock as (name, started, due, satisfied, verdict); ongoing ones with their number."""
    return [
        (
            "initial" if clock.name == "initial" else f"ongoing/{clock.instance}",
            shown(clock.started_at),
            None if clock.due_at is None else shown(clock.due_at),
            None if clock.satisfied_at is None else shown(clock.satisfied_at),
            clock.verdict(at(time)),
        )
        for clock in folded(story, time, as_of=as_of, policies=policies).clocks
    ]


def due(story: Story, time: str, policies: Policies = MANAGRY) -> str | None:
    """When the last clock is due, judged at a time."""
    return clocks(story, time, policies=policies)[-1][2]


def status(story: Story, time: str) -> str:
    """The status of the ticket at a time."""
    return folded(story, time).status


def decided(story: Story, until: str, policies: Policies = MANAGRY) -> list[Alert]:
    """Every alert of the ticket decided by a time."""
    return alerts(story.history, policies, at(until))


def told(story: Story, until: str, policies: Policies = MANAGRY) -> list[str]:
    """Every alert decided by a time, one readable line each; an ending names what it ends."""
    return lines(decided(story, until, policies))


def lines(told: Sequence[Alert]) -> list[str]:
    """Alerts as lines such as `2026-03-06 16:30:30 initial warning 0.5`."""
    titles: dict[str, str] = {}
    written: list[str] = []
    for alert in told:
        clock = "initial" if alert.clock == "initial" else f"ongoing/{alert.instance}"
        match alert.kind:
            case "withdrawn":
                [ended] = alert.refers
                title = f"withdrawn {titles[ended]}, {alert.reason}"
            case "cleared":
                title = f"cleared {', '.join(titles[ended] for ended in alert.refers)}"
            case kind:
                title = titles[alert.id] = kind if alert.step is None else f"{kind} {alert.step}"
        written.append(f"{shown(alert.decided_at)} {clock} {title}")
    return written


def steps(*texts: str) -> tuple[Step, ...]:
    """Thresholds as a policy writes them."""
    return tuple(Step(text, Fraction(text)) for text in texts)


WEEKDAYS = tuple(Opening(weekday, 8 * 60, 17 * 60) for weekday in range(5))
ALWAYS = tuple(Opening(weekday, 0, 24 * 60) for weekday in range(7))


def hours(
    openings: Sequence[Opening] = WEEKDAYS,
    zone: str = "Europe/Prague",
    first_year: int = 2025,
    last_year: int = 2027,
) -> Hours:
    """Openings without holidays."""
    return compile_hours(openings, {}, ZoneInfo(zone), first_year, last_year)


OFFICE = hours()


def policy(
    targets: Targets,
    *,
    opened: Hours = OFFICE,
    severities: Sequence[int] = (1, 2, 3, 4),
    warnings: Sequence[str] = ("0.5", "0.75"),
    overdues: Sequence[str] = ("1", "2", "4"),
    settle: int = 30 * instant.SECOND,
    version: int = 1,
    effective_from: str | None = None,
) -> Policy:
    """A policy with the one plan `premium`, whose targets are given."""
    return replace(
        MANAGRY.versions[0],
        version=version,
        effective_from=None if effective_from is None else at(effective_from),
        severities={
            level: Severity(level, {"en": f"Severity {level}"}, ()) for level in severities
        },
        plans={"premium": Plan("premium", {"en": "Premium"}, "hours", opened, dict(targets))},
        warning_steps=steps(*warnings),
        overdue_steps=steps(*overdues),
        settle=settle,
    )


def only(version: Policy) -> Policies:
    """A policy of which there is one version."""
    return Policies((version,))
