"""Buying power: the worked example, each refusal of a purchase, and 20,000 random books lot by lot."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from brokerage.ledger.amounts import BadAmount
from margin.rules.buying_power import (
    CreditStopped,
    NotEligible,
    NotWholeLots,
    Purchase,
    PurchaseBeyondBuyingPower,
    PurchaseBeyondLimit,
    buying_power,
    check_purchase,
)
from margin.rules.calls import assess
from margin.rules.valuation import Book, PriceMissing, Quote, excess, value
from tests.margin import oracle
from tests.margin.books import (
    NAMES,
    Case,
    base_book,
    base_policy,
    base_quotes,
    caps_bind,
    coin,
    random_case,
    share,
)

D = Decimal
F = Fraction


def _excess_after(quantity: int) -> Decimal:
    """The excess of the base book after buying so many 0700 on credit."""
    gross = quantity * base_quotes()["0700"].price
    positions = {**base_book().positions, "0700": D(2_000) + quantity}
    book = replace(base_book(), positions=positions, loan=D(1_500_000) + gross * D("1.0035"))
    return excess(book.loan, assess(book, base_quotes(), base_policy()).valuation.lending_value, D(10**9))


class TestWorkedExample:
    def test_value_is_the_closed_forms_in_fine_lots(self) -> None:
        lot = D("0.00000001")
        power = buying_power(base_book(), "0700", base_quotes(), base_policy(), lot)
        room = oracle.buying_power_value(F(1_500_000), F(1_633_200), F(2_000_000), F("0.30"), F("0.0035"))
        assert round(power.market_value, 2) == D("438879.74")
        assert 0 <= room - F(power.market_value) < F(lot) * 500

    def test_eight_hundred_shares_may_be_bought(self) -> None:
        power = buying_power(base_book(), "0700", base_quotes(), base_policy(), D(100))
        assert (power.quantity, power.market_value) == (D(800), D(400_000))

    def test_excess_afterwards_is_as_shown(self) -> None:
        assert _excess_after(800) == D(11_800)
        assert _excess_after(900) == D(-3_375)


class TestBounds:
    """Shares at a unit price of 1, one at a time."""

    @pytest.mark.parametrize(
        ("haircut", "cost", "held", "limit", "room"),
        [
            ("0.3", "0", 10_000, 200, 100),  # the limit
            ("0.5", "0", 100, 200, 0),  # a loan beyond the lending value
            ("0", "0", 100, 200, 100),  # it pays for itself: the limit only
            ("0", "0", 99, 200, 0),
        ],
    )
    def test_are_limit_and_lending_value(
        self, haircut: str, cost: str, held: int, limit: int, room: int
    ) -> None:
        policy = replace(base_policy(), assets={"A": share(haircut)}, trade_cost=D(cost))
        book = Book(positions={"A": D(held)}, loan=D(100), limit=D(limit))
        power = buying_power(book, "A", {"A": Quote(price=D(1))}, policy, D(1))
        assert power.quantity == D(room)


class TestBuyingPower:
    @pytest.mark.rule("VAF-4")
    def test_of_an_asset_that_may_not_be_pledged_is_nothing(self) -> None:
        policy = replace(base_policy(), assets={**base_policy().assets, "SOL": coin("1")})
        quotes = {**base_quotes(), "SOL": base_quotes()["ETH"], "0005": base_quotes()["2800"]}
        assert buying_power(base_book(), "SOL", quotes, policy, D(1)).quantity == 0
        assert buying_power(base_book(), "0005", quotes, policy, D(1)).quantity == 0

    def test_counts_money_in_credit(self) -> None:
        book = Book(positions={}, loan=D(-100_350), limit=D(0))
        assert buying_power(book, "0700", base_quotes(), base_policy(), D(100)).quantity == D(200)


class TestCheckPurchase:
    def _check(
        self, quantity: str, *, asset: str = "0700", book: Book | None = None, **more: Any
    ) -> Purchase:
        return check_purchase(
            book or base_book(), asset, D(quantity), base_quotes(), base_policy(), D(100), **more
        )

    def test_gives_consideration_cost_and_the_book_afterwards(self) -> None:
        purchase = self._check("800")
        assert (purchase.consideration, purchase.cost) == (D(400_000), D(1_400))
        assert purchase.after.book.loan == D(1_901_400)
        assert purchase.after.book.positions["0700"] == D(2_800)

    def test_takes_the_known_cost_where_there_is_one(self) -> None:
        assert self._check("800", cost=D("450.80")).after.book.loan == D("1900450.80")

    def test_allows_a_purchase_that_needs_no_credit_whatever_the_limit(self) -> None:
        book = Book(positions={}, loan=D(-60_000), limit=D(0))
        assert self._check("100", book=book).after.book.loan == D(-60_000) + D("50175")

    @pytest.mark.rule("VAF-4", "VAF-10", "SMF-5")
    @pytest.mark.parametrize(
        ("refusal", "code", "changes"),
        [
            (PurchaseBeyondBuyingPower, "margin.purchase-beyond-buying-power", {"quantity": "900"}),
            (PurchaseBeyondLimit, "margin.purchase-beyond-limit", {"book": base_book(limit="1900000")}),
            (CreditStopped, "margin.credit-stopped", {"credit_stopped": True}),
            (NotEligible, "margin.not-eligible", {"asset": "SOL"}),
            (NotWholeLots, "margin.not-whole-lots", {"quantity": "150"}),
            (BadAmount, "ledger.bad-amount", {"quantity": "0"}),
            (BadAmount, "ledger.bad-amount", {"quantity": "-100"}),
            (BadAmount, "ledger.bad-amount", {"quantity": "NaN"}),
        ],
    )
    def test_refuses_with_a_stable_code(
        self, refusal: type[BadAmount], code: str, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(refusal) as refused:
            self._check(**{"quantity": "800", **changes})
        assert refused.value.code == code

    def test_refuses_an_unpriced_asset(self) -> None:
        with pytest.raises(PriceMissing):
            check_purchase(base_book(), "0700", D(100), {}, base_policy(), D(100))

    def test_refuses_any_asset_while_another_position_has_no_price(self) -> None:
        book = replace(base_book(), positions={**base_book().positions, "0005": D(400)})
        with pytest.raises(PriceMissing):
            self._check("100", book=book)
        with pytest.raises(PriceMissing):
            buying_power(book, "0700", base_quotes(), base_policy(), D(100))


def _with_room(random: Random) -> Case:
    """A random account whose loan is often close below, and sometimes above, its lending value."""
    case = random_case(random, leverage=(0, 0.1))
    lending_value = value(case.book.positions, case.quotes, case.policy).lending_value
    loan = (lending_value * D(random.uniform(0.3, 1.02))).quantize(D("0.01"))
    limit = (loan * D(random.uniform(0.95, 3))).quantize(D("0.01"))
    return replace(case, book=replace(case.book, loan=loan, limit=limit))


@pytest.mark.parametrize("seed", range(20))
def test_random_buying_power_is_the_last_lot_before_the_first_that_fails(seed: int) -> None:
    random, seen, tries = Random(seed), Counter[str](), 30
    for _ in range(1_000):
        case, name = _with_room(random), random.choice(NAMES)
        lot = case.lots[name]
        power = buying_power(case.book, name, case.quotes, case.policy, lot)
        world, state = oracle.world(case.quotes, case.policy), oracle.state(case.book)
        allowed = 0
        while allowed < tries and oracle.within(
            oracle.bought(state, world, name, Fraction(lot) * (allowed + 1)), world, oracle.ONE
        ):
            allowed += 1
        if allowed < tries:
            assert power.quantity == lot * allowed, (case, name)
        else:
            assert power.quantity >= lot * tries, (case, name)
        positions = {**case.book.positions, name: case.book.positions.get(name, D(0)) + lot}
        seen["some"] += 0 < allowed < tries
        seen["capped"] += caps_bind(value(positions, case.quotes, case.policy).groups)
        seen["tiered"] += len(case.policy.assets[name].tiers) > 1
    assert seen["some"] > 200
    assert seen["capped"] > 300
    assert seen["tiered"] > 200


@pytest.mark.parametrize("seed", range(2))
def test_a_purchase_is_allowed_at_the_buying_power_and_refused_one_lot_beyond(seed: int) -> None:
    random, checked = Random(seed), 0
    while checked < 300:
        case, name = _with_room(random), random.choice(NAMES)
        lot = case.lots[name]
        power = buying_power(case.book, name, case.quotes, case.policy, lot)
        booked = buying_power(case.book, name, case.quotes, case.policy, lot, spare=D("0.01"))
        if booked.quantity:
            checked += 1
            check_purchase(case.book, name, booked.quantity, case.quotes, case.policy, lot)
            with pytest.raises((PurchaseBeyondLimit, PurchaseBeyondBuyingPower)):
                check_purchase(case.book, name, power.quantity + lot, case.quotes, case.policy, lot)
