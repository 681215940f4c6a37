"""`lhuta simulate`: files out, exit statuses, and what other commands make of it."""

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.doors.cli import main
from tests.conftest import REPOSITORY


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    """Run the command with few tickets."""
    return CliRunner().invoke(main, ["simulate", "--tickets", "40", *arguments])


def times(written: bytes) -> list[str]:
    """The instants at which the events of an output were recorded."""
    return [json.loads(line)["recordedtime"] for line in written.splitlines()]


def test_the_history_goes_to_standard_output() -> None:
    """One event per line, three weeks of March 2026 unless told otherwise."""
    result = run()
    assert result.exit_code == 0
    assert result.stderr == ""
    found = times(result.stdout_bytes)
    assert found == sorted(found)
    assert found[0] >= "2026-03-01T23:00:00Z"
    assert found[-1] < "2026-03-22T23:00:00Z"


def test_the_same_options_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Neither the time zone of the machine nor the seed of hash tables has a say."""
    written = []
    for zone, hashes in (("Asia/Tokyo", "1"), ("America/Lima", "2")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": hashes}
        command = [sys.executable, "-m", "infra.doors.cli", "simulate", "--tickets", "40"]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
        )
        written.append(done.stdout)
    assert written[0] == written[1] == run().stdout_bytes


def test_a_file_gets_the_same_bytes(tmp_path: Path) -> None:
    """Plain or compressed by its name, and nothing else is left in the folder."""
    expected = run().stdout_bytes
    assert run("--output", "desk.jsonl").stdout_bytes == b""
    assert run("-o", "desk.jsonl.gz").exit_code == 0
    assert (tmp_path / "desk.jsonl").read_bytes() == expected
    assert gzip.decompress((tmp_path / "desk.jsonl.gz").read_bytes()) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk.jsonl", "desk.jsonl.gz"]


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        (["--from", "2026-06-01"], "2026-05-31T22:00:00Z", "2026-06-21T22:00:00Z"),
        (["--to", "2026-06-21"], "2026-05-31T22:00:00Z", "2026-06-21T22:00:00Z"),
        # The Sunday of 23 hours begins in winter time and ends in summer time.
        (
            ["--from", "2026-03-29", "--to", "2026-03-29"],
            "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z",
        ),
    ],
)
def test_days_are_those_of_the_policys_zone(options: list[str], first: str, last: str) -> None:
    """Both days count whole; what is not named lies three weeks away."""
    found = times(run(*options).stdout_bytes)
    assert first <= found[0]
    assert found[-1] < last


@pytest.mark.parametrize("policy", ["managry", "ficticia"])
def test_clocks_can_judge_it(policy: str) -> None:
    """The history is well formed, and its policy knows everything in it."""
    run("--policy", policy, "--output", "desk.jsonl")
    judged = CliRunner().invoke(
        main, ["clocks", "desk.jsonl", "--policy", policy, "--format", "json"]
    )
    assert judged.exit_code == 0
    assert len(judged.stdout.splitlines()) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tickets", "0"], "0 is not in the range"),
        (["--tickets", "1000001"], "is not in the range"),
        (["--tickets", "many"], "'many' is not a valid integer"),
        (["--from", "2.3.2026"], "'2.3.2026' is not a date such as 2026-03-02"),
        (["--from", "2026-02-30"], "'2026-02-30' is not a date: day is out of range"),
        (["--to", "0001-01-01"], "no date that any policy covers"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--to 2026-03-01 lies before --from"),
        (["--from", "2045-01-01"], "the year 2045 is outside the policy's calendar"),
        (["--to", "2040-12-31"], "the year 2041 is outside the policy's calendar"),
        (["--policy", "nobody"], "no policy is called 'nobody'"),
        (["--output", "."], "is a directory"),
        (["--output", "missing/desk.jsonl"], "cannot be written"),
    ],
)
def test_what_cannot_be_simulated_ends_with_status_2(options: list[str], message: str) -> None:
    """One clear message, nothing on standard output, and no traceback."""
    result = run(*options)
    assert result.exit_code == 2
    assert result.stdout_bytes == b""
    assert message in " ".join(result.stderr.split())


def test_help_has_an_example() -> None:
    """A newcomer can copy a whole line."""
    assert "lhuta simulate --tickets 300 --seed 7 --output desk.jsonl" in run("--help").stdout


def test_a_reader_that_stops_early_is_no_error_to_talk_about() -> None:
    """`lhuta simulate | head` prints nothing but the lines asked for."""
    command = f"{sys.executable} -m infra.doors.cli simulate --tickets 2000 | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    """A long simulation into a file tells how far it is; one into a pipe says nothing."""
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "infra.doors.cli", "simulate", "--tickets", "40", "-o"]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(REPOSITORY)}
    subprocess.run(
        [*command, str(tmp_path / "desk.jsonl")],
        cwd=REPOSITORY,
        env=environment,
        stderr=terminal,
        check=True,
    )
    os.close(terminal)
    assert b"simulating" in os.read(reader, 10_000)
    os.close(reader)
