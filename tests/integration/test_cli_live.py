"""`lhuta live` by the command line: what a newcomer reads, and what a killed one leaves.

Time moves by hand where minutes have to pass; one desk lives in a process of its own.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain import instant
from infra.doors.cli import main
from infra.doors.cli.running import live as live_module
from infra.doors.living import past
from infra.engine.stop import Stop
from infra.store.access import Holder, SQLiteTokens, digest_of
from tests.conftest import REPOSITORY
from tests.contract.given import HandClock
from tests.integration.at_the_desk import DATA, done, run, settle_down, story

LINK = re.compile(r"http://127\.0\.0\.1:\d+/desk/sign-in#(\S+)")
SATURDAY_NIGHT = instant.parse("2026-03-14T23:30:00+01:00")
ALERT = re.compile(
    r"\d\d:\d\d:\d\d  (?P<kind>\w+) +(?P<ticket>T-\d+), C-\d{4}, (?:standard|premium), "
    r"severity \d, due \S.*  (?P<why>lhuta explain T-\d+ --clock (?:initial|ongoing/\d+)(?: .*)?)"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, at a desk with a small past."""
    settle_down(tmp_path, monkeypatch)
    monkeypatch.setattr(past.furnish, "__kwdefaults__", {"tickets": 60})
    return tmp_path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """Let the time of the desk begin on a Saturday night, and pass while the engine rests."""
    clock = HandClock()
    clock.now = SATURDAY_NIGHT

    def wait(stop: Stop, seconds: float) -> bool:
        clock.now += int(seconds * instant.SECOND)
        return stop.asked

    monkeypatch.setattr(live_module, "wall_clock", clock)
    monkeypatch.setattr(Stop, "wait", wait)
    return clock


def live(*options: str) -> Result:
    """Let a desk live, and end as it should."""
    result = CliRunner().invoke(main, ["live", *options])
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result


@pytest.mark.usefixtures("clock")
class TestTwoMinutes:
    def test_every_alert_is_one_line_with_the_command_that_explains_it(self) -> None:
        """Kind, ticket, customer, plan, severity and due time; a warning and a breach among it."""
        _, told = live("--for", "120").stdout.rsplit("\n\n", 1)
        found = [ALERT.fullmatch(line) for line in told.splitlines()]
        assert all(found), told
        kinds = {line["kind"] for line in found if line}
        assert {"warning", "BREACH", "cleared"} <= kinds
        for line in found:
            if line is not None and line["kind"] == "BREACH":
                assert "Broken" in done(*line["why"].split()[1:])

    def test_the_head_says_what_to_try(self) -> None:
        """Every command of it works as it stands, one after the other."""
        head = live("--for", "0").stdout
        commands = re.findall(r"^  lhuta (.*?)(?:  \(.*)?$", head, re.MULTILINE)
        assert [command.split()[0] for command in commands] == [
            *("open", "triage", "ticket", "respond", "board")
        ]
        for command in commands[:-1]:
            done(*[part.strip('"') for part in re.findall(r'"[^"]*"|\S+', command)])
        assert [type(told.event).__name__ for told in story("MY-1")] == [
            *("Opened", "SeverityAssigned", "AgentResponded")
        ]

    def test_the_head_names_a_ticket_that_is_still_free(self) -> None:
        """Whoever tries it a second time is not refused."""
        live("--for", "0")
        done("open", "--ticket", "MY-1", "--customer", "me", "--plan", "premium", "-m", "Again")
        assert "open --ticket MY-2" in live("--for", "0").stdout

    def test_its_link_signs_in_for_a_day(self) -> None:
        """As somebody who may do all that there is to do; a second start has a link of its own."""
        links = [LINK.findall(live("--for", "0").stdout) for _ in range(2)]
        assert [len(found) for found in links] == [1, 1]
        with SQLiteTokens.open(Path(DATA, "access.db"), read_only=True) as tokens:
            for [told] in links:
                found = tokens.find(digest_of(told))
                assert found is not None
                assert found.holder == Holder("specialist", "me")
                assert found.expires_at - found.created_at == instant.DAY

    def test_where_others_can_come_no_token_is_told(self) -> None:
        """Who serves a made-up desk to other machines makes tokens by hand."""
        result = CliRunner().invoke(main, ["live", "--for", "0", "--http", "0.0.0.0:0"])
        assert result.exit_code == 0
        assert LINK.findall(result.stdout) == []
        assert "lhuta token add specialist me" in result.stdout
        assert done("token", "list").startswith("There is no token")

    def test_it_speaks_czech(self) -> None:
        """To those who read Czech."""
        told = live("--for", "60", "--lang", "cs").stdout
        assert "Vymyšlené pracoviště podpory" in told
        assert "PORUŠENÍ" in told
        assert "závažnost" in told

    def test_another_folder_is_named_in_every_command(self) -> None:
        """So that they can be typed as they stand."""
        told = live("--data", "elsewhere", "--for", "60").stdout
        assert "board --watch --data elsewhere" in told
        assert re.search(r"explain T-\d+ --clock initial --data elsewhere$", told, re.MULTILINE)
        assert "rm -r elsewhere" in told


class TestTheLog:
    def test_a_real_desk_is_left_alone(self) -> None:
        """Nobody made up works on a log of `lhuta init`."""
        done("init")
        before = Path(DATA, "log.db").read_bytes()
        result = run("live", "--for", "0")
        assert result.exit_code == 5
        assert "not the log of a made-up desk" in result.stderr
        assert Path(DATA, "log.db").read_bytes() == before

    def test_a_folder_that_cannot_be_made_is_said(self) -> None:
        """A file stands where it should be."""
        Path(DATA).write_text("")
        result = run("live", "--for", "0")
        assert result.exit_code == 5
        assert "Traceback" not in result.output

    @pytest.mark.usefixtures("clock")
    def test_it_goes_on_with_the_same_data(self) -> None:
        """A second start makes nothing up that is there."""
        assert "Making up" in live("--for", "60").stdout
        opened = story("T-1")
        assert "Making up" not in live("--for", "60").stdout
        assert story("T-1")[: len(opened)] == opened
        done("log", "verify")
        done("audit")


def test_a_killed_process_leaves_a_desk_that_goes_on() -> None:
    """Killed the hard way and started again, everything holds."""
    program = [sys.executable, "-m", "infra.doors.cli", "live"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), *sys.path))}
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"kill -9" in line:
                assert f"kill -9 {process.pid} ".encode() in line
                break
        os.kill(process.pid, signal.SIGKILL)
    again = subprocess.run(
        [*program, "--for", "2"], capture_output=True, env=environment, timeout=60, check=True
    )
    assert again.stderr == b""
    assert b"Making up" not in again.stdout
    done("log", "verify")
    done("audit")
