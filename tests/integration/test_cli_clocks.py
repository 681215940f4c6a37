"""`lhuta clocks` and `lhuta alerts`: the contract of their output, and its two times."""

from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner

from infra.doors.cli import main
from tests.integration.test_cli_bad_input import event, well_formed

DECIDED = "2026-04-15T12:00:00Z"


def rows(*arguments: str) -> list[dict[str, Any]]:
    """Return what a command writes as JSON lines."""
    result = CliRunner().invoke(main, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.stderr
    return [orjson.loads(line) for line in result.stdout_bytes.splitlines()]


@pytest.fixture
def late(tmp_path: Path) -> str:
    """A breached ticket whose answer in time was written down a day later."""
    lines = well_formed()
    lines[2].update(time="2026-03-06T15:50:00Z", recordedtime="2026-03-07T15:50:00Z")
    path = tmp_path / "late.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return str(path)


def clock(source: str, *options: str) -> dict[str, Any]:
    """Return the first clock of the only ticket."""
    (ticket,) = rows("clocks", source, *options)
    first: dict[str, Any] = ticket["clocks"][0]
    return first


def test_the_judged_desk_is_judged_alike(shared: Path) -> None:
    """Line by line what two implementations, written apart, say of it."""
    desk = shared / "vectors" / "desk"
    judged = rows("clocks", str(desk / "history.jsonl"), "--as-of", DECIDED)
    for ticket in judged:
        for one in ticket["clocks"]:
            assert one.pop("policy") == "managry@1"
    assert judged == [
        orjson.loads(line) for line in (desk / "clocks.jsonl").read_bytes().splitlines()
    ]


def test_the_judged_desk_tells_the_same_alerts(shared: Path) -> None:
    """Every alert with its id, in the same order."""
    desk = shared / "vectors" / "desk"
    told = rows("alerts", str(desk / "history.jsonl"), "--as-of", DECIDED)
    assert told == [
        orjson.loads(line) for line in (desk / "alerts.jsonl").read_bytes().splitlines()
    ]


def test_without_a_time_the_latest_recording_decides(late: str) -> None:
    """The output depends on the file alone."""
    assert clock(late) == {
        "clock": "initial",
        "instance": 1,
        "started_at": "2026-03-06T15:30:00Z",
        "due_at": "2026-03-07T00:00:00Z",
        "satisfied_at": "2026-03-06T15:50:00Z",
        "verdict": "met",
        "breached_at": None,
        "business_seconds": 1200,
        "off_hours_seconds": 0,
        "policy": "managry@1",
    }


def test_as_of_answers_what_was_believed_then(late: str) -> None:
    """On Saturday at noon the answer was not written down yet: the promise was broken."""
    believed = clock(late, "--as-of", "2026-03-07T12:00:00Z")
    assert believed["verdict"] == "breached"
    assert believed["breached_at"] == "2026-03-07T00:00:00Z"
    assert believed["satisfied_at"] is None
    assert (believed["business_seconds"], believed["off_hours_seconds"]) == (1800, 72000)


def test_at_answers_what_is_known_today_about_then(late: str) -> None:
    """At a quarter to five the clock was running, and what came later is left out."""
    known = clock(late, "--at", "2026-03-06T15:45:00Z")
    assert (known["verdict"], known["satisfied_at"]) == ("running", None)
    assert known["business_seconds"] == 900


def test_both_times_together(late: str) -> None:
    """What was recorded by Friday noon next week, judged at Saturday."""
    both = clock(late, "--as-of", "2026-03-07T12:00:00Z", "--at", "2026-03-08T12:00:00Z")
    assert (both["verdict"], both["off_hours_seconds"]) == ("breached", 72000 + 86400)


def test_a_ticket_not_recorded_by_then_is_left_out(late: str) -> None:
    """Nobody believed anything about it."""
    assert rows("clocks", late, "--as-of", "2026-03-06T15:29:59Z") == []


def test_fractions_have_as_many_digits_as_they_need(tmp_path: Path) -> None:
    """Whole seconds are integers, others are not rounded."""
    opened = well_formed()[0] | {"time": "2026-03-06T15:30:00.250000Z"}
    answered = event(2, "agent-responded", "2026-03-06T15:30:01.5Z", {"awaiting": "customer"})
    path = tmp_path / "fractions.jsonl"
    path.write_bytes(orjson.dumps(opened) + b"\n" + orjson.dumps(answered))
    first = clock(str(path))
    assert first["started_at"] == "2026-03-06T15:30:00.25Z"
    assert first["satisfied_at"] == "2026-03-06T15:30:01.5Z"
    assert first["business_seconds"] == 1.25


def test_alerts_tell_the_breach_and_take_it_back(late: str) -> None:
    """The breach is told on Saturday and withdrawn when the answer is written down."""
    told = rows("alerts", late)
    assert [(alert["kind"], alert["step"], alert["decided_at"]) for alert in told] == [
        ("warning", "0.5", "2026-03-06T16:00:30Z"),
        ("warning", "0.75", "2026-03-06T22:00:30Z"),
        ("breach", None, "2026-03-07T00:00:30Z"),
        ("overdue", "1", "2026-03-07T08:00:30Z"),
        ("withdrawn", "0.5", "2026-03-07T15:50:00Z"),
        ("withdrawn", "0.75", "2026-03-07T15:50:00Z"),
        ("withdrawn", None, "2026-03-07T15:50:00Z"),
        ("withdrawn", "1", "2026-03-07T15:50:00Z"),
    ]
    assert {alert["reason"] for alert in told[4:]} == {"disproved"}
    assert [alert["refers"] for alert in told[4:]] == [[alert["id"]] for alert in told[:4]]


def test_tables_name_the_same_clocks_and_alerts(late: str) -> None:
    """For people, with the same instants."""
    for command, words in (
        ("clocks", ("T-1", "pending", "initial", "met", "2026-03-07T00:00:00Z", "0:20:00")),
        ("alerts", ("breach", "T-1", "2026-03-07T00:00:30Z", "disproved")),
    ):
        result = CliRunner().invoke(main, [command, late])
        assert result.exit_code == 0
        assert all(word in result.stdout for word in words)


def test_the_table_says_who_is_told(late: str) -> None:
    """By the policy: the desk of a warning, its manager too of a breach, and of its end."""
    table = CliRunner().invoke(main, ["alerts", late]).stdout.splitlines()
    assert table[0].endswith("to")
    recipients = [(line.split()[1], line.split("  ")[-1].strip()) for line in table[1:]]
    assert recipients == [
        ("warning", "support"),
        ("warning", "support"),
        ("breach", "support, manager"),
        ("overdue", "support, manager"),
        ("withdrawn", "support"),
        ("withdrawn", "support"),
        ("withdrawn", "support, manager"),
        ("withdrawn", "support, manager"),
    ]


def test_what_ends_an_alert_goes_to_those_who_were_told(late: str) -> None:
    """Also if that was before the first alert asked for."""
    since = CliRunner().invoke(main, ["alerts", late, "--since", "2026-03-07T15:50:00Z"])
    assert [line.split("  ")[-1] for line in since.stdout.splitlines()[1:]] == [
        "those told of it"
    ] * 4


def test_every_command_has_help_with_an_example() -> None:
    """Those of a group as well; and the command itself lists them all with its exit statuses."""
    whole = CliRunner().invoke(main, ["--help"]).stdout
    assert "Exit status:" in whole
    assert isinstance(main, click.Group)
    context = click.Context(main)
    for name in main.list_commands(context):
        assert name in whole
        command = main.get_command(context, name)
        inner = list(command.commands) if isinstance(command, click.Group) else []
        for path in [[name, one] for one in inner] or [[name]]:
            assert "Example" in CliRunner().invoke(main, [*path, "--help"]).stdout
