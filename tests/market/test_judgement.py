from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerage.market.rules.instruments import AssetClass
from brokerage.market.rules.judgement import Reference, judge, median
from brokerage.market.rules.prices import HOUSE, Observation, PricePolicy, PriceState

NOON = datetime(2025, 6, 30, 12, tzinfo=UTC)
CRYPTO = HOUSE[AssetClass.CRYPTO]
HUNDRED = Reference(price=Decimal(100), source_time=NOON - timedelta(minutes=1))
PRICES = st.decimals("0.000001", "1000000", places=6)


def seen(price, source="alpha", minutes_ago=0):
    at = NOON - timedelta(minutes=minutes_ago)
    return Observation(
        instrument="BTC",
        source=source,
        price=Decimal(price),
        currency="USD",
        source_time=at,
        received_at=at,
    )


def age(source_time):
    return NOON - source_time


def verdict(*candidates, reference=HUNDRED, policy=CRYPTO, suspended=False):
    return judge(candidates, reference, policy, age, suspended=suspended)


class TestOneSource:
    def test_a_price_near_the_last_is_fresh(self):
        judged = verdict(seen("101.5"))
        assert (judged.state, judged.price, judged.source) == (PriceState.FRESH, Decimal("101.5"), "alpha")
        assert judged.low == judged.high == judged.price
        assert judged.reference == Reference(price=Decimal("101.5"), source_time=NOON)

    def test_the_first_price_ever_has_nothing_to_jump_from(self):
        assert verdict(seen(5), reference=None).state is PriceState.FRESH

    @pytest.mark.parametrize("price", ["110", "90"])
    def test_a_move_of_exactly_the_limit_is_accepted(self, price):
        assert verdict(seen(price)).state is PriceState.FRESH

    @pytest.mark.parametrize("price", ["110.000001", "89.999999", "10", "1000"])
    def test_a_greater_one_is_quarantined_and_the_last_price_stands(self, price):
        judged = verdict(seen(price))
        assert judged.state is PriceState.DISPUTED
        assert judged.quarantined == seen(price)
        assert judged.price == 100
        assert judged.reference == HUNDRED
        assert {judged.low, judged.high} == {Decimal(price), Decimal(100)}

    def test_a_flash_crash_and_back_leaves_no_trace(self):
        crash = verdict(seen(10))
        assert verdict(seen(99), reference=crash.reference).state is PriceState.FRESH

    def test_a_longer_silence_allows_a_greater_move(self):
        yesterday = Reference(price=Decimal(100), source_time=NOON - timedelta(days=1))
        assert verdict(seen(65), reference=yesterday).state is PriceState.FRESH
        assert verdict(seen(59), reference=yesterday).state is PriceState.DISPUTED

    def test_the_accepted_price_stands_against_an_older_one_of_a_lone_source(self):
        assert verdict(seen(10, minutes_ago=3)).price == 100


class TestAge:
    def test_the_limit_itself_is_fresh_and_beyond_it_stale(self):
        assert verdict(seen(100, minutes_ago=5), reference=None).state is PriceState.FRESH
        judged = verdict(seen(100, minutes_ago=6), reference=None)
        assert judged.state is PriceState.STALE
        assert (judged.low, judged.price, judged.high) == (90, 100, 110)

    def test_a_live_source_beats_stale_ones(self):
        judged = verdict(seen(500, "old", 60), seen(101, "live"))
        assert (judged.state, judged.source) == (PriceState.FRESH, "live")

    def test_too_few_sources_count_as_stale(self):
        two = PricePolicy(
            max_age=CRYPTO.max_age,
            in_sessions=False,
            jump_limits=CRYPTO.jump_limits,
            spread=CRYPTO.spread,
            min_sources=2,
        )
        assert verdict(seen(100), policy=two).state is PriceState.STALE
        assert verdict(seen(100), seen(101, "beta"), policy=two).state is PriceState.FRESH

    def test_a_suspended_security_keeps_its_last_price(self):
        judged = verdict(seen(50), suspended=True)
        assert (judged.state, judged.price, judged.low, judged.high) == (PriceState.SUSPENDED, 100, 100, 100)


class TestSeveralSources:
    def test_the_median_of_those_who_agree_counts(self):
        judged = verdict(seen(100), seen(101, "beta"), seen("100.4", "gamma"))
        assert (judged.state, judged.price) == (PriceState.FRESH, Decimal("100.4"))

    @pytest.mark.parametrize("bad", ["1000", "10", "103"])
    def test_one_bad_source_in_three_is_outvoted(self, bad):
        judged = verdict(seen(bad), seen(100, "beta"), seen("100.4", "gamma"))
        assert (judged.state, judged.price, judged.source) == (
            PriceState.FRESH,
            Decimal("100.2"),
            "beta, gamma",
        )

    def test_two_that_disagree_decide_nothing(self):
        judged = verdict(seen(1000), seen(99, "beta"))
        assert judged.state is PriceState.DISPUTED
        assert (judged.low, judged.price, judged.high) == (99, 100, 1000)
        assert judged.reference == HUNDRED

    def test_a_dispute_without_history_takes_the_lower_price(self):
        assert verdict(seen(1000), seen(99, "beta"), reference=None).price == 99

    def test_two_against_two_is_a_dispute(self):
        quarrel = verdict(seen(100), seen(100, "b"), seen(200, "c"), seen(200, "d"))
        assert quarrel.state is PriceState.DISPUTED

    def test_half_of_the_sources_are_no_majority(self):
        split = verdict(seen(50), seen(100, "b"), seen(101, "c"), seen(200, "d"))
        assert (split.state, split.low, split.high) == (PriceState.DISPUTED, 50, 200)

    def test_a_second_source_confirms_a_jump(self):
        judged = verdict(seen(50), seen("50.5", "beta"))
        assert (judged.state, judged.price, judged.quarantined) == (PriceState.FRESH, Decimal("50.25"), None)

    def test_a_price_is_no_younger_than_what_it_rests_on(self):
        assert verdict(seen(100), seen(100, "beta", 4)).source_time == NOON - timedelta(minutes=4)

    def test_the_median_of_an_even_count_is_the_mean_of_the_middle_two(self):
        assert median([Decimal(4), Decimal(1), Decimal(3), Decimal(2)]) == Decimal("2.5")


class TestAlways:
    @settings(max_examples=10_000)
    @given(PRICES, st.decimals("0", "0.02", places=6), PRICES)
    def test_one_liar_never_moves_the_price_beyond_two_honest_sources(self, price, gap, lie):
        other = price * (1 + gap)
        judged = verdict(seen(price), seen(other, "beta"), seen(lie, "liar"))
        assert judged.state is PriceState.FRESH
        assert price <= judged.price <= other

    @settings(max_examples=2_000)
    @given(st.lists(st.tuples(PRICES, st.integers(0, 20)), min_size=1, max_size=4), st.none() | PRICES)
    def test_the_price_lies_in_its_band_whatever_the_order_of_sources(self, given_prices, last):
        sources = [seen(price, f"s{n}", ago) for n, (price, ago) in enumerate(given_prices)]
        reference = last and Reference(price=last, source_time=NOON - timedelta(days=1))
        judged = verdict(*sources, reference=reference)
        assert 0 < judged.low <= judged.price <= judged.high
        assert judged == verdict(*reversed(sources), reference=reference)
        if judged.state is PriceState.FRESH:
            assert judged.low == judged.high
