"""What it takes to judge a ticket at all."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.hours import OutsideCalendar


class CannotJudge(ValueError):
    """A ticket whose computed instants leave the policy's calendar; the message says which year."""

    def __init__(self, ticket: str, reason: str) -> None:
        super().__init__(f"ticket {ticket} cannot be judged: {reason}")
        self.ticket = ticket


@contextmanager
def judging(ticket: str) -> Iterator[None]:
    """Name the ticket in what goes wrong while it is judged; raises CannotJudge."""
    try:
        yield
    except OutsideCalendar as error:
        raise CannotJudge(ticket, str(error)) from error
