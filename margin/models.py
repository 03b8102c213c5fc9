"""What the events of the margin room add up to: accounts, policies, calls, sales, interest, holds.

Written by `projections` only, but for Valuation, which is a cache that revaluation writes. Amounts
are in the account's base currency.
"""

from decimal import Decimal

from django.db import models

from brokerage.ledger import codec
from brokerage.ledger.amounts import ZERO

from .rules import lifecycle
from .rules.calls import Health
from .rules.policy import MarginPolicy


def _amount(default: Decimal | None = None) -> "models.DecimalField[Decimal, Decimal]":
    if default is None:
        return models.DecimalField(max_digits=38, decimal_places=18)
    return models.DecimalField(max_digits=38, decimal_places=18, default=default)


class MarginAccount(models.Model):
    """A custody account that may borrow. The id is the custody account's, its stream and its owner."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    currency = models.CharField(max_length=3)
    credit_limit = _amount(default=ZERO)
    warned = models.BooleanField(default=False)
    open_call = models.UUIDField(null=True)
    open_hold = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    debit_moved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "margin_account"
        ordering = ("opened_at", "id")

    def __str__(self) -> str:
        return str(self.id)


class Policy(models.Model):
    """One adopted version of the house's margin policy."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField(unique=True)
    effective_from = models.DateTimeField()
    adopted_at = models.DateTimeField()
    reason = models.TextField()
    content = models.JSONField()

    class Meta:
        db_table = "margin_policy"
        ordering = ("-effective_from", "-version")

    def __str__(self) -> str:
        return f"version {self.version}"

    @property
    def terms(self) -> MarginPolicy:
        """The policy as rules see it."""
        decoded: MarginPolicy = codec.decode(MarginPolicy, self.content)
        return decoded


class Call(models.Model):
    """One margin call as it stands; `securities_left` and `va_left` are what cures have not yet covered."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(MarginAccount, models.PROTECT, related_name="calls")
    stage = models.CharField(max_length=24, choices=[(stage.value, stage.value) for stage in lifecycle.Stage])
    is_open = models.BooleanField(default=True)
    currency = models.CharField(max_length=3)
    price_set = models.UUIDField()
    policy_version = models.IntegerField()
    hard = models.BooleanField()
    loan = _amount()
    credit_limit = _amount()
    lending_value = _amount()
    shortfall = _amount()
    amount = _amount()
    securities = _amount()
    va = _amount()
    securities_left = _amount()
    va_left = _amount()
    issued_at = models.DateTimeField()
    issued_version = models.IntegerField()
    securities_due_at = models.DateTimeField(null=True)
    va_due_at = models.DateTimeField(null=True)
    expired = models.CharField(max_length=8, default=lifecycle.Scope.NOTHING.value)
    expired_at = models.DateTimeField(null=True)
    met_since = models.DateTimeField(null=True)
    extended = models.BooleanField(default=False)
    disputed = models.BooleanField(default=False)
    plan_version = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "margin_call"
        ordering = ("-issued_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="margin_call_one_open", fields=("account",), condition=models.Q(is_open=True)
            ),
        )
        indexes = (
            models.Index(name="margin_call_due", fields=("va_due_at",), condition=models.Q(is_open=True)),
            models.Index(
                name="margin_call_securities_due",
                fields=("securities_due_at",),
                condition=models.Q(is_open=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}, {self.stage}"

    @property
    def reference(self) -> str:
        """The lasting name of the event that issued the call."""
        return f"{self.account_id}@{self.issued_version}"

    def life(self, *, held: bool) -> lifecycle.Call:
        """The call as rules see it; `held` says whether its account is under a price hold."""
        sides = {
            lifecycle.Side.EXTENDED: self.extended,
            lifecycle.Side.DISPUTED: self.disputed,
            lifecycle.Side.PRICE_HOLD: held,
        }
        return lifecycle.Call(
            stage=lifecycle.Stage(self.stage),
            issued_at=self.issued_at,
            amount=self.amount,
            securities_amount=self.securities,
            va_amount=self.va,
            securities_due_at=self.securities_due_at,
            va_due_at=self.va_due_at,
            sides=tuple(side for side, true in sides.items() if true),
            expired=lifecycle.Scope(self.expired),
            met_since=self.met_since,
        )


class Sale(models.Model):
    """One plan of a forced sale and what became of it; the id follows from call and plan version."""

    class State(models.TextChoices):
        """How far the plan has come."""

        PLANNED = "planned"
        APPROVED = "approved"
        ORDERED = "ordered"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True)
    call = models.ForeignKey(Call, models.PROTECT, related_name="sales")
    version = models.IntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    scope = models.CharField(max_length=8)
    at_most = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    price_set = models.UUIDField()
    meets_target = models.BooleanField()
    deficit = _amount()
    planned_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    ordered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, default="")

    class Meta:
        db_table = "margin_sale"
        ordering = ("call", "version")
        constraints = (models.UniqueConstraint(name="margin_sale_once", fields=("call", "version")),)

    def __str__(self) -> str:
        return f"plan {self.version}, {self.state}"


class SaleLeg(models.Model):
    """One asset of a plan: what was to be sold and what was; the id follows from sale and leg number."""

    id = models.UUIDField(primary_key=True)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="legs")
    number = models.IntegerField()
    asset = models.CharField(max_length=12)
    quantity = _amount()
    price = _amount()
    fx_rate = _amount()
    proceeds = _amount()
    filled = _amount(default=ZERO)
    filled_proceeds = _amount(default=ZERO)

    class Meta:
        db_table = "margin_sale_leg"
        ordering = ("sale", "number")

    def __str__(self) -> str:
        return f"{self.quantity} {self.asset}"


class SaleFill(models.Model):
    """One execution; the id follows from the venue's trade id, so that it is booked once."""

    id = models.UUIDField(primary_key=True)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="fills")
    leg = models.IntegerField()
    trade = models.UUIDField()
    venue_trade = models.TextField()
    quantity = _amount()
    price = _amount()
    proceeds = _amount()
    filled_at = models.DateTimeField()

    class Meta:
        db_table = "margin_sale_fill"
        ordering = ("filled_at", "id")

    def __str__(self) -> str:
        return self.venue_trade


