"""Read models follow the log: batches and watermarks in, rows and announcements out.

The projector holds no state: what it knows of a partition stands in the read models, and each call
is one transaction (or several, each of them whole) that moves the partition's place by
compare-and-set. The rows are a function of (history, policies, instant decided to), never of how
the log was cut into batches (semantics §5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

import orjson

from domain.alert import Alert
from domain.event import RecordedEvent
from domain.instant import MINUTE
from domain.policy import Policies
from projections import alerts
from projections.fault import (
    Fenced,
    Hole,
    NotParked,
    OtherLog,
    TooManyParked,
    UnreadableHistories,
    UnreadableHistory,
)
from projections.models import START, Announcement, History, Kept, Key, Models, Place, R, bare
from projections.rows import (
    ALERTS,
    CLOCKS,
    DEADLINES,
    NOTHING,
    PARKED,
    PROJECTOR_VERSION,
    TICKETS,
    AlertRow,
    ClockRow,
    ParkedRow,
    Rows,
    Table,
    rows,
)

PORTION = 1_000
"""How many tickets one transaction folds only because their time has come."""

PARKED_A_MINUTE = 20
"""More tickets parked within a minute of the log's time than this are no accident."""

# What a fold raises that goes wrong: OutsideCalendar, or a fault in the program.
FOLD_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Stored(Protocol):
    """An event in its place in the log.

    `previous` is the position of the partition's preceding event, 0 for the first (contracts,
    Topics); `hash` is that of the chain at this position.
    """

    @property
    def position(self) -> int:
        """Return the position in the log."""

    @property
    def previous(self) -> int:
        """Return the position of the partition's preceding event."""

    @property
    def hash(self) -> bytes:
        """Return the chain's hash."""

    @property
    def recorded(self) -> RecordedEvent:
        """Return the event."""


class Watermark(Protocol):
    """Everything of the partition recorded up to `recorded_at` is at or before `position`."""

    @property
    def position(self) -> int:
        """Return the position of the partition's last event up to then."""

    @property
    def recorded_at(self) -> int:
        """Return the instant."""


class Log(Protocol):
    """The event log, of which a retry reads a ticket anew."""

    def read(self, after: int, limit: int) -> Sequence[Stored]:
        """Return the next events of the partition after a position, none at the end."""

    def ticket(self, ticket: str) -> Sequence[RecordedEvent]:
        """Return the whole history of a ticket, nothing where there is none."""


class Terms(NamedTuple):
    """What a batch is judged by; read it from the log after the batch was read.

    `live_from` is the instant from which deadlines are announced (semantics §6).
    """

    policies: Policies
    live_from: int


class Change(NamedTuple):
    """What folding a ticket again changed of what stood before.

    `what` is `verdict` or `alert`. The subject of a verdict is the clock, with the event that
    started it; that of an alert is its id. What is new has no `before`, what is gone no `after`.
    `announced` tells whether subscribers know the alert.
    """

    ticket: str
    what: str
    subject: str
    before: str | None
    after: str | None
    announced: bool


class Applied(NamedTuple):
    """What a call did: events taken, tickets folded, alerts announced, tickets newly parked.

    `changes` are those of tickets that another projector version had folded.
    """

    events: int = 0
    folded: int = 0
    announced: tuple[Announcement, ...] = ()
    parked: int = 0
    changes: tuple[Change, ...] = ()

    def plus(self, other: "Applied") -> "Applied":
        """Return both together."""
        return Applied(
            self.events + other.events,
            self.folded + other.folded,
            self.announced + other.announced,
            self.parked + other.parked,
            self.changes + other.changes,
        )


Fold = Callable[[Sequence[RecordedEvent], Policies, int, int], Rows]
"""Makes the rows of a ticket of its history, the policies, an instant and the partition."""

Found = Mapping[str, Mapping[Key, R]]
"""The rows of a table as they stand, by ticket and key."""


