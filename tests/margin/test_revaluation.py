"""The bulk revaluation agrees with the kernel to the cent, account by account, whatever the book."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest

from brokerage.ledger import seams
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market import events as market
from brokerage.market.rules.adoption import AdoptedPrice
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.identity import PRICE_SETS, instrument_id
from brokerage.market.rules.instruments import AssetClass
from brokerage.market.rules.prices import PriceState
from margin import commands as margin
from margin import events, explanation, monitor, queries
from margin.models import Call, Valuation
from margin.revaluation import breached_by, revalue
from margin.rules.calls import assess, figures
from margin.rules.policy import VA_GROUP, ConcentrationCap, MarginPolicy, TierBasis, flat
from margin.rules.valuation import Book, Quote
from tests.factories import TermsFactory, context
from tests.margin.books import NAMES, Case, random_case

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
SEED = 20260211


class World(NamedTuple):
    """What was written: the price set, the policy and the books by account."""

    price_set: UUID
    policy: MarginPolicy
    quotes: dict[str, Quote]
    books: dict[UUID, Book]
    unpriced: str

    @property
    def priced(self) -> dict[str, Quote]:
        """The quotes of the price set."""
        return {name: quote for name, quote in self.quotes.items() if name != self.unpriced}


@command("tests.set-up-market")
def set_up_market(
    entry: Entry, *, policy: MarginPolicy, quotes: dict[str, Quote], price_set: UUID, unpriced: str
) -> None:
    """List instruments and adopt one price set and one policy, without the rules that guard them."""
    entry.lock(PRICE_SETS, events.POLICY_STREAM, *(instrument_id(name) for name in quotes))
    for name in quotes:
        group = policy.assets[name].group or name
        terms = TermsFactory(code=name, name=name, asset_class=AssetClass.SHARE, group=group)
        entry.record(instrument_id(name), market.InstrumentListed(terms=terms))
    adopted = tuple(_adopted(name, quote) for name, quote in quotes.items() if name != unpriced)
    entry.record(
        PRICE_SETS,
        market.PriceSetAdopted(
            price_set=price_set,
            slot=NOW,
            revision=1,
            policy="test",
            prices=adopted,
            rates=(FxRate(base="USD", quote="HKD", rate=Decimal("7.80")),),
        ),
    )
    entry.record(
        events.POLICY_STREAM,
        events.PolicyAdopted(version=1, effective_from=NOW, policy=policy, reason="test"),
    )


def _adopted(name: str, quote: Quote) -> AdoptedPrice:
    price = quote.price * quote.fx_rate
    return AdoptedPrice(
        instrument=name,
        price=price,
        low=price,
        high=price,
        state=PriceState.FRESH,
        source="test",
        source_time=NOW,
        reference_price=price,
        reference_time=NOW,
        suspended_since=None,
    )


@command("tests.set-up-accounts")
def set_up_accounts(entry: Entry, *, books: dict[str, Book]) -> None:
    """Give margin accounts positions, loans and limits out of the firm's hands."""
    owners = [UUID(account) for account in books]
    entry.lock(FIRM, *owners)
    wanted = [Account(FIRM, Role.EQUITY, asset) for asset in (*NAMES, "HKD")]
    for owner, book in zip(owners, books.values(), strict=True):
        wanted += [Account(owner, Role.COLLATERAL, asset) for asset in book.positions]
        wanted.append(Account(owner, Role.LOAN, "HKD"))
    entry.open(*wanted)
    for owner, book in zip(owners, books.values(), strict=True):
        entry.record(owner, events.AccountOpened(client=owner, currency="HKD"), owner=owner)
        entry.record(owner, events.LimitSet(limit=book.limit, reason="test"), owner=owner)
        moves = [Posting(Account(owner, Role.COLLATERAL, asset), q) for asset, q in book.positions.items()]
        moves.append(Posting(Account(owner, Role.LOAN, "HKD"), -book.loan))
        back = [Posting(Account(FIRM, Role.EQUITY, move.account.asset), -move.amount) for move in moves]
        entry.record(
            owner, events.LimitSet(limit=book.limit, reason="test"), owner=owner, postings=moves + back
        )


def world(
    draw: Random,
    accounts: int,
    leverage: tuple[float, float] = (0.1, 0.7),
    *,
    one_tier: bool = False,
    unpriced: str = "",
) -> World:
    """One market and many random accounts in it, with tiers and caps or, for `one_tier`, caps alone."""
    cases: list[Case] = [random_case(draw, leverage=leverage) for _ in range(accounts)]
    first = cases[0]
    policy = _one_tier(first.policy) if one_tier else first.policy
    quotes = {name: Quote(price=quote.price * quote.fx_rate) for name, quote in first.quotes.items()}
    books = {seams.new_id(): case.book for case in cases}
    price_set = seams.new_id()
    with seams.using(clock=lambda: NOW):
        set_up_market(
            context(effective_at=NOW),
            policy=policy,
            quotes=first.quotes,
            price_set=price_set,
            unpriced=unpriced,
        )
        set_up_accounts(
            context(effective_at=NOW), books={str(account): book for account, book in books.items()}
        )
    return World(price_set, policy, quotes, books, unpriced)


def _one_tier(policy: MarginPolicy) -> MarginPolicy:
    assets = {
        name: replace(terms, tiers=flat(terms.tiers[0].haircut), basis=TierBasis.VALUE)
        for name, terms in policy.assets.items()
    }
    caps = {VA_GROUP: ConcentrationCap(share=Decimal("0.5"))}
    loose = ConcentrationCap(share=Decimal("0.8"), floor=Decimal(0))
    return replace(policy, assets=assets, caps=caps, default_cap=loose)


