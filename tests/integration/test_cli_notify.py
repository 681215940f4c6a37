"""The notifier of a distributed engine by the command line, and what asks after its work.

The partitions are projected here without Kafka: what is announced is the same.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from infra.engine.follower import Mark
from infra.store.log import EventLog
from infra.store.models.postgresql import PostgreSQLModels
from infra.store.relay import PostgreSQLPlaces
from projections.projector import Projector, Terms
from streams.relay import Place
from tests.integration.at_the_desk import answer, done, failure, run, settle_down, until, working
from tests.integration.test_cli_engine import late
from tests.integration.test_cli_import import history, ticket

PARTITIONS, TICKETS = 3, 8
FILE = Path("alerts.jsonl")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_down(tmp_path, monkeypatch)


@pytest.fixture
def database(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a database in the environment, with an empty log that tells of the past too."""
    monkeypatch.setenv("LHUTA_DATABASE", postgresql)
    done("init", "--partitions", str(PARTITIONS))
    with EventLog.open(postgresql) as log:
        log.set_live_from(0)
    return postgresql


def come_late(first: int = 0) -> None:
    """Bring tickets that nobody answered for days into the log."""
    commands = [one for number in range(TICKETS) for one in late(f"T-{first + number}")]
    done("apply", "-", "--json", given=b"\n".join(map(orjson.dumps, commands)))


def project(url: str, *partitions: int) -> set[str]:
    """Bring partitions up to now; return the ids of what was announced."""
    announced = set()
    with EventLog.open(url) as log, PostgreSQLModels.open(url) as models:
        head = log.tick()
        terms = Terms(log.policies(), log.live_from)
        for number in partitions or range(PARTITIONS):
            projector = Projector(models, number)
            events = log.read(projector.place.position, 10_000, number)
            position = events[-1].position if events else projector.place.position
            applied = projector.apply(events, terms, Mark(position, head.recorded_at))
            announced |= {one.alert_id for one in applied.announced}
    assert announced
    return announced


def delivered() -> list[dict[str, Any]]:
    """Return what arrived in the file."""
    return [orjson.loads(line) for line in FILE.read_bytes().splitlines()]


class TestOnce:
    def test_what_every_partition_announced_arrives_and_it_ends(self, database: str) -> None:
        """Each alert once; a second time there is nothing to do."""
        done("subscribe", "--file", str(FILE))
        come_late()
        announced = project(database)
        assert run("notify", "--once").exit_code == 0
        assert {alert["id"] for alert in delivered()} == announced
        assert run("notify", "--once").exit_code == 0
        assert len(delivered()) == len(announced)

    def test_read_models_that_were_dropped_tell_nobody_twice(self, database: str) -> None:
        """The subscribers and what they got are still known."""
        done("subscribe", "--file", str(FILE))
        come_late()
        before = project(database)
        run("notify", "--once")
        with psycopg.connect(database) as connection:
            connection.execute("DROP SCHEMA lhuta CASCADE")
        come_late(first=TICKETS)
        after = project(database)
        assert before < after
        run("notify", "--once")
        assert sorted(alert["id"] for alert in delivered()) == sorted(after)

    def test_a_data_folder_is_the_engines_own(self, tmp_path: Path) -> None:
        """Exit status 5, with what to name."""
        done("init")
        result = run("notify", "--once")
        assert result.exit_code == 5
        assert "LHUTA_DATABASE" in result.stderr


