"""`lhuta live --distributed`: servers, parts and made-up people, and the proof at the end."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.servers.kafka import jars
from infra.servers.server import ServerFailed
from tests.conftest import REPOSITORY
from tests.servers.missing import missing
from tests.servers.postgresql import reachable_folder

PATIENCE = 180
PROCESS = re.compile(r"worker-1 (\d+)")


@pytest.fixture(autouse=True)
def _servers_can_be_had() -> None:
    try:
        jars()
    except ServerFailed as error:
        missing(f"no Kafka: {error}")


def test_a_desk_that_loses_a_worker_equals_the_embedded_one() -> None:
    """It makes its own servers, ends by itself, and leaves no process behind."""
    with reachable_folder() as folder:
        living = subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.doors.cli", "live", "--distributed"),
                *("--data", str(folder / "desk"), "--for", "6"),
            ],
            cwd=REPOSITORY,
            env={name: one for name, one in os.environ.items() if not name.startswith("LHUTA_D")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said = kill_a_worker(living)
            rest, errors = living.communicate(timeout=PATIENCE)
        finally:
            living.kill()
        assert living.returncode == 0, (said, rest, errors, logs(folder / "desk" / "logs"))
        assert re.search(
            r"^equal to the embedded read models: [\d,]+ tickets, [\d,]+ clocks, [\d,]+ alerts$",
            rest,
            re.MULTILINE,
        ), rest
        assert "part.ended worker-1: status -9" in errors
        assert not any(is_alive(int(process)) for process in re.findall(r" (\d{3,7})\b", said))


def kill_a_worker(living: subprocess.Popen[str]) -> str:
    """Read until it names its processes, kill one of them, and return their line."""
    assert living.stdout is not None
    for line in living.stdout:
        if found := PROCESS.search(line):
            os.kill(int(found[1]), signal.SIGKILL)
            return line
    pytest.fail("it named no processes")


def is_alive(process: int) -> bool:
    """Tell whether there is still such a process of ours."""
    try:
        return "lhuta" in Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace")
    except FileNotFoundError:
        return False


def logs(folder: Path) -> str:
    """Return the ends of what the parts wrote."""
    return "\n".join(f"{one.name}: {one.read_text()[-600:]}" for one in folder.glob("*.log"))
