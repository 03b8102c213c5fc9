"""Opening a margin account, its limit, and what comes in and goes out."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.clients import queries as clients
from brokerage.clients.rules.credit import ASSESSED_IN
from brokerage.clients.rules.status import Act
from brokerage.ledger.amounts import ZERO, checked, positive
from brokerage.ledger.chart import Account, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused, check_reason
from brokerage.market import queries as market
from custody import queries as custody
from custody.rules import AccountKind

from .. import queries
from ..events import AccountOpened, LimitSet, Purpose, Source
from ..models import MarginAccount
from ..rules.buying_power import NotEligible, eligible
from ..rules.limits import LimitBasis, check_basis
from ..rules.second_person import raise_takes_two
from ..rules.valuation import Quote, quote_of
from ..rules.withdrawals import check_cash_out, check_collateral_out
from . import debit
from .case import Case, case, case_of_client
from .progress import cure
from .view import View, check_newest, creditworthy, judge, view


class NotAMarginAccount(Refused):
    """VAF-2: only an existing securities margin account may borrow; a cash account may not."""

    code = "margin.not-a-margin-account"


class AlreadyOpen(Refused):
    """The account is a margin account already."""

    code = "margin.already-open"


class WrongCurrency(Refused):
    """Money in another currency than the account's."""

    code = "margin.wrong-currency"


class NegativeLimit(Refused):
    """A credit limit below zero."""

    code = "margin.negative-limit"


class NothingToRepay(Refused):
    """A repayment of more than the account owes or holds in cash."""

    code = "margin.nothing-to-repay"


@command("margin.open-account")
def open_margin_account(entry: Entry, *, account: UUID) -> UUID:
    """Let a custody account of kind margin borrow, once a limit is set; returns the account.

    Raises NotAMarginAccount for a cash account (VAF-2), AlreadyOpen, WrongCurrency unless it is in the
    policy's currency, NoPolicy, and custody's refusals for an unknown, closed or inactive one.
    """
    entry.lock(account)
    standing = custody.standing(account)
    standing.check(Act.OPEN_ACCOUNT)
    if standing.kind is not AccountKind.MARGIN:
        raise NotAMarginAccount("Only a margin account may borrow; open one for the client.", account=account)
    if MarginAccount.objects.filter(pk=account).exists():
        raise AlreadyOpen("This margin account is open.", account=account)
    currency = standing.base_currency
    lent = queries.policy_in_force(entry.effective_at).policy.currency
    if currency != lent:
        raise WrongCurrency(f"The margin policy lends in {lent} only.", currency=currency)
    entry.record(account, AccountOpened(client=standing.client, currency=currency), owner=account)
    roles = (Role.CASH, Role.LOAN, Role.INTEREST_ACCRUED)
    entry.open(*(Account(account, role, currency) for role in roles))
    return account


@command("margin.set-limit")
def set_limit(
    entry: Entry,
    *,
    account: UUID,
    limit: Decimal,
    reason: str,
    basis: LimitBasis = LimitBasis.ASSESSMENT,
) -> None:
    """Set the most the account may owe (VAF-7, SMF-4); `reason` names the assessment or waiver of `basis`.

    All the client's limits together stay within its credit assessment, unless it is waived. A limit below
    the loan is allowed: the next assessment calls. A waiver takes two people, and so does a raise from a
    threshold on. Raises NegativeLimit, BadAmount, ReasonMissing, UnknownMarginAccount, BeyondAssessment or
    SecondPersonNeeded.
    """
    if checked(limit, name="limit") < ZERO:
        raise NegativeLimit("A limit is zero or more.", limit=limit)
    check_reason("margin", reason, "Name the credit assessment the limit rests on.")
    each = case_of_client(entry, account)
    present = each.account.credit_limit
    check_basis(basis, limit, present=present, assessed=_assessed(each))
    if basis is LimitBasis.WAIVER or raise_takes_two(present, limit, each.currency, entry.effective_at):
        entry.second_person(Perm.APPROVE_LIMITS, account=account, client=each.account.client)
    each.record(LimitSet(limit=limit, reason=reason, basis=basis))


def _assessed(each: Case) -> Decimal | None:
    """What the client's credit assessment leaves for this account; None if there is none on record."""
    assessed = clients.assessed_limit(each.account.client)
    if assessed is None:
        return None
    if each.currency != ASSESSED_IN:
        return ZERO
    return max(assessed - queries.other_limits(each.account), ZERO)


