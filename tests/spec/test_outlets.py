"""The ways out: a file that gets whole lines, a command that says whether it took them."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from domain import instant
from infra.outlets.file import FileOutlet
from infra.outlets.outlet import DELIVERED, PATIENCE, Failed, Result, Sending
from infra.outlets.process import ProcessOutlet

NOW = instant.parse("2026-03-09T09:00:00Z")
LINES = [b'{"id":"a"}\n', b'{"id":"b"}\n']
WAIT_SECONDS = 60


def reason(result: Result | None) -> str:
    """Return why a sending failed."""
    assert isinstance(result, Failed)
    return result.reason


def ended(sending: Sending, now: int = NOW) -> Result:
    """Wait for a command that ends by itself."""
    until = time.monotonic() + WAIT_SECONDS
    while (result := sending.result(now)) is None:
        assert time.monotonic() < until, "the command does not end"
        os.sched_yield()
    return result


def pipe_to_reader(path: Path) -> IO[bytes]:
    """Open a named pipe to write in, once somebody reads it: to open it would wait for ever."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        with suppress(OSError):
            return open(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "wb")
        os.sched_yield()
    raise AssertionError("nobody reads it")


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse to write more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestFile:
    def test_lines_are_appended(self, tmp_path: Path) -> None:
        """What stands there stays, and what was moved away is begun anew."""
        path = tmp_path / "alerts.jsonl"
        outlet = FileOutlet(path)
        assert outlet.send(LINES[:1], NOW).result(NOW) is DELIVERED
        assert outlet.send(LINES[1:], NOW).result(NOW) is DELIVERED
        assert path.read_bytes() == b"".join(LINES)
        path.rename(tmp_path / "alerts.1")
        outlet.send(LINES[1:], NOW)
        assert path.read_bytes() == LINES[1]

    def test_a_line_that_was_written_half_is_replaced(self, tmp_path: Path) -> None:
        """An engine that died in the middle of a line did not count it as delivered."""
        path = tmp_path / "alerts.jsonl"
        path.write_bytes(b'{"id":"0"}\n' + LINES[0] + LINES[1][:4])
        FileOutlet(path).send(LINES, NOW)
        assert path.read_bytes() == b'{"id":"0"}\n' + LINES[0] + b"".join(LINES)

    def test_what_others_wrote_is_left_alone(self, tmp_path: Path) -> None:
        """Also without a newline at its end: the first alert begins on a line of its own."""
        path = tmp_path / "alerts.jsonl"
        path.write_bytes(b"a note of mine")
        FileOutlet(path).send(LINES, NOW)
        assert path.read_bytes() == b"a note of mine\n" + b"".join(LINES)

    def test_a_full_disk_leaves_no_half_line(self, tmp_path: Path) -> None:
        """What could not be written whole is taken back, and it is a failure."""
        path = tmp_path / "alerts.jsonl"
        path.write_bytes(LINES[0])
        with no_file_longer_than(len(LINES[0]) + 5):
            result = FileOutlet(path).send(LINES, NOW).result(NOW)
        assert "too large" in reason(result)
        assert path.read_bytes() == LINES[0]

    def test_a_missing_folder_is_a_failure_with_its_cause(self, tmp_path: Path) -> None:
        """It may come back, as a mounted disk does, so it is tried again."""
        result = FileOutlet(tmp_path / "away" / "alerts.jsonl").send(LINES, NOW).result(NOW)
        assert "No such file" in reason(result)

    def test_a_pipe_that_nobody_reads_holds_nobody_up(self, tmp_path: Path) -> None:
        """Only regular files are written; the failure says what to do instead."""
        path = tmp_path / "pipe"
        os.mkfifo(path)
        assert "regular file" in reason(FileOutlet(path).send(LINES, NOW).result(NOW))


class TestCommand:
    def test_it_gets_the_lines_on_standard_input(self, tmp_path: Path) -> None:
        """Exit status 0 means that it has taken them."""
        path = tmp_path / "got"
        assert ended(ProcessOutlet(f"cat > '{path}'").send(LINES, NOW)) is DELIVERED
        assert path.read_bytes() == b"".join(LINES)

    def test_one_that_does_not_read_is_fine(self) -> None:
        """Its exit status counts, not what it reads; nobody waits for a pipe."""
        assert ended(ProcessOutlet("true").send(LINES * 50_000, NOW)) is DELIVERED

    def test_its_exit_status_and_last_words_are_the_reason(self) -> None:
        """As much as tells a person what is wrong."""
        sending = ProcessOutlet("echo first >&2; echo no route >&2; exit 7").send(LINES, NOW)
        assert reason(ended(sending)) == "exit status 7: no route"

    def test_a_command_that_is_not_there_is_a_failure(self) -> None:
        """The shell says so."""
        assert "127" in reason(ended(ProcessOutlet("no-such-command-here").send(LINES, NOW)))

    def test_one_that_hangs_is_ended_with_all_that_it_started(self, tmp_path: Path) -> None:
        """After a minute by the clock that is handed in."""
        path = tmp_path / "alive"
        sending = ProcessOutlet(f"echo $$ > '{path}'; sleep 1000 & wait").send(LINES, NOW)
        assert sending.result(NOW + PATIENCE - 1) is None
        assert "longer than 60 s" in reason(sending.result(NOW + PATIENCE))

    def test_an_abandoned_one_is_ended(self) -> None:
        """Stopping the engine leaves no process behind."""
        ProcessOutlet("sleep 1000").send(LINES, NOW).abandon()

    def test_what_it_leaves_behind_when_it_ends_well_may_stay(self, tmp_path: Path) -> None:
        """A command may start something that lasts longer than itself."""
        path = tmp_path / "later"
        os.mkfifo(path)
        assert ended(ProcessOutlet(f"cat '{path}' > '{path}.got' &").send(LINES, NOW)) is DELIVERED
        with pipe_to_reader(path) as reader:
            reader.write(b"still there")
