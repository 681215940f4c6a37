"""Policy files: what they say, and how every mistake in one is told (semantics §1)."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from domain.instant import DAY, HOUR, MINUTE, SECOND
from domain.policy import Policies, PoliciesDisagree, Policy, Step, Target
from infra.store.policies import (
    PolicyInvalid,
    PolicyUnknown,
    PolicyUnreadable,
    Problem,
    files,
    find,
    load,
    succession,
    zone,
)
from infra.store.policies.document import parse
from infra.store.policies.line import KeyPath, key_lines
from infra.store.policies.table import written
from tests.conftest import REPOSITORY

POLICIES = REPOSITORY / "policies"

ACME = """\
name = "acme"
version = 1
title = { en = "Acme support", cs = "Podpora Acme" }
zone = "Europe/Vienna"
business_day = "8 hours"
settle = "10 seconds"
max_backdate = "2 days"

[thresholds]
warnings = [0.50, 0.9]
overdue = [1, 2.5]

[calendar]
name = "AT 2026, edition 1"
years = [2026, 2027]
holidays = [
    { date = 2026-01-01, en = "New Year" },
    { date = 2026-01-06, en = "Epiphany" },
]

[hours.office]
monday = ["08:00-12:00", "13:00-17:00"]
sunday = ["22:00-06:00"]

[severities.1]
title = { en = "grave" }
impacts = ["down", "slow"]

[severities.2]
title = { en = "light" }
impacts = ["slow"]

[impacts]
down = { en = "down" }
slow = { en = "slow" }

[topics.help]
supported = true
en = "help"

[root_causes]
bug = { en = "bug" }

[plans.gold]
title = { en = "Gold" }
hours = "office"

[plans.gold.targets]
initial.1 = { business = "90 minutes", off_hours = "2 days" }
initial.2 = { business = "1 business day" }
ongoing.1 = { off_hours = "36 hours" }
"""


def policy_of(text: str) -> Policy:
    """Return the policy that a text is."""
    return parse(text.encode(), "acme.toml").policy


ODD_VALUES = """\
1 -1 1.5 nan inf true "" "x" [] [[]] [{}] {} {x=1} 99999999999999
2026-01-01 2026-01-01T00:00:00 2026-01-01T00:00:00Z 07:00:00
"""


def told_of(text: str) -> tuple[Problem, ...]:
    """Return what is told about a text, nothing where it is a policy."""
    try:
        policy_of(text)
    except PolicyInvalid as error:
        return error.problems
    return ()


def problems_of(text: str) -> tuple[Problem, ...]:
    """Return what is told about a text that is no policy."""
    with pytest.raises(PolicyInvalid) as caught:
        parse(text.encode(), "acme.toml")
    return caught.value.problems


def edited(*edits: tuple[str, str]) -> str:
    """Return the good policy with some of its text replaced."""
    text = ACME
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} must be there once"
        text = text.replace(old, new)
    return text


class TestWhatAPolicySays:
    def test_everything_written_is_read(self) -> None:
        """Title, zone, thresholds, durations and budgets arrive as they were written."""
        policy = policy_of(ACME)

        assert policy.label == "acme@1"
        assert policy.effective_from is None
        assert policy.title == {"en": "Acme support", "cs": "Podpora Acme"}
        assert (policy.zone_name, policy.zone_data) == ("Europe/Vienna", zone.ZONE_DATA)
        assert policy.calendar_name == "AT 2026, edition 1"
        assert (policy.business_day, policy.settle) == (8 * HOUR, 10 * SECOND)
        assert policy.max_backdate == 2 * DAY
        assert policy.severities[1].impacts == ("down", "slow")
        assert policy.topics["help"].supported
        assert policy.plans["gold"].targets == {
            ("initial", 1): Target(90 * MINUTE, 2 * DAY),
            ("initial", 2): Target(8 * HOUR, None),
            ("ongoing", 1): Target(None, 36 * HOUR),
        }

    def test_a_step_keeps_the_digits_of_the_policy(self) -> None:
        """`0.50` is one half and stays `0.50` in alerts (contracts, `step`)."""
        policy = policy_of(ACME)

        assert policy.warning_steps == (
            Step("0.50", Fraction(1, 2)),
            Step("0.9", Fraction(9, 10)),
        )
        assert policy.overdue_steps == (Step("1", Fraction(1)), Step("2.5", Fraction(5, 2)))

    def test_thresholds_settle_and_max_backdate_have_the_published_defaults(self) -> None:
        """Without the keys: 0.5 and 0.75, then 1, 2 and 4; 30 seconds; 7 days."""
        policy = policy_of(
            edited(
                ('settle = "10 seconds"\n', ""),
                ('max_backdate = "2 days"\n', ""),
                ("[thresholds]\nwarnings = [0.50, 0.9]\noverdue = [1, 2.5]\n", ""),
            )
        )

        assert [step.text for step in policy.warning_steps] == ["0.5", "0.75"]
        assert [step.text for step in policy.overdue_steps] == ["1", "2", "4"]
        assert (policy.settle, policy.max_backdate) == (30 * SECOND, 7 * DAY)

    def test_a_plan_may_promise_nothing(self) -> None:
        """A plan without targets has no target in any cell."""
        text = ACME[: ACME.index("[plans.gold.targets]")]

        assert policy_of(text).plans["gold"].targets == {}

    def test_the_digest_is_that_of_the_published_bytes(self) -> None:
        """Anybody can compute a policy's digest with sha256sum."""
        assert policy_of(ACME).digest == sha256(ACME.encode()).hexdigest()
        assert policy_of(ACME + "\n").digest != policy_of(ACME).digest

    def test_a_later_version_says_when_it_comes_into_force(self) -> None:
        """Its effective_from is an instant, whatever the offset it was written with."""
        text = edited(("version = 1", "version = 2\neffective_from = 2026-06-01T00:00:00+02:00"))

        assert policy_of(text).effective_from == instant.parse("2026-05-31T22:00:00Z")

    def test_hours_that_ignore_holidays_stay_open_on_them(self) -> None:
        """With `holidays = false` the opening of a public holiday counts."""
        holiday_monday = (
            "    { date = 2026-01-06, en",
            "    { date = 2026-01-05, en = 'X' },\n    { date = 2026-01-06, en",
        )
        closed = policy_of(edited(holiday_monday)).plans["gold"].hours
        opened = policy_of(
            edited(holiday_monday, ("[hours.office]", "[hours.office]\nholidays = false"))
        )
        at = instant.parse("2026-01-05T09:00:00Z")

        assert not closed.is_open(at)
        assert opened.plans["gold"].hours.is_open(at)

    def test_words_may_hold_hard_spaces(self) -> None:
        """Czech typography ties a preposition to its noun."""
        text = edited(('cs = "Podpora Acme"', 'cs = "Podpora\u00a0Acme"'))

        assert policy_of(text).title["cs"] == "Podpora\u00a0Acme"

    def test_windows_line_ends_mean_the_same(self) -> None:
        """A file saved with carriage returns says what it says without."""
        crlf = parse(ACME.replace("\n", "\r\n").encode(), "acme.toml").policy

        assert crlf.plans["gold"].targets == policy_of(ACME).plans["gold"].targets


