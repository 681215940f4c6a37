"""Bad input gets a clear message with line and reason, and nothing is half-printed."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from infra.doors.cli import main
from infra.doors.source import LONGEST_LINE

Line = dict[str, Any]


def event(sequence: int, kind: str, time: str, data: Line, **attributes: Any) -> Line:
    """Return one well-formed event of ticket T-1."""
    return {
        "specversion": "1.0",
        "id": f"e-{sequence}",
        "source": "/tickets",
        "type": f"ticket.{kind}.v1",
        "subject": "T-1",
        "time": time,
        "sequence": f"{sequence:010}",
        "actor": "system:test",
        "data": data,
        **attributes,
    }


def well_formed() -> list[Line]:
    """Return a history of three lines that every command accepts."""
    opened = {"customer_id": "C-1", "plan": "premium", "channel": "email", "subject": "No login"}
    triage = {"severity": 1, "impact": "service-unavailable", "topic": "usage", "supported": True}
    return [
        event(1, "opened", "2026-03-06T15:30:00Z", opened),
        event(2, "severity-assigned", "2026-03-06T15:40:00Z", triage),
        event(3, "agent-responded", "2026-03-09T08:00:00Z", {"awaiting": "customer"}),
    ]


COMMANDS: dict[str, Sequence[str]] = {
    "clocks": (),
    "alerts": (),
    "report": (),
    "explain": ("T-1",),
}


def run(command: str, source: str, stdin: bytes | None = None) -> Result:
    """Run a command over a history."""
    return CliRunner().invoke(main, [command, source, *COMMANDS[command]], input=stdin)


def refuse(content: bytes, path: Path, reason: str, status: int = 3) -> None:
    """Hold every command to one refusal: its status, its reason, and nothing on standard output."""
    path.write_bytes(content)
    for command in COMMANDS:
        result = run(command, str(path))
        assert result.exit_code == status, (command, result.output)
        assert result.stdout == ""
        assert reason in result.stderr
        assert "Traceback" not in result.stderr
        assert isinstance(result.exception, SystemExit)


def changed(number: int, change: Callable[[Line], object]) -> bytes:
    """Return the well-formed history with one line changed."""
    lines = well_formed()
    change(lines[number - 1])
    return b"\n".join(map(orjson.dumps, lines)) + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its history."""
    return tmp_path / "history.jsonl"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_history_that_the_others_break_is_well_formed(command: str, path: Path) -> None:
    """So every refusal below is for the one change it makes."""
    path.write_bytes(changed(1, lambda line: None))
    assert run(command, str(path)).exit_code == 0


