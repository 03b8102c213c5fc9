"""What an account may still buy on credit, and what would meet its open call, at the prices it was judged at.

FORMULAS, Buying power and Cure, by the rules that `commands.purchase` and `commands.deposit` decide with.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from brokerage.ledger.amounts import EXACT, ONE, ZERO, up
from brokerage.ledger.chart import Role
from brokerage.market import queries as market
from brokerage.market.rules.instruments import minor_units
from brokerage.market.rules.prices import Answer, Use

from .commands.view import creditworthy
from .past import Past
from .rules import buying_power as rules
from .rules.buying_power import BuyingPower, eligible
from .rules.calls import Cure, assess, at_worst, cure
from .rules.policy import MarginPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Cures:
    """What meets a call: that much cash in the account's currency, or any one of the assets in whole lots.

    Doubtful prices count at their worse end: a doubt never ends a call. An asset that cannot meet the call
    alone is left out.
    """

    cash: Decimal
    assets: tuple[Cure, ...]


def credit_stopped(past: Past) -> bool:
    """Whether nothing may be bought on credit: a call or a price hold stands (VAF-10, SMF-5)."""
    return past.call is not None or past.account.open_hold is not None


def buying_power(past: Past) -> tuple[BuyingPower, ...]:
    """Of each asset the most that may be bought with cash and credit, as it is booked; none while stopped."""
    if credit_stopped(past):
        return ()
    book = creditworthy(past.assessment.book, past.prices)
    cash = past.balances.get((Role.CASH, past.account.currency), ZERO)
    book = replace(book, loan=EXACT.subtract(book.loan, cash))
    policy = past.prices.apply(past.terms.policy)
    cent = ONE.scaleb(-minor_units(past.account.currency))
    found = [
        rules.buying_power(book, asset, past.prices.quotes, policy, lot, spare=cent)
        for asset, lot in _lots(policy)
        if past.prices.permit(asset, Use.NEW_CREDIT) is Answer.YES
    ]
    return tuple(power for power in found if power.quantity)


def cures(past: Past) -> Cures | None:
    """What would meet the open call; None without one."""
    if past.call is None:
        return None
    book = past.assessment.book
    policy = past.prices.apply(past.terms.policy)
    quotes = at_worst(book, past.prices.quotes, past.prices.bands)
    found = [cure(book, asset, quotes, policy, lot) for asset, lot in _lots(policy) if asset in quotes]
    return Cures(
        cash=up(assess(book, quotes, policy).call_amount, minor_units(past.account.currency)),
        assets=tuple(each for each in found if each is not None and each.quantity),
    )


def _lots(policy: MarginPolicy) -> Iterator[tuple[str, Decimal]]:
    """The assets that may be pledged, with their lots."""
    for asset, terms in sorted(market.instruments().items()):
        if eligible(asset, policy):
            yield asset, terms.lot
