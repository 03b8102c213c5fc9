"""Plans of forced sales, their legs and executions."""

from django.db import models

from brokerage.ledger.amounts import ZERO

from .calls import Call
from .fields import amount


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
    deficit = amount()
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
    quantity = amount()
    price = amount()
    fx_rate = amount()
    proceeds = amount()
    filled = amount(default=ZERO)
    filled_proceeds = amount(default=ZERO)

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
    quantity = amount()
    price = amount()
    proceeds = amount()
    filled_at = models.DateTimeField()

    class Meta:
        db_table = "margin_sale_fill"
        ordering = ("filled_at", "id")

    def __str__(self) -> str:
        return self.venue_trade
