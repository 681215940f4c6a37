"""`lhuta import` and `lhuta export`: whole tickets in, the same bytes out again."""

import gzip
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import settings

from domain import instant
from domain.event import (
    AgentResponded,
    CustomerReplied,
    Opened,
    RecordedEvent,
    SeverityAssigned,
    Text,
)
from domain.hours import OutsideCalendar
from infra.doors.cli.keeping import untold
from infra.doors.cli.keeping.export import told
from infra.store.log import EventLog, Imported, wall_clock
from streams.envelope import decode, encode
from tests import strategies
from tests.benchmarks import stories
from tests.conftest import REPOSITORY
from tests.integration.at_the_desk import DATA, answer, done, failure, park, run, settle_down, story
from tests.spec.given import START

OPENED = Opened("c-1", "premium", "email")
TRIAGED = SeverityAssigned(1, "operations-halted", "defect", supported=True)
HOUR = instant.HOUR
PATIENCE = 60


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_down(tmp_path, monkeypatch)
    done("init")


def ticket(name: str = "X-1") -> list[RecordedEvent]:
    """A ticket of another desk, whose second event was written down last of all."""

    def event(
        version: int, happened: int, recorded: int, of: object, **words: str
    ) -> RecordedEvent:
        return RecordedEvent(
            ticket=name,
            version=version,
            event_id=f"{name}/{version}",
            occurred_at=START + happened * HOUR,
            recorded_at=START + recorded * HOUR,
            actor="agent:a-9",
            event=of,  # type: ignore[arg-type]
            words=words,
            command_id=f"command-{version}",
            correlation_id="correlation-1",
            causation_id=None if version == 1 else f"{name}/{version - 1}",
        )

    return [
        event(1, 0, 0, OPENED, subject="Nástěnka je prázdná", body="od rána"),
        event(2, 3, 3, TRIAGED),
        event(3, 1, 4, AgentResponded("customer"), message="Jaký máte prohlížeč?"),
        event(4, 5, 5, CustomerReplied(), message="Firefox"),
    ]


def history(path: str, *tickets: Sequence[RecordedEvent]) -> str:
    """Write a history of tickets."""
    lines = [encode(event) for one in tickets for event in one]
    Path(path).write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def other_log(name: str = "other") -> str:
    """A second, empty log."""
    done("init", "--data", name)
    return name


# A test run in the background would hand on that it ignores the signal.
HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
# Else it might be done before anybody can interrupt it.
WAITING = """
import os
from infra.store.log import EventLog

coming, arrived = os.pipe()
os.set_blocking(arrived, False)
signal.set_wakeup_fd(arrived)
append = EventLog.import_

def import_(log, stories):
    results = append(log, stories)
    os.read(coming, 1)
    return results

EventLog.import_ = import_
"""
STARTING = "from infra.doors.cli import main; main()"


def importing(history: str, *, waiting: bool = False) -> subprocess.Popen[bytes]:
    """Start an import as a process that Ctrl-C can reach, `waiting` for it amid its work."""
    steps = (HEEDING, WAITING, STARTING) if waiting else (HEEDING, STARTING)
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(steps), "import", history],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


def open_late() -> None:
    """Open T-1, whose answer was due days ago."""
    now = wall_clock()
    opened_at = instant.text(now - now % instant.SECOND - 6 * instant.DAY)
    done("open", "--customer", "c-1", "--plan", "premium", "-m", "Empty", "--at", opened_at)
    done("triage", "T-1", "--severity", "1", "--impact", "data-at-risk", "--topic", "defect")


