"""What the desk watches: every margin account's standing, now from the latest revaluation, or at a past time.

The past is computed, not looked up: balances, limit, policy, prices and calls as they were then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Least, NullIf
from django.utils.translation import gettext_lazy

from brokerage.clients import queries as clients
from brokerage.ledger.amounts import ZERO
from brokerage.market import queries as market

from . import queries
from .models import Call, MarginAccount
from .past import Past, judged
from .rules.calls import Health, figures
from .rules.lifecycle import SELLING, Stage
from .rules.valuation import excess, margin_ratio


class Risk(StrEnum):
    """The desk's one word for an account, worst last."""

    UNKNOWN = "unknown"
    SAFE = "safe"
    WARNING = "warning"
    CALL = "call"
    SALE = "sale"


WORDS = {
    Risk.SALE: gettext_lazy("Forced sale"),
    Risk.CALL: gettext_lazy("Call"),
    Risk.WARNING: gettext_lazy("Warning"),
    Risk.SAFE: gettext_lazy("Safe"),
    Risk.UNKNOWN: gettext_lazy("Not valued"),
}
RANKS = {risk: rank for rank, risk in enumerate(Risk)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account as the monitor shows it; amounts in `currency`, None where it was never valued.

    `unpriced` positions have no price and count as nothing.
    """

    account: UUID
    reference: str
    name: str
    currency: str
    risk: Risk
    stage: str
    held: bool
    unpriced: int
    loan: Decimal | None
    limit: Decimal
    market_value: Decimal | None
    lending_value: Decimal | None
    excess: Decimal | None
    ratio: Decimal | None
    call_amount: Decimal | None
    due_at: datetime | None
    valued_at: datetime | None

    @property
    def word(self) -> str:
        """The state in words."""
        return str(WORDS[self.risk])


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The sums of all accounts of one base currency."""

    currency: str
    accounts: int
    loan: Decimal
    market_value: Decimal
    lending_value: Decimal


_VALUED = Q(valuation__isnull=False)
_IN_CALL = Q(open_call__isnull=False)
_RATIO = F("valuation__loan") / NullIf(F("valuation__lending_value"), ZERO)
_EXCESS = Least(F("valuation__lending_value"), F("valuation__credit_limit")) - F("valuation__loan")
SORTS: dict[str, Any] = {
    "client": F("reference"),
    "risk": F("rank"),
    "ratio": F("ratio"),
    "loan": F("valuation__loan"),
    "lending": F("valuation__lending_value"),
    "market": F("valuation__market_value"),
    "excess": F("excess"),
    "limit": F("credit_limit"),
    "due": F("due_at"),
}


def now(*, risk: Risk | None, search: str, sort: str, descending: bool) -> QuerySet[Any]:
    """Accounts as last revalued, annotated for `row`, in the order asked for; within a state worst first."""
    found = _annotated()
    if risk is not None:
        found = found.filter(rank=RANKS[risk])
    if search:
        found = found.filter(Q(reference__icontains=search) | Q(name__icontains=search))
    key = SORTS[sort]
    order = key.desc(nulls_last=True) if descending else key.asc(nulls_last=True)
    worst = [F("ratio").desc(nulls_last=True)] if sort == "risk" else []
    return found.order_by(order, *worst, "reference")


def names() -> dict[str, Subquery]:
    """Annotations with the client's reference and name, for margin accounts."""
    return clients.named("client")


def _annotated() -> QuerySet[Any]:
    call = Call.objects.filter(id=OuterRef("open_call"))
    selling = [stage.value for stage in (*SELLING, Stage.DEFICIT)]
    return MarginAccount.objects.select_related("valuation").annotate(
        **names(),
        stage=Subquery(call.values("stage")),
        due_at=Subquery(call.values(due=Least("va_due_at", "securities_due_at"))),
        ratio=_RATIO,
        excess=_EXCESS,
        rank=Case(
            When(_IN_CALL & Q(stage__in=selling), then=Value(RANKS[Risk.SALE])),
            When(_IN_CALL | Q(valuation__health__in=("call", "hard")), then=Value(RANKS[Risk.CALL])),
            When(Q(warned=True) | Q(valuation__health="warning"), then=Value(RANKS[Risk.WARNING])),
            When(_VALUED, then=Value(RANKS[Risk.SAFE])),
            default=Value(RANKS[Risk.UNKNOWN]),
        ),
    )


def row(account: Any) -> Row:
    """The monitor's row of an account annotated by `now`."""
    valued = getattr(account, "valuation", None)
    return Row(
        account=account.id,
        reference=account.reference,
        name=account.name or "",
        currency=account.currency,
        risk=list(Risk)[account.rank],
        stage=account.stage or "",
        held=account.open_hold is not None,
        unpriced=valued.unpriced if valued else 0,
        loan=valued and valued.loan,
        limit=account.credit_limit,
        market_value=valued and valued.market_value,
        lending_value=valued and valued.lending_value,
        excess=valued and excess(valued.loan, valued.lending_value, valued.credit_limit),
        ratio=valued and margin_ratio(valued.loan, valued.lending_value),
        call_amount=valued and valued.call_amount,
        due_at=account.due_at,
        valued_at=valued and valued.valued_at,
    )


def in_call(most: int = 20) -> list[Row]:
    """The accounts with an open call, the earliest deadline first."""
    found = _annotated().filter(_IN_CALL).order_by("due_at", "reference")[:most]
    return [row(account) for account in found]


def counts() -> dict[Risk, int]:
    """How many accounts stand under each word, now."""
    found = dict(_annotated().values_list("rank").annotate(Count("id")).order_by())
    return {risk: found.get(RANKS[risk], 0) for risk in Risk}


def totals() -> list[Total]:
    """The sums over all valued accounts now, by currency."""
    sums = (
        MarginAccount.objects.filter(_VALUED)
        .values("currency")
        .annotate(
            accounts=Count("id"),
            loan=Sum("valuation__loan"),
            market_value=Sum("valuation__market_value"),
            lending_value=Sum("valuation__lending_value"),
        )
    )
    return [Total(**each) for each in sums.order_by("currency")]


def then(as_of: datetime) -> list[Row]:
    """Every account opened by then, as it stood; by reference. Raises MissingRate."""
    accounts = list(_annotated().filter(opened_at__lte=as_of).order_by("reference"))
    adopted = market.latest_price_set(as_of)
    if adopted is None or not accounts:
        return []
    try:
        terms = queries.policy_in_force(as_of)
    except queries.NoPolicy:
        return []
    priced = {
        currency: queries.prices(adopted.id, currency, at=as_of)
        for currency in {account.currency for account in accounts}
    }
    return [past_row(past.account, past) for past in judged(accounts, as_of, adopted, priced, terms)]


def past_row(account: Any, past: Past) -> Row:
    """The monitor's row of an account judged in the past."""
    rounded = figures(past.assessment)
    due = [each for each in (past.call.va_due_at, past.call.securities_due_at) if each] if past.call else []
    return Row(
        account=account.id,
        reference=account.reference,
        name=account.name or "",
        currency=account.currency,
        risk=risk_of(rounded.health, past.call, past.as_of),
        stage="",
        held=False,
        unpriced=len(past.assessment.valuation.unpriced),
        loan=rounded.loan,
        limit=rounded.limit,
        market_value=rounded.market_value,
        lending_value=rounded.lending_value,
        excess=excess(rounded.loan, rounded.lending_value, rounded.limit),
        ratio=margin_ratio(rounded.loan, rounded.lending_value),
        call_amount=rounded.call_amount,
        due_at=min(due, default=None),
        valued_at=past.price_set.slot,
    )


def risk_of(health: Health, call: Call | None, as_of: datetime) -> Risk:
    """The word for a health and the call that was open at an instant."""
    if call is not None:
        return Risk.SALE if call.expired_at and call.expired_at <= as_of else Risk.CALL
    return {Health.NORMAL: Risk.SAFE, Health.WARNING: Risk.WARNING}.get(health, Risk.CALL)


def sorted_rows(rows: Iterable[Row], sort: str, descending: bool) -> list[Row]:
    """Rows in the order `now` would give, unknown figures last."""
    fields = {"client": "reference", "lending": "lending_value", "market": "market_value", "due": "due_at"}
    name = fields.get(sort, sort)

    def value(each: Row) -> Any:
        return RANKS[each.risk] if name == "risk" else getattr(each, name)

    known = [each for each in rows if value(each) is not None]
    unknown = [each for each in rows if value(each) is None]
    return sorted(known, key=value, reverse=descending) + unknown
