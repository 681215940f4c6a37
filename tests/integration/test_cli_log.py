"""`lhuta init`, `log`, `history`, `trace` and `erase`: the log created, proven and read."""

import re
import sqlite3
import stat
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from domain import instant
from infra.doors.cli import main
from infra.store.log import EventLog, wall_clock
from streams.envelope import decode
from tests.conftest import REPOSITORY
from tests.integration.at_the_desk import DATA, answer, done, failure, run, settle_down, story

LOG = Path(DATA, "log.db")
POLICY = (REPOSITORY / "policies" / "managry.toml").read_text(encoding="utf-8")
OPEN = ("open", "--customer", "c-1", "--plan", "premium", "--subject", "The board stays empty")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_down(tmp_path, monkeypatch)


@pytest.fixture
def desk() -> None:
    """A log with two tickets of one customer, and one of another."""
    done("init")
    done(*OPEN, "--actor", "customer:c-1", "--correlation-id", "mail-7")
    done("triage", "T-1", "--severity", "2", "--impact", "serious-performance", "--topic", "defect")
    done("respond", "T-1", "--awaiting", "customer", "-m", "Ja?", "--correlation-id", "mail-7")
    done(*OPEN, "-m", "It was full yesterday.")
    done("open", "--customer", "c-10", "--plan", "standard", "--subject", "Quiet")


def spoil(statement: str, *values: object) -> None:
    """Change the log behind its back."""
    with sqlite3.connect(LOG) as connection:
        connection.execute(statement, values)
    connection.close()


