"""What is queued to be published: with the change that makes it so, once, and until it was."""

from collections.abc import Iterator

import pytest

from infra.store.models.postgresql import PostgreSQLModels, PostgreSQLPublications
from projections.models import START
from projections.projector import Projector, Terms
from projections.publication import ChangedClock
from projections.rows import CLOCKS, ClockRow
from tests.contract.test_read_models import announcement, clock_row, kept
from tests.servers.read_models import Databases
from tests.spec.desk import MANAGRY, at, ticket
from tests.spec.partition import mark, partition

TERMS = Terms(MANAGRY, at("2026-01-01 00:00"))


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """Give an empty database."""
    with databases.one() as url:
        yield url


@pytest.fixture
def models(url: str) -> Iterator[PostgreSQLModels]:
    """Give read models that know two tickets of partition 0 and one of partition 1."""
    with PostgreSQLModels.open(url) as opened:
        opened.keep([kept("T-1"), kept("T-2", position=9), kept("T-3", partition=1)])
        yield opened


@pytest.fixture
def publications(url: str, models: PostgreSQLModels) -> Iterator[PostgreSQLPublications]:
    """Give what is to be published, on a connection of its own."""
    with PostgreSQLPublications.open(url) as opened:
        yield opened


def queued(publications: PostgreSQLPublications, number: int = 0) -> list[tuple[str, int]]:
    """The clocks of a partition that are to be published: ticket, and position."""
    return [(one.ticket, one.position) for one in publications.clocks(number, 100)]


