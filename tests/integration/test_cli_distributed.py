"""`lhuta live --distributed`: servers, parts, made-up people, the API, and the proof."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest

from infra.servers.kafka import jars
from infra.servers.server import ServerFailed
from tests.conftest import REPOSITORY
from tests.eventually import eventually
from tests.servers.missing import missing
from tests.servers.postgresql import reachable_folder
from tests.web.desk import OPENING, TRIAGE

PATIENCE = 180
PROCESS = re.compile(r"worker-1 (\d+)")


@pytest.fixture(autouse=True)
def _servers_can_be_had() -> None:
    try:
        jars()
    except ServerFailed as error:
        missing(f"no Kafka: {error}")


def test_a_desk_that_loses_a_worker_equals_the_embedded_one() -> None:
    """It makes its own servers, serves, ends when it is asked to, and leaves no process behind."""
    with reachable_folder() as folder:
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.doors.cli", "live", "--distributed"),
                *("--data", str(folder / "desk"), "--http", "127.0.0.1:0"),
            ],
            cwd=REPOSITORY,
            env={name: one for name, one in os.environ.items() if not name.startswith("LHUTA_D")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as living:
            try:
                said = kill_a_worker(living)
                served(said)
                living.send_signal(signal.SIGINT)
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
    """Read until it names its processes, kill one of them, and return what it said."""
    assert living.stdout is not None
    said = ""
    for line in living.stdout:
        said += line
        if found := PROCESS.search(line):
            os.kill(int(found[1]), signal.SIGKILL)
            return said
    pytest.fail("it named no processes")


def served(said: str) -> None:
    """Give commands where it says that it serves, and hear what the workers make of them."""
    found = re.search(r"(http://\S+)/desk/sign-in#", said)
    assert found is not None, said
    database = re.search(r"export LHUTA_DATABASE=(.*)", said)
    assert database is not None, said
    made = subprocess.run(
        [sys.executable, "-m", "infra.doors.cli", "token", "add", "specialist", "s-1", "--json"],
        cwd=REPOSITORY,
        env={**os.environ, "LHUTA_DATABASE": database[1].strip("'")},
        stdout=subprocess.PIPE,
        check=True,
    )
    credentials = {"Authorization": f"Bearer {orjson.loads(made.stdout)['secret']}"}
    with httpx.Client(base_url=found[1], headers=credentials, timeout=PATIENCE) as client:
        assert client.get("/health/live").status_code == 200
        opened = client.post("/tickets", json=OPENING)
        assert opened.status_code == 201
        ticket = opened.json()["ticket"]
        assert client.post(f"/tickets/{ticket}/triage", json=TRIAGE).status_code == 200
        assert client.get(f"/tickets/{ticket}").json()["version"] == 2
        eventually(lambda: ticket in listed(client))
        assert client.get("/status").json()["partitions"] == 12
        page = client.get("/desk/sign-in")
        assert page.status_code == 200


def listed(client: httpx.Client) -> list[str]:
    """Return the tickets that the workers have triaged, the newest ones."""
    response = client.get("/tickets?severity=1")
    if response.status_code == 503:
        return []
    return [one["ticket"] for one in response.json()["items"]]


def is_alive(process: int) -> bool:
    """Tell whether there is still such a process of ours."""
    try:
        return "lhuta" in Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace")
    except FileNotFoundError:
        return False


def logs(folder: Path) -> str:
    """Return the ends of what the parts wrote."""
    return "\n".join(f"{one.name}: {one.read_text()[-600:]}" for one in folder.glob("*.log"))
