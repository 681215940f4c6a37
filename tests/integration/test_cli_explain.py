"""`lhuta explain`, from the file to the page and to JSON."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from domain.clock import fold
from domain.explanation import explain
from domain.hours import OutsideCalendar
from infra.doors.cli import main
from infra.doors.cli.judging.explain.page import page
from projections.narrative import narrate
from projections.wording import LANGUAGES
from streams.envelope import encode
from tests.conftest import REPOSITORY
from tests.spec.desk import MANAGRY, Story, at, ticket

Write = Callable[..., str]

BREACHED = (
    ticket("T-1042")
    .opened("2026-03-06 16:30")
    .triaged("2026-03-06 16:42", 1)
    .answered("2026-03-07 02:00", recorded="2026-03-07 09:05")
)
ONGOING = (
    ticket("T-1043")
    .opened("2026-03-09 08:00")
    .triaged("2026-03-09 08:05", 1)
    .promised("2026-03-09 08:10")
    .answered("2026-03-09 08:50")
    .replied("2026-03-09 10:00")
)


def lines(stories: Sequence[Story]) -> bytes:
    """Histories as JSON lines."""
    return b"".join(encode(event) + b"\n" for story in stories for event in story.history)


@pytest.fixture
def desk(tmp_path: Path) -> str:
    """A file with two tickets."""
    path = tmp_path / "desk.jsonl"
    path.write_bytes(lines([BREACHED, ONGOING]))
    return str(path)


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """Run `lhuta explain`."""
    return CliRunner().invoke(main, ["explain", *arguments], input=stdin)


def objects(result: Result) -> list[dict[str, Any]]:
    """The JSON objects that a run printed, one per line."""
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_all_clocks_of_a_ticket_are_explained(desk: str) -> None:
    """Without --clock the initial one comes first, then the ongoing ones by number."""
    told = run(desk, "T-1043")
    assert told.exit_code == 0
    titles = [line for line in told.stdout.splitlines() if line.startswith("Ticket ")]
    assert titles == [
        "Ticket T-1043: initial response",
        "Ticket T-1043: ongoing response 1",
        "Ticket T-1043: ongoing response 2",
    ]


def test_one_clock_can_be_chosen(desk: str) -> None:
    """By the name that `lhuta clocks` shows."""
    assert [
        (one["clock"], one["instance"])
        for one in objects(run(desk, "T-1043", "--clock", "initial", "--json"))
    ] == [("initial", 1)]
    assert [
        (one["clock"], one["instance"])
        for one in objects(run(desk, "T-1043", "--clock", "ongoing/2", "--json"))
    ] == [("ongoing", 2)]


def test_the_page_of_a_breached_ticket_shows_every_segment(desk: str) -> None:
    """Kind, local and UTC time, duration and running totals against the budget, one line each."""
    shown = run(desk, "T-1042").stdout
    rows = [re.sub(r" {2,}", " | ", line.strip()) for line in shown.splitlines()]
    assert (
        rows.count(
            "1 | business | Fri 6 Mar 2026 16:30 – 17:00 CET | 6 Mar 2026 15:30 – 16:00 UTC"
            " | 0:30 | 0:30 | 0:00"
        )
        == 2
    )
    assert (
        "2 | off-hours | Fri 6 Mar 2026 17:00 – Sat 7 Mar 01:00 CET"
        " | 6 Mar 2026 16:00 – 7 Mar 00:00 UTC | 8:00 | 0:30 | 8:00"
    ) in rows
    assert "# | kind | from – to | UTC | time | business of 1:00 | off-hours of 8:00" in rows
    assert "late by 1 hour outside business hours" in shown
    assert "BACKDATED" in shown


def test_the_page_exists_in_czech(desk: str) -> None:
    """The same facts in Czech sentences."""
    shown = run(desk, "T-1042", "--lang", "cs").stdout
    assert shown.startswith(
        "Požadavek T-1042: první odpověď\nPorušeno: termín byl v sobotu 7.\u00a03.\u00a02026"
    )
    assert "ZAPSÁNO ZPĚTNĚ" in shown
    assert "pá 6. 3. 2026 17:00 – so 7. 3. 01:00 CET" in shown.replace("\u00a0", " ")


@pytest.mark.parametrize("width", [60, 80])
def test_no_line_ends_inside_a_czech_date(
    desk: str, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Nor between a number and its unit, in sentences and in tables."""
    monkeypatch.setattr("infra.doors.cli.judging.explain.width", lambda: width)
    shown = run(desk, "T-1042", "--lang", "cs").stdout
    assert max(map(len, shown.splitlines())) <= width
    assert not re.search(r"\d\.\n", shown)
    assert not re.search(r"\d\n\s*(hodin|minut|sekund|%)", shown)
    assert shown.count("7.\u00a03.\u00a02026") == 7


