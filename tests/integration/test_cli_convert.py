"""`lhuta convert`: files in, files out, exit statuses, and the two real logs end to end."""

import csv
import gzip
import json
import os
import pty
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.event import RecordedEvent
from infra.doors.cli import main
from infra.doors.convert.mapping import BUILT_IN, built_in
from infra.doors.source import lines, opened
from infra.store.policies import find
from streams.envelope import decode
from streams.history import read
from tests.conftest import REPOSITORY
from tests.spec.test_convert import UCI_USUAL, assert_well_formed, table_of

ROWS = [
    {},
    {"incident_state": "Active", "sys_updated_at": "7/3/2016 09:30", "sys_mod_count": "1"},
    {"incident_state": "Active", "sys_updated_at": "7/3/2016 09:40", "sys_mod_count": "2"},
    {"incident_state": "-100", "sys_updated_at": "7/3/2016 09:50", "sys_mod_count": "3"},
]
LOG = table_of(list(UCI_USUAL), ROWS, UCI_USUAL)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """A small UCI log of four rows: two told, one without an event, one rejected."""
    path = tmp_path / "log.csv"
    path.write_bytes(LOG)
    return str(path)


def run(*arguments: str, given: bytes = b"") -> Result:
    """Run `lhuta convert` with some arguments and standard input."""
    return CliRunner().invoke(main, ["convert", *arguments], input=given)


def failure(result: Result, status: int) -> str:
    """Return the message of a command that failed as documented: no traceback, no output."""
    assert result.exit_code == status
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    return result.stderr


class TestOutput:
    def test_events_go_to_standard_output_and_the_summary_to_standard_error(self, log: str) -> None:
        """Every row is accounted for, and the rejected one can be found."""
        result = run("uci", log)

        assert result.exit_code == 0
        events = [decode(line) for line in result.stdout_bytes.splitlines()]
        assert_well_formed(events)
        assert [event.version for event in events] == [1, 2, 3]
        assert result.stderr.splitlines() == [
            "4 rows = 2 told as events + 1 without an event + 1 rejected",
            "",
            "3 events of 1 ticket",
            "          1  ticket.opened.v1",
            "          1  ticket.severity-assigned.v1",
            "          1  ticket.agent-responded.v1",
            "",
            "Rows without an event",
            "          1  state and priority as before",
            "",
            "Rejected rows, in log.csv.rejects.csv",
            "          1  state '-100' is rejected by the mapping",
        ]

    def test_the_summary_is_one_line_of_json_on_demand(self, log: str) -> None:
        """A machine reads the same numbers."""
        result = run("uci", log, "--json")

        assert json.loads(result.stderr) == {
            "rows": 4,
            "mapped": 2,
            "without_event": {"total": 1, "reasons": {"state and priority as before": 1}},
            "rejected": {
                "total": 1,
                "reasons": {"state '-100' is rejected by the mapping": 1},
            },
            "tickets": 1,
            "events": {
                "total": 3,
                "types": {
                    "ticket.opened.v1": 1,
                    "ticket.severity-assigned.v1": 1,
                    "ticket.agent-responded.v1": 1,
                },
            },
            "notes": {},
            "rejects": "log.csv.rejects.csv",
        }

    def test_a_file_takes_its_name_when_it_is_whole(self, log: str, tmp_path: Path) -> None:
        """Nothing else is left beside it but the rejected rows."""
        assert run("uci", log, "--output", "history.jsonl").stdout == ""
        assert (tmp_path / "history.jsonl").read_bytes() == run("uci", log).stdout_bytes
        assert {path.name for path in tmp_path.iterdir()} == {
            "history.jsonl",
            "history.jsonl.rejects.csv",
            "log.csv",
            "log.csv.rejects.csv",
        }

    def test_a_compressed_file_has_the_same_lines_and_always_the_same_bytes(self, log: str) -> None:
        """The name says that it is compressed; no time of day gets into it."""
        run("uci", log, "-o", "one.jsonl.gz")
        run("uci", log, "-o", "two.jsonl.gz")
        assert gzip.decompress(Path("one.jsonl.gz").read_bytes()) == run("uci", log).stdout_bytes
        assert Path("one.jsonl.gz").read_bytes() == Path("two.jsonl.gz").read_bytes()

    def test_rejected_rows_are_kept_as_they_were(self, log: str) -> None:
        """Line, reason, value at fault, and the row, which can be mended and converted."""
        run("uci", log, "--rejects", "bad.csv")
        with Path("bad.csv").open(newline="", encoding="utf-8") as file:
            header, row = csv.reader(file)
        assert header == ["line", "reason", "detail", *UCI_USUAL]
        assert row[:3] == ["5", "state '-100' is rejected by the mapping", ""]
        assert row[3:] == list((UCI_USUAL | ROWS[3]).values())

    def test_a_named_rejects_file_is_made_also_when_there_is_nothing_to_reject(self) -> None:
        """A script can rely on it; without the option nothing is littered."""
        good = table_of(list(UCI_USUAL), ROWS[:2], UCI_USUAL)
        assert run("uci", "-", "--rejects", "bad.csv", given=good).exit_code == 0
        assert len(Path("bad.csv").read_text(encoding="utf-8").splitlines()) == 1
        run("uci", "-", given=good)
        assert not Path("stdin.rejects.csv").exists()

    def test_a_log_of_nothing_usable_leaves_only_the_rejected_rows(self) -> None:
        """Exit 3: most likely the mapping does not fit; the rejects say why."""
        bad = table_of(list(UCI_USUAL), [ROWS[3]], UCI_USUAL)
        message = failure(run("uci", "-", "-o", "history.jsonl", given=bad), 3)
        assert "no row could be used" in message
        assert sorted(os.listdir()) == ["history.jsonl.rejects.csv"]

    def test_a_header_without_rows_is_an_empty_history(self) -> None:
        """Nothing to convert is no error."""
        result = run("uci", "-", given=table_of(list(UCI_USUAL), [], UCI_USUAL))
        assert result.exit_code == 0
        assert result.stdout == ""
        assert result.stderr.startswith("0 rows = 0 told")


