"""What a change of a foreign state tells in our seven events.

Foreign desks have many states; five phases are enough to say who owes the next step. The
events follow from the phase before and the phase after.
"""

from enum import StrEnum
from typing import assert_never

from domain.event import AgentResponded, CustomerReplied, Event, Resolved, Verified


class Phase(StrEnum):
    """Who owes the next step, or how it ended."""

    QUEUED = "queued"
    WORKING = "working"
    ASKING = "asking"
    RESOLVED = "resolved"
    VERIFIED = "verified"


_AT_WORK = AgentResponded("support")
_ASKED = AgentResponded("customer")
_REPLIED = CustomerReplied()
_RESOLVED = Resolved()


def events_between(
    before: Phase, after: Phase, verified: Verified, answers: bool
) -> tuple[Event, ...]:
    """Return the events that a step from one phase to another tells, in order; often none.

    `answers` says that beginning to work is the first sign of a person that the customer gets.
    Support owes again after `ASKING` or an end only because the customer wrote: that is the
    one event of ours that reopens (semantics §2).
    """
    match after:
        case Phase.QUEUED:
            return _back(before)
        case Phase.WORKING:
            return (*_back(before), _AT_WORK) if answers else _back(before)
        case Phase.ASKING:
            if before is Phase.ASKING:
                return ()
            return (*_back(before), _ASKED)
        case Phase.RESOLVED:
            return () if before is Phase.RESOLVED else (_RESOLVED,)
        case Phase.VERIFIED:
            if before is Phase.VERIFIED:
                return ()
            # Verifying ends no clock, so an end without a solution before it is both.
            return (verified,) if before is Phase.RESOLVED else (_RESOLVED, verified)
        case _:
            assert_never(after)


def _back(before: Phase) -> tuple[Event, ...]:
    match before:
        case Phase.QUEUED | Phase.WORKING:
            return ()
        case Phase.ASKING | Phase.RESOLVED | Phase.VERIFIED:
            return (_REPLIED,)
        case _:
            assert_never(before)
