"""A full disk, data that may not be written, and a database that somebody holds."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.survival.caller import answers_of
from tests.survival.desk import Desk, living_desk, settle
from tests.survival.proof import proved

TICKETS = 400
ONCE = ("run", "--once", "--log-format", "text")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with two subscribers, on which nothing happened yet."""
    with living_desk(tmp_path) as made:
        made.subscribe()
        yield made


@pytest.fixture
def working(desk: Desk) -> Desk:
    """Give one on which some tickets were worked at."""
    desk.write_commands("A", 20, Random("working"))
    settle(desk)
    return desk


class TestAFullDisk:
    def test_commands_that_were_acknowledged_are_there(self, desk: Desk) -> None:
        """The rest is told to be sent again, and is carried out when there is room."""
        path = desk.write_commands("A", TICKETS, Random("full"))
        ended = desk.ended("apply", path.name, "--json", world=("--most", "900000"))
        assert ended.status == 5
        assert "free some space and do it again" in ended.errors
        answers_of(path).write_text(ended.output)
        desk.note_acknowledged(path)
        lines = path.read_bytes().count(b"\n") + 1
        assert len(desk.acknowledged) < lines
        settle(desk)
        assert proved(desk).commands == lines

    def test_an_import_goes_on_where_it_was(self, desk: Desk) -> None:
        """Every ticket comes in once."""
        path = desk.write_history("X", 1_500, Random("full"))
        message = desk.refused("import", path.name, world=("--most", "900000"))
        assert "free some space and do it again" in message
        settle(desk)
        assert proved(desk).events == sum(map(len, desk.stories))

    def test_a_rebuild_is_finished_by_the_next_engine(self, working: Desk) -> None:
        """Nobody is told twice."""
        working.write_commands("B", 60, Random("full"))
        working.finish()
        message = working.refused("rebuild", world=("--most", "60000"))
        assert "free some space and do it again" in message
        assert str(working.settings.models) in message
        settle(working)
        assert proved(working).again == 0

    def test_a_full_file_system_is_told_and_harms_nothing(self, desk: Desk) -> None:
        """As by a limit, with the errors of a real one."""
        with small_file_system(desk.settings.data, "1m") as grow:
            path = desk.write_commands("A", TICKETS, Random("full"))
            ended = desk.ended("apply", path.name, "--json")
            assert ended.status == 5
            assert "free some space and do it again" in ended.errors
            answers_of(path).write_text(ended.output)
            desk.note_acknowledged(path)
            desk.done("log", "verify")
            assert "free some space" in desk.refused(*ONCE)
            grow("64m")
            settle(desk)
            proved(desk)


class TestReadOnly:
    WRITERS: Sequence[Sequence[str]] = (
        ("open", "--customer", "c-1", "--plan", "premium", "--subject", "s", "--message", "m"),
        ONCE,
        ("rebuild",),
        ("erase", "A-1", "--reason", "asked for", "--yes"),
        ("subscribe", "--file", "more.jsonl"),
    )
    READERS: Sequence[Sequence[str]] = (
        ("log", "verify"),
        ("board",),
        ("ticket", "A-1"),
        ("alerts",),
        ("audit",),
        ("export",),
    )

    def test_a_folder_that_may_not_be_written_is_told_and_can_be_read(self, working: Desk) -> None:
        """Also to root, who may write everything elsewhere."""
        world = ("--unprivileged",)
        with only_to_read(working.settings.data):
            for command in self.WRITERS:
                message = working.refused(*command, world=world)
                assert "give this user the right to write" in message, command
            for command in self.READERS:
                ended = working.ended(*command, world=world)
                assert ended.status == 0, (command, ended.errors)
            status = working.ended("status", world=world)
            assert (status.status, status.errors) == (1, "")
        settle(working)
        proved(working)


class TestALockedDatabase:
    @pytest.mark.parametrize(
        ("file", "command"),
        [
            ("log.db", ("reply", "A-1", "--message", "m")),
            ("log.db", ("run", "--log-format", "text")),
            ("models.db", ("rebuild",)),
            ("deliveries.db", ("run", "--log-format", "text")),
            ("deliveries.db", ("subscribe", "--file", "more.jsonl")),
        ],
    )
    def test_it_is_told_with_the_way_out(
        self, working: Desk, file: str, command: Sequence[str]
    ) -> None:
        """Nothing is half done, and afterwards it works."""
        path = working.settings.data / file
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            message = working.refused(*command, world=("--patience", "0"))
            assert f"{path} is held by another process" in message
            assert "end that process or let it finish, then do it again" in message
        settle(working)
        proved(working)


@contextmanager
def only_to_read(folder: Path) -> Iterator[None]:
    """Let nobody write a folder and what is in it."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@contextmanager
def small_file_system(folder: Path, size: str) -> Iterator[Callable[[str], object]]:
    """Put a small file system in the place of a folder, with what is in it; skip without one.

    Gives what makes it larger.
    """

    def mount(options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    if mount(f"size={size}"):
        pytest.skip("no small file system can be made: mounting is not for this user")
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield lambda larger: mount(f"remount,size={larger}")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
