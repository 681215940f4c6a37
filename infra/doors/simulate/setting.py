"""What everybody at the desk shares: the policy, the office, the agenda, the log, and chance."""

from typing import NamedTuple

from domain.policy import Policies
from infra.doors.simulate.agenda import Agenda
from infra.doors.simulate.chance import Chance
from infra.doors.simulate.journal import Journal
from infra.doors.simulate.office import Office


class Setting(NamedTuple):
    """The world that a desk works in; nothing in it decides anything by itself."""

    policies: Policies
    office: Office
    chance: Chance
    agenda: Agenda
    journal: Journal
    end: int
