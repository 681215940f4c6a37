"""The engine by the command line: run, status, board, ticket, alerts, subscribe, and what survives.

Time is the machine's here, so tickets are placed backwards from now; what time decides is tested
with a clock that moves by hand in tests/spec/test_engine.py.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain import instant
from infra.outlets.notifier import BATCH
from infra.store.log import EventLog, wall_clock
from infra.store.models import SQLiteModels
from infra.store.told import Told
from projections.models import Announcement
from projections.rows import TICKETS
from tests.benchmarks import stories
from tests.conftest import REPOSITORY
from tests.integration.at_the_desk import (
    DATA,
    answer,
    done,
    failure,
    park,
    run,
    settle_down,
    until,
    working,
)

OPEN = ("open", "--customer", "c-1", "--plan", "premium", "--subject", "The board stays empty")
TRIAGE = ("triage", "T-1", "--severity", "1", "--impact", "data-at-risk", "--topic", "defect")
ONCE = ("run", "--once", "--log-format", "json")


def ago(microseconds: int) -> str:
    """Write an instant before now, to whole seconds."""
    at = wall_clock() - microseconds
    return instant.text(at - at % instant.SECOND)


def late(ticket: str) -> list[dict[str, Any]]:
    """Tell of a ticket that nobody answered for six days, as `lhuta apply` reads it."""
    return [
        {
            "command": "open",
            "ticket": ticket,
            "customer_id": "c-1",
            "plan": "premium",
            "channel": "email",
            "subject": "The board stays empty",
            "at": ago(6 * instant.DAY),
        },
        {
            "command": "triage",
            "ticket": ticket,
            "severity": 1,
            "impact": "data-at-risk",
            "topic": "defect",
        },
    ]


def objects(text: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [orjson.loads(line) for line in text.splitlines()]


def once() -> list[dict[str, Any]]:
    """Let an engine do all there is to do; return the lines of its log."""
    result = run(*ONCE)
    assert result.exit_code == 0, result.output
    return objects(result.stderr)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with an empty log; return the data folder."""
    settle_down(tmp_path, monkeypatch)
    done("init")
    return tmp_path / DATA


@pytest.fixture
def breached(desk: Path) -> Path:
    """A ticket that waits for its answer since six days, written down and triaged just now."""
    with EventLog.open(desk / "log.db") as log:
        log.set_live_from(0)
    done(*OPEN, "--at", ago(6 * instant.DAY), "--message", "Since Monday.\nNothing helps.")
    done(*TRIAGE)
    return desk


