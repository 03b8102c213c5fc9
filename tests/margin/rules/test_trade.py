"""One asset on the move: the bends of the way find the same lot as trying every lot."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from margin.rules.trade import Trade, purchase_of, sale_of
from margin.rules.valuation import value
from tests.margin.books import Case, random_case

D = Decimal


def _near(random: Random, ratio: float) -> Case:
    """A random account with hundreds of lots whose loan is about `ratio` of its lending value."""
    case = random_case(random, leverage=(0, 0.1))
    lending_value = value(case.book.positions, case.quotes, case.policy).lending_value
    loan = (lending_value * D(random.gauss(ratio, 0.04))).quantize(D("0.01"))
    limit = (loan * random.choice((D("0.97"), D("1.04"), D(9)))).quantize(D("0.01"))
    lots = {name: lot / random.randint(15, 60) for name, lot in case.lots.items()}
    return replace(case, book=replace(case.book, loan=loan, limit=limit), lots=lots)


def _scan(trade: Trade, most: int, *, wanted: bool) -> int | None:
    return next((lots for lots in range(1, most + 1) if trade.meets(lots) is wanted), None)


def _fails(trade: Trade, lots: int) -> bool:
    return not trade.meets(lots)


@pytest.mark.parametrize("seed", range(6))
def test_a_sale_stops_at_the_first_lot_that_restores_even_if_later_ones_would_not(seed: int) -> None:
    random, passing = Random(seed), 0
    for _ in range(250):
        case = _near(random, 1.0)
        case = replace(case, policy=replace(case.policy, target=random.choice((D("0.9"), D("0.97"), D(1)))))
        name = random.choice(sorted(case.book.positions))
        trade = sale_of(case.book, name, case.quotes, case.policy, case.lots[name])
        most = -int(-trade.held // trade.lot)
        first = trade.first(trade.meets, most)
        assert first == _scan(trade, most, wanted=True), (case, name)
        passing += first is not None and not all(trade.meets(lots) for lots in range(first, most + 1))
    assert passing > 0


def test_a_purchase_stops_before_the_first_lot_that_fails_even_if_later_ones_would_pass() -> None:
    random, passing, most = Random(7), 0, 200
    for _ in range(2_000):
        case = _near(random, 0.95)
        name = random.choice(sorted(case.book.positions))
        if random.random() < 0.2:
            short = {**case.book.positions, name: -case.book.positions[name] / 2}
            case = replace(case, book=replace(case.book, positions=short))
        trade = purchase_of(case.book, name, case.quotes, case.policy, case.lots[name])
        first = trade.first(partial(_fails, trade), most)
        assert first == _scan(trade, most, wanted=False), (case, name)
        passing += first is not None and any(trade.meets(lots) for lots in range(first, most + 1))
    assert passing > 0