class TestInput:
    def test_gzip_is_known_by_its_content(self, log: str) -> None:
        """The name does not matter, and standard input may be compressed, too."""
        expected = run("uci", log).stdout_bytes
        Path("packed.csv").write_bytes(gzip.compress(LOG, mtime=0))
        Path("plain.csv.gz").write_bytes(LOG)
        assert run("uci", "packed.csv").stdout_bytes == expected
        assert run("uci", "plain.csv.gz").stdout_bytes == expected
        assert run("uci", "-", given=gzip.compress(LOG, mtime=0)).stdout_bytes == expected

    def test_what_spreadsheets_do_to_a_file_changes_nothing(self, log: str) -> None:
        """A byte order mark and other line ends are no content."""
        altered = b"\xef\xbb\xbf" + LOG.replace(b"\n", b"\r\n")
        assert run("uci", "-", given=altered).stdout_bytes == run("uci", log).stdout_bytes

    @pytest.mark.parametrize(
        ("given", "status", "told"),
        [
            (b"", 3, "the file is empty; expected a line of column names"),
            (b"number,state\n1,2\n", 3, "line 1: no column incident_state"),
            (b"number,number\n", 3, "line 1: the column number stands there twice"),
            (LOG + b"\xff\xfe\n", 3, "line 6: not UTF-8: byte 1 is 0xff"),
            (LOG + b"x" * (1 << 21), 3, "line 6: the line is longer than 1,048,576 bytes"),
            (LOG + b'a,"b\n', 3, "line 6: not comma-separated values"),
            (LOG + b'a,"b"c\n', 3, "line 6: not comma-separated values"),
            (gzip.compress(LOG, mtime=0)[:-9], 2, "the gzip data is damaged"),
            (gzip.compress(LOG, mtime=0)[:40] + b"garbage", 2, "the gzip data is damaged"),
            (b"\x00\x9f\x92\x96" * 50, 3, "line 1: not UTF-8"),
        ],
    )
    def test_a_bad_file_is_refused_with_line_and_reason(
        self, given: bytes, status: int, told: str, tmp_path: Path
    ) -> None:
        """Nothing is left behind, neither a half history nor half the rejects."""
        assert told in failure(run("uci", "-", "-o", "history.jsonl", given=given), status)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["uci"], "name the FILE to convert"),
            (["uci", "missing.csv"], "missing.csv does not exist"),
            (["uci", "."], ". is a directory"),
            (["sap", "log.csv"], "'sap' is not one of 'uci', 'bpi2013'"),
            (["uci", "log.csv", "-o", "."], ". is a directory"),
            (["uci", "log.csv", "-o", "nowhere/history.jsonl"], "cannot be written: No such file"),
            (["uci", "log.csv", "--rejects", "nowhere/bad.csv"], "cannot be written: No such file"),
            (["uci", "log.csv", "-o", "log.csv"], "log.csv is the file to convert"),
            (["uci", "log.csv", "--rejects", "./log.csv"], "log.csv is the file to convert"),
            (["uci", "log.csv", "-o", "a", "--rejects", "a"], "a cannot take both"),
            (["uci", "log.csv", "--mapping", "missing.toml"], "missing.toml cannot be read"),
            (["uci", "log.csv", "--zone", "Mars/Base"], "'Mars/Base' is no time zone"),
            (["bpi2013", "log.csv", "--zone", "UTC"], "carry their own offset"),
        ],
    )
    def test_what_cannot_be_used_ends_with_status_two(
        self, arguments: list[str], told: str, log: str
    ) -> None:
        """The message names what is wrong with the call, and the log stays as it was."""
        assert told in failure(run(*arguments), 2)
        assert Path(log).read_bytes() == LOG
        assert os.listdir() == ["log.csv"]


