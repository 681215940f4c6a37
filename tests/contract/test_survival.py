"""What the log keeps when processes are killed, compete, or run out of space (issue: survive)."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from domain.event import RecordedEvent
from infra.store.log import EventLog, Outcome, Skipped, wall_clock
from tests.conftest import REPOSITORY
from tests.contract import writer
from tests.contract.conftest import BackEnd

ROUNDS = int(os.environ.get("LHUTA_KILL_ROUNDS", "5"))
"""How many processes each of these tests kills; the long run kills more."""

ACKNOWLEDGED_BEFORE_THE_KILL = (3, 41, 1, 18, 7)


@pytest.fixture
def place(back_end: BackEnd) -> str:
    """Give a place with a log on the machine's clock, which child processes use too."""
    back_end.create(wall_clock).close()
    return back_end.place


def started(place: str, *work: str) -> "subprocess.Popen[str]":
    """Start a writer."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contract.writer", place, *work],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """Kill a process some time after it wrote so many lines; return all that it wrote."""
    with process:
        assert process.stdout is not None
        written = [process.stdout.readline().strip() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        written += process.stdout.read().split()
    assert process.returncode == -signal.SIGKILL
    return written


def appended(log: EventLog) -> list[RecordedEvent]:
    """Return every event of every ticket in the log."""
    return [stored.recorded for stored in log.read(0, 1_000_000)]


@pytest.mark.parametrize("work", ["append", "group"])
def test_what_was_acknowledged_survives_a_kill(place: str, work: str) -> None:
    """Every acknowledged command is there once, the chain holds, and nothing is half there."""
    acknowledged: list[str] = []
    for kill in range(ROUNDS):
        lines = ACKNOWLEDGED_BEFORE_THE_KILL[kill % len(ACKNOWLEDGED_BEFORE_THE_KILL)]
        process = started(place, work, f"W{kill}", "100000")
        acknowledged += killed_after(process, lines)
        with EventLog.open(place) as log:
            assert log.verify() == []
            commands = [event.command_id for event in appended(log)]
        assert len(commands) == len(set(commands))
        assert set(acknowledged) <= set(commands)


def test_a_killed_writer_can_send_everything_again(place: str) -> None:
    """What had happened repeats its outcome, what had not happens now; nothing happens twice."""
    killed_after(started(place, "append", "W", "100000"), 12)
    with EventLog.open(place) as log:
        there = len(appended(log))
        again = log.append([writer.request("W", number) for number in range(there + 5)])
        repeated = [result.repeated for result in again if isinstance(result, Outcome)]
        assert repeated == [True] * there + [False] * 5
        assert len(appended(log)) == there + 5
        assert log.verify() == []


def test_an_import_goes_on_after_a_kill_without_duplicates(place: str) -> None:
    """Started again and again it brings every ticket in once, and then only skips."""
    for lines in (2, 9, 4):
        killed_after(started(place, "import"), lines)
        with EventLog.open(place) as log:
            assert log.verify() == []
    with started(place, "import") as last:
        assert last.wait() == 0
    stories = writer.imported()
    with EventLog.open(place) as log:
        told = [event._replace(text=None, words={}) for event in appended(log)]
        expected = [event for story in stories for event in _recorded_as(story, told)]
        assert told == expected
        assert log.import_(stories) == [Skipped(story[0].ticket) for story in stories]
        assert log.verify() == []


def _recorded_as(
    story: Sequence[RecordedEvent], told: Sequence[RecordedEvent]
) -> list[RecordedEvent]:
    recorded_at = next(event.recorded_at for event in told if event.ticket == story[0].ticket)
    return [event._replace(recorded_at=recorded_at, words={}) for event in story]


def test_an_erasure_is_whole_or_not_there(place: str) -> None:
    """Killed anywhere, words are gone just where the log says so, and the rest goes on."""
    stories = writer.imported()[: writer.ERASED]
    with EventLog.open(place) as log:
        log.import_(stories)
    erased: set[str] = set()
    for lines in (1, 6, 3):
        erased.update(killed_after(started(place, "erase"), lines))
        with EventLog.open(place) as log:
            assert log.verify() == []
            for ticket in erased:
                assert log.erasures(ticket)
                assert not any(event.words for event in log.ticket(ticket, words=True))
    with started(place, "erase") as last:
        assert last.wait() == 0
    with EventLog.open(place) as log:
        assert log.verify() == []
        facts = [log.raw(f"erasure:{story[0].ticket}") for story in stories]
        assert [len(fact) for fact in facts] == [1] * len(stories)


def test_processes_append_side_by_side(place: str) -> None:
    """Nobody is refused, nobody is lost, and the chain holds."""
    processes = [started(place, "append", name, "60") for name in ("A", "B", "C")]
    for process in processes:
        with process:
            assert process.stdout is not None
            assert len(process.stdout.read().split()) == 60
        assert process.returncode == 0
    with EventLog.open(place) as log:
        assert log.head().position == 1 + 3 * 60
        assert log.verify() == []


@pytest.mark.parametrize("back_end", ["sqlite"], indirect=True)
def test_a_full_disk_is_told_and_harms_nothing(place: str) -> None:
    """What was acknowledged is there, what failed is not, and with space again it goes on."""
    with started(place, "fill", "400000") as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    *acknowledged, full, first_after = lines
    assert "the disk or a quota is full" in full
    assert "free some space and do it again" in full
    with EventLog.open(place) as log:
        assert log.verify() == []
        commands = [event.command_id for event in appended(log)]
    assert commands == [*acknowledged, first_after]
    assert len(commands) == len(set(commands)) > 10
