"""What margin knows: policies, prices as its rules read them, and accounts with what they hold and owe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import EXACT, ZERO
from brokerage.ledger.chart import Role
from brokerage.ledger.queries import Balances
from brokerage.ledger.refusal import Refused
from brokerage.market import queries as market
from brokerage.market.rules.calendars import hong_kong_date
from brokerage.market.rules.instruments import minor_units
from brokerage.market.rules.prices import Answer, PriceState, Use, permits
from custody import queries as custody
from custody.rules import AccountStatus

from .models import Call, MarginAccount, Policy, Sale, SaleLeg, Valuation
from .rules.calls import Assessment, Band, assess
from .rules.lifecycle import Scope
from .rules.liquidation import is_dust
from .rules.policy import MarginPolicy, with_groups
from .rules.suspension import with_suspensions
from .rules.valuation import Book, Quote

DEBITS = (Role.LOAN, Role.INTEREST_ACCRUED, Role.DEFICIT)
POSITIONS = (Role.COLLATERAL, Role.RESERVED)
"""Where what secures the loan stands: pledged, and on a sell order but not yet sold."""


class NoPolicy(Refused):
    """No margin policy was in force at that time."""

    code = "margin.no-policy"


class UnknownMarginAccount(Refused):
    """There is no margin account of that id."""

    code = "margin.unknown-account"


class UnknownCall(Refused):
    """There is no such call, or the account has none open."""

    code = "margin.unknown-call"


class UnknownSale(Refused):
    """There is no such plan of a sale."""

    code = "margin.unknown-sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A policy as it stood: its version and content."""

    version: int
    policy: MarginPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """An adopted price set in one base currency: as the rules read it, and the evidence behind it.

    `bands` names the prices too doubtful to call on alone, `suspended` the first day without trading
    of securities whose haircut grows until `day`, a Hong Kong date; `groups` joins related names.
    """

    price_set: UUID
    evidence: Mapping[str, market.Quote]
    quotes: Mapping[str, Quote]
    bands: Mapping[str, Band]
    suspended: Mapping[str, date]
    groups: Mapping[str, str]
    day: date

    def permit(self, asset: str, use: Use) -> Answer:
        """Whether the asset's price may be used for that; NO for an asset without a price."""
        quote = self.evidence.get(asset)
        return Answer.NO if quote is None else permits(quote.state, use)

    def apply(self, policy: MarginPolicy) -> MarginPolicy:
        """The policy with related names joined, and suspended securities' haircuts raised to its ladder."""
        return with_suspensions(with_groups(policy, self.groups), self.suspended, self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A margin account with its balances and, if there is one, its open call."""

    account: MarginAccount
    balances: Balances
    call: Call | None

    @property
    def book(self) -> Book:
        """The account as the rules see it."""
        return book_of(self.balances, self.account.currency, self.account.credit_limit)


def policy_in_force(at: datetime) -> Terms:
    """The policy that counts at an instant: the latest to take effect, of those the newest version.

    Raises NoPolicy.
    """
    row = Policy.objects.filter(effective_from__lte=at).first()
    if row is None:
        raise NoPolicy("Adopt a margin policy first.", at=at)
    return Terms(version=row.version, policy=row.terms)


def prices(price_set: UUID, currency: str, *, at: datetime | None = None) -> Prices:
    """A price set for the rules; with `at` a price that has grown old by then counts as stale.

    Raises UnknownPriceSet or MissingRate.
    """
    evidence = market.quotes(price_set, currency, at=at)
    doubtful = {
        asset: quote
        for asset, quote in evidence.items()
        if permits(quote.state, Use.MARGIN_CALL) is not Answer.YES
    }
    return Prices(
        price_set=price_set,
        evidence=evidence,
        quotes={asset: Quote(price=quote.price, fx_rate=quote.fx) for asset, quote in evidence.items()},
        bands={asset: Band(quote.low, quote.high) for asset, quote in doubtful.items()},
        suspended={
            asset: quote.suspended_since
            for asset, quote in evidence.items()
            if quote.suspended_since is not None and quote.state is PriceState.SUSPENDED
        },
        groups=groups(),
        day=hong_kong_date(at or market.price_set(price_set).slot),
    )


def groups() -> dict[str, str]:
    """The group of every instrument: names of one group are related and share a concentration cap."""
    return {code: terms.group for code, terms in market.instruments().items()}


def loan_of(balances: Balances, currency: str) -> Decimal:
    """L: loan, accrued interest, deficit and unsettled debit in the base currency, exact."""
    owed = [balances.get((role, currency), ZERO) for role in DEBITS]
    owed.append(min(ZERO, balances.get((Role.UNSETTLED, currency), ZERO)))
    total = ZERO
    for amount in owed:
        total = EXACT.subtract(total, amount)
    return total


def has_something_to_sell(book: Book, prices: Prices, currency: str) -> bool:
    """Whether the account holds anything but dust at these prices; what has no price may be worth more."""
    places, positions = minor_units(currency), book.positions.items()
    return any(
        asset not in prices.quotes or not is_dust(asset, held, prices.quotes, places)
        for asset, held in positions
    )


def book_of(balances: Balances, currency: str, limit: Decimal) -> Book:
    """The rules' view of balances: positions pledged or on order, the loan and the limit."""
    positions: dict[str, Decimal] = {}
    for (role, asset), amount in balances.items():
        if role in POSITIONS and amount:
            positions[asset] = EXACT.add(positions.get(asset, ZERO), amount)
    return Book(positions=positions, loan=loan_of(balances, currency), limit=limit)


def account(id: UUID) -> MarginAccount:
    """The margin account of that id; raises UnknownMarginAccount."""
    found = MarginAccount.objects.filter(pk=id).first()
    if found is None:
        raise UnknownMarginAccount("There is no such margin account.", account=id)
    return found


def accounts(scope: frozenset[UUID] | None) -> QuerySet[MarginAccount]:
    """The margin accounts of the clients in scope, None for all, oldest first."""
    return MarginAccount.objects.all() if scope is None else MarginAccount.objects.filter(client__in=scope)


def other_limits(account: MarginAccount) -> Decimal:
    """The limits of the client's other open accounts in the same currency, together."""
    open_ones = custody.accounts(frozenset({account.client}), status=AccountStatus.OPEN)
    others = MarginAccount.objects.filter(id__in=open_ones.values("id"), currency=account.currency)
    return sum(others.exclude(pk=account.id).values_list("credit_limit", flat=True), ZERO)


def held(accounts: Sequence[UUID]) -> dict[UUID, Held]:
    """Many accounts with balances and open calls, in three reads; raises UnknownMarginAccount."""
    rows = MarginAccount.objects.in_bulk(accounts)
    missing = [id for id in accounts if id not in rows]
    if missing:
        raise UnknownMarginAccount("There is no such margin account.", accounts=missing)
    balances = ledger.balances_of(list(accounts))
    calls = Call.objects.in_bulk([row.open_call for row in rows.values() if row.open_call])
    return {
        id: Held(
            account=rows[id],
            balances=balances[id],
            call=calls[rows[id].open_call] if rows[id].open_call else None,
        )
        for id in accounts
    }


def books(accounts: Sequence[UUID]) -> dict[UUID, Book]:
    """Positions, loans and limits of many accounts; raises UnknownMarginAccount."""
    return {id: each.book for id, each in held(accounts).items()}


def valuation(
    account_id: UUID, price_set: UUID, policy: MarginPolicy, *, at: datetime | None = None
) -> Assessment:
    """One account judged exactly at a price set under a policy; raises as `prices` and PriceMissing."""
    found = held([account_id])[account_id]
    priced = prices(price_set, found.account.currency, at=at)
    return assess(found.book, priced.quotes, priced.apply(policy))


def calm_sets(accounts: Sequence[UUID]) -> dict[UUID, UUID]:
    """The price set at which each account was last valued and not in call, for those that ever were."""
    found = Valuation.objects.filter(account__in=accounts).values_list("account_id", "calm_set")
    return {account: calm_set for account, calm_set in found if calm_set is not None}


def call(id: UUID) -> Call:
    """The call of that id; raises UnknownCall."""
    found = Call.objects.select_related("account").filter(pk=id).first()
    if found is None:
        raise UnknownCall("There is no such call.", call=id)
    return found


def calls(scope: frozenset[UUID] | None) -> QuerySet[Call]:
    """The calls on accounts of the clients in scope, None for all, newest first, open or not."""
    found = Call.objects.select_related("account")
    return found if scope is None else found.filter(account__client__in=scope)


def open_calls() -> list[Call]:
    """All calls that have not ended, oldest first."""
    return list(Call.objects.filter(is_open=True).select_related("account").order_by("issued_at", "id"))


def sale(id: UUID) -> Sale:
    """The sale plan of that id; raises UnknownSale."""
    found = Sale.objects.filter(pk=id).first()
    if found is None:
        raise UnknownSale("There is no such sale.", sale=id)
    return found


def va_sold(call_id: UUID) -> Decimal:
    """What sales for the virtual part of a call alone have brought in so far, in base currency."""
    legs = SaleLeg.objects.filter(sale__call=call_id, sale__scope=Scope.VA.value)
    return legs.aggregate(total=Sum("filled_proceeds"))["total"] or ZERO


def current_sale(call_id: UUID) -> Sale | None:
    """The plan of a call that is not closed yet, if there is one."""
    return Sale.objects.filter(call=call_id).exclude(state=Sale.State.CLOSED).first()


def may_sell_alone(sale: Sale, policy: MarginPolicy, prices: Prices) -> bool:
    """Whether a job may approve the plan: the policy allows it and each leg's price may be sold on.

    A stale price always takes a second person.
    """
    return policy.automatic_sales and all(
        prices.permit(leg.asset, Use.LIQUIDATION) is Answer.YES for leg in sale.legs.all()
    )
