"""Business time on two meters (semantics §3), and the instants that it is counted in."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from domain import instant
from domain.hours import Hours, Opening, OutsideCalendar, Segment, compile_hours
from domain.instant import DAY, HOUR, MINUTE, NotAnInstant
from tests.spec.desk import ALWAYS, OFFICE, WEEKDAYS, at, hours, shown

AROUND_THE_CLOCK = hours(ALWAYS)
NIGHTS = tuple(Opening(weekday, 22 * 60, 30 * 60) for weekday in range(7))


def with_holiday(day: date, openings: tuple[Opening, ...] = WEEKDAYS) -> Hours:
    """Openings of Prague with one holiday."""
    return compile_hours(
        openings, {day: {"en": "A holiday"}}, ZoneInfo("Europe/Prague"), 2025, 2027
    )


def due(opened: Hours, start: str, business: int | None, off_hours: int | None = None) -> str:
    """The due time in Prague of budgets in microseconds."""
    return shown(opened.due(at(start), business, off_hours))


def elapsed(opened: Hours, start: str, end: str) -> tuple[float, float]:
    """Both meters, in hours."""
    business, off_hours = opened.elapsed(at(start), at(end))
    return business / HOUR, off_hours / HOUR


class TestDue:
    def test_a_budget_used_up_exactly_at_closing_is_due_at_closing(self) -> None:
        """Friday 16:00 and one hour is Friday 17:00, not Monday 08:00."""
        assert due(OFFICE, "2026-03-06 16:00", HOUR) == "2026-03-06 17:00"

    def test_a_microsecond_more_than_fits_is_due_after_the_next_opening(self) -> None:
        """One microsecond of the budget is left for Monday."""
        assert due(OFFICE, "2026-03-06 16:00", HOUR + 1) == "2026-03-09 08:00:00.000001"

    def test_a_microsecond_less_than_fits_is_due_before_closing(self) -> None:
        """Nothing is rounded."""
        assert due(OFFICE, "2026-03-06 16:00", HOUR - 1) == "2026-03-06 16:59:59.999999"

    def test_a_whole_opening_is_due_at_its_closing(self) -> None:
        """A business day from the opening on ends at the closing of the same day."""
        assert due(OFFICE, "2026-03-09 08:00", 9 * HOUR) == "2026-03-09 17:00"

    def test_a_business_day_from_noon_is_due_at_the_next_noon(self) -> None:
        """A business day is nine open hours, wherever it begins."""
        assert due(OFFICE, "2026-03-06 12:00", 9 * HOUR) == "2026-03-09 12:00"

    @pytest.mark.parametrize(
        "start",
        ["2026-03-06 17:00", "2026-03-07 03:00", "2026-03-08 23:59", "2026-03-09 08:00"],
    )
    def test_closed_time_costs_a_business_budget_nothing(self, start: str) -> None:
        """From closing through the weekend to the opening, one hour is due at the same time."""
        assert due(OFFICE, start, HOUR) == "2026-03-09 09:00"

    def test_whichever_meter_runs_out_first_is_due(self) -> None:
        """Half an hour of business is left on Friday; eight other hours end on Saturday 01:00."""
        assert due(OFFICE, "2026-03-06 16:30", HOUR, 8 * HOUR) == "2026-03-07 01:00"
        assert due(OFFICE, "2026-03-06 16:30", HOUR, 64 * HOUR) == "2026-03-09 08:30"

    def test_both_meters_may_run_out_at_the_same_instant(self) -> None:
        """One hour until closing and no hour after it end together at closing."""
        assert due(OFFICE, "2026-03-06 16:00", HOUR, 1) == "2026-03-06 17:00"
        assert due(OFFICE, "2026-03-06 16:00", HOUR + 1, 63 * HOUR) == "2026-03-09 08:00"

    def test_an_off_hours_budget_used_up_exactly_at_opening_is_due_at_opening(self) -> None:
        """The other meter has its own closing: the opening of business."""
        assert due(OFFICE, "2026-03-09 06:00", None, 2 * HOUR) == "2026-03-09 08:00"
        assert due(OFFICE, "2026-03-09 06:00", None, 2 * HOUR + 1) == "2026-03-09 17:00:00.000001"

    @pytest.mark.parametrize("start", ["2026-03-06 16:00", "2026-03-07 03:00"])
    def test_an_empty_budget_is_due_at_once(self, start: str) -> None:
        """Zero is used up at the start, on either meter, open or closed."""
        assert due(OFFICE, start, 0) == start
        assert due(OFFICE, start, None, 0) == start
        assert due(OFFICE, start, 0, 8 * HOUR) == start
        assert due(OFFICE, start, HOUR, 0) == start

    def test_a_holiday_is_off_hours_all_day(self) -> None:
        """On a Tuesday that is a holiday only the other meter runs."""
        holiday = with_holiday(date(2025, 10, 28))
        assert due(holiday, "2025-10-27 16:30", HOUR) == "2025-10-29 08:30"
        assert due(holiday, "2025-10-27 17:00", HOUR, 32 * HOUR) == "2025-10-29 01:00"


class TestChangesOfTheClock:
    def test_a_day_of_23_hours_has_23_hours(self) -> None:
        """Around the clock, 23 business hours fill the Sunday of the spring change."""
        assert elapsed(AROUND_THE_CLOCK, "2026-03-29 00:00", "2026-03-30 00:00") == (23, 0)
        assert due(AROUND_THE_CLOCK, "2026-03-29 00:00", 23 * HOUR) == "2026-03-30 00:00"

    def test_a_day_of_25_hours_has_25_hours(self) -> None:
        """Around the clock, 25 business hours fill the Sunday of the autumn change."""
        assert elapsed(AROUND_THE_CLOCK, "2026-10-25 00:00", "2026-10-26 00:00") == (25, 0)
        assert due(AROUND_THE_CLOCK, "2026-10-25 00:00", 25 * HOUR) == "2026-10-26 00:00"

    def test_a_weekend_counts_the_hour_that_is_missing_or_twice(self) -> None:
        """The other meter of a closed Sunday counts real hours: 23, 24 or 25."""
        assert elapsed(OFFICE, "2026-03-29 00:00", "2026-03-30 00:00") == (0, 23)
        assert elapsed(OFFICE, "2026-04-05 00:00", "2026-04-06 00:00") == (0, 24)
        assert elapsed(OFFICE, "2026-10-25 00:00", "2026-10-26 00:00") == (0, 25)

    def test_an_off_hours_budget_runs_through_both_occurrences_of_an_hour(self) -> None:
        """Eight hours from Saturday 23:00 of the autumn change end at 06:00, in spring at 08:00."""
        assert due(OFFICE, "2026-10-24 23:00", HOUR, 8 * HOUR) == "2026-10-25 06:00"
        assert due(OFFICE, "2026-03-28 23:00", HOUR, 8 * HOUR) == "2026-03-29 08:00"

    def test_the_second_occurrence_of_an_hour_is_another_hour(self) -> None:
        """02:30 summer time and 02:30 winter time are one hour apart."""
        assert elapsed(OFFICE, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z") == (0, 1)

    @pytest.mark.parametrize(("day", "length"), [("2026-03-29", 23), ("2026-10-25", 25)])
    def test_a_holiday_on_such_a_day_takes_its_real_hours(self, day: str, length: int) -> None:
        """A vendor open around the clock closes for 23 or 25 hours."""
        on = date.fromisoformat(day)
        closed = with_holiday(on, ALWAYS)
        end = f"{on + timedelta(days=1)} 00:00"
        assert elapsed(closed, f"{day} 00:00", end) == (0, length)
        assert due(closed, f"{on - timedelta(days=1)} 23:00", 2 * HOUR) == end[:11] + "01:00"

    def test_an_opening_that_the_clock_change_cuts_is_shorter(self) -> None:
        """01:00-04:00 has two real hours in spring, four in autumn."""
        early = hours([Opening(6, 60, 240)])
        assert elapsed(early, "2026-03-29 00:00", "2026-03-30 00:00") == (2, 21)
        assert elapsed(early, "2026-10-25 00:00", "2026-10-26 00:00") == (4, 21)

    def test_an_opening_inside_the_skipped_hour_is_none(self) -> None:
        """02:15-02:45 does not happen in spring, and moves nothing."""
        brief = hours([Opening(6, 135, 165)])
        assert elapsed(brief, "2026-03-29 00:00", "2026-03-30 00:00")[0] == 0.5
        assert elapsed(brief, "2026-03-22 00:00", "2026-03-23 00:00")[0] == 0.5

    def test_an_opening_that_ends_in_the_skipped_hour_ends_an_hour_later(self) -> None:
        """A local time that is skipped moves forward by the gap: 02:30 becomes 03:30."""
        night = hours([Opening(6, 0, 150)])
        assert due(night, "2026-03-29 00:00", 5 * HOUR // 2) == "2026-03-29 03:30"

    def test_a_local_time_that_comes_twice_is_its_first_occurrence(self) -> None:
        """An opening from 02:30 begins in summer time, one until 02:30 ends in it."""
        from_half_past = hours([Opening(6, 150, 240)])
        until_half_past = hours([Opening(6, 60, 150)])
        day = ("2026-10-25 00:00", "2026-10-26 00:00")
        assert elapsed(from_half_past, *day) == (2.5, 22.5)
        assert elapsed(until_half_past, *day) == (1.5, 23.5)

    def test_the_southern_hemisphere_changes_the_other_way(self) -> None:
        """In Auckland the long day is in April and the short one in September."""
        auckland = hours(ALWAYS, "Pacific/Auckland")
        zone = ZoneInfo("Pacific/Auckland")

        def length(day: date) -> int:
            begins = datetime(day.year, day.month, day.day, tzinfo=zone)
            ends = datetime(day.year, day.month, day.day + 1, tzinfo=zone)
            return auckland.elapsed(instant.from_datetime(begins), instant.from_datetime(ends))[0]

        assert length(date(2026, 4, 5)) == 25 * HOUR
        assert length(date(2026, 9, 27)) == 23 * HOUR

    def test_half_an_hour_of_change_is_half_an_hour(self) -> None:
        """On Lord Howe Island the clock goes by 30 minutes."""
        lord_howe = hours(ALWAYS, "Australia/Lord_Howe")
        zone = ZoneInfo("Australia/Lord_Howe")

        def from_one_to_three(day: date) -> int:
            one = datetime(day.year, day.month, day.day, 1, 0, tzinfo=zone)
            three = datetime(day.year, day.month, day.day, 3, 0, tzinfo=zone)
            return lord_howe.elapsed(instant.from_datetime(one), instant.from_datetime(three))[0]

        assert from_one_to_three(date(2026, 4, 5)) == 150 * MINUTE
        assert from_one_to_three(date(2026, 10, 4)) == 90 * MINUTE
        assert from_one_to_three(date(2026, 10, 11)) == 120 * MINUTE

    def test_an_opening_just_after_a_change_of_half_an_hour(self) -> None:
        """At 02:00 the clock goes to 02:30: an opening at 02:45 comes a quarter later."""
        early = hours([Opening(6, 2 * 60 + 45, 5 * 60)], "Australia/Lord_Howe")
        assert early.due(instant.parse("2026-10-03T12:00:00Z"), 1, None) == (
            instant.parse("2026-10-03T15:45:00Z") + 1
        )

    def test_a_midnight_that_does_not_exist_moves_forward_by_the_gap(self) -> None:
        """In São Paulo the day of 18 October 2015 began at 01:00; a holiday on it has 23 hours."""
        day = date(2015, 10, 18)
        zone = ZoneInfo("America/Sao_Paulo")
        closed = compile_hours(ALWAYS, {day: {"en": "A holiday"}}, zone, 2015, 2015)
        [holiday] = closed.holidays
        assert instant.text(holiday.start) == "2015-10-18T03:00:00Z"
        assert instant.text(holiday.end) == "2015-10-19T02:00:00Z"
        assert closed.elapsed(holiday.start, holiday.end) == (0, 23 * HOUR)
        assert closed.elapsed(holiday.start - HOUR, holiday.start) == (HOUR, 0)


class TestOpenings:
    def test_an_opening_across_midnight_is_one_stretch(self) -> None:
        """From 22:00 to 06:00 midnight is like any other minute."""
        nights = hours(NIGHTS)
        assert due(nights, "2026-03-06 23:00", 7 * HOUR) == "2026-03-07 06:00"
        assert elapsed(nights, "2026-03-06 00:00", "2026-03-07 00:00") == (8, 16)

    def test_an_opening_across_midnight_belongs_to_the_day_on_which_it_opens(self) -> None:
        """A Friday night shift works on Saturday until 06:00, and nobody on Sunday."""
        friday = hours([Opening(4, 22 * 60, 30 * 60)])
        assert elapsed(friday, "2026-03-06 00:00", "2026-03-08 00:00") == (8, 40)
        assert due(friday, "2026-03-07 05:00", 2 * HOUR) == "2026-03-13 23:00"

    def test_an_opening_across_the_end_of_a_year_is_one_stretch(self) -> None:
        """The night from 31 December to 1 January has its eight hours."""
        nights = hours(NIGHTS)
        assert due(nights, "2025-12-31 22:00", 8 * HOUR) == "2026-01-01 06:00"

    def test_a_holiday_ends_the_night_shift_at_midnight(self) -> None:
        """A holiday is closed from midnight to midnight, whatever opening reaches into it."""
        nights = with_holiday(date(2026, 1, 1), NIGHTS)
        assert elapsed(nights, "2025-12-31 22:00", "2026-01-01 06:00") == (2, 6)
        assert elapsed(nights, "2026-01-01 00:00", "2026-01-02 06:00") == (6, 24)

    def test_the_calendar_begins_in_the_middle_of_a_night_shift(self) -> None:
        """The shift of the last evening before the calendar reaches into its first morning."""
        nights = hours(NIGHTS, first_year=2026, last_year=2026)
        assert elapsed(nights, "2026-01-01 00:00", "2026-01-01 12:00") == (6, 6)

    def test_the_calendar_ends_in_the_middle_of_a_night_shift(self) -> None:
        """Of the last evening only the hours before midnight are known."""
        nights = hours(NIGHTS, first_year=2026, last_year=2026)
        assert elapsed(nights, "2026-12-31 21:00", "2026-12-31 23:59") == (119 / 60, 1)
        with pytest.raises(OutsideCalendar):
            nights.due(at("2026-12-31 22:00"), 2 * HOUR + 1, None)

    def test_a_lunch_break_is_off_hours(self) -> None:
        """Two openings of a day leave a gap that only the other meter counts."""
        lunch = hours([Opening(0, 480, 720), Opening(0, 780, 1020)])
        assert elapsed(lunch, "2026-03-09 08:00", "2026-03-09 17:00") == (8, 1)
        assert due(lunch, "2026-03-09 11:30", HOUR) == "2026-03-09 13:30"

    def test_openings_that_touch_are_one(self) -> None:
        """08:00-12:00 and 12:00-17:00 make the same table as 08:00-17:00, digest and all."""
        halves = [Opening(day, *half) for day in range(5) for half in ((720, 1020), (480, 720))]
        assert hours(halves).digest == OFFICE.digest

    def test_the_digest_tells_tables_apart(self) -> None:
        """One holiday, one minute or another zone makes another digest."""
        others = [
            with_holiday(date(2026, 7, 6)),
            hours([Opening(day, 480, 1021) for day in range(5)]),
            hours(zone="Europe/London"),
            hours(last_year=2026),
        ]
        assert len({OFFICE.digest, *(other.digest for other in others)}) == 5

    def test_it_is_open_from_the_opening_until_just_before_the_closing(self) -> None:
        """The opening belongs to the business hours, the closing does not."""
        assert not OFFICE.is_open(at("2026-03-09 08:00") - 1)
        assert OFFICE.is_open(at("2026-03-09 08:00"))
        assert OFFICE.is_open(at("2026-03-09 17:00") - 1)
        assert not OFFICE.is_open(at("2026-03-09 17:00"))


class TestElapsed:
    def test_both_meters_add_up_to_real_time(self) -> None:
        """A week of a summer change has 167 hours: 45 of business, 122 of other time."""
        assert elapsed(OFFICE, "2026-03-23 00:00", "2026-03-30 00:00") == (45, 122)

    def test_backwards_is_negative(self) -> None:
        """The meters are signed: from the end to the start they run back by the same amounts."""
        assert elapsed(OFFICE, "2026-03-06 18:00", "2026-03-06 16:00") == (-1, -1)

    def test_between_an_instant_and_itself_nothing_elapses(self) -> None:
        """Zero on both meters, open or closed."""
        assert elapsed(OFFICE, "2026-03-06 16:00", "2026-03-06 16:00") == (0, 0)
        assert elapsed(OFFICE, "2026-03-07 16:00", "2026-03-07 16:00") == (0, 0)


class TestShift:
    def test_forwards_is_the_earliest_instant(self) -> None:
        """An hour on from Friday 16:00 is the closing."""
        assert shown(OFFICE.shift(at("2026-03-06 16:00"), HOUR)) == "2026-03-06 17:00"

    def test_backwards_is_the_latest_instant(self) -> None:
        """An hour back from Monday 09:00 is Monday 08:00, not Friday 17:00."""
        assert shown(OFFICE.shift(at("2026-03-09 09:00"), -HOUR)) == "2026-03-09 08:00"
        assert (
            shown(OFFICE.shift(at("2026-03-09 09:00"), -HOUR - 1)) == "2026-03-06 16:59:59.999999"
        )

    def test_by_nothing_stays(self) -> None:
        """No time away is here, also when closed."""
        assert shown(OFFICE.shift(at("2026-03-07 12:00"), 0)) == "2026-03-07 12:00"

    def test_back_beyond_the_calendar_is_refused(self) -> None:
        """There is no business time before the first opening that is known."""
        with pytest.raises(OutsideCalendar) as caught:
            OFFICE.shift(at("2025-01-02 08:00"), -10 * HOUR)
        assert caught.value.year == 2024

    def test_back_to_the_first_opening_of_the_calendar_is_inside(self) -> None:
        """All the business time there is can be walked back."""
        assert shown(OFFICE.shift(at("2025-01-01 10:00"), -2 * HOUR)) == "2025-01-01 08:00"

    def test_back_to_the_very_first_opening(self) -> None:
        """All the business time that there was before brings one to where it began."""
        start = at("2025-01-02 10:00")
        before = OFFICE.elapsed(OFFICE.start, start)[0]
        assert shown(OFFICE.shift(start, -before)) == "2025-01-01 08:00"


class TestSegments:
    def test_they_cover_the_span_without_a_gap(self) -> None:
        """Friday afternoon to Monday morning: business, the weekend, business."""
        assert OFFICE.segments(at("2026-03-06 16:30"), at("2026-03-09 08:45")) == (
            Segment("business", at("2026-03-06 16:30"), at("2026-03-06 17:00")),
            Segment("off-hours", at("2026-03-06 17:00"), at("2026-03-09 08:00")),
            Segment("business", at("2026-03-09 08:00"), at("2026-03-09 08:45")),
        )

    def test_one_that_ends_at_closing_has_no_empty_rest(self) -> None:
        """A span that ends at closing, or begins at opening, shows no stretch of no length."""
        assert OFFICE.segments(at("2026-03-09 08:00"), at("2026-03-09 17:00")) == (
            Segment("business", at("2026-03-09 08:00"), at("2026-03-09 17:00")),
        )

    def test_no_span_has_no_segment(self) -> None:
        """From an instant to itself there is nothing to show."""
        assert OFFICE.segments(at("2026-03-09 12:00"), at("2026-03-09 12:00")) == ()

    def test_their_durations_are_real(self) -> None:
        """The weekend of the autumn change has an hour more than others."""
        [weekend] = OFFICE.segments(at("2026-10-23 17:00"), at("2026-10-26 08:00"))
        assert weekend.kind == "off-hours"
        assert weekend.duration == 64 * HOUR

    def test_holidays_are_named_where_they_share_time_with_the_span(self) -> None:
        """A span that ends at the holiday's midnight, or begins at the next, has none of it."""
        closed = with_holiday(date(2025, 10, 28))
        before, after = at("2025-10-28 00:00"), at("2025-10-29 00:00")
        assert closed.holidays_between(at("2025-10-27 09:00"), before) == ()
        assert closed.holidays_between(after, at("2025-10-30 09:00")) == ()
        for span in ((before - 1, before + 1), (after - 1, after), (before, after)):
            [holiday] = closed.holidays_between(*span)
            assert holiday.date == date(2025, 10, 28)
            assert holiday.name == {"en": "A holiday"}


