"""What came due in a log and was told nobody yet: an import would silence it for ever."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from domain.event import RecordedEvent
from domain.hours import OutsideCalendar
from domain.policy import Policies
from infra.counted import counted
from infra.doors.cli.data_folder import StoreUnusable
from infra.doors.source import logged
from infra.outlets.deliveries import NOTHING_TAKEN, Taken
from infra.settings import Settings
from infra.store.deliveries import opened as opened_deliveries
from infra.store.failure import Missing
from infra.store.log import EventLog
from infra.store.models import ReadModels
from infra.store.models import opened as opened_models
from projections.models import Place
from projections.projector import FOLD_FAULTS
from projections.rows import rows


def check_told(log: EventLog, data: Path, until: int) -> None:
    """Let nothing come due before `until` that is still to be told (semantics §6, `live_from`).

    Raises StoreUnusable, with the cure. A log without tickets, and one of which everything up to
    then is decided and taken for delivery, pass at once; else the tickets are folded to see what
    came due. Parked tickets are folded in any case.
    """
    told = _told(log, data, until)
    terms = _Terms(log.policies(), log.live_from, until)
    parked = [
        ticket
        for ticket, told_to in told.parked.items()
        if _owes(log.ticket(ticket), told_to, terms)
    ]
    if parked:
        raise StoreUnusable(
            f"{_tickets(parked, 'parked ')} may have left alerts untold, and an import would "
            "silence them: mend what `lhuta parked` names, tell them with "
            f"`lhuta retry {parked[0]}`, then import again"
        )
    if min(told.up_to) >= until:
        return
    untold = [
        ticket
        for ticket, story in logged(log).items()
        if ticket not in told.parked and _owes(story, told.up_to[log.partition_of(ticket)], terms)
    ]
    if untold:
        raise StoreUnusable(
            f"alerts of {_tickets(untold)} came due that nobody was told of yet, "
            "and an import would silence them: run `lhuta run --once` first, so that what came due "
            "by now is told; then import again. An engine that runs tells them by itself, a "
            "distributed one by `lhuta worker` and `lhuta notify`"
        )


class _Told(NamedTuple):
    """Up to when all is told of each partition, `until` where nothing is left, and of parked ones.

    Told is what the deliveries have taken: what only the read models announced would be lost with
    them, because they announce nothing anew of what was due before `live_from`.
    """

    up_to: Sequence[int]
    parked: Mapping[str, int]


class _Terms(NamedTuple):
    policies: Policies
    live_from: int
    until: int


def _told(log: EventLog, data: Path, until: int) -> _Told:
    settings = Settings(data)
    partitions = range(log.partitions)
    try:
        with opened_models(settings.models, read_only=True) as models, models.reading():
            standing = [_standing(models, partition) for partition in partitions]
            parked = {row.ticket: row.announced_to for row in models.parked()}
    except Missing:
        return _Told([0 for _ in partitions], {})
    taken = [NOTHING_TAKEN for _ in partitions]
    # Asked after the models, as the log is below: what these had, the others had before or soon.
    with suppress(Missing), opened_deliveries(settings.deliveries, read_only=True) as found:
        taken = [found.taken(partition) or NOTHING_TAKEN for partition in partitions]
    lasts = log.lasts()
    return _Told(
        [
            _told_to(standing[partition], taken[partition], lasts.get(partition, 0), until)
            for partition in partitions
        ],
        parked,
    )


class _Standing(NamedTuple):
    """How a partition stands in the read models."""

    place: Place
    turn: int | None
    announced: int


def _standing(models: ReadModels, partition: int) -> _Standing | None:
    place = models.place(partition)
    if place is None:
        return None
    return _Standing(place, models.next_turn(partition), models.outbox_end(partition))


def _told_to(standing: _Standing | None, taken: Taken, last: int, until: int) -> int:
    if standing is None:
        return 0
    place, turn, announced = standing
    if taken.sequence < announced:
        return taken.settled_to
    if place.position >= last and (turn is None or turn >= until):
        return until
    return max(place.decided_to, place.announced_to)


def _owes(story: Sequence[RecordedEvent], told_to: int, terms: _Terms) -> bool:
    """Tell whether a ticket has something to tell that came due, as far as it can be folded."""
    try:
        alerts = rows(story, terms.policies, terms.until).alerts
    except OutsideCalendar:
        # Its policy has no hours for it, so it never tells anything.
        return False
    except FOLD_FAULTS:
        return True
    return any(
        alert.decided_at > told_to and terms.live_from <= alert.turn < terms.until
        for alert in alerts
    )


def _tickets(found: Sequence[str], kind: str = "") -> str:
    first = "" if len(found) == 1 else "the first is "
    return f"{counted(len(found), f'{kind}ticket')} ({first}{found[0]})"
