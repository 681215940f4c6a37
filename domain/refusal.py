"""Why a command is refused: one named type for every rule, nothing appended (semantics §2).

The docstring of a refusal is its rule; its message says the cause and the cure.
"""

from collections.abc import Iterable
from typing import ClassVar

from domain import instant


class Refusal(Exception):
    """A command broke a rule, and no event was appended."""

    @property
    def name(self) -> str:
        """Return the name by which programs know the rule, such as `SeverityMissing`."""
        return type(self).__name__


class LifecycleRefusal(Refusal):
    """The ticket has come to a stage that does not allow the command (semantics §2, table)."""

    says: ClassVar[str]

    def __init__(self, ticket: str) -> None:
        super().__init__(self.says.format(ticket=_shown(ticket)))


class TicketUnknown(LifecycleRefusal):
    """Only a ticket that was opened can go on."""

    says = "there is no ticket {ticket}; open it first, or correct the ticket id"


class TicketExists(LifecycleRefusal):
    """A ticket is opened once."""

    says = "ticket {ticket} exists already; reply to it, or open a ticket with another id"


class SeverityMissing(LifecycleRefusal):
    """A ticket is triaged before it is resolved."""

    says = (
        "ticket {ticket} has no severity at that time; triage it first "
        "(a triage cannot be backdated, so resolve at a time after it)"
    )


class NotResolved(LifecycleRefusal):
    """Only a resolved ticket can be verified."""

    says = "ticket {ticket} is not resolved; resolve it first, then verify"


class AlreadyResolved(LifecycleRefusal):
    """A resolution stands until the customer replies."""

    says = (
        "ticket {ticket} is already resolved, with another root cause or resolution; "
        "it can be resolved anew after the customer replied and so reopened it"
    )


class TicketVerified(LifecycleRefusal):
    """A verified ticket stays closed; what comes after it is a linked follow-up."""

    says = (
        "ticket {ticket} is verified and stays closed; "
        "open a new ticket with follows = {ticket}, so that the two are linked"
    )


class AlreadyVerified(LifecycleRefusal):
    """A verification stands."""

    says = (
        "ticket {ticket} is already verified, with another method or evidence; "
        "for a new finding open a ticket with follows = {ticket}"
    )


class OutOfPlace(Refusal):
    """The history with a backdated event in its place must be legal at every step."""

    def __init__(self, later: str, later_at: int, broken: type[Refusal]) -> None:
        super().__init__(
            f"the event would come before {later} of {instant.text(later_at)} "
            f"and make it illegal ({broken.__name__}); "
            "name the time when it really happened, or no time if it happens now"
        )


class OccurredAhead(Refusal):
    """What has not happened yet cannot be told; 60 seconds are left to clocks that disagree."""

    def __init__(self, occurred_at: int, now: int) -> None:
        super().__init__(
            f"{instant.text(occurred_at)} is still to come, it is {instant.text(now)}; "
            "correct the time or the clock that gave it, or name no time"
        )


class OccurredTooFarBack(Refusal):
    """Backdating is bounded by the policy's max_backdate."""

    def __init__(self, occurred_at: int, earliest: int) -> None:
        super().__init__(
            f"{instant.text(occurred_at)} is too long ago; the policy accepts what happened "
            f"since {instant.text(earliest)} (max_backdate); name a later time, or none, "
            "and tell the true one in the words"
        )


class OccurredBeforeOpened(Refusal):
    """Nothing happens to a ticket before it was opened."""

    def __init__(self, occurred_at: int, opened_at: int) -> None:
        super().__init__(
            f"{instant.text(occurred_at)} is before the ticket was opened at "
            f"{instant.text(opened_at)}; name a time since then, or none"
        )


class UnknownValue(Refusal):
    """A command uses the words that the policy or the contract defines."""

    noun: ClassVar[str]

    def __init__(self, value: object, known: Iterable[object], policy: str | None = None) -> None:
        owner = "" if policy is None else f" of the policy {policy}"
        choices = ", ".join(str(choice) for choice in known)
        super().__init__(f"'{_shown(value)}' is not a {self.noun}{owner}; choose one of: {choices}")


class PlanUnknown(UnknownValue):
    """The policy in force defines the plans."""

    noun = "plan"


class ChannelUnknown(UnknownValue):
    """A ticket comes by one of the channels of the contract."""

    noun = "channel"


class SeverityUnknown(UnknownValue):
    """The policy in force defines the severities."""

    noun = "severity"


class ImpactUnknown(UnknownValue):
    """The policy in force defines the impacts."""

    noun = "kind of impact"


class TopicUnknown(UnknownValue):
    """The policy in force defines the topics."""

    noun = "topic"


class RootCauseUnknown(UnknownValue):
    """The policy in force defines the root causes."""

    noun = "root cause"


class MethodUnknown(UnknownValue):
    """A resolution is verified by one of the methods of the contract."""

    noun = "method of verification"


class AwaitingUnknown(UnknownValue):
    """After an answer either support or the customer owes the next step."""

    noun = "side that can owe the next step"


class SeverityNotBacked(Refusal):
    """A severity must be backed by an impact that justifies it."""

    def __init__(self, severity: int, impact: str, backing: Iterable[str]) -> None:
        super().__init__(
            f"impact '{impact}' does not back severity {severity}; "
            f"choose another severity, or one of: {', '.join(backing)}"
        )


class RationaleMissing(Refusal):
    """The topic proposes whether a request is supported; who says otherwise says why."""

    def __init__(self, topic: str, proposed: bool) -> None:
        state = "supported" if proposed else "not supported"
        super().__init__(
            f"topic '{topic}' is {state} by the policy; "
            "take that over, or give the rationale for deciding otherwise"
        )


class IdentifierMalformed(Refusal):
    """An identifier is 1 to 64 letters, digits, dots, underscores or hyphens, never an address."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(
            f"{field} '{_shown(value)}' is not an identifier; "
            "use 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        )


class FollowsItself(Refusal):
    """A follow-up is a ticket of its own."""

    def __init__(self, ticket: str) -> None:
        super().__init__(f"ticket {ticket} cannot follow itself; name the earlier ticket, or none")


class FollowedUnknown(Refusal):
    """A follow-up follows a ticket that was opened."""

    def __init__(self, follows: str) -> None:
        super().__init__(
            f"there is no ticket {_shown(follows)} to follow up; "
            "correct the id that follows names, or leave it out"
        )


class WordsMissing(Refusal):
    """What a command has to say is not left blank."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is blank; write at least one word")


class WordsTooLong(Refusal):
    """Words have a greatest length, counted in characters."""

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(
            f"{field} has {length} characters, at most {limit} are kept; "
            "shorten it, or attach the rest where the ticket can point to it"
        )


class WordsUnreadable(Refusal):
    """Words are text: without NUL characters and without halves of surrogate pairs."""

    def __init__(self, field: str, position: int) -> None:
        super().__init__(
            f"{field} has no readable character at position {position}; "
            "remove it, or send the text as UTF-8"
        )


class CommandReused(Refusal):
    """A command id names one command for ever; the same one again gets the first outcome."""

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"the command id {_shown(command_id)} was used for another command; "
            "give this one an id of its own"
        )
        self.command_id = command_id


def _shown(value: object) -> str:
    written = str(value)
    return written if len(written) <= 64 else written[:64] + "..."