def test_an_edited_policy_leaves_a_trace(desk: str, tmp_path: Path) -> None:
    """Another target under the same label: the verdict may differ, and so does the digest."""
    published = REPOSITORY / "policies" / "managry.toml"
    edited = tmp_path / "managry.toml"
    edited.write_text(published.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    told = [
        objects(run(desk, "T-1042", "--policy", str(file), "--json"))[0]
        for file in (published, edited)
    ]
    assert told[0]["policy"] == told[1]["policy"] == "managry@1"
    assert told[0]["policy_digest"] == MANAGRY.versions[0].digest != told[1]["policy_digest"]
    for file, one in zip((published, edited), told, strict=True):
        assert one["policy_digest"][:16] in run(desk, "T-1042", "--policy", str(file)).stdout


def test_a_narrow_page_loses_nothing(desk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 60 columns no line is longer, and every word of the wide page is still there."""
    wide = run(desk, "T-1042").stdout
    monkeypatch.setattr("infra.doors.cli.judging.explain.width", lambda: 60)
    narrow = run(desk, "T-1042").stdout
    assert max(map(len, narrow.splitlines())) <= 60
    assert sorted(narrow.split()) == sorted(wide.split())


def test_colour_says_nothing_that_words_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows a breach in red; NO_COLOR takes the colour and leaves every word."""
    judged_at = at("2026-03-07 09:05")
    [clock] = fold(BREACHED.history, MANAGRY).clocks
    told = narrate(explain(clock, BREACHED.history, judged_at), judged_at, LANGUAGES["en"])
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(variable, raising=False)
    plain = page([told], 100)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = page([told], 100)
    monkeypatch.setenv("NO_COLOR", "1")
    without = page([told], 100)
    assert "\x1b" not in plain
    assert "\x1b[1;31mBroken" in coloured
    assert "31m" not in without
    escape = re.compile("\x1b\\[[0-9;]*m")
    for page_of_a_terminal in (coloured, without):
        assert escape.sub("", page_of_a_terminal).split() == plain.split()


def test_a_pipe_gets_no_escape_sequences(desk: str) -> None:
    """Colour is for terminals; the verdict's words say the same."""
    assert "\x1b" not in run(desk, "T-1042").stdout


def test_as_of_and_at_mean_what_they_mean_elsewhere(desk: str) -> None:
    """As of Saturday 08:00 nobody knew of the answer; at that time it had come, we know now."""
    believed = objects(run(desk, "T-1042", "--as-of", "2026-03-07T08:00:00+01:00", "--json"))[0]
    assert (believed["verdict"], believed["satisfied_at"]) == ("breached", None)
    assert believed["judged_at"] == believed["recorded_by_at"] == "2026-03-07T07:00:00Z"
    known = objects(run(desk, "T-1042", "--at", "2026-03-07T08:00:00+01:00", "--json"))[0]
    assert (known["verdict"], known["satisfied_at"]) == ("breached", "2026-03-07T01:00:00Z")
    both = objects(
        run(
            *(desk, "T-1042", "--json"),
            *("--as-of", "2026-03-07T08:00:00+01:00", "--at", "2026-03-06T16:50:00+01:00"),
        )
    )[0]
    assert both["verdict"] == "running"
    assert both["left"] == {"business_seconds": 600, "off_hours_seconds": 28800}


INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d:\d\d")
SECONDS = (int, float)
AMOUNTS = {"business_seconds": SECONDS, "off_hours_seconds": SECONDS}
BUDGET = {"business_seconds": (*SECONDS, None), "off_hours_seconds": (*SECONDS, None)}


def moment(*names: str, missing: bool = False) -> dict[str, object]:
    """The pair of fields that every instant has."""
    return {
        field: (kind, None) if missing else kind
        for name in names
        for field, kind in ((f"{name}_at", INSTANT), (f"{name}_local", LOCAL))
    }


STRETCH = {
    **moment("start", "end"),
    **AMOUNTS,
    "segments": [
        {
            "kind": {"business", "off-hours"},
            **moment("start", "end"),
            "seconds": SECONDS,
            **AMOUNTS,
            "clock_change_seconds": SECONDS,
        }
    ],
    "holidays": [{"date": str, "name": dict, "seconds": SECONDS}],
}
EVENT = {"event_id": str, "actor": str, **moment("occurred", "recorded")}
SCHEMA: dict[str, object] = {
    "ticket": str,
    "clock": {"initial", "ongoing"},
    "instance": int,
    "plan": str,
    "verdict": {"running", "met", "breached", "no-target"},
    "no_target": {"untriaged", "unsupported", "empty-cell", None},
    **moment("judged", "recorded_by", "started"),
    **moment("due", "satisfied", "breached", missing=True),
    **AMOUNTS,
    "left": (AMOUNTS, None),
    "policy": str,
    "policy_digest": re.compile("[0-9a-f]{64}"),
    **moment("policy_effective", missing=True),
    "calendar": {
        "name": str,
        "hours": str,
        "openings_sha256": re.compile("[0-9a-f]{64}"),
        "zone": str,
        "zone_data": str,
    },
    "severities": [
        {
            "severity": int,
            "supported": bool,
            "effect": {"before", "target", "answered", "breached"},
            **EVENT,
        }
    ],
    "events": [
        {
            "part": {"started", "target", "ended"},
            "type": re.compile(r"ticket\.[a-z-]+\.v1"),
            **EVENT,
            "backdated": bool,
        }
    ],
    "targets": [
        {
            "rule": {
                *("start", "no-target", "again", "from-start"),
                *("earlier-promise", "full", "capped"),
            },
            "severity": int,
            "supported": bool,
            "given_by": str,
            **moment("given"),
            "target": (BUDGET, None),
            **moment("due", missing=True),
            **moment("anchor"),
            "budget": (BUDGET, None),
            "compared": moment("from_start", "former_from_start", "full", missing=True),
            "taken_from": (str, None),
        }
    ],
    "due": ({"budget": BUDGET, "used_up": [{"business", "off-hours"}], **STRETCH}, None),
    "used": STRETCH,
    "warnings": [{"kind": {"warning", "untriaged"}, "step": str, **moment("deadline")}],
}


def fits(value: object, shape: object) -> bool:
    """Tell whether JSON data has a shape: exactly its fields, each of one of its kinds."""
    match shape:
        case dict():
            return (
                isinstance(value, dict)
                and list(value) == list(shape)
                and all(fits(value[name], shape[name]) for name in shape)
            )
        case [each]:
            return isinstance(value, list) and all(fits(one, each) for one in value)
        case tuple():
            return any(fits(value, one) for one in shape)
        case set():
            return value in shape
        case re.Pattern():
            return isinstance(value, str) and shape.fullmatch(value) is not None
        case None:
            return value is None
        case type():
            return type(value) is shape
        case _:
            raise AssertionError(f"no shape: {shape}")


def test_json_has_exactly_the_documented_fields(desk: str, shared: Path) -> None:
    """Every clock of a desk with retargets, late facts and missing targets has the same shape."""
    histories = shared / "vectors" / "desk" / "history.jsonl"
    asked = [(desk, "T-1042"), (desk, "T-1043")]
    asked += [(str(histories), f"T042-{number:05}") for number in range(8)]
    for file, name in asked:
        for told in objects(run(file, name, "--json")):
            assert fits(told, SCHEMA), name


def test_json_says_what_clocks_says(desk: str) -> None:
    """What both commands print of a clock is the same."""
    judged = CliRunner().invoke(main, ["clocks", desk, "--format", "json"])
    rows = {row["ticket"]: row["clocks"] for row in map(json.loads, judged.stdout.splitlines())}
    for name, clocks in rows.items():
        for clock, told in zip(clocks, objects(run(desk, name, "--json")), strict=True):
            assert {field: told[field] for field in clock} == clock


def test_json_sums_to_the_second(desk: str) -> None:
    """The seconds of the segments add up to the meters, also read as decimals."""
    for told in objects(run(desk, "T-1042", "--json")):
        for kind, meter in (("business", "business_seconds"), ("off-hours", "off_hours_seconds")):
            assert told[meter] == sum(
                one["seconds"] for one in told["used"]["segments"] if one["kind"] == kind
            )


def test_a_long_clock_is_whole_with_all(tmp_path: Path) -> None:
    """Without --all one line sums the middle; JSON leaves nothing out in any case."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(lines([ticket("T-1").opened("2024-01-08 08:00").verified("2026-01-08 08:00")]))
    short, whole = run(str(path), "T-1").stdout, run(str(path), "T-1", "--all").stdout
    assert "segments; --all shows each of them." in short
    assert "--all" not in whole
    [told] = objects(run(str(path), "T-1", "--json"))
    segments = len(told["used"]["segments"])
    assert whole.count(" off-hours ") + whole.count(" business ") >= segments > 900
    assert len(short.splitlines()) < 100


def test_a_compressed_file_and_standard_input_are_read(tmp_path: Path) -> None:
    """`.gz` as it is, and `-`."""
    path = tmp_path / "desk.jsonl.gz"
    path.write_bytes(gzip.compress(lines([BREACHED])))
    from_file = run(str(path), "T-1042")
    from_input = run("-", "T-1042", stdin=lines([BREACHED]))
    assert from_file.exit_code == from_input.exit_code == 0
    assert from_file.stdout == from_input.stdout


def test_an_unknown_ticket_is_refused_with_near_names(desk: str) -> None:
    """Exit status 2, nothing on standard output."""
    told = run(desk, "T-1024")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "no ticket 'T-1024'" in told.stderr
    assert "T-1042" in told.stderr


def test_an_unknown_clock_is_refused_with_those_there_are(desk: str) -> None:
    """Exit status 2, also for a name that is no clock at all."""
    for wanted in ("ongoing/3", "ongoing", "resolution"):
        told = run(desk, "T-1043", "--clock", wanted)
        assert (told.exit_code, told.stdout) == (2, "")
        assert "it has initial, ongoing/1, ongoing/2" in told.stderr


def test_a_ticket_from_the_future_is_refused(desk: str) -> None:
    """It is in the file, but at that time nobody knew it; the message says since when."""
    told = run(desk, "T-1043", "--as-of", "2026-03-07T00:00:00Z")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "was not known then" in told.stderr
    assert "2026-03-09T07:00:00Z" in told.stderr


def test_an_ill_formed_history_is_bad_data(tmp_path: Path) -> None:
    """Exit status 3 with the line and the reason, nothing on standard output."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(lines([BREACHED]) + b'{"specversion": "1.0"}\n')
    told = run(str(path), "T-1042")
    assert (told.exit_code, told.stdout) == (3, "")
    assert "line 4" in told.stderr
    assert "missing" in told.stderr


def test_a_clock_that_runs_out_of_the_calendar_is_bad_data(tmp_path: Path) -> None:
    """The due time of a ticket of the last minutes has no calendar to lie in."""
    path = tmp_path / "late.jsonl"
    story = ticket("T-1").opened("2040-12-31 16:30").triaged("2040-12-31 16:31", 4)
    path.write_bytes(lines([story]))
    told = run(str(path), "T-1")
    assert (told.exit_code, told.stdout) == (3, "")
    assert "line 2" in told.stderr
    assert "2041" in told.stderr
    assert OutsideCalendar(2041, 2010, 2040).args[0] in told.stderr


def test_a_broken_pipe_is_quiet(tmp_path: Path) -> None:
    """Whoever reads only the first line sees no traceback."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(lines([ticket("T-1").opened("2020-01-08 08:00").verified("2026-01-08 08:00")]))
    with subprocess.Popen(
        [sys.executable, "-m", "infra.doors.cli", "explain", str(path), "T-1", "--all"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"Ticket T-1: initial response\n"
        process.stdout.close()
        assert process.stderr.read() == b""


GUIDE = REPOSITORY / "docs" / "explain.md"


def fenced(kind: str) -> str:
    """The one block of a kind in the guide."""
    [block] = re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    assert isinstance(block, str)
    return block


def test_the_guide_shows_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worked example is made from the history beside it, whatever time zone data is in use."""
    path = tmp_path / "example.jsonl"
    path.write_text(fenced("json"), encoding="utf-8")
    monkeypatch.setattr("infra.doors.cli.judging.explain.width", lambda: 100)
    shown = run(str(path), "T-1042").stdout
    release = re.compile(r"tzdata \w+")
    assert release.sub("tzdata", shown) == release.sub("tzdata", fenced("text"))