@contextmanager
def engine(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an engine in a process of its own, and wait until it has started."""
    with working("run", "--log-format", "json", *options) as process:
        assert process.stderr is not None
        started = orjson.loads(process.stderr.readline())
        assert (started["action"], started["id"]) == ("engine.started", str(process.pid))
        yield process


class TestRun:
    def test_an_alert_is_one_line_with_the_command_that_explains_it(self, breached: Path) -> None:
        """A person who reads it can go on from it."""
        told = run(*ONCE).stdout.splitlines()
        [breach] = [line for line in told if "BREACH" in line]
        assert "T-1" in breach
        assert breach.endswith("|  lhuta explain T-1 --clock initial")

    def test_alerts_are_told_in_czech(self, breached: Path) -> None:
        """To those who read Czech."""
        assert "lhůta je porušena" in run(*ONCE, "--lang", "cs").stdout

    def test_its_log_is_json_with_action_and_id(self, breached: Path) -> None:
        """On every line, and nothing that people wrote."""
        lines = once()
        assert {"engine.started", "events.applied", "alert.announced", "engine.stopped"} <= {
            line["action"] for line in lines
        }
        assert all(line["id"] and line["at"].endswith("Z") for line in lines)
        assert "Nothing helps" not in str(lines)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_cleanly(self, desk: Path, number: signal.Signals) -> None:
        """With exit status 0, and its last line says that it stopped."""
        with engine() as process:
            process.send_signal(number)
            _, log = process.communicate(timeout=60)
            assert process.returncode == 0
            assert objects(log.decode())[-1]["action"] == "engine.stopped"

    def test_a_second_engine_is_refused_with_the_holder(self, desk: Path) -> None:
        """So is a rebuild; everything that only reads goes on."""
        with engine() as process:
            for command in (ONCE, ("rebuild",)):
                message = run(*command)
                assert message.exit_code == 5
                assert f"`lhuta run`, process {process.pid}" in message.stderr
            assert answer("status")["engine"]["pid"] == process.pid
            done("audit")

    def test_a_living_engine_sees_commands_at_once(self, desk: Path) -> None:
        """They come from another process."""
        with engine() as process:
            done(*OPEN)
            assert until(process, "events.applied")["events"] == 1

    def test_a_killed_engine_goes_on_and_tells_nothing_twice(self, breached: Path) -> None:
        """Its lock is free at once."""
        with engine() as process:
            until(process, "alert.announced")
            process.send_signal(signal.SIGKILL)
            process.wait()
        once()
        told = objects(done("alerts", "--json"))
        assert len(told) == len({one["id"] for one in told}) > 0
        assert "just those that were announced" in done("rebuild")
        done("audit")

    def test_damaged_read_models_are_put_aside_and_made_anew(self, breached: Path) -> None:
        """The log has everything but what is still owed, and that stands beside it."""
        once()
        for ending in ("-wal", "-shm"):
            (breached / f"models.db{ending}").unlink(missing_ok=True)
        (breached / "models.db").write_bytes(b"this is no database" * 1000)
        result = run(*ONCE)
        assert result.exit_code == 0
        assert "nothing is lost" in result.stderr
        assert "is still delivered" in result.stderr
        assert "engine.failed" not in result.stderr
        assert (breached / "models.db.damaged").exists()
        assert "BREACH" not in result.stdout
        done("audit")

    def test_a_rebuild_does_not_deny_what_was_announced_before_a_loss(self, breached: Path) -> None:
        """The outbox was lost, too: it cannot tell whether an alert was announced."""
        once()
        assert len(objects(done("alerts", "--json", "--announced"))) == 1
        for file in breached.glob("models.db*"):
            file.unlink()
        once()
        assert objects(done("alerts", "--json", "--announced")) == []
        told = done("rebuild")
        assert "1 is not in the outbox: never announced, or announced before the" in told
        assert "was not announced" not in told

    def test_a_damaged_log_is_refused_with_what_was_found(self, breached: Path) -> None:
        """Before anything is done with it."""
        log = (breached / "log.db").read_bytes()
        (breached / "log.db").write_bytes(log.replace(b'"data-at-risk"', b'"minor-losses"'))
        message = failure(run(*ONCE, "--log-format", "text"), 5)
        assert "at position 4" in message
        assert "lhuta log verify" in message

    def test_without_a_log_the_way_to_one_is_told(self, tmp_path: Path) -> None:
        """For each command that needs it."""
        for command in (
            ("run",),
            ("status",),
            ("board",),
            ("ticket", "T-1"),
            ("alerts",),
            ("clocks",),
            ("report",),
            ("explain", "T-1"),
            ("parked",),
            ("retry", "T-1"),
            ("rebuild",),
            ("audit",),
            ("subscribe", "--file", "alerts.jsonl"),
            ("subscribe", "list"),
        ):
            message = run(*command, "--data", "elsewhere")
            assert message.exit_code == 5, command
            assert "`lhuta init`" in message.stderr, command


class TestSurvival:
    def test_killed_at_many_points_every_alert_arrives_once(
        self, desk: Path, tmp_path: Path
    ) -> None:
        """For a subscriber who drops an id it has seen; the log and the read models hold."""
        with EventLog.open(desk / "log.db") as log:
            log.set_live_from(0)
        done("subscribe", "--file", "alerts.jsonl")
        for lines in range(1, 6):
            commands = [command for number in range(3) for command in late(f"T-{lines}{number}")]
            done("apply", "-", "--json", given=b"\n".join(map(orjson.dumps, commands)))
            with engine() as process:
                assert process.stderr is not None
                for _ in range(lines):
                    process.stderr.readline()
                process.send_signal(signal.SIGKILL)
                process.wait()
        once()
        told = {one["id"]: one for one in objects((tmp_path / "alerts.jsonl").read_text())}
        assert list(told.values()) == objects(done("alerts", "--json"))
        assert len([one for one in told.values() if one["kind"] == "breach"]) == 15
        done("log", "verify")
        done("audit")
        assert "just those that were announced" in done("rebuild")

    def test_a_full_disk_is_told_and_nothing_is_lost(self, breached: Path) -> None:
        """The engine ends; with room on the disk it goes on."""
        command = f"ulimit -f 40; exec '{sys.executable}' -m infra.doors.cli run --once"
        ended = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), *sys.path))},
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 5
        assert "free some space" in ended.stderr.decode()
        assert "BREACH" in run(*ONCE).stdout
        done("audit")

    def test_a_locked_database_is_told_and_nothing_is_lost(
        self, breached: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody who holds the read models for long is to let them go."""
        opened = SQLiteModels.open
        monkeypatch.setattr(
            SQLiteModels, "open", lambda path, **said: opened(path, busy_seconds=0.01, **said)
        )
        opened(breached / "models.db").close()
        with closing(sqlite3.connect(breached / "models.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            result = run(*ONCE, "--log-format", "text")
            assert "held by another process" in failure(result, 5)
        assert "BREACH" in run(*ONCE).stdout


class TestStatus:
    def test_a_healthy_engine_is_exit_status_0(self, desk: Path) -> None:
        """What a monitor asks for."""
        with engine() as process:
            done(*OPEN)
            until(process, "events.applied")
            found = answer("status")
        assert (found["healthy"], found["problems"]) == (True, [])
        assert found["age_seconds"] < 30

    def test_no_engine_is_exit_status_1_with_the_cure(self, desk: Path) -> None:
        """The problem has a name for programs and words for people."""
        once()
        result = run("status", "--json")
        assert result.exit_code == 1
        [problem] = orjson.loads(result.stdout)["problems"]
        assert problem["name"] == "not-running"
        assert "lhuta run" in run("status").stdout

    def test_it_counts(self, breached: Path) -> None:
        """Tickets, clocks and what is not applied yet."""
        before = orjson.loads(run("status", "--json").stdout)
        once()
        after = orjson.loads(run("status", "--json").stdout)
        assert before["age_seconds"] is None
        assert (before["positions_behind"], after["positions_behind"]) == (4, 0)
        assert (after["tickets"], after["running_clocks"], after["parked"]) == (1, 1, 0)


class TestBoard:
    def test_it_shows_the_broken_promise(self, breached: Path) -> None:
        """With how late it is in business time, and how old the time is."""
        once()
        shown = done("board")
        assert "age of time 0:00:0" in shown
        assert "Broken, not answered yet (1)" in shown
        assert "T-1" in shown
        found = answer("board")
        [broken] = found["broken"]
        assert broken["business_seconds_left"] < 0
        assert found["counts"] == {
            "due_next": 0,
            "broken": 1,
            "untriaged": 0,
            "waiting": 0,
            "parked": 0,
        }

    def test_a_past_board_is_folded_from_the_log(self, breached: Path) -> None:
        """Known today of then: it was open; believed then: nothing was recorded."""
        then = ago(6 * instant.DAY - instant.MINUTE)
        known_today = answer("board", "--at", then)
        assert [one["ticket"] for one in known_today["untriaged"]] == ["T-1"]
        believed = answer("board", "--as-of", then)
        assert sum(believed["counts"].values()) == 0

    def test_it_tells_what_is_left_outside_business_hours(self, desk: Path) -> None:
        """At night there is none inside them, and the ticket is not due yet."""
        before_closing = instant.parse("2026-03-09T15:50:00Z")
        events = stories.opened(7, "premium"), stories.assigned(1)
        with EventLog.open(desk / "log.db") as log:
            log.import_([stories.story(7, before_closing, wall_clock(), *events)])
        shown = done("board", "--at", "2026-03-09T17:00:00Z")
        assert "0:00:00 (outside business hours 7:00:00)" in shown

    def test_it_is_the_same_as_of_now_by_either_way(self, breached: Path) -> None:
        """The read models say what a fold of the log says."""
        once()
        living, folded = answer("board"), answer("board", "--at", ago(-instant.SECOND))
        for found in (living, folded):
            for name in ("at", "age_seconds", "decided_to"):
                del found[name]
            for meter in ("business", "off_hours"):
                del found["broken"][0][f"{meter}_seconds_left"]
        assert living == folded

    def test_it_is_shown_in_czech(self, breached: Path) -> None:
        """Agents in Prague read it."""
        once()
        assert "Porušeno, dosud bez odpovědi (1)" in done("board", "--lang", "cs")

    def test_without_read_models_the_way_to_them_is_told(self, desk: Path) -> None:
        """They are made by the engine."""
        assert "`lhuta run`" in failure(run("board"), 5)

    def test_watching_is_for_the_present(self, breached: Path) -> None:
        """The past does not change."""
        assert "--watch" in failure(run("board", "--watch", "--at", ago(0)), 2)


class TestTicket:
    def test_it_tells_the_story_with_both_times(self, breached: Path) -> None:
        """What was written down later says so; the words stand below."""
        shown = done("ticket", "T-1")
        assert "T-1: The board stays empty" in shown
        assert "later than it happened" in shown
        assert "| Nothing helps." in shown
        assert "lhuta explain T-1" in shown

    def test_its_events_have_the_source_of_the_log(self) -> None:
        """It was fixed when the log was created."""
        source = "https://support.example.com/tickets"
        done("init", "--data", "ours", "--source", source)
        done(*OPEN, "--data", "ours")
        assert [one["source"] for one in answer("ticket", "T-1", "--data", "ours")["events"]] == [
            source
        ]

    def test_it_says_what_the_request_lacks(self, breached: Path) -> None:
        """All five things that a well-written request carries."""
        assert answer("ticket", "T-1")["lacks"] == [
            "browser",
            "android",
            "recent_changes",
            "workarounds_tried",
            "steps_taken",
        ]

    def test_a_well_written_request_lacks_nothing(self, desk: Path) -> None:
        """It says so in words."""
        done(
            *(*OPEN, "--browser", "Firefox 137", "--android", "14", "--steps-taken", "Restarted"),
            *("--recent-changes", "None", "--workarounds-tried", "None"),
        )
        assert answer("ticket", "T-1")["lacks"] == []
        assert "Nic: požadavek je úplný." in done("ticket", "T-1", "--lang", "cs")

    def test_what_people_wrote_cannot_steer_the_terminal(self, desk: Path) -> None:
        """Neither on the ticket's page nor on the auditor's; all else stands as it was written."""
        sly = "Díky\u00a0moc\t1\x07\x9b2J\u202e"
        done(*OPEN[:-2], "--subject", sly, "--message", f"One\n{sly}", "--browser", sly)
        shown = done("ticket", "T-1")
        assert shown.count("Díky\u00a0moc\t1??2J?") == 2
        for page in (shown, done("history", "T-1")):
            assert not set(page) & set("\x07\x9b\u202e")

    def test_erased_words_are_told_to_be_gone(self, breached: Path) -> None:
        """What the request lacked cannot be told any more."""
        done("erase", "T-1", "--reason", "asked for", "--yes")
        assert answer("ticket", "T-1")["lacks"] is None
        assert "not in the log any more" in done("ticket", "T-1")

    def test_the_words_can_be_left_out(self, breached: Path) -> None:
        """They are personal."""
        assert "Nothing helps" not in done("ticket", "T-1", "--without-words")
        assert "Nothing helps" not in done("ticket", "T-1", "--without-words", "--json")

    def test_its_clocks_and_alerts_are_those_of_the_other_commands(self, breached: Path) -> None:
        """One fold of one log."""
        once()
        found = answer("ticket", "T-1")
        [clocks] = objects(done("clocks", "--format", "json"))
        assert found["clocks"][0]["due_at"] == clocks["clocks"][0]["due_at"]
        assert found["alerts"] == objects(done("alerts", "--json"))

    def test_it_can_be_asked_about_the_past(self, breached: Path) -> None:
        """At a minute after it was opened it was not triaged."""
        then = ago(6 * instant.DAY - instant.MINUTE)
        assert answer("ticket", "T-1", "--at", then)["status"] == "new"
        message = failure(run("ticket", "T-1", "--as-of", then), 2)
        assert "not known then" in message


class TestWithoutAFile:
    def test_clocks_and_report_read_the_log(self, breached: Path) -> None:
        """All tickets, judged by the policy in the log, now."""
        [ticket] = objects(done("clocks", "--format", "json"))
        assert ticket["clocks"][0]["verdict"] == "breached"
        [report] = objects(done("report", "--format", "json"))
        assert (report["tickets"], report["broken_count"]) == (1, 1)

    def test_one_argument_of_explain_is_a_ticket_and_two_are_a_file_and_a_ticket(
        self, breached: Path, tmp_path: Path
    ) -> None:
        """Nobody guesses, whatever the files are called."""
        (tmp_path / "history.jsonl").write_text(done("export", "--recorded"))
        [by_log] = objects(done("explain", "T-1", "--json"))
        [by_file] = objects(done("explain", "history.jsonl", "T-1", "--json"))
        assert by_log["due_at"] == by_file["due_at"]
        (tmp_path / "T-1").write_text("not a history")
        done("explain", "T-1")
        for elsewhere in ((), ("--data", "nowhere")):
            message = failure(run("explain", "history.jsonl", *elsewhere), 2)
            assert "history.jsonl is a file: name the ticket in it, too" in message
        assert "TICKET" in failure(run("explain", "a", "b", "c"), 2)

    @pytest.mark.parametrize("command", ["clocks", "report", "alerts"])
    def test_json_is_asked_for_as_everywhere(self, breached: Path, command: str) -> None:
        """`--json` is the short way to say `--format json`; what is said last counts."""
        once()
        now = ("--as-of", instant.text(wall_clock()))
        written = done(command, *now, "--format", "json")
        assert objects(written)
        assert done(command, *now, "--json") == written
        assert done(command, *now, "--format", "table", "--json") == written
        assert done(command, *now, "--json", "--format", "table") == done(command, *now) != written

    def test_the_past_can_be_asked_for(self, breached: Path) -> None:
        """Six days ago nothing of it was recorded."""
        assert done("clocks", "--as-of", ago(5 * instant.DAY), "--format", "json") == ""

    def test_alerts_are_what_the_engine_decided(self, breached: Path) -> None:
        """And equal to what the log demands."""
        once()
        decided = objects(done("alerts", "--json"))
        assert [one["kind"] for one in decided] == ["breach"]
        assert objects(done("alerts", "--as-of", ago(-instant.SECOND), "--json")) == decided
        assert done("alerts", "--since", ago(-instant.MINUTE), "--json") == ""
        assert "T-1" in done("alerts", "--since", ago(instant.HOUR))

    def test_alerts_say_whether_they_were_told(self, breached: Path) -> None:
        """What was due before the log went live was told to nobody."""
        once()
        with EventLog.open(breached / "log.db") as log:
            log.set_live_from(wall_clock())
        done("apply", "-", "--json", given=b"\n".join(map(orjson.dumps, late("T-2"))))
        once()
        told = {
            ticket: told
            for _, told, _, _, ticket, *_ in map(str.split, done("alerts").splitlines()[1:])
        }
        assert told == {"T-1": "yes", "T-2": "no"}
        announced = objects(done("alerts", "--announced", "--json"))
        assert [one["ticket"] for one in announced] == ["T-1"]
        with Told.opened(breached / "models.db") as models:
            assert models.alerts(models.end(), 9) == []

    def test_following_is_for_what_the_engine_decides(self, breached: Path) -> None:
        """A file does not go on, and tells nobody."""
        assert "--announced" in failure(run("alerts", "--announced", "--as-of", ago(0)), 2)
        assert "--follow" in failure(run("alerts", "--follow", "--as-of", ago(0)), 2)


class TestSubscribe:
    def test_a_file_gets_the_alerts_that_are_decided_from_now_on(
        self, breached: Path, tmp_path: Path
    ) -> None:
        """As `lhuta alerts --json` prints them, once, whoever starts the engine again."""
        once()
        assert "S-1" in done("subscribe", "--file", "alerts.jsonl")
        done(*OPEN, "--ticket", "T-2", "--at", ago(6 * instant.DAY))
        done("triage", "T-2", *TRIAGE[2:])
        once()
        once()
        lines = (tmp_path / "alerts.jsonl").read_text()
        assert [one["ticket"] for one in objects(lines)] == ["T-2"]
        assert objects(lines) == [
            one for one in objects(done("alerts", "--json")) if one["ticket"] == "T-2"
        ]

    def test_one_run_delivers_everything_also_in_several_batches(
        self, desk: Path, tmp_path: Path
    ) -> None:
        """A run with `--once` waits for a command that takes its time, and sends the next batch."""
        done("subscribe", "--command", "cat >> got")
        once()
        many = 2 * BATCH + 50
        with SQLiteModels.open(desk / "models.db") as models, models.transaction():
            end, now = models.outbox_end(0), wall_clock()
            models.announce(
                [
                    Announcement(0, end + n, f"a-{n}", f"T-{n}", "breach", now, f'{{"id":"a-{n}"}}')
                    for n in range(1, many + 1)
                ]
            )
        once()
        got = [one["id"] for one in objects((tmp_path / "got").read_text())]
        assert got == [f"a-{n}" for n in range(1, many + 1)]
        [listed] = objects(done("subscribe", "list", "--json"))
        assert (listed["delivered"], listed["open"]) == (many, 0)

    def test_a_command_gets_only_the_kinds_it_asked_for(self, desk: Path, tmp_path: Path) -> None:
        """And the list tells what became of it."""
        done("subscribe", "--command", "cat >> got", "--kinds", "warning")
        listed = objects(done("subscribe", "list", "--json"))
        assert [(one["name"], one["kinds"]) for one in listed] == [("S-1", ["warning"])]
        done("subscribe", "remove", "S-1")
        assert "Nobody is told" in done("subscribe", "list")

    def test_a_failing_command_is_listed_with_its_reason(self, breached: Path) -> None:
        """The status needs attention as long as it fails."""
        done("subscribe", "--command", "echo no route >&2; exit 1")
        done(*OPEN, "--ticket", "T-2", "--at", ago(6 * instant.DAY))
        done("triage", "T-2", *TRIAGE[2:])
        with engine() as process:
            until(process, "delivery.failed")
            status = orjson.loads(run("status", "--json").stdout)
        assert "failing" in [problem["name"] for problem in status["problems"]]
        assert "exit status 1: no route" in done("subscribe", "list")

    @pytest.mark.parametrize(
        ("options", "phrase"),
        [
            ((), "--file PATH or --command CMD"),
            (("--file", "a", "--command", "b"), "one of them"),
            (("--file", "nowhere/alerts.jsonl"), "no folder"),
            (("--command", " "), "blank"),
            (("--file", "a", "--kinds", "breach,nonsense"), "nonsense; there are warning"),
        ],
    )
    def test_what_cannot_be_subscribed_is_refused(
        self, desk: Path, options: tuple[str, ...], phrase: str
    ) -> None:
        """With what to write instead."""
        assert phrase in failure(run("subscribe", *options), 2)

    def test_an_unknown_name_cannot_be_removed(self, desk: Path) -> None:
        """The known ones are named."""
        assert "there is none at all" in failure(run("subscribe", "remove", "S-1"), 2)


class TestUpkeep:
    def test_an_audit_names_what_differs(self, breached: Path) -> None:
        """Exit status 3, and a rebuild mends it."""
        once()
        assert "what the log demands" in done("audit")
        with SQLiteModels.open(breached / "models.db") as models, models.transaction():
            [row] = models.rows(TICKETS, ["T-1"])
            models.write(TICKETS, [row._replace(status="verified")])
        message = failure(run("audit"), 3)
        assert 'tickets T-1, status: "verified" stands, "open" should' in message
        done("rebuild")
        done("audit")

    def test_differences_are_values_by_column(self, breached: Path) -> None:
        """Instants as everywhere, also in rows that are missing and events that differ."""
        once()
        with closing(sqlite3.connect(breached / "models.db")) as connection, connection:
            connection.execute("UPDATE clocks SET due_at = 1000000")
            connection.execute("DELETE FROM alerts")
            connection.execute("UPDATE histories SET lines = replace(lines, 'premium', 'free')")
        found = orjson.loads(run("audit", "--json").stdout)["differences"]
        named = {(one["table"], one["column"]): one for one in found}
        assert named["clocks", "due_at"]["stands"] == "1970-01-01T00:00:01Z"
        assert named["histories", "lines"]["stands"]["data"]["plan"] == "free"
        missing = named["alerts", "*"]
        assert missing["stands"] is None
        assert missing["expected"]["decided_at"].endswith("Z")
        told = failure(run("audit"), 3)
        assert "Row(" not in told
        assert "RecordedEvent(" not in told

    def test_a_damaged_history_is_a_difference(self, breached: Path) -> None:
        """A rebuild mends it."""
        once()
        with closing(sqlite3.connect(breached / "models.db")) as connection, connection:
            connection.execute("UPDATE histories SET lines = 'garbage'")
        assert "cannot be read" in failure(run("audit"), 3)
        done("rebuild")
        done("audit")

    def test_a_retry_takes_a_damaged_history_from_the_log(self, breached: Path) -> None:
        """Its ticket was parked at its next event, and the engine went on."""
        once()
        with closing(sqlite3.connect(breached / "models.db")) as connection, connection:
            connection.execute("UPDATE histories SET lines = 'garbage'")
        done("reply", "T-1", "--message", "Still nothing.")
        once()
        assert "cannot be read" in done("parked")
        done("retry", "T-1")
        done("audit")

    def test_a_rebuild_reports_what_it_did(self, breached: Path) -> None:
        """In words and as JSON."""
        assert answer("rebuild")["events"] == 2
        assert "2 events applied" in done("rebuild")

    def test_a_parked_ticket_is_listed_and_folded_again(self, breached: Path) -> None:
        """What it left untold is told by the retry; then it is parked no more."""
        park()
        once()
        assert "OutsideCalendar" in done("parked")
        [row] = objects(done("parked", "--json"))
        assert row["ticket"] == "T-1"
        assert "alerts announced: 1" in done("retry", "T-1")
        assert "No ticket is parked" in done("parked")
        assert "not parked" in failure(run("retry", "T-1"), 2)
        done("audit")


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "status",
        "board",
        "ticket",
        "subscribe",
        "parked",
        "retry",
        "rebuild",
        "audit",
        "alerts",
        "clocks",
        "report",
        "explain",
    ],
)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """A newcomer copies it."""
    shown = done(command, "--help")
    assert "Examples:" in shown
    assert f"lhuta {command}" in shown
