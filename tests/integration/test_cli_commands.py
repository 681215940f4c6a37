"""The seven commands and `lhuta apply`: what people type, read and get as an exit status."""

import getpass
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given as for_all
from hypothesis import settings

from domain import identifier, instant
from domain.command import Command
from domain.refusal import Refusal
from domain.ticket import NOT_OPENED, fold
from infra.desk import NAMES, Desk, Request
from infra.store.log import EventLog, Outcome
from tests import strategies
from tests.conftest import REPOSITORY
from tests.integration.at_the_desk import DATA, answer, done, failure, run, settle_down, story
from tests.spec.given import START, TICKET, record
from tests.spec.memory_log import Watch
from tests.spec.test_desk import facts, judged

SUBJECT = ("--subject", "The board stays empty")
OPEN = ("open", "--customer", "c-1", "--plan", "premium", *SUBJECT)
TRIAGE = ("triage", "T-1", "--severity", "1", "--impact", "data-at-risk", "--topic", "defect")
RESPOND = ("respond", "T-1", "--awaiting", "customer", "-m", "Which browser do you use?")
RESOLVE = ("resolve", "T-1", "--root-cause", "defect", "-m", "Fixed in 4.2")
VERIFY = ("verify", "T-1", "--method", "retest", "-m", "The board fills again")
REPLY = ("reply", "T-1", "-m", "Any news?")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_down(tmp_path, monkeypatch)


@pytest.fixture
def data() -> str:
    """A data folder where people look for it, with an empty log."""
    done("init")
    return DATA