# What is edited, the key that is told, and words of the expectation and the finding.
MISTAKES: list[tuple[str, str, str, str, str]] = [
    ('name = "acme"', 'name = "Acme!"', "name", "a-z, 0-9 and -", '"Acme!"'),
    ("version = 1", "version = 0", "version", "an integer from 1", "0"),
    ("version = 1", "version = true", "version", "an integer from 1", "true"),
    ("version = 1", "version = 2", "effective_from", "with an offset", "nothing"),
    (
        "version = 1",
        "version = 2\neffective_from = 2026-06-01T00:00:00",
        "effective_from",
        "with an offset and without quotes",
        "2026-06-01T00:00:00",
    ),
    (
        "version = 1",
        'version = 2\neffective_from = "2026-06-01T00:00:00Z"',
        "effective_from",
        "without quotes",
        '"2026-06-01T00:00:00Z"',
    ),
    (
        "version = 1",
        "version = 2\neffective_from = 2031-01-01T00:00:00Z",
        "effective_from",
        "an instant in calendar.years, 2026 to 2027",
        "2031-01-01T00:00:00+00:00",
    ),
    (
        "version = 1",
        "version = 1\neffective_from = 2026-06-01T00:00:00Z",
        "effective_from",
        "no such key in version 1",
        "2026-06-01",
    ),
    ('zone = "Europe/Vienna"', 'zone = "Europe/Viena"', "zone", "'Europe/Vienna'", "Viena"),
    ('zone = "Europe/Vienna"', 'zone = "../etc/passwd"', "zone", "IANA", "passwd"),
    ('zone = "Europe/Vienna"', "zone = 1", "zone", "IANA time zone", "1"),
    ('title = { en = "Acme support", cs', "title = { cs", "title.en", "one line", "nothing"),
    (
        'title = { en = "Acme support"',
        'title = { en = "Acme\\nsupport"',
        "title.en",
        "one line of text",
        '"Acme\\nsupport"',
    ),
    ('title = { en = "Acme support"', 'title = { en = ""', "title.en", "1 to 200", '""'),
    ('title = { en = "Gold" }', 'title = "Gold"', "plans.gold.title", "a table", '"Gold"'),
    ('business_day = "8 hours"\n', "", "business_day", "hours", "nothing"),
    (
        'business_day = "8 hours"',
        'business_day = "9 hours"',
        "business_day",
        "the length of an opening (4 hours, 8 hours)",
        "9 hours",
    ),
    ('"10 seconds"', '"10 secs"', "settle", "a whole number of", '"10 secs"'),
    ('"10 seconds"', '"1.5 seconds"', "settle", "a whole number of", '"1.5 seconds"'),
    ('"10 seconds"', '"-1 seconds"', "settle", "a whole number of", '"-1 seconds"'),
    ('"10 seconds"', "10", "settle", "a whole number of", "10"),
    ('"10 seconds"', '"25 hours"', "settle", "at most 1 day", '"25 hours"'),
    ('max_backdate = "2 days"', 'max_backdate = "367 days"', "max_backdate", "366 days", "367"),
    ("max_backdate =", "max_backdat =", "max_backdat", "did you mean 'max_backdate'?", "max_"),
    ("[0.50, 0.9]", "[0.50, 1]", "thresholds.warnings[1]", "between 0 and 1", "1"),
    ("[0.50, 0.9]", "[0, 0.9]", "thresholds.warnings[0]", "between 0 and 1", "0"),
    ("[0.50, 0.9]", "[0.50, 0.5]", "thresholds.warnings[1]", "one above 0.50", "0.5"),
    ("[0.50, 0.9]", "[1e-999999999]", "thresholds.warnings[0]", "between 0 and 1", "1E-999999999"),
    ("[0.50, 0.9]", "[nan]", "thresholds.warnings[0]", "between 0 and 1", "NaN"),
    ("[0.50, 0.9]", "[true]", "thresholds.warnings[0]", "between 0 and 1", "true"),
    ("[0.50, 0.9]", '"0.5"', "thresholds.warnings", "an array", '"0.5"'),
    ("[0.50, 0.9]", "[0.1234567]", "thresholds.warnings[0]", "at most 6 digits after", "0.1234567"),
    ("[1, 2.5]", "[2.5, 1]", "thresholds.overdue[1]", "one above 2.5", "1"),
    ("[1, 2.5]", "[-1]", "thresholds.overdue[0]", "above 0", "-1"),
    ("[1, 2.5]", "[0x" + "f" * 5000 + "]", "thresholds.overdue[0]", "above 0", "very large"),
    ("overdue =", "overdu =", "thresholds.overdu", "did you mean 'overdue'?", "overdu"),
    ("[2026, 2027]", "[2027, 2026]", "calendar.years", "[first, last]", "[2027, 2026]"),
    ("[2026, 2027]", "[2026]", "calendar.years", "[first, last]", "[2026]"),
    ("[2026, 2027]", "[2026, 2126]", "calendar.years", "at most 100 years", "[2026, 2126]"),
    ("[2026, 2027]", '["2026", "2027"]', "calendar.years", "two years", '["2026", "2027"]'),
    ("2026-01-06", "2028-01-06", "calendar.holidays[1].date", "2026 to 2027", "2028-01-06"),
    ("2026-01-06", "2026-01-01", "calendar.holidays[1].date", "every date once", "2026-01-01"),
    ("2026-01-06", '"2026-01-06"', "calendar.holidays[1].date", "without quotes", '"2026-01-06"'),
    (
        "2026-01-06",
        "2026-01-06T00:00:00Z",
        "calendar.holidays[1].date",
        "a date such as",
        "2026-01-06T00:00:00+00:00",
    ),
    (', en = "Epiphany"', "", "calendar.holidays[1].en", "one line", "nothing"),
    (
        "    { date = 2026-01-06",
        "    7,\n    { date = 2026-01-06",
        "calendar.holidays[1]",
        "{",
        "7",
    ),
    ("holidays = [\n", "holydays = 1\nholidays = [\n", "calendar.holydays", "'holidays'", "holyd"),
    ("monday = [", "mondey = [", "hours.office.mondey", "did you mean 'monday'?", "mondey"),
    ('"13:00-17:00"', '"13:00-25:00"', "hours.office.monday[1]", "an opening", "25:00"),
    ('"13:00-17:00"', '"13:00-13:00"', "hours.office.monday[1]", "00:00-24:00", "13:00-13:00"),
    ('"13:00-17:00"', '"24:00-06:00"', "hours.office.monday[1]", "an opening", "24:00-06:00"),
    ('"13:00-17:00"', "13", "hours.office.monday[1]", "an opening", "13"),
    ('"13:00-17:00"', '"11:59-17:00"', "hours.office.monday[1]", "not overlap", "11:59-17:00"),
    ('"13:00-17:00"', '"08:00-12:00"', "hours.office.monday[1]", "not overlap", "08:00-12:00"),
    ('"22:00-06:00"', '"22:00-08:01"', "hours.office.sunday[0]", "opening of monday", "08:01"),
    ("[hours.office]", "[hours.Office]", "hours.Office", "at most 64 characters", "Office"),
    ('hours = "office"', 'hours = "offices"', "plans.gold.hours", "'office'", '"offices"'),
    (
        "[severities.1]",
        '[hours.idle]\nmonday = ["00:00-08:00"]\n\n[severities.1]',
        "hours.idle",
        "some plan keeps",
        "none that does",
    ),
    (
        'monday = ["08:00-12:00", "13:00-17:00"]\nsunday = ["22:00-06:00"]\n',
        "",
        "hours.office",
        "at least one opening",
        "none",
    ),
    ("[severities.2]", "[severities.3]", "severities", "without a gap", "no severity 2"),
    ("[severities.2]", "[severities.two]", "severities.two", "from 1 to 99", '"two"'),
    ("[severities.2]", "[severities.0]", "severities.0", "from 1 to 99", '"0"'),
    ('impacts = ["slow"]', 'impacts = ["slwo"]', "severities.2.impacts[0]", "'slow'", '"slwo"'),
    ('impacts = ["slow"]', "impacts = []", "severities.2.impacts", "at least one impact", "[]"),
    ('impacts = ["slow"]', 'impacts = ["slow", "slow"]', "severities.2.impacts[1]", "once", "slow"),
    ('impacts = ["slow"]', "impacts = [1]", "severities.2.impacts[0]", "name of an impact", "1"),
    (
        'down = { en = "down" }',
        'down = { en = "down" }\nodd = { en = "odd" }',
        "impacts.odd",
        "some severity names",
        "none that does",
    ),
    ('down = { en = "down" }', 'down = "down"', "impacts.down", "a table", '"down"'),
    ("supported = true\n", "", "topics.help.supported", "true or false", "nothing"),
    ("supported = true", 'supported = "yes"', "topics.help.supported", "true or false", '"yes"'),
    ('bug = { en = "bug" }', "", "root_causes", "at least one entry", "none"),
    (
        'bug = { en = "bug"',
        'bug = { en = "bug", de = "x"',
        "root_causes.bug.de",
        "a known key",
        "de",
    ),
    (
        "[topics.help]",
        '[topics.Help]\nsupported = true\nen = "x"\n\n[topics.help]',
        "topics.Help",
        "a-z, 0-9 and -",
        '"Help"',
    ),
    (
        'ongoing.1 = { off_hours = "36 hours" }',
        'ongoin.1 = { off_hours = "36 hours" }',
        "plans.gold.targets.ongoin",
        "did you mean 'ongoing'?",
        "ongoin",
    ),
    (
        "initial.2 =",
        "initial.3 =",
        "plans.gold.targets.initial.3",
        "a severity of this policy (1, 2)",
        '"3"',
    ),
    (
        '{ business = "1 business day" }',
        "{}",
        "plans.gold.targets.initial.2",
        "business, off_hours or both",
        "neither",
    ),
    (
        '{ business = "1 business day" }',
        '"1 business day"',
        "plans.gold.targets.initial.2",
        "a table",
        '"1 business day"',
    ),
    (
        '"1 business day"',
        '"1 day"',
        "plans.gold.targets.initial.2.business",
        "hours or business days",
        '"1 day"',
    ),
    (
        '"1 business day"',
        '"0 hours"',
        "plans.gold.targets.initial.2.business",
        "more than nothing",
        '"0 hours"',
    ),
    (
        '"1 business day"',
        '"366 business days"',
        "plans.gold.targets.initial.2.business",
        "at most 365 days",
        '"366 business days"',
    ),
    (
        '"36 hours"',
        '"2 business days"',
        "plans.gold.targets.ongoing.1.off_hours",
        "minutes, hours or days",
        '"2 business days"',
    ),
    (
        '{ business = "1 business day" }',
        '{ busines = "1 business day", off_hours = "1 hour" }',
        "plans.gold.targets.initial.2.busines",
        "did you mean 'business'?",
        "busines",
    ),
]


