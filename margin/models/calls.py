"""Margin calls and price holds."""

from django.db import models

from ..rules import lifecycle
from . import fields
from .accounts import MarginAccount


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
    loan = fields.amount()
    credit_limit = fields.amount()
    lending_value = fields.amount()
    shortfall = fields.amount()
    amount = fields.amount()
    securities = fields.amount()
    va = fields.amount()
    securities_left = fields.amount()
    va_left = fields.amount()
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