AnyHistory = History | UnreadableHistory
"""What is kept of a ticket; `events` of what is damaged raises UnreadableHistory."""

_HISTORIES = Table("histories", ("ticket", *History._fields), 1, tuple)


class Histories(Protocol):
    """Where the histories of tickets are kept."""

    def histories(self, tickets: Sequence[str]) -> dict[str, History]:
        """Return what is kept of tickets; raises UnreadableHistories."""


class _Folded(NamedTuple):
    """A ticket as it is folded now: what to keep, and its rows or why it is parked."""

    ticket: str
    before: AnyHistory | None
    kept: Kept
    rows: Rows
    parked: ParkedRow | None


class Projector:
    """Keeps the read models of one partition in step with the log."""

    __slots__ = ("_fold", "_models", "_partition", "_swept_to", "_version")

    def __init__(
        self,
        models: Models,
        partition: int = 0,
        fold: Fold = rows,
        version: int = PROJECTOR_VERSION,
    ) -> None:
        """Work on a partition of the models; `version` names what `fold` makes of a ticket."""
        self._models = models
        self._partition = partition
        self._fold = fold
        self._version = version
        self._swept_to = ""

    @property
    def place(self) -> Place:
        """Return how far the partition has come."""
        return self._models.place(self._partition) or START

    def apply(
        self, events: Sequence[Stored], terms: Terms, watermark: Watermark | None = None
    ) -> Applied:
        """Take the next events of the partition, in the order of the log.

        Events at or below the position held are ignored. Unless the events reach the watermark,
        time is known up to just before the last of them, because more may have been recorded at
        the same instant: its ticket is folded by the next call. Raises Hole, OtherLog, Fenced and
        TooManyParked; then nothing of the transaction is kept.
        """
        total = Applied()
        while True:
            with self._models.transaction():
                before = self._models.place(self._partition)
                place = before or START
                fresh = self._following(events, place)
                until = _decidable(fresh, place, watermark)
                soon = min(until, fresh[0].recorded.recorded_at - 1) if fresh else until
                turns = self._models.turns(self._partition, soon, PORTION + 1)
                if all_at_once := len(turns) <= PORTION:
                    total = total.plus(self._take(before, fresh, until, terms))
                else:
                    total = total.plus(self._take(before, (), turns[PORTION - 1][0], terms))
            if all_at_once:
                return total

    def advance(self, watermark: Watermark, terms: Terms) -> Applied:
        """Decide everything that is due by a watermark.

        One whose position was not applied yet decides nothing. Raises Fenced and TooManyParked.
        """
        return self.apply((), terms, watermark)

    def retry(self, ticket: str, terms: Terms, log: Log | None = None) -> Applied:
        """Fold a parked ticket again; if that works, announce what it left untold since then.

        With the log, its history is taken from there, so that one that was damaged here is mended
        (architecture, decision 6). Raises NotParked, OtherLog, Fenced and TooManyParked.
        """
        with self._models.transaction():
            before = self._models.place(self._partition)
            if before is None or not self._models.rows(PARKED, [ticket]):
                raise NotParked(ticket)
            if log is not None:
                self._keep_anew(ticket, before, log)
            return self._again(before, [ticket], before, terms)

    def refold(self, limit: int, terms: Terms) -> Applied | None:
        """Fold again up to `limit` of the tickets that another projector version folded.

        It announces nothing, but what parked tickets left untold. None once all tickets are of
        this version. Raises Fenced and TooManyParked.
        """
        with self._models.transaction():
            before = self._models.place(self._partition)
            if before is None or before.projector_version == self._version:
                return None
            stale = self._models.stale(self._partition, self._version, self._swept_to, limit)
            after = before if stale else before._replace(projector_version=self._version)
            applied = self._again(before, stale, after, terms)
        self._swept_to = stale[-1] if stale else ""
        return applied

    def reset(self, announced_to: int = 0) -> None:
        """Forget the read models of the partition, so that applying the log makes them anew.

        What was decided by now, or by `announced_to`, will not be announced again. The outbox
        stays. Raises Fenced.
        """
        with self._models.transaction():
            before = self._models.place(self._partition)
            place = before or START
            quiet = max(announced_to, place.announced_to, place.decided_to)
            self._models.clear(self._partition)
            self._move(before, START._replace(announced_to=quiet, projector_version=self._version))
        self._swept_to = ""

    def rebuild(
        self,
        batches: Iterable[Sequence[Stored]],
        terms: Terms,
        watermark: Watermark,
        announced_to: int = 0,
    ) -> Applied:
        """Make all read models of the partition anew; large batches make it fast.

        A rebuild that was cut off is finished by applying what follows; see `reset` for what is
        announced. Raises what `apply` raises.
        """
        self.reset(announced_to)
        total = Applied()
        for batch in batches:
            total = total.plus(self.apply(batch, terms, watermark))
        return total.plus(self.advance(watermark, terms))

    def differences(self, terms: Terms, limit: int = 1_000) -> list[Change]:
        """Return where alerts and announcements of the partition differ, `limit` of either kind.

        Nothing is announced for it: a rebuild reports it (semantics §6, end).
        """
        place = self.place
        until = max(place.decided_to, place.announced_to)
        gone = [
            Change(ticket, "alert", alert_id, kind, None, announced=True)
            for ticket, alert_id, kind in self._models.no_longer_told(self._partition, limit)
        ]
        new = [
            Change(ticket, "alert", alert_id, None, kind, announced=False)
            for ticket, alert_id, kind in self._models.never_announced(
                self._partition, terms.live_from, until, limit
            )
        ]
        return sorted([*gone, *new], key=lambda change: (change.ticket, change.subject))

    def _following(self, events: Sequence[Stored], place: Place) -> Sequence[Stored]:
        """Return the events after the place; they must be the very next ones."""
        known = 0
        for stored in events:
            if stored.position > place.position:
                break
            known += 1
            if stored.position == place.position and stored.hash.hex() != place.hash:
                raise OtherLog(
                    self._partition, f"it has another event at position {place.position}"
                )
        fresh = events[known:] if known else events
        held = place.position
        reached = max(place.decided_to + 1, place.recorded_at)
        for stored in fresh:
            if stored.previous != held:
                raise Hole(self._partition, held, stored.previous)
            held = stored.position
            recorded_at = stored.recorded.recorded_at
            if recorded_at < reached:
                raise OtherLog(
                    self._partition,
                    f"position {held} was recorded at an instant that was over before",
                )
            reached = recorded_at
        return fresh

    def _take(
        self, before: Place | None, fresh: Sequence[Stored], until: int, terms: Terms
    ) -> Applied:
        """Apply events and time up to an instant, in the transaction that is open."""
        place = before or START
        if not fresh and until == place.decided_to:
            return Applied()
        added, positions = _by_arrival(fresh)
        due = [ticket for _, ticket in self._models.turns(self._partition, until, None)]
        # A ticket's first event is the first that was ever kept of it.
        known = [ticket for ticket, events in added.items() if events[0].version > 1]
        histories = kept_of(self._models, list(dict.fromkeys((*known, *due))))
        total = self._freshen(place, histories, terms)
        folds = [
            self._folded(
                ticket,
                histories.get(ticket),
                added.get(ticket, ()),
                positions.get(ticket),
                until,
                terms,
            )
            for ticket in dict.fromkeys((*added, *due))
        ]
        quiet = max(place.decided_to, place.announced_to)
        done = self._write(folds, quiet, quiet, terms)
        after = place._replace(decided_to=until)
        if before is None:
            after = after._replace(projector_version=self._version)
        if fresh:
            after = after._replace(
                position=fresh[-1].position,
                hash=fresh[-1].hash.hex(),
                recorded_at=fresh[-1].recorded.recorded_at,
            )
        self._move(before, after)
        return total.plus(done)._replace(events=len(fresh))

    def _keep_anew(self, ticket: str, place: Place, log: Log) -> None:
        """Put what the log has of a ticket, as far as it was applied, in place of what is kept."""
        told = _applied(log, ticket, place)
        if not told:
            raise OtherLog(self._partition, f"it has no ticket {ticket}")
        stood = kept_of(self._models, [ticket])[ticket]
        self._models.delete(_HISTORIES, [(ticket,)])
        self._models.keep(
            [Kept(ticket, self._partition, stood.position, None, stood.projector_version, told)]
        )

    def _freshen(self, place: Place, histories: dict[str, AnyHistory], terms: Terms) -> Applied:
        """Fold what another version folded as it was, so that only the version makes changes."""
        stale = [
            ticket
            for ticket, history in histories.items()
            if history.projector_version != self._version
        ]
        if not stale:
            return Applied()
        done = self._once_more(place, {ticket: histories[ticket] for ticket in stale}, terms)
        histories.update(kept_of(self._models, stale))
        return done

    def _again(self, before: Place, tickets: Sequence[str], after: Place, terms: Terms) -> Applied:
        done = self._once_more(before, kept_of(self._models, tickets), terms)
        self._move(before, after)
        return done

    def _once_more(
        self, place: Place, histories: Mapping[str, AnyHistory], terms: Terms
    ) -> Applied:
        """Fold tickets as they are; announce only what parked ones left untold."""
        until = place.decided_to
        folds = [
            self._folded(ticket, history, (), None, until, terms)
            for ticket, history in histories.items()
        ]
        quiet = max(place.decided_to, place.announced_to)
        return self._write(folds, quiet, quiet, terms)

    def _folded(
        self,
        ticket: str,
        before: AnyHistory | None,
        added: Sequence[RecordedEvent],
        position: int | None,
        until: int,
        terms: Terms,
    ) -> _Folded:
        if position is None:
            assert before is not None
            position = before.position
        folded, waiting, parked = NOTHING, None, None
        try:
            history = added if before is None else (*before.events, *added)
            known, waiting = split(history, until)
            if known:
                folded = self._fold(known, terms.policies, until, self._partition)
        except FOLD_FAULTS as error:
            parked = ParkedRow(
                ticket, self._partition, position, type(error).__name__, str(error), 0
            )
        next_turn = folded.next_turn
        if waiting is not None and (next_turn is None or waiting < next_turn):
            next_turn = waiting
        kept = tuple.__new__(
            Kept, (ticket, self._partition, position, next_turn, self._version, added)
        )
        return tuple.__new__(_Folded, (ticket, before, kept, folded, parked))

    def _write(
        self, folds: Sequence[_Folded], quiet: int, parked_from: int, terms: Terms
    ) -> Applied:
        """Write what differs from what stands, and announce what was decided after `quiet`.

        What a ticket that is parked now has to tell after `parked_from` waits for its retry.
        """
        models = self._models
        models.keep([fold.kept for fold in folds if _keeps_otherwise(fold)])
        tickets = [fold.ticket for fold in folds if fold.before is not None]
        clocks = self._standing(CLOCKS, tickets)
        told = self._standing(ALERTS, tickets)
        parked = {row.ticket: row for row in models.rows(PARKED, tickets)} if tickets else {}
        self._replace(
            TICKETS, self._standing(TICKETS, tickets), ((f.ticket, f.rows.tickets) for f in folds)
        )
        self._replace(CLOCKS, clocks, ((f.ticket, f.rows.clocks) for f in folds))
        self._replace(
            DEADLINES,
            self._standing(DEADLINES, tickets),
            ((f.ticket, f.rows.deadlines) for f in folds),
        )
        self._replace(ALERTS, told, ((f.ticket, f.rows.alerts) for f in folds))
        newly = self._park(folds, parked, parked_from)
        announced = self._announce(folds, parked, quiet, terms.live_from)
        changes = chain.from_iterable(
            self._changes(fold, clocks.get(fold.ticket, {}), told.get(fold.ticket, {}))
            for fold in folds
            if _is_of_another_version(fold) and fold.ticket not in parked
        )
        return Applied(0, len(folds), announced, newly, tuple(changes))

    def _standing(self, table: Table[R], tickets: Sequence[str]) -> Found[R]:
        if not tickets:
            return {}
        found: dict[str, dict[Key, R]] = {ticket: {} for ticket in tickets}
        for row in self._models.rows(table, tickets):
            ticket = row[0]
            assert isinstance(ticket, str)
            found[ticket][row[: table.key]] = row
        return found

    def _replace(
        self, table: Table[R], standing: Found[R], new: Iterable[tuple[str, Sequence[R]]]
    ) -> None:
        written: list[R] = []
        deleted: list[Key] = []
        for ticket, wanted in new:
            stood = standing.get(ticket)
            if not stood:
                written += wanted
                continue
            # Another row leaves its key first: it may be wanted under a key that comes before.
            same = {row[: table.identity] for row in wanted}
            deleted += [key for key, row in stood.items() if row[: table.identity] not in same]
            written += [row for row in wanted if stood.get(row[: table.key]) != row]
        self._models.delete(table, deleted)
        self._models.write(table, written)

    def _park(self, folds: Sequence[_Folded], standing: Mapping[str, ParkedRow], since: int) -> int:
        """Park what failed and let go what no longer does; return how many failed newly."""
        rows = [
            fold.parked._replace(
                announced_to=standing[fold.ticket].announced_to
                if fold.ticket in standing
                else since
            )
            for fold in folds
            if fold.parked is not None
        ]
        freed = [
            (fold.ticket,) for fold in folds if fold.parked is None and fold.ticket in standing
        ]
        self._models.delete(PARKED, freed)
        self._models.write(PARKED, [row for row in rows if row != standing.get(row.ticket)])
        newly = sum(row.ticket not in standing for row in rows)
        # Among the many tickets of a large batch a few bad ones are to be expected.
        if newly * 10 > len(folds):
            count = self._models.parked_since(self._partition, since - MINUTE)
            if count > PARKED_A_MINUTE:
                raise TooManyParked(count, rows[-1])
        return newly

    def _announce(
        self,
        folds: Sequence[_Folded],
        parked: Mapping[str, ParkedRow],
        quiet: int,
        live_from: int,
    ) -> tuple[Announcement, ...]:
        chosen: list[tuple[int, str, int, Alert]] = []
        for fold in folds:
            told = fold.rows.alerts
            after = parked[fold.ticket].announced_to if fold.ticket in parked else quiet
            if told and told[-1].decided_at > after:
                chosen += [
                    (row.decided_at, row.ticket, row.number, alert)
                    for row, alert in zip(told, fold.rows.told, strict=True)
                    if row.decided_at > after and row.turn >= live_from
                ]
        if not chosen:
            return ()
        chosen.sort(key=lambda one: one[:3])
        end = self._models.outbox_end(self._partition)
        announcements = tuple(
            _announcement(self._partition, end + index, alert)
            for index, (_, _, _, alert) in enumerate(chosen, start=1)
        )
        self._models.announce(announcements)
        return announcements

    def _changes(
        self, fold: _Folded, clocks: Mapping[Key, ClockRow], told: Mapping[Key, AlertRow]
    ) -> list[Change]:
        """Say what this version's fold changed of what stood."""
        verdicts = {_subject(row): row.verdict for row in clocks.values()}
        judged = {_subject(row): row.verdict for row in fold.rows.clocks}
        kinds = {row.id: row.kind for row in told.values()}
        tells = {row.id: row.kind for row in fold.rows.alerts}
        differing = sorted(kinds.keys() ^ tells.keys())
        announced = self._models.announced(differing)
        return [
            Change(
                fold.ticket,
                "verdict",
                subject,
                verdicts.get(subject),
                judged.get(subject),
                announced=False,
            )
            for subject in sorted({*verdicts, *judged})
            if verdicts.get(subject) != judged.get(subject)
        ] + [
            Change(fold.ticket, "alert", id, kinds.get(id), tells.get(id), id in announced)
            for id in differing
        ]

    def _move(self, before: Place | None, after: Place) -> None:
        if not self._models.move(self._partition, before, after):
            raise Fenced(self._partition)


