"""A partition that follows the log by what comes over Kafka (architecture, decisions 3 and 4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.store.models import SQLiteModels
from projections.fault import Fenced, OtherLog
from projections.models import Place
from projections.projector import Applied, Projector
from projections.rows import PROJECTOR_VERSION, TICKETS
from streams.partition import Partition
from streams.terms import LogTerms
from tests.spec.desk import MANAGRY, at, ticket
from tests.spec.growing_log import GrowingLog
from tests.spec.partition import Mark, partition

HOUR = 3_600_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for read models."""
    return tmp_path / "models.db"


@pytest.fixture
def models(path: Path) -> Iterator[SQLiteModels]:
    """Give empty read models."""
    with SQLiteModels.open(path) as opened:
        yield opened


@pytest.fixture
def log() -> GrowingLog:
    """Give the log of four tickets with six events; nothing of it is recorded yet."""
    return GrowingLog(
        partition(
            ticket("T-1").opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1).history,
            ticket("T-2").opened("2026-03-09 08:10").triaged("2026-03-09 08:20", 1).history,
            ticket("T-3").opened("2026-03-09 08:30").history,
            ticket("T-4").opened("2026-03-09 08:40").history,
        ),
        MANAGRY,
    )


def following(models: SQLiteModels, log: GrowingLog, bulk: int = 100) -> Partition:
    """Return a partition that is behind no more."""
    made = Partition(0, Projector(models), log, LogTerms(log), bulk)
    while made.behind:
        made.catch_up()
    log.reads = 0
    return made


def stands(followed: Partition) -> tuple[int, int]:
    """How far a partition is applied and decided."""
    return followed.held


def is_behind(followed: Partition) -> bool:
    """Whether a partition goes on from the log."""
    return followed.behind


