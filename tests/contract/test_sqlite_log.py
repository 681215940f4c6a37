"""What is particular to the log on SQLite: files, locks, permissions, and the library around it."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from infra.store.failure import (
    Damaged,
    Exists,
    Locked,
    Missing,
    NewerSchema,
    OlderSchema,
    ReadOnly,
    StoreError,
)
from infra.store.layout import numbered
from infra.store.log import EventLog, on_sqlite
from infra.store.log.application import LogEvent, LogMapper, TicketEvent
from infra.store.sqlite import connect, failure, name_of
from tests.contract.given import (
    CREATED,
    EVERY_EVENT,
    LIVE_FROM,
    NOW,
    OPENED,
    POLICY,
    REPLIED,
    HandClock,
    append,
    story,
)

NOBODY = 65_534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file with a closed log that has one ticket."""
    file = tmp_path / "log.db"
    with created(file) as log:
        log.append([append("a", "T-1", 0, OPENED, message="tajemství")])
    return file


def created(file: Path) -> EventLog:
    """Create a log in a file."""
    return EventLog.create(
        file, policy_bytes=POLICY, live_from=LIVE_FROM, now=CREATED, clock=HandClock()
    )


@contextmanager
def unprivileged() -> Iterator[None]:
    """Do something as a user to whom permissions apply."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that every user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
        Path(folder).chmod(0o777)


def test_a_log_survives_a_power_cut_by_its_settings(path: Path) -> None:
    """Every connection waits for the disk at every commit, and zeroes what is erased."""
    with closing(connect(name_of(path, "write"))) as connection:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode", "secure_delete", "foreign_keys")
        }
    assert pragmas == {
        "synchronous": 2,
        "journal_mode": "wal",
        "secure_delete": 1,
        "foreign_keys": 1,
    }


def test_a_missing_log_is_told_with_the_cure(tmp_path: Path) -> None:
    """Nothing is created by opening."""
    with pytest.raises(Missing, match="lhuta init"):
        EventLog.open(tmp_path / "log.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_something_else_is_not_touched(tmp_path: Path) -> None:
    """Neither opened as a log nor overwritten by one."""
    file = tmp_path / "log.db"
    file.write_bytes(b"Dear diary, " * 100)
    with pytest.raises(Damaged, match="not a database"):
        EventLog.open(file)
    with pytest.raises(Exists):
        created(file)
    assert file.read_bytes() == b"Dear diary, " * 100


def test_another_database_is_not_taken_for_a_log(tmp_path: Path) -> None:
    """It is said what it is not."""
    file = tmp_path / "log.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE diary (day)")
    with pytest.raises(Damaged, match="not an event log"):
        EventLog.open(file)
    with pytest.raises(Exists):
        created(file)


def test_a_creation_that_was_interrupted_can_be_done_again(tmp_path: Path) -> None:
    """A file without tables is no log yet."""
    file = tmp_path / "log.db"
    file.touch()
    with created(file) as log:
        assert log.verify() == []


def test_a_locked_log_is_told(path: Path) -> None:
    """With the way out; afterwards it works again."""
    with (
        EventLog.open(path, busy_seconds=0) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="held by another process"):
            log.append([append("b", "T-1", 1, REPLIED)])
        with pytest.raises(Locked):
            log.tick()
        assert len(log.ticket("T-1")) == 1
        other.execute("ROLLBACK")
        log.append([append("b", "T-1", 1, REPLIED)])
        assert len(log.ticket("T-1")) == 2


def test_a_log_without_the_right_to_write_can_be_read(public: Path) -> None:
    """On storage that nobody can write, too; a write is refused with its reason."""
    file = public / "log.db"
    with created(file) as log:
        log.append([append("a", "T-1", 0, OPENED)])
    file.chmod(0o444)
    with unprivileged(), EventLog.open(file) as log, pytest.raises(ReadOnly, match="the right"):
        log.append([append("b", "T-1", 1, REPLIED)])
    for rest in public.glob("log.db-*"):
        rest.unlink()
    public.chmod(0o555)
    with unprivileged():
        with pytest.raises(ReadOnly):
            EventLog.open(file)
        with EventLog.open(file, read_only=True) as log:
            assert len(log.ticket("T-1")) == 1
            assert log.verify() == []


@pytest.mark.parametrize("page", [2, 3, 5, 8])
def test_a_damaged_file_is_told(path: Path, page: int) -> None:
    """Whether it can still be opened or not, and `verify` says so instead of breaking."""
    size = 4096
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    with suppress(Damaged), EventLog.examine(path) as log:
        assert log.verify() != []
    with pytest.raises(StoreError):
        _use(path)


def _use(path: Path) -> None:
    with EventLog.open(path) as log:
        log.load("T-1")
        log.trace("x")
        log.erase(["T-1"], by="agent:a-1", reason="why")
        log.append([append("b", "T-1", 1, REPLIED, message="Ano")])
        findings = log.verify()
        if findings:
            raise Damaged(str(path), findings[0].message)


def test_a_column_that_is_no_text_any_more_is_found(path: Path) -> None:
    """What cannot be read ends the walk, at its position."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE events SET originator_id = CAST(x'542dff' AS TEXT) WHERE position = 2"
        )
    with EventLog.examine(path) as log:
        assert log.verify()[0][:2] == (2, "file")


