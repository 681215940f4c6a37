"""What a caller sees of a story: whose ticket it is, what was written, and who of the staff acted.

Everything that is told of a ticket is made of the story that comes from here, so that nothing has
to be taken out of an answer afterwards.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from domain.event import NO_WORDS, Opened, RecordedEvent, Resolved, Words
from infra.doors.web.access import Caller
from infra.doors.web.problem import unknown_ticket

STAFF = "agent:support"
"""Whom a customer sees in place of everybody else than customers."""

INTERNAL_WORDS = frozenset({"rationale"})

_REMEMBERED = 100_000


class Log(Protocol):
    """What is needed of the event log."""

    def ticket(self, ticket: str, *, words: bool = False) -> list[RecordedEvent]:
        """Return the events of a ticket in the order of their versions; none if it is unknown."""

    def tickets(
        self, tickets: Sequence[str], *, words: bool = False
    ) -> dict[str, list[RecordedEvent]]:
        """Return the events of tickets; those that are unknown are left out."""


class Owners:
    """Whose tickets are whose: asked of the log once, because it never changes."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: OrderedDict[str, str] = OrderedDict()
        self._using = Lock()

    def remembered(self, ticket: str) -> str | None:
        """Return the customer of a ticket that was asked for before."""
        return self._known.get(ticket)

    def of(self, ticket: str) -> str | None:
        """Return the customer of a ticket, None where there is no such ticket."""
        known = self._known.get(ticket)
        if known is None:
            story = self._log.ticket(ticket)
            if not story:
                return None
            known = owner(story)
            with self._using:
                self._known[ticket] = known
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known


def owner(story: Sequence[RecordedEvent]) -> str:
    """Return the customer who opened a ticket."""
    opened = story[0].event
    assert isinstance(opened, Opened)
    return opened.customer_id


def story(log: Log, caller: Caller, ticket: str, *, words: bool) -> list[RecordedEvent]:
    """Return the events of a ticket as the caller may see them.

    With `words`, what people wrote is joined where the caller may read it. Raises Problem where the
    ticket is not there, or is another customer's: who asks cannot tell the two apart.
    """
    told = log.ticket(ticket, words=words and caller.reach("read_words") is not None)
    if not told or caller.customer not in (None, owner(told)):
        raise unknown_ticket(ticket)
    return [seen(one, caller) for one in told]


def stories(
    log: Log, caller: Caller, tickets: Sequence[str], *, words: bool
) -> dict[str, list[RecordedEvent]]:
    """Return the events of tickets as `story` does, without those that the caller may not see."""
    told = log.tickets(tickets, words=words and caller.reach("read_words") is not None)
    return {
        ticket: [seen(one, caller) for one in events]
        for ticket, events in told.items()
        if caller.customer in (None, owner(events))
    }


def seen(recorded: RecordedEvent, caller: Caller) -> RecordedEvent:
    """Return an event as the caller may see it."""
    if caller.reach("see_staff") is not None:
        return recorded
    event = recorded.event
    return recorded._replace(
        actor=recorded.actor if recorded.actor.startswith("customer:") else STAFF,
        event=Resolved() if isinstance(event, Resolved) else event,
        words=_public(recorded.words),
        text=None,
        command_id=None,
        correlation_id=None,
        causation_id=None,
    )


def _public(words: Words) -> Words:
    if not words:
        return NO_WORDS
    return {name: text for name, text in words.items() if name not in INTERNAL_WORDS}
