from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.market.rules.calendars import (
    HONG_KONG,
    BadClosure,
    Calendar,
    Closure,
    ClosureKind,
    HongKongCalendar,
    OutsideCalendar,
    Part,
    checked_closure,
)

PLAIN = HongKongCalendar()
INSTANTS = st.floats(0, 1826).map(lambda days: datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=days))


def hkt(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HONG_KONG)


def gale(day: str, part: Part = Part.WHOLE) -> HongKongCalendar:
    return HongKongCalendar((Closure(day=date.fromisoformat(day), kind=ClosureKind.GALE, part=part),))


class TestSessions:
    def test_a_full_day_has_a_morning_and_an_afternoon(self):
        assert PLAIN.sessions(date(2025, 6, 30)) == (
            (hkt("2025-06-30 09:30"), hkt("2025-06-30 12:00")),
            (hkt("2025-06-30 13:00"), hkt("2025-06-30 16:00")),
        )

    @pytest.mark.parametrize("day", ["2024-12-24", "2024-12-31", "2025-01-28"])
    def test_a_half_day_closes_at_noon(self, day):
        assert PLAIN.close(date.fromisoformat(day)) == hkt(f"{day} 12:00")

    @pytest.mark.parametrize("day", ["2025-06-28", "2025-06-29", "2024-12-25", "2024-03-29", "2023-09-01"])
    def test_weekends_holidays_and_past_typhoons_have_none(self, day):
        assert PLAIN.sessions(date.fromisoformat(day)) == ()
        assert PLAIN.close(date.fromisoformat(day)) is None

    def test_a_morning_lost_before_weather_trading_leaves_the_afternoon(self):
        lost = gale("2024-08-05", Part.MORNING)
        assert lost.sessions(date(2024, 8, 5)) == ((hkt("2024-08-05 13:00"), hkt("2024-08-05 16:00")),)
        assert lost.is_open(Calendar.TRADING, date(2024, 8, 5))
        assert lost.is_open(Calendar.BANK, date(2024, 8, 5))
        assert not lost.is_open(Calendar.STATUTORY, date(2024, 8, 5))

    def test_a_half_day_that_loses_its_morning_is_no_trading_day(self):
        assert not gale("2024-02-09", Part.MORNING).is_open(Calendar.TRADING, date(2024, 2, 9))


class TestWeather:
    def test_before_23_september_2024_a_gale_closed_everything(self):
        calendar, day = gale("2024-09-20"), date(2024, 9, 20)
        assert not any(calendar.is_open(which, day) for which in Calendar)

    def test_since_then_it_ends_only_the_statutory_business_day(self):
        calendar, day = gale("2024-09-23"), date(2024, 9, 23)
        assert {which for which in Calendar if calendar.is_open(which, day)} == {
            Calendar.TRADING,
            Calendar.SETTLEMENT,
            Calendar.BANK,
        }
        assert len(calendar.sessions(day)) == 2

    def test_deadlines_differ_by_calendar_over_a_typhoon(self):
        calendar, before = gale("2025-07-02"), date(2025, 6, 30)  # 1 July is a holiday
        assert calendar.next_business_day(Calendar.STATUTORY, before) == date(2025, 7, 3)
        assert calendar.next_business_day(Calendar.SETTLEMENT, before) == date(2025, 7, 2)

    def test_another_closure_shuts_the_calendars_it_names(self):
        day = date(2025, 6, 30)
        outage = Closure(day=day, kind=ClosureKind.OTHER, calendars=(Calendar.TRADING,))
        calendar = HongKongCalendar((checked_closure(outage),))
        assert [which for which in Calendar if not calendar.is_open(which, day)] == [Calendar.TRADING]

    @pytest.mark.parametrize(
        "closure",
        [
            Closure(day=date(2025, 6, 30), kind=ClosureKind.OTHER),
            Closure(day=date(2025, 6, 30), kind=ClosureKind.GALE, calendars=(Calendar.BANK,)),
        ],
    )
    def test_a_closure_that_contradicts_itself_is_refused(self, closure):
        with pytest.raises(BadClosure):
            checked_closure(closure)


class TestBusinessDays:
    def test_friday_is_followed_by_monday(self):
        assert PLAIN.next_business_day(Calendar.TRADING, date(2025, 6, 27)) == date(2025, 6, 30)

    def test_zero_days_roll_to_an_open_day(self):
        assert PLAIN.add_business_days(Calendar.BANK, date(2025, 6, 30), 0) == date(2025, 6, 30)
        assert PLAIN.add_business_days(Calendar.BANK, date(2025, 6, 28), 0) == date(2025, 6, 30)

    def test_easter_is_jumped_over(self):
        assert PLAIN.add_business_days(Calendar.SETTLEMENT, date(2024, 3, 28), 2) == date(2024, 4, 3)

    def test_negative_counts_and_unknown_years_are_refused(self):
        with pytest.raises(ValueError):
            PLAIN.add_business_days(Calendar.BANK, date(2025, 6, 30), -1)
        with pytest.raises(OutsideCalendar):
            PLAIN.is_open(Calendar.BANK, date(2013, 12, 31))

    @given(st.dates(date(2015, 1, 1), date(2027, 1, 1)), st.integers(1, 8), st.integers(1, 8))
    def test_steps_add_up(self, day, first, second):
        for which in Calendar:
            halfway = PLAIN.add_business_days(which, day, first)
            assert PLAIN.is_open(which, halfway)
            assert PLAIN.add_business_days(which, day, first + second) == PLAIN.add_business_days(
                which, halfway, second
            )


class TestSessionTime:
    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("2025-06-30 09:00", "2025-06-30 17:00", 330),
            ("2025-06-30 11:30", "2025-06-30 13:30", 60),  # across lunch
            ("2025-06-27 16:00", "2025-06-30 09:30", 0),  # across a weekend
            ("2025-06-27 15:45", "2025-06-30 09:40", 25),
            ("2024-12-24 12:00", "2024-12-27 09:30", 0),  # half-day, Christmas
            ("2025-06-30 10:00", "2025-06-30 09:45", 0),  # backwards
        ],
    )
    def test_only_sessions_count(self, start, end, minutes):
        assert PLAIN.session_time(hkt(start), hkt(end)) == timedelta(minutes=minutes)

    def test_a_typhoon_stops_the_clock_only_while_it_closed_the_exchange(self):
        assert PLAIN.session_time(hkt("2023-08-31 16:00"), hkt("2023-09-04 09:30")) == timedelta(0)
        assert gale("2025-06-30").session_time(hkt("2025-06-27 16:00"), hkt("2025-06-30 16:00")) == timedelta(
            hours=5.5
        )

    @settings(max_examples=300)
    @given(st.lists(INSTANTS, min_size=3, max_size=3).map(sorted))
    def test_it_adds_up_and_never_exceeds_the_wall_clock(self, instants):
        start, middle, end = instants
        whole = PLAIN.session_time(start, end)
        assert whole == PLAIN.session_time(start, middle) + PLAIN.session_time(middle, end)
        assert timedelta(0) <= whole <= end - start