class TestRunning:
    def test_it_delivers_what_comes_until_it_is_asked_to_stop(self, database: str) -> None:
        """SIGTERM ends it with exit status 0; its log says what it did, line by line."""
        done("subscribe", "--file", str(FILE))
        come_late()
        with working("notify") as process:
            started = until(process, "notifier.started")
            assert started["id"] == str(process.pid)
            announced = project(database)
            first = until(process, "alert.delivered")
            assert (first["subscriber"], first["id"] in announced) == ("S-1", True)
            process.send_signal(signal.SIGTERM)
            until(process, "notifier.stopped")
            assert process.wait(timeout=60) == 0

    def test_without_its_database_it_fails_and_leaves_nothing_running(self, database: str) -> None:
        """A supervisor starts it again; the exit status is 5."""
        done("subscribe", "--command", "echo $$ > running; exec sleep 600")
        come_late()
        project(database)
        with working("notify") as process:
            until(process, "notifier.started")
            while not (Path("running").exists() and Path("running").read_text()):
                assert process.poll() is None
            command = int(Path("running").read_text())
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            assert until(process, "notifier.failed")["cause"] == "Unreachable"
            assert process.wait(timeout=60) == 5
        with suppress(ProcessLookupError):
            os.kill(command, signal.SIGKILL)
            raise AssertionError("the command of a subscriber is still running")

    def test_one_that_is_killed_is_followed_at_once_and_leaves_no_command(
        self, database: str
    ) -> None:
        """Nobody waits for its lease, and no subscriber's command runs beside itself."""
        os.mkfifo("alive")
        hanging = "mkdir begun && exec sleep 600 > alive; cat >> got"
        done("subscribe", "--command", hanging)
        come_late()
        project(database)
        with working("notify") as process, Path("alive").open("rb") as alive:
            process.kill()
            assert alive.read() == b"", "the command of the dead one still runs"
        with working("notify") as another:
            until(another, "alert.delivered")
        assert Path("got").read_bytes()


class TestAsking:
    def test_the_status_is_that_of_the_slowest_partition(self, database: str) -> None:
        """A partition that nobody has begun keeps everything from being well."""
        done("subscribe", "--file", str(FILE))
        come_late()
        project(database, 0, 2)
        result = run("status", "--json")
        [told] = map(orjson.loads, result.stdout.splitlines())
        assert result.exit_code == 1
        assert [one["name"] for one in told["problems"]] == ["time-old"]
        assert "in partition 1" in told["problems"][0]["message"]
        assert (told["decided_to"], told["oldest_partition"], told["partitions"]) == (None, 1, 3)
        project(database, 1)
        run("notify", "--once")
        told = answer("status")
        assert (told["healthy"], told["tickets"], told["positions_behind"]) == (True, TICKETS, 0)
        [backlog] = told["deliveries"]
        assert (backlog["delivered"], backlog["open"]) == (len(delivered()), 0)
        assert "of 3" in done("status")

    def test_the_status_tells_how_far_the_log_was_relayed(self, database: str) -> None:
        """Once a relay has worked; before that nobody knows."""
        assert orjson.loads(run("status", "--json").stdout)["relayed_position"] is None
        come_late()
        with EventLog.open(database) as log, PostgreSQLPlaces(database, log) as places:
            [first] = log.rows(0, 1)[:1]
            places.save(Place(first.position, first.hash))
            behind = log.head().position - first.position
        told = orjson.loads(run("status", "--json").stdout)
        assert told["relayed_position"] == first.position
        assert f"relay         at position {first.position}, {behind} to go" in run("status").stdout

    def test_every_command_asks_all_partitions(self, database: str) -> None:
        """Board, alerts and audit; what came of the deliveries is listed as in a data folder."""
        come_late()
        assert "Nobody is told" in done("subscribe", "list")
        done("subscribe", "--file", str(FILE), "--kinds", "breach")
        announced = project(database)
        board = done("board")
        assert all(f"T-{number} " in board for number in range(TICKETS))
        listed = [
            orjson.loads(line)["id"]
            for line in done("alerts", "--announced", "--json").splitlines()
        ]
        assert set(listed) == announced
        assert done("audit").startswith(f"{TICKETS} tickets")
        assert "No ticket is parked" in done("parked")
        assert "file" in done("subscribe", "list")
        assert "S-1 is told nothing more" in done("subscribe", "remove", "S-1")

    def test_without_read_models_the_cure_is_told(self, database: str) -> None:
        """The command that makes them is another one than on one machine."""
        assert "`lhuta worker`" in failure(run("board"), 5)
        assert "`lhuta worker`" in failure(run("alerts"), 5)

    def test_an_import_waits_for_what_is_still_to_be_told(self, database: str) -> None:
        """In whichever partition it is."""
        history("history.jsonl", ticket())
        come_late()
        assert "nobody was told of yet" in failure(run("import", "history.jsonl"), 5)
        project(database)
        assert "nobody was told of yet" in failure(run("import", "history.jsonl"), 5)
        run("notify", "--once")
        done("import", "history.jsonl")
