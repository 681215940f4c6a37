"""Whole histories: many tickets' events, read line by line and held to the contract.

What well formed means stands in contracts, The same history from a file. The lifecycle's rules
are not among it: they bind commands, not facts (semantics §2).
"""

from collections.abc import Iterable, Mapping

from domain.event import Opened, RecordedEvent, SeverityAssigned
from domain.hours import OutsideCalendar
from domain.policy import Policies
from streams.envelope import Malformed, decode, shown


class IllFormed(ValueError):
    """A line that breaks a history; `line` counts from 1, None where it is not about one line."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class History:
    """A well-formed history: the events by ticket, in order of first appearance.

    `latest` is the latest recorded instant, in microseconds; `line_of` tells on which line an event
    id was read.
    """

    __slots__ = ("latest", "line_of", "tickets")

    def __init__(self) -> None:
        self.tickets: dict[str, list[RecordedEvent]] = {}
        self.line_of: dict[str, int] = {}
        self.latest = 0

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.line_of)


def read(lines: Iterable[bytes], policies: Policies) -> History:
    """Read a history; raise IllFormed with the first line that is not well formed."""
    history = History()
    tickets = history.tickets
    line_of = history.line_of
    number = 0
    for number, line in enumerate(lines, start=1):
        try:
            recorded = decode(line)
        except Malformed as error:
            raise IllFormed(number, str(error)) from error
        story = tickets.get(recorded.ticket)
        event_id = recorded.event_id
        if event_id in line_of:
            _check_repeat(recorded, story, number, line_of[event_id])
            continue
        if story is None:
            story = []
        _check_place(recorded, story, policies, number)
        story.append(recorded)
        if recorded.version == 1:
            tickets[recorded.ticket] = story
        line_of[event_id] = number
        history.latest = max(history.latest, recorded.recorded_at)
    if not tickets:
        raise IllFormed(None, "the history is empty: it has no event")
    for story in tickets.values():
        _check_calendar(story, policies, line_of)
    return history


def _check_calendar(
    story: list[RecordedEvent], policies: Policies, line_of: Mapping[str, int]
) -> None:
    """Hold all instants of a ticket to the calendar, by the two between which the others lie."""
    opened = story[0].event
    assert type(opened) is Opened
    first, last = story[0].occurred_at, story[-1].recorded_at
    if all(version.covers(opened.plan, first, last) for version in policies.versions):
        return
    for recorded in story:
        for moment in (recorded.occurred_at, recorded.recorded_at):
            try:
                policies.in_force(moment).check(opened.plan, moment)
            except OutsideCalendar as error:
                raise IllFormed(line_of[recorded.event_id], str(error)) from error


def _check_repeat(
    recorded: RecordedEvent, story: list[RecordedEvent] | None, number: int, first: int
) -> None:
    """Let the same event pass a second time; refuse another one under its id."""
    earlier = story[recorded.version - 1 : recorded.version] if story and recorded.version else []
    if earlier != [recorded]:
        raise IllFormed(
            number,
            f"the id {shown(recorded.event_id)} stands on line {first} already, for another event; "
            "give every event its own id",
        )


def _check_place(
    recorded: RecordedEvent, story: list[RecordedEvent], policies: Policies, number: int
) -> None:
    expected = len(story) + 1
    if recorded.version != expected:
        raise IllFormed(
            number,
            f"ticket {recorded.ticket} has sequence {recorded.version} where {expected} was "
            "expected; a ticket's events come in order of sequence, from 1 without a gap",
        )
    event = recorded.event
    if type(event) is Opened:
        if story:
            raise IllFormed(number, f"ticket {recorded.ticket} is opened a second time")
        _check_plan(event, recorded, policies, number)
    elif not story:
        raise IllFormed(number, f"the first event of ticket {recorded.ticket} is not 'opened'")
    elif recorded.occurred_at < story[0].occurred_at:
        raise IllFormed(number, f"'time' lies before ticket {recorded.ticket} was opened")
    elif recorded.recorded_at < story[-1].recorded_at:
        raise IllFormed(
            number, f"'recordedtime' of ticket {recorded.ticket} falls below the event before it"
        )
    if recorded.occurred_at > recorded.recorded_at:
        raise IllFormed(number, "'time' lies after 'recordedtime': recorded before it happened")
    if type(event) is SeverityAssigned:
        _check_severity(event, recorded, policies, number)


def _check_plan(opened: Opened, recorded: RecordedEvent, policies: Policies, number: int) -> None:
    policy = policies.in_force(recorded.occurred_at)
    if opened.plan not in policy.plans:
        raise IllFormed(
            number,
            f"the plan {shown(opened.plan)} is not in policy {policy.label}, "
            f"which has {', '.join(policy.plans)}",
        )


def _check_severity(
    triage: SeverityAssigned, recorded: RecordedEvent, policies: Policies, number: int
) -> None:
    policy = policies.in_force(recorded.occurred_at)
    if triage.severity not in policy.severities:
        raise IllFormed(
            number,
            f"severity {triage.severity} is not in policy {policy.label}, "
            f"which has {', '.join(map(str, policy.severities))}",
        )