def kept_of(models: Histories, tickets: Sequence[str]) -> dict[str, AnyHistory]:
    """Return what is kept of tickets, also where the events cannot be read."""
    try:
        return {**models.histories(tickets)}
    except UnreadableHistories as found:
        return {**found.histories}


def _applied(log: Log, ticket: str, place: Place) -> list[RecordedEvent]:
    """Return the events of a ticket up to a place, as they are kept."""
    ahead: set[int] = set()
    after, same_instant = place.position, True
    # What was recorded at the very instant of the place may lie on either side of it.
    while same_instant and (events := log.read(after, PORTION)):
        after = events[-1].position
        same_instant = events[-1].recorded.recorded_at == place.recorded_at
        ahead.update(
            stored.recorded.version for stored in events if stored.recorded.ticket == ticket
        )
    return [
        bare(recorded)
        for recorded in log.ticket(ticket)
        if recorded.recorded_at <= place.recorded_at and recorded.version not in ahead
    ]


def _decidable(fresh: Sequence[Stored], place: Place, watermark: Watermark | None) -> int:
    """Return the latest instant of which everything recorded is known with these events."""
    position, until = place.position, place.decided_to
    if fresh:
        position = fresh[-1].position
        # More may have been recorded at the instant of the last event, but nothing before it.
        until = max(until, fresh[-1].recorded.recorded_at - 1)
    if watermark is not None and watermark.position <= position:
        until = max(until, watermark.recorded_at)
    return until


