"""How many people a desk needs for what will come."""

from collections.abc import Sequence

from domain.instant import HOUR, MINUTE
from infra.doors.simulate.arrivals import Slot
from infra.doors.simulate.office import Office
from infra.doors.simulate.team import HANDS, Team

WORK_PER_TICKET = 55 * MINUTE
UTILISATION = 0.8
UTILISATION_ON_CALL = 0.3


def hire(tickets: int, cut: Sequence[Slot], office: Office) -> list[Team]:
    """Return teams with hands enough for so many tickets, but not for every rush."""
    open_time = sum(slot.end - slot.start for slot in cut if slot.staffed)
    closed_time = sum(slot.end - slot.start for slot in cut if not slot.staffed)
    by_day = at_night = 0.0
    for slot in cut:
        for weight in slot.weights:
            if slot.staffed:
                by_day += weight
            else:
                at_night += weight
    # Truncated, not rounded: small desks are a little short of hands, and large ones do not care.
    work = tickets * WORK_PER_TICKET / (by_day + at_night)
    hands = max(2, int(work * by_day / (max(open_time, HOUR) * UTILISATION)))
    on_call = int(work * at_night / (max(closed_time, HOUR) * UTILISATION_ON_CALL))
    count = max(1, (hands + HANDS // 2) // HANDS)
    return [
        Team(number, -(-hands // count), max(1, -(-on_call // count)), office.shifts_a_day)
        for number in range(count)
    ]