class TestMapping:
    @pytest.mark.parametrize("kind", BUILT_IN)
    def test_the_built_in_mapping_can_be_printed_changed_and_used(
        self, kind: str, log: str
    ) -> None:
        """What is printed is the mapping that is used without the option."""
        shown = run(kind, "--show-mapping")
        assert shown.stdout == built_in(kind)
        if kind == "uci":
            Path("ours.toml").write_text(shown.stdout, encoding="utf-8")
            used = run("uci", log, "--mapping", "ours.toml")
            assert used.stdout_bytes == run("uci", log).stdout_bytes

    def test_a_changed_mapping_changes_the_history(self, log: str) -> None:
        """A state may mean something else to another desk."""
        changed = built_in("uci").replace('"-100" = "reject"', '"-100" = "resolved"')
        Path("ours.toml").write_text(changed, encoding="utf-8")
        result = run("uci", log, "--mapping", "ours.toml")
        assert b"ticket.resolved.v1" in result.stdout_bytes
        assert "+ 0 rejected" in result.stderr

    def test_a_bad_mapping_is_refused_with_its_key_paths(self, log: str) -> None:
        """Exit 3, every message with the file's name."""
        changed = built_in("uci").replace('"Closed" = "verified"', '"Closed" = "done"')
        Path("ours.toml").write_text(changed + "\n[more]\n", encoding="utf-8")
        told = failure(run("uci", log, "--mapping", "ours.toml"), 3)
        assert "ours.toml: states.Closed: expected one of queued" in told
        assert "ours.toml: more: not a known key" in told

    def test_the_zone_can_be_named_on_the_command_line(self, log: str) -> None:
        """It wins over the mapping's."""
        assert b"2016-03-07T09:00:00Z" in run("uci", log, "--zone", "UTC").stdout_bytes


