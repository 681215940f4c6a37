"""The Ticket: what its events make of it, and what a command gets (semantics §2).

Commands are judged, facts are not: `evolve` folds any history, `decide` is where rules refuse.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from domain import instant
from domain.command import (
    LINE_LIMIT,
    Command,
    Observation,
    OfferWorkaround,
    Open,
    Reply,
    Resolve,
    Respond,
    Triage,
    Verify,
    check_identifier,
    check_text,
    said,
)
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Environment,
    Event,
    Opened,
    RecordedEvent,
    Resolved,
    SeverityAssigned,
    Verified,
    Words,
    WorkaroundFound,
    story_order,
)
from domain.policy import Policy
from domain.refusal import (
    FollowsItself,
    OccurredAhead,
    OccurredBeforeOpened,
    OccurredTooFarBack,
    OutOfPlace,
    RationaleMissing,
    SeverityNotBacked,
    TicketExists,
    TicketUnknown,
)
from domain.standing import BEGINNING, Standing, Status
from domain.vocabulary import (
    check_awaiting,
    check_channel,
    check_impact,
    check_method,
    check_plan,
    check_root_cause,
    check_severity,
    check_topic,
)

AHEAD_TAKEN_AS_NOW = 60 * instant.SECOND
"""How far a named time may run ahead, in microseconds, before it is refused (semantics §2)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket: its events in their one order, and where they have brought it."""

    history: tuple[RecordedEvent, ...] = ()
    standing: Standing = BEGINNING

    @property
    def opened(self) -> RecordedEvent | None:
        """Return the event that opened the ticket, or None before it."""
        if self.history and isinstance(self.history[0].event, Opened):
            return self.history[0]
        return None

    @property
    def status(self) -> Status:
        """Return the status, derived and never stored (semantics §2)."""
        return self.standing.status

    @property
    def triage(self) -> SeverityAssigned | None:
        """Return the severity in force with what backs it, or None before triage."""
        return self.standing.triage


NOT_OPENED = Ticket()


class Decided(NamedTuple):
    """An event to append, with the words that go beside it.

    `occurred_at` is an instant in microseconds, or None for what happens when it is recorded:
    only the log knows that instant, because it stamps it under its lock (semantics §5).
    """

    event: Event
    occurred_at: int | None
    words: Words

    def happened_at(self, recorded_at: int) -> int:
        """Return when the event happened, given when it is recorded, and never after that."""
        return recorded_at if self.occurred_at is None else min(self.occurred_at, recorded_at)


def fold(events: Iterable[RecordedEvent]) -> Ticket:
    """Return the ticket that events make, in whatever order they are given."""
    history = tuple(sorted(events, key=story_order))
    standing = BEGINNING
    for recorded in history:
        standing = standing.after(recorded.event, recorded.words)
    return Ticket(history, standing)


def evolve(ticket: Ticket, recorded: RecordedEvent) -> Ticket:
    """Return the ticket with one more fact, which is never refused.

    An event that arrives out of the one order (occurred_at, version) makes the ticket be folded
    again from its history (semantics §2).
    """
    if ticket.history and story_order(recorded) < story_order(ticket.history[-1]):
        return fold((*ticket.history, recorded))
    return Ticket(
        (*ticket.history, recorded), ticket.standing.after(recorded.event, recorded.words)
    )


def decide(ticket: Ticket, command: Command, *, now: int, policy: Policy) -> tuple[Decided, ...]:
    """Decide what comes of a command: the events to append, none where it says nothing new.

    `now` is an instant in microseconds, `policy` the version in force then. Raises a Refusal
    named after the rule that the command breaks (semantics §2).
    """
    match command:
        case Open():
            return _open(ticket, command, now, policy)
        case _ if ticket.opened is None:
            raise TicketUnknown(command.ticket)
        case Triage():
            return _triage(ticket, command, policy)
        case Reply():
            return _reply(ticket, command, now, policy)
        case Respond():
            return _respond(ticket, command, now, policy)
        case OfferWorkaround():
            return _offer_workaround(ticket, command, now, policy)
        case Resolve():
            return _resolve(ticket, command, now, policy)
        case Verify():
            return _verify(ticket, command)
        case _:
            assert_never(command)


def _open(ticket: Ticket, command: Open, now: int, policy: Policy) -> tuple[Decided, ...]:
    if ticket.opened is not None:
        raise TicketExists(command.ticket)
    check_identifier("ticket", command.ticket)
    check_identifier("customer_id", command.customer_id)
    if command.follows is not None:
        check_identifier("follows", command.follows)
        if command.follows == command.ticket:
            raise FollowsItself(command.ticket)
    check_plan(command.plan, policy)
    check_channel(command.channel)
    _check_environment(command.environment)
    words = said(
        subject=command.subject,
        body=command.body,
        recent_changes=command.recent_changes,
        workarounds_tried=command.workarounds_tried,
        steps_taken=command.steps_taken,
    )
    event = Opened(
        command.customer_id, command.plan, command.channel, command.environment, command.follows
    )
    return (Decided(event, _moment(ticket, command, now, policy), words),)


def _triage(ticket: Ticket, command: Triage, policy: Policy) -> tuple[Decided, ...]:
    check_severity(command.severity, policy)
    check_impact(command.impact, policy)
    severity = policy.severities[command.severity]
    if command.impact not in severity.impacts:
        raise SeverityNotBacked(command.severity, command.impact, severity.impacts)
    check_topic(command.topic, policy)
    topic = policy.topics[command.topic]
    words = said(rationale=command.rationale)
    supported = topic.supported if command.supported is None else command.supported
    event = SeverityAssigned(command.severity, command.impact, command.topic, supported)
    if ticket.triage == event and ticket.standing.refusal(event) is None:
        return ()
    if supported != topic.supported and not words:
        raise RationaleMissing(command.topic, topic.supported)
    return _judged(ticket, command, Decided(event, None, words))


def _reply(ticket: Ticket, command: Reply, now: int, policy: Policy) -> tuple[Decided, ...]:
    words = said(message=command.message)
    occurred_at = _moment(ticket, command, now, policy)
    return _judged(ticket, command, Decided(CustomerReplied(), occurred_at, words))


def _respond(ticket: Ticket, command: Respond, now: int, policy: Policy) -> tuple[Decided, ...]:
    check_awaiting(command.awaiting)
    words = said(message=command.message)
    occurred_at = _moment(ticket, command, now, policy)
    return _judged(ticket, command, Decided(AgentResponded(command.awaiting), occurred_at, words))


def _offer_workaround(
    ticket: Ticket, command: OfferWorkaround, now: int, policy: Policy
) -> tuple[Decided, ...]:
    check_awaiting(command.awaiting)
    words = said(description=command.description)
    occurred_at = _moment(ticket, command, now, policy)
    return _judged(ticket, command, Decided(WorkaroundFound(command.awaiting), occurred_at, words))


def _resolve(ticket: Ticket, command: Resolve, now: int, policy: Policy) -> tuple[Decided, ...]:
    if command.root_cause is not None:
        check_root_cause(command.root_cause, policy)
    words = said(resolution=command.resolution)
    occurred_at = _moment(ticket, command, now, policy)
    event = Resolved(command.root_cause)
    standing, _ = _place(ticket, occurred_at)
    if standing.repeats(event, words):
        return ()
    return _judged(ticket, command, Decided(event, occurred_at, words))


def _verify(ticket: Ticket, command: Verify) -> tuple[Decided, ...]:
    check_method(command.method)
    words = said(evidence=command.evidence)
    event = Verified(command.method)
    if ticket.standing.repeats(event, words):
        return ()
    return _judged(ticket, command, Decided(event, None, words))


def _moment(ticket: Ticket, command: Observation, now: int, policy: Policy) -> int | None:
    named = command.occurred_at
    if named is None:
        return None
    if named > now:
        if named > now + AHEAD_TAKEN_AS_NOW:
            raise OccurredAhead(named, now)
        return None
    if named < now - policy.max_backdate:
        raise OccurredTooFarBack(named, now - policy.max_backdate)
    if ticket.opened is not None and named < ticket.opened.occurred_at:
        raise OccurredBeforeOpened(named, ticket.opened.occurred_at)
    return named


def _place(ticket: Ticket, occurred_at: int | None) -> tuple[Standing, tuple[RecordedEvent, ...]]:
    """Return where the ticket stood at an instant, and the events that came later."""
    if occurred_at is None:
        return ticket.standing, ()
    # The newest version of all comes after every event of the same instant.
    index = bisect_right(ticket.history, occurred_at, key=lambda recorded: recorded.occurred_at)
    return fold(ticket.history[:index]).standing, ticket.history[index:]


def _judged(ticket: Ticket, command: Command, decided: Decided) -> tuple[Decided, ...]:
    """Return the decided event if the history with it in its place is legal at every step.

    A later event that was illegal without it, as imported ones may be, is not held against it.
    """
    without, later = _place(ticket, decided.occurred_at)
    refusal = without.refusal(decided.event)
    if refusal is not None:
        raise refusal(command.ticket)
    within = without.after(decided.event, decided.words)
    for recorded in later:
        broken = within.refusal(recorded.event)
        if broken is not None and without.refusal(recorded.event) is None:
            raise OutOfPlace(type(recorded.event).__name__, recorded.occurred_at, broken)
        without = without.after(recorded.event, recorded.words)
        within = within.after(recorded.event, recorded.words)
    return (decided,)


def _check_environment(environment: Environment) -> None:
    for part in ("browser", "android", "other"):
        text = getattr(environment, part)
        if text is not None:
            check_text(f"environment.{part}", text, LINE_LIMIT)
