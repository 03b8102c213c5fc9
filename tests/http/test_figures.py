from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brokerage.http import figures


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("1234567.885", "1,234,567.89"),
            ("-1234567.885", "-1,234,567.89"),
            ("0", "0.00"),
            ("-0.001", "0.00"),
            ("123456789012345678.99", "123,456,789,012,345,678.99"),
        ],
    )
    def test_has_separators_and_is_rounded_half_up(self, value, shown):
        assert figures.amount(Decimal(value)) == shown

    def test_may_have_other_places(self):
        assert figures.amount(Decimal("1234.5"), 0) == "1,235"

    @pytest.mark.parametrize("value", [1.5, 3, "1"])
    def test_refuses_what_is_no_decimal(self, value):
        with pytest.raises(TypeError):
            figures.amount(value)

    def test_that_is_unknown_is_a_dash(self):
        assert figures.amount(None) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0.125000000000000000", "0.125"), ("1000", "1,000"), ("1E+3", "1,000"), ("0.000000000000000001",) * 2],
)
def test_a_quantity_is_shown_whole_without_trailing_zeros(value, shown):
    assert figures.quantity(Decimal(value)) == shown


def test_a_ratio_is_shown_in_percent():
    assert figures.percent(Decimal("0.60045")) == "60.0\N{NO-BREAK SPACE}%"


def test_a_bar_stays_within_its_frame():
    lengths = [figures.bar(Decimal(value)) for value in ("-1", "0.875", "9")]
    assert lengths == ["0.0", "87.5", "130.0"]


def test_an_instant_is_shown_in_hong_kong_and_carried_in_utc():
    shown = figures.hkt(datetime(2026, 1, 1, 18, tzinfo=UTC))
    assert shown == '<time datetime="2026-01-01T18:00:00+00:00">2026-01-02 02:00:00</time>'


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "5 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (349_200, "4 d 1 h"), (-1, "0 s")],
)
def test_a_length_of_time_names_two_units(seconds, shown):
    assert figures.lasting(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("11400.000000000000000000 at 491.520000000000000000", "11400 at 491.52"),
        ("max(0, 100 - 0.900 x 1,000.50)", "max(0, 100 - 0.9 x 1,000.5)"),
        ("7.801400", "7.8014"),
        ("0.0", "0"),
    ],
)
def test_a_sum_loses_its_trailing_zeros_and_nothing_else(text, shown):
    assert figures.tidy(text) == shown