class TestTheLifeOfATicket:
    def test_the_output_says_what_happened_and_what_is_next(self, data: str) -> None:
        """After every command: the event, the status, the running clock and the next step."""
        opened, triaged = done(*OPEN).splitlines(), done(*TRIAGE).splitlines()

        assert opened[0].startswith("T-1: the request was opened (event 1, ")
        assert opened[1] == "Status: new."
        assert "is awaited since" in opened[2]
        assert opened[3] == "Next: triage it with lhuta triage T-1."
        assert triaged[0].startswith("T-1: severity 1 was assigned (event 2, ")
        assert triaged[1] == "Status: open, severity 1."
        assert triaged[2].startswith("The initial response is due ")
        assert " UTC), in " in triaged[2]
        assert done(*RESPOND).splitlines()[1:] == [
            "Status: pending, severity 1.",
            "Next: the customer owes the next step; lhuta reply T-1 when it comes.",
        ]
        assert "The ongoing response 1 is due " in done(*REPLY)
        assert "Status: resolved, severity 1." in done(*RESOLVE)
        assert done(*VERIFY).splitlines()[1:] == [
            "Status: verified, severity 1.",
            "Next: it stays closed; what comes now is lhuta open --follows T-1.",
        ]

    def test_a_program_reads_the_same_as_json(self, data: str) -> None:
        """One object: the outcome, where it stands in the log, status, severity and clock."""
        answer(*OPEN)
        triaged = answer(*TRIAGE, "--command-id", "0B7C1D52-6A0E-4C1F-9C55-7F0A3A5D2E11")

        assert triaged.pop("clock")["verdict"] == "running"
        assert instant.parse(triaged.pop("recorded_at"))
        assert triaged == {
            "outcome": "ok",
            "command_id": "0b7c1d52-6a0e-4c1f-9c55-7f0a3a5d2e11",
            "ticket": "T-1",
            "first_version": 2,
            "last_version": 2,
            "first_position": 3,
            "last_position": 3,
            "status": "open",
            "severity": 1,
        }
        assert UUID(answer(*RESPOND)["command_id"]).version == 4

    def test_every_field_of_a_request_arrives(self, data: str) -> None:
        """What was asked, told and found out is in the log, beside who and why."""
        options = {
            "--ticket": "X-1",
            "--channel": "phone",
            "--message": "It was full yesterday.",
            "--recent-changes": "an update",
            "--workarounds-tried": "a reload",
            "--steps-taken": "a new login",
            "--browser": "Firefox 148",
            "--android": "16",
            "--other": "a kiosk",
            "--follows": "T-9",
            "--actor": "customer:c-1",
            "--correlation-id": "call-7",
            "--causation-id": "mail-3",
        }
        done(*OPEN, "--ticket", "T-9")
        done(*OPEN, *(part for option in options.items() for part in option))

        [event] = story("X-1")
        assert (event.actor, event.correlation_id, event.causation_id) == (
            "customer:c-1",
            "call-7",
            "mail-3",
        )
        assert repr(event.event) == (
            "Opened(customer_id='c-1', plan='premium', channel='phone', environment="
            "Environment(browser='Firefox 148', android='16', other='a kiosk'), follows='T-9')"
        )
        assert event.words == {
            "subject": "The board stays empty",
            "body": "It was full yesterday.",
            "recent_changes": "an update",
            "workarounds_tried": "a reload",
            "steps_taken": "a new login",
        }

    def test_the_words_of_each_command_have_its_name_too(self, data: str) -> None:
        """--message works everywhere; the field's own name says the same."""
        done(*OPEN[:-2], "--body", "Nothing there\n\nsince today")
        done(*TRIAGE, "--unsupported", "--rationale", "a modified build")
        done("workaround", "T-1", "--awaiting", "support", "--description", "Reload")
        done("resolve", "T-1", "--resolution", "Fixed")
        done("verify", "T-1", "--method", "monitoring", "--evidence", "a week without")

        assert [event.words for event in story()] == [
            {"subject": "Nothing there", "body": "since today"},
            {"rationale": "a modified build"},
            {"description": "Reload"},
            {"resolution": "Fixed"},
            {"evidence": "a week without"},
        ]

    def test_what_happened_earlier_is_told_with_its_time(self, data: str) -> None:
        """A call of an hour ago is recorded now and counts from then."""
        earlier = instant.text(instant.parse(answer(*OPEN)["recorded_at"]) - 3 * instant.HOUR)

        opened = done(*OPEN, "--at", earlier)

        assert "\nIt happened " in opened
        assert instant.text(story("T-2")[0].occurred_at) == earlier
        assert "OccurredTooFarBack" in run(*OPEN, "--at", "2020-01-01T00:00:00Z").stderr
        assert "'--at'" in failure(run(*OPEN, "--at", "2026-03-06 16:30"), 2)

    @pytest.mark.parametrize("command", [TRIAGE, VERIFY])
    def test_a_decision_takes_no_time(self, command: tuple[str, ...]) -> None:
        """Nobody lowers a severity in the past, not even by an option."""
        assert "--at" in failure(run(*command, "--at", "2026-03-06T16:30:00Z"), 2)

    def test_who_acts_is_this_user_unless_somebody_is_named(
        self, data: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By option, else by the environment, else the agent who is logged in."""
        monkeypatch.setattr(getpass, "getuser", lambda: "jana nová")
        done(*OPEN)
        monkeypatch.setenv("LHUTA_ACTOR", "system:mailbox")
        done(*REPLY)
        done(*REPLY, "--actor", "customer:c-1")

        assert [event.actor for event in story()] == [
            "agent:jana-nov-",
            "system:mailbox",
            "customer:c-1",
        ]

    def test_the_data_folder_is_named_by_option_or_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The option wins, then LHUTA_DATA, then .lhuta in the current folder."""
        monkeypatch.setenv("LHUTA_DATA", "there")
        done("init")
        done("init", "--data", "here")
        done(*OPEN)

        assert len(story(data="there")) == 1
        assert story(data="here") == []
        assert not Path(".lhuta").exists()


class TestTheSameAgain:
    def test_a_command_id_gets_the_first_outcome(self, data: str) -> None:
        """Sent again, nothing is added, and the output says so."""
        done(*OPEN)
        again = (*REPLY, "--command-id", str(uuid4()))
        first = answer(*again)

        second = answer(*again)

        assert (second.pop("outcome"), first.pop("outcome")) == ("repeated", "ok")
        # The clock has gone on since.
        del first["clock"], second["clock"]
        assert second == first
        assert "carried out before; nothing was added now" in done(*again)
        assert len(story()) == 2

    def test_an_unnamed_ticket_is_opened_once(self, data: str) -> None:
        """The number is not part of what the command says."""
        opening = (*OPEN, "--command-id", str(uuid4()))

        assert [answer(*opening)["ticket"] for _ in range(2)] == ["T-1", "T-1"]

    def test_what_is_said_already_adds_nothing(self, data: str) -> None:
        """The same triage succeeds, and says that there was nothing to do."""
        done(*OPEN)
        done(*TRIAGE)

        assert answer(*TRIAGE)["outcome"] == "nothing"
        assert "says this already" in done(*TRIAGE)

    def test_another_command_under_the_id_is_refused(self, data: str) -> None:
        """An id belongs to one command for ever."""
        done(*OPEN)
        given = ("--command-id", str(uuid4()))
        done(*REPLY, *given)

        assert "refused (CommandReused)" in failure(run(*RESPOND, *given), 4)

    def test_erased_words_cannot_be_confirmed_by_a_guess(self, data: str) -> None:
        """Other words are refused while there are words; after an erasure all get the same."""
        done(*OPEN)
        guess = ("reply", "T-1", "-m", "Is it fixed?")
        given = ("--command-id", str(uuid4()))
        first = answer(*REPLY, *given)
        assert "refused (CommandReused)" in failure(run(*guess, *given), 4)

        done("erase", "T-1", "--reason", "asked for", "--yes")

        right, wrong = answer(*REPLY, *given), answer(*guess, *given)
        del right["clock"], wrong["clock"]
        assert right == wrong
        assert (right["outcome"], right["first_position"]) == ("repeated", first["first_position"])
        assert len(story()) == 2
        assert done("log", "verify")


class TestRefusals:
    def test_a_refusal_has_its_name_its_cure_and_its_status(self, data: str) -> None:
        """Exit status 4; nothing on standard output, nothing in the log."""
        done(*OPEN)

        message = failure(run(*RESOLVE), 4)

        assert message.startswith("Error: refused (SeverityMissing): ticket T-1 has no severity")
        assert "triage it first" in message
        assert len(story()) == 1

    def test_a_program_reads_the_refusal_as_json(self, data: str) -> None:
        """On standard output, beside the message for people on standard error."""
        result = run(*REPLY, "--json", "--command-id", "0b7c1d52-6a0e-4c1f-9c55-7f0a3a5d2e11")

        assert result.exit_code == 4
        assert orjson.loads(result.stdout) == {
            "outcome": "refused",
            "command_id": "0b7c1d52-6a0e-4c1f-9c55-7f0a3a5d2e11",
            "ticket": "T-1",
            "name": "TicketUnknown",
            "message": "there is no ticket T-1; open it first, or correct the ticket id",
        }
        assert "refused (TicketUnknown)" in result.stderr

    def test_words_that_the_policy_does_not_know_are_refused_with_those_it_knows(
        self, data: str
    ) -> None:
        """A wrong plan is answered with the right ones."""
        message = failure(run(*OPEN[:4], "gold", *SUBJECT), 4)

        assert "refused (PlanUnknown)" in message
        assert "standard, premium" in message

    def test_an_actor_is_never_an_address(self, data: str) -> None:
        """Addresses are personal; the log keeps opaque ids."""
        assert "refused (ActorMalformed)" in failure(run(*OPEN, "--actor", "jana@example.com"), 4)

    def test_a_subject_of_two_lines_is_refused_with_where_the_rest_goes(self, data: str) -> None:
        """As an option and on a line of a file; nothing is opened."""
        told = "subject has a line break at position 6; write it on one line, and the rest in the"
        subject = "Empty\nsince this morning"
        line = {"command": "open", "customer_id": "c-1", "plan": "premium", "channel": "web"}

        message = failure(run(*OPEN[:-1], subject), 4)
        applied = run("apply", "-", given=orjson.dumps({**line, "subject": subject}))

        assert f"refused (WordsNotOneLine): {told} body" in message
        assert applied.exit_code == 4
        assert f"WordsNotOneLine: {told} body" in applied.stdout
        assert story() == []

    def test_an_empty_ticket_id_is_not_an_unnamed_ticket(self, data: str) -> None:
        """`--ticket ""`, as from an unset variable, opens nothing."""
        assert "refused (IdentifierMalformed)" in failure(run(*OPEN, "--ticket", ""), 4)

    def test_without_a_log_the_way_to_one_is_told(self) -> None:
        """Exit status 5: the data folder cannot be used."""
        assert "lhuta init" in failure(run(*OPEN), 5)

    def test_a_file_that_is_no_log_is_named(self) -> None:
        """Something else in its place is left alone."""
        Path(".lhuta").mkdir()
        Path(".lhuta/log.db").write_bytes(b"not a database, and long enough for a header" * 99)

        assert "log.db" in failure(run(*OPEN), 5)


class TestText:
    @pytest.fixture
    def editor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An editor that keeps what it was given, and writes what stands in `typed`."""
        script = tmp_path / "editor.sh"
        script.write_text(
            f'#!/bin/sh\ncd {tmp_path} && cp "$1" given && cat typed given > new && cp new "$1"\n'
        )
        script.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(script))
        return tmp_path / "typed"

    def test_a_file_or_standard_input_gives_the_text(self, data: str) -> None:
        """Blank lines around it are dropped, those inside are kept."""
        Path("call.txt").write_text("\nKontrola\n\nproběhla.  \n\n", encoding="utf-8")
        done(*OPEN[:-2], "--message-file", "call.txt")
        done("reply", "T-1", "--message-file", "-", given="Díky\r\nmoc\r\n".encode())

        assert [event.words for event in story()] == [
            {"subject": "Kontrola", "body": "proběhla."},
            {"message": "Díky\nmoc"},
        ]

    def test_the_editor_opens_where_no_text_was_given(self, data: str, editor: Path) -> None:
        """Comments say what is asked and are left out again."""
        editor.write_text("The board stays empty\n\nsince today\n# really\n")

        done(*OPEN[:-2])

        assert story()[0].words == {"subject": "The board stays empty", "body": "since today"}
        shown = editor.with_name("given").read_text()
        assert "# The first line is the subject" in shown
        assert "# Lines that start with # are left out" in shown

    @pytest.mark.parametrize("command", ["reply", "respond", "workaround", "resolve", "verify"])
    def test_an_empty_text_does_nothing(self, data: str, editor: Path, command: str) -> None:
        """As with git: who changes their mind empties the text."""
        for made in (OPEN, TRIAGE, RESOLVE) if command == "verify" else (OPEN, TRIAGE):
            done(*made)
        before = story()
        editor.write_text("# nothing but comments\n\n")
        needed = {
            "respond": ("--awaiting", "support"),
            "workaround": ("--awaiting", "support"),
            "verify": ("--method", "retest"),
        }

        message = failure(run(command, "T-1", *needed.get(command, ())), 2)

        assert "nothing was written, so nothing was done" in message
        assert "T-1" in editor.with_name("given").read_text()
        assert story() == before

    @pytest.mark.parametrize(
        ("command", "refusal"),
        [
            (("reply", "T-404"), "TicketUnknown"),
            (("respond", "T-404", "--awaiting", "support"), "TicketUnknown"),
            ((*OPEN[:-2], "--follows", "T-404"), "FollowedUnknown"),
            ((*OPEN[:-2], "--ticket", "T-1"), "TicketExists"),
            ((*OPEN[:3], "--plan", "gold"), "PlanUnknown"),
            (("reply", "T-1"), "TicketVerified"),
            (
                ("workaround", "T-1", "--awaiting", "support", "--at", "2020-01-01T00:00:00Z"),
                "OccurredTooFarBack",
            ),
            (("resolve", "T-2"), "SeverityMissing"),
            (("verify", "T-2", "--method", "retest"), "NotResolved"),
            (("reply", "T-2", "--actor", "jana@example.com"), "ActorMalformed"),
        ],
    )
    def test_nobody_writes_for_what_is_refused_anyway(
        self, data: str, editor: Path, command: tuple[str, ...], refusal: str
    ) -> None:
        """Whatever the text would say: it is refused before the editor opens."""
        for made in (OPEN, TRIAGE, RESOLVE, VERIFY, OPEN):
            done(*made)

        assert refusal in failure(run(*command), 4)
        assert not editor.with_name("given").exists()

    def test_a_command_that_is_known_is_for_its_text_to_tell(self, data: str, editor: Path) -> None:
        """Sent again from the editor after its ticket was closed, it gets its first outcome."""
        editor.write_text("Any news?\n")
        again = ("reply", "T-1", "--command-id", str(uuid4()))
        done(*OPEN)
        done(*again)
        for made in (TRIAGE, RESOLVE, VERIFY):
            done(*made)

        assert "This command was carried out before" in done(*again)

    def test_nobody_writes_for_a_desk_that_is_not_there(self, editor: Path) -> None:
        """The way to one is told before the editor opens."""
        assert "lhuta init" in failure(run(*OPEN[:-2]), 5)
        assert not editor.with_name("given").exists()

    def test_a_ticket_that_is_not_there_cannot_be_followed(self, data: str) -> None:
        """A mistyped id is refused with the cure, and nothing is opened."""
        message = failure(run(*OPEN, "--follows", "T-404"), 4)
        assert "refused (FollowedUnknown): there is no ticket T-404 to follow up" in message
        assert story("T-1") == []

    def test_what_was_typed_is_not_lost_when_it_is_refused(self, data: str, editor: Path) -> None:
        """The text is kept for this user only, and the message says how to send it."""
        editor.write_text(f"{'A long and careful subject. ' * 40}\n")

        message = failure(run(*OPEN[:-2]), 4)

        unsent = Path(data, "unsent.txt")
        assert "refused (WordsTooLong)" in message
        assert "--message-file .lhuta/unsent.txt" in message
        assert unsent.read_text().startswith("A long and careful subject. ")
        assert stat.S_IMODE(unsent.stat().st_mode) == 0o600

    def test_what_is_kept_does_not_take_the_place_of_what_is_kept_already(
        self, data: str, editor: Path
    ) -> None:
        """Each unsent text has a file of its own."""
        for text in ("A" * 1_000, "B" * 1_000):
            editor.write_text(f"{text}\n")
            message = failure(run(*OPEN[:-2]), 4)

        assert "--message-file .lhuta/unsent-2.txt" in message
        assert Path(data, "unsent.txt").read_text() == f"{'A' * 1_000}\n"
        assert Path(data, "unsent-2.txt").read_text() == f"{'B' * 1_000}\n"

    def test_what_cannot_be_kept_is_printed(self, data: str, editor: Path) -> None:
        """A folder that went away while somebody wrote takes no text; the terminal does."""
        script = Path(os.environ["EDITOR"])
        script.write_text(f"{script.read_text()}mv {data} {data}-away\n")
        editor.write_text("A long and careful story.\n")

        message = failure(run(*OPEN[:-2]), 5)

        assert "What you wrote cannot be kept (No such file or directory):\n" in message
        assert "\nA long and careful story.\n" in message

    def test_nobody_to_write_is_told_before_anything_waits(self, data: str) -> None:
        """A program without a text gets a message, not an editor."""
        done(*OPEN)
        assert "give --message or --message-file" in failure(run("reply", "T-1"), 2)

    def test_an_editor_that_fails_is_named(
        self, data: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is done, and the message says what to set."""
        done(*OPEN)
        monkeypatch.setenv("EDITOR", "false")

        assert "set EDITOR" in failure(run("reply", "T-1"), 2)

    def test_files_that_cannot_be_read_are_named(self, data: str) -> None:
        """Missing files are a matter of usage, files that are no text are bad data."""
        Path("latin.txt").write_bytes("Díky".encode("latin2"))

        assert "absent.txt" in failure(run("reply", "T-1", "-F", "absent.txt"), 2)
        assert "not UTF-8" in failure(run("reply", "T-1", "-F", "latin.txt"), 3)
        assert "not both" in failure(run(*REPLY, "-F", "latin.txt"), 2)


class TestApply:
    LINES = (
        {"command": "open", "customer_id": "c-1", "plan": "premium", "channel": "web"}
        | {"subject": "Empty", "environment": {"browser": "Firefox 148"}},
        {"command": "triage", "ticket": "T-1", "severity": 1}
        | {"impact": "data-at-risk", "topic": "defect", "supported": None},
        {"command": "reply", "ticket": "T-2", "message": "Any news?"},
        {"command": "respond", "ticket": "T-1", "awaiting": "customer", "message": "Which?"}
        | {"actor": "agent:a-2", "correlation_id": "call-7", "causation_id": "mail-3"},
        {"command": "triage", "ticket": "T-1", "severity": 1}
        | {"impact": "data-at-risk", "topic": "defect"},
    )

    @staticmethod
    def written(*lines: dict[str, Any]) -> bytes:
        """Write commands, each under an id of its own and the same one every time."""
        return b"\n".join(
            orjson.dumps({"command_id": identifier.of("apply", str(number)), **line})
            for number, line in enumerate(lines)
        )

    def test_every_line_has_its_outcome(self, data: str) -> None:
        """In the order of the lines; a refused one stops no other, and is the exit status."""
        result = run("apply", "-", given=self.written(*self.LINES))

        assert result.exit_code == 4
        assert result.stdout.splitlines() == [
            "line 1: ok        T-1  event 1",
            "line 2: ok        T-1  event 2",
            "line 3: refused   T-2  TicketUnknown: there is no ticket T-2; "
            "open it first, or correct the ticket id",
            "line 4: ok        T-1  event 3",
            "line 5: nothing   T-1",
        ]
        assert result.stderr == "5 commands: 3 ok, 1 nothing, 1 refused\n"

    def test_the_same_file_again_adds_nothing(self, data: str) -> None:
        """What was done is repeated, what was refused has its chance."""
        lines = self.written(*self.LINES[:2], *self.LINES[3:])
        first = run("apply", "-", "--json", given=lines)

        second = run("apply", "-", "--json", given=lines)

        assert (first.exit_code, second.exit_code) == (0, 0)
        known = [orjson.loads(line) for line in second.stdout.splitlines()]
        assert {one["outcome"] for one in known} == {"repeated"}
        for one, before in zip(known, first.stdout.splitlines(), strict=True):
            assert {**one, "outcome": ""} == {**orjson.loads(before), "outcome": ""}
        assert len(story()) == 3

    def test_how_a_command_is_sent_stands_on_its_line(self, data: str) -> None:
        """Actor, correlation and cause; the option gives the actor of the others."""
        run("apply", "-", "--actor", "system:robot", given=self.written(*self.LINES))

        events = story()
        assert [event.actor for event in events] == ["system:robot"] * 2 + ["agent:a-2"]
        assert (events[2].correlation_id, events[2].causation_id) == ("call-7", "mail-3")

    def test_a_time_on_a_line_is_when_it_happened(self, data: str) -> None:
        """`at` is for what happened earlier."""
        done(*OPEN)
        opened_at = instant.text(story()[0].occurred_at)
        line = self.written(dict(self.LINES[3]) | {"at": opened_at})

        assert run("apply", "-", given=line).exit_code == 0
        assert instant.text(story()[1].occurred_at) == opened_at

    @pytest.mark.parametrize(
        ("line", "phrase"),
        [
            (b"no JSON", "not JSON"),
            (b"[1]", "not a JSON object"),
            (b"{}", "'command' is not one of: open, triage"),
            (b'{"command": ["open"]}', "'command' is not a text"),
            (b'{"command": "reply", "ticket": "T-1"}', "'message' is missing; reply needs it"),
            (b'{"command": "reply", "ticket": 1, "message": "m"}', "'ticket' is not a text"),
            (b'{"command": "open", "ticket": ""}', "'ticket' is blank"),
            (
                b'{"command": "reply", "ticket": "T-1", "message": "m", "mesage": "m"}',
                "'mesage' is no field of reply, which has ticket, message, at, command_id",
            ),
            (
                b'{"command": "triage", "ticket": "T-1", "at": "2026-03-06T16:30:00Z"}',
                "triage takes no 'at'",
            ),
            (
                b'{"command": "triage", "ticket": "T-1", "severity": true}',
                "'severity' is not an integer",
            ),
            (
                b'{"command": "reply", "ticket": "T-1", "message": "m", "at": "today"}',
                "'at': 'today' is not an RFC 3339 instant",
            ),
            (
                b'{"command": "open", "customer_id": "c", "plan": "premium", "channel": "web", '
                b'"subject": "s", "environment": {"browsr": "x"}}',
                "'environment.browsr' is unknown",
            ),
        ],
    )
    def test_a_line_that_is_no_command_is_refused(
        self, data: str, line: bytes, phrase: str
    ) -> None:
        """By name, with the field at fault; the lines around it are carried out."""
        good = self.written(self.LINES[0])

        result = run("apply", "-", "--json", given=b"\n".join((line, b"", good)))

        assert result.exit_code == 4
        refused, accepted = (orjson.loads(one) for one in result.stdout.splitlines())
        assert (refused["line"], refused["name"]) == (1, "CommandMalformed")
        assert phrase in refused["message"]
        assert (accepted["line"], accepted["outcome"]) == (3, "ok")

    def test_a_refused_line_is_known_by_what_it_names(self, data: str) -> None:
        """A program finds its own command by the id that it gave."""
        line = b'{"command": "close", "ticket": "T-1", "command_id": "my-id"}'

        result = run("apply", "-", "--json", given=line)

        refused = orjson.loads(result.stdout)
        assert (refused["command_id"], refused["ticket"]) == ("my-id", "T-1")

    def test_many_commands_are_all_carried_out(self, data: str) -> None:
        """More lines than are stored together, of many tickets."""
        tickets = [f"X-{number}" for number in range(400)]
        lines = [
            command
            for ticket in tickets
            for command in (
                dict(self.LINES[0]) | {"ticket": ticket},
                {"command": "reply", "ticket": ticket, "message": "Any news?"},
            )
        ]
        Path("commands.jsonl").write_bytes(self.written(*lines))

        result = run("apply", "commands.jsonl")

        assert result.exit_code == 0
        assert result.stderr == "800 commands: 800 ok\n"
        assert {len(story(ticket)) for ticket in tickets[::57]} == {2}
        assert "holds: 801 events" in done("log", "verify")


class TestProcesses:
    @pytest.fixture
    def environment(self) -> dict[str, str]:
        """The environment of a program that finds the repository."""
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"}

    @staticmethod
    def started(environment: dict[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `lhuta` as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra.doors.cli", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def test_several_processes_open_tickets_at_once(
        self, data: str, environment: dict[str, str]
    ) -> None:
        """Every one gets a number of its own, and every event is in the log once."""
        running = [self.started(environment, *OPEN, "--json") for _ in range(5)]
        results = [(*process.communicate(timeout=60), process.returncode) for process in running]

        assert [(status, errors) for _, errors, status in results] == [(0, b"")] * 5
        tickets = {orjson.loads(output)["ticket"] for output, _, _ in results}
        assert tickets == {f"T-{number}" for number in range(1, 6)}

    def test_a_command_killed_while_it_runs_can_be_sent_again(
        self, data: str, environment: dict[str, str]
    ) -> None:
        """Whatever was stored when it died, afterwards it is stored once."""
        lines = [dict(TestApply.LINES[0]) | {"ticket": f"X-{number}"} for number in range(3_000)]
        Path("commands.jsonl").write_bytes(TestApply.written(*lines))
        with self.started(environment, "apply", "commands.jsonl", "--json") as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            process.kill()
            told += process.stdout.read()

        again = run("apply", "commands.jsonl", "--json")

        assert again.exit_code == 0
        answers = [orjson.loads(line) for line in again.stdout.splitlines()]
        # A line cut by the kill was not told to anybody.
        whole = [line for line in told.splitlines(keepends=True) if line.endswith(b"\n")]
        acknowledged = [orjson.loads(line) for line in whole]
        assert acknowledged
        for before, now in zip(acknowledged, answers, strict=False):
            assert {**now, "outcome": "ok"} == before
        assert "holds: 3,001 events" in done("log", "verify")


@settings(max_examples=15)
@for_all(strategies.command_courses())
def test_the_log_keeps_the_ticket_that_the_rules_make(
    tmp_path_factory: pytest.TempPathFactory, course: list[tuple[int, Command]]
) -> None:
    """Commands through desk and log give the same ticket, and refusals, as the bare rules."""
    clock = Watch()
    policy = (REPOSITORY / "policies" / "managry.toml").read_bytes()
    path = tmp_path_factory.mktemp("log") / "log.db"
    ticket = NOT_OPENED
    with EventLog.create(
        path, policy_bytes=policy, live_from=START, now=START - instant.DAY, clock=clock
    ) as log:
        desk = Desk(log, clock)
        for number, (now, command) in enumerate(course):
            clock.at = now
            [answered] = desk.handle_all(
                [Request(command, identifier.of("test", str(number)), "agent:a-1")]
            )
            in_force = log.policies().in_force(now)
            expected = judged(ticket, command, now, in_force)
            if isinstance(expected, Refusal):
                assert type(answered) is type(expected)
            else:
                assert isinstance(answered, Outcome)
                ticket = record(ticket, expected, now)
        assert facts(fold(log.ticket(TICKET, words=True))) == facts(ticket)
        assert log.verify() == []


def test_the_page_on_commands_shows_lines_that_work(data: str) -> None:
    """What docs/commands.md shows as a file can be applied, and what it shows to type exists."""
    page = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    [lines] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    # Written for a day that has passed; the time it names is not what is shown.
    shown = re.sub(r', "at": "[^"]*"', "", lines)

    assert run("apply", "-", given=shown.encode()).exit_code == 0
    assert len(story("T-12")) == 3
    for command, options in re.findall(r"^\| `(\w+)` \| [^|]* \| (`--.*) \|$", page, re.MULTILINE):
        help_page = done(command, "--help")
        assert [one for one in re.findall(r"--[a-z-]+", options) if one not in help_page] == []


@pytest.mark.parametrize(
    "command",
    [*NAMES.values(), "init", "apply", "import", "export", "history", "trace", "erase"],
)
def test_every_command_has_an_example_in_its_help(command: str) -> None:
    """A newcomer copies a line and changes it."""
    shown = done(command, "--help")

    assert f"  lhuta {command}" in shown[shown.index("Examples:") :]