def test_erased_words_are_in_no_file_any_more(path: Path) -> None:
    """Not in free pages and not in the write-ahead log."""

    def stored() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert "tajemství".encode() in stored()
    with EventLog.open(path) as log:
        log.append([append("b", "T-1", 1, REPLIED, message="tajemství " * 2_000)])
        assert log.erase(["T-1"], by="agent:a-1", reason="asked for").gone
        assert "tajemství".encode() not in stored()
    assert "tajemství".encode() not in stored()


def test_a_reader_that_keeps_erased_words_is_told(path: Path) -> None:
    """While it reads an earlier state, the words are still in the write-ahead log."""
    with (
        EventLog.open(path, busy_seconds=0) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as reader,
    ):
        log.append([append("b", "T-1", 1, REPLIED)])
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM texts").fetchall()
        assert log.erase(["T-1"], by="agent:a-1", reason="asked for").gone is False
        reader.execute("ROLLBACK")
        assert log.erase(["T-1"], by="agent:a-1", reason="again").gone is True


@pytest.mark.parametrize("again", [False, True])
def test_an_erasure_killed_before_the_files_are_clean_is_finished(path: Path, again: bool) -> None:
    """By the next who closes the log, or at once by the same erasure again."""
    killed = (
        "import os, sys\n"
        "from infra.store.log import EventLog, on_sqlite\n"
        "on_sqlite.SQLiteLogRecorder.purge = lambda self: os.kill(os.getpid(), 9)\n"
        "EventLog.open(sys.argv[1]).erase(['T-1'], by='agent:a-1', reason='asked for')\n"
    )

    def there() -> bool:
        return any(b"message" in file.read_bytes() for file in path.parent.iterdir())

    with EventLog.open(path) as other:
        other.append([append("b", "T-1", 1, REPLIED, message="tajemství")])
        assert subprocess.run([sys.executable, "-c", killed, path], check=False).returncode == -9
        assert [fact.position for fact in other.raw("erasure:T-1")] == [4]
        assert there()
        if again:
            assert other.erase(["T-1"], by="agent:a-1", reason="asked for") == (0, None, True)
            assert not there()
    assert not there()
    with EventLog.open(path) as log:
        assert log.verify() == []


def test_an_older_log_gets_the_tables_it_lacks(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every number above its own, once, by the first who opens it to write."""
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "0001.sql").write_text("-- as it is")
    (newer / "0002.sql").write_text(
        "CREATE TABLE notes (a TEXT) STRICT;\nCREATE INDEX n ON notes (a);\n"
    )
    known = on_sqlite.LAYOUT
    monkeypatch.setattr(on_sqlite, "LAYOUT", numbered(newer))
    with pytest.raises(OlderSchema, match="open it once for writing"):
        EventLog.open(path, read_only=True)
    for _ in range(2):
        with EventLog.open(path) as log:
            assert log.verify() == []
    monkeypatch.setattr(on_sqlite, "LAYOUT", known)
    with pytest.raises(NewerSchema, match="schema 2"):
        EventLog.open(path)


def test_a_type_from_the_future_stops_the_reader(path: Path) -> None:
    """An event that is not understood is not passed over."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE events SET topic = 'ticket.merged.v1' WHERE position = 2")
    with EventLog.open(path, read_only=True) as log, pytest.raises(NewerSchema, match="type"):
        log.read(0, 10)


@pytest.mark.parametrize(
    "state", [b"{", b"[]", b'{"id":"x"}', b'{"id":"x","actor":"y","time":1,"data":{}}']
)
def test_a_state_that_cannot_be_read_is_damage(path: Path, state: bytes) -> None:
    """It is told with the event that it belongs to."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE events SET state = ? WHERE position = 2", (state,))
    with (
        EventLog.open(path, read_only=True) as log,
        pytest.raises(Damaged, match="event 1 of T-1"),
    ):
        log.read(0, 10)


def test_the_environment_of_the_process_configures_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the library would read there has no effect on the log."""
    monkeypatch.setenv("SQLITE_DBNAME", "elsewhere.db")
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")
    with EventLog.open(path) as log:
        assert len(log.ticket("T-1")) == 1


def test_the_mapper_gives_back_what_it_is_given() -> None:
    """Every type, under its name in the contract; words are not its business."""
    mapper = LogMapper(transcoder=None)  # type: ignore[arg-type]
    for told in story("T-1", *EVERY_EVENT, at=NOW):
        event = TicketEvent("T-1", told.version, told)
        stored = mapper.to_stored_event(event)
        assert stored.topic.startswith("ticket.")
        row = LogEvent(
            originator_id=stored.originator_id,
            originator_version=stored.originator_version,
            topic=stored.topic,
            state=stored.state,
            position=1,
            recorded_at=told.recorded_at,
            hash=b"",
            document=None,
        )
        assert mapper.to_domain_event(row) == event


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, "DiskFull"),
        (sqlite3.SQLITE_IOERR_WRITE, "DiskFull"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Locked"),
        (sqlite3.SQLITE_LOCKED, "Locked"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "ReadOnly"),
        (sqlite3.SQLITE_CANTOPEN, "Missing"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "Damaged"),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, "Damaged"),
        (sqlite3.SQLITE_NOMEM, "StoreError"),
    ],
)
def test_every_error_of_sqlite_has_a_name(tmp_path: Path, code: int, kind: str) -> None:
    """What people can do something about is told apart."""
    error = sqlite3.OperationalError("something")
    error.sqlite_errorcode = code
    assert type(failure(error, tmp_path / "log.db")).__name__ == kind
