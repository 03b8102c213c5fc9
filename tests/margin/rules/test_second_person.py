"""From what amount on two people decide: the thresholds, to the cent and to the instant."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from margin.rules import second_person
from margin.rules.second_person import LIMITS, WRITE_OFFS, Threshold, raise_takes_two, write_off_takes_two

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("old", "new", "currency", "two"),
    [
        (Decimal(0), LIMITS[0].value - CENT, "HKD", False),
        (Decimal(0), LIMITS[0].value, "HKD", True),
        (LIMITS[0].value - CENT, LIMITS[0].value, "HKD", True),
        (Decimal(9_000_000), Decimal(8_000_000), "HKD", False),
        (Decimal(9_000_000), Decimal(9_000_000), "HKD", False),
        (Decimal(0), Decimal(1), "USD", True),
        (Decimal(1), Decimal(0), "USD", False),
    ],
)
def test_a_limit_is_raised_by_two_from_the_threshold_on(
    old: Decimal, new: Decimal, currency: str, two: bool
) -> None:
    assert raise_takes_two(old, new, currency, NOW) is two


@pytest.mark.parametrize(
    ("before", "amount", "currency", "two"),
    [
        (Decimal(0), WRITE_OFFS[0].value - CENT, "HKD", False),
        (Decimal(0), WRITE_OFFS[0].value, "HKD", True),
        (WRITE_OFFS[0].value - CENT, CENT, "HKD", True),
        (Decimal(0), CENT, "USD", True),
    ],
)
def test_a_deficit_is_written_off_by_two_once_all_of_it_reaches_the_threshold(
    before: Decimal, amount: Decimal, currency: str, two: bool
) -> None:
    assert write_off_takes_two(before, amount, currency, NOW) is two


def test_a_threshold_holds_from_its_date_on_and_the_first_one_before_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lower = Threshold(value=Decimal(10), currency="HKD", effective_from=NOW)
    monkeypatch.setattr(second_person, "LIMITS", (*LIMITS, lower))
    eleven = Decimal(11)
    assert not raise_takes_two(Decimal(0), eleven, "HKD", NOW - timedelta(microseconds=1))
    assert raise_takes_two(Decimal(0), eleven, "HKD", NOW)
    assert raise_takes_two(Decimal(0), LIMITS[0].value, "HKD", datetime(2020, 1, 1, tzinfo=UTC))
    assert {(each.source, each.certainty) for each in (*LIMITS, *WRITE_OFFS)} == {("House policy", "house")}
