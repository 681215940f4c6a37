"""What came due in a log and was told nobody yet: an import would silence it for ever."""

from collections.abc import Iterator
from pathlib import Path

from domain.hours import OutsideCalendar
from infra.doors.cli.data_folder import StoreUnusable
from infra.doors.source import logged
from infra.settings import Settings
from infra.store.failure import Missing
from infra.store.log import EventLog
from infra.store.models import SQLiteModels
from projections.rows import rows

_PARTITION = 0


def check_told(log: EventLog, data: Path, until: int) -> None:
    """Let nothing come due before `until` that is still to be told (semantics §6, `live_from`).

    Raises StoreUnusable, with the cure. A log without tickets, and one that the engine has decided
    up to then, pass at once; else the tickets are folded to see what came due.
    """
    # The engine works on logs of one partition.
    if log.partitions != 1:
        return
    decided_to = _decided_to(log, data, until)
    if decided_to >= until:
        return
    tickets = list(dict.fromkeys(_untold(log, decided_to, until)))
    if tickets:
        one = len(tickets) == 1
        raise StoreUnusable(
            f"alerts of {len(tickets):,} {'ticket' if one else 'tickets'} "
            f"({'' if one else 'the first is '}{tickets[0]}) came due that nobody was told of yet, "
            "and an import would silence them: run `lhuta run --once` first, so that what came due "
            "by now is told; then import again. An engine that runs tells them by itself"
        )


def _decided_to(log: EventLog, data: Path, until: int) -> int:
    """Return up to when all is decided: `until` where nothing turns before it."""
    try:
        with SQLiteModels.open(Settings(data).models, read_only=True) as models, models.reading():
            place = models.place(_PARTITION)
            turn = models.next_turn(_PARTITION)
    except Missing:
        return 0
    if place is None:
        return 0
    # Asked after the models: what they had applied then, the log had before.
    applied = place.position >= log.lasts().get(_PARTITION, 0)
    decided_to = max(place.decided_to, place.announced_to)
    return until if applied and (turn is None or turn >= until) else decided_to


def _untold(log: EventLog, decided_to: int, until: int) -> Iterator[str]:
    policies, live_from = log.policies(), log.live_from
    for ticket, story in logged(log).items():
        try:
            alerts = rows(story, policies, until).alerts
        except OutsideCalendar:
            # The engine parks it, with nothing to tell.
            continue
        if any(
            alert.decided_at > decided_to and live_from <= alert.turn < until for alert in alerts
        ):
            yield ticket