class TestCalendarEnds:
    def test_the_first_instant_is_inside(self) -> None:
        """The calendar begins at the local midnight of its first year."""
        start = at("2025-01-01 00:00")
        assert OFFICE.start == start
        assert OFFICE.elapsed(start, start) == (0, 0)
        OFFICE.check(start)

    def test_the_instant_before_is_outside(self) -> None:
        """The error names the year and how to add it."""
        with pytest.raises(OutsideCalendar) as caught:
            OFFICE.check(at("2025-01-01 00:00") - 1)
        assert caught.value.year == 2024
        for part in ("2024", "2025-2027", "lhuta policy holidays"):
            assert part in str(caught.value)

    def test_the_last_instant_is_inside(self) -> None:
        """The calendar ends just before the local midnight after its last year."""
        OFFICE.check(at("2028-01-01 00:00") - 1)

    def test_the_end_is_outside(self) -> None:
        """Midnight of the next year belongs to that year."""
        assert OFFICE.end == at("2028-01-01 00:00")
        with pytest.raises(OutsideCalendar) as caught:
            OFFICE.check(OFFICE.end)
        assert caught.value.year == 2028

    def test_meters_stop_at_the_ends(self) -> None:
        """Neither meter has a reading at the end, and both have one at the very beginning."""
        inside = at("2026-03-06 16:00")
        for start, end in ((OFFICE.end, inside), (inside, OFFICE.end)):
            with pytest.raises(OutsideCalendar):
                OFFICE.elapsed(start, end)
        business, off_hours = OFFICE.elapsed(inside, OFFICE.start)
        assert business + off_hours == OFFICE.start - inside

    def test_the_year_is_that_of_the_policys_zone(self) -> None:
        """In Prague it is 2028 an hour before it is 2028 in Greenwich."""
        with pytest.raises(OutsideCalendar) as caught:
            OFFICE.check(at("2027-12-31T23:30:00Z"))
        assert caught.value.year == 2028

    def test_every_question_about_the_outside_is_refused(self) -> None:
        """Neither a start nor an end outside has an answer, be it too early or too late."""
        inside = at("2026-03-06 16:00")
        for year in (2024, 2028):
            outside = at(f"{year}-03-06 16:00")
            for question in (
                partial(OFFICE.due, outside, HOUR, None),
                partial(OFFICE.due, outside, None, HOUR),
                partial(OFFICE.due, outside, 0, None),
                partial(OFFICE.elapsed, inside, outside),
                partial(OFFICE.elapsed, outside, inside),
                partial(OFFICE.segments, inside, outside),
                partial(OFFICE.segments, outside, inside),
                partial(OFFICE.is_open, outside),
                partial(OFFICE.shift, outside, HOUR),
                partial(OFFICE.shift, outside, -HOUR),
            ):
                with pytest.raises(OutsideCalendar) as caught:
                    question()
                assert caught.value.year == year

    def test_a_due_time_beyond_the_end_is_refused(self) -> None:
        """The error names the year that is missing."""
        with pytest.raises(OutsideCalendar) as caught:
            OFFICE.due(at("2027-12-31 16:00"), HOUR + 1, None)
        assert caught.value.year == 2028

    def test_a_due_time_at_the_very_end_is_refused(self) -> None:
        """The end is outside, also when it is computed."""
        with pytest.raises(OutsideCalendar) as caught:
            AROUND_THE_CLOCK.due(AROUND_THE_CLOCK.end - HOUR, HOUR, None)
        assert caught.value.year == 2028

    def test_the_error_of_a_computed_instant_names_year_and_calendar(self) -> None:
        """Whether one budget or two run out of the calendar."""
        start = at("2027-12-31 16:00")
        for budgets in ((100 * HOUR, None), (100 * HOUR, 1000 * HOUR)):
            with pytest.raises(OutsideCalendar) as caught:
                OFFICE.due(start, *budgets)
            assert "the year 2028 is outside" in str(caught.value)
            assert "covers 2025-2027" in str(caught.value)

    def test_a_budget_starts_inside_the_calendar(self) -> None:
        """At its very beginning, and not at its end."""
        assert shown(OFFICE.due(OFFICE.start, HOUR, None)) == "2025-01-01 09:00"
        for budgets in ((HOUR, None), (HOUR, HOUR)):
            with pytest.raises(OutsideCalendar):
                OFFICE.due(OFFICE.end, *budgets)

    def test_an_off_hours_budget_that_ends_with_the_calendar_is_outside(self) -> None:
        """Its last hour is used up at the end, which does not belong to it."""
        with pytest.raises(OutsideCalendar):
            OFFICE.due(OFFICE.end - HOUR, None, HOUR)

    def test_a_due_time_just_before_the_end_is_given(self) -> None:
        """The last instant is inside."""
        end = AROUND_THE_CLOCK.end
        assert AROUND_THE_CLOCK.due(end - HOUR, HOUR - 1, None) == end - 1

    def test_one_meter_inside_is_enough(self) -> None:
        """Business time lasts beyond the calendar, the other budget ends in it."""
        assert due(OFFICE, "2027-12-31 16:00", 2 * HOUR, HOUR) == "2027-12-31 18:00"

    def test_without_any_budget_nothing_is_ever_due(self) -> None:
        """A target with neither budget lasts longer than every calendar."""
        with pytest.raises(OutsideCalendar):
            OFFICE.due(at("2026-03-06 16:00"), None, None)

    @pytest.mark.parametrize("zone", ["Europe/Prague", "America/New_York", "Pacific/Auckland"])
    @pytest.mark.parametrize("far", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
    def test_the_ends_of_time_are_outside_and_no_failure(self, zone: str, far: str) -> None:
        """The farthest instants that can be written are refused like any other outside."""
        with pytest.raises(OutsideCalendar):
            hours(zone=zone).check(instant.parse(far))


class TestInstants:
    @pytest.mark.parametrize(
        ("text", "same"),
        [
            ("2026-03-06T16:00:00Z", "2026-03-06T16:00:00Z"),
            ("2026-03-06T16:00:00.000000Z", "2026-03-06T16:00:00Z"),
            ("2026-03-06T16:00:00.5Z", "2026-03-06T16:00:00.5Z"),
            ("2026-03-06T16:00:00.123456Z", "2026-03-06T16:00:00.123456Z"),
            ("2026-03-06T16:00:00.120Z", "2026-03-06T16:00:00.12Z"),
            ("2026-03-06T17:00:00+01:00", "2026-03-06T16:00:00Z"),
            ("2026-03-06T10:30:00-05:30", "2026-03-06T16:00:00Z"),
            ("2026-03-07T00:00:00+08:00", "2026-03-06T16:00:00Z"),
            ("2026-03-06t16:00:00z", "2026-03-06T16:00:00Z"),
            ("2026-03-06T16:00:00-00:00", "2026-03-06T16:00:00Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ],
    )
    def test_a_text_is_read_and_written_in_one_way(self, text: str, same: str) -> None:
        """Any offset is read; UTC is written, with the digits it needs (contracts)."""
        assert instant.text(instant.parse(text)) == same

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "now",
            "2026-03-06",
            "2026-03-06T16:00Z",
            "2026-03-06T16:00:00",
            "2026-03-06 16:00:00Z",
            "2026-03-06T16:00:00.Z",
            "2026-03-06T16:00:00.1234567Z",
            "2026-03-06T16:00:00,5Z",
            "2026-03-06T16:00:00+1:00",
            "2026-03-06T16:00:00+0100",
            "2026-03-06T16:00:00+01",
            "2026-03-06T16:00:00+01:60",
            "2026-03-06T16:00:00+24:00",
            "2026-03-06T16:00:00 Z",
            " 2026-03-06T16:00:00Z",
            "2026-03-06T16:00:00Z\n",
            "2026-03-06T24:00:00Z",
            "2026-03-06T16:60:00Z",
            "2026-03-06T16:00:60Z",
            "2026-02-29T16:00:00Z",
            "2026-13-01T16:00:00Z",
            "2026-00-01T16:00:00Z",
            "0000-01-01T00:00:00Z",
            "12026-03-06T16:00:00Z",
            "-2026-03-06T16:00:00Z",
            "20260306T160000Z",
            "2026-W10-5T16:00:00Z",
            "2026-+3-06T16:00:00Z",
            "2026-03- 6T16:00:00Z",
            "2026-03-06T16:00:0xZ",
            "٢٠٢٦-03-06T16:00:00Z",
            "1772812800",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ],
    )
    def test_what_names_no_instant_is_refused(self, text: str) -> None:
        """No offset, no date, too many digits, or an instant that could not be written again."""
        with pytest.raises(NotAnInstant):
            instant.parse(text)

    def test_a_missing_offset_is_named_as_the_fault(self) -> None:
        """The commonest fault has its own cure."""
        with pytest.raises(NotAnInstant, match="has no offset from UTC"):
            instant.parse("2026-03-06T16:00:00")

    def test_a_long_text_is_not_repeated_whole(self) -> None:
        """Forty characters are shown, of a longer one its beginning."""
        with pytest.raises(NotAnInstant, match=f"'{'x' * 40}' is not"):
            instant.parse("x" * 40)
        with pytest.raises(NotAnInstant, match=rf"'{'x' * 40}\.\.\.' is not"):
            instant.parse("x" * 41)

    def test_a_naive_datetime_is_refused(self) -> None:
        """Without an offset it names no instant."""
        with pytest.raises(NotAnInstant, match="has no offset from UTC"):
            instant.from_datetime(datetime(2026, 3, 6, 16, 0))

    def test_an_aware_datetime_is_its_instant(self) -> None:
        """The same instant, whatever the zone it is written in."""
        utc = datetime(2026, 3, 6, 16, 0, 0, 7, tzinfo=UTC)
        nepal = utc.astimezone(timezone(timedelta(hours=5, minutes=45)))
        assert instant.from_datetime(utc) == instant.from_datetime(nepal)
        assert instant.to_datetime(instant.from_datetime(nepal)) == utc

    def test_the_epoch_is_zero_and_a_day_has_86400_million(self) -> None:
        """Instants are microseconds since 1970-01-01T00:00:00Z."""
        assert instant.parse("1970-01-01T00:00:00Z") == 0
        assert instant.parse("1970-01-02T00:00:00.000001Z") == DAY + 1

    @pytest.mark.parametrize(
        ("duration", "shown_as"),
        [(0, "0"), (HOUR, "3600"), (-HOUR, "-3600"), (1_500_000, "1.5"), (1, "1e-06")],
    )
    def test_seconds_are_whole_numbers_when_whole(self, duration: int, shown_as: str) -> None:
        """`3600`, not `3600.0` (contracts, The same history from a file)."""
        assert repr(instant.seconds(duration)) == shown_as
