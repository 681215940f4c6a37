"""Read models and a log that are not what was written any more."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from infra.engine.follower import Mark
from infra.store.log import EventLog
from infra.store.models import SQLiteModels
from projections.projector import Projector, Terms
from tests.survival.desk import Desk, living_desk, settle
from tests.survival.proof import proved
from tests.survival.test_kill import ROUNDS

PAGE = 4096
ONCE = ("run", "--once", "--log-format", "text")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk on which some tickets were worked at, and all is told."""
    with living_desk(tmp_path) as made:
        made.subscribe()
        made.write_commands("A", 60, Random("damage"))
        settle(made)
        proved(made)
        yield made


def damage(path: Path, chance: Random) -> int:
    """Overwrite a page of a file, as a bad disk does, and return its number."""
    content = bytearray(path.read_bytes())
    page = chance.randrange(1, len(content) // PAGE)
    content[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    path.write_bytes(content)
    return page


class TestReadModels:
    def test_damage_anywhere_is_noticed_and_mended(self, desk: Desk) -> None:
        """By the engine at once, or by an audit, whose message says how; nobody is told again."""
        chance = Random("a page of the read models")
        handled = (desk.folder / "handled.jsonl").read_bytes()
        good = Path(desk.settings.models).read_bytes()
        for _ in range(ROUNDS):
            Path(desk.settings.models).write_bytes(good)
            page = damage(Path(desk.settings.models), chance)
            started = desk.ended(*ONCE)
            assert started.status == 0, (page, started.errors)
            if started.errors:
                assert "nothing is lost" in started.errors
                assert "models.db.damaged" in started.errors
            audited = desk.ended("audit")
            if audited.status:
                assert "lhuta rebuild" in audited.errors, (page, audited)
                assert "Traceback" not in audited.errors
                desk.done("rebuild")
                desk.done("audit")
            assert (desk.folder / "handled.jsonl").read_bytes() == handled

    def test_damage_costs_a_failing_subscriber_nothing(self, desk: Desk) -> None:
        """What it was owed before and after comes later, once for each id; so with a lost file."""
        chance = Random("owed")
        with desk.failing():
            desk.write_commands("B", 30, chance)
            desk.finish()
            desk.done("run", "--once")
            Path(desk.settings.models).write_bytes(b"\0" * 20_000)
            assert "models.db.damaged" in desk.ended(*ONCE).errors
            desk.write_commands("C", 30, chance)
            desk.finish()
            desk.done("run", "--once")
            desk.lose_read_models()
            desk.done("run", "--once")
        settle(desk)
        assert proved(desk).again == 0

    def test_what_was_announced_and_not_taken_is_told_after_the_read_models_are_lost(
        self, desk: Desk
    ) -> None:
        """As by an engine that is killed between the two."""
        path = desk.write_commands("B", 30, Random("announced"))
        assert desk.apply(path).wait() == 0
        with (
            EventLog.open(desk.settings.log) as log,
            SQLiteModels.open(desk.settings.models) as models,
        ):
            projector = Projector(models)
            head, events = log.tick(), log.read(projector.place.position, 10_000)
            mark = Mark(events[-1].position, head.recorded_at)
            applied = projector.apply(events, Terms(log.policies(), log.live_from), mark)
        assert applied.announced
        desk.lose_read_models()
        settle(desk)
        assert proved(desk).again == 0

    def test_a_rebuild_begins_with_a_new_file(self, desk: Desk) -> None:
        """The damaged one is kept beside it."""
        Path(desk.settings.models).write_bytes(b"\0" * 20_000)
        ended = desk.ended("rebuild")
        assert ended.status == 0
        assert "the file is now" in ended.errors
        assert (desk.settings.data / "models.db.damaged").exists()
        desk.done("audit")


class TestLog:
    def test_damage_anywhere_is_refused_with_what_was_found(self, desk: Desk) -> None:
        """Before anything is done with it, or by the command that meets it; a backup goes on."""
        chance = Random("a page of the log")
        good = Path(desk.settings.log).read_bytes()
        for _ in range(ROUNDS):
            page = damage(Path(desk.settings.log), chance)
            started = desk.ended(*ONCE)
            assert (started.status, desk.ended("log", "verify").status) == (5, 3), page
            assert str(desk.settings.log) in started.errors
            assert "lhuta log verify" in started.errors
            assert re.search("last (good )?backup", started.errors)
            Path(desk.settings.log).write_bytes(good)
        desk.done("log", "verify")
        proved(desk)

    def test_a_log_that_lost_its_end_is_refused(self, desk: Desk) -> None:
        """As a file that was copied half is."""
        good = Path(desk.settings.log).read_bytes()
        Path(desk.settings.log).write_bytes(good[: len(good) // 2 // PAGE * PAGE])
        assert "lhuta log verify" in desk.refused(*ONCE)
        assert "lhuta log verify" in desk.refused("reply", "A-1", "--message", "m")

    def test_an_older_log_under_newer_read_models_is_refused(self, desk: Desk) -> None:
        """A backup that was brought back holds, but not all that was told; people decide."""
        older = Path(desk.settings.log).read_bytes()
        desk.write_commands("B", 3, Random("newer"))
        settle(desk)
        Path(desk.settings.log).write_bytes(older)
        with EventLog.open(desk.settings.log) as log:
            assert log.verify() == []
        assert "`lhuta rebuild`" in desk.refused(*ONCE)
