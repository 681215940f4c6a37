"""The past of a made-up desk: three weeks that end now, brought into its log in one piece."""

from domain.event import RecordedEvent
from domain.instant import DAY
from domain.policy import Policy
from infra.doors.living.scene import AIMS, aimed
from infra.doors.simulate import simulate
from infra.store.failure import StoreError
from infra.store.log import Clock, EventLog, Place, named

SOURCE = "/made-up-desk"
"""The `source` of a log whose people are made up; it tells the log from a real one for ever."""

LENGTH = 21 * DAY
TICKETS = 1_200


class RealDesk(StoreError):
    """Nobody made up works on a log that was not made for it."""

    says = (
        "{place} is not the log of a made-up desk (its source is {detail}); "
        "run it with `lhuta run`, or name another folder with --data"
    )


def create(place: Place, policy: bytes, clock: Clock, partitions: int = 1) -> None:
    """Create the log of a made-up desk, still without tickets.

    Raises StoreError, and PolicyInvalid.
    """
    now = clock()
    EventLog.create(
        place,
        policy_bytes=policy,
        source=SOURCE,
        partitions=partitions,
        live_from=now,
        now=now,
        clock=clock,
    ).close()


def check(place: Place, log: EventLog) -> None:
    """Raise RealDesk unless the log was made for made-up people."""
    if log.source != SOURCE:
        raise RealDesk(named(place), log.source)


def is_missing(log: EventLog) -> bool:
    """Tell whether a log has no tickets yet."""
    return not log.read(0, 1)


def furnish(log: EventLog, clock: Clock, *, seed: str, tickets: int = TICKETS) -> None:
    """Give a log three weeks of tickets.

    All of it in one transaction: whoever is killed meanwhile begins anew. Nobody is told what was
    due before (semantics §6, `live_from`). Raises StoreError, and OutsideCalendar.
    """
    now = max(clock(), log.head().recorded_at)
    stories: dict[str, list[RecordedEvent]] = {}
    for recorded in simulate(tickets, seed, now - LENGTH, now, log.policies()):
        stories.setdefault(recorded.ticket, []).append(recorded)
    log.set_live_from(told_from(log.policies().in_force(now), now))
    log.import_(list(stories.values()))


def told_from(policy: Policy, now: int) -> int:
    """Return from when deadlines are announced: now, or before it where nothing can be due now.

    Then it is the last instant at which something could, so that the first scenes are told.
    """
    found = (aimed(policy, scene, now) for scene in AIMS)
    return min([now, *(aim.deadline for aims in found for aim in aims)])
