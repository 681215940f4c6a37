"""What is true of the read models of any log, however it reaches the projector (semantics §5)."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import instant
from domain.event import RecordedEvent
from domain.policy import Policies
from infra.store.models import SQLiteModels
from projections.alerts import told
from projections.audit import Audit
from projections.projector import Projector, Terms
from tests.spec.partition import TABLES, Entry, Mark, dump, mark
from tests.strategies import partitions, policies

LONG_AFTER = 3 * instant.DAY
SINCE_EVER = 0

Log = tuple[Entry, ...]
Dump = dict[str, list[tuple[object, ...]]]


class Killed(BaseException):
    """The process is gone."""


class Mortal(SQLiteModels):
    """Read models in a process that is killed before it does the n-th thing."""

    left = 0

    @classmethod
    def living(cls, path: Path, steps: int) -> "Mortal":
        """Open the read models for so many steps."""
        models = cls.open(path)
        assert isinstance(models, Mortal)
        models.left = steps
        return models

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
        super().write(*arguments)  # type: ignore[arg-type]

    def announce(self, *arguments: object) -> None:
        """Announce, or die before."""
        self._step()
        super().announce(*arguments)  # type: ignore[arg-type]

    def move(self, *arguments: object) -> bool:
        """Move, or die before."""
        self._step()
        return super().move(*arguments)  # type: ignore[arg-type]


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
    return dump(path)


@st.composite
def cuts(draw: st.DrawFn, log: Log) -> list[tuple[Sequence[Entry], Mark | None]]:
    """Draw batches of a log, some repeated in part, with watermarks that are sound."""
    ends = sorted(draw(st.sets(st.integers(1, len(log) - 1)))) if len(log) > 1 else []
    batches: list[tuple[Sequence[Entry], Mark | None]] = []
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
        assert dump(place / "cut.db") == at_once(place / "whole.db", log, terms, until)


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
            models = Mortal.living(place / "killed.db", steps)
            try:
                for batch, watermark in batches:
                    Projector(models).apply(batch, terms, watermark)
            except Killed:
                continue
            finally:
                models.close()
        assert dump(place / "killed.db") == at_once(place / "whole.db", log, terms, until)


@given(partitions(), policies(), st.data())
def test_the_alerts_are_those_of_the_log(log: Log, under: Policies, data: st.DataObject) -> None:
    """At any watermark the alerts are those that a reader of the whole history finds."""
    until = data.draw(st.integers(log[-1].recorded.recorded_at, end_of(log).recorded_at))
    live_from = data.draw(st.integers(log[0].recorded.recorded_at, until))
    by_ticket: dict[str, list[RecordedEvent]] = {}
    for entry in log:
        by_ticket.setdefault(entry.recorded.ticket, []).append(entry.recorded)
    expected = told(by_ticket, under, until)
    with folder() as place:
        with SQLiteModels.open(place / "models.db") as models:
            for batch, watermark in data.draw(cuts(log)):
                known = None if watermark is None else min(watermark, mark(log, until))
                Projector(models).apply(batch, Terms(under, live_from), known)
            Projector(models).advance(mark(log, until), Terms(under, live_from))
            outbox = models.outbox(0, 0, 1_000)
        rows = dump(place / "models.db")["alerts"]
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
    with folder() as place:
        with SQLiteModels.open(place / "models.db") as models:
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
        assert dump(place / "models.db", without_place) == {
            table: whole[table] for table in without_place
        }


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