class TestMistakes:
    @pytest.mark.parametrize(("old", "new", "key", "expected", "found"), MISTAKES)
    def test_a_mistake_is_told_with_its_key_and_what_was_expected(
        self, old: str, new: str, key: str, expected: str, found: str
    ) -> None:
        """One mistake in a good policy gives one problem, at its key, and on its line."""
        text = edited((old, new))

        named = [problem for problem in problems_of(text) if problem.key == key]

        assert len(named) == 1
        assert expected in named[0].expected
        assert found in named[0].found
        assert named[0].file == "acme.toml"

    @pytest.mark.parametrize(("old", "new", "key", "expected", "found"), MISTAKES)
    def test_a_mistake_is_told_once(
        self, old: str, new: str, key: str, expected: str, found: str
    ) -> None:
        """What merely follows from a mistake is not told beside it."""
        assert [problem.key for problem in problems_of(edited((old, new)))] == [key]

    def test_the_line_is_that_of_the_key(self) -> None:
        """A problem inside a nested table or a long array points at its own line."""
        text = edited(
            ("2026-01-06", "2028-01-06"),
            ('"13:00-17:00"', '"13:00-25:00"'),
            ('"1 business day"', '"soon"'),
        )
        lines = text.splitlines()

        told = {problem.key: lines[(problem.line or 0) - 1] for problem in problems_of(text)}

        assert told == {
            "calendar.holidays[1].date": '    { date = 2028-01-06, en = "Epiphany" },',
            "hours.office.monday[1]": 'monday = ["08:00-12:00", "13:00-25:00"]',
            "plans.gold.targets.initial.2.business": 'initial.2 = { business = "soon" }',
        }

    def test_a_missing_key_points_at_its_table(self) -> None:
        """Where nothing stands, the line is that of what should hold it; the top has none."""
        text = edited(("supported = true\n", ""), ('business_day = "8 hours"\n', ""))
        lines = text.splitlines()

        top, topic = problems_of(text)

        assert (top.key, top.line) == ("business_day", None)
        assert (topic.key, lines[(topic.line or 0) - 1]) == (
            "topics.help.supported",
            "[topics.help]",
        )

    def test_all_mistakes_come_at_once_in_the_order_of_the_file(self) -> None:
        """Every edit below is told by the same reading."""
        text = edited(
            ('name = "acme"', 'name = "Acme!"'),
            ("[1, 2.5]", "[2.5, 1]"),
            ("2026-01-06", "2028-01-06"),
            ("monday = [", "mondey = ["),
            ('impacts = ["slow"]', 'impacts = ["slwo"]'),
            ('bug = { en = "bug" }', ""),
            ('"36 hours"', '"36 hrs"'),
        )

        assert [problem.key for problem in problems_of(text)] == [
            "name",
            "thresholds.overdue[1]",
            "calendar.holidays[1].date",
            "hours.office.mondey",
            "severities.2.impacts[0]",
            "root_causes",
            "plans.gold.targets.ongoing.1.off_hours",
        ]

    def test_a_typing_error_in_the_hours_hides_nothing_else(self) -> None:
        """Names are compared and lengths are checked as far as the hours could be read."""
        text = edited(
            ("monday = [", "mondey = ["),
            ('hours = "office"', 'hours = "ofice"'),
            ('business_day = "8 hours"', 'business_day = "7 hours"'),
        )

        told = {problem.key: problem.expected for problem in problems_of(text)}

        assert list(told) == ["business_day", "hours.office.mondey", "plans.gold.hours"]
        assert told["business_day"] == (
            "the length of an opening (8 hours, as far as the hours could be read)"
        )
        assert "did you mean 'office'?" in told["plans.gold.hours"]

    def test_an_opening_that_cannot_be_read_makes_no_business_day_wrong(self) -> None:
        """A plan may mean the very opening that is mistyped."""
        text = edited(
            (
                'monday = ["08:00-12:00", "13:00-17:00"]\nsunday = ["22:00-06:00"]\n',
                'monday = ["8:00-16:00"]\nsunday = ["10:00-12:00"]\n\n'
                '[hours.late]\nmonday = ["12:00-20:00"]\n',
            ),
            (
                "[root_causes]",
                "[plans.plain]\ntitle = { en = 'P' }\nhours = 'late'\n[root_causes]",
            ),
        )

        assert [problem.key for problem in problems_of(text)] == ["hours.office.monday[0]"]

    def test_a_mistake_in_an_impact_or_severity_hides_no_wrong_name(self) -> None:
        """Impacts and cells are held against the names that are there."""
        text = edited(
            ('slow = { en = "slow" }', 'slow = { cs = "pomalé" }'),
            ('impacts = ["slow"]', 'impacts = ["slwo"]'),
            ("initial.2 =", "initial.3 ="),
            ('"36 hours"', '"36 hrs"'),
            (
                "[severities.1]",
                '[hours.idle]\nmonday = ["00:00-08:00"]\n\n[severities.1]',
            ),
        )

        assert [problem.key for problem in problems_of(text)] == [
            "hours.idle",
            "severities.2.impacts[0]",
            "impacts.slow.en",
            "plans.gold.targets.initial.3",
            "plans.gold.targets.ongoing.1.off_hours",
        ]

    def test_a_misnamed_definition_is_the_only_one_to_blame(self) -> None:
        """Who asks for it is not told as well, and who asks for something else is."""
        other = '[hours.late]\nmonday = ["12:00-20:00"]\n\n[hours.Office]'
        plain = "[plans.plain]\ntitle = { en = 'P' }\nhours = 'dya'\n[root_causes]"
        text = edited(("[hours.office]", other), ("[root_causes]", plain))

        assert [problem.key for problem in problems_of(text)] == [
            "hours.Office",
            "plans.plain.hours",
        ]

    def test_a_long_array_is_shown_shortened(self) -> None:
        """Enough of it to be found, on one line; arrays and tables in it are hinted at."""
        numbers = ", ".join(map(str, range(1000, 2000)))
        (long,) = problems_of(edited(("[2026, 2027]", f"[{numbers}]")))
        (deep,) = problems_of(edited(("[2026, 2027]", "[[1], { a = 1 }, true]")))

        assert long.found.startswith("[1000, 1001, 1002, ")
        assert long.found.endswith(", ...]")
        assert len(long.found) < 120
        assert deep.found == "[[...], a table, true]"

    def test_an_empty_file_lacks_every_required_key(self) -> None:
        """Each is named once, and nothing inside of what is not there."""
        assert {problem.key for problem in problems_of("")} == {
            "name",
            "version",
            "title",
            "zone",
            "calendar",
            "business_day",
            "hours",
            "impacts",
            "severities",
            "topics",
            "root_causes",
            "plans",
        }

    def test_a_problem_reads_as_one_line(self) -> None:
        """File, line, key, expectation and finding, in that order."""
        (problem,) = problems_of(edited(("version = 1", "version = 0")))

        assert str(problem) == (
            "acme.toml:2: version: expected an integer from 1 to 999999, found 0"
        )

    def test_business_days_need_an_opening_of_that_length_in_the_plan_s_hours(self) -> None:
        """A plan that never closes has no business day of 8 hours."""
        text = edited(
            ('hours = "office"', 'hours = "always"'),
            ("[severities.1]", _always("always", holidays=False) + "\n[severities.1]"),
            (
                "[root_causes]",
                "[plans.plain]\ntitle = { en = 'P' }\nhours = 'office'\n[root_causes]",
            ),
            (', off_hours = "2 days"', ""),
            ('{ off_hours = "36 hours" }', '{ business = "36 hours" }'),
        )

        (problem,) = problems_of(text)

        assert problem.key == "plans.gold.targets.initial.2.business"
        assert "no opening of hours.always lasts a business day of 8 hours" in problem.expected

    def test_a_budget_outside_hours_that_never_close_is_refused(self) -> None:
        """It could never be used up, so its deadline would never come."""
        text = edited(
            ('hours = "office"', 'hours = "always"'),
            ("[severities.1]", _always("always", holidays=False) + "\n[severities.1]"),
            (
                "[root_causes]",
                "[plans.plain]\ntitle = { en = 'P' }\nhours = 'office'\n[root_causes]",
            ),
            ('"1 business day"', '"8 hours"'),
        )

        assert [problem.key for problem in problems_of(text)] == [
            "plans.gold.targets.initial.1.off_hours",
            "plans.gold.targets.ongoing.1.off_hours",
        ]

    def test_hours_that_only_holidays_close_may_have_such_a_budget(self) -> None:
        """A holiday is time outside business hours."""
        policy = policy_of(
            edited(
                ('hours = "office"', 'hours = "always"'),
                ("[severities.1]", _always("always", holidays=True) + "\n[severities.1]"),
                (
                    "[root_causes]",
                    "[plans.plain]\ntitle = { en = 'P' }\nhours = 'office'\n[root_causes]",
                ),
                ('"1 business day"', '"8 hours"'),
            )
        )

        assert policy.plans["gold"].hours.off_hours.total == 2 * DAY

    def test_openings_may_touch(self) -> None:
        """A closing belongs to the time after it, so 12:00 to 12:00 is no overlap."""
        policy_of(edited(('"13:00-17:00"', '"12:00-16:00"'), ('"22:00-06:00"', '"22:00-08:00"')))