class TestImport:
    def test_tickets_come_in_whole(self) -> None:
        """Ids, actors, causes, words and the times when things happened are kept."""
        told = done("import", history("desk.jsonl", ticket(), ticket("X-2")))

        assert told.startswith("2 tickets with 8 events came in, ")
        came = story("X-1")
        recorded_at = came[0].recorded_at
        assert [event._replace(text=None) for event in came] == [
            event._replace(recorded_at=recorded_at) for event in ticket()
        ]

    def test_a_subject_of_several_lines_comes_in(self) -> None:
        """That a subject is one line is a rule for commands; a history tells what was so."""
        opened, *later = ticket()
        subject = "Prázdná\nnástěnka\u2028od rána"
        told = [opened._replace(words={"subject": subject}), *later]

        done("import", history("desk.jsonl", told))

        assert story("X-1")[0].words["subject"] == subject

    def test_the_log_says_when_it_recorded(self) -> None:
        """All of a ticket at one instant of this log; the other desk's is not kept."""
        before = wall_clock()
        done("import", history("desk.jsonl", ticket()))

        [recorded_at] = {event.recorded_at for event in story("X-1")}
        assert before <= recorded_at <= wall_clock()

    def test_nobody_is_told_about_the_past(self) -> None:
        """What is announced begins with the import: before the first of its tickets is there."""
        before = wall_clock()
        done("import", history("desk.jsonl", ticket()))

        with EventLog.open(f"{DATA}/log.db") as log:
            assert before <= log.live_from < story("X-1")[0].recorded_at

    def test_an_import_that_brings_nothing_changes_nothing(self) -> None:
        """Started again, it skips what is there, and announcing goes on as before."""
        done("import", history("desk.jsonl", ticket()))
        with EventLog.open(f"{DATA}/log.db") as log:
            live_from, head = log.live_from, log.head()

        again = done("import", "desk.jsonl")

        assert again.splitlines() == [
            "Nothing new came in.",
            "1 ticket was there already, with just these events.",
        ]
        with EventLog.open(f"{DATA}/log.db") as log:
            assert (log.live_from, log.head().position) == (live_from, head.position)

    def test_a_ticket_that_went_on_is_still_the_same(self) -> None:
        """What happened to it since it came in is no reason to reject it."""
        done("import", history("desk.jsonl", ticket()))
        done("reply", "X-1", "-m", "Any news?")

        assert answer("import", "desk.jsonl")["skipped"] == 1

    def test_a_ticket_that_is_there_otherwise_is_rejected_and_listed(self) -> None:
        """With its line and the reason; the others come in, and the exit status says so."""
        done("import", history("desk.jsonl", ticket()))
        changed = [*ticket()[:2], ticket()[2]._replace(actor="agent:a-1"), ticket()[3]]
        history("again.jsonl", ticket("X-2"), changed)

        result = run("import", "again.jsonl", "--rejects", "rejects.jsonl")

        reason = (
            "the log has another actor at its event 3; if it is another ticket, give it another id"
        )
        assert result.exit_code == 3
        assert result.stdout.splitlines()[1:] == [
            "1 ticket was rejected, listed in rejects.jsonl:",
            f"  X-1 (line 7): {reason}",
        ]
        assert orjson.loads(Path("rejects.jsonl").read_bytes()) == {
            "ticket": "X-1",
            "version": 3,
            "line": 7,
            "reason": reason,
        }
        assert len(story("X-2")) == 4
        assert story("X-1")[2].actor == "agent:a-9"

    def test_what_is_still_to_come_is_rejected(self) -> None:
        """A ticket cannot happen after it is recorded."""
        ahead = wall_clock() + instant.DAY - START
        later = [
            event._replace(occurred_at=START + ahead, recorded_at=START + ahead)
            for event in ticket()[:1]
        ]

        result = run("import", history("desk.jsonl", later), "--json")

        assert result.exit_code == 3
        [rejected] = orjson.loads(result.stdout)["rejected"]
        assert rejected["ticket"] == "X-1"
        assert story("X-1") == []

    def test_a_history_that_is_not_well_formed_changes_nothing(self) -> None:
        """The first line that breaks the contract is named; nothing of the file comes in."""
        Path("bad.jsonl").write_bytes(
            b"\n".join([*(encode(event) for event in ticket()), b'{"specversion":"1.0"}'])
        )

        assert "bad.jsonl: line 5" in failure(run("import", "bad.jsonl"), 3)
        assert story("X-1") == []

    def test_the_policy_of_the_log_decides_what_is_known(self) -> None:
        """A plan that the log's policy does not have is not well formed."""
        gold = [ticket()[0]._replace(event=Opened("c-1", "gold", "email"))]

        assert 'the plan "gold"' in failure(run("import", history("gold.jsonl", gold)), 3)

    def test_files_are_unpacked_and_standard_input_is_read(self) -> None:
        """Gzip is known by its content; `-` is standard input."""
        plain = Path(history("desk.jsonl", ticket())).read_bytes()
        Path("packed").write_bytes(gzip.compress(plain))

        assert answer("import", "packed")["tickets"] == 1
        assert answer("import", "-", given=plain)["skipped"] == 1

    def test_a_file_that_is_not_there_is_named(self) -> None:
        """Exit status 2."""
        assert "absent.jsonl does not exist" in failure(run("import", "absent.jsonl"), 2)

    def test_what_came_due_untold_is_told_before_an_import(self) -> None:
        """An import silences what was due before it, so the engine has to be up to date."""
        with EventLog.open(f"{DATA}/log.db") as log:
            log.set_live_from(0)
        open_late()
        history("desk.jsonl", ticket())

        message = failure(run("import", "desk.jsonl"), 5)

        assert "(T-1) came due that nobody was told of yet" in message
        assert "run `lhuta run --once` first" in message
        with EventLog.open(f"{DATA}/log.db") as log:
            assert log.live_from == 0
        assert story("X-1") == []
        told = run("run", "--once")
        assert "BREACH" in told.stdout
        assert answer("import", "desk.jsonl")["tickets"] == 1

    def test_what_a_parked_ticket_left_untold_is_told_before_an_import(self) -> None:
        """An import would silence it, and everything else is told; a retry tells it."""
        with EventLog.open(f"{DATA}/log.db") as log:
            log.set_live_from(0)
        open_late()
        park()
        done("open", "--customer", "c-1", "--plan", "premium", "-m", "Another")
        run("run", "--once")
        history("desk.jsonl", ticket())

        message = failure(run("import", "desk.jsonl"), 5)

        assert "1 parked ticket (T-1) may have left alerts untold" in message
        assert "`lhuta retry T-1`" in message
        with EventLog.open(f"{DATA}/log.db") as log:
            assert log.live_from == 0
        assert story("X-1") == []
        assert "alerts announced: 1" in done("retry", "T-1")
        # A retry announces and does not deliver: as long as nobody took it, it could be lost.
        assert "(T-1) came due" in failure(run("import", "desk.jsonl"), 5)
        run("run", "--once")
        assert answer("import", "desk.jsonl")["tickets"] == 1

    @pytest.mark.parametrize(
        ("fault", "status"), [(OutsideCalendar(2041, 2010, 2040), 0), (ValueError("a fault"), 5)]
    )
    def test_a_parked_ticket_that_still_cannot_be_folded_may_have_something_to_tell(
        self, monkeypatch: pytest.MonkeyPatch, fault: ValueError, status: int
    ) -> None:
        """Unless its policy has no hours for it, and never will."""

        def fails(*_: object) -> None:
            raise fault

        done("open", "--customer", "c-1", "--plan", "premium", "-m", "Empty")
        park()
        run("run", "--once")
        monkeypatch.setattr(untold, "rows", fails)

        imported = run("import", history("desk.jsonl", ticket()))

        assert imported.exit_code == status
        assert ("`lhuta retry T-1`" in imported.stderr) == (status != 0)

    def test_a_log_in_which_nothing_came_due_needs_no_engine(self) -> None:
        """Neither does a second import, nor the rest of one that was stopped."""
        done("open", "--customer", "c-1", "--plan", "premium", "-m", "Empty")

        assert answer("import", history("desk.jsonl", ticket()))["tickets"] == 1
        assert answer("import", history("more.jsonl", ticket("X-2")))["tickets"] == 1

    def test_an_import_killed_anywhere_can_be_started_again(self, tmp_path: Path) -> None:
        """Afterwards every ticket is there once and whole, and the log holds."""
        tickets = [ticket(f"X-{number}") for number in range(4_000)]
        history("desk.jsonl", *tickets)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen(
            [sys.executable, "-m", "infra.doors.cli", "import", "desk.jsonl"],
            env=environment,
            stdout=subprocess.DEVNULL,
        ) as process:
            with EventLog.open(f"{DATA}/log.db", read_only=True) as log:
                while process.poll() is None and log.head().position < 2_000:
                    pass
            process.kill()
        with EventLog.open(f"{DATA}/log.db", read_only=True) as log:
            came = (log.head().position - 2) // 4

        summary = answer("import", "desk.jsonl")

        assert 0 < came < 4_000
        assert (summary["tickets"], summary["skipped"]) == (4_000 - came, came)
        assert summary["rejected"] == []
        # The policy, and a move of live_from by each of the two imports.
        assert "holds: 16,003 events" in done("log", "verify")


