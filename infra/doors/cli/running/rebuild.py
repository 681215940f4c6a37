"""`lhuta rebuild`: the read models made anew from the log."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import click

from infra import wiring
from infra.counted import counted
from infra.doors.cli.arguments import data_option
from infra.doors.cli.data_folder import shown
from infra.doors.cli.output import json_lines
from infra.doors.cli.progress import per_second, progress
from infra.doors.cli.running.living import desk_errors, json_option
from infra.settings import Settings
from infra.store.log import wall_clock
from infra.store.models import DamagedModels

_SHOWN = 20


@click.command(
    epilog="""\b
Examples:
  lhuta rebuild
  lhuta rebuild --json
"""
)
@data_option
@json_option
def rebuild(data: Path, as_json: bool) -> None:
    """Make the read models anew from the event log.

    Nobody is told again of what was decided before; where the alerts differ from those that were
    announced, the differences are listed. The engine must not run; workers may, and help. A rebuild
    that is cut off is finished by the next lhuta run, by workers, or by another rebuild.
    """
    settings = Settings(data)
    with desk_errors():
        try:
            rebuilt, rate = _rebuilt(settings)
        except DamagedModels as error:
            aside = wiring.set_aside(settings)
            click.echo(
                f"The read models are damaged ({error.detail}); the file is now {shown(aside)}.",
                err=True,
            )
            rebuilt, rate = _rebuilt(settings)
    applied = rebuilt.applied
    if as_json:
        json_lines(
            [
                {
                    "events": applied.events,
                    "announced": len(applied.announced),
                    "parked": applied.parked,
                    "events_per_second": round(rate),
                    "differences": [change._asdict() for change in rebuilt.differences],
                }
            ]
        )
    else:
        click.echo("\n".join(_told(rebuilt, rate)))


def _rebuilt(settings: Settings) -> tuple[wiring.Rebuilt, float]:
    """Return what a rebuild did, and how many events a second, after the log was checked."""
    with progress("events") as sign:
        if wiring.partitions(settings) > 1:
            started = monotonic()
            rebuilt = wiring.rebuild_partitions(settings, wall_clock, sign)
        else:
            with wiring.held(settings, "lhuta rebuild") as desk:
                started = monotonic()
                rebuilt = wiring.rebuild(desk, sign)
    return rebuilt, per_second(rebuilt.applied.events, started)


def _told(rebuilt: wiring.Rebuilt, rate: float) -> Iterator[str]:
    applied = rebuilt.applied
    yield f"{counted(applied.events, 'event')} applied, {rate:,.0f} a second."
    if applied.parked:
        parked = counted(applied.parked, "ticket is", "tickets are")
        yield f"{parked} parked: lhuta parked says why."
    if applied.announced:
        alerts = counted(len(applied.announced), "alert is", "alerts are")
        yield f"{alerts} announced that nobody had been told of."
    differences = rebuilt.differences
    if not differences:
        yield "The alerts are just those that were announced."
        return
    kinds = Counter("gone" if change.announced else "new" for change in differences)
    # An outbox that was lost with the read models began anew: what it held was announced, too.
    yield (
        f"{counted(kinds['gone'], 'announced alert is', 'announced alerts are')} no longer among "
        f"the alerts, and {counted(kinds['new'], 'is', 'are')} not in the outbox: never announced, "
        "or announced before the read models were lost:"
    )
    for change in differences[:_SHOWN]:
        what = "was announced" if change.announced else "is not in the outbox"
        yield f"  {change.ticket}  {change.before or change.after}  {change.subject}  {what}"
    if len(differences) > _SHOWN:
        yield f"  and {len(differences) - _SHOWN:,} more; --json lists them"