def _always(name: str, *, holidays: bool) -> str:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    lines = [f"[hours.{name}]", f"holidays = {str(holidays).lower()}"]
    return "\n".join([*lines, *(f'{day} = ["00:00-24:00"]' for day in days), ""])


class TestFilesThatAreNoPolicy:
    @pytest.mark.parametrize("value", ODD_VALUES.split())
    def test_any_value_of_any_key_is_read_or_told(self, value: str) -> None:
        """Whatever stands behind a key, the answer is a policy or a list of problems."""
        lines = ACME.splitlines()
        for index, line in enumerate(lines):
            if " = " in line and not line.startswith(" ") and not line.endswith("["):
                changed = [*lines[:index], f"{line.split(' = ')[0]} = {value}", *lines[index + 1 :]]
                assert all(problem.key for problem in told_of("\n".join(changed)))

    @pytest.mark.parametrize("step", range(5))
    def test_a_policy_cut_anywhere_is_read_or_told(self, step: int) -> None:
        """A file that was only half copied gives problems, not a traceback."""
        assert all(told_of(ACME[:end]) for end in range(step, len(ACME) - 200, 5))

    def test_a_syntax_error_is_told_with_its_line(self) -> None:
        """The parser's place is passed on."""
        (problem,) = problems_of(edited(("version = 1", "version 1")))

        assert problem.line == 2
        assert problem.key == ""
        assert "column 9" in problem.found

    def test_a_syntax_error_at_the_end_is_told_as_such(self) -> None:
        """An array that never ends is noticed at the last line."""
        (problem,) = problems_of('name = "acme"\nyears = [2026,\n')

        assert problem.line == 3
        assert "at the end of the file" in problem.found

    @pytest.mark.parametrize(
        ("content", "line", "expected"),
        [
            (b'name = "acme"\ntitle = "\xe9t\xe9"\n', 2, "text in UTF-8"),
            (b'\xef\xbb\xbfname = "acme"\n', 1, "without a byte order mark"),
            (b"x = " + b"[" * 50_000, None, "a few levels deep"),
            (b"x = " + b"9" * 5_000, None, "TOML that can be parsed"),
            (b"#" * (4 * 1024 * 1024 + 1), None, "at most 4 MiB"),
            (b"\x00", 1, "TOML that can be parsed"),
        ],
        ids=["latin", "mark", "deep", "huge number", "large", "binary"],
    )
    def test_what_is_not_text_of_a_policy_is_refused(
        self, tmp_path: Path, content: bytes, line: int | None, expected: str
    ) -> None:
        """Each is one problem with a reason, never a traceback."""
        path = tmp_path / "acme.toml"
        path.write_bytes(content)

        with pytest.raises(PolicyInvalid) as caught:
            load(path)

        (problem,) = caught.value.problems
        assert (problem.file, problem.line) == (str(path), line)
        assert expected in problem.expected

    def test_a_directory_and_a_missing_file_cannot_be_read(self, tmp_path: Path) -> None:
        """They are told apart from files that are wrong."""
        with pytest.raises(PolicyUnreadable, match="is a directory"):
            load(tmp_path)
        with pytest.raises(PolicyUnreadable, match="does not exist"):
            load(tmp_path / "acme.toml")