class TestInterrupt:
    def test_it_says_what_came_in_and_how_to_go_on(self) -> None:
        """Ctrl-C at work: what is said to be there is there, and the same command adds the rest."""
        now = wall_clock()
        told = list(stories.finished(500, now - 300 * instant.DAY, now - instant.DAY))
        everything = sum(map(len, told))
        history("desk.jsonl", *told)
        with (
            importing("desk.jsonl", waiting=True) as process,
            EventLog.open(f"{DATA}/log.db") as log,
        ):
            while len(log.read(0, 1)) == 0:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            output, said = process.communicate(timeout=PATIENCE)
            events = len(log.read(0, 1_000_000))

        assert (process.returncode, output) == (130, b"")
        [line] = said.decode().split("\n")[1:-1]
        came = re.fullmatch(
            r"Interrupted: ([\d,]+) tickets with ([\d,]+) events came in, and stay\. "
            r"To go on, give the same command again: it skips what is there\.",
            line,
        )
        assert came is not None, line
        tickets = int(came[1].replace(",", ""))
        assert came[2] == f"{events:,}"
        assert 0 < events < everything
        again = answer("import", "desk.jsonl")
        assert again["skipped"] == tickets
        assert again["events"] == everything - events

    def test_before_anything_came_in_it_says_that(self) -> None:
        """Ctrl-C while it still reads: the log is as it was."""
        with importing("-") as process:
            assert process.stdin is not None
            # More than a pipe holds: once it is written, somebody reads.
            process.stdin.write(b" " * 1_000_000 + b"\n")
            process.stdin.flush()
            process.send_signal(signal.SIGINT)
            output, said = process.communicate(timeout=PATIENCE)

        assert (process.returncode, output) == (130, b"")
        assert said.decode() == (
            "\nInterrupted: nothing new came in yet. To go on, give the same command again.\n"
        )


