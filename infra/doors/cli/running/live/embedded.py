"""The made-up desk on the embedded engine: one process."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from domain import instant
from infra import wiring
from infra.doors.cli.arguments import DEFAULT_FOLDER
from infra.doors.cli.data_folder import shown
from infra.doors.cli.running.live.beginning import begin, make_folder
from infra.doors.cli.running.live.door import way_in
from infra.doors.cli.running.live.lines import SAID, Lines, attempts, called
from infra.doors.cli.running.living import desk_errors
from infra.doors.cli.running.serving import Http, served
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.engine.stop import Stop
from infra.settings import Settings
from infra.store.log import Clock, EventLog
from infra.store.models import opened
from projections.wording import Language

if TYPE_CHECKING:
    from infra.doors.web.server import Address


def live(
    settings: Settings,
    seconds: float | None,
    lang: Language,
    clock: Clock,
    serving: Http | None,
) -> None:
    """Let the desk live until it is asked to stop, or for so many seconds."""
    until = None if seconds is None else clock() + int(seconds * instant.SECOND)
    lines = Lines(settings.data, lang)
    with desk_errors(), Stop() as stop:
        make_folder(settings.data)
        begin(settings.log, clock)
        with EventLog.open(settings.log, clock=clock) as log:
            past.check(settings.log, log)
            with ExitStack() as opened:
                engine = opened.enter_context(wiring.engine(settings, lines.telling(log), clock))
                if past.is_missing(log):
                    click.echo(SAID[lang]["made"])
                    past.furnish(log, clock, seed=secrets.token_hex(8))
                while not stop.asked and engine.step():
                    pass
                address = None
                if serving is not None and not stop.asked:
                    address = opened.enter_context(served(settings, serving))
                if not stop.asked:
                    click.echo("\n".join(_head(log, settings, address, clock, lang)))
                crowd = Crowd(log, clock, secrets.token_hex(8))
                rest = settings.poll_every / instant.SECOND
                busy = True
                while not stop.wait(0.0 if busy else rest):
                    if until is not None and clock() >= until:
                        break
                    busy = engine.step() or crowd.step()
                engine.close(time.sleep)


def _head(
    log: EventLog, settings: Settings, address: "Address | None", clock: Clock, lang: Language
) -> Iterator[str]:
    """Yield what a newcomer should know first."""
    said = SAID[lang]
    with opened(settings.models, read_only=True) as models:
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
    if address is not None:
        yield ""
        yield way_in(settings, address, clock, lang, called(data, "token add specialist me"))
    yield ""
    yield said["end"].format(process=os.getpid())
    fresh = "`make fresh`" if data == Path(DEFAULT_FOLDER) else f"`rm -r {shown(data)}`"
    proofs = f" {said['and']} ".join(f"`{called(data, one)}`" for one in ("log verify", "audit"))
    yield f"{proofs} {said['proof'].format(fresh=fresh)}"
    yield ""
