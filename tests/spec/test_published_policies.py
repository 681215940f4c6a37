"""The policies that come with the program: what they promise, and when (semantics §1, §3)."""

import tomllib
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from domain.hours import Hours
from domain.instant import DAY, HOUR, SECOND
from domain.policy import Target
from infra.store.policies import PolicyFile, holiday, load, read
from tests.conftest import REPOSITORY

POLICIES = REPOSITORY / "policies"


@pytest.fixture(scope="module")
def managry() -> PolicyFile:
    """Load the published policy once."""
    return read(POLICIES / "managry.toml")


class TestTheManagryPolicy:
    def test_it_publishes_these_targets_and_no_others(self, managry: PolicyFile) -> None:
        """The table of semantics §1, cell by cell."""
        business_day = 9 * HOUR
        critical, high = Target(HOUR, 8 * HOUR), Target(2 * HOUR, 8 * HOUR)

        assert managry.policy.business_day == business_day
        assert managry.policy.plans["standard"].targets == {
            ("initial", 1): Target(HOUR, None),
            ("initial", 2): Target(4 * HOUR, None),
            ("ongoing", 1): Target(2 * HOUR, None),
            ("ongoing", 2): Target(business_day, None),
        }
        assert managry.policy.plans["premium"].targets == {
            ("initial", 1): critical,
            ("initial", 2): high,
            ("initial", 3): Target(business_day, None),
            ("initial", 4): Target(2 * business_day, None),
            ("ongoing", 1): critical,
            ("ongoing", 2): high,
        }

    def test_severities_are_justified_by_the_published_impacts(self, managry: PolicyFile) -> None:
        """Four severities, and one impact that justifies two of them."""
        assert {level: s.impacts for level, s in managry.policy.severities.items()} == {
            1: (
                "service-unavailable",
                "critical-functionality-unavailable",
                "data-at-risk",
                "operations-halted",
            ),
            2: ("critical-functionality-unavailable", "serious-performance"),
            3: ("non-critical-loss",),
            4: ("usage-question", "enhancement", "minor-loss"),
        }

    def test_topics_and_root_causes_are_the_contract_s(self, managry: PolicyFile) -> None:
        """Names by contracts, `data` per type; three topics are not supported."""
        topics = managry.policy.topics

        assert [name for name, topic in topics.items() if topic.supported] == [
            "usage",
            "configuration",
            "defect",
            "diagnosis",
            "installation",
        ]
        assert [name for name, topic in topics.items() if not topic.supported] == [
            "modified-software",
            "unverified-environment",
            "third-party",
        ]
        assert list(managry.policy.root_causes) == [
            "defect",
            "configuration",
            "environment",
            "usage",
            "third-party",
            "capacity",
            "change",
            "unknown",
        ]

    def test_thresholds_settle_and_max_backdate_are_the_defaults(self, managry: PolicyFile) -> None:
        """Semantics §2, §5 and §6."""
        policy = managry.policy

        assert [step.text for step in policy.warning_steps] == ["0.5", "0.75"]
        assert [step.text for step in policy.overdue_steps] == ["1", "2", "4"]
        assert (policy.settle, policy.max_backdate) == (30 * SECOND, 7 * DAY)

    @pytest.mark.parametrize("name", ["managry", "ficticia"])
    def test_everything_has_words_in_english_and_czech(self, name: str) -> None:
        """A Czech customer reads no English anywhere in it."""
        policy = read(POLICIES / f"{name}.toml")
        phrases = [
            policy.policy.title,
            *(plan.title for plan in policy.policy.plans.values()),
            *(severity.title for severity in policy.policy.severities.values()),
            *(topic.title for topic in policy.policy.topics.values()),
            *policy.policy.impacts.values(),
            *policy.policy.root_causes.values(),
            *policy.calendar.holidays.values(),
        ]

        assert all(set(phrase) == {"en", "cs"} for phrase in phrases)

    @pytest.mark.parametrize(
        ("received", "due"),
        [
            ("2026-03-06 16:00", "2026-03-06 17:00"),
            ("2026-03-06 16:30", "2026-03-07 01:00"),
            ("2026-03-06 17:00", "2026-03-07 01:00"),
            ("2026-03-09 02:00", "2026-03-09 09:00"),
            ("2026-03-09 07:59", "2026-03-09 09:00"),
            ("2026-03-09 08:00", "2026-03-09 09:00"),
        ],
    )
    def test_premium_severity_1_is_due_as_the_table_says(
        self, managry: PolicyFile, received: str, due: str
    ) -> None:
        """Every row of semantics §3, in Prague time."""
        plan = managry.policy.plans["premium"]

        found = plan.hours.due(_prague(received), *plan.targets["initial", 1])

        assert found == _prague(due)

    def test_the_compiled_openings_keep_their_digest(self, managry: PolicyFile) -> None:
        """Other zone data or another compilation that moves an opening would be noticed here."""
        hours = managry.policy.plans["premium"].hours

        assert hours.digest == "1515da273912454201b45f414bd5580b6679d1fa0c5185c6d196b3d2dc6d39c9"
        assert managry.policy.plans["standard"].hours is hours