class TestExport:
    def test_it_is_read_by_every_command_that_reads_histories(self) -> None:
        """An export is a well-formed history, of which clocks say what they say of the log."""
        done("import", history("desk.jsonl", ticket()))

        done("export", "-o", "export.jsonl")

        [before], [after] = (
            done("clocks", name, "--format", "json").splitlines()
            for name in ("desk.jsonl", "export.jsonl")
        )
        assert before == after

    def test_words_are_written_on_demand_only(self) -> None:
        """Otherwise their digests stand for them."""
        done("import", history("desk.jsonl", ticket()))

        plain = [decode(line.encode()) for line in done("export").splitlines()]
        worded = [decode(line.encode()) for line in done("export", "--words").splitlines()]

        assert [event.words for event in plain] == [{}] * 4
        assert [event.text for event in plain] == [event.text for event in story("X-1")]
        assert [event.words for event in worded] == [event.words for event in ticket()]
        assert [event.text for event in worded] == [None] * 4

    @pytest.mark.parametrize("options", [(), ("--words",)])
    def test_the_way_back_is_the_same_byte_for_byte(self, options: tuple[str, ...]) -> None:
        """Exported, imported into a new log and exported again: not a byte differs."""
        done("import", history("desk.jsonl", ticket(), ticket("X-2")))
        done("open", "--customer", "c-2", "--plan", "standard", "--subject", "Žluťoučký kůň")
        done("reply", "X-1", "-m", 'a "quote", a \\ and ,"recordedtime":"x"')
        done("erase", "X-2", "--reason", "asked for", "--yes")
        other = other_log()

        done("export", *options, "-o", "first.jsonl")
        done("import", "first.jsonl", "--data", other)
        done("export", *options, "-o", "second.jsonl", "--data", other)

        first = Path("first.jsonl").read_bytes()
        assert first.count(b"\n") == 10
        assert Path("second.jsonl").read_bytes() == first

    def test_with_recorded_times_all_but_those_are_the_same(self) -> None:
        """The log that imports says itself when it recorded."""
        done("import", history("desk.jsonl", ticket()))
        other = other_log()

        first = done("export", "--recorded")
        done("import", "-", "--data", other, given=first.encode())
        second = done("export", "--recorded", "--data", other)

        before, after = (
            [decode(line.encode()) for line in one.splitlines()] for one in (first, second)
        )
        assert [event.recorded_at for event in before] == [
            event.recorded_at for event in story("X-1")
        ]
        assert [event._replace(recorded_at=0) for event in before] == [
            event._replace(recorded_at=0) for event in after
        ]
        assert before[0].recorded_at < after[0].recorded_at

    def test_an_event_written_down_late_is_placed_as_early_as_fits(self) -> None:
        """Recorded when it happened, or with what had happened before it was told."""
        done("import", history("desk.jsonl", ticket()))

        lines = [orjson.loads(line) for line in done("export").splitlines()]

        assert [line.get("recordedtime") for line in lines] == [
            None,
            None,
            instant.text(START + 3 * HOUR),
            None,
        ]

    def test_tickets_come_in_the_order_of_their_opening(self) -> None:
        """Each with all its events, however they lie in the log."""
        done("import", history("desk.jsonl", ticket("X-9"), ticket("X-1")))
        done("reply", "X-9", "-m", "Any news?")

        exported = [decode(line.encode()) for line in done("export").splitlines()]

        assert [(event.ticket, event.version) for event in exported] == [
            *[("X-9", version) for version in range(1, 6)],
            *[("X-1", version) for version in range(1, 5)],
        ]

    def test_a_file_is_written_whole_and_packed_by_its_name(self) -> None:
        """A name that ends in .gz is compressed; the same log makes the same file."""
        done("import", history("desk.jsonl", ticket()))
        done("export", "-o", "a.jsonl.gz")
        done("export", "-o", "b.jsonl.gz")

        assert Path("a.jsonl.gz").read_bytes() == Path("b.jsonl.gz").read_bytes()
        assert gzip.decompress(Path("a.jsonl.gz").read_bytes()).decode() == done("export")

    def test_an_empty_log_is_an_empty_history(self) -> None:
        """No ticket, no line."""
        assert done("export") == ""

    def test_the_source_of_the_log_is_that_of_its_events(self) -> None:
        """It was fixed when the log was created."""
        done("init", "--data", "ours", "--source", "https://support.example.com/tickets")
        done("import", history("desk.jsonl", ticket()), "--data", "ours")

        sources = {
            orjson.loads(line)["source"] for line in done("export", "--data", "ours").splitlines()
        }

        assert sources == {"https://support.example.com/tickets"}