BREAKS: dict[str, tuple[int, Callable[[Line], object], str]] = {
    "unknown type": (
        2,
        lambda line: line.update(type="ticket.closed.v1"),
        'line 2: unknown type "ticket.closed.v1"; known are ticket.opened.v1',
    ),
    "gap": (
        3,
        lambda line: line.update(sequence="0000000004"),
        "line 3: ticket T-1 has sequence 4 where 3 was expected",
    ),
    "sequence as a number": (2, lambda line: line.update(sequence=2), "line 2: 'sequence' is 2"),
    "short sequence": (2, lambda line: line.update(sequence="2"), "a text of 10 digits"),
    "second opened": (
        2,
        lambda line: line.update(well_formed()[0], sequence="0000000002", id="e-9"),
        "line 2: ticket T-1 is opened a second time",
    ),
    "not opened first": (
        1,
        lambda line: line.update(type="ticket.customer-replied.v1"),
        "line 1: the first event of ticket T-1 is not 'opened'",
    ),
    "id of another event": (
        3,
        lambda line: line.update(id="e-1"),
        'line 3: the id "e-1" stands on line 1 already, for another event',
    ),
    "naive time": (
        2,
        lambda line: line.update(time="2026-03-06T15:40:00"),
        "line 2: 'time': '2026-03-06T15:40:00' has no offset from UTC; write it with Z",
    ),
    "no time at all": (2, lambda line: line.pop("time"), "the attribute 'time' is missing"),
    "a date only": (
        2,
        lambda line: line.update(time="2026-03-06"),
        "'2026-03-06' is not an RFC 3339 instant",
    ),
    "an ISO week date": (
        2,
        lambda line: line.update(time="2026-W10-5T15:40:00Z"),
        "is not an RFC 3339 instant",
    ),
    "nanoseconds": (
        2,
        lambda line: line.update(time="2026-03-06T15:40:00.123456789Z"),
        "is not an RFC 3339 instant",
    ),
    "the 30th of February": (
        2,
        lambda line: line.update(time="2026-02-30T15:40:00Z"),
        "line 2: 'time': '2026-02-30T15:40:00Z' names a date or a time that does not exist",
    ),
    "time before opened": (
        3,
        lambda line: line.update(time="2026-03-06T15:00:00Z"),
        "line 3: 'time' lies before ticket T-1 was opened",
    ),
    "recorded before it happened": (
        3,
        lambda line: line.update(recordedtime="2026-03-09T07:59:59Z"),
        "line 3: 'time' lies after 'recordedtime'",
    ),
    "recorded time falls": (
        3,
        lambda line: line.update(time="2026-03-06T15:35:00Z", recordedtime="2026-03-06T15:36:00Z"),
        "line 3: 'recordedtime' of ticket T-1 falls below the event before it",
    ),
    "a year that the calendar lacks": (
        3,
        lambda line: line.update(time="2099-03-09T08:00:00Z"),
        "line 3: the year 2099 is outside the policy's calendar, which covers 2010-2040",
    ),
    "a year before the calendar": (
        1,
        lambda line: line.update(time="1999-03-09T08:00:00Z"),
        "line 1: the year 1999 is outside the policy's calendar",
    ),
    "unknown plan": (
        1,
        lambda line: line["data"].update(plan="gold"),
        'line 1: the plan "gold" is not in policy managry@1, which has standard, premium',
    ),
    "unknown severity": (
        2,
        lambda line: line["data"].update(severity=5),
        "line 2: severity 5 is not in policy managry@1, which has 1, 2, 3, 4",
    ),
    "severity as a text": (
        2,
        lambda line: line["data"].update(severity="1"),
        "line 2: 'data.severity' is \"1\", expected an integer",
    ),
    "severity as a boolean": (
        2,
        lambda line: line["data"].update(severity=True),
        "line 2: 'data.severity' is true, expected an integer",
    ),
    "supported as a text": (
        2,
        lambda line: line["data"].update(supported="yes"),
        "line 2: 'data.supported' is \"yes\", expected true or false",
    ),
    "unknown awaiting": (
        3,
        lambda line: line["data"].update(awaiting="nobody"),
        'line 3: \'data.awaiting\' is "nobody", expected "support" or "customer"',
    ),
    "missing data": (
        1,
        lambda line: line["data"].pop("customer_id"),
        "line 1: 'data.customer_id' is missing",
    ),
    "data as a list": (2, lambda line: line.update(data=[]), "'data' is [], expected an object"),
    "words as a number": (
        1,
        lambda line: line["data"].update(subject=7),
        "line 1: 'data.subject' is 7, expected a text",
    ),
    "a ticket id with a slash": (
        1,
        lambda line: line.update(subject="T/1"),
        "'subject' is \"T/1\", expected a ticket id",
    ),
    "another version of CloudEvents": (
        2,
        lambda line: line.update(specversion="0.3"),
        'line 2: \'specversion\' is "0.3", expected "1.0"',
    ),
    "a broken digest": (
        2,
        lambda line: line["data"].update(text={"sha256": "00"}),
        "line 2: 'data.text' is",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_line_is_named(name: str, path: Path) -> None:
    """Line and reason on standard error, exit status 3, nothing on standard output."""
    line, change, reason = BREAKS[name]
    refuse(changed(line, change), path, reason)


def test_malformed_json_is_named(path: Path) -> None:
    """A line that breaks off is no JSON."""
    refuse(changed(1, lambda line: None) + b'{"id": "e-4"', path, "line 4: not JSON:")


def test_a_blank_line_is_no_event(path: Path) -> None:
    """Every line is a JSON object."""
    refuse(changed(1, lambda line: None) + b"\n", path, "line 4: the line is blank")


def test_a_line_that_is_no_object_is_named(path: Path) -> None:
    """A list is JSON and no event."""
    refuse(b"[]\n", path, "line 1: not a JSON object")


def test_invalid_utf8_is_named(path: Path) -> None:
    """Bytes of another encoding are not guessed."""
    refuse(changed(1, lambda line: None) + b'{"id": "\xe8"}\n', path, "line 4: not JSON:")


def test_a_huge_line_is_refused_by_its_length(path: Path) -> None:
    """What is longer than the limit is not even read whole."""
    huge = b'{"id": "' + b"x" * (LONGEST_LINE + 1) + b'"}\n'
    refuse(changed(1, lambda line: None) + huge, path, "line 4: the line is longer than 1,048,576")


def test_deep_nesting_is_refused(path: Path) -> None:
    """A hostile line does not exhaust the stack."""
    deep = b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    refuse(deep, path, "line 1: not JSON:")


def test_an_empty_file_is_no_history(path: Path) -> None:
    """Nothing to judge is more likely a mistake than a desk without tickets."""
    refuse(b"", path, "the history is empty")


def test_a_truncated_gzip_is_unreadable(path: Path) -> None:
    """Half a compressed file cannot be read: exit status 2."""
    packed = gzip.compress(changed(1, lambda line: None))
    refuse(packed[: len(packed) // 2], path, "the gzip data is damaged", status=2)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_or_a_missing_file_is_wrong_usage(command: str, tmp_path: Path) -> None:
    """Exit status 2, with the cause."""
    for source, reason in (
        (tmp_path, "is a directory"),
        (tmp_path / "none.jsonl", "does not exist"),
    ):
        result = run(command, str(source))
        assert (result.exit_code, result.stdout) == (2, "")
        assert reason in result.stderr


def test_what_is_no_file_at_all_is_wrong_usage(tmp_path: Path) -> None:
    """A link to itself, a path through a file, a name too long."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (tmp_path / "file").write_bytes(b"")
    for source in (str(loop), str(tmp_path / "file" / "x"), "x" * 5000):
        for command in (*COMMANDS, "convert"):
            arguments = ["uci", source] if command == "convert" else [source, *COMMANDS[command]]
            result = CliRunner().invoke(main, [command, *arguments])
            assert (result.exit_code, result.stdout) == (2, ""), (command, source)
            assert isinstance(result.exception, SystemExit)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_an_output_without_room_is_named(options: Sequence[str], path: Path) -> None:
    """And nothing is left to fail when the process ends."""
    path.write_bytes(changed(1, lambda line: None))
    command = [sys.executable, "-m", "infra.doors.cli", "clocks", str(path), *options]
    with FULL.open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"Error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize(("closed", "stream"), [("<&-", "input"), (">&-", "output")])
def test_a_closed_stream_is_named(closed: str, stream: str) -> None:
    """A program started without its standard streams gets no traceback."""
    command = f'"$0" -m infra.doors.cli clocks - {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, check=False, input=b""
    )
    assert done.returncode == 2
    assert f"standard {stream} is closed".encode() in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_wrong_usage(path: Path) -> None:
    """Exit status 2, with the cause."""
    path.write_bytes(b"")
    path.chmod(0)
    refuse_status = run("clocks", str(path))
    assert refuse_status.exit_code == 2
    assert "may not be read" in refuse_status.stderr


def test_the_same_line_twice_counts_once(path: Path) -> None:
    """The same id twice is the same event, whatever the order of its attributes."""
    lines = well_formed()
    again = dict(reversed(lines[1].items()))
    path.write_bytes(b"\n".join(map(orjson.dumps, [*lines[:2], again, lines[2]])))
    once = CliRunner().invoke(main, ["clocks", str(path), "--format", "json"])
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    assert CliRunner().invoke(main, ["clocks", str(path), "--format", "json"]).stdout == once.stdout


def test_standard_input_and_gzip_are_read_as_they_are(path: Path) -> None:
    """The same history in every wrapping gives the same answer."""
    plain = changed(1, lambda line: None)
    path.write_bytes(plain)
    expected = run("clocks", str(path)).stdout
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(plain))
    assert run("clocks", str(packed)).stdout == expected
    assert run("clocks", "-", plain).stdout == expected
    assert run("clocks", "-", gzip.compress(plain)).stdout == expected


def test_a_broken_line_on_standard_input_says_so() -> None:
    """There is no file to name."""
    result = run("clocks", "-", b"{}\n")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "standard input: line 1: the attribute" in result.stderr


def test_unknown_values_of_growing_enumerations_are_read(path: Path) -> None:
    """Channels, impacts, topics and root causes may grow (contracts, Events on Kafka)."""
    lines = well_formed()
    lines[0]["data"]["channel"] = "pigeon"
    lines[1]["data"].update(impact="something-new", topic="something-new")
    lines.append(event(4, "resolved", "2026-03-09T09:00:00Z", {"root_cause": "sunspots"}))
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    for command in COMMANDS:
        assert run(command, str(path)).exit_code == 0


def test_a_pipe_that_breaks_is_quiet(path: Path) -> None:
    """A reader that has seen enough causes no traceback."""
    opened = well_formed()[0]
    lines = [{**opened, "subject": f"T-{n}", "id": f"o-{n}"} for n in range(2000)]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    command = [sys.executable, "-m", "infra.doors.cli", "clocks", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--as-of", "2026-03-06"), "is not an RFC 3339 instant"),
        (("--at", "2026-03-06T10:00:00"), "has no offset from UTC"),
        (("--at", "2050-01-01T00:00:00Z"), "the year 2050 is outside the policy's calendar"),
        (("--policy", "nobody"), "managry"),
        (("--format", "xml"), "xml"),
    ],
)
def test_a_wrong_question_is_wrong_usage(options: tuple[str, str], reason: str, path: Path) -> None:
    """The file is well formed, the question is not: exit status 2."""
    path.write_bytes(changed(1, lambda line: None))
    result = CliRunner().invoke(main, ["clocks", str(path), *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert reason in result.stderr