class TestProcess:
    """What only a process of its own shows."""

    def test_a_reader_that_goes_away_is_no_error_message(self) -> None:
        """`lhuta convert ... | head -1` is quiet."""
        rows = [{"number": f"INC{number}"} for number in range(5_000)]
        Path("log.csv").write_bytes(table_of(list(UCI_USUAL), rows, UCI_USUAL))
        with subprocess.Popen(
            command("uci", "log.csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=alone()
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().startswith(b"{")
            process.stdout.close()
            assert process.stderr.read() == b""

    def test_an_interrupt_leaves_no_half_file(self, tmp_path: Path) -> None:
        """Ctrl-C while it waits for more: the history was begun, and is gone."""
        # A test run in the background would hand on that it ignores the signal.
        heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        program = f"{heeding}; from infra.doors.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", program, "convert", "uci", "-", "-o", "history.jsonl"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=alone(),
        ) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            rows = [{"number": f"INC{number}"} for number in range(5_000)]
            process.stdin.write(table_of(list(UCI_USUAL), rows, UCI_USUAL))
            process.stdin.flush()
            while not list(tmp_path.iterdir()):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            told = process.stderr.read()
        assert (process.returncode, told) == (130, b"\nInterrupted.\n")
        assert list(tmp_path.iterdir()) == []

    def test_progress_is_shown_on_a_terminal_only(self, log: str) -> None:
        """Rows and their rate; `CliRunner` above has no terminal and saw none."""
        terminal, end = pty.openpty()
        with os.fdopen(terminal, "rb", buffering=0) as reader:
            subprocess.run(
                command("uci", log, "-o", "history.jsonl"),
                stderr=end,
                env=alone() | {"TERM": "xterm"},
                check=True,
            )
            os.close(end)
            shown = b"".join(_everything(reader.fileno()))
        assert b"rows/s" in shown
        assert b"4 rows = 2 told as events" in shown


def command(*arguments: str) -> list[str]:
    """Return the command line of `lhuta convert` in a process of its own."""
    return [sys.executable, "-m", "infra.doors.cli", "convert", *arguments]


def alone() -> dict[str, str]:
    """Return an environment in which the house is found from anywhere."""
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def _everything(terminal: int) -> Iterator[bytes]:
    try:
        while block := os.read(terminal, 4096):
            yield block
    except OSError:
        # What Linux says when nobody holds the other end any more.
        return


def converted(shared: Path, kind: str, name: str) -> tuple[dict[str, object], Path]:
    """Convert a real log; return the summary and the history's file."""
    log = shared / "data" / name
    if not log.is_file():
        pytest.skip(f"no {name} among the shared data")
    result = run(kind, str(log), "-o", "history.jsonl", "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stderr)
    rest = summary["without_event"]["total"] + summary["rejected"]["total"]
    assert summary["rows"] == summary["mapped"] + rest
    with Path(summary["rejects"]).open(encoding="utf-8") as rejected:
        assert len(list(csv.reader(rejected))) == 1 + summary["rejected"]["total"]
    return summary, Path("history.jsonl")


def judged(path: Path) -> list[RecordedEvent]:
    """Read a history as every command does, by the contract and the published policy."""
    with opened(str(path)) as stream:
        history = read(lines(stream), find("managry"))
    events = [event for story in history.tickets.values() for event in story]
    assert_well_formed(events)
    return events


def test_the_whole_uci_log(shared: Path) -> None:
    """141,712 rows of 24,918 incidents become a well-formed history, five rows are rejected."""
    summary, path = converted(shared, "uci", "uci_incident_event_log.csv.gz")
    assert (summary["rows"], summary["tickets"]) == (141_712, 24_918)
    assert summary["rejected"] == {
        "total": 5,
        "reasons": {"state '-100' is rejected by the mapping": 5},
    }
    assert summary["events"] == {
        "total": 119_975,
        "types": {
            "ticket.opened.v1": 24_918,
            "ticket.severity-assigned.v1": 25_354,
            "ticket.agent-responded.v1": 17_997,
            "ticket.customer-replied.v1": 1_526,
            "ticket.resolved.v1": 25_250,
            "ticket.verified.v1": 24_930,
        },
    }
    assert len(judged(path)) == 119_975


def test_the_whole_volvo_log(shared: Path) -> None:
    """65,533 rows of 7,554 incidents become a well-formed history without anybody's name."""
    summary, path = converted(shared, "bpi2013", "bpi2013_incidents.csv.gz")
    assert (summary["rows"], summary["tickets"]) == (65_533, 7_554)
    assert summary["rejected"] == {
        "total": 5,
        "reasons": {"state 'Unmatched/Unmatched' is rejected by the mapping": 5},
    }
    events = judged(path)
    assert Counter(type(event.event).__name__ for event in events) == {
        "Opened": 7_554,
        "SeverityAssigned": 7_554,
        "AgentResponded": 11_501,
        "CustomerReplied": 3_087,
        "Resolved": 8_127,
        "Verified": 5_704,
    }
    assert {event.actor for event in events if event.actor.startswith("system:")} == {
        "system:siebel"
    }
    assert b"Krzysztof" not in path.read_bytes()
