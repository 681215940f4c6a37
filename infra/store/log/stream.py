"""The streams of the log: one a ticket, under its id, and those of the log itself.

A stream of the log itself has a colon in its name, as no ticket id has. It belongs to no partition,
and readers of tickets pass over it.
"""

SEPARATOR = ":"

ERASURES = f"erasure{SEPARATOR}"
"""What the name of a ticket's stream of erasures begins with; the ticket's id follows."""

LIVE_FROM = f"log{SEPARATOR}live-from"
"""The stream of every move of `live_from`."""


def of_policy(name: str) -> str:
    """Return the stream of the versions of a policy."""
    return f"policy{SEPARATOR}{name}"


def of_erasures(ticket: str) -> str:
    """Return the stream of what was erased of a ticket."""
    return ERASURES + ticket


def is_ticket(stream: str) -> bool:
    """Tell whether a stream is that of a ticket."""
    return SEPARATOR not in stream