@command("margin.deposit")
def deposit(
    entry: Entry,
    *,
    account: UUID,
    asset: str,
    amount: Decimal,
    custodian: UUID | None = None,
) -> None:
    """Take in money, which repays what is owed at once, or an asset, which becomes collateral.

    While a call is open it counts as a cure at the newest prices. Raises NotEligible for an asset
    that may not be pledged (VAF-4), PriceMissing for one that was never priced, WrongCurrency, and as
    custody's deposit_step.
    """
    each = case(entry, account)
    seen = view(entry, each.currency, None) if each.call is not None else None
    before = judge(each.book, seen) if seen is not None else None
    _check_accepted(each, asset)
    each.deposit(asset, amount, custodian)
    if asset == each.currency:
        debit.settle(each, Source.DEPOSIT)
    if seen is not None and before is not None:
        cure(each, seen, before)


@command("margin.withdraw")
def withdraw(
    entry: Entry,
    *,
    account: UUID,
    asset: str,
    amount: Decimal,
    custodian: UUID | None = None,
    price_set: UUID | None = None,
) -> None:
    """Pay out money in credit, or collateral the loan does not need at `price_set` (by default the latest).

    Interest that has accrued is paid before money leaves. Raises PricesSuperseded, CreditStopped while a
    call or price hold stands, CashOutOnCredit (VAF-15)
    unless the policy allows it, WithdrawalBeyondExcess, BeyondHolding, WrongCurrency, and as custody's
    withdraw_step.
    """
    each = case(entry, account)
    check_newest(entry, price_set)
    if asset == each.currency:
        debit.settle(each, Source.CASH)
        _money_out(each, amount, price_set)
    else:
        _check_instrument(asset)
        _check_collateral_out(each, asset, amount, view(entry, each.currency, price_set))
    each.withdraw(asset, amount, custodian)


@command("margin.repay")
def repay(entry: Entry, *, account: UUID, amount: Decimal) -> None:
    """Pay part of what is owed out of the account's cash; a cure of an open call at the newest prices.

    Raises NothingToRepay when the account does not hold that much cash or does not owe it.
    """
    each = case(entry, account)
    positive(amount)
    if amount > min(each.cash, each.book.loan):
        raise NothingToRepay(
            "Repay no more than is owed and held in cash.", cash=each.cash, owed=each.book.loan
        )
    seen = view(entry, each.currency, None) if each.call is not None else None
    before = judge(each.book, seen) if seen is not None else None
    debit.settle(each, Source.CASH, at_most=amount)
    if seen is not None and before is not None:
        cure(each, seen, before)


def _check_accepted(each: Case, asset: str) -> None:
    """Pass for the account's own currency and for what the policy lets be pledged and has a price."""
    if asset == each.currency:
        return
    _check_instrument(asset)
    if not eligible(asset, queries.policy_in_force(each.entry.effective_at).policy):
        raise NotEligible(f"{asset} may not be pledged in a margin account.", asset=asset)
    latest = market.latest_price_set(each.entry.effective_at)
    if latest is not None:
        quote_of(queries.prices(latest.id, each.currency).quotes, asset)


def _check_instrument(asset: str) -> None:
    if custody.asset(asset).is_money:
        raise WrongCurrency("A margin account holds money in its base currency only.", currency=asset)


def _money_out(each: Case, amount: Decimal, price_set: UUID | None) -> None:
    """Check a payment; where policy allows one on credit (VAF-15), advance what cash does not cover."""
    seen = view(each.entry, each.currency, price_set) if amount > each.cash else None
    book = each.book
    quotes: Mapping[str, Quote] = {}
    if seen is not None:
        book, quotes = creditworthy(each.book, seen.prices), seen.prices.quotes
    policy = queries.policy_in_force(each.entry.effective_at).policy if seen is None else seen.policy
    drawn = check_cash_out(book, amount, each.cash, quotes, policy, credit_stopped=each.credit_stopped)
    if drawn:
        debit.draw(each, drawn, Purpose.PERMITTED_WITHDRAWAL, None)


def _check_collateral_out(each: Case, asset: str, amount: Decimal, seen: View) -> None:
    """Check that it is free and that what stays carries the loan.

    Without a loan no price matters; a doubtful one never helps.
    """
    each.check_free(asset, amount)
    held = each.book.positions.get(asset, ZERO)
    owes = each.book.loan > ZERO
    trusted = creditworthy(each.book, seen.prices).positions if owes else {}
    positions = {**trusted, asset: trusted.get(asset, min(amount, held))}
    check_collateral_out(
        replace(each.book, positions=positions),
        asset,
        amount,
        seen.prices.quotes,
        seen.policy,
        credit_stopped=each.credit_stopped,
    )
