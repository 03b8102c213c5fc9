"""Steps that move an account's debit: advances, repayment from cash, and interest joining the loan.

House money moves with them: an advance brings it to the client bank, a repayment takes it back.
"""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.chart import FIRM, Account, Posting, Role

from ..events import DeficitSettled, Drawn, InterestCharged, Purpose, Repaid, Source
from ..models import InterestMonth
from ..rules.interest import monthly_charge
from .case import Case


def draw(case: Case, amount: Decimal, purpose: Purpose, trade: UUID | None) -> None:
    """Advance an amount in base currency to the account's cash (VAF-15)."""
    case.record(
        Drawn(amount=amount, currency=case.currency, purpose=purpose, trade=trade),
        *_from_house(case, Role.LOAN, amount),
    )


def settle(case: Case, source: Source, *, trade: UUID | None = None, at_most: Decimal | None = None) -> None:
    """Pay what the account owes out of its cash: a deficit, the loan, then interest not yet charged.

    Cash is left over only when nothing is owed, or beyond `at_most`; interest is charged early when
    it alone is left, so that an account never holds cash and owes.
    """
    left = case.cash if at_most is None else min(case.cash, at_most)
    left -= _settle_deficit(case, left)
    left -= _repay(case, left, source, trade)
    if left > ZERO and case.owed(Role.INTEREST_ACCRUED) > ZERO:
        charge(case, InterestMonth.objects.filter(account=case.id).order_by("month"))
        _repay(case, left, source, trade)


def charge(case: Case, months: Iterable[InterestMonth]) -> None:
    """Add what accrued in each of the months to the loan, rounded once a month; the rest to rounding."""
    for month in months:
        accrued = month.accrued - month.settled
        # The rows do not know what this entry charged already; the case does.
        if not accrued or accrued > case.owed(Role.INTEREST_ACCRUED):
            continue
        amount, residual = monthly_charge([accrued], case.places)
        case.record(
            InterestCharged(
                month=month.month,
                accrued=accrued,
                amount=amount,
                residual=residual,
                currency=case.currency,
            ),
            Posting(Account(case.id, Role.INTEREST_ACCRUED, case.currency), accrued),
            Posting(Account(case.id, Role.LOAN, case.currency), -amount),
            Posting(Account(FIRM, Role.ROUNDING, case.currency), -residual),
        )


def _repay(case: Case, most: Decimal, source: Source, trade: UUID | None) -> Decimal:
    amount = min(most, case.owed(Role.LOAN))
    if amount > ZERO:
        case.record(
            Repaid(amount=amount, currency=case.currency, source=source, trade=trade),
            *_from_house(case, Role.LOAN, -amount),
        )
    return max(ZERO, amount)


def _settle_deficit(case: Case, most: Decimal) -> Decimal:
    owed = case.owed(Role.DEFICIT)
    amount = min(most, owed)
    if amount <= ZERO or case.call is None:
        return ZERO
    case.record(
        DeficitSettled(call=case.call.id, amount=amount, left=owed - amount, currency=case.currency),
        *_from_house(case, Role.DEFICIT, -amount),
    )
    return amount


def _from_house(case: Case, debit: Role, amount: Decimal) -> tuple[Posting, ...]:
    """House money to the account's cash against a debit; below zero the way back."""
    currency = case.currency
    return (
        Posting(Account(case.id, debit, currency), -amount),
        Posting(Account(case.id, Role.CASH, currency), amount),
        Posting(Account(case.bank, Role.BANK_HOUSE, currency), amount),
        Posting(Account(case.bank, Role.BANK_CLIENT, currency), -amount),
    )