class TestFinding:
    @pytest.fixture(autouse=True)
    def _elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("LHUTA_POLICIES", raising=False)

    def test_a_published_policy_is_found_from_anywhere(self) -> None:
        """The policies that come with the program need no folder of one's own."""
        assert [policy.label for policy in find("managry").versions] == ["managry@1"]

    def test_a_name_stands_for_all_its_versions(self, tmp_path: Path) -> None:
        """Version 2 judges from its effective_from on, version 1 before."""
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "acme.toml").write_text(ACME)
        (folder / "acme@2.toml").write_text(_second_version())

        policies = find("acme")

        assert [policy.label for policy in policies.versions] == ["acme@1", "acme@2"]
        assert policies.in_force(instant.parse("2026-05-31T21:59:59Z")).version == 1
        assert policies.in_force(instant.parse("2026-05-31T22:00:00Z")).version == 2

    def test_the_environment_names_the_only_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With LHUTA_POLICIES neither ./policies nor the shipped ones are looked at."""
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "acme.toml").write_text("not even TOML")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "acme.toml").write_text(ACME)
        monkeypatch.setenv("LHUTA_POLICIES", str(tmp_path / "mine"))

        assert find("acme").versions[0].label == "acme@1"
        with pytest.raises(PolicyUnknown, match="known are acme"):
            find("managry")

    def test_an_environment_that_names_no_folder_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A wrong LHUTA_POLICIES does not fall back to something else."""
        monkeypatch.setenv("LHUTA_POLICIES", "nowhere")

        with pytest.raises(PolicyUnreadable, match="LHUTA_POLICIES names nowhere"):
            find("managry")

    def test_other_policies_in_the_folder_are_not_opened(self, tmp_path: Path) -> None:
        """A broken neighbour does not matter."""
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "acme.toml").write_text(ACME)
        (tmp_path / "policies" / "broken.toml").write_text("=")

        assert find("acme").versions[0].label == "acme@1"

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        """With the nearest one first."""
        with pytest.raises(PolicyUnknown, match=r"did you mean 'managry'.*ficticia, managry"):
            find("managri")

    def test_a_path_is_one_version_whatever_it_is_called(self, tmp_path: Path) -> None:
        """A draft may have any file name; a file without an ending is a path too."""
        (tmp_path / "draft.toml").write_text(ACME)
        (tmp_path / "draft").write_text(ACME)

        assert [file.policy.label for file in files("draft.toml")] == ["acme@1"]
        assert [file.policy.label for file in files("draft")] == ["acme@1"]

    def test_a_file_must_be_called_as_the_policy_in_it(self, tmp_path: Path) -> None:
        """Found by name, another content is refused."""
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "acme@3.toml").write_text(ACME)

        with pytest.raises(PolicyInvalid, match=r"acme@1 in a file called acme\.toml"):
            find("acme")

    def test_a_missing_earlier_version_is_told(self, tmp_path: Path) -> None:
        """Without version 1 the tickets of its time would be judged by version 2."""
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "acme@2.toml").write_text(_second_version())

        with pytest.raises(PolicyInvalid, match=r"expected 1, or acme@1 given too, found 2"):
            find("acme")

    def test_versions_out_of_order_are_refused(self, tmp_path: Path) -> None:
        """Version 3 may not come into force before version 2."""
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "acme.toml").write_text(ACME)
        (folder / "acme@2.toml").write_text(_second_version())
        earlier = _second_version().replace("version = 2", "version = 3")
        (folder / "acme@3.toml").write_text(earlier.replace("2026-06-01", "2026-05-01"))

        with pytest.raises(PolicyInvalid, match=r"an instant after 2026-06-01.*acme@2 comes"):
            find("acme")

    def test_everything_that_is_wrong_is_told_at_once(self, tmp_path: Path) -> None:
        """In every version and between them; a gap only where all could be read."""
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "acme.toml").write_text(ACME)
        (folder / "acme@2.toml").write_text(_second_version().replace("[plans.gold", "[plans.new"))
        (folder / "acme@4.toml").write_text(version_of(4, "2026-05-01"))
        with pytest.raises(PolicyInvalid) as found:
            find("acme")
        told = [(Path(one.file).name, one.key) for one in found.value.problems]
        assert told == [
            ("acme@2.toml", "plans.gold"),
            ("acme@4.toml", "version"),
            ("acme@4.toml", "effective_from"),
            ("acme@4.toml", "plans.new"),
        ]

        (folder / "acme@3.toml").write_text("name = 1")
        with pytest.raises(PolicyInvalid) as found:
            find("acme")
        keys = {(Path(one.file).name, one.key) for one in found.value.problems}
        assert ("acme@3.toml", "name") in keys
        assert ("acme@4.toml", "plans.new") in keys
        assert ("acme@4.toml", "version") not in keys


