"""A ticket in the desk's hands: what the log knows of it, and what only the desk knows."""

from dataclasses import dataclass
from typing import Literal

from domain.event import Awaiting
from domain.ticket import NOT_OPENED, Ticket
from infra.doors.simulate.people import Customer
from infra.doors.simulate.texts import About

Step = Literal["acknowledge", "ask", "update", "workaround", "resolve", "give-up"]
Place = Literal["idle", "queued", "taken"]


@dataclass(slots=True, eq=False)
class Case:
    """One ticket on its way.

    `severity` and `topic` say what is really wrong, whatever the triage says; `lifted` that it is
    supported although its topic is not. `steps` are still to be done, the next one last.
    `owed_since` is when the clock started that runs as far as the desk knows, None while support
    owes nothing; `silent` tells that the customer left a question without an answer. Every change
    of `place` raises `turn`, so that what was planned for an earlier turn is known to be out of
    date.
    """

    id: str
    customer: Customer
    team: int
    about: About
    topic: str
    severity: int
    lifted: bool
    steps: list[Step]
    owed_since: int | None
    correlation_id: str | None
    last_event_id: str | None
    commands: int = 0
    answered: bool = False
    silent: bool = False
    place: Place = "idle"
    turn: int = 0
    ticket: Ticket = NOT_OPENED

    def move(self, place: Place) -> int:
        """Put the case into another place and return the number of that turn."""
        self.place = place
        self.turn += 1
        return self.turn

    def answer(self, at: int, awaiting: Awaiting | None) -> None:
        """Note an answer: it ends the running clock, and a promise to come back starts the next."""
        self.answered = True
        self.owed_since = at if awaiting == "support" else None

    @property
    def closed(self) -> bool:
        """Tell whether the ticket is resolved or verified."""
        return self.ticket.standing.closing is not None
