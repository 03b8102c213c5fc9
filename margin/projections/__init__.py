"""From the margin room's events to its read models; importing the package registers every projection."""

from . import accounts, calls, sales

__all__ = ("accounts", "calls", "sales")
