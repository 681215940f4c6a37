"""The made-up desk on the distributed engine: servers and parts, and at the end the proof."""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote

import click

from domain import instant
from infra.broker import broker
from infra.cluster import PARTITIONS, RELAY, Cluster
from infra.counted import counted
from infra.doors.cli.data_folder import StoreUnusable, shown
from infra.doors.cli.running.live.beginning import begin, make_folder
from infra.doors.cli.running.live.lines import SAID, Lines, attempts, called
from infra.doors.cli.running.living import EXIT_ATTENTION, desk_errors
from infra.doors.cli.streaming.kafka import kafka_errors
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.engine.stop import Stop
from infra.servers.server import ServerFailed
from infra.store.log import EventLog, wall_clock
from infra.store.models import ReadModels, SQLiteModels
from infra.store.models.postgresql import PostgreSQLModels
from projections.models import START
from projections.parity import Parity, parity
from projections.projector import Terms
from projections.wording import Language

LOOK_SECONDS = 0.25
REST_SECONDS = 120
"""How long the partitions may take to come to rest, once nothing new is recorded."""

_SHOWN = 20

Look = Callable[[], bool]
"""Keeps the desk going a little, and tells whether to go on waiting."""


def live(data: Path, seconds: float | None, lang: Language) -> None:
    """Let the desk live until it is asked to stop, or for so many seconds; then prove it."""
    with kafka_errors(), desk_errors(), Stop() as stop:
        # Others than this user run the database, and must come through to their own folder.
        make_folder(data, 0o711)
        try:
            with Cluster(data) as cluster:
                found = _lived(cluster, seconds, lang, stop)
        except ServerFailed as error:
            raise StoreUnusable(str(error)) from error
    if found is not None:
        _show(found)
        if found.differences:
            sys.exit(EXIT_ATTENTION)


def _lived(cluster: Cluster, seconds: float | None, lang: Language, stop: Stop) -> Parity | None:
    """Let the desk live; None where it was asked to stop before anything could be compared."""
    from streams.topic import opened

    begin(cluster.database, wall_clock, PARTITIONS)
    with opened(broker({**os.environ, **cluster.environment})) as topics:
        topics.create(PARTITIONS, None)
    with (
        EventLog.open(cluster.database, clock=wall_clock) as log,
        PostgreSQLModels.open(cluster.database) as models,
    ):
        past.check(cluster.database, log)
        if past.is_missing(log):
            click.echo(SAID[lang]["made"])
            past.furnish(log, wall_clock, seed=secrets.token_hex(8))
        tell = Outbox(log, models, lang).tell
        cluster.start()
        click.echo("\n".join(_head(cluster, log, lang)))
        crowd = Crowd(log, wall_clock, secrets.token_hex(8))
        until = None if seconds is None else wall_clock() + int(seconds * instant.SECOND)
        busy = True
        while not stop.wait(0.0 if busy else LOOK_SECONDS):
            if until is not None and wall_clock() >= until:
                break
            cluster.step()
            tell()
            busy = crowd.step()
        click.echo(SAID[lang]["rest"])
        asked = stop.asked
        if not _at_rest(cluster, log, models, tell, lambda: stop.asked is not asked):
            return None
        return _compared(log, models)


def _at_rest(cluster: Cluster, log: EventLog, models: ReadModels, tell: Look, asked: Look) -> bool:
    """Wait until every partition has decided up to one moment, with nothing left to apply.

    The relay tells all partitions the same moment; once it is stopped, none hears a later one.
    """
    end = log.head().recorded_at
    limit = time.monotonic() + REST_SECONDS
    paused = False
    while time.monotonic() < limit and not asked():
        cluster.step()
        tell()
        places = [models.place(partition) or START for partition in range(PARTITIONS)]
        lasts = log.lasts()
        moments = {place.decided_to for place in places}
        applied = all(place.position == lasts.get(number, 0) for number, place in enumerate(places))
        if applied and min(moments) > end:
            if paused and len(moments) == 1:
                return True
            if not paused:
                cluster.pause(RELAY)
                paused = True
        time.sleep(LOOK_SECONDS)
    return False


def _compared(log: EventLog, models: ReadModels) -> Parity:
    terms = Terms(log.policies(), log.live_from)
    with (
        tempfile.TemporaryDirectory() as folder,
        SQLiteModels.open(Path(folder, "models.db")) as fresh,
    ):
        return parity(models, PARTITIONS, log, terms, fresh)


def _show(found: Parity) -> None:
    sizes = (
        f"{counted(found.tickets, 'ticket')}, {counted(found.clocks, 'clock')}, "
        f"{counted(found.alerts, 'alert')}"
    )
    if not found.differences:
        click.echo(f"equal to the embedded read models: {sizes}")
        return
    click.echo(f"NOT equal to the embedded read models ({sizes}):", err=True)
    for one in found.differences[:_SHOWN]:
        click.echo(
            f"  {one.ticket} {one.table} {one.row} {one.column}: "
            f"{one.stands!r} stands, {one.expected!r} is expected",
            err=True,
        )


class Outbox:
    """Writes a line for each announcement from now on."""

    def __init__(self, log: EventLog, models: ReadModels, lang: Language) -> None:
        self._log = log
        self._models = models
        self._tell = Lines(None, lang).telling(log)
        self._ends = [models.outbox_end(number) for number in range(PARTITIONS)]

    def tell(self) -> bool:
        """Write the lines of what is new; tell whether there was any."""
        found = [
            one
            for number, end in enumerate(self._ends)
            for one in self._models.outbox(number, end, 100)
        ]
        for one in sorted(found, key=lambda one: (one.decided_at, one.ticket, one.sequence)):
            self._tell(one, self._log.policies())
            self._ends[one.partition] = max(self._ends[one.partition], one.sequence)
        return bool(found)


def _head(cluster: Cluster, log: EventLog, lang: Language) -> Iterator[str]:
    """Yield what a newcomer should know first."""
    said = SAID[lang]
    yield said["cluster"].format(
        workers=sum(name.startswith("worker") for name in cluster.processes),
        partitions=log.partitions,
        logs=shown(cluster.logs),
    )
    yield said["lines"]
    yield ""
    yield said["try"]
    for name, text in cluster.environment.items():
        yield f"  export {name}={quote(text)}"
    for command in attempts(log, lang):
        yield f"  {called(None, command)}"
    yield f"  {called(None, 'board --watch')}  {said['watch']}"
    yield ""
    yield said["processes"]
    yield f"  {', '.join(f'{name} {process}' for name, process in cluster.processes.items())}"
    yield ""
