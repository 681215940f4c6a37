"""Why a command is refused: one named type for every rule, nothing appended (semantics §2).

The docstring of a refusal is its rule; its message says the cause and the cure.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from domain import instant

INSTANTS = frozenset({"occurred_at", "opened_at", "later_at", "earliest", "now"})
"""What is told under these names is an instant in microseconds."""


class Refusal(Exception):
    """A command broke a rule, and no event was appended.

    `says` is the message with places for what is `told`, so that it can be said in other words.
    """

    says: ClassVar[str]

    def __init__(self, **told: object) -> None:
        super().__init__(self.says.format(**{name: _told(name, told[name]) for name in told}))
        self.told: Mapping[str, object] = told

    @property
    def name(self) -> str:
        """Return the name by which programs know the rule, such as `SeverityMissing`."""
        return type(self).__name__


class LifecycleRefusal(Refusal):
    """The ticket has come to a stage that does not allow the command (semantics §2, table)."""

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket=_shown(ticket))


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

    says = (
        "the event would come before {later} of {later_at} and make it illegal ({broken}); "
        "name the time when it really happened, or no time if it happens now"
    )

    def __init__(self, later: str, later_at: int, broken: type[Refusal]) -> None:
        super().__init__(later=later, later_at=later_at, broken=broken.__name__)


class OccurredAhead(Refusal):
    """What has not happened yet cannot be told; 60 seconds are left to clocks that disagree."""

    says = (
        "{occurred_at} is still to come, it is {now}; "
        "correct the time or the clock that gave it, or name no time"
    )

    def __init__(self, occurred_at: int, now: int) -> None:
        super().__init__(occurred_at=occurred_at, now=now)


class OccurredTooFarBack(Refusal):
    """Backdating is bounded by the policy's max_backdate."""

    says = (
        "{occurred_at} is too long ago; the policy accepts what happened since {earliest} "
        "(max_backdate); name a later time, or none, and tell the true one in the words"
    )

    def __init__(self, occurred_at: int, earliest: int) -> None:
        super().__init__(occurred_at=occurred_at, earliest=earliest)


class OccurredBeforeOpened(Refusal):
    """Nothing happens to a ticket before it was opened."""

    says = (
        "{occurred_at} is before the ticket was opened at {opened_at}; "
        "name a time since then, or none"
    )

    def __init__(self, occurred_at: int, opened_at: int) -> None:
        super().__init__(occurred_at=occurred_at, opened_at=opened_at)


class UnknownValue(Refusal):
    """A command uses the words that the policy or the contract defines."""

    def __init__(self, value: object, known: Iterable[object]) -> None:
        super().__init__(value=_shown(value), choices=tuple(known))


class UnknownToPolicy(UnknownValue):
    """A command uses the words that the policy in force defines."""

    def __init__(self, value: object, known: Iterable[object], policy: str) -> None:
        Refusal.__init__(self, value=_shown(value), choices=tuple(known), policy=policy)


class PlanUnknown(UnknownToPolicy):
    """The policy in force defines the plans."""

    says = "'{value}' is not a plan of the policy {policy}; choose one of: {choices}"


class ChannelUnknown(UnknownValue):
    """A ticket comes by one of the channels of the contract."""

    says = "'{value}' is not a channel; choose one of: {choices}"


class SeverityUnknown(UnknownToPolicy):
    """The policy in force defines the severities."""

    says = "'{value}' is not a severity of the policy {policy}; choose one of: {choices}"


class ImpactUnknown(UnknownToPolicy):
    """The policy in force defines the impacts."""

    says = "'{value}' is not a kind of impact of the policy {policy}; choose one of: {choices}"


class TopicUnknown(UnknownToPolicy):
    """The policy in force defines the topics."""

    says = "'{value}' is not a topic of the policy {policy}; choose one of: {choices}"


class RootCauseUnknown(UnknownToPolicy):
    """The policy in force defines the root causes."""

    says = "'{value}' is not a root cause of the policy {policy}; choose one of: {choices}"


class MethodUnknown(UnknownValue):
    """A resolution is verified by one of the methods of the contract."""

    says = "'{value}' is not a method of verification; choose one of: {choices}"


class AwaitingUnknown(UnknownValue):
    """After an answer either support or the customer owes the next step."""

    says = "'{value}' is not a side that can owe the next step; choose one of: {choices}"


class SeverityNotBacked(Refusal):
    """A severity must be backed by an impact that justifies it."""

    says = (
        "impact '{impact}' does not back severity {severity}; "
        "choose another severity, or one of: {backing}"
    )

    def __init__(self, severity: int, impact: str, backing: Iterable[str]) -> None:
        super().__init__(severity=severity, impact=impact, backing=tuple(backing))


class RationaleMissing(Refusal):
    """The topic proposes whether a request is supported; who says otherwise says why."""

    says = (
        "topic '{topic}' is {proposed} by the policy; "
        "take that over, or give the rationale for deciding otherwise"
    )

    def __init__(self, topic: str, proposed: bool) -> None:
        super().__init__(topic=topic, proposed="supported" if proposed else "not supported")


class IdentifierMalformed(Refusal):
    """An identifier is 1 to 64 letters, digits, dots, underscores or hyphens, never an address."""

    says = "{field} '{value}' is not an identifier; use 1 to 64 of the characters A-Z a-z 0-9 . _ -"

    def __init__(self, field: str, value: str) -> None:
        super().__init__(field=field, value=_shown(value))


class FollowsItself(Refusal):
    """A follow-up is a ticket of its own."""

    says = "ticket {ticket} cannot follow itself; name the earlier ticket, or none"

    def __init__(self, ticket: str) -> None:
        super().__init__(ticket=ticket)


class FollowedUnknown(Refusal):
    """A follow-up follows a ticket that was opened."""

    says = (
        "there is no ticket {follows} to follow up; "
        "correct the id that follows names, or leave it out"
    )

    def __init__(self, follows: str) -> None:
        super().__init__(follows=_shown(follows))


class WordsMissing(Refusal):
    """What a command has to say is not left blank."""

    says = "{field} is blank; write at least one word"

    def __init__(self, field: str) -> None:
        super().__init__(field=field)


class WordsTooLong(Refusal):
    """Words have a greatest length, counted in characters."""

    says = (
        "{field} has {length} characters, at most {limit} are kept; "
        "shorten it, or attach the rest where the ticket can point to it"
    )

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(field=field, length=length, limit=limit)


class WordsUnreadable(Refusal):
    """Words are text: without NUL characters and without halves of surrogate pairs."""

    says = (
        "{field} has no readable character at position {position}; "
        "remove it, or send the text as UTF-8"
    )

    def __init__(self, field: str, position: int) -> None:
        super().__init__(field=field, position=position)


class WordsNotOneLine(Refusal):
    """A subject stands in lists, so it is one line."""

    says = (
        "{field} has a line break at position {position}; "
        "write it on one line, and the rest in the body"
    )

    def __init__(self, field: str, position: int) -> None:
        super().__init__(field=field, position=position)


class CommandReused(Refusal):
    """A command id names one command for ever; the same one again gets the first outcome."""

    says = (
        "the command id {command_id} was used for another command; give this one an id of its own"
    )

    def __init__(self, command_id: str) -> None:
        super().__init__(command_id=_shown(command_id))
        self.command_id = command_id


def _shown(value: object) -> str:
    written = str(value)
    return written if len(written) <= 64 else written[:64] + "..."


def _told(name: str, value: object) -> str:
    if name in INSTANTS and isinstance(value, int):
        return instant.text(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
