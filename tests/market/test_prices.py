from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.market.rules.instruments import AssetClass
from brokerage.market.rules.prices import (
    HOUSE,
    Answer,
    BadPrice,
    DuplicateObservation,
    FuturePrice,
    Observation,
    OutOfOrder,
    PriceState,
    Use,
    WrongUnit,
    admitted,
    checked_price,
    permits,
)

NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)
BITCOIN = Observation(
    instrument="BTC",
    source="alpha",
    price=Decimal("107135.335938"),
    currency="USD",
    source_time=NOON,
    received_at=NOON,
)


def admit(previous=None, **changes):
    return admitted(replace(BITCOIN, **changes), currency="USD", previous=previous)


class TestTheDoor:
    def test_a_good_price_comes_in_exactly(self):
        assert admit() == BITCOIN

    @pytest.mark.parametrize(
        "price", ["0", "-0", "-1", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1e12", "1e-13", "1e-30"]
    )
    def test_zero_negative_and_absurd_prices_are_refused(self, price):
        with pytest.raises(BadPrice):
            admit(price=Decimal(price))

    def test_more_than_18_places_are_refused(self):
        with pytest.raises(BadPrice):
            admit(price=Decimal("1.0000000000000000001"))

    def test_floats_are_a_programming_error(self):
        with pytest.raises(TypeError):
            checked_price(1.5)

    def test_the_bounds_themselves_are_taken(self):
        assert checked_price(Decimal("1e-12")) == Decimal("1e-12")
        assert checked_price(Decimal("999999999999.99"))

    def test_another_currency_is_a_wrong_unit(self):
        with pytest.raises(WrongUnit):
            admit(currency="HKD")

    def test_two_seconds_of_clock_difference_are_borne(self):
        assert admit(source_time=NOON + timedelta(seconds=2))
        with pytest.raises(FuturePrice):
            admit(source_time=NOON + timedelta(seconds=2, microseconds=1))

    def test_ticks_of_one_source_only_move_forward(self):
        assert admit(previous=NOON - timedelta(microseconds=1))
        with pytest.raises(DuplicateObservation):
            admit(previous=NOON)
        with pytest.raises(OutOfOrder):
            admit(previous=NOON + timedelta(microseconds=1))

    @settings(max_examples=2_000)
    @given(st.decimals())
    def test_what_passes_is_usable_and_all_else_is_refused(self, price):
        usable = price.is_finite() and Decimal("1e-12") <= price < Decimal("1e12")
        if usable and price.as_tuple().exponent >= -18:
            assert checked_price(price) is price
        else:
            with pytest.raises(BadPrice):
                checked_price(price)


class TestWhatAStatePermits:
    @pytest.mark.parametrize(
        ("state", "answers"),
        [
            (PriceState.FRESH, "yes yes yes yes yes"),
            (PriceState.STALE, "no no held second-person yes"),
            (PriceState.DISPUTED, "no no held held no"),
            (PriceState.SUSPENDED, "no no yes held no"),
        ],
    )
    def test_follows_the_table(self, state, answers):
        assert [permits(state, use) for use in Use] == [Answer(word) for word in answers.split()]

    def test_only_a_fresh_price_gives_credit_or_lets_assets_go(self):
        for use in (Use.NEW_CREDIT, Use.WITHDRAWAL):
            assert [state for state in PriceState if permits(state, use) is Answer.YES] == [PriceState.FRESH]


class TestPolicy:
    def test_every_class_has_limits_that_rise_with_time(self):
        for kind in AssetClass:
            limits = [limit for _, limit in HOUSE[kind].jump_limits]
            assert limits == sorted(limits)
            assert all(0 < limit < 1 for limit in limits)

    def test_the_last_limit_is_open_ended(self):
        policy = HOUSE[AssetClass.CRYPTO]
        assert policy.jump_limit(timedelta(minutes=10)) == Decimal("0.10")
        assert policy.jump_limit(timedelta(minutes=11)) == Decimal("0.20")
        assert policy.jump_limit(timedelta(days=400)) == Decimal("0.40")
