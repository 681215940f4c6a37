"""`lhuta policy`: what people and programs get to read, and the exit statuses."""

import io
import json
import os
import subprocess
import sys
import tomllib
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from infra.doors.cli import main
from infra.doors.cli.policy import sheet
from infra.store.policies import PolicyFile, files
from tests.conftest import REPOSITORY
from tests.spec.test_policy_files import ACME, edited, version_of

MANAGRY = str(REPOSITORY / "policies" / "managry.toml")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LHUTA_POLICIES", raising=False)


def run(*arguments: str) -> Result:
    """Run `lhuta policy` with some arguments."""
    return CliRunner().invoke(main, ["policy", *arguments])


def one_line(result: Result) -> str:
    """Return what was printed with every run of blanks and lines of a table as one blank."""
    return " ".join(result.stdout.replace("│", " ").split())


def printed(file: PolicyFile, language: Literal["en", "cs"], width: int) -> str:
    """Return a policy as a terminal of some width shows it."""
    console = Console(width=width, file=io.StringIO(), highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        sheet.show(console, file, language, 2026)
    return capture.get()


class TestCheck:
    def test_a_good_policy_is_valid(self) -> None:
        """Exit 0, and a line that says what was read."""
        result = run("check", MANAGRY)

        assert result.exit_code == 0
        assert result.stdout == (
            f"{MANAGRY}: managry@1 is valid (2 plans, 4 severities, 397 holidays 2010-2040)\n"
        )

    def test_every_problem_of_every_file_is_told_at_once(self, tmp_path: Path) -> None:
        """Exit 3; problems on standard error, file by file."""
        one = tmp_path / "one.toml"
        other = tmp_path / "other.toml"
        one.write_text(edited(("version = 1", "version = 0"), ('"10 seconds"', '"soon"')))
        other.write_text(edited(("monday = [", "mondey = [")))

        result = run("check", str(one), str(other), MANAGRY)

        assert result.exit_code == 3
        assert "managry@1 is valid" in result.stdout
        told = result.stderr.splitlines()
        assert [line.split(": ")[:2] for line in told] == [
            [f"{one}:2", "version"],
            [f"{one}:6", "settle"],
            [f"{other}:22", "hours.office.mondey"],
        ]

    def test_a_file_that_cannot_be_read_ends_with_2(self, tmp_path: Path) -> None:
        """A missing file and a directory are usage, not bad data."""
        missing = run("check", "nowhere.toml")
        folder = run("check", str(tmp_path))

        assert (missing.exit_code, folder.exit_code) == (2, 2)
        assert missing.stderr == "nowhere.toml does not exist\n"
        assert "is a directory" in folder.stderr

    def test_versions_are_held_against_each_other(self, tmp_path: Path) -> None:
        """Every conflict is told with file, line and key; a file that has one is not valid."""
        (tmp_path / "acme.toml").write_text(ACME)
        (tmp_path / "copy.toml").write_text(ACME)
        (tmp_path / "acme@2.toml").write_text(version_of(2, "2026-06-01"))
        (tmp_path / "acme@3.toml").write_text(version_of(3, "2026-05-01"))

        result = run("check", "acme.toml", "copy.toml", "acme@2.toml", "acme@3.toml")

        assert result.exit_code == 3
        assert [line.split(": ")[:2] for line in result.stderr.splitlines()] == [
            ["copy.toml:2", "version"],
            ["acme@3.toml:3", "effective_from"],
        ]
        assert [line.split(" is")[0] for line in result.stdout.splitlines()] == [
            "acme.toml: acme@1",
            "acme@2.toml: acme@2",
        ]

    def test_programs_get_conflicts_among_the_problems(self, tmp_path: Path) -> None:
        """The file that has to change is not valid, and says of which version it is."""
        (tmp_path / "acme@2.toml").write_text(version_of(2, "2026-06-01"))
        (tmp_path / "acme@3.toml").write_text(version_of(3, "2026-05-01"))

        result = run("check", "--json", "acme@2.toml", "acme@3.toml")

        second, third = [json.loads(line) for line in result.stdout.splitlines()]
        assert (result.exit_code, result.stderr) == (3, "")
        assert (second["valid"], second["problems"]) == (True, [])
        assert (third["valid"], third["policy"]) == (False, "acme@3")
        assert [(problem["key"], problem["line"]) for problem in third["problems"]] == [
            ("effective_from", 3)
        ]

    def test_a_gap_between_versions_is_told(self, tmp_path: Path) -> None:
        """Unless the missing one may be a file that is wrong; one version alone is fine."""
        (tmp_path / "acme.toml").write_text(ACME)
        (tmp_path / "acme@2.toml").write_text("name = 2")
        (tmp_path / "acme@3.toml").write_text(version_of(3, "2026-06-01"))

        gap = run("check", "acme.toml", "acme@3.toml")

        assert gap.exit_code == 3
        assert gap.stderr == (
            "acme@3.toml:2: version: expected 2, which follows acme@1, or acme@2 given too, "
            "found 3\n"
        )
        assert run("check", "acme@3.toml").exit_code == 0
        assert "acme@3" not in run("check", "acme.toml", "acme@2.toml", "acme@3.toml").stderr

    def test_one_of_a_kind_is_counted_in_the_singular(self, tmp_path: Path) -> None:
        """1 plan, 2 severities."""
        (tmp_path / "acme.toml").write_text(ACME)

        assert "(1 plan, 2 severities, 2 holidays 2026-2027)" in run("check", "acme.toml").stdout

    def test_a_file_with_another_name_is_told_how_it_would_be_found(self, tmp_path: Path) -> None:
        """A draft is valid, and a name would not find it."""
        (tmp_path / "draft.toml").write_text(ACME)

        result = run("check", "draft.toml")

        assert result.exit_code == 0
        assert "to be found by its name it must be called acme.toml" in result.stdout

    def test_programs_get_one_object_per_file(self, tmp_path: Path) -> None:
        """With --json, the problems keep file, key, line, expectation and finding."""
        (tmp_path / "acme.toml").write_text(edited(("version = 1", "version = 0")))

        result = run("check", "--json", MANAGRY, "acme.toml", "nowhere.toml")

        good, bad, missing = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 3
        assert (good["valid"], good["policy"], good["problems"]) == (True, "managry@1", [])
        assert (bad["valid"], bad["policy"]) == (False, None)
        assert bad["problems"] == [
            {
                "file": "acme.toml",
                "key": "version",
                "line": 2,
                "expected": "an integer from 1 to 999999",
                "found": "0",
            }
        ]
        assert missing["unreadable"] == "nowhere.toml does not exist"

    def test_without_a_file_it_is_usage(self) -> None:
        """Exit 2 by click's own hand."""
        assert run("check").exit_code == 2


class TestShow:
    def test_a_customer_reads_the_promises_in_words(self) -> None:
        """Targets, cells without one, hours, zone, and the law of the calendar."""
        shown = one_line(run("show"))

        assert "managry@1, in force since ever" in shown
        assert "1 critical 1 business hour, 8 hours outside business hours" in shown
        assert "2 high 4 business hours 1 business day" in shown
        assert "3 medium no target published no target published" in shown
        assert "4 low 2 business days no target published" in shown
        assert "office Monday – Friday 08:00–17:00 closed" in shown
        assert "Europe/Prague (tzdata 20" in shown
        assert "1515da273912454201b45f414bd5580b6679d1fa0c5185c6d196b3d2dc6d39c9" in shown
        assert "at 50 % and 75 % of the target" in shown
        assert "Digest of the openings office 1515da27" in shown
        assert "the target ends with the one that is used up first" in shown

    def test_the_policy_s_own_digest_is_shown(self) -> None:
        """Its first 16 hexadecimal digits, which identify the published text."""
        digest = sha256(Path(MANAGRY).read_bytes()).hexdigest()

        assert f"Digest of the policy {digest[:16]} " in one_line(run("show"))

    def test_how_two_budgets_combine_is_said_where_there_are_two(self, tmp_path: Path) -> None:
        """A policy with one budget in every cell needs no such line."""
        (tmp_path / "one.toml").write_text(edited((', off_hours = "2 days"', "")))

        assert "used up first" not in run("show", "./one.toml").stdout

    @pytest.mark.parametrize("name", ["managry", "ficticia"])
    @pytest.mark.parametrize("language", ["en", "cs"])
    def test_a_narrow_terminal_cuts_nothing_off(
        self, language: Literal["en", "cs"], name: str
    ) -> None:
        """Every letter of every cell is there, on lines that fit."""
        (file,) = files(name)
        whole = sorted(filter(str.isalnum, printed(file, language, 300)))

        for width in (20, 40, 60, 80):
            narrow = printed(file, language, width)

            assert max(map(len, narrow.splitlines())) <= width
            assert sorted(filter(str.isalnum, narrow)) == whole

    def test_openings_stay_whole_and_beside_their_days(self) -> None:
        """At 40 columns words are wrapped, not broken, as long as they fit."""
        lines = printed(files("managry")[0], "cs", 40).splitlines()
        wider = printed(files("ficticia")[0], "cs", 60).splitlines()

        assert "office pondělí – 08:00–17:00 zavřeno" in [" ".join(line.split()) for line in lines]
        assert "10:00–13:00" in next(line for line in wider if "sobota" in line)

    def test_a_later_version_is_in_force_from_a_day_in_the_right_case(self, tmp_path: Path) -> None:
        """Czech says "od středy", not "od středa"."""
        for day, said in (
            ("2026-10-26", "platí od pondělí 26. 10. 2026"),
            ("2026-07-01", "platí od středy 1. 7. 2026"),
        ):
            (tmp_path / "acme@2.toml").write_text(version_of(2, day).replace("T00", "T12"))

            assert said in one_line(run("show", "./acme@2.toml", "--lang", "cs"))

    @pytest.mark.parametrize(
        ("steps", "english", "czech"),
        [
            ("[1]", "again 1 target after it was due", "znovu 1 cíl po termínu"),
            ("[1, 5]", "again 1 and 5 targets after", "znovu 1 a 5 cílů po termínu"),
            ("[2.5]", "again 2.5 targets after", "znovu 2,5 cíle po termínu"),
            ("[]", "After a breach none", "Po porušení žádné"),
        ],
    )
    def test_targets_are_counted_in_the_right_form(
        self, tmp_path: Path, steps: str, english: str, czech: str
    ) -> None:
        """One target, several targets, a decimal number of them."""
        (tmp_path / "acme.toml").write_text(edited(("[1, 2.5]", steps)))

        assert english in one_line(run("show", "./acme.toml"))
        assert czech in one_line(run("show", "./acme.toml", "--lang", "cs"))

    def test_a_czech_customer_reads_czech(self) -> None:
        """Numerals take the right form of the noun."""
        shown = one_line(run("show", "--lang", "cs", "--year", "2026"))

        assert "1 kritická 1 pracovní hodina, 8 hodin mimo pracovní dobu" in shown
        assert "2 vysoká 4 pracovní hodiny 1 pracovní den" in shown
        assert "cíl není stanoven" in shown
        assert "po vyčerpání 50 % a 75 % cíle" in shown
        assert "znovu 1, 2 a 4 cíle po termínu" in shown
        assert "porušené lhůty, připomínky po porušení" in shown
        assert "Otisk pracovní doby office 1515da27" in shown
        assert "která se vyčerpá dříve" in shown
        assert "pondělí – pátek" in shown
        assert "pá 3. 4. 2026 Velký pátek" in shown
        assert "platí odjakživa" in shown

    def test_holidays_are_listed_for_the_year_that_is_named(self) -> None:
        """Without --year there is no list: the command does not know what today is."""
        assert "Easter" not in run("show").stdout
        assert "Mon 2026-04-06 Easter Monday" in one_line(run("show", "--year", "2026"))

    def test_a_year_outside_the_calendar_ends_with_2(self) -> None:
        """And says which years there are."""
        result = run("show", "--year", "2041")

        assert result.exit_code == 2
        assert "covers 2010 to 2040, not 2041" in result.stderr

    def test_the_example_shows_nights_and_round_the_clock(self) -> None:
        """Openings across midnight say so; hours that ignore holidays are open on them."""
        shown = one_line(run("show", "ficticia"))

        assert "night-watch Monday – Thursday 22:00–07:00 the next day closed Sunday 22:00" in shown
        assert "always Monday – Sunday 00:00–24:00 open" in shown
        assert "90 business minutes, 1 day outside business hours" in shown

    def test_programs_get_seconds(self) -> None:
        """With --json: one object, durations in seconds, words in every language."""
        result = run("show", "managry", "--json", "--year", "2015")
        shown = json.loads(result.stdout)

        assert shown["policy"] == "managry@1"
        assert shown["effective_from"] is None
        assert shown["business_day_seconds"] == 32_400
        assert shown["thresholds"] == {"warnings": ["0.5", "0.75"], "overdue": ["1", "2", "4"]}
        assert shown["plans"]["premium"]["targets"][0] == {
            "clock": "initial",
            "severity": 1,
            "business_seconds": 3_600,
            "off_hours_seconds": 28_800,
        }
        assert shown["hours"]["office"]["openings"][0] == {
            "weekday": "monday",
            "opens": "08:00",
            "closes": "17:00",
        }
        assert len(shown["calendar"]["holidays"]) == 12

    def test_a_version_may_be_chosen(self, tmp_path: Path) -> None:
        """Without --version the newest is shown."""
        second = "version = 2\neffective_from = 2026-06-01T00:00:00+02:00"
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "acme.toml").write_text(ACME)
        (tmp_path / "policies" / "acme@2.toml").write_text(edited(("version = 1", second)))

        newest = one_line(run("show", "acme"))
        assert "acme@2, in force from Mon 2026-06-01 00:00 (Europe/Vienna)" in newest
        assert "acme@1, in force since ever" in one_line(run("show", "acme", "--version", "1"))
        assert run("show", "acme", "--version", "3").exit_code == 2

    def test_an_unknown_name_ends_with_2_and_lists_the_known(self) -> None:
        """No such policy is usage."""
        result = run("show", "managri")

        assert result.exit_code == 2
        assert "did you mean 'managry'?" in result.stderr
        assert result.stdout == ""

    def test_a_bad_policy_ends_with_3(self, tmp_path: Path) -> None:
        """Nothing of it is shown."""
        (tmp_path / "acme.toml").write_text(edited(("version = 1", "version = 0")))

        result = run("show", "./acme.toml")

        assert (result.exit_code, result.stdout) == (3, "")
        assert "acme.toml:2: version: expected" in result.stderr


