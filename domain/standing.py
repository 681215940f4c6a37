"""Where a ticket stands: its status, and what may happen to it next (semantics §2, the table)."""

from collections.abc import Mapping
from functools import partial
from typing import Literal, NamedTuple, assert_never

from domain.event import (
    NO_WORDS,
    AgentResponded,
    Awaiting,
    CustomerReplied,
    Event,
    Opened,
    Resolved,
    SeverityAssigned,
    Verified,
    Words,
    WorkaroundFound,
)
from domain.refusal import (
    AlreadyResolved,
    AlreadyVerified,
    LifecycleRefusal,
    NotResolved,
    SeverityMissing,
    TicketVerified,
)

Stage = Literal["untriaged", "triaged", "resolved", "verified"]
Status = Literal["new", "open", "pending", "resolved", "verified"]

# The refused cells of the table in semantics §2; every other event is legal.
_REFUSED: Mapping[Stage, Mapping[type[Event], type[LifecycleRefusal]]] = {
    "untriaged": {Resolved: SeverityMissing, Verified: NotResolved},
    "triaged": {Verified: NotResolved},
    "resolved": {Resolved: AlreadyResolved},
    "verified": {
        SeverityAssigned: TicketVerified,
        CustomerReplied: TicketVerified,
        Resolved: TicketVerified,
        Verified: AlreadyVerified,
    },
}


class Standing(NamedTuple):
    """Where an opened ticket stands after some of its events.

    `closing` is the last resolution or verification that no reply came after, with its words.
    """

    triage: SeverityAssigned | None = None
    awaiting: Awaiting = "support"
    closing: Resolved | Verified | None = None
    closing_words: Words = NO_WORDS

    @property
    def stage(self) -> Stage:
        """Return the row of the table in semantics §2."""
        match self.closing:
            case Verified():
                return "verified"
            case Resolved():
                return "resolved"
            case None:
                return "untriaged" if self.triage is None else "triaged"
            case _:
                assert_never(self.closing)

    @property
    def status(self) -> Status:
        """Return the first status that holds (semantics §2)."""
        match self.stage:
            case ("verified" | "resolved") as closed:
                return closed
            case "untriaged" | "triaged" if self.awaiting == "customer":
                return "pending"
            case "untriaged":
                return "new"
            case "triaged":
                return "open"
            case _ as unknown:
                assert_never(unknown)

    def after(self, event: Event, words: Words) -> "Standing":
        """Return where the ticket stands after one more event, legal or not."""
        match event:
            case Opened():
                return self
            case SeverityAssigned():
                return self.triaged(event)
            case CustomerReplied():
                return self.replied()
            case AgentResponded() | WorkaroundFound():
                return self.answered(event.awaiting)
            case Resolved() | Verified():
                return self.closed(event, words)
            case _:
                assert_never(event)

    def triaged(self, triage: SeverityAssigned) -> "Standing":
        """Return where the ticket stands after a severity was assigned."""
        return _standing((triage, self.awaiting, self.closing, self.closing_words))

    def replied(self) -> "Standing":
        """Return where the ticket stands after the customer wrote."""
        if self.awaiting == "support" and self.closing is None:
            return self
        return _standing((self.triage, "support", None, NO_WORDS))

    def answered(self, awaiting: Awaiting) -> "Standing":
        """Return where the ticket stands after an answer, and who owes the next step."""
        if awaiting == self.awaiting:
            return self
        return _standing((self.triage, awaiting, self.closing, self.closing_words))

    def closed(self, closing: Resolved | Verified, words: Words) -> "Standing":
        """Return where the ticket stands after it was resolved or verified."""
        return _standing((self.triage, self.awaiting, closing, words))

    def refusal(self, event: Event) -> type[LifecycleRefusal] | None:
        """Return the rule that an event would break here, or None where it is legal."""
        return _REFUSED[self.stage].get(type(event))

    def repeats(self, event: Resolved | Verified, words: Words) -> bool:
        """Tell whether the ticket was closed with just this; erased words are not compared."""
        return self.closing == event and (not self.closing_words or self.closing_words == words)


_standing = partial(tuple.__new__, Standing)

BEGINNING = Standing()
