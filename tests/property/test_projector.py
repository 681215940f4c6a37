"""What is true of the read models of any log, however it reaches the projector (semantics §5)."""

import tempfile
from abc import ABC
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import instant
from domain.event import RecordedEvent
from domain.policy import Policies
from infra.store.models import ReadModels, SQLiteModels
from infra.store.models.database import Database
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.models.postgresql import database as postgresql
from projections.alerts import told
from projections.audit import Audit
from projections.projector import Projector, Terms
from tests.servers.read_models import Databases
from tests.spec.partition import TABLES, Entry, Mark, dump, mark
from tests.strategies import partitions, policies

LONG_AFTER = 3 * instant.DAY
SINCE_EVER = 0

Log = tuple[Entry, ...]
Batch = tuple[Sequence[Entry], Mark | None]
Dump = dict[str, list[tuple[object, ...]]]


class Killed(BaseException):
    """The process is gone."""


class Mortal(ReadModels, ABC):
    """Read models in a process that is killed before it does the n-th thing."""

    left = 0

    def living(self, steps: int) -> Self:
        """Give the process so many steps."""
        self.left = steps
        return self

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def keep(self, *arguments: object) -> None:
        """Keep, or die before."""
        self._step()
        super().keep(*arguments)  # type: ignore[arg-type]

    def write(self, *arguments: object) -> None:
        """Write, or die before."""
        self._step()
        super().write(*arguments)  # type: ignore[arg-type,safe-super]

    def announce(self, *arguments: object) -> None:
        """Announce, or die before."""
        self._step()
        super().announce(*arguments)  # type: ignore[arg-type,safe-super]

    def move(self, *arguments: object) -> bool:
        """Move, or die before."""
        self._step()
        return super().move(*arguments)  # type: ignore[arg-type]


class MortalFile(Mortal, SQLiteModels):
    """Read models in a file."""


