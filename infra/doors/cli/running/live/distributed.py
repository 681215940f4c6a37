"""The made-up desk on the distributed engine: servers and parts, and at the end the proof."""

import logging
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

import click

from domain import instant
from infra.broker import broker
from infra.cluster import PARTITIONS, RELAY, Cluster
from infra.counted import counted
from infra.doors.cli.data_folder import StoreUnusable, shown
from infra.doors.cli.running.live.beginning import begin, make_folder
from infra.doors.cli.running.live.door import way_in
from infra.doors.cli.running.live.lines import SAID, Lines, attempts, called
from infra.doors.cli.running.living import EXIT_ATTENTION, desk_errors
from infra.doors.cli.running.serving import Http, served
from infra.doors.cli.streaming.kafka import kafka_errors
from infra.doors.living import past
from infra.doors.living.crowd import Crowd
from infra.engine.log_lines import note
from infra.engine.stop import Stop
from infra.servers.server import ServerFailed
from infra.settings import Settings
from infra.store.failure import Interrupted
from infra.store.log import EventLog, wall_clock
from infra.store.models import ReadModels, SQLiteModels
from infra.store.models import opened as opened_models
from infra.store.postgresql import Unreachable
from projections.models import START, Place
from projections.parity import Parity, parity
from projections.projector import Terms
from projections.wording import Language

if TYPE_CHECKING:
    from infra.doors.web.server import Address

LOOK_SECONDS = 0.25
REST_SECONDS = 120
"""How long the partitions may take to come to rest, once nothing new is recorded."""

_SHOWN = 20

T = TypeVar("T")


def live(data: Path, seconds: float | None, lang: Language, serving: Http | None) -> None:
    """Let the desk live until it is asked to stop, or for so many seconds; then prove it."""
    with kafka_errors(), desk_errors(), Stop() as stop:
        # Others than this user run the database, and must come through to their own folder.
        make_folder(data, 0o711)
        try:
            with Cluster(data) as cluster:
                found = _lived(cluster, data, seconds, lang, stop, serving)
        except ServerFailed as error:
            raise StoreUnusable(str(error)) from error
    if found is None:
        click.echo(SAID[lang]["no rest"], err=True)
    else:
        _show(found)
    if found is None or found.differences:
        sys.exit(EXIT_ATTENTION)


def _lived(
    cluster: Cluster,
    data: Path,
    seconds: float | None,
    lang: Language,
    stop: Stop,
    serving: Http | None,
) -> Parity | None:
    """Let the desk live; None where it was asked to stop before anything could be compared."""
    from streams.topic import opened as opened_topics

    begin(cluster.database, wall_clock, PARTITIONS)
    with opened_topics(broker({**os.environ, **cluster.environment})) as topics:
        topics.create(PARTITIONS, None)
    told: list[int] = []
    with ExitStack() as opened:
        with EventLog.open(cluster.database, clock=wall_clock) as log:
            past.check(cluster.database, log)
            if past.is_missing(log):
                click.echo(SAID[lang]["made"])
                past.furnish(log, wall_clock, seed=secrets.token_hex(8))
            cluster.start()
            settings, address = Settings(data, cluster.database), None
            if serving is not None:
                address = opened.enter_context(served(settings, serving))
            click.echo("\n".join(_head(cluster, log, settings, address, lang)))
        until = None if seconds is None else wall_clock() + int(seconds * instant.SECOND)
        while not _is_over(until, stop):
            _unless_lost(lambda: _work(cluster, until, lang, stop, told))
            cluster.step()
    click.echo(SAID[lang]["rest"])
    limit = time.monotonic() + REST_SECONDS
    found: Parity | None = None
    # Who asks once more does not want to wait for the proof either.
    with Stop() as impatient:
        while found is None and time.monotonic() < limit and not impatient.asked:
            found = _unless_lost(lambda: _proved(cluster, limit, lang, impatient, told))
            cluster.step()
    return found


def _is_over(until: int | None, stop: Stop) -> bool:
    return stop.asked or (until is not None and wall_clock() >= until)


def _unless_lost(work: Callable[[], T]) -> T | None:
    """Return what comes of it; None where the database was lost, whose server may be killed."""
    try:
        return work()
    except (Unreachable, Interrupted) as error:
        note("database.lost", "postgresql", level=logging.WARNING, message=str(error))
        return None


def _work(cluster: Cluster, until: int | None, lang: Language, stop: Stop, told: list[int]) -> None:
    """Let people work and alerts be told until it is over; raises StoreError."""
    with (
        EventLog.open(cluster.database, clock=wall_clock) as log,
        opened_models(cluster.database) as models,
    ):
        outbox = Outbox(log, models, lang, told)
        crowd = Crowd(log, wall_clock, secrets.token_hex(8))
        busy = True
        while not _is_over(until, stop) and not stop.wait(0.0 if busy else LOOK_SECONDS):
            cluster.step()
            outbox.tell()
            busy = crowd.step()


def _proved(
    cluster: Cluster, limit: float, lang: Language, stop: Stop, told: list[int]
) -> Parity | None:
    """Wait until all is at rest, and compare; None where it did not come to rest in time."""
    with (
        EventLog.open(cluster.database, clock=wall_clock) as log,
        opened_models(cluster.database) as models,
    ):
        outbox = Outbox(log, models, lang, told)
        cluster.resume(RELAY)
        end = log.head().recorded_at
        paused = False
        while time.monotonic() < limit and not stop.wait(LOOK_SECONDS):
            cluster.step()
            outbox.tell()
            places = [models.place(partition) or START for partition in range(PARTITIONS)]
            if not _have_come(log, places, end):
                continue
            if not paused:
                # It tells all partitions the same moment; from now on none hears a later one.
                cluster.pause(RELAY)
                paused = True
            elif len({place.decided_to for place in places}) == 1:
                return _compared(log, models)
    return None


def _have_come(log: EventLog, places: Sequence[Place], end: int) -> bool:
    """Tell whether every partition has applied all, and decided up to an instant."""
    lasts = log.lasts()
    return min(place.decided_to for place in places) > end and all(
        place.position == lasts.get(number, 0) for number, place in enumerate(places)
    )


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
    """Writes a line for each announcement; `told` has the last one of each partition."""

    def __init__(self, log: EventLog, models: ReadModels, lang: Language, told: list[int]) -> None:
        """Go on after what was told, or begin with what is announced from now on."""
        self._log = log
        self._models = models
        self._tell = Lines(None, lang).telling(log)
        self._told = told
        if not told:
            told += [models.outbox_end(number) for number in range(PARTITIONS)]

    def tell(self) -> None:
        """Write the lines of what is new."""
        found = [
            one
            for number, last in enumerate(self._told)
            for one in self._models.outbox(number, last, 100)
        ]
        for one in sorted(found, key=lambda one: (one.decided_at, one.ticket, one.sequence)):
            self._tell(one, self._log.policies())
            self._told[one.partition] = max(self._told[one.partition], one.sequence)


def _head(
    cluster: Cluster,
    log: EventLog,
    settings: Settings,
    address: "Address | None",
    lang: Language,
) -> Iterator[str]:
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
    if address is not None:
        yield ""
        command = called(None, "token add specialist me")
        yield way_in(settings, address, wall_clock, lang, command)
    yield ""
    yield said["processes"]
    yield f"  {', '.join(f'{name} {process}' for name, process in cluster.processes.items())}"
    yield ""
