"""A desk whose stores are in PostgreSQL, by the same commands."""

import json
import os
from pathlib import Path

import psycopg
import pytest

from infra.store.log import EventLog
from tests.integration.at_the_desk import DATA, answer, done, failure, run, settle_down

OPEN = ("open", "--customer", "c-1", "--plan", "premium", "--subject", "Board", "--ticket", "T-1")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_down(tmp_path, monkeypatch)


@pytest.fixture
def database(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name an empty database in the environment, and return how it is shown."""
    monkeypatch.setenv("LHUTA_DATABASE", postgresql)
    return postgresql.partition("?")[0]


@pytest.mark.parametrize("command", [("init",), ("status",), ("serve",), ("token", "list")])
def test_a_database_that_is_no_url_is_told(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the password that may be in it, and no file is made of that name."""
    monkeypatch.setenv("LHUTA_DATABASE", "mysql://lhuta:secret@localhost/lhuta")
    told = failure(run(*command), 2)
    assert "postgresql://USER@HOST:PORT/DATABASE" in told
    assert "secret" not in told
    assert list(Path().iterdir()) == []


class TestDesk:
    def test_every_command_finds_the_log_in_the_database(self, database: str) -> None:
        """From the first ticket to the erasure of its words, and the engine beside it."""
        assert f"Created {database}, judged by managry@1 since ever." in done("init")
        done(*OPEN)
        done("reply", "T-1", "-m", "It is still empty.")
        done(
            "triage",
            "T-1",
            "--severity",
            "2",
            "--impact",
            "serious-performance",
            "--topic",
            "defect",
        )
        assert "T-1" in done("clocks")
        assert "still empty" in done("ticket", "T-1")
        assert run("run", "--once", "--log-format", "text").exit_code == 0
        assert "T-1" in done("board")
        assert "all that work on this database" in done("status")
        done("rebuild", "--json")
        done("audit")
        Path("history.jsonl").write_text(done("export"), "utf-8")
        done("erase", "T-1", "--reason", "asked for", "--actor", "agent:a-1", "--yes")
        assert "still empty" not in done("ticket", "T-1")
        assert f"{database} holds: 5 events up to" in done("log", "verify")
        info = answer("log", "info")
        assert (info["log"], info["partitions"]) == (database, 1)
        assert info["bytes"] > 0
        assert list(Path(DATA).glob("*.db*")) == []
        done("import", "history.jsonl")

    def test_tokens_are_kept_beside_the_log(self, database: str) -> None:
        """Made, listed and revoked from any machine; nothing of them stays in the data folder."""
        done("init")
        assert "There is no token" in done("token", "list")
        made = answer("token", "add", "customer", "c-17", "--plan", "premium")
        assert (made["token"], made["id"]) == ("K-1", "c-17")
        assert "K-1 of customer c-17 is revoked" in done("token", "revoke", "K-1")
        assert json.loads(done("token", "list", "--json"))["state"] == "revoked"
        assert "no token is called 'K-7'" in failure(run("token", "revoke", "K-7"), 2)
        assert list(Path(DATA).glob("*.db*")) == []

    def test_a_divided_log_is_for_workers(self, database: str) -> None:
        """Commands write to it, and the engine of one machine names the way."""
        assert answer("init", "--partitions", "12")["log"] == database
        done(*OPEN)
        assert "divided into 12 partitions" in failure(run("run", "--once"), 5)

    def test_a_divided_desk_is_made_anew_from_its_log(self, database: str) -> None:
        """Partition by partition; what was damaged is mended, and nothing is announced again."""
        done("simulate", "-o", "desk.jsonl", "--tickets", "60", "--seed", "x")
        done("init", "--partitions", "5")
        done("import", "desk.jsonl")
        url = os.environ["LHUTA_DATABASE"]
        with EventLog.open(url) as log:
            log.set_live_from(0)
        first = json.loads(done("rebuild", "--json"))
        assert first["events"] > 200
        assert first["announced"] > 5
        assert "the read models are what the log demands" in done("audit")
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE lhuta.clocks SET verdict = 'met', due_at = 7")
            connection.execute("DELETE FROM lhuta.alerts")
        assert run("audit").exit_code == 3
        again = json.loads(done("rebuild", "--json"))
        assert (again["events"], again["announced"]) == (first["events"], 0)
        assert again["differences"] == []
        assert "the read models are what the log demands" in done("audit")

    def test_a_database_without_a_log_is_told(self, database: str) -> None:
        """As a data folder without one is."""
        assert "lhuta init" in failure(run("board"), 5)
        assert "lhuta init" in failure(run(*OPEN), 5)
        for arguments in (("list",), ("add", "agent", "a-1"), ("revoke", "K-1")):
            assert "lhuta init" in failure(run("token", *arguments), 5)

    def test_a_log_that_is_there_is_left_as_it_is(self, database: str) -> None:
        """Exit status 5."""
        done("init")
        assert f"{database} exists already" in failure(run("init"), 5)


class TestInit:
    def test_the_database_may_be_named_to_the_command(self, postgresql: str) -> None:
        """Then it says how the others find it."""
        told = done("init", "--database", postgresql, "--partitions", "3")
        assert "where LHUTA_DATABASE has the same URL" in told
        with EventLog.open(postgresql) as log:
            assert log.partitions == 3

    @pytest.mark.parametrize(
        ("url", "cure"),
        [
            ("postgresql://lhuta:geheim@127.0.0.1/lhuta", "take the password out"),
            ("postgresql://lhuta@127.0.0.1/lhuta?password=geheim", "take the password out"),
            ("127.0.0.1/lhuta", "postgresql://USER@HOST:PORT/DATABASE"),
        ],
    )
    def test_an_address_that_should_not_be_given_is_refused(self, url: str, cure: str) -> None:
        """A password on the command line is read by everybody; it is not repeated either."""
        result = run("init", "--database", url)
        assert result.exit_code == 2
        assert cure in " ".join(result.stderr.replace("│", " ").split())
        assert "geheim" not in result.output

    def test_a_server_that_is_not_there_is_told(self) -> None:
        """Exit status 5, with what to see to."""
        result = run("init", "--database", "postgresql://lhuta@127.0.0.1:1/lhuta")
        assert "postgresql://lhuta@127.0.0.1:1/lhuta cannot be reached" in failure(result, 5)
