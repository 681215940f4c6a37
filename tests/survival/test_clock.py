"""A machine's clock that was set back, or ahead, while people and the engine work."""

from pathlib import Path
from random import Random

import orjson
import pytest

from domain import instant
from infra.store.log import EventLog, wall_clock
from tests.survival.desk import living_desk, settle
from tests.survival.proof import proved

HOUR = 3_600


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_clock_set_wrong_by_an_hour_loses_nothing(tmp_path: Path, seconds: int) -> None:
    """Commands are taken and alerts told once, before, meanwhile and after; the status says why.

    Recorded time never falls, so what comes when the clock is behind is recorded just after.
    """
    wrong = ("--clock", str(seconds))
    with living_desk(tmp_path) as desk:
        desk.subscribe()
        desk.write_commands("before", 8, Random("before"))
        settle(desk)
        told = proved(desk).alerts

        meanwhile = desk.write_commands("meanwhile", 8, Random("meanwhile"))
        assert desk.ended("apply", meanwhile.name, "--json", world=wrong).status == 0
        assert desk.ended("run", "--once", world=wrong).status == 0
        with EventLog.open(desk.settings.log) as log:
            assert log.head().recorded_at > wall_clock() + (seconds - 60) * instant.SECOND
        # The clock that is behind the log's time is the wrong one, or the right one after it.
        behind = wrong if seconds < 0 else ("--clock", "0")
        status = desk.ended("status", "--json", world=behind)
        found = {one["name"]: one["message"] for one in orjson.loads(status.output)["problems"]}
        assert status.status == 1
        assert "behind the log's time" in found["clock-behind"]
        assert "correct the clock" in found["clock-behind"]

        desk.write_commands("after", 8, Random("after"))
        settle(desk)
        found_after = proved(desk)
        assert found_after.alerts > told
        assert found_after.again == 0