def _prague(local: str) -> int:
    return instant.from_datetime(
        datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Prague"))
    )


class TestTheCzechCalendar:
    @pytest.mark.parametrize(
        ("year", "days"),
        [
            (2015, "01-01 04-06 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"),
            (2016, "01-01 03-25 03-28 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"),
            (2026, "01-01 04-03 04-06 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26"),
        ],
    )
    def test_these_years_have_these_holidays(
        self, managry: PolicyFile, year: int, days: str
    ) -> None:
        """Copied by hand from printed calendars: Good Friday is one only since 2016."""
        found = [day for day in managry.calendar.holidays if day.year == year]

        assert [day.isoformat()[5:] for day in found] == days.split()

    def test_every_year_follows_the_law(self, managry: PolicyFile) -> None:
        """Act 245/2000 Coll.: eleven fixed days, Easter Monday, and Good Friday since 2016."""
        fixed = [(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17)]
        fixed += [(12, 24), (12, 25), (12, 26)]
        lawful: set[date] = set()
        for year in range(2010, 2041):
            lawful |= {date(year, month, day) for month, day in fixed}
            lawful.add(_easter_sunday(year) + timedelta(days=1))
            if year >= 2016:
                lawful.add(_easter_sunday(year) - timedelta(days=2))

        assert set(managry.calendar.holidays) == lawful

    def test_it_is_what_the_command_proposes(self, managry: PolicyFile) -> None:
        """The frozen table is the proposal of the `holidays` package, names included."""
        proposed = tomllib.loads(holiday.calendar("CZ", 2010, 2040, None, ("en", "cs")))

        assert {
            entry["date"]: {"en": entry["en"], "cs": entry["cs"]}
            for entry in proposed["calendar"]["holidays"]
        } == managry.calendar.holidays


def _easter_sunday(year: int) -> date:
    """Return Easter by the tables of the Gregorian reform: the Sunday after the full moon."""
    golden = year % 19 + 1
    century = year // 100 + 1
    skipped_leap_days = 3 * century // 4 - 12
    moon_correction = (8 * century + 5) // 25 - 5
    epact = (11 * golden + 20 + moon_correction - skipped_leap_days) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full_moon = 44 - epact
    moon = date(year, 3, 1) + timedelta(days=(full_moon if full_moon >= 21 else full_moon + 30) - 1)
    return moon + timedelta(days=7 - (moon.weekday() + 1) % 7)


class TestTheExamplePolicy:
    def test_it_has_nothing_of_the_vendor(self, managry: PolicyFile) -> None:
        """Other plans, impacts, topics, zone, thresholds and number of severities."""
        example = load(POLICIES / "ficticia.toml")

        assert list(example.severities) == [1, 2, 3]
        assert not example.plans.keys() & managry.policy.plans.keys()
        assert not example.impacts.keys() & managry.policy.impacts.keys()
        assert not example.topics.keys() & managry.policy.topics.keys()
        assert not example.root_causes.keys() & managry.policy.root_causes.keys()
        assert example.zone_name == "America/Santiago"
        assert example.warning_steps[1].text == "0.80"

    def test_its_hours_are_right_where_midnight_is_skipped(self) -> None:
        """On 6 September 2026 Chile jumps from midnight to one: that Sunday has 23 hours."""
        plans = load(POLICIES / "ficticia.toml").plans
        start = instant.parse("2026-09-06T04:00:00Z")
        end = instant.parse("2026-09-07T03:00:00Z")

        assert plans["ocean"].hours.elapsed(start, end) == (23 * HOUR, 0)
        assert _business(plans["ferry"].hours, start, end) == 2 * HOUR

    def test_a_night_watch_ends_at_a_holiday_s_midnight(self) -> None:
        """The watch from 30 April 2026 is cut at the Labour Day it reaches into."""
        hours = load(POLICIES / "ficticia.toml").plans["ferry"].hours
        start, end = instant.parse("2026-04-30T16:00:00Z"), instant.parse("2026-05-02T16:00:00Z")

        assert _business(hours, start, end) == 2 * HOUR


def _business(hours: Hours, start: int, end: int) -> int:
    return hours.elapsed(start, end)[0]