def _second_version() -> str:
    return version_of(2, "2026-06-01")


def version_of(version: int, day: str, *edits: tuple[str, str]) -> str:
    """Return a later version of the good policy, in force from a day's midnight in summer."""
    head = f"version = {version}\neffective_from = {day}T00:00:00+02:00"
    return edited(("version = 1", head), *edits)


def _conflicts(*texts: str, gaps: bool = True) -> list[str]:
    """Return why versions cannot stand together, each called by its place: 1.toml, 2.toml."""
    read = {
        f"{number}.toml": parse(text.encode(), f"{number}.toml")
        for number, text in enumerate(texts, 1)
    }
    told = succession.problems(read, gaps=gaps)
    assert all(path == problem.file for path in told for problem in told[path])
    return [str(problem) for problems in told.values() for problem in problems]


class TestVersionsTogether:
    def test_versions_that_follow_each_other_are_fine(self) -> None:
        """In any order; another policy has versions of its own, and one alone may be any."""
        other = edited(('name = "acme"', 'name = "other"'))
        third = version_of(3, "2026-07-01")

        assert _conflicts(third, ACME, other, _second_version()) == []
        assert _conflicts(third, other) == []

    def test_a_version_may_not_come_into_force_before_an_earlier_one(self) -> None:
        """It is held against the latest of all earlier ones, as they wrote it."""
        told = _conflicts(
            ACME, _second_version(), version_of(3, "2026-05-01"), version_of(4, "2026-06-01")
        )

        expected = "an instant after 2026-06-01T00:00:00+02:00, when acme@2 comes into force"
        assert told == [
            f"3.toml:3: effective_from: expected {expected}, found 2026-05-01T00:00:00+02:00",
            f"4.toml:3: effective_from: expected {expected}, found 2026-06-01T00:00:00+02:00",
        ]

    def test_a_version_keeps_every_plan_and_severity(self) -> None:
        """Each that is lost is a problem of its own, beside all others."""
        told = _conflicts(
            ACME,
            version_of(
                2,
                "2026-06-01",
                ("[plans.gold]", "[plans.silver]"),
                ("[plans.gold.targets]", "[plans.silver.targets]"),
                ('[severities.2]\ntitle = { en = "light" }\nimpacts = ["slow"]\n', ""),
                ('initial.2 = { business = "1 business day" }\n', ""),
            ),
        )

        assert [line.split(", because")[0] for line in told] == [
            "2.toml:26: severities.2: expected the severity that acme@1 has",
            "2.toml:42: plans.gold: expected the plan that acme@1 has",
        ]

    def test_a_version_is_given_once(self) -> None:
        """The second file of it is told of the first."""
        assert _conflicts(ACME, ACME + "\n") == [
            "2.toml:2: version: expected a version of its own, because 1.toml is acme@1 too, "
            "found 1"
        ]

    def test_a_gap_is_told_where_all_were_to_be_given(self) -> None:
        """Found by its name the policy would lack the versions between."""
        third, ninth = version_of(3, "2026-06-01"), version_of(9, "2026-07-01")

        assert _conflicts(ACME, third, ninth) == [
            "2.toml:2: version: expected 2, which follows acme@1, or acme@2 given too, found 3",
            "3.toml:2: version: expected 4, which follows acme@3, or acme@4 to acme@8 given too, "
            "found 9",
        ]
        assert _conflicts(ACME, third, ninth, gaps=False) == []

    @pytest.mark.parametrize("day", ["2026-05-31", "2026-06-01", "2026-06-02"])
    @pytest.mark.parametrize("plan", ["gold", "silver"])
    @pytest.mark.parametrize("version", [2, 3])
    def test_what_is_told_is_what_the_judge_refuses(
        self, version: int, plan: str, day: str
    ) -> None:
        """`Policies` and the check of files agree whether versions make a succession."""
        third = version_of(
            version,
            day,
            ("[plans.gold]", f"[plans.{plan}]"),
            ("[plans.gold.targets]", f"[plans.{plan}.targets]"),
        )
        texts = (ACME, _second_version(), third)
        try:
            Policies(tuple(policy_of(text) for text in texts))
            refused = False
        except PoliciesDisagree:
            refused = True

        assert bool(_conflicts(*texts)) is refused