@for_all(strategies.histories())
def test_any_history_is_exported_well_formed_and_the_same_again(
    facts: tuple[RecordedEvent, ...],
) -> None:
    """Times never fall and nothing happens after its recording, whatever was backdated."""
    stored = [event._replace(text=Text("0" * 64, 9), words={}) for event in facts]

    lines = list(told(stored, "/tickets", words=False, recorded=False))

    read = [decode(line) for line in lines]
    assert [event._replace(recorded_at=0) for event in read] == [
        event._replace(recorded_at=0) for event in stored
    ]
    recorded = [event.recorded_at for event in read]
    assert recorded == sorted(recorded)
    assert all(event.occurred_at <= event.recorded_at for event in read)
    # As after an import: recorded at some other instant, all at once.
    later = [event._replace(recorded_at=START + instant.DAY) for event in read]
    assert list(told(later, "/tickets", words=False, recorded=False)) == lines


@settings(max_examples=10)
@for_all(strategies.histories())
def test_any_history_comes_back_from_the_log(
    tmp_path_factory: pytest.TempPathFactory, facts: tuple[RecordedEvent, ...]
) -> None:
    """Its events, words and times are in the log as they were told, in the order told."""
    policy = (REPOSITORY / "policies" / "managry.toml").read_bytes()
    path = tmp_path_factory.mktemp("log") / "log.db"
    with EventLog.create(path, policy_bytes=policy, live_from=START, now=wall_clock()) as log:
        [imported] = log.import_([facts])
        assert isinstance(imported, Imported)
        came = log.ticket(facts[0].ticket, words=True)

    assert [event._replace(text=None) for event in came] == [
        event._replace(recorded_at=imported.recorded_at) for event in facts
    ]
