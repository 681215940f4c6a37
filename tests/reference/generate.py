"""Nasty but well-formed histories, aimed at the instants where verdicts change.

A history is a function of its seed. It breaks the rules of the lifecycle on purpose, which bind
commands only (semantics §2), and never those of a well-formed history (contracts.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from .deadlines import deadlines
from .fold import fold
from .history import EPOCH, read, written
from .judge import NAMESPACE
from .minutes import DAY, HOUR, MINUTE, SECOND
from .policy import Policy, Target, managry, small_policy

Line = dict[str, Any]

DATES = (
    date(2025, 10, 24),  # a Friday before a 25-hour Sunday
    date(2025, 10, 26),  # the 25-hour Sunday
    date(2025, 10, 28),  # a Czech holiday on a Tuesday
    date(2025, 11, 17),  # a Czech holiday on a Monday
    date(2025, 12, 23),
    date(2025, 12, 31),
    date(2026, 2, 2),
    date(2026, 2, 27),
    date(2026, 3, 6),
    date(2026, 3, 27),  # a Friday before a 23-hour Sunday
    date(2026, 3, 29),  # the 23-hour Sunday
    date(2026, 4, 2),  # a Thursday before Good Friday
    date(2026, 4, 6),  # Easter Monday
    date(2026, 4, 30),
    date(2026, 7, 3),
)
TIMES = (
    *("00:00", "02:30", "07:59", "08:00", "08:30", "10:00", "12:00", "14:00"),
    *("16:00", "16:30", "16:59", "17:00", "20:00", "23:59"),
)
IMPACTS = ("service-unavailable", "serious-performance", "non-critical-loss", "usage-question")
TOPICS = ("usage", "configuration", "defect", "diagnosis", "installation")
UNSUPPORTED_TOPICS = ("modified-software", "unverified-environment", "third-party")
WORDS = {
    "opened": "subject",
    "severity-assigned": "rationale",
    "customer-replied": "message",
    "agent-responded": "message",
    "workaround-found": "description",
    "resolved": "resolution",
    "verified": "evidence",
}


class Style(NamedTuple):
    """How a story leans: weights of the six later events, and habits as probabilities.

    `hasty` stories move on before the running clock is due, `aimed` ones to an instant at
    which something changes.
    """

    severity: int
    reply: int
    response: int
    workaround: int
    resolved: int
    verified: int
    backdated: float
    together: float
    awaits_support: float
    supported: float
    hasty: float
    aimed: float


STYLES = (
    Style(3, 3, 3, 1, 1, 1, 0.4, 0.15, awaits_support=0.5, supported=0.8, hasty=0.2, aimed=0.6),
    Style(9, 1, 1, 0, 0, 0, 0.1, 0.05, awaits_support=0.8, supported=0.9, hasty=0.8, aimed=0.6),
    Style(9, 0, 1, 0, 0, 0, 0.4, 0.05, awaits_support=1.0, supported=1.0, hasty=0.5, aimed=0.8),
    Style(2, 2, 6, 2, 0, 0, 0.3, 0.10, awaits_support=0.95, supported=0.9, hasty=0.3, aimed=0.7),
    Style(1, 4, 4, 1, 1, 0, 0.7, 0.10, awaits_support=0.5, supported=0.9, hasty=0.1, aimed=0.7),
    Style(3, 3, 2, 1, 4, 4, 0.3, 0.20, awaits_support=0.5, supported=0.9, hasty=0.4, aimed=0.4),
    Style(4, 3, 3, 1, 1, 0, 0.9, 0.60, awaits_support=0.6, supported=0.8, hasty=0.2, aimed=0.6),
)


WAVERING = Style(
    1, 0, 0, 0, 0, 0, 0.1, 0.05, awaits_support=0.0, supported=0.95, hasty=0.9, aimed=0.5
)


def random_history(seed: int, tickets: int, policy: Policy | None = None) -> list[Line]:
    """Make the lines of a well-formed history, the tickets' lines interleaved.

    Its tickets are opened in one season, so that judging it walks months and not years.
    """
    policy = policy or managry()
    random = Random(seed)
    first = random.randrange(len(DATES) - 2)
    season = DATES[first : first + 3]
    stories = [_Story(random, f"R{seed}-{n:04d}", policy, season).tell() for n in range(tickets)]
    return _interleaved(random, stories)


def random_policy(seed: int) -> Policy:
    """Make a small policy: other hours, zones, targets, steps and `settle`.

    Every target has a budget that runs out, and a plan may lack any of its targets.
    """
    random = Random(seed)
    week = random.choice(
        (
            (((480, 1020),),) * 5 + ((),) * 2,
            (((540, 720), (780, 1080)),) * 5 + (((600, 840),), ()),
            (((1320, 1800),),) * 4 + (((1320, 1440),), (), ((1200, 1860),)),
            (((0, 1440),),) * 7,
            (((60, 240),),) * 7,
        )
    )
    never_closed = week == (((0, 1440),),) * 7
    hours = tuple(n * HOUR for n in (1, 1, 2, 4, 8, 9, 18, 24))
    budgets = (*hours, 0, 1, 7 * SECOND, 20 * MINUTE, HOUR + 1, 3 * HOUR - 1)
    targets = {
        (plan, severity, clock): Target(
            random.choice(budgets) if never_closed or random.random() < 0.8 else None,
            random.choice(budgets),
        )
        for plan in ("basic", "full")
        for severity in (1, 2, 3)
        for clock in ("initial", "ongoing")
        if random.random() < 0.8
    }
    steps = ("0.1", "0.333", "0.5", "0.75", "0.9999999")
    return small_policy(
        targets,
        zone=random.choice(("UTC", "Europe/Prague", "America/St_Johns", "Australia/Lord_Howe")),
        weekly=week,
        holidays=frozenset(day for day in DATES if random.random() < 0.4),
        warnings=tuple(step for step in steps if random.random() < 0.5),
        overdues=tuple(step for step in ("1", "1.5", "2", "4") if random.random() < 0.6),
        settle=random.choice((0, 1, SECOND, 30 * SECOND, 10 * MINUTE)),
        plans=("basic", "full"),
        severities=(1, 2, 3),
    )


def _interleaved(random: Random, stories: list[list[Line]]) -> list[Line]:
    """Deal the stories into one file, each in its order; now and then a line comes twice."""
    waiting = [story for story in stories if story]
    lines: list[Line] = []
    while waiting:
        story = random.choice(waiting)
        for _ in range(random.randint(1, 4)):
            if story:
                lines.append(story.pop(0))
                if random.random() < 0.01:
                    lines.append(dict(lines[-1]))
        waiting = [story for story in waiting if story]
    return lines


class _Story:
    """One ticket's life, told event by event, each aimed with what the story so far promises."""

    def __init__(self, random: Random, name: str, policy: Policy, season: tuple[date, ...]) -> None:
        self.random = random
        self.name = name
        self.policy = policy
        self.season = season
        self.style = random.choice(STYLES)
        self.lines: list[Line] = []

    def tell(self) -> list[Line]:
        self._open()
        if self.random.random() < 0.3:
            self._waver()
        for _ in range(self.random.choice((0, 1, 2, 3, 4, 5, 6, 8, 12))):
            if self.random.random() < 0.1:
                self._answer_while_settling()
            else:
                self._go_on()
        if self.random.random() < 0.08:
            self._import_whole()
        return [self._rewritten(line) for line in self.lines]

    def _open(self) -> None:
        day, time = self.random.choice(self.season), self.random.choice(TIMES)
        local = datetime.fromisoformat(f"{day} {time}").replace(
            tzinfo=ZoneInfo(self.policy.hours.zone)
        )
        self.opened = (local - EPOCH) // timedelta(microseconds=1) + self._jitter()
        late = self.random.choice((0, 0, 0, 1, SECOND, 40 * MINUTE, 30 * HOUR))
        self.recorded = self.opened + late
        data = {"customer_id": "C1", "plan": self.random.choice(self.policy.plans)}
        self._write("opened", self.opened, data | {"channel": "email"})

    def _waver(self) -> None:
        """Triage again and again while the clock runs, so that its promises pile up."""
        habits = self.style
        self.style = WAVERING
        for _ in range(self.random.randint(2, 8)):
            self._go_on()
        self.style = habits

    def _go_on(self) -> None:
        self.ticket = fold([read(line) for line in self.lines], self.policy)
        marks = self._marks()
        if self.random.random() >= self.style.together:
            self.recorded = self._later(marks)
        occurred = self.recorded
        if self.random.random() < self.style.backdated:
            occurred = self._earlier(marks)
        self._write(*self._fact(occurred))

    def _answer_while_settling(self) -> None:
        """Record an answer, and another fact with it, the very moment a breach is decided."""
        running = fold([read(line) for line in self.lines], self.policy).running
        if running is None or running.due_at is None:
            return
        settled = running.due_at + self.policy.settle
        if settled < self.recorded:
            return
        self.recorded = settled
        answered = self.random.choice((running.due_at, running.due_at + 1, settled))
        self._write("agent-responded", min(answered, settled), self._data("agent-responded"))
        earlier = self.random.randint(self.opened, self.recorded)
        self._write(*self._fact(earlier))

    def _marks(self) -> list[int]:
        """Return the instants of the story so far at which something changes."""
        found = {deadline.at for deadline in deadlines(self.ticket, self.policy)}
        found |= {read(line).occurred for line in self.lines}
        return sorted(found | set(self._dues()))

    def _dues(self) -> list[int]:
        return [promise.due_at for clock in self.ticket.clocks for promise in clock.promises]

    def _later(self, marks: list[int]) -> int:
        running = self.ticket.running
        due_at = running and running.due_at
        if due_at and due_at > self.recorded and self.random.random() < self.style.hasty:
            part = self.random.choice((0, 2, 5, 10, 20, 40, 60, 90, 100, 100))
            return self.recorded + (due_at - self.recorded) * part // 100
        ahead = [mark for mark in marks if self.recorded <= mark < self.recorded + 40 * DAY]
        if ahead and self.random.random() < self.style.aimed:
            # The nearest marks matter most: whoever jumps over them all tests only lateness.
            aim = self.random.choice(ahead[:4] + ahead[:2])
            return max(self.recorded, aim + self._near())
        unit = self.random.choice((1, SECOND, MINUTE, 10 * MINUTE, HOUR, 8 * HOUR, DAY))
        return self.recorded + self.random.randint(0, 5) * unit + self._jitter()

    def _earlier(self, marks: list[int]) -> int:
        behind = [mark for mark in marks if mark <= self.recorded + SECOND]
        if behind and self.random.random() < self.style.aimed:
            occurred = self.random.choice(behind[-6:] + self._dues()) + self._near()
        else:
            occurred = self.random.randint(self.opened, self.recorded)
        return min(max(occurred, self.opened), self.recorded)

    def _near(self) -> int:
        settle = self.policy.settle
        return self.random.choice(
            (0, 0, 0, -1, 1, settle, settle, settle - 1, settle + 1, -settle, settle // 2)
        )

    def _jitter(self) -> int:
        return self.random.choice((0, 0, 0, 0, 1, 999_999, self.random.randint(0, MINUTE)))

    def _fact(self, occurred: int) -> tuple[str, int, dict[str, Any]]:
        kinds = (
            "severity-assigned",
            "customer-replied",
            "agent-responded",
            "workaround-found",
            "resolved",
            "verified",
        )
        kind = self.random.choices(kinds, weights=self.style[: len(kinds)])[0]
        return kind, occurred, self._data(kind)

    def _data(self, kind: str) -> dict[str, Any]:
        match kind:
            case "severity-assigned":
                severity = self.random.choice(self.policy.severities)
                supported = self.random.random() < self.style.supported
                return {
                    "severity": severity,
                    "impact": IMPACTS[(severity - 1) % len(IMPACTS)],
                    "topic": self.random.choice(TOPICS if supported else UNSUPPORTED_TOPICS),
                    "supported": supported,
                }
            case "agent-responded" | "workaround-found":
                support = self.random.random() < self.style.awaits_support
                return {"awaiting": "support" if support else "customer"}
            case "resolved":
                return {"root_cause": "defect"} if self.random.random() < 0.5 else {}
            case "verified":
                return {"method": "retest"}
            case _:
                return {}

    def _write(self, kind: str, occurred: int, data: dict[str, Any]) -> None:
        version = len(self.lines) + 1
        command = uuid5(NAMESPACE, f"invented/{self.name}/{version}")
        if self.random.random() < 0.7:
            data = data | {WORDS[kind]: f"words of {self.name}, {version}"}
        self.lines.append(
            {
                "specversion": "1.0",
                "id": str(self._event_id(command)),
                "source": "/tickets",
                "type": f"ticket.{kind}.v1",
                "subject": self.name,
                "time": written(occurred),
                "recordedtime": written(self.recorded),
                "sequence": f"{version:010d}",
                "commandid": str(command),
                "actor": "system:invented",
                "datacontenttype": "application/json",
                "data": data,
            }
        )

    def _event_id(self, command: UUID) -> UUID:
        return uuid5(NAMESPACE, f"event/{self.name}/{command}/0")

    def _import_whole(self) -> None:
        for line in self.lines:
            line["recordedtime"] = written(self.recorded)

    def _rewritten(self, line: Line) -> Line:
        """Say the same in another way that a reader must understand."""
        if line["recordedtime"] == line["time"] and self.random.random() < 0.1:
            del line["recordedtime"]
        if self.random.random() < 0.05:
            moment = datetime.fromisoformat(line["time"]).astimezone(ZoneInfo("Asia/Kathmandu"))
            line["time"] = moment.isoformat()
        return line


def faults(lines: Iterable[Line], policy: Policy) -> list[str]:
    """Name every way in which a history is not well formed (contracts.md)."""
    found: list[str] = []
    stories: dict[str, list[Line]] = {}
    ids: dict[str, Line] = {}
    for line in lines:
        if line["id"] in ids:
            if ids[line["id"]] != line:
                found.append(f"{line['id']} is two events")
            continue
        ids[line["id"]] = line
        stories.setdefault(line["subject"], []).append(line)
    for name, story in stories.items():
        events = [read(line) for line in story]
        if [event.version for event in events] != list(range(1, len(events) + 1)):
            found.append(f"{name}: sequence")
        if [event.kind == "opened" for event in events] != [True] + [False] * (len(events) - 1):
            found.append(f"{name}: opened")
        if any(a.recorded > b.recorded for a, b in pairwise(events)):
            found.append(f"{name}: recorded falls")
        if any(not events[0].occurred <= event.occurred <= event.recorded for event in events):
            found.append(f"{name}: occurred")
        if events[0].data["plan"] not in policy.plans:
            found.append(f"{name}: plan")
        triages = [event for event in events if event.kind == "severity-assigned"]
        if any(event.data["severity"] not in policy.severities for event in triages):
            found.append(f"{name}: severity")
    return found