class TestAlerts:
    def test_what_is_announced_is_to_be_published_in_order(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """Each partition on its own, so many at a time."""
        models.announce([announcement(2, "T-2"), announcement(1), announcement(1, "T-3", 1)])
        assert publications.alerts(0, 10) == [announcement(1), announcement(2, "T-2")]
        assert publications.alerts(0, 1) == [announcement(1)]
        assert publications.alerts(1, 10) == [announcement(1, "T-3", 1)]

    def test_what_was_published_is_not_to_be_again(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """In whatever order the acknowledgements came."""
        models.announce([announcement(number) for number in (1, 2, 3)])
        publications.alerts_published(0, [3, 1])
        assert publications.alerts(0, 10) == [announcement(2)]
        publications.alerts_published(0, [])
        publications.alerts_published(1, [2])
        assert publications.alerts(0, 10) == [announcement(2)]

    def test_what_was_undone_is_not_published(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """Announcement and queue are one transaction."""

        def fails() -> None:
            with models.transaction():
                models.announce([announcement(1)])
                models.write(CLOCKS, [clock_row()])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fails()
        assert publications.alerts(0, 10) == []
        assert publications.clocks(0, 10) == []


class TestPublishedAgain:
    def test_topics_that_were_made_anew_get_everything(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """What was published as well as what was not, each once, in its order."""
        models.announce([announcement(number) for number in (1, 2, 3)])
        models.write(CLOCKS, [clock_row("T-1"), clock_row("T-2"), clock_row("T-3")])
        publications.alerts_published(0, [1, 2])
        publications.clocks_published(0, publications.clocks(0, 1))
        publications.publish_again()
        assert publications.alerts(0, 10) == [announcement(number) for number in (1, 2, 3)]
        assert sorted(queued(publications)) == [("T-1", 7), ("T-2", 9)]
        assert queued(publications, 1) == [("T-3", 7)]


class TestClocks:
    def test_a_new_clock_is_to_be_published_as_it_stands(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """With the position of the last event of its ticket."""
        models.write(CLOCKS, [clock_row("T-2")])
        [one] = publications.clocks(0, 10)
        assert one == ChangedClock(one.version, "T-2", "initial", "e-1", 9, clock_row("T-2"))
        assert publications.clocks(1, 10) == []

    def test_a_clock_that_changed_often_is_published_once(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """As it is now, and after those that wait longer."""
        models.write(CLOCKS, [clock_row("T-1")])
        models.write(CLOCKS, [clock_row("T-2")])
        models.write(CLOCKS, [clock_row("T-1", satisfied_at=5)])
        assert [one.row for one in publications.clocks(0, 10)] == [
            clock_row("T-2"),
            clock_row("T-1", satisfied_at=5),
        ]
        assert queued(publications) == [("T-2", 9), ("T-1", 7)]
        assert [one.ticket for one in publications.clocks(0, 1)] == ["T-2"]

    def test_what_changed_after_it_was_read_stays(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """Only what was really published is struck off."""
        models.write(CLOCKS, [clock_row("T-1"), clock_row("T-2"), clock_row("T-3")])
        read = publications.clocks(0, 10)
        models.write(CLOCKS, [clock_row("T-1", satisfied_at=5)])
        publications.clocks_published(0, read)
        assert [one.row for one in publications.clocks(0, 10)] == [clock_row("T-1", satisfied_at=5)]
        publications.clocks_published(0, publications.clocks(0, 10))
        assert publications.clocks(0, 10) == []
        assert queued(publications, 1) == [("T-3", 7)]

    def test_what_was_struck_off_and_changed_is_another_change(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """A publisher that comes late with what it read before strikes nothing off."""
        models.write(CLOCKS, [clock_row()])
        read = publications.clocks(0, 10)
        publications.clocks_published(0, read)
        models.write(CLOCKS, [clock_row(satisfied_at=5)])
        publications.clocks_published(0, read)
        assert queued(publications) == [("T-1", 7)]

    def test_what_another_publisher_struck_off_is_to_be_published_again(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """It may have sent a newer state before the one that stood still sent an older one."""
        models.write(CLOCKS, [clock_row("T-1"), clock_row("T-2")])
        old = publications.clocks(0, 10)
        models.write(CLOCKS, [clock_row("T-1", satisfied_at=5)])
        new = publications.clocks(0, 10)
        publications.clocks_published(0, new)
        publications.clocks_published(0, old[:1])
        [again] = publications.clocks(0, 10)
        assert again.row == clock_row("T-1", satisfied_at=5)
        publications.clocks_published(0, [again])
        assert publications.clocks(0, 10) == []

    @pytest.mark.parametrize("again", [[clock_row()], []])
    def test_what_did_not_change_is_not_published(
        self,
        models: PostgreSQLModels,
        publications: PostgreSQLPublications,
        again: list[ClockRow],
    ) -> None:
        """Though it was written."""
        models.write(CLOCKS, [clock_row()])
        publications.clocks_published(0, publications.clocks(0, 10))
        models.write(CLOCKS, again)
        assert publications.clocks(0, 10) == []

    def test_a_clock_that_is_gone_is_published_as_gone(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """So that the topic can forget it."""
        models.write(CLOCKS, [clock_row(), clock_row(started_by="e-2")])
        publications.clocks_published(0, publications.clocks(0, 10))
        models.delete(CLOCKS, [("T-1", "initial", "e-1")])
        [gone] = publications.clocks(0, 10)
        assert gone == ChangedClock(gone.version, "T-1", "initial", "e-1", 7, None)

    def test_what_a_projector_is_changing_is_passed_over(
        self, models: PostgreSQLModels, publications: PostgreSQLPublications
    ) -> None:
        """Nobody waits, and the change is published."""
        models.write(CLOCKS, [clock_row("T-1"), clock_row("T-2")])
        read = publications.clocks(0, 10)
        with models.transaction():
            models.write(CLOCKS, [clock_row("T-1", satisfied_at=5)])
            publications.clocks_published(0, read)
        assert queued(publications) == [("T-1", 7)]


class TestRebuilding:
    def test_clocks_are_published_again_when_they_are_there_again(self, url: str) -> None:
        """Not as gone in between; alerts are not published again at all."""
        told = ticket().opened("2026-03-09 08:00").triaged("2026-03-09 08:05", 1)
        log = partition(told.answered("2026-03-09 09:15").history)
        until = mark(log, at("2026-03-09 10:00"))
        with (
            PostgreSQLModels.open(url) as models,
            PostgreSQLPublications.open(url) as publications,
        ):
            projector = Projector(models)
            projector.apply(log, TERMS, until)
            assert len(publications.alerts(0, 10)) == 4
            publications.alerts_published(0, [1, 2, 3, 4])
            before = publications.clocks(0, 10)
            publications.clocks_published(0, before)
            projector.reset()
            assert publications.clocks(0, 10) == []
            projector.apply(log, TERMS, until)
            assert [one.row for one in publications.clocks(0, 10)] == [one.row for one in before]
            assert publications.alerts(0, 10) == []
            assert models.place(0) != START