class MortalDatabase(Mortal, PostgreSQLModels):
    """Read models on a server."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own for every example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def end_of(log: Log) -> Mark:
    """The watermark some days after the last event."""
    return mark(log, log[-1].recorded.recorded_at + LONG_AFTER)


def at_once(path: Path, log: Log, terms: Terms, until: Mark) -> Dump:
    """The read models made from nothing, in one batch."""
    with SQLiteModels.open(path) as models:
        Projector(models).rebuild([log], terms, until)
        return dump(models)


def run(models: ReadModels, batches: Sequence[Batch], terms: Terms) -> None:
    """Apply batches, by a new process for each."""
    for batch, watermark in batches:
        Projector(models).apply(batch, terms, watermark)


@st.composite
def cuts(draw: st.DrawFn, log: Log) -> list[Batch]:
    """Draw batches of a log, some repeated in part, with watermarks that are sound."""
    ends = sorted(draw(st.sets(st.integers(1, len(log) - 1)))) if len(log) > 1 else []
    batches: list[Batch] = []
    for start, end in zip([0, *ends], [*ends, len(log)], strict=True):
        batch = log[draw(st.integers(0, start)) : end]
        last = log[end - 1].recorded.recorded_at
        latest = last + LONG_AFTER if end == len(log) else log[end].recorded.recorded_at - 1
        batches.append((batch, None))
        if last <= latest:
            looks = st.lists(
                st.integers(last, latest) | st.sampled_from((last, latest)), max_size=3
            )
            marks = [mark(log[:end], at) for at in sorted(draw(looks))]
            # The first comes together with the batch.
            batches[-1] = (batch, marks[0] if marks else None)
            batches += [((), one) for one in marks[1:]]
    return batches


@given(partitions(), policies(), st.data())
def test_batches_and_watermarks_change_nothing(
    log: Log, under: Policies, data: st.DataObject
) -> None:
    """Cut in any way, looked at at any time, by a new process each time: the same rows."""
    terms = Terms(under, data.draw(st.sampled_from((SINCE_EVER, log[-1].recorded.recorded_at))))
    until = end_of(log)
    with folder() as place:
        for batch, watermark in data.draw(cuts(log)):
            with SQLiteModels.open(place / "cut.db") as models:
                Projector(models).apply(batch, terms, watermark)
        with SQLiteModels.open(place / "cut.db") as models:
            Projector(models).advance(until, terms)
            assert dump(models) == at_once(place / "whole.db", log, terms, until)


@given(partitions(), policies(), st.data())
def test_a_process_killed_anywhere_loses_and_doubles_nothing(
    log: Log, under: Policies, data: st.DataObject
) -> None:
    """Begun again from what is on disk, as often as it dies, it comes to the same rows."""
    terms = Terms(under, SINCE_EVER)
    until = end_of(log)
    batches = [*data.draw(cuts(log)), ((), until)]
    with folder() as place:
        lives = data.draw(st.lists(st.integers(0, 12), max_size=6))
        for steps in [*lives, 1_000_000]:
            with suppress(Killed), MortalFile(Database.open(place / "killed.db")) as models:
                run(models.living(steps), batches, terms)
        with SQLiteModels.open(place / "killed.db") as survived:
            assert dump(survived) == at_once(place / "whole.db", log, terms, until)


@given(partitions(), policies(), st.data())
@settings(max_examples=25)
def test_a_server_keeps_what_a_file_keeps(
    databases: Databases, log: Log, under: Policies, data: st.DataObject
) -> None:
    """Also when its clients are killed anywhere, and begin again."""
    terms = Terms(under, SINCE_EVER)
    until = end_of(log)
    batches = [*data.draw(cuts(log)), ((), until)]
    with folder() as place, databases.one() as url:
        for steps in [*data.draw(st.lists(st.integers(0, 12), max_size=3)), 1_000_000]:
            with suppress(Killed), MortalDatabase(postgresql.Database.open(url)) as models:
                run(models.living(steps), batches, terms)
        with PostgreSQLModels.open(url) as survived:
            assert dump(survived) == at_once(place / "whole.db", log, terms, until)
            assert list(Audit(survived, FakeLog(log), lambda: under).run(limit=2)) == []


@given(partitions(), policies(), st.data())
def test_the_alerts_are_those_of_the_log(log: Log, under: Policies, data: st.DataObject) -> None:
    """At any watermark the alerts are those that a reader of the whole history finds."""
    until = data.draw(st.integers(log[-1].recorded.recorded_at, end_of(log).recorded_at))
    live_from = data.draw(st.integers(log[0].recorded.recorded_at, until))
    by_ticket: dict[str, list[RecordedEvent]] = {}
    for entry in log:
        by_ticket.setdefault(entry.recorded.ticket, []).append(entry.recorded)
    expected = told(by_ticket, under, until)
    with folder() as place, SQLiteModels.open(place / "models.db") as models:
        for batch, watermark in data.draw(cuts(log)):
            known = None if watermark is None else min(watermark, mark(log, until))
            Projector(models).apply(batch, Terms(under, live_from), known)
        Projector(models).advance(mark(log, until), Terms(under, live_from))
        outbox = models.outbox(0, 0, 1_000)
        rows = dump(models)["alerts"]
    assert sorted(str(row[2]) for row in rows) == sorted(alert.id for alert in expected)
    announced = [announcement.alert_id for announcement in outbox]
    assert announced == [alert.id for alert in expected if alert.id in set(announced)]
    settle = under.versions[0].settle
    for alert in expected:
        if alert.deadline is not None:
            assert (alert.id in announced) == (alert.deadline + settle >= live_from)
        else:
            assert (alert.id in announced) == any(ended in announced for ended in alert.refers)


@given(partitions(), policies(), st.data())
def test_a_rebuild_tells_nobody(log: Log, under: Policies, data: st.DataObject) -> None:
    """Made anew at any moment, the rows are the same and nothing is announced twice or newly."""
    terms = Terms(under, SINCE_EVER)
    until = end_of(log)
    cut = data.draw(st.integers(1, len(log)))
    with folder() as place, SQLiteModels.open(place / "models.db") as models:
        projector = Projector(models)
        projector.apply(log[:cut], terms)
        announced = models.outbox(0, 0, 1_000)
        watermark = Mark(projector.place.position, projector.place.decided_to)
        again = projector.rebuild([[entry] for entry in log[:cut]], terms, watermark)
        assert again.announced == ()
        assert models.outbox(0, 0, 1_000) == announced
        assert projector.differences(terms) == []
        projector.apply(log[cut:], terms, until)
        without_place = [table for table in TABLES if table != "positions"]
        whole = at_once(place / "whole.db", log, terms, until)
        assert dump(models, without_place) == {table: whole[table] for table in without_place}


@given(partitions(), policies(), st.data())
@settings(max_examples=50)
def test_the_audit_finds_nothing_in_what_the_projector_made(
    log: Log, under: Policies, data: st.DataObject
) -> None:
    """At any moment, also while events wait for the rest of their instant."""
    terms = Terms(under, SINCE_EVER)
    with folder() as place, SQLiteModels.open(place / "models.db") as models:
        for batch, watermark in data.draw(cuts(log)):
            Projector(models).apply(batch, terms, watermark)
            assert list(Audit(models, FakeLog(log), lambda: under).run(limit=2)) == []


class FakeLog:
    """A log as the audit reads it."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def read(self, after: int, limit: int) -> Sequence[Entry]:
        """The next entries."""
        return [entry for entry in self._log if entry.position > after][:limit]

    def ticket(self, ticket: str) -> Sequence[RecordedEvent]:
        """A ticket's history."""
        return [entry.recorded for entry in self._log if entry.recorded.ticket == ticket]
