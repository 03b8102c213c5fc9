"""What may leave a margin account: cash only without credit, collateral only beyond what the loan needs."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from brokerage.ledger.amounts import ZERO, positive
from brokerage.ledger.refusal import Refused

from .buying_power import CreditStopped
from .calls import Assessment, assess
from .exact import exact
from .policy import MarginPolicy
from .valuation import Book, Quote, check_priced


class CashOutOnCredit(Refused):
    """VAF-15: cash out that creates or raises a debit."""

    code = "margin.cash-out-on-credit"


class BeyondHolding(Refused):
    """More of an asset than the account holds."""

    code = "margin.beyond-holding"


class WithdrawalBeyondExcess(Refused):
    """A withdrawal after which the loan would exceed the lending value or the limit."""

    code = "margin.withdrawal-beyond-excess"


@exact
def check_cash_out(
    book: Book,
    amount: Decimal,
    cash: Decimal,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    *,
    credit_stopped: bool = False,
) -> Decimal:
    """What the withdrawal would draw on credit, in base currency: 0 if `cash` covers it.

    Raises CreditStopped while a call is outstanding, CashOutOnCredit unless the policy allows
    credit without a purchase, WithdrawalBeyondExcess, PriceMissing and BadAmount.
    """
    positive(amount)
    if credit_stopped:
        raise CreditStopped("A call is outstanding: meet it before taking money out.")
    drawn = max(ZERO, amount - cash)
    if drawn == ZERO:
        return ZERO
    if policy.purchase_only_credit:
        raise CashOutOnCredit(
            "Credit is for dealing: withdraw no more than the cash held.", amount=amount, cash=cash
        )
    check_priced(book.positions, quotes)
    _check_excess(assess(replace(book, loan=book.loan + drawn), quotes, policy))
    return drawn


@exact
def check_collateral_out(
    book: Book,
    asset: str,
    quantity: Decimal,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    *,
    credit_stopped: bool = False,
) -> Assessment:
    """The book without the collateral, judged, if the loan still stands within lending value and limit.

    Raises CreditStopped, BeyondHolding, WithdrawalBeyondExcess, PriceMissing and BadAmount.
    """
    positive(quantity, name="quantity")
    if credit_stopped:
        raise CreditStopped("A call is outstanding: meet it before taking collateral out.", asset=asset)
    held = book.positions.get(asset, ZERO)
    if quantity > held:
        raise BeyondHolding(f"The account holds {held} {asset}.", asset=asset, quantity=quantity, held=held)
    positions = {**book.positions, asset: held - quantity}
    check_priced(positions, quotes)
    after = assess(replace(book, positions=positions), quotes, policy)
    _check_excess(after)
    return after


def _check_excess(after: Assessment) -> None:
    if after.book.loan > ZERO and after.shortfall > ZERO:
        raise WithdrawalBeyondExcess(
            "The loan would exceed the lending value or the limit: repay first.",
            loan=after.book.loan,
            lending_value=after.valuation.lending_value,
            limit=after.book.limit,
        )