class PriceHold(models.Model):
    """A time during which an account's standing depended on doubtful prices."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(MarginAccount, models.PROTECT, related_name="holds")
    assets = models.JSONField()
    price_set = models.UUIDField()
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "margin_price_hold"
        ordering = ("-placed_at", "id")

    def __str__(self) -> str:
        return ", ".join(self.assets)


class InterestMonth(models.Model):
    """One account's interest of one calendar month; the id follows from account and month.

    `accrued` is all that accrued, until the day `through`; `settled` what charges have covered of it,
    `charged` what they added to the loan.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(MarginAccount, models.PROTECT, related_name="interest_months")
    month = models.DateField()
    days = models.IntegerField(default=0)
    through = models.DateField()
    accrued = _amount(default=ZERO)
    settled = _amount(default=ZERO)
    charged = _amount(default=ZERO)

    class Meta:
        db_table = "margin_interest_month"
        ordering = ("account", "month")
        constraints = (
            models.UniqueConstraint(name="margin_interest_month_once", fields=("account", "month")),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.accrued}"


class Valuation(models.Model):
    """An account at the latest revaluation: a cache, written by revaluation only, never a source.

    Rounded as for the record: requirements up, collateral down. `plain` says that the lending value is
    the plain sum over positions, which holds until it falls below `cap_binds_below`. `unpriced` positions
    have no price and count as nothing. `calm_set` is the
    price set of the last revaluation at which the account was not in call.
    """

    account = models.OneToOneField(MarginAccount, models.CASCADE, primary_key=True, related_name="valuation")
    health = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Health])
    loan = _amount()
    credit_limit = _amount()
    market_value = _amount()
    lending_value = _amount()
    capital_value = _amount()
    call_amount = _amount()
    shortfall = _amount()
    cap_binds_below = _amount()
    plain = models.BooleanField()
    unpriced = models.IntegerField(default=0)
    price_set = models.UUIDField()
    calm_set = models.UUIDField(null=True)
    policy_version = models.IntegerField()
    valued_at = models.DateTimeField()

    class Meta:
        db_table = "margin_valuation"
        indexes = (models.Index(name="margin_valuation_health", fields=("health",)),)

    def __str__(self) -> str:
        return f"{self.loan} of {self.lending_value}"
