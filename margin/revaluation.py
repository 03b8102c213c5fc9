"""The whole book valued at once, and what a price tick breaks: sets in SQL, decisions in exact Python.

Where every position has one haircut, no cap binds and no price is in doubt, the kernel's lending value
is the plain sum of quantity x price x rate x (1 - haircut), and PostgreSQL's numeric adds that up exactly.
Every other account goes through the kernel itself (`rules.valuation`), and so does every account
whose state would change, under its lock, in `commands.assess`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from brokerage.ledger import store
from brokerage.ledger.projection import upsert
from brokerage.market import queries as market

from . import queries
from .bulk import TICK, AssetTable
from .models import MarginAccount, Valuation
from .queries import Held, Prices, Terms
from .rules.calls import Assessment, Health, assess, banded_health, figures
from .rules.policy import MarginPolicy
from .rules.valuation import PriceMissing, Quote

CHUNK = 500
PLACES = 2


@dataclass(frozen=True, slots=True)
class Revalued:
    """What a revaluation did: accounts valued, and those whose state may have to change."""

    accounts: int
    candidates: tuple[UUID, ...]


def revalue(price_set: UUID, at: datetime) -> Revalued:
    """Value every margin account at an adopted price set under the policy in force at `at`.

    Writes Valuation rows (a cache) in one transaction and returns the accounts that `assess` must
    decide on: those in call or on hold, and those whose health differs from their recorded state.
    """
    terms = queries.policy_in_force(at)
    candidates: set[UUID] = set()
    for currency in _currencies():
        prices = queries.prices(price_set, currency, at=at)
        with transaction.atomic():
            rows = _value_plain(terms, prices, currency, at)
            candidates |= {account for account, plain, changes in rows if changes and plain}
            for chunk in _chunks([account for account, plain, _ in rows if not plain]):
                candidates |= _value_exactly(chunk, terms, prices, at)
    return Revalued(MarginAccount.objects.count(), tuple(sorted(candidates)))


def breached_by(moved: Mapping[str, Quote], price_set: UUID, at: datetime) -> tuple[UUID, ...]:
    """The accounts without an open call that fall in call if these prices replace those of the set.

    `moved` maps assets to new quotes in the accounts' base currency; a rise breaches nothing, so only
    falls are looked at. Judged on the latest revaluation; what a plain sum cannot judge, the kernel does.
    """
    terms = queries.policy_in_force(at)
    breached: set[UUID] = set()
    for currency in _currencies():
        prices = queries.prices(price_set, currency, at=at)
        policy = prices.apply(terms.policy)
        rows = _screen_tick(AssetTable(policy, prices), moved, policy, currency)
        breached |= {account for account, sure in rows if sure}
        quotes = {**prices.quotes, **moved}
        for chunk in _chunks([account for account, sure in rows if not sure]):
            judged = queries.held(chunk).items()
            breached |= {account for account, each in judged if _in_call(each, quotes, policy)}
    return tuple(sorted(breached))


def breached_since(price_set: UUID, at: datetime) -> tuple[UUID, ...]:
    """The accounts that fall in call by what fell between the set last valued at and this newer one."""
    last = Valuation.objects.order_by("-valued_at").first()
    if last is None or not _newer(price_set, last.price_set):
        return ()
    currency = queries.policy_in_force(at).policy.currency
    before, now = (queries.prices(each, currency).quotes for each in (last.price_set, price_set))
    moved = {asset: quote for asset, quote in now.items() if quote != before.get(asset)}
    return breached_by(moved, last.price_set, at)


def _newer(price_set: UUID, than: UUID) -> bool:
    a, b = market.price_set(price_set), market.price_set(than)
    return (a.slot, a.revision) > (b.slot, b.revision)


def _in_call(held: Held, quotes: Mapping[str, Quote], policy: MarginPolicy) -> bool:
    """Whether the kernel finds the account in call; one it cannot value is left to the revaluation."""
    try:
        return assess(held.book, quotes, policy).health.in_call
    except PriceMissing:
        return False


def _currencies() -> list[str]:
    return list(MarginAccount.objects.order_by("currency").values_list("currency", flat=True).distinct())


def _chunks(accounts: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(accounts), CHUNK):
        yield accounts[start : start + CHUNK]


def _value_plain(terms: Terms, prices: Prices, currency: str, at: datetime) -> list[tuple[UUID, bool, bool]]:
    """Value the accounts a plain sum can value; (account, plain, may change) of all that need more."""
    policy = prices.apply(terms.policy)
    table = AssetTable(policy, prices)
    cursor = store.cursor()
    cursor.execute("SET LOCAL jit = off; SET LOCAL work_mem = '256MB'")
    return cursor.execute(
        table.statement(),
        {
            **table.columns(),
            "currency": currency,
            "warning": policy.triggers.warning,
            "call": policy.triggers.call,
            "hard": policy.triggers.hard,
            "target": policy.target,
            "unit": Decimal(10) ** PLACES,
            "price_set": prices.price_set,
            "version": terms.version,
            "at": at,
        },
    ).fetchall()


def _value_exactly(accounts: Sequence[UUID], terms: Terms, prices: Prices, at: datetime) -> set[UUID]:
    """Value accounts by the kernel; those whose state may have to change, or that cannot be valued."""
    policy = prices.apply(terms.policy)
    rows, candidates, calm_sets = [], set(), queries.calm_sets(accounts)
    for account, held in queries.held(accounts).items():
        try:
            assessment = assess(held.book, prices.quotes, policy)
        except PriceMissing:
            candidates.add(account)
            continue
        rows.append(_row(account, assessment, terms, prices, at, calm_sets.get(account)))
        if _may_change(held, assessment, prices, policy):
            candidates.add(account)
    upsert(Valuation, rows)
    return candidates


def _may_change(held: Held, assessment: Assessment, prices: Prices, policy: MarginPolicy) -> bool:
    account = held.account
    if account.open_call or account.open_hold or assessment.health.in_call:
        return True
    if (assessment.health is Health.WARNING) != account.warned:
        return True
    doubtful = {asset: prices.bands[asset] for asset in held.book.positions if asset in prices.bands}
    return bool(doubtful) and banded_health(held.book, prices.quotes, doubtful, policy).hold


def _row(
    account: UUID,
    assessment: Assessment,
    terms: Terms,
    prices: Prices,
    at: datetime,
    calm_before: UUID | None,
) -> Valuation:
    found = figures(assessment, PLACES)
    return Valuation(
        account_id=account,
        health=found.health.value,
        loan=found.loan,
        credit_limit=found.limit,
        market_value=found.market_value,
        lending_value=found.lending_value,
        capital_value=found.capital_value,
        call_amount=found.call_amount,
        shortfall=found.shortfall,
        cap_binds_below=found.lending_value,
        plain=False,
        unpriced=len(assessment.valuation.unpriced),
        price_set=prices.price_set,
        calm_set=calm_before if found.health.in_call else prices.price_set,
        policy_version=terms.version,
        valued_at=at,
    )


def _screen_tick(
    table: AssetTable, moved: Mapping[str, Quote], policy: MarginPolicy, currency: str
) -> list[tuple[UUID, bool]]:
    """(account, sure) of the accounts that these falls breach, or may breach."""
    falls = {asset: change for asset, quote in moved.items() if (change := table.fall(asset, quote))}
    return (
        store.cursor()
        .execute(
            TICK,
            {
                "assets": list(falls),
                "changes": list(falls.values()),
                "call": policy.triggers.call,
                "currency": currency,
                "cent": Decimal(1).scaleb(-PLACES),
            },
        )
        .fetchall()
    )
