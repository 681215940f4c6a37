"""The made-up desk on the embedded engine: one process."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import click

from domain import instant
from infra import wiring
from infra.doors.cli.arguments import DEFAULT_FOLDER
from infra.doors.cli.data_folder import shown
from infra.doors.cli.running.live.beginning import begin, make_folder
from infra.doors.cli.running.live.lines import SAID, Lines, attempts, called
from infra.doors.cli.running.living import desk_errors
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.engine.stop import Stop
from infra.settings import Settings
from infra.store.log import Clock, EventLog
from infra.store.models import SQLiteModels
from projections.wording import Language


def live(settings: Settings, seconds: float | None, lang: Language, clock: Clock) -> None:
    """Let the desk live until it is asked to stop, or for so many seconds."""
    until = None if seconds is None else clock() + int(seconds * instant.SECOND)
    lines = Lines(settings.data, lang)
    with desk_errors(), Stop() as stop:
        make_folder(settings.data)
        begin(settings.log, clock)
        with EventLog.open(settings.log, clock=clock) as log:
            past.check(settings.log, log)
            with wiring.engine(settings, clock, lines.telling(log)) as engine:
                if past.is_missing(log):
                    click.echo(SAID[lang]["made"])
                    past.furnish(log, clock, seed=secrets.token_hex(8))
                while not stop.asked and engine.step():
                    pass
                if not stop.asked:
                    click.echo("\n".join(_head(log, settings, lang)))
                crowd = Crowd(log, clock, secrets.token_hex(8))
                rest = settings.poll_every / instant.SECOND
                busy = True
                while not stop.wait(0.0 if busy else rest):
                    if until is not None and clock() >= until:
                        break
                    busy = engine.step() or crowd.step()
                engine.close(time.sleep)


def _head(log: EventLog, settings: Settings, lang: Language) -> Iterator[str]:
    """Yield what a newcomer should know first."""
    said = SAID[lang]
    with SQLiteModels.open(settings.models, read_only=True) as models:
        sizes = models.sizes()
    data = settings.data
    yield said["desk"].format(
        data=shown(data), tickets=f"{sizes.tickets:,}", running=f"{sizes.running:,}"
    )
    yield f"{said['lines']} {said['soon']}"
    yield ""
    yield said["try"]
    for command in attempts(log, lang):
        yield f"  {called(data, command)}"
    yield f"  {called(data, 'board --watch')}  {said['watch']}"
    yield ""
    yield said["end"].format(process=os.getpid())
    fresh = "`make fresh`" if data == Path(DEFAULT_FOLDER) else f"`rm -r {shown(data)}`"
    proofs = f" {said['and']} ".join(f"`{called(data, one)}`" for one in ("log verify", "audit"))
    yield f"{proofs} {said['proof'].format(fresh=fresh)}"
    yield ""
