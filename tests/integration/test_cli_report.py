"""`lhuta report` as people and programs meet it (docs/report.md)."""

import gzip
import json
import os
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from domain import instant
from domain.event import Opened
from infra.doors.cli import main
from infra.doors.cli.judging.report.table import write
from infra.doors.cli.judging.report.words import (
    WORDS,
    Language,
    business_time,
    number,
    off_hours_time,
    percent,
    real_time,
)
from projections.report import report
from streams.envelope import encode
from tests.conftest import REPOSITORY
from tests.spec.desk import MANAGRY, Story, at, ticket

KEPT = (
    ticket("T-1")
    .opened("2026-03-06 16:00")
    .triaged("2026-03-06 16:10", 1)
    .answered("2026-03-06 16:30")
    .resolved("2026-03-09 09:00")
)
BROKEN = (
    ticket("T-2")
    .opened("2026-03-09 09:00", "standard")
    .triaged("2026-03-09 09:10", 1)
    .answered("2026-03-09 11:20", recorded="2026-03-09 11:50")
)
UNTARGETED = (
    ticket("T-3")
    .opened("2026-03-09 09:00", "standard")
    .triaged("2026-03-09 09:10", 4)
    .answered("2026-03-09 12:00")
)
DESK = (KEPT, BROKEN, UNTARGETED)


def lines(stories: Sequence[Story]) -> bytes:
    """The histories of some tickets as a file holds them."""
    return b"".join(encode(event) + b"\n" for story in stories for event in story.history)


@pytest.fixture
def desk(tmp_path: Path) -> str:
    """A file of three tickets: one promise kept, one broken, one never made."""
    path = tmp_path / "desk.jsonl"
    path.write_bytes(lines(DESK))
    return str(path)


def lhuta(*arguments: str, stdin: bytes | None = None, **environment: str) -> Result:
    """Run `lhuta report` with arguments."""
    return CliRunner().invoke(main, ["report", *arguments], input=stdin, env=environment)


