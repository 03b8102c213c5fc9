"""Margin accounts, the policy, interest by month, and the cache of valuations."""

from django.db import models

from brokerage.ledger import codec
from brokerage.ledger.amounts import ZERO

from ..rules.calls import Health
from ..rules.policy import MarginPolicy
from .fields import amount


class MarginAccount(models.Model):
    """A custody account that may borrow. The id is the custody account's, its stream and its owner."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    currency = models.CharField(max_length=3)
    credit_limit = amount(default=ZERO)
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
    accrued = amount(default=ZERO)
    settled = amount(default=ZERO)
    charged = amount(default=ZERO)

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
    loan = amount()
    credit_limit = amount()
    market_value = amount()
    lending_value = amount()
    capital_value = amount()
    call_amount = amount()
    shortfall = amount()
    cap_binds_below = amount()
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