class TestHolidays:
    def test_the_proposal_is_the_table_of_a_policy(self) -> None:
        """Pasted into a file it parses, in both languages where they are known."""
        result = run("holidays", "--country", "CZ", "--years", "2026-2027")
        calendar = tomllib.loads(result.stdout)["calendar"]

        assert calendar["years"] == [2026, 2027]
        assert calendar["name"] == "CZ 2026-2027, edition 1"
        assert calendar["holidays"][1] == {
            "date": date(2026, 4, 3),
            "cs": "Velký pátek",
            "en": "Good Friday",
        }

    def test_languages_may_be_chosen(self) -> None:
        """And a country without Czech names has none."""
        english = run("holidays", "--country", "CZ", "--years", "2026", "--lang", "en")
        foreign = run("holidays", "--country", "nz", "--years", "2026")

        assert "cs = " not in english.stdout
        assert "cs = " not in foreign.stdout

    def test_a_part_of_a_country_has_its_own(self) -> None:
        """Auckland's anniversary is in Auckland only."""
        whole = run("holidays", "--country", "NZ", "--years", "2026")
        part = run("holidays", "--country", "NZ", "--years", "2026", "--subdivision", "AUK")

        assert "Auckland Anniversary Day" not in whole.stdout
        assert "Auckland Anniversary Day" in part.stdout

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--country", "CZE", "--years", "2026"], "near are CZ (Czechia)"),
            (["--country", "czechia", "--years", "2026"], "near are CZ (Czechia)"),
            (["--country", "UK", "--years", "2026"], "near are GB (United Kingdom)"),
            (["--country", "CZ", "--years", "1900-1950"], "known from 1952 to 2100"),
            (["--country", "CZ", "--years", "2026-2025"], "the first year comes first"),
            (["--country", "CZ", "--years", "2000-2100"], "at most 100 years"),
            (["--country", "CZ", "--years", "soon"], "such as 2010-2040"),
            (["--country", "CZ", "--years", "2026", "--subdivision", "X"], "no part called 'X'"),
            (["--country", "NZ", "--years", "2026", "--lang", "cs"], "no names in the language"),
            (["--years", "2026"], "--country"),
        ],
    )
    def test_what_is_not_known_ends_with_2(self, arguments: list[str], message: str) -> None:
        """Each with the cure, and nothing on standard output."""
        result = run("holidays", *arguments)

        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr


@pytest.mark.parametrize("command", ["check", "show", "holidays"])
def test_every_command_has_an_example(command: str) -> None:
    """Help shows a line to copy."""
    shown = run(command, "--help").stdout
    assert f"  lhuta policy {command}" in shown.split("Examples:")[1]
    assert shown.index("Options:") < shown.index("Examples:")


def test_the_list_of_commands_is_not_cut() -> None:
    """Each is said in a line that fits."""
    shown = run("--help").stdout.split("Commands:")[1]

    assert "..." not in shown
    assert "Propose a country's public holidays for a policy." in shown


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    """`python -m infra.doors.cli` does what `lhuta` does, in any locale and time zone."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TZ": "Asia/Tokyo", "LC_ALL": "C"}

    done = subprocess.run(
        [sys.executable, "-m", "infra.doors.cli", "policy", "show", "--lang", "cs"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "mimo pracovní dobu" in done.stdout.decode("utf-8")