class TestInit:
    def test_it_creates_a_folder_with_a_log_that_holds(self) -> None:
        """The first position is the policy, in force since ever."""
        told = done("init").splitlines()

        assert told == [
            "Created .lhuta/log.db, judged by managry@1 since ever.",
            "Next: lhuta open --customer c-1 --plan standard|premium, "
            "or lhuta import HISTORY.jsonl.",
        ]
        assert "holds: 1 event up to" in done("log", "verify")
        # What customers write is for nobody else on this machine.
        assert stat.S_IMODE(Path(DATA).stat().st_mode) == 0o700
        # Nor where the folder is opened, for those who ask the read models.
        assert {stat.S_IMODE(path.stat().st_mode) for path in Path(DATA).iterdir()} == {0o600}

    def test_a_log_that_is_there_is_left_as_it_is(self) -> None:
        """Exit status 5, and not a byte of it changes."""
        done("init")
        before = LOG.read_bytes()

        assert "exists already" in failure(run("init"), 5)
        assert LOG.read_bytes() == before

    def test_a_program_reads_what_was_created(self) -> None:
        """One object, with the random name of the log."""
        created = answer("init", "--source", "/our-tickets", "--partitions", "12")

        info = answer("log", "info")
        assert (info["log_id"], info["source"], info["partitions"]) == (
            created["log_id"],
            "/our-tickets",
            12,
        )
        assert created["policies"] == ["managry@1"]
        assert instant.parse(created["created_at"]) <= wall_clock()

    def test_a_policy_of_ones_own_is_named_by_its_file(self) -> None:
        """As everywhere; what is wrong with it is told and nothing is created."""
        Path("ours.toml").write_text(POLICY.replace('"managry"', '"ours"'), encoding="utf-8")
        Path("bad.toml").write_text("name = 1", encoding="utf-8")

        assert "bad.toml" in failure(run("init", "--policy", "bad.toml"), 3)
        assert "no policy is called 'none'" in failure(run("init", "--policy", "none"), 2)
        assert not Path(DATA).exists()
        assert "judged by ours@1" in done("init", "--policy", "ours.toml")

    def test_versions_still_to_come_are_published_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The version in force now judges since ever, the next one takes over in its time."""
        folder = tmp_path / "policies"
        folder.mkdir()
        monkeypatch.setenv("LHUTA_POLICIES", str(folder))
        (folder / "managry.toml").write_text(POLICY, encoding="utf-8")
        for version, days in ((2, -1), (3, 1)):
            since = instant.text(wall_clock() + days * instant.DAY)
            (folder / f"managry@{version}.toml").write_text(
                POLICY.replace("version = 1", f"version = {version}\neffective_from = {since}"),
                encoding="utf-8",
            )

        told = done("init")

        assert "judged by managry@2 since ever" in told
        assert "managry@3 will be in force from" in told
        assert [one["policy"] for one in answer("log", "info")["policies"]] == [
            "managry@2",
            "managry@3",
        ]

    @pytest.mark.parametrize("source", ["", "two words", "x" * 257])
    def test_a_source_that_is_no_uri_is_refused(self, source: str) -> None:
        """It stands in every event for ever."""
        assert "is no URI" in failure(run("init", "--source", source), 2)
        assert not Path(DATA).exists()

    def test_a_place_that_cannot_hold_a_folder_is_named(self) -> None:
        """A file where the folder should be."""
        Path("file").write_text("x")

        assert "file/data" in failure(run("init", "--data", "file/data"), 5)


@pytest.mark.usefixtures("desk")
class TestVerify:
    def test_a_log_that_holds_says_how_far(self) -> None:
        """Exit status 0, with the number of events and the time of the log."""
        assert re.fullmatch(
            r"\.lhuta/log\.db holds: 6 events up to \S+Z\.\n", done("log", "verify")
        )
        proven = answer("log", "verify")
        assert (proven["holds"], proven["findings"], proven["position"]) == (True, [], 6)

    def test_what_does_not_hold_is_named_by_its_first_position(self) -> None:
        """One changed bit: exit status 3, the position, and what to do."""
        spoil(
            "UPDATE events SET state = CAST(replace(state, 'agent', 'agens') AS BLOB) "
            "WHERE position = 3"
        )

        message = failure(run("log", "verify"), 3)

        assert message.startswith("Error: .lhuta/log.db does not hold, first at position 3:\n")
        assert "last backup that holds" in message

    def test_a_damaged_ticket_takes_no_command(self) -> None:
        """Exit status 5 with what was found and the cure; the other tickets go on."""
        spoil("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2")

        message = failure(run("reply", "T-1", "-m", "Any news?"), 5)

        assert "at position 2 event 1 of T-1 is not what was recorded there" in message
        assert "lhuta log verify" in message
        done("reply", "T-2", "-m", "Any news?")

    def test_a_log_without_its_end_takes_no_command(self) -> None:
        """Nor anything else that would be added to it."""
        spoil("DELETE FROM events WHERE position = 6")

        for command in (
            ("reply", "T-1", "-m", "Any news?"),
            ("erase", "T-1", "--reason", "asked for", "--yes"),
        ):
            message = failure(run(*command), 5)
            assert "it ends at position 5, and its head says 6" in message

    def test_a_program_reads_the_findings(self) -> None:
        """The object comes in full, also where the log does not hold."""
        spoil("DELETE FROM events WHERE position = 6")

        result = run("log", "verify", "--json")

        assert result.exit_code == 3
        read = orjson.loads(result.stdout)
        assert read["holds"] is False
        assert read["findings"][0]["position"] == 6

    def test_many_findings_are_counted(self) -> None:
        """Not all of them are printed for people."""
        spoil("UPDATE events SET hash = zeroblob(32)")

        assert failure(run("log", "verify"), 3).count("\n  at position") <= 20

    def test_a_file_that_is_no_log_does_not_hold(self) -> None:
        """Exit status 3: the data is bad, whatever made it so."""
        LOG.write_bytes(b"something else that is long enough to be no header" * 99)

        message = failure(run("log", "verify"), 3)

        assert message.startswith("Error: .lhuta/log.db does not hold, first in the whole log:\n")
        assert "not a database" in message
        assert "lhuta log verify" not in message
        read = orjson.loads(run("log", "verify", "--json").stdout)
        assert (read["holds"], read["position"], read["hash"]) == (False, None, None)

    def test_a_log_without_its_head_is_searched_all_the_same(self) -> None:
        """What else does not hold has its position."""
        spoil("DELETE FROM log_head")
        spoil("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 3")

        message = failure(run("log", "verify"), 3)

        assert "first at position 3:" in message
        assert message.count("its head is missing") == 1
        assert "lhuta log verify" not in message

    def test_without_a_log_there_is_nothing_to_verify(self) -> None:
        """Exit status 5."""
        assert "lhuta init" in failure(run("log", "verify", "--data", "elsewhere"), 5)

    @pytest.mark.parametrize("arguments", [("verify",), ("info",)])
    def test_the_commands_of_the_log_have_examples(self, arguments: tuple[str, ...]) -> None:
        """A newcomer copies a line and changes it."""
        assert f"  lhuta log {arguments[0]}" in done("log", *arguments, "--help")


@pytest.mark.usefixtures("desk")
class TestInfo:
    def test_it_says_what_the_log_is_and_where_it_stands(self) -> None:
        """The head is what somebody else may keep as a proof."""
        with EventLog.open(LOG) as log:
            head = log.head()

        told = done("log", "info")

        assert "policy      managry@1, in force since ever" in told
        assert f"announces   deadlines from {answer('log', 'info')['live_from']} on" in told
        assert f"head        6 events up to {instant.text(head.recorded_at)}" in told
        assert head.hash.hex() in told
        assert answer("log", "info")["hash"] == head.hash.hex()


@pytest.mark.usefixtures("desk")
class TestHistory:
    def test_an_auditor_sees_every_event_with_its_proof(self) -> None:
        """Both times, actor, command, what it belongs to, digest, position and hash."""
        event = story()[0]
        assert event.text is not None

        told = done("history", "T-1")

        assert told.startswith("Ticket T-1\n\n  1  ticket.opened.v1\n")
        for line in (
            f"     happened    {instant.text(event.occurred_at)}\n",
            f"     recorded    {instant.text(event.recorded_at)}\n",
            "     actor       customer:c-1\n",
            f"     command     {event.command_id}\n",
            "     belongs to  mail-7\n",
            f"     words       SHA-256 {event.text.sha256}, {event.text.length} bytes\n",
            "     position    2\n",
        ):
            assert line in told
        assert "The board stays empty" not in told

    def test_what_was_written_down_later_is_marked(self) -> None:
        """A backdated event says by how much."""
        opened_at = story()[0].occurred_at
        done("reply", "T-1", "-m", "Any news?", "--at", instant.text(opened_at))

        assert "  BACKDATED by " in done("history", "T-1")

    def test_a_program_reads_structured_events(self) -> None:
        """CloudEvents with the place and the hash of each in the log."""
        lines = done("history", "T-1", "--json").splitlines()

        assert [decode(line.encode()) for line in lines] == [
            event._replace(words={}) for event in story()
        ]
        assert [orjson.loads(line)["logposition"] for line in lines] == [2, 3, 4]

    def test_the_stored_bytes_prove_themselves(self) -> None:
        """With --raw an auditor computes every hash from what is printed."""
        for line in done("history", "T-1", "--raw").splitlines():
            row = orjson.loads(line)
            parts = (
                bytes.fromhex(row["previous_hash"]),
                row["position"].to_bytes(8, "big"),
                row["recorded_at"].to_bytes(8, "big"),
                row["stream"].encode(),
                row["version"].to_bytes(8, "big"),
                row["topic"].encode(),
                row["state"].encode(),
            )
            framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
            assert sha256(framed).hexdigest() == row["hash"]

    def test_a_ticket_that_is_not_there_is_named(self) -> None:
        """Exit status 2; so is asking for two ways to print."""
        assert "no ticket T-9" in failure(run("history", "T-9"), 2)
        assert "choose one" in failure(run("history", "T-1", "--raw", "--json"), 2)


@pytest.mark.usefixtures("desk")
class TestTrace:
    def test_all_that_belongs_together_is_shown_across_tickets(self) -> None:
        """In the order of the log."""
        done("reply", "T-2", "-m", "Any news?", "--correlation-id", "mail-7")

        lines = done("trace", "mail-7").splitlines()

        assert [line.split()[2:5] for line in lines[1:]] == [
            ["T-1", "1", "ticket.opened.v1"],
            ["T-1", "3", "ticket.agent-responded.v1"],
            ["T-2", "2", "ticket.customer-replied.v1"],
        ]

    def test_a_command_is_traced_by_its_own_id(self) -> None:
        """What names no correlation begins one."""
        command_id = story("T-2")[0].command_id
        assert command_id is not None

        [line] = done("trace", command_id, "--json").splitlines()

        assert decode(line.encode()).ticket == "T-2"

    def test_only_the_whole_name_counts(self) -> None:
        """A part of it, or the same text elsewhere, belongs to nothing."""
        assert "nothing in the log belongs to mail" in failure(run("trace", "mail"), 2)
        assert "belongs to c-1" in failure(run("trace", "c-1"), 2)


@pytest.mark.usefixtures("desk")
class TestErase:
    def test_the_words_go_and_everything_else_stays(self) -> None:
        """Who asked, when and why is kept; the log holds, and no file has the words."""
        before = story()

        told = done("erase", "T-1", "--reason", "asked for", "--actor", "agent:a-2", "--yes")

        assert told == "Erased the words of 2 events in T-1.\n"
        assert story() == [event._replace(words={}) for event in before]
        assert "by agent:a-2: asked for" in done("history", "T-1")
        assert "holds: 7 events" in done("log", "verify")
        done("erase", "T-2", "--reason", "asked for", "--yes")
        kept = b"".join(path.read_bytes() for path in Path(DATA).iterdir())
        assert b"The board stays empty" not in kept

    def test_a_customer_is_erased_in_all_tickets(self) -> None:
        """Of this customer only, and not of one whose id begins alike."""
        erased = answer("erase", "--customer", "c-1", "--reason", "contract ended", "--yes")

        assert (erased["tickets"], erased["events"], erased["gone"]) == (["T-1", "T-2"], 3, True)
        assert story("T-3")[0].words == {"subject": "Quiet"}

    def test_erasing_again_finds_nothing(self) -> None:
        """The first erasure stands, with its reason."""
        done("erase", "T-1", "--reason", "first", "--yes")

        assert done("erase", "T-1", "--reason", "second", "--yes") == (
            "There were no words any more in T-1.\n"
        )
        erasures = [
            orjson.loads(line).get("erased")
            for line in done("history", "T-1", "--json").splitlines()
        ]
        assert [one and one["reason"] for one in erasures] == ["first", None, "first"]

    def test_nothing_goes_unless_somebody_says_yes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A program must say --yes, a person is asked."""
        assert "say --yes" in failure(run("erase", "T-1", "--reason", "x"), 2)

        monkeypatch.setattr("infra.doors.cli.keeping.erase.somebody_is_there", lambda: True)
        asked = CliRunner().invoke(main, ["erase", "T-1", "--reason", "x"], input="n\n")
        assert asked.exit_code == 1
        assert "It cannot be undone." in asked.stderr
        assert story()[0].words

        agreed = CliRunner().invoke(main, ["erase", "T-1", "--reason", "x"], input="y\n")
        assert agreed.exit_code == 0
        assert not story()[0].words

    @pytest.mark.parametrize(
        ("arguments", "status", "phrase"),
        [
            (("--reason", "x"), 2, "one of both"),
            (("T-1", "--customer", "c-1", "--reason", "x"), 2, "one of both"),
            (("T-1",), 2, "--reason"),
            (("T-1", "--reason", " "), 2, "reason is blank"),
            (("T-1", "--reason", "x" * 501), 2, "at most 500 are kept"),
            (("T-1", "--reason", "\ud800"), 2, "no readable character"),
            (("T-1", "T-9", "--reason", "x"), 2, "there is no ticket T-9; nothing was erased"),
            (("--customer", "c-9", "--reason", "x"), 2, "no ticket was opened by customer c-9"),
            (("T-1", "--reason", "x", "--actor", "me"), 4, "refused (ActorMalformed)"),
        ],
    )
    def test_what_is_not_clear_erases_nothing(
        self, arguments: tuple[str, ...], status: int, phrase: str
    ) -> None:
        """Every doubt is told first."""
        assert phrase in failure(run("erase", *arguments, "--yes"), status)
        assert story()[0].words
