"""The supervisor: parts started in order, started again, and stopped together."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.supervisor import FIRST_PAUSE, LIVED_WELL, LONGEST_PAUSE, Part, Supervisor

SLEEPER = "import signal; print('up', flush=True); signal.pause()"


def part(name: str, program: str) -> Part:
    """Return a part that runs a few lines of Python."""
    return Part(name, (sys.executable, "-u", "-c", program))


def is_alive(process: int) -> bool:
    """Tell whether a process that was not waited for by anybody else is still there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    """Give a clock that stands."""
    return Seconds()


@pytest.fixture
def supervisor(tmp_path: Path, clock: Seconds) -> Iterator[Supervisor]:
    """Give a supervisor of two parts that run until they are ended."""
    parts = [part("first", SLEEPER), part("second", SLEEPER)]
    with Supervisor(parts, logs=tmp_path / "logs", clock=clock) as made:
        yield made


def end(supervisor: Supervisor, name: str) -> int:
    """Kill a part as the system does, and return what its process was once it is over."""
    process = supervisor.processes[name]
    os.kill(process, signal.SIGKILL)
    # Seen, but left to the supervisor to wait for.
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    return process


def test_all_parts_run(supervisor: Supervisor) -> None:
    """Each is a process of its own."""
    assert list(supervisor.processes) == ["first", "second"]
    assert all(is_alive(process) for process in supervisor.processes.values())


def test_a_part_that_ends_is_started_again_after_a_pause(
    supervisor: Supervisor, clock: Seconds
) -> None:
    """Not at once, and the others go on meanwhile."""
    other = supervisor.processes["second"]
    ended = end(supervisor, "first")
    supervisor.step()
    assert list(supervisor.processes) == ["second"]
    clock.now += FIRST_PAUSE
    supervisor.step()
    assert supervisor.processes["first"] != ended
    assert supervisor.processes["second"] == other
    assert supervisor.restarts == {"first": 1, "second": 0}


def test_the_pause_grows_while_a_part_goes_on_ending(
    supervisor: Supervisor, clock: Seconds
) -> None:
    """Twice as long each time, half a minute at most."""
    pauses = []
    for _ in range(8):
        end(supervisor, "first")
        supervisor.step()
        before = clock.now
        while "first" not in supervisor.processes:
            clock.now += 0.5
            supervisor.step()
        pauses.append(clock.now - before)
    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_part_that_lived_well_has_a_short_pause_again(
    supervisor: Supervisor, clock: Seconds
) -> None:
    """What ended an hour ago is forgotten."""
    for _ in range(3):
        end(supervisor, "first")
        supervisor.step()
        clock.now += LONGEST_PAUSE
        supervisor.step()
    clock.now += LIVED_WELL
    end(supervisor, "first")
    supervisor.step()
    clock.now += FIRST_PAUSE
    supervisor.step()
    assert "first" in supervisor.processes


def test_a_paused_part_stays_stopped_until_it_is_resumed(
    supervisor: Supervisor, clock: Seconds
) -> None:
    """Whatever time passes; the others run on."""
    paused = supervisor.processes["first"]
    supervisor.pause("first")
    assert not is_alive(paused)
    clock.now += LONGEST_PAUSE
    supervisor.step()
    assert list(supervisor.processes) == ["second"]
    supervisor.resume("first")
    assert list(supervisor.processes) == ["first", "second"]


def test_leaving_stops_the_last_part_first(tmp_path: Path) -> None:
    """So that whoever needs another one never finds it gone."""
    told = tmp_path / "told"
    program = (
        "import signal, sys\n"
        f"def stop(*_): open({str(told)!r}, 'a').write('NAME '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        f"open({str(tmp_path)!r} + '/NAME.up', 'w').close()\n"
        "signal.pause()"
    )
    parts = [part(name, program.replace("NAME", name)) for name in ("broker", "worker")]
    with Supervisor(parts, logs=tmp_path / "logs") as supervisor:
        processes = list(supervisor.processes.values())
        while not all((tmp_path / f"{one.name}.up").exists() for one in parts):
            supervisor.step()
    assert told.read_text() == "worker broker "
    assert not any(is_alive(process) for process in processes)


def test_what_parts_write_is_kept(tmp_path: Path) -> None:
    """In a file for each, to which every start adds."""
    logs = tmp_path / "logs"
    with Supervisor([part("one", SLEEPER)], logs=logs) as supervisor:
        while (logs / "one.log").read_text() != "up\n":
            supervisor.step()
    assert supervisor.processes == {}
