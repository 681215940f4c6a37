"""The one place where the parts are put together."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname
from threading import Semaphore
from typing import TYPE_CHECKING, NamedTuple

from domain import instant
from domain.policy import Policies
from infra.desk import Contended, Request
from infra.desk import Desk as Commands
from infra.engine.auditing import Audits, audited, noted
from infra.engine.follower import PARTITION, Follower
from infra.engine.health import LastAudit, Oldest, Vitals
from infra.engine.lock import Lock, holder
from infra.engine.loop import Engine
from infra.outlets.deliveries import NOTHING_TAKEN, Record
from infra.outlets.file import FileOutlet
from infra.outlets.intake import Intake
from infra.outlets.notifier import Notifier
from infra.outlets.outlet import Outlet
from infra.outlets.process import ProcessOutlet
from infra.outlets.subscription import Subscription
from infra.partition_log import PartitionLog
from infra.settings import Settings
from infra.store.access import opened as opened_tokens
from infra.store.deliveries import Reading as ReadingDeliveries
from infra.store.deliveries import StoredDeliveries
from infra.store.deliveries import opened as opened_deliveries
from infra.store.deliveries import shared as shared_deliveries
from infra.store.failure import Damaged, Missing, StoreError
from infra.store.listed import Listed
from infra.store.log import Cursor, EventLog, GroupCommit, Outcome, Place, named, wall_clock
from infra.store.models import Reading as ReadingModels
from infra.store.models import ReadModels
from infra.store.models import opened as opened_models
from infra.store.models import shared as shared_models
from infra.store.relayed import relayed_to
from infra.store.small_file import failure
from infra.store.told import Told
from projections.audit import Audit, Difference
from projections.fault import Fenced, OtherLog
from projections.models import Announcement
from projections.projector import Applied, Change, Projector, Terms
from projections.rows import PARKED, PROJECTOR_VERSION, ParkedRow
from streams.partition import Partition
from streams.terms import LogTerms

if TYPE_CHECKING:
    # Loaded where it is served: the command line alone is twice as quick without it.
    from infra.doors.web.service import Service

VERIFIED_AT_START = 200_000
"""A log of so many positions is verified when an engine starts: about a second."""

REBUILD_BATCH = 40_000

FIRST_AUDIT = 1 * instant.MINUTE
"""How long after its start an engine makes the first audit of a data folder."""

_SHOWN = 3

Clock = Callable[[], int]
Tell = Callable[[Announcement, Policies], object]
"""Hears of an announcement, with the policies of the log."""


class Divided(StoreError):
    """A log of many partitions is for many workers."""

    says = (
        "{place} is divided into {detail} partitions, and this engine works on one: start "
        "`lhuta worker`, or make a log with `lhuta init --partitions 1` and import into it what "
        "`lhuta export` writes"
    )


class DamagedLog(Damaged):
    """The log is not what was recorded; nothing is done with it."""

    says = (
        "{place} does not hold: {detail}. Nothing was changed. Keep a copy of the folder as it is, "
        "see all with `lhuta log verify`, and go on with the last backup that holds"
    )


class Desk(NamedTuple):
    """A log, its read models and the deliveries, open and held by one process."""

    settings: Settings
    clock: Clock
    lock: Lock
    log: EventLog
    models: ReadModels
    deliveries: StoredDeliveries

    @property
    def projector(self) -> Projector:
        """Return the projector of the only partition."""
        return Projector(self.models, PARTITION)

    def follower(self, projector: Projector, batch: int) -> Follower:
        """Return what keeps the read models in step with the log."""
        return Follower(
            self.log,
            projector,
            self.models,
            clock=self.clock,
            tick_every=self.settings.tick_every,
            batch=batch,
        )


@contextmanager
def held(settings: Settings, program: str, clock: Clock | None = None) -> Iterator[Desk]:
    """Hold a data folder: nobody else moves its read models on meanwhile.

    Without a clock it decides by that of this machine, and the log records by that of its database.
    Read models that are missing are begun anew: they announce what the deliveries may not have
    taken. Raises Held, Missing, DamagedLog, DamagedModels, DamagedDeliveries and other StoreErrors.
    """
    present = clock or wall_clock
    with (
        checked_log(settings, clock) as log,
        Lock(settings.lock, program, present()) as lock,
        opened_deliveries(settings.deliveries) as deliveries,
        opened_models(settings.models) as models,
    ):
        if log.partitions != 1:
            raise Divided(named(settings.log), str(log.partitions))
        taken = deliveries.taken(PARTITION)
        if taken is not None and models.place(PARTITION) is None:
            anew = NOTHING_TAKEN._replace(settled_to=taken.settled_to)
            deliveries.take(PARTITION, taken, anew, (), present())
            Projector(models, PARTITION).reset(announced_to=taken.settled_to)
        yield Desk(settings, present, lock, log, models, deliveries)


@contextmanager
def checked_log(
    settings: Settings, clock: Clock | None, *, read_only: bool = False
) -> Iterator[EventLog]:
    """Open a log that holds; raises DamagedLog with what was found wrong in it."""
    try:
        log = EventLog.open(settings.log, read_only=read_only, clock=clock)
    except Damaged as error:
        raise _damaged(settings.log, _findings(settings.log) or [error.detail]) from error
    with log:
        try:
            holds = log.head().position > VERIFIED_AT_START or not log.verify()
        except Damaged as error:
            raise _damaged(settings.log, _findings(settings.log) or [error.detail]) from error
        if not holds:
            raise _damaged(settings.log, _findings(settings.log))
        yield log


def _findings(place: Place) -> list[str]:
    try:
        with EventLog.examine(place) as log:
            return [
                finding.message
                if finding.position is None
                else f"at position {finding.position} {finding.message}"
                for finding in log.verify()
            ]
    except StoreError as error:
        return [error.detail]


def _damaged(place: Place, findings: Sequence[str]) -> DamagedLog:
    more = f"; and {len(findings) - _SHOWN:,} more" if len(findings) > _SHOWN else ""
    return DamagedLog(named(place), "; ".join(findings[:_SHOWN]) + more)


@contextmanager
def engine(settings: Settings, tell: Tell, clock: Clock | None = None) -> Iterator[Engine]:
    """Put an engine together on a data folder.

    Its clock is as that of `held`. Raises as `held` does, and OtherLog where the read models follow
    another log.
    """
    with held(settings, "lhuta run", clock) as desk:
        projector = desk.projector
        place = projector.place
        if place.position and not desk.log.holds(Cursor(place.position, bytes.fromhex(place.hash))):
            raise OtherLog(PARTITION, f"it has another event at position {place.position}")

        last = LastAudit(settings.audit, desk.log.log_id)

        def audit() -> Iterator[object]:
            made = Audit(desk.models, desk.log, desk.log.policies, PARTITION)
            return audited(made, last, desk.clock, see=noted())

        yield Engine(
            desk.follower(projector, batch=1_000),
            projector,
            Notifier(
                Intake(desk.models, desk.deliveries), desk.deliveries, outlet, _holder_of(settings)
            ),
            audit,
            clock=desk.clock,
            audit_every=settings.audit_every,
            next_audit=_next_audit(last, settings, desk.clock()),
            tell=lambda announcement: tell(announcement, desk.log.policies()),
        )


def _holder_of(settings: Settings) -> str:
    """Name who holds a data folder, always the same: what it had claimed is its own again."""
    return f"engine on {gethostname()}, {settings.data.resolve()}"


def _next_audit(last: LastAudit, settings: Settings, now: int) -> int:
    """Return when the next audit is due: after the last one, or soon if there was none."""
    kept = last.read()
    return now + FIRST_AUDIT if kept is None else kept.at + settings.audit_every


def outlet(subscription: Subscription) -> Outlet:
    """Return the way to a subscriber."""
    if subscription.way == "file":
        return FileOutlet(Path(subscription.target))
    return ProcessOutlet(subscription.target)


def set_aside(settings: Settings) -> Path:
    """Put damaged read models out of the way and return where they are now; raises StoreError."""
    models = Path(settings.models)
    aside = models.with_name(f"{models.name}.damaged")
    try:
        models.replace(aside)
        for ending in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{models}{ending}").unlink()
    except FileNotFoundError as error:
        raise Missing(str(models)) from error
    except OSError as error:
        raise failure(error, models) from error
    return aside


class Rebuilt(NamedTuple):
    """What a rebuild did, and how the alerts differ from those that were announced."""

    applied: Applied
    differences: Sequence[Change]


def rebuild(desk: Desk, progress: Callable[[int, int | None], object]) -> Rebuilt:
    """Make the read models anew from the log; `progress` hears how many events were applied.

    Raises StoreError, and the fault of a projector that cannot go on.
    """
    projector = desk.projector
    projector.reset()
    follower = desk.follower(projector, REBUILD_BATCH)
    end = desk.log.head().position
    total = Applied()
    # Batches are large and free their memory by themselves: collecting costs a tenth of the time.
    gc.disable()
    try:
        while (step := follower.step()) is not None:
            total = total.plus(step.applied)
            progress(total.events, end)
    finally:
        gc.enable()
    return Rebuilt(total, projector.differences(follower.terms()))


def partitions(settings: Settings) -> int:
    """Return into how many partitions the log is divided; raises StoreError."""
    with EventLog.examine(settings.log, read_only=True) as log:
        return log.partitions


def rebuild_partitions(
    settings: Settings, clock: Clock, progress: Callable[[int, int | None], object]
) -> Rebuilt:
    """Make the read models of every partition anew, whether or not workers work on them.

    A worker that finds its partition begun anew goes on from the log as well: whoever is first
    applies what follows. Raises as `rebuild` does, and Missing where there is no log.
    """
    total, differences = Applied(), list[Change]()
    with (
        checked_log(settings, clock) as log,
        opened_models(settings.models) as models,
    ):
        end, terms = log.head().position, LogTerms(log)
        for number in range(log.partitions):
            projector = Projector(models, number)
            while not _reset(projector):
                pass
            partition = Partition(number, projector, PartitionLog(log, number), terms)
            while partition.behind:
                with suppress(Fenced):
                    total = total.plus(partition.catch_up())
                progress(total.events, end)
            differences += projector.differences(Terms(log.policies(), log.live_from))
    return Rebuilt(total, differences)


def _reset(projector: Projector) -> bool:
    """Begin a partition anew; return False where a worker moved it on meanwhile."""
    try:
        projector.reset()
    except Fenced:
        return False
    return True


class Compared(NamedTuple):
    """What came of an audit, and whether its result could be kept for the health."""

    tickets: int
    differences: int
    is_kept: bool


def audit(
    settings: Settings,
    clock: Clock,
    see: Callable[[Difference], object],
    progress: Callable[[int], object],
) -> Compared:
    """Hold the read models against the log, whether or not an engine works on them.

    `see` hears of every difference, `progress` how many tickets were looked at. Raises StoreError,
    Missing where there is no read models.
    """
    with (
        checked_log(settings, clock, read_only=True) as log,
        opened_models(settings.models, read_only=True) as models,
    ):
        made = Audits(
            Audit(models, PartitionLog(log, partition), log.policies, partition)
            for partition in range(log.partitions)
        )
        differences, began = 0, clock()
        last = LastAudit(settings.audit, log.log_id)
        for found in audited(made, last, clock, see=see):
            differences += len(found)
            progress(made.tickets)
        kept = last.read()
    is_kept = kept is not None and kept.at >= began
    return Compared(made.tickets, differences, is_kept)


class Retried(NamedTuple):
    """What came of a ticket that was folded again: announced alerts, or why it stays parked."""

    announced: int
    parked: ParkedRow | None


def retry(settings: Settings, clock: Clock, ticket: str) -> Retried:
    """Fold a parked ticket again, whether or not an engine works on the read models.

    Raises NotParked and StoreError.
    """
    with (
        EventLog.open(settings.log, clock=clock) as log,
        opened_models(settings.models) as models,
    ):
        terms = Terms(log.policies(), log.live_from)
        applied = Projector(models, log.partition_of(ticket)).retry(ticket, terms, log)
        still = models.rows(PARKED, [ticket])
    return Retried(len(applied.announced), still[0] if still else None)


class Stores(NamedTuple):
    """The stores of an installation, as many threads read them."""

    settings: Settings
    log: EventLog
    models: ReadingModels
    deliveries: ReadingDeliveries

    def records(self, alert_ids: Sequence[str]) -> list[Record]:
        """Return what became of alerts on their way to subscribers; raises StoreError."""
        with suppress(Missing), self.deliveries() as deliveries:
            return deliveries.records(alert_ids)
        return []


@contextmanager
def stores(settings: Settings, clock: Clock | None, *, read_only: bool = False) -> Iterator[Stores]:
    """Open the stores for many threads; raises StoreError."""
    with (
        EventLog.open(settings.log, read_only=read_only, clock=clock) as log,
        shared_models(settings.models) as models,
        shared_deliveries(settings.deliveries) as deliveries,
    ):
        yield Stores(settings, log, models, deliveries)


@contextmanager
def service(settings: Settings, clock: Clock | None = None) -> Iterator["Service"]:
    """Open what the HTTP API stands on, with connections of its own; raises StoreError.

    Without a clock it decides by that of this machine, and the log records by that of its database.
    """
    from infra.doors.web.service import Reading, Service
    from infra.doors.web.sight import Owners

    present = clock or wall_clock
    with stores(settings, clock) as opened:
        commands = Commands(opened.log, present)

        @contextmanager
        def reading() -> Iterator[Reading]:
            with opened.models() as found:
                yield Reading(found, Listed(found.database), Told(found.database))

        def carry_out(requests: Sequence[Request]) -> Sequence[Outcome | Exception]:
            try:
                return commands.handle_all(requests)
            except Contended as error:
                return [error] * len(requests)

        with opened_tokens(settings.access) as tokens, GroupCommit(carry_out) as group:
            yield Service(
                opened.log,
                reading,
                tokens,
                Owners(opened.log),
                group.submit,
                lambda: looked_up(opened, present),
                present,
                Semaphore(),
                opened.records,
            )


def vitals(settings: Settings, clock: Clock) -> Vitals:
    """Look up how the engine is; raises StoreError."""
    with stores(settings, clock, read_only=True) as opened:
        return looked_up(opened, clock)


def looked_up(opened: Stores, clock: Clock) -> Vitals:
    """Look up how the engine is, with stores that are open; raises StoreError."""
    settings, log = opened.settings, opened.log
    head, lasts, partitions = log.head(), log.lasts(), range(log.partitions)
    found = Vitals(
        now=clock(),
        engine=holder(settings.lock),
        shared=settings.database is not None,
        partitions=len(partitions),
        position=head.position,
        behind=max(lasts.values(), default=0),
        recorded_at=head.recorded_at,
        audited=LastAudit(settings.audit, log.log_id).read(),
        relayed=relayed_to(settings.log),
    )
    with suppress(Missing), opened.deliveries() as deliveries:
        found = found._replace(backlogs=tuple(deliveries.backlogs()))
    try:
        with opened.models() as models:
            begun = {
                number: place
                for number in partitions
                if (place := models.place(number)) is not None
            }
            turns = [models.next_turn(number) for number in partitions]
            sizes = models.sizes()
            due = models.due_next(found.now, 1)
    except Missing:
        return found
    reached = {number: place.position for number, place in begun.items()}
    return found._replace(
        behind=max(lasts.get(number, 0) - reached.get(number, 0) for number in partitions),
        oldest=_oldest({number: place.decided_to for number, place in begun.items()}, partitions),
        tickets=sizes.tickets,
        running=sizes.running,
        next_turn=min((turn for turn in turns if turn is not None), default=None),
        due_next=(due[0].ticket, due[0].due_at) if due else None,
        parked=sizes.parked,
        stale=any(place.projector_version != PROJECTOR_VERSION for place in begun.values()),
    )


def _oldest(decided_to: Mapping[int, int], partitions: Sequence[int]) -> Oldest:
    """Return the partition whose time is the oldest, the first of those that have not begun."""
    for number in partitions:
        if number not in decided_to:
            return Oldest(number, None)
    number = min(partitions, key=lambda one: decided_to[one])
    return Oldest(number, decided_to[number])
