"""The one kind of column that all figures have."""

from decimal import Decimal

from django.db import models


def amount(default: Decimal | None = None) -> "models.DecimalField[Decimal, Decimal]":
    """A figure of 38 digits, 18 of them decimals."""
    if default is None:
        return models.DecimalField(max_digits=38, decimal_places=18)
    return models.DecimalField(max_digits=38, decimal_places=18, default=default)