def words(result: Result) -> list[str]:
    """Return the printed lines with single spaces between the words."""
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def as_json(*arguments: str) -> dict[str, Any]:
    """Run `lhuta report --format json` and read its one object."""
    result = lhuta(*arguments, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_json_is_one_object_with_every_figure(desk: str) -> None:
    """The whole of it, number by number."""
    premium = {"plan": "premium", "severity": 1, "supported": True}
    standard = {"plan": "standard", "severity": 1, "supported": True}
    low = {"plan": "standard", "severity": 4, "supported": True}
    kept = {"met": 1, "breached": 0, "running": 0, "no_target": 0, "kept_percent": 100.0}
    broken = {"met": 0, "breached": 1, "running": 0, "no_target": 0, "kept_percent": 0.0}
    never = {"met": 0, "breached": 0, "running": 0, "no_target": 1, "kept_percent": None}

    def alike(seconds: int) -> dict[str, int]:
        return dict.fromkeys(("p50", "p90", "p95", "max"), seconds)

    def milestone(group: dict[str, Any], name: str, reached: int) -> dict[str, Any]:
        return {
            **group,
            "milestone": name,
            "reached": reached,
            "not_reached": 1 - reached,
            # Friday 16:00 to Monday 09:00.
            "business_seconds": alike(2 * 3600) if reached else None,
            "off_hours_seconds": alike(63 * 3600) if reached else None,
        }

    answered = {"clock": "initial", "answered": 1, "waiting": 0}
    assert as_json(desk) == {
        "as_of": "2026-03-09T11:00:00Z",
        "at": "2026-03-09T11:00:00Z",
        "policies": [{"policy": "managry@1", "policy_digest": MANAGRY.versions[0].digest}],
        "tickets": 3,
        "events": 10,
        "statuses": {"new": 0, "open": 0, "pending": 2, "resolved": 1, "verified": 0},
        "channels": {"email": 3},
        "root_causes": [{"root_cause": "defect", "tickets": 1}],
        "promises": [
            {**standard, "clock": "initial", **broken},
            {**low, "clock": "initial", **never},
            {**premium, "clock": "initial", **kept},
        ],
        "months": [
            {"month": "2026-03", **standard, "clock": "initial", **broken},
            {"month": "2026-03", **low, "clock": "initial", **never},
            {"month": "2026-03", **premium, "clock": "initial", **kept},
        ],
        "responses": [
            {**standard, **answered, "business_seconds": alike(8400), "off_hours_seconds": None},
            {**low, **answered, "business_seconds": alike(10800), "off_hours_seconds": None},
            {
                **premium,
                **answered,
                "business_seconds": alike(1800),
                "off_hours_seconds": alike(0),
            },
        ],
        "milestones": [
            milestone(standard, "workaround", 0),
            milestone(low, "workaround", 0),
            milestone(premium, "workaround", 0),
            milestone(standard, "resolution", 0),
            milestone(low, "resolution", 0),
            milestone(premium, "resolution", 1),
        ],
        "broken_count": 1,
        "broken": [
            {
                "ticket": "T-2",
                "clock": "initial",
                "instance": 1,
                **standard,
                "policy": "managry@1",
                "started_at": "2026-03-09T08:00:00Z",
                "due_at": "2026-03-09T09:00:00Z",
                "satisfied_at": "2026-03-09T10:20:00Z",
                "late_business_seconds": 4800,
                "late_off_hours_seconds": 0,
            }
        ],
        "review_count": 1,
        "review": [
            {
                "ticket": "T-2",
                "reasons": ["backdated"],
                "severities": [1],
                "backdated_events": 1,
                "largest_delay_seconds": 1800,
            }
        ],
    }


def test_tables_say_the_same_to_people(desk: str) -> None:
    """Names of plans and severities, local times, durations in business days, and dashes."""
    result = lhuta(desk)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = words(result)
    assert "Standard, 1 critical initial 0 1 0 0 0.0 %" in rows
    assert "Standard, 4 low initial 0 0 0 1 -" in rows
    assert "Premium, 1 critical initial 1 0 0 0 100.0 %" in rows
    assert "All plans initial 1 1 0 1 50.0 %" in rows
    assert "2026-03 Standard initial 0 1 0 1 0.0 %" in rows
    assert (
        "T-2 initial Standard, 1 critical 2026-03-09 10:00 2026-03-09 11:20 1 h 20 min 0 min"
    ) in rows
    assert "T-2 1 recorded late 1 30 min" in rows
    assert any(row.endswith("bd: business day of 9 h.") for row in rows)


def test_czech_readers_have_czech_words(desk: str) -> None:
    """With a decimal comma, and the policy's own Czech names."""
    result = lhuta(desk, "--lang", "cs")
    assert result.exit_code == 0
    rows = words(result)
    assert "Premium, 1 kritická první 1 0 0 0 100,0 %" in rows
    assert "Požadavky k prověření (1 z 1)" in result.stdout
    assert "Porušené lhůty, nejhorší napřed (1 z 1)" in result.stdout
    assert "3/2026 Standard první 0 1 0 1 0,0 %" in rows
    assert "T-2 první Standard, 1 kritická 9. 3. 2026 10:00 9. 3. 2026 11:20 1 h 20 min 0 min" in (
        rows
    )
    assert "9.\u00a03.\u00a02026 10:00" in result.stdout


def test_the_head_names_the_text_of_the_policy(desk: str) -> None:
    """An edited policy file has another digest, whatever it calls itself."""
    digest = MANAGRY.versions[0].digest[:16]
    assert f"policy managry@1 ({digest})" in words(lhuta(desk))
    assert f"podmínky managry@1 ({digest})" in words(lhuta(desk, "--lang", "cs"))


def test_channels_have_czech_names(tmp_path: Path) -> None:
    """A channel that nobody translated stands as the events name it."""
    names = ("email", "web", "phone", "api", "import", "fax")
    stories = []
    for number_of_ticket, name in enumerate(names):
        opened, *rest = ticket(f"T-{number_of_ticket}").opened("2026-03-06 16:00").history
        event = Opened("C-1", "premium", name)
        stories.append(Story(opened.ticket, (opened._replace(event=event), *rest)))
    path = tmp_path / "channels.jsonl"
    path.write_bytes(lines(stories))
    rows = words(lhuta(str(path), "--lang", "cs"))
    assert "Kanál API 1, e-mail 1, fax 1, import 1, telefon 1, web 1" in rows


@pytest.mark.parametrize(
    ("tickets", "english", "czech"),
    [
        (0, "0 tickets, 0 events", "0 požadavků, 0 událostí"),
        (1, "1 ticket, 1 event", "1 požadavek, 1 událost"),
        (2, "2 tickets, 2 events", "2 požadavky, 2 události"),
        (5, "5 tickets, 5 events", "5 požadavků, 5 událostí"),
    ],
)
def test_counts_agree_with_their_nouns(
    tickets: int, english: str, czech: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One ticket is one ticket in both languages."""
    stories = [ticket(f"T-{number}").opened("2026-03-06 16:00") for number in range(tickets)]
    moment = at("2026-03-06 17:00")
    found = report({story.name: story.history for story in stories}, MANAGRY, moment, moment)
    for language, expected in zip(get_args(Language), (english, czech), strict=True):
        write(found, MANAGRY.versions[0], language, 80, 10, 10)
        assert capsys.readouterr().out.splitlines()[1].replace("\u00a0", " ").rstrip() == expected


def test_late_records_say_from_when_on_they_are_late(desk: str) -> None:
    """Below their table, in the time that the policy gives an answer on its way."""
    assert (
        "Recorded late: more than 30 s after it happened, the time that the policy gives an answer "
        "on its way."
    ) in words(lhuta(desk))


def test_the_help_says_what_the_formats_are() -> None:
    """One object, not lines."""
    shown = " ".join(lhuta("--help").stdout.split())
    assert "Tables for people, or one JSON object for programs." in shown
    assert "JSON lines" not in shown


def test_the_reader_chooses_how_many_are_listed(desk: str) -> None:
    """The count stays whole when the list is cut, in tables and in JSON alike."""
    found = as_json(desk, "--broken", "0", "--review", "0")
    assert (found["broken_count"], found["broken"]) == (1, [])
    assert (found["review_count"], found["review"]) == (1, [])
    result = lhuta(desk, "--broken", "0", "--review", "0")
    assert "(0 of 1)" in result.stdout
    assert "T-2" not in result.stdout
    assert lhuta(desk, "--broken", "-1").exit_code == 2


def test_as_of_and_at_mean_what_they_mean_everywhere(desk: str) -> None:
    """As of noon in Prague the answer was not written down; at that time it is known now."""
    moment = "2026-03-09T11:30:00+01:00"
    believed = as_json(desk, "--as-of", moment)
    assert (believed["as_of"], believed["at"]) == ("2026-03-09T10:30:00Z",) * 2
    assert believed["broken"][0]["satisfied_at"] is None
    known_now = as_json(desk, "--at", moment)
    assert (known_now["as_of"], known_now["at"]) == ("2026-03-09T11:00:00Z", believed["at"])
    assert known_now["broken"][0]["satisfied_at"] == "2026-03-09T10:20:00Z"


def test_before_everything_there_is_nothing_to_report(desk: str) -> None:
    """No figure is made up where nothing was known."""
    found = as_json(desk, "--as-of", "2026-03-01T00:00:00Z")
    assert (found["tickets"], found["promises"], found["broken"]) == (0, [], [])
    result = lhuta(desk, "--as-of", "2026-03-01T00:00:00Z")
    assert result.exit_code == 0
    assert "0 tickets, 0 events" in result.stdout


def test_where_nothing_is_wrong_the_report_says_so(tmp_path: Path) -> None:
    """An empty list would leave the reader wondering."""
    path = tmp_path / "kept.jsonl"
    path.write_bytes(lines([KEPT]))
    result = lhuta(str(path))
    assert "No promise was broken." in result.stdout
    assert "No ticket needs a second look." in result.stdout


def test_standard_input_and_gzip_are_read_as_they_are(desk: str) -> None:
    """The source of the bytes changes no figure."""
    expected = lhuta(desk).stdout
    assert lhuta("-", stdin=lines(DESK)).stdout == expected
    assert lhuta("-", stdin=gzip.compress(lines(DESK))).stdout == expected


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_history_that_is_not_well_formed_prints_nothing(tmp_path: Path, form: str) -> None:
    """Exit status 3, the line and the reason, and not half a report."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(lines(DESK) + b"{}\n")
    result = lhuta(str(path), "--format", form)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "line 11: the attribute 'type' is missing" in result.stderr


def test_a_due_time_outside_the_calendar_names_the_line(tmp_path: Path) -> None:
    """What was computed is held to the calendar as what was read is."""
    late = ticket("T-9").opened("2040-12-31 16:30").triaged("2040-12-31 16:40", 4)
    path = tmp_path / "late.jsonl"
    path.write_bytes(lines([KEPT, late]))
    result = lhuta(str(path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert "line 6: ticket T-9 cannot be judged: the year 2041 is outside" in result.stderr


def test_an_instant_outside_the_calendar_is_wrong_usage(desk: str) -> None:
    """The file is well formed, the question is not."""
    result = lhuta(desk, "--at", "2300-01-01T00:00:00Z")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the year 2300 is outside" in result.stderr


def test_the_same_question_gets_the_same_answer(desk: str) -> None:
    """Byte for byte, in both forms."""
    for form in ("table", "json"):
        assert lhuta(desk, "--format", form).stdout == lhuta(desk, "--format", form).stdout


def test_colour_is_never_the_only_sign(desk: str) -> None:
    """With colour forced the words are the same; NO_COLOR leaves no colour at all."""
    plain = lhuta(desk).stdout
    coloured = lhuta(desk, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="").stdout
    assert "\x1b[1;31m" in coloured
    assert _without_styles(coloured) == plain
    sober = lhuta(desk, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1").stdout
    assert not any(f"\x1b[{style}m" in sober for style in ("31", "1;31", "32", "36"))


def _without_styles(text: str) -> str:
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.split("m", maxsplit=1)[1] for part in parts[1:])


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_tables_keep_to_the_width_of_the_terminal(
    language: Language, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names wrap, percentiles are left out, numbers and shares stay in one piece."""
    tickets = {story.name: story.history for story in DESK}
    moment = at("2026-03-09 12:00")
    found = report(tickets, MANAGRY, moment, moment)
    write(found, MANAGRY.versions[0], language, width, 10, 10)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    assert percent(1000, language) in printed
    assert business_time(80 * instant.MINUTE, 9 * instant.HOUR, language) in printed


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_names_never_vanish(
    language: Language, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """However narrow it is, every word of the wide report is there whole, in every row."""
    tickets = {story.name: story.history for story in DESK}
    moment = at("2026-03-09 12:00")
    found = report(tickets, MANAGRY, moment, moment)

    def counted_words(columns: int) -> Counter[str]:
        write(found, MANAGRY.versions[0], language, columns, 10, 10)
        return Counter(re.findall(r"[^\W\d]{3,}", capsys.readouterr().out))

    wide, narrow = counted_words(200), counted_words(width)
    for name in ("Standard", "Premium", WORDS[language]["initial"]):
        assert narrow[name] >= wide[name]
    assert set(narrow) == set(wide)


def test_dates_and_units_stay_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    """On a narrow terminal a Czech date is not torn apart, nor a number from its unit."""
    tickets = {story.name: story.history for story in DESK}
    moment = at("2026-03-09 12:00")
    found = report(tickets, MANAGRY, moment, moment)
    for width in (40, 60, 80):
        write(found, MANAGRY.versions[0], "cs", width, 10, 10)
        printed = capsys.readouterr().out
        assert not re.search(r"\d\.\s*\n", printed)
        assert not re.search(r"\d\s*\n\s*(h|min|%)\b", printed)
        assert printed.count("9.\u00a03.\u00a02026") == 4


def test_what_a_file_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """A channel with an escape sequence in it is shown, not obeyed."""
    opened, *rest = KEPT.history
    sly = opened._replace(event=Opened("C-1", "premium", "e\x1b[2Jmail [bold]x[/bold]"))
    path = tmp_path / "sly.jsonl"
    path.write_bytes(lines([Story("T-1", (sly, *rest))]))
    result = lhuta(str(path))
    assert "\x1b" not in result.stdout
    assert "e?[2Jmail [bold]x[/bold] 1" in result.stdout


def test_an_english_report_needs_no_more_than_ascii(desk: str) -> None:
    """A terminal or a log that knows no other letters still gets the whole of it."""
    printed = subprocess.run(
        [sys.executable, "-m", "infra.doors.cli", "report", desk],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"Tickets to look at again (1 of 1)" in printed.stdout
    assert printed.stdout.isascii()


def test_a_reader_who_stops_reading_hears_nothing(desk: str) -> None:
    """`lhuta report desk.jsonl | head -1` ends without a word on standard error."""
    with subprocess.Popen(
        [sys.executable, "-m", "infra.doors.cli", "report", desk],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("minutes", "written"),
    [
        (0, "0 min"),
        (20, "20 min"),
        (80, "1 h 20 min"),
        (8 * 60 + 59, "8 h 59 min"),
        (9 * 60, "1 bd"),
        (9 * 60 + 30, "1 bd 30 min"),
        (21 * 60 + 45, "2 bd 3 h"),
    ],
)
def test_business_time_is_written_in_business_days(minutes: int, written: str) -> None:
    """A business day of nine hours; the two largest units, the rest cut off."""
    duration = minutes * instant.MINUTE
    found = business_time(duration, 9 * instant.HOUR, "en")
    assert found == written


def test_other_times_are_written_by_their_own_rules() -> None:
    """Hours outside business hours, calendar days of delay, and never nothing for something."""
    written = [
        off_hours_time(63 * instant.HOUR, "en"),
        real_time(50 * instant.HOUR, "cs"),
        business_time(1, 9 * instant.HOUR, "en"),
        business_time(61 * instant.SECOND, 9 * instant.HOUR, "en"),
        number(24918, "en"),
        number(24918, "cs"),
        percent(None, "en"),
        percent(666, "cs"),
    ]
    assert written == [
        "63 h",
        "2\u00a0d 2\u00a0h",
        "< 1 s",
        "1 min 1 s",
        "24,918",
        "24\u00a0918",
        "-",
        "66,6\u00a0%",
    ]


def test_both_languages_say_everything() -> None:
    """The same keys with the same blanks to fill in."""

    def blanks(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english, czech = WORDS["en"], WORDS["cs"]
    assert {key: blanks(text) for key, text in english.items()} == {
        key: blanks(text) for key, text in czech.items()
    }