def _by_arrival(
    fresh: Sequence[Stored],
) -> tuple[dict[str, list[RecordedEvent]], dict[str, int]]:
    """Return the events of each ticket, and the position of its last one."""
    added: dict[str, list[RecordedEvent]] = {}
    positions: dict[str, int] = {}
    for stored in fresh:
        recorded = stored.recorded
        ticket = recorded.ticket
        positions[ticket] = stored.position
        if ticket in added:
            added[ticket].append(recorded)
        else:
            added[ticket] = [recorded]
    return added, positions


def split(
    history: Sequence[RecordedEvent], until: int
) -> tuple[Sequence[RecordedEvent], int | None]:
    """Return what of a ticket was recorded by then, and when the first of the rest was."""
    if not history or history[-1].recorded_at <= until:
        return history, None
    known = [recorded for recorded in history if recorded.recorded_at <= until]
    return known, history[len(known)].recorded_at


def _keeps_otherwise(fold: _Folded) -> bool:
    before, kept = fold.before, fold.kept
    return (
        before is None
        or bool(kept.added)
        or before.next_turn != kept.next_turn
        or before.projector_version != kept.projector_version
    )


def _is_of_another_version(fold: _Folded) -> bool:
    return fold.before is not None and fold.before.projector_version != fold.kept.projector_version


def _announcement(partition: int, sequence: int, alert: Alert) -> Announcement:
    return Announcement(
        partition,
        sequence,
        alert.id,
        alert.ticket,
        alert.kind,
        alert.decided_at,
        orjson.dumps(alerts.row(alert)).decode(),
    )


def _subject(clock: ClockRow) -> str:
    return f"{clock.clock} {clock.started_by}"