@pytest.mark.parametrize("seed", range(12))
def test_every_stored_valuation_equals_the_kernels(seed: int) -> None:
    made = world(Random(SEED + seed), accounts=40, one_tier=seed % 2 == 0)
    revalued = revalue(made.price_set, NOW)
    assert revalued.accounts == 40
    rows = Valuation.objects.in_bulk(made.books)
    for account, book in made.books.items():
        found, row = figures(assess(book, made.quotes, made.policy)), rows[account]
        stored = (row.health, row.loan, row.market_value, row.lending_value, row.capital_value)
        assert stored == (
            found.health.value, found.loan, found.market_value, found.lending_value, found.capital_value
        )  # fmt: skip
        assert (row.call_amount, row.shortfall) == (found.call_amount, found.shortfall)


def test_both_roads_are_taken() -> None:
    made = world(Random(SEED), accounts=60, one_tier=True)
    revalue(made.price_set, NOW)
    assert 10 < Valuation.objects.filter(plain=True).count() < 50


@pytest.mark.parametrize("one_tier", [True, False])
def test_a_position_without_a_price_counts_as_nothing_on_both_roads(one_tier: bool) -> None:
    made = world(Random(SEED), accounts=60, leverage=(0.05, 0.5), one_tier=one_tier, unpriced="0003")
    revalued = revalue(made.price_set, NOW)
    rows = Valuation.objects.in_bulk(made.books)
    called = set()
    for account, book in made.books.items():
        judged = assess(book, made.priced, made.policy)
        found, row = figures(judged), rows[account]
        assert (row.health, row.lending_value) == (found.health.value, found.lending_value)
        assert row.unpriced == ("0003" in book.positions) == len(judged.valuation.unpriced)
        if row.unpriced and judged.health.in_call:
            called.add(account)
    assert called
    assert called <= set(revalued.candidates)


def test_an_account_with_a_position_without_a_price_is_called_and_told_why() -> None:
    made = world(Random(SEED), accounts=60, leverage=(0.05, 0.5), one_tier=True, unpriced="0003")
    candidates = revalue(made.price_set, NOW).candidates
    with seams.using(clock=lambda: NOW):
        margin.assess(context(effective_at=NOW), accounts=list(candidates), price_set=made.price_set)
        shown = {row.account: row for row in monitor.then(NOW)}
    called = {call.account_id: call for call in Call.objects.filter(is_open=True)}
    holders = {account for account in called if "0003" in made.books[account].positions}
    assert holders
    for account in holders:
        explained = explanation.explain(called[account].id)
        assert explained.agrees
        (told,) = [each.sum for each in explained.formulas if each.name == "CV 0003"]
        assert told.endswith("without a price: counts as nothing")
        assert shown[account].unpriced == 1
    assert set(called) == {a for a, b in made.books.items() if _in_call(made, b)}


def _in_call(made: World, book: Book) -> bool:
    return assess(book, made.priced, made.policy).health.in_call


def test_the_calm_set_is_the_last_one_without_a_call() -> None:
    made = world(Random(SEED), accounts=60, leverage=(0.05, 0.5), one_tier=True)
    revalue(made.price_set, NOW)
    called = Valuation.objects.filter(health__in=("call", "hard"))
    calm = Valuation.objects.exclude(health__in=("call", "hard"))
    roads = {True, False}
    assert roads == set(called.values_list("plain", flat=True)) == set(calm.values_list("plain", flat=True))
    assert set(called.values_list("calm_set", flat=True)) == {None}
    assert set(calm.values_list("calm_set", flat=True)) == {made.price_set}
    earlier = seams.new_id()
    Valuation.objects.update(calm_set=earlier)
    revalue(made.price_set, NOW)
    assert set(called.values_list("calm_set", flat=True)) == {earlier}
    assert set(calm.values_list("calm_set", flat=True)) == {made.price_set}


def test_candidates_are_the_accounts_whose_health_is_not_their_recorded_state() -> None:
    made = world(Random(SEED + 1), accounts=60)
    revalued = revalue(made.price_set, NOW)
    unwell = {
        account
        for account, book in made.books.items()
        if assess(book, made.quotes, made.policy).health.value != "normal"
    }
    assert set(revalued.candidates) == unwell


@pytest.mark.parametrize("seed", range(12))
def test_a_fall_breaches_exactly_the_accounts_the_kernel_calls(seed: int) -> None:
    made = world(Random(SEED + seed), accounts=40, leverage=(0.05, 0.5), one_tier=seed % 2 == 0)
    revalue(made.price_set, NOW)
    moved = {name: Quote(price=made.quotes[name].price * Decimal("0.7")) for name in ("BTC", "0001")}
    breached = set(breached_by(moved, made.price_set, NOW))
    holders = {a for a, book in made.books.items() if book.positions.keys() & moved.keys()}
    quotes = {**made.quotes, **moved}
    called = {a for a in holders if assess(made.books[a], quotes, made.policy).health.in_call}
    assert breached == called


def test_the_screen_judges_an_account_with_a_position_without_a_price() -> None:
    made = world(Random(SEED), accounts=40, leverage=(0.05, 0.5), one_tier=True, unpriced="0003")
    revalue(made.price_set, NOW)
    fallen = {name: Quote(price=made.quotes[name].price * Decimal("0.7")) for name in ("BTC", "0001")}
    breached = breached_by(fallen, made.price_set, NOW)
    moved = {a for a, book in made.books.items() if book.positions.keys() & fallen.keys()}
    after = {**made.priced, **fallen}
    assert set(breached) == {a for a in moved if assess(made.books[a], after, made.policy).health.in_call}
    assert any("0003" in made.books[account].positions for account in breached)


def test_the_books_read_from_the_ledger_are_the_books_written() -> None:
    made = world(Random(SEED), accounts=5)
    assert queries.books(list(made.books)) == made.books
