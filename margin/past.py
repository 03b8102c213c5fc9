"""A margin account as it stood at an instant: computed, not looked up.

Balances, limit, policy, prices and calls are those of then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import ZERO
from brokerage.market import queries as market

from . import queries
from .events import LimitSet
from .models import Call, MarginAccount
from .rules.calls import Assessment, assess


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One account as it was: the assessment, what it rests on, and the call that was open."""

    account: MarginAccount
    as_of: datetime
    assessment: Assessment
    prices: queries.Prices
    price_set: Any
    terms: queries.Terms
    balances: ledger.Balances
    call: Call | None


def standing(account: MarginAccount, as_of: datetime) -> Past | None:
    """The account judged as of an instant; None when no prices or policy were in force yet.

    Prices count with the age they had then. Raises MissingRate.
    """
    adopted = market.latest_price_set(as_of)
    if adopted is None:
        return None
    try:
        terms = queries.policy_in_force(as_of)
    except queries.NoPolicy:
        return None
    priced = {account.currency: queries.prices(adopted.id, account.currency, at=as_of)}
    return judged([account], as_of, adopted, priced, terms)[0]


def judged(
    accounts: Sequence[MarginAccount],
    as_of: datetime,
    adopted: Any,
    priced: Mapping[str, queries.Prices],
    terms: queries.Terms,
) -> list[Past]:
    """Every account in three reads, however many there are."""
    ids = [account.id for account in accounts]
    balances = ledger.balances_as_of_many(ids, as_of=as_of)
    limits, calls = limits_at(ids, as_of), _calls_at(ids, as_of)
    found = []
    for account in accounts:
        prices = priced[account.currency]
        book = queries.book_of(balances[account.id], account.currency, limits[account.id])
        past = Past(
            account=account,
            as_of=as_of,
            assessment=assess(book, prices.quotes, prices.apply(terms.policy)),
            prices=prices,
            price_set=adopted,
            terms=terms,
            balances=balances[account.id],
            call=calls.get(account.id),
        )
        found.append(past)
    return found


def limits_at(accounts: Sequence[UUID], as_of: datetime) -> dict[UUID, Decimal]:
    """The credit limits that were in force; zero before an account's first."""
    set_by_then = ledger.latest_events(LimitSet, accounts, as_of=as_of)
    return {id: set_by_then[id].event.limit if id in set_by_then else ZERO for id in accounts}


def _calls_at(accounts: Sequence[UUID], as_of: datetime) -> dict[UUID, Call]:
    """The calls that were open, by account; the newest where one followed another at that instant."""
    still_open = Q(ended_at__isnull=True) | Q(ended_at__gt=as_of)
    calls = Call.objects.filter(still_open, account__in=accounts, issued_at__lte=as_of)
    return {call.account_id: call for call in calls.order_by("issued_at")}