class TestLines:
    @pytest.mark.parametrize("name", ["managry", "ficticia"])
    def test_every_key_of_a_policy_has_its_line(self, name: str) -> None:
        """The line of each value contains the last part of its path."""
        text = (POLICIES / f"{name}.toml").read_text("utf-8")
        rows = text.splitlines()
        lines = key_lines(text)

        for path in _paths((), tomllib.loads(text)):
            last = path[-1]
            assert isinstance(last, int) or last in rows[lines[path] - 1], written(path)

    def test_strings_and_comments_do_not_mislead(self) -> None:
        """What looks like a key inside of a text or a comment is none."""
        text = '''\
a = """
b = 1 # [c]
""" # d = 2
'e.f' = 'g = 3'
"h\\"]" = [ # i
    { j = "}" },

    { j = \'\'\'
],\'\'\' }, 0.5, 1979-05-27 07:32:00,
]
[[k . l]]
m.n = 1
[[k.l]]
[k.l.o]
p = ""
'''
        lines = key_lines(text)

        assert set(lines) == set(_paths((), tomllib.loads(text)))
        assert lines["a",] == 1
        assert lines["e.f",] == 4
        assert lines['h"]', 1, "j"] == 8
        assert lines['h"]', 2] == 9
        assert lines["k", "l", 0, "m", "n"] == 12
        assert lines["k", "l", 1] == 13
        assert lines["k", "l", 1, "o", "p"] == 15