class TestFollowing:
    def test_what_follows_is_applied_without_reading_the_log(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """Record after record, the log is left alone."""
        followed = following(models, log)
        mark = log.grow(6)
        assert followed.take(log.entries[:2]) == Applied(events=2, folded=1)
        assert followed.take(log.entries[2:]).events == 4
        followed.mark(mark)
        assert stands(followed) == mark
        assert log.reads == 0
        assert [row.ticket for row in models.rows(TICKETS, ["T-1", "T-2", "T-3", "T-4"])] == [
            "T-1",
            "T-2",
            "T-3",
            "T-4",
        ]

    def test_a_record_that_came_before_is_ignored(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """Sent twice, in one batch or in two, it counts once."""
        followed = following(models, log)
        log.grow(3)
        assert followed.take([*log.entries[:3], *log.entries[:3]]).events == 3
        assert followed.take(log.entries[:3]) == Applied()
        assert log.reads == 0

    def test_what_is_out_of_order_inside_a_batch_is_put_in_order(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """As long as none is missing."""
        followed = following(models, log)
        log.grow(3)
        assert followed.take(log.entries[:3][::-1]).events == 3
        assert log.reads == 0

    def test_a_watermark_may_come_before_its_events(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """It waits for them and is applied with them."""
        followed = following(models, log)
        mark = log.grow(2, at("2026-03-09 08:35"))
        assert followed.mark(mark) == Applied()
        applied = followed.take(log.entries[:2])
        assert [one.kind for one in applied.announced] == ["warning"]
        assert stands(followed) == mark
        assert log.reads == 0

    def test_a_later_watermark_does_not_wait_with_its_own_events(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """Time is known up to the events that came, not up to a watermark beyond them."""
        followed = following(models, log)
        followed.mark(log.grow(6, at("2026-03-09 12:00")))
        followed.take(log.entries[:2])
        assert stands(followed) == Mark(
            log.entries[1].position, log.entries[1].recorded.recorded_at - 1
        )

    def test_an_old_watermark_tells_nothing(self, models: SQLiteModels, log: GrowingLog) -> None:
        """Time does not go back."""
        followed = following(models, log)
        old = log.grow(2)
        followed.take(log.entries[:2])
        new = log.grow(2, at("2026-03-09 08:07"))
        followed.mark(new)
        assert followed.mark(old) == Applied()
        assert stands(followed) == new

    def test_many_partitions_look_at_the_terms_once(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """The policies are read again only when the log went on."""
        terms = LogTerms(log)
        log.grow(6)
        for position, _ in ((1, 0), (6, 0), (18, 0)):
            terms.until(position, 0)
        assert log.looks == 1
        terms.until(18, log.time)
        assert log.looks == 1
        log.grow(6, at("2026-03-09 12:00"))
        terms.until(18, log.time)
        assert log.looks == 2


class TestFallingBehind:
    def test_at_first_everything_is_read_from_the_log_in_bulk(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """Piece by piece until the end, and what comes meanwhile is left to the log."""
        log.grow(6)
        followed = Partition(0, Projector(models), log, LogTerms(log), bulk=4)
        assert followed.take(log.entries[:2]) == Applied()
        assert followed.mark(log.head()) == Applied()
        assert followed.catch_up().events == 4
        assert is_behind(followed)
        assert followed.catch_up().events == 2
        assert stands(followed) == log.head()

    def test_a_hole_is_read_from_the_log(self, models: SQLiteModels, log: GrowingLog) -> None:
        """A record that does not follow is not applied before what lies between."""
        followed = following(models, log)
        log.grow(6)
        followed.take(log.entries[:1])
        assert followed.take(log.entries[2:4]) == Applied()
        assert is_behind(followed)
        assert followed.catch_up().events == 5
        assert followed.take(log.entries[2:]) == Applied()
        assert stands(followed) == log.head()

    def test_the_loss_of_the_last_event_is_seen(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """A watermark names it, and the next one comes before it."""
        followed = following(models, log)
        first = log.grow(3)
        followed.take(log.entries[:2])
        assert followed.mark(first) == Applied()
        assert not is_behind(followed)
        assert followed.mark(first) == Applied()
        assert not is_behind(followed)
        followed.mark(log.grow(3, first.recorded_at + 1))
        assert is_behind(followed)
        assert followed.catch_up().events == 1
        assert stands(followed) == log.head()

    def test_a_record_that_cannot_be_read_is_healed(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """What should have stood there is in the log."""
        followed = following(models, log)
        log.grow(1)
        followed.fall_behind()
        assert followed.catch_up().events == 1

    def test_read_models_begun_anew_are_noticed_while_nothing_happens(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """Time does not pass over an empty partition."""
        followed = following(models, log)
        log.grow(3)
        followed.take(log.entries[:3])
        Projector(models).reset()
        assert followed.mark(log.grow(3, log.time + 1)) == Applied()
        assert is_behind(followed)

    def test_read_models_begun_anew_are_caught_up(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """A rebuild beside the worker is noticed with the next record."""
        followed = following(models, log)
        log.grow(3)
        followed.take(log.entries[:3])
        Projector(models).reset()
        log.grow(4)
        assert followed.take(log.entries[3:4]) == Applied()
        assert is_behind(followed)
        assert followed.catch_up().events == 4


class Overtaken(SQLiteModels):
    """Read models whose place another process moves just before it is moved here."""

    overtaken = False

    def move(self, partition: int, before: Place | None, after: Place) -> bool:
        """Move the place, unless it was moved."""
        return not self.overtaken and super().move(partition, before, after)


class TestFencing:
    def test_who_is_fenced_drops_what_it_remembers(self, path: Path, log: GrowingLog) -> None:
        """Nothing of the batch is kept, and it goes on from the place in the database."""
        with Overtaken.open(path) as models:
            followed = following(models, log)
            log.grow(3)
            models.overtaken = True
            with pytest.raises(Fenced):
                followed.take(log.entries[:2])
            assert is_behind(followed)
            assert models.rows(TICKETS, ["T-1"]) == []
            models.overtaken = False
            Projector(models).apply(log.entries[:3], LogTerms(log).until(0, 0))
            assert followed.catch_up().events == 0
            assert stands(followed) == log.head()

    def test_who_was_overtaken_earlier_applies_only_what_is_new(
        self, models: SQLiteModels, log: GrowingLog
    ) -> None:
        """What another process applied is ignored."""
        followed = following(models, log)
        log.grow(3)
        Projector(models).apply(log.entries[:2], LogTerms(log).until(0, 0))
        assert followed.take(log.entries[:3]).events == 1

    def test_another_log_is_refused(self, models: SQLiteModels, log: GrowingLog) -> None:
        """Read models that are ahead of a restored log are not led on by it."""
        log.grow(3)
        following(models, log)
        log.grown = 2
        other = Partition(0, Projector(models), log, LogTerms(log))
        with pytest.raises(OtherLog, match="position 9"):
            other.catch_up()


def test_what_another_version_folded_is_folded_again_with_time(
    models: SQLiteModels, log: GrowingLog
) -> None:
    """After an upgrade, each watermark brings some tickets up."""
    log.grow(6)
    old = Partition(0, Projector(models, version=PROJECTOR_VERSION - 1), log, LogTerms(log))
    old.catch_up()
    followed = following(models, log)
    applied = followed.mark(log.grow(6, log.time + 1))
    assert applied.folded == 4
    followed.mark(log.grow(6, log.time + 1))
    assert Projector(models).place.projector_version == PROJECTOR_VERSION