def _paths(path: KeyPath, value: object) -> Iterator[KeyPath]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths((*path, index), inner)


class TestZones:
    def test_zones_do_not_come_from_the_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A search path of the system's database changes nothing."""
        monkeypatch.setenv("PYTHONTZPATH", "")
        prague = zone.load("Europe/Prague")

        assert prague.utcoffset(datetime(2026, 7, 1)) == timedelta(hours=2)
        assert prague is not ZoneInfo("Europe/Prague")

    def test_the_edition_of_the_zone_data_is_named(self) -> None:
        """`tzdata` and the IANA edition, such as 2026a."""
        package, edition = zone.ZONE_DATA.split()

        assert package == "tzdata"
        assert edition[:4].isdigit()


AUDIENCES = """
[audiences.desk]
en = "the desk"
kinds = ["warning", "breach"]

[audiences.boss]
en = "the boss"
kinds = ["breach"]
"""


def test_a_policy_says_who_is_told_of_what() -> None:
    """Somebody is told of an alert if they are told of one of its kinds."""
    policy = policy_of(ACME + AUDIENCES)
    assert policy.told(["warning"]) == ("desk",)
    assert policy.told(["breach", "overdue"]) == ("desk", "boss")
    assert policy.told(["untriaged"]) == ()


def test_without_audiences_nobody_is_named() -> None:
    """The section may be left out."""
    assert policy_of(ACME).audiences == {}


def test_the_faults_of_an_audience_are_named() -> None:
    """An unknown kind with the nearest known one, a kind twice, and words that lack English."""
    text = ACME + AUDIENCES.replace('"warning", "breach"', '"warnings", "breach", "breach"')
    found = problems_of(text.replace('en = "the boss"', 'cs = "vedoucí"'))
    assert sorted(problem.key for problem in found) == [
        "audiences.boss.en",
        "audiences.desk.kinds[0]",
        "audiences.desk.kinds[2]",
    ]
    assert any("warning" in problem.expected for problem in found)
